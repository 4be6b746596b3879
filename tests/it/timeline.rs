//! Timelines against the real server.

use std::sync::Arc;
use std::time::Duration;

use chat_client::protocol::{Access, Content, RoomId, Seq};
use chat_client::timeline::{Echo, GapState, Item, Key, MessageItem, Timeline, TimelineOptions};
use chat_client::{Client, Draft, NewRoom, RoomHandle};
use chat_tests::server::{Server, Start};
use chat_tests::socket::{PATIENCE, Socket};

const ROOM: &str = "lobby";

fn room() -> RoomId {
    RoomId::new(ROOM).unwrap()
}

fn at(seq: u64) -> Seq {
    Seq::new(seq).unwrap()
}

async fn connect(server: &Server, user: &str) -> Client {
    Client::builder(server.url()).token(format!("dev-{user}")).connect().await.expect("connected")
}

/// Ann, who made the room, Bob, who joined it, and their server.
async fn meet() -> (tempfile::TempDir, Server, [(Client, RoomHandle); 2]) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let (ann, bob) = (connect(&server, "ann").await, connect(&server, "bob").await);
    ann.create(NewRoom::group().id(room()).access(Access::Open)).await.unwrap();
    bob.join(room()).await.unwrap();
    let rooms = [ann.room(room()), bob.room(room())];
    let [anns, bobs] = rooms;
    (data, server, [(ann, anns), (bob, bobs)])
}

/// Follows a timeline until it shows what is wanted.
async fn until(timeline: &mut Timeline, what: &str, mut wanted: impl FnMut(&[Arc<Item>]) -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !wanted(timeline.items()) {
            timeline.changed().await.expect("it goes on");
        }
    });
    if waited.await.is_err() {
        panic!("never {what}: {:#?}", timeline.items());
    }
}

fn texts(items: &[Arc<Item>]) -> Vec<String> {
    let text = |content: &Content| content.text().unwrap_or_default().into_owned();
    let shown = items.iter().map(|item| match &**item {
        Item::Message(message) => message.content().map_or("(gone)".to_owned(), text),
        Item::Gap(gap) => format!("({}..{})", gap.after, gap.before),
        Item::Echo(Echo { content, .. }) => format!("sending {}", text(content)),
        _ => "?".to_owned(),
    });
    shown.collect()
}

fn message(items: &[Arc<Item>], seq: u64) -> Option<&MessageItem> {
    items.iter().filter_map(|item| item.message()).find(|message| message.seq() == at(seq))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_see_the_same_room_with_all_that_becomes_of_its_messages() {
    let (_data, server, [(ann, anns), (_bob, bobs)]) = meet().await;
    let mut shown = anns.timeline(TimelineOptions::default()).await.unwrap();
    for text in ["one", "two", "three"] {
        anns.send_text(text).await.unwrap();
    }
    bobs.send(Draft::new(Content::plain("answer")).reply_to(at(1)).mention(ann.user_id().unwrap().clone()))
        .await
        .unwrap();
    bobs.send(Draft::new(Content::plain("in the thread")).thread(at(3))).await.unwrap();
    bobs.mark_read(at(2)).await.unwrap();
    let mut socket = Socket::log_in(&server.url(), "bob").await;
    socket.ok(r#"{"react":{"id":"x","room":"lobby","seq":3,"emoji":"👍"}}"#).await;
    let mut anns_socket = Socket::log_in(&server.url(), "ann").await;
    let edit = r#"{"edit":{"id":"e","room":"lobby","seq":1,"content":{"type":"text/plain","payload":{"text":"one!"}}}}"#;
    anns_socket.ok(edit).await;
    anns_socket.ok(r#"{"delete":{"id":"d","room":"lobby","seq":2}}"#).await;
    let complete = |items: &[Arc<Item>]| {
        texts(items) == ["one!", "(gone)", "three", "answer"]
            && message(items, 2).unwrap().delivery.is_some_and(|delivery| delivery.read == 1)
            && message(items, 3).unwrap().replies.is_some_and(|replies| replies.count == 1)
            && message(items, 3).unwrap().reactions.first().is_some_and(|one| one.count == 1 && !one.mine)
            && message(items, 4).unwrap().mentions_me
    };
    until(&mut shown, "as it is", complete).await;
    let preview = message(shown.items(), 4).unwrap().answers.clone().unwrap().preview.unwrap();
    assert_eq!(preview.content.unwrap().text().as_deref(), Some("one!"));
    assert_eq!(shown.unread().map(|unread| (unread.counts.unread, unread.counts.mentions)), Some((1, 1)));
    // Who comes later reads the same from pages.
    let mut later = anns.timeline(TimelineOptions::default()).await.unwrap();
    until(&mut later, "the same", complete).await;
    let same = |a: &Arc<Item>, b: &Arc<Item>| a == b;
    until(&mut later, "item by item", |items| {
        items.len() == shown.items().len() && items.iter().zip(shown.items()).all(|(a, b)| same(a, b))
    })
    .await;
    let mut thread = anns.thread_timeline(at(3), TimelineOptions::default()).await.unwrap();
    until(&mut thread, "the thread", |items| texts(items) == ["three", "in the thread"]).await;
    bobs.send(Draft::new(Content::plain("more")).thread(at(3))).await.unwrap();
    until(&mut thread, "the reply", |items| texts(items) == ["three", "in the thread", "more"]).await;
    assert_eq!(thread.unread().unwrap().counts.unread, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_are_filled_page_by_page_down_to_the_beginning() {
    let (_data, _server, [(_ann, anns), (_bob, bobs)]) = meet().await;
    for n in 1..=25 {
        anns.send_text(format!("{n}")).await.unwrap();
    }
    let mut shown = bobs.timeline(TimelineOptions::default().page(10)).await.unwrap();
    assert_eq!(texts(shown.items()), ["(0..26)"], "before anything is loaded");
    until(&mut shown, "a page", |items| items.len() == 11).await;
    assert_eq!(texts(shown.items())[..2], ["(0..16)", "16"]);
    let gap = shown.items()[0].gap().unwrap();
    shown.fill(&gap);
    assert_eq!(shown.items()[0].gap().unwrap().state, GapState::Loading);
    until(&mut shown, "the next page", |items| items.len() == 21).await;
    let gap = shown.items()[0].gap().unwrap();
    shown.fill_after(&gap);
    until(&mut shown, "all", |items| items.len() == 25).await;
    assert_eq!(texts(shown.items()), (1..=25).map(|n| n.to_string()).collect::<Vec<_>>());
    // Nobody else has read or received anything that the server would tell of.
    assert!(shown.items().iter().all(|item| item.message().unwrap().delivery.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_without_a_connection_is_an_echo_that_becomes_its_message() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let address = server.address();
    let ann = connect(&server, "ann").await;
    ann.create(NewRoom::group().id(room())).await.unwrap();
    let anns = ann.room(room());
    anns.send_text("before").await.unwrap();
    let mut shown = anns.timeline(TimelineOptions::default()).await.unwrap();
    until(&mut shown, "loaded", |items| texts(items) == ["before"]).await;
    server.kill().await;
    let sends: Vec<_> = ["first", "second"]
        .into_iter()
        .map(|text| {
            let room = anns.clone();
            tokio::spawn(async move { room.send_text(text).await })
        })
        .collect();
    until(&mut shown, "both echoes", |items| items.iter().filter(|item| item.echo().is_some()).count() == 2)
        .await;
    let echoes: Vec<Key> =
        shown.items().iter().filter(|item| item.echo().is_some()).map(|i| i.key()).collect();
    let start = Start { listen: Some(address), ..Start::default() };
    let _server = Server::start(data.path(), &start).await;
    for send in sends {
        tokio::time::timeout(Duration::from_secs(30), send).await.unwrap().unwrap().unwrap();
    }
    until(&mut shown, "stored", |items| {
        let stored = items.iter().filter(|item| item.message().is_some()).count();
        // At no time is one of them missing or there twice.
        for key in &echoes {
            let there = items.iter().filter(|item| item.key() == *key).count();
            assert_eq!(there, 1, "{key:?} in {items:#?}");
        }
        stored == 3
    })
    .await;
    assert_eq!(texts(shown.items())[0], "before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_was_too_slow_loads_again_and_shows_nothing_that_is_deleted() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let ann = Client::builder(server.url()).token("dev-ann").event_buffer(4).connect().await.unwrap();
    ann.create(NewRoom::group().id(room())).await.unwrap();
    let anns = ann.room(room());
    anns.send_text("secret").await.unwrap();
    let mut shown = anns.timeline(TimelineOptions::default()).await.unwrap();
    until(&mut shown, "loaded", |items| texts(items) == ["secret"]).await;
    let mut socket = Socket::log_in(&server.url(), "ann").await;
    socket.ok(r#"{"delete":{"id":"d","room":"lobby","seq":1}}"#).await;
    for n in 0..20 {
        anns.send_text(format!("{n}")).await.unwrap();
    }
    shown.changed().await.unwrap();
    assert!(!texts(shown.items()).contains(&"secret".to_owned()), "{:?}", texts(shown.items()));
    until(&mut shown, "loaded again", |items| items.len() == 21 && texts(items)[0] == "(gone)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_ends_with_its_membership_and_says_so() {
    let (_data, server, [(_ann, anns), (bob, bobs)]) = meet().await;
    anns.send_text("hi").await.unwrap();
    let mut shown = bobs.timeline(TimelineOptions::default()).await.unwrap();
    until(&mut shown, "loaded", |items| texts(items) == ["hi"]).await;
    let stranger = connect(&server, "cat").await;
    assert!(stranger.room(room()).timeline(TimelineOptions::default()).await.is_err());
    bob.leave(room()).await.unwrap();
    let end = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Err(end) = shown.changed().await {
                return end;
            }
        }
    });
    assert_eq!(end.await.unwrap(), chat_client::timeline::End::RoomLeft);
}
