//! Pointers: what the server and the others see of them.

use chat_client::protocol::event::Reads;
use chat_client::protocol::{Content, ErrorCode, RoomState};
use chat_client::{ClientEvent, RoomHandle};

use super::{Scene, all, code, hear, room, seq, until, user};

/// The room as the server sees it for this user.
async fn state(client: &chat_client::Client) -> RoomState {
    client.inbox_page(false, None, 1).await.unwrap().rooms.remove(0).state
}

/// Waits until the client has heard of the message: no pointer is moved beyond the newest that it knows.
async fn heard(room: &RoomHandle, newest: u64) {
    until(|| async { room.state().await.unwrap().is_some_and(|state| state.seq == seq(newest)) }).await;
}

fn reads(event: &ClientEvent) -> Option<Reads> {
    match event {
        ClientEvent::Reads(reads) => Some(reads.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_and_what_is_read_is_told() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    let mut events = ann.events();
    for n in 1..=3 {
        mine.send_text(n.to_string()).await.unwrap();
    }
    let delivered = hear(&mut events, reads).await;
    assert_eq!((delivered.from.as_str(), delivered.read), ("ben", None), "by itself");
    heard(&theirs, 3).await;
    theirs.mark_read(seq(2)).await.unwrap();
    let read = hear(&mut events, |event| reads(event).filter(|reads| reads.read.is_some())).await;
    assert_eq!((read.read, read.thread), (Some(seq(2)), None));
    until(|| async { state(&ben).await.unread == 1 }).await;
    theirs.mark_unread(seq(1)).await.unwrap();
    let now = state(&ben).await;
    assert_eq!((now.unread, now.unread_from, now.read), (3, Some(seq(1)), seq(2)));
    theirs.mark_read(seq(1)).await.unwrap();
    until(|| async { state(&ben).await.unread_from.is_none() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_receipts_only_what_is_said_is_told() {
    let scene = Scene::new().await;
    let (ann, _ben) = scene.pair().await;
    let cleo = scene.builder("cleo").delivered_receipts(false).connect().await.unwrap();
    let theirs = cleo.room(room("r"));
    theirs.join().await.unwrap();
    let mut events = ann.events();
    for n in 1..=3 {
        ann.room(room("r")).send_text(n.to_string()).await.unwrap();
    }
    heard(&theirs, 3).await;
    theirs.mark_delivered(seq(2)).await.unwrap();
    let of_cleo = |event: &ClientEvent| reads(event).filter(|reads| reads.from == user("cleo"));
    assert_eq!(hear(&mut events, of_cleo).await.delivered, Some(seq(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_in_private_is_ones_own() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    for n in 1..=2 {
        mine.send_text(n.to_string()).await.unwrap();
    }
    heard(&theirs, 2).await;
    theirs.mark_read_private(seq(2)).await.unwrap();
    until(|| async { state(&ben).await.unread == 0 }).await;
    let now = state(&ben).await;
    assert_eq!((now.read.get() < 2, now.read_private), (true, Some(seq(2))));
    let members = all(mine.members()).await;
    let seen = members.iter().find(|member| member.user == user("ben")).unwrap();
    assert_ne!(seen.read, Some(seq(2)), "others do not know");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_has_a_pointer_of_its_own() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    mine.send_text("root").await.unwrap();
    for _ in 0..3 {
        mine.reply_in_thread(seq(1), Content::plain("more")).await.unwrap();
    }
    let unread = || async {
        let mut thread = theirs.thread(seq(1));
        all(&mut thread).await;
        thread.thread().unwrap().unread
    };
    assert_eq!(unread().await, 3);
    heard(&theirs, 4).await;
    theirs.mark_thread_read(seq(1), seq(3)).await.unwrap();
    until(|| async { unread().await == 1 }).await;
    theirs.mark_thread_read_private(seq(1), seq(4)).await.unwrap();
    until(|| async { unread().await == 0 }).await;
    assert_eq!(state(&ben).await.unread, 1, "the main line is another");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_is_told_where_it_happens() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let (mine, theirs) = (ann.room(room("r")), ben.room(room("r")));
    mine.send_text("root").await.unwrap();
    let mut events = ann.events();
    let typing = |event: &ClientEvent| match event {
        ClientEvent::Typing { thread, users, .. } => Some((*thread, users.len())),
        _ => None,
    };
    theirs.typing().await.unwrap();
    assert_eq!(hear(&mut events, typing).await, (None, 1));
    theirs.typing_in(seq(1)).await.unwrap();
    assert_eq!(hear(&mut events, typing).await, (Some(seq(1)), 1));
    theirs.stop_typing_in(seq(1)).await.unwrap();
    assert_eq!(hear(&mut events, typing).await, (Some(seq(1)), 0));
    theirs.stop_typing().await.unwrap();
    assert_eq!(hear(&mut events, typing).await, (None, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_not_ones_own_is_not_marked() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    ann.room(room("r")).send_text("one").await.unwrap();
    assert_eq!(code(ben.room(room("r")).mark_unread(seq(9)).await), ErrorCode::BadRequest);
    ben.leave(room("r")).await.unwrap();
    assert_eq!(code(ben.room(room("r")).mark_unread(seq(1)).await), ErrorCode::Forbidden);
    ben.room(room("r")).mark_read(seq(1)).await.unwrap();
    ben.close().await;
}
