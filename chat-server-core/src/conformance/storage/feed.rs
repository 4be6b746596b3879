//! All rooms' logs as one.

use std::collections::BTreeMap;

use chat_protocol::{Content, Offset, RoomId};

use super::Subject;
use super::scene::*;
use super::tour::tour;
use crate::storage::{FeedEntry, LogEntry};

/// Changes of all rooms come in the order in which they were stored, and pages meet wherever they are cut.
pub async fn the_feed_has_every_change(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!((scene.feed_head().await, scene.feed(0, ALL).await), (0, Vec::new()));
    let batch = [create("a", "u", &["u", "v"]), text("a", "u", "one"), create("b", "v", &["v"])];
    scene.all(&batch).await;
    scene.all(&[text("b", "v", "two"), join("a", "w"), text("a", "w", "three"), leave("a", "v")]).await;

    let all = scene.feed(0, ALL).await;
    let places: Vec<_> = all.iter().map(|entry| (entry.room.as_str(), entry.entry.offset().get())).collect();
    let stored =
        [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 1), ("b", 2), ("b", 3), ("a", 5), ("a", 6), ("a", 7)];
    assert_eq!(places, stored, "in the order in which they were stored");
    assert!(all.is_sorted_by(|one, next| one.num < next.num), "each has a number of its own");
    for entry in &all {
        if let LogEntry::Message(stored) = &entry.entry {
            assert_eq!(stored.num, entry.num, "a message has its num");
        }
    }
    assert_eq!(scene.feed_head().await, all[all.len() - 1].num);
    for (index, from) in all.iter().enumerate() {
        for limit in 0..=all.len() {
            let page = scene.feed(from.num, limit).await;
            assert_eq!(page, all[index + 1..].iter().take(limit).cloned().collect::<Vec<_>>());
        }
    }
    assert_eq!(scene.feed(chat_protocol::MAX_SAFE, ALL).await, []);
}

/// Somebody reads on while others write: nothing comes up behind it.
pub async fn a_reader_of_the_feed_misses_nothing(subject: Subject) {
    const WRITERS: usize = 4;
    const EACH: u64 = 40;
    let scene = Scene::new(&subject);
    let rooms: Vec<String> = (0..WRITERS).map(|writer| format!("r{writer}")).collect();
    let mut writing = Vec::new();
    for room in rooms {
        let store = scene.store.clone();
        writing.push(tokio::spawn(async move {
            let made = store.append(&[create(&room, "late", &["late"])]).await;
            made.expect("append works").remove(0).expect("accepted");
            for n in 0..EACH / 2 {
                let batch = [text(&room, "late", &n.to_string()), text(&room, "late", "again")];
                for answer in store.append(&batch).await.expect("append works") {
                    answer.expect("accepted");
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut seen: Vec<FeedEntry> = Vec::new();
    loop {
        let finished = writing.iter().all(tokio::task::JoinHandle::is_finished);
        let page = scene.feed(seen.last().map_or(0, |entry| entry.num), 7).await;
        if finished && page.is_empty() {
            break;
        }
        seen.extend(page);
        tokio::task::yield_now().await;
    }
    for writer in writing {
        writer.await.expect("every writer finished");
    }
    let mut offsets: BTreeMap<RoomId, Vec<u64>> = BTreeMap::new();
    for entry in &seen {
        offsets.entry(entry.room.clone()).or_default().push(entry.entry.offset().get());
    }
    assert_eq!(offsets.len(), WRITERS);
    for (room, offsets) in offsets {
        assert_eq!(offsets, (1..=EACH + 2).collect::<Vec<_>>(), "{room} was seen whole, and in its order");
    }
}

/// What was replaced, deleted or trimmed is not told, and counts are the present ones.
pub async fn the_feed_says_what_is_true_now(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&tour()).await;
    scene.all(&[create("s", "a", &["a", "b"]), text("s", "a", "first"), text("s", "a", "second")]).await;
    scene.all(&[edit("s", "a", 1, "third"), react("s", "b", 2, "+"), edit("s", "a", 2, "fourth")]).await;
    scene.all(&[delete("s", "a", 1), unreact("s", "b", 2, "+"), text("r", "a", "six")]).await;
    let feed = scene.feed(0, ALL).await;
    let of = |id: &str| -> Vec<_> {
        feed.iter().filter(|entry| entry.room == room(id)).map(|entry| &entry.entry).collect()
    };
    let log =
        scene.store.log(&room("r"), Offset::ZERO, 0).await.expect("log works").expect("the room exists");
    let offsets: Vec<_> = of("r").iter().map(|entry| entry.offset().get()).collect();
    assert_eq!(offsets, (log.oldest.get()..=log.head.get()).collect::<Vec<_>>(), "nothing that was trimmed");
    let told = of("s").into_iter().filter_map(|entry| match entry {
        LogEntry::Message(stored) => Some(body(stored)),
        LogEntry::Edited(edited) => Some(format!("{:?}", edited.content.as_ref().and_then(Content::text))),
        LogEntry::Reaction(reaction) => Some(format!("{} times", reaction.count)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, ["", "fourth", "None", "0 times", r#"Some("fourth")"#, "0 times"]);
}

/// Where readers stand is theirs alone.
pub async fn positions_of_readers_are_kept(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.position("one").await, None, "never set");
    for num in [0, 5, chat_protocol::MAX_SAFE, 3] {
        scene.set_position("one", num).await;
        assert_eq!(scene.position("one").await, Some(num), "it may be the beginning, and go back");
    }
    scene.set_position("two", 4).await;
    assert_eq!((scene.position("one").await, scene.position("two").await), (Some(3), Some(4)));
}

impl Scene {
    pub(super) async fn feed(&self, after: u64, limit: usize) -> Vec<FeedEntry> {
        self.store.feed(after, limit).await.expect("feed works")
    }

    async fn feed_head(&self) -> u64 {
        self.store.feed_head().await.expect("feed_head works")
    }

    pub(super) async fn position(&self, reader: &str) -> Option<u64> {
        self.store.position(reader).await.expect("position works")
    }

    pub(super) async fn set_position(&self, reader: &str, num: u64) {
        self.store.set_position(reader, num).await.expect("set_position works");
    }
}
