//! Every command whose first try has worked, and whose answer was lost: asked again, it is done.

use chat_client::protocol::command::{PushService, PushTarget};
use chat_client::protocol::{Access, ClientMsgId, Content, DeviceId, Emoji, ErrorCode, Role, Timestamp};
use chat_client::{Client, ConnectionState, DeviceChanges, Draft, Error, NewRoom, RoomChanges, RoomHandle};
use chat_server_core::clock::{Clock, SystemClock};
use tokio::time::timeout;

use super::wire::Wire;
use super::{PATIENCE, Scene, all, code, open, room, seq, until, user};

/// A user behind a wire that loses answers, with the group `r` and three members of it.
struct Lossy {
    scene: Scene,
    wire: Wire,
    ann: Client,
}

impl Lossy {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let wire = Wire::to(scene.server.url()).await;
        let ann = scene.client("ann").await;
        open(&ann, "r").await;
        for name in ["ben", "cleo", "dan"] {
            scene.client(name).await.join(room("r")).await.unwrap();
        }
        Self { scene, wire, ann }
    }

    /// A client behind the wire. Each loses one answer: after more its waits would grow.
    async fn client(&self) -> Client {
        let builder = Client::builder(self.wire.url()).token("dev-ann").delivered_receipts(false);
        builder.device_id(DeviceId::new("phone").unwrap()).connect().await.unwrap()
    }

    /// Does something whose first answer is lost.
    async fn lose<T, F>(&self, kind: &'static str, call: impl FnOnce(Client) -> F) -> T
    where
        F: Future<Output = Result<T, Error>>,
    {
        let (client, before) = (self.client().await, self.wire.lost());
        self.wire.lose(kind);
        let done = timeout(PATIENCE, call(client)).await;
        let done = done.unwrap_or_else(|_| panic!("no answer to {kind}"));
        assert_eq!(self.wire.lost(), before + 1, "the answer to {kind} was lost");
        done.unwrap_or_else(|error| panic!("{kind}, asked again: {error}"))
    }

    /// As `lose`, in the group.
    async fn lose_in<T, F>(&self, kind: &'static str, call: impl FnOnce(RoomHandle) -> F) -> T
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.lose(kind, |ann| call(ann.room(room("r")))).await
    }
}

fn tomorrow() -> Timestamp {
    Timestamp::from_micros(SystemClock.now().as_micros() + 86_400_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms() {
    let lossy = Lossy::new().await;
    let new = || NewRoom::group().id(room("new"));
    let made = lossy.lose("create", |ann| async move { ann.create(new()).await }).await;
    assert_eq!(made.room.room, room("new"));
    let other = lossy.scene.client("ben").await;
    open(&other, "bens").await;
    let joined = lossy.lose("join", |ann| async move { ann.join(room("bens")).await }).await;
    assert_eq!(joined.room.members, 2);
    lossy.lose("leave", |ann| async move { ann.leave(room("bens")).await }).await;
    assert_eq!(code(lossy.ann.leave(room("bens")).await), ErrorCode::Forbidden);
    lossy.lose_in("set", |r| async move { r.set(RoomChanges::new().name("Plans")).await }).await;
    lossy.lose_in("set", |r| async move { r.pin(true).await }).await;
    lossy.lose_in("unfollow", |r| async move { r.unfollow().await }).await;
    lossy.lose_in("follow", |r| async move { r.follow().await }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members() {
    let lossy = Lossy::new().await;
    lossy.scene.client("eve").await;
    lossy.lose_in("invite", |r| async move { r.invite([user("eve")]).await }).await;
    lossy.lose_in("kick", |r| async move { r.kick(user("eve"), None).await }).await;
    lossy.lose_in("ban", |r| async move { r.ban(user("ben"), None, Some("spam")).await }).await;
    lossy.lose_in("unban", |r| async move { r.unban(user("ben")).await }).await;
    lossy.lose_in("role", |r| async move { r.set_role(user("cleo"), Role::Admin).await }).await;
    lossy.lose("block", |ann| async move { ann.block(user("dan")).await }).await;
    lossy.lose("unblock", |ann| async move { ann.unblock(user("dan")).await }).await;
    lossy.lose_in("role", |r| async move { r.set_role(user("cleo"), Role::Owner).await }).await;
    let r = lossy.ann.room(room("r"));
    let members = all(r.members()).await;
    let owner = members.iter().find(|member| member.role == Role::Owner);
    assert_eq!(owner.map(|member| member.user.as_str()), Some("cleo"));
    assert_eq!(members.len(), 3, "ann, cleo, dan");
    assert_eq!(all(r.banned()).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages() {
    let lossy = Lossy::new().await;
    let smile = || Emoji::new("🙂").unwrap();
    lossy.lose_in("send", |r| async move { r.send_text("one").await }).await;
    lossy.lose_in("edit", |r| async move { r.edit(seq(1), Content::plain("two")).await }).await;
    lossy.lose_in("react", |r| async move { r.react(seq(1), smile()).await }).await;
    lossy.lose_in("unreact", |r| async move { r.unreact(seq(1), smile()).await }).await;
    lossy.lose_in("mark_unread", |r| async move { r.mark_unread(seq(1)).await }).await;
    lossy.lose_in("delete", |r| async move { r.delete_for_me(seq(1)).await }).await;
    lossy.lose_in("delete", |r| async move { r.delete(seq(1)).await }).await;
    let r = lossy.ann.room(room("r"));
    assert_eq!(all(r.messages()).await.len(), 1, "one message, stored once");

    let name = || ClientMsgId::new("later").unwrap();
    let draft = || Draft::new(Content::plain("later")).client_msg_id(name());
    let at = tomorrow();
    let waits = lossy.lose_in("send", |r| async move { r.schedule(draft(), at).await }).await;
    assert!(waits.duplicate);
    assert_eq!(all(r.scheduled()).await.len(), 1);
    lossy.lose_in("cancel", |r| async move { r.cancel_scheduled(name()).await }).await;
    assert_eq!(all(lossy.ann.scheduled()).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_the_users_own() {
    let lossy = Lossy::new().await;
    let push = || PushTarget { service: PushService::Fcm, token: "F".to_owned(), app: None };
    let device = || DeviceChanges::new().push(push()).name("phone");
    lossy.lose("device", |ann| async move { ann.set_device(device()).await }).await;
    lossy.lose("away", |ann| async move { ann.away(true).await }).await;
    lossy.lose("sessions", |ann| async move { ann.sessions().await }).await;
    lossy.lose("inbox", |ann| async move { ann.unread_totals().await }).await;
    let other = lossy.scene.client("ann").await;
    lossy.lose("revoke", |ann| async move { ann.revoke_others().await }).await;
    until(|| async { matches!(other.state(), ConnectionState::Closed { .. }) }).await;
}

/// Nothing waits any more, and nobody took it back: it is not said to be cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_waited_is_not_cancelled_the_second_time_either() {
    let lossy = Lossy::new().await;
    let ann = lossy.client().await;
    lossy.wire.lose("cancel");
    let cancelled = ann.room(room("r")).cancel_scheduled(ClientMsgId::new("never").unwrap()).await;
    assert_eq!(lossy.wire.lost(), 1);
    assert_eq!(code(cancelled), ErrorCode::MessageNotFound);
}

/// The refusals that the table of the client names are what the server says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_lost_answer_a_second_time_is_refused() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let r = ann.room(room("r"));
    r.kick(user("ben"), None).await.unwrap();
    assert_eq!(code(r.kick(user("ben"), None).await), ErrorCode::NotFound);
    assert_eq!(code(ben.room(room("r")).leave().await), ErrorCode::Forbidden);
    ben.join(room("r")).await.unwrap();
    r.set_role(user("ben"), Role::Owner).await.unwrap();
    assert_eq!(code(r.set_role(user("ben"), Role::Owner).await), ErrorCode::Forbidden);
    ann.create(NewRoom::group().id(room("q")).access(Access::Invite)).await.unwrap();
    let again = ann.create(NewRoom::group().id(room("q")).access(Access::Invite)).await;
    assert_eq!(code(again), ErrorCode::AlreadyExists, "another creation");
}
