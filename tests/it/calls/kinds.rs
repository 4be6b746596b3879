//! Every command of the protocol can be given by a call of the client: all calls are made, and what went over the wire is
//! compared with what there is.

use std::collections::BTreeSet;
use std::time::Duration;

use chat_client::protocol::{ClientMsgId, Command, Content, Emoji, Role, Timestamp};
use chat_client::{Client, DeviceChanges, Draft, NewRoom, RoomChanges, RoomHandle};
use chat_server_core::clock::{Clock, SystemClock};

use super::wire::Wire;
use super::{PATIENCE, Scene, all, open, room, seq, user};
use tokio::time::{Instant, sleep};

async fn people(ann: &Client, r: &RoomHandle) {
    r.invite([user("ben")]).await.unwrap();
    r.set_role(user("ben"), Role::Admin).await.unwrap();
    all(r.members()).await;
    r.kick(user("ben"), None).await.unwrap();
    r.ban(user("ben"), None, None).await.unwrap();
    r.unban(user("ben")).await.unwrap();
    ann.block(user("ben")).await.unwrap();
    all(ann.blocks()).await;
    ann.unblock(user("ben")).await.unwrap();
    r.set(RoomChanges::new().topic("plans")).await.unwrap();
    r.unfollow().await.unwrap();
    r.follow().await.unwrap();
}

async fn messages(ann: &Client, r: &RoomHandle) {
    r.typing().await.unwrap();
    r.send_text("one").await.unwrap();
    r.edit(seq(1), Content::plain("two")).await.unwrap();
    let smile = Emoji::new("🙂").unwrap();
    r.react(seq(1), smile.clone()).await.unwrap();
    r.unreact(seq(1), smile).await.unwrap();
    r.mark_read(seq(1)).await.unwrap();
    r.mark_unread(seq(1)).await.unwrap();
    r.send_text("three").await.unwrap();
    // Of what is read nobody is told that it has arrived.
    r.mark_delivered(seq(2)).await.unwrap();
    all(r.messages()).await;
    all(r.thread(seq(1))).await;
    all(r.search("two")).await;
    let draft = Draft::new(Content::plain("later")).client_msg_id(ClientMsgId::new("later").unwrap());
    let at = Timestamp::from_micros(SystemClock.now().as_micros() + 3_600_000_000);
    let waits = r.schedule(draft, at).await.unwrap();
    all(ann.scheduled()).await;
    r.cancel_scheduled(waits.client_msg_id).await.unwrap();
    r.delete(seq(1)).await.unwrap();
}

async fn oneself(ann: &Client) {
    all(ann.inbox_entries(false)).await;
    ann.create(NewRoom::direct(user("ben"))).await.unwrap();
    drop(ann.watch(user("ben")).await.unwrap());
    ann.away(false).await.unwrap();
    let device = chat_client::protocol::DeviceId::new("phone").unwrap();
    ann.set_device(DeviceChanges::new().device(device).name("phone")).await.unwrap();
    ann.sessions().await.unwrap();
    ann.revoke_others().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_within_reach() {
    let scene = Scene::new().await;
    let ben = scene.client("ben").await;
    open(&ben, "bens").await;
    let wire = Wire::to(scene.server.url()).await;
    let builder = Client::builder(wire.url()).token("dev-ann").heartbeat_interval(Duration::from_millis(300));
    let ann = builder.connect().await.unwrap();
    let r = open(&ann, "r").await;
    people(&ann, &r).await;
    messages(&ann, &r).await;
    oneself(&ann).await;
    ann.join(room("bens")).await.unwrap();
    // What only a lost connection brings about.
    wire.lose("leave");
    ann.leave(room("bens")).await.unwrap();
    let every: BTreeSet<String> = Command::KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    // Pointers leave after a moment, and pings when nothing is said.
    let deadline = Instant::now() + PATIENCE;
    while wire.asked() != every && Instant::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(wire.asked(), every);
}
