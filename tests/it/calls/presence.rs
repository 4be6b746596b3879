//! Who is there.

use chat_client::protocol::ErrorCode;
use chat_client::{Client, NewRoom};
use tokio::time::timeout;

use super::wire::Wire;
use super::{PATIENCE, Scene, code, until, user};

async fn next(watch: &mut chat_client::PresenceWatch) -> bool {
    timeout(PATIENCE, watch.next()).await.expect("in time").expect("the client lives").online
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_begins_with_the_present_state_and_tells_changes() {
    let scene = Scene::new().await;
    let wire = Wire::to(scene.server.url()).await;
    let ann = Client::builder(wire.url()).token("dev-ann").connect().await.unwrap();
    let ben = scene.client("ben").await;
    ann.create(NewRoom::direct(user("ben"))).await.unwrap();
    let mut first = ann.watch(user("ben")).await.unwrap();
    let mut second = ann.watch(user("ben")).await.unwrap();
    assert!(next(&mut first).await && next(&mut second).await);
    assert_eq!(first.last().map(|presence| presence.online), Some(true));
    // A session that is revoked has no grace: the user is gone at once.
    let session = ben.sessions().await.unwrap().remove(0).session_id;
    let ended = ben.revoke(session).await;
    assert_eq!(code(ended), ErrorCode::SessionRevoked, "the end is the answer");
    assert!(!next(&mut first).await && !next(&mut second).await);
    drop(first);
    let back = scene.client("ben").await;
    assert!(next(&mut second).await, "the other watch goes on");

    // The connection goes while the answer is under way, and the new one listens again.
    wire.lose("sessions");
    ann.sessions().await.unwrap();
    let session = back.sessions().await.unwrap().remove(0).session_id;
    let _ = back.revoke(session).await;
    assert!(!next(&mut second).await);
    assert!(!wire.asked().contains("unlisten"));
    drop(second);
    until(|| async { wire.asked().contains("unlisten") }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shares_no_direct_room_is_not_watched() {
    let scene = Scene::new().await;
    let (ann, _ben) = scene.pair().await;
    assert_eq!(code(ann.watch(user("ben")).await), ErrorCode::Forbidden);
    assert_eq!(code(ann.listen(user("ben")).await), ErrorCode::Forbidden);
    ann.create(NewRoom::direct(user("ben"))).await.unwrap();
    assert!(ann.listen(user("ben")).await.unwrap());
    ann.unlisten(user("ben")).await.unwrap();
    ann.away(true).await.unwrap();
    ann.away(false).await.unwrap();
    let watch = ann.watch(user("ben")).await.unwrap();
    ann.block(user("ben")).await.unwrap();
    assert_eq!(code(ann.watch(user("ben")).await.map(|_| ())), ErrorCode::Forbidden);
    drop(watch);
}
