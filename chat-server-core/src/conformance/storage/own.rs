//! What belongs to one user alone.

use chat_protocol::command::SettingsPatch;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{Patch, RoomSettings, UserOffset, limits};

use super::Subject;
use super::scene::*;
use super::tour::numbers;
use crate::storage::{Bar, Refusal, SharedStorage};

fn mute(until: Option<i64>) -> SettingsPatch {
    let mute_until = until.map_or(Patch::Clear, |until| Patch::Set(at(until)));
    SettingsPatch { mute_until, ..SettingsPatch::default() }
}

/// What is set stays set; only an archive is ended by others.
pub async fn an_archive_ends_with_the_next_message(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1")]).await;
    let now = async || scene.state("b", "r").await.settings;
    let none = RoomSettings::default();
    assert_eq!(now().await, none);
    scene.own_repeated(settings("r", "b", SettingsPatch::default())).await;
    scene.own_repeated(settings("r", "b", mute(None))).await;
    let stored = scene.own(settings("r", "b", mute(Some(7)))).await;
    assert_eq!((stored.duplicate, stored.at, stored.members), (false, seq(0), 0));
    scene.own(pin("r", "b", true)).await;
    scene.own_repeated(pin("r", "b", true)).await;
    let kept = RoomSettings { mute_until: Some(at(7)), pinned: true, archived: false };
    assert_eq!(now().await, kept, "what is not named stays");
    assert_eq!(scene.state("a", "r").await.settings, none, "another's are another's");

    scene.own(archive("r", "b", true)).await;
    scene.own_repeated(archive("r", "b", true)).await;
    let archived = RoomSettings { archived: true, ..kept.clone() };
    assert_eq!(now().await, archived);
    scene
        .all(&[edit("r", "a", 1, "uno"), react("r", "a", 1, "+"), join("r", "c"), delete("r", "a", 1)])
        .await;
    assert_eq!(now().await, archived, "what is no message does not end it");
    scene.own(settings("r", "b", mute(Some(8)))).await;
    let kept = RoomSettings { mute_until: Some(at(8)), ..kept };
    assert_eq!(now().await, RoomSettings { archived: true, ..kept.clone() });
    scene.stored(text("r", "a", "2")).await;
    assert_eq!(now().await, kept, "a message does");
    scene.own_repeated(archive("r", "b", false)).await;
    assert!(!scene.own(archive("r", "b", true)).await.duplicate, "it can be archived again");
    scene.stored(reply("r", "a", 2, "3")).await;
    assert_eq!(now().await, kept, "a reply in a thread is a message");
    scene.own(archive("r", "b", true)).await;
    scene.stored(text("r", "b", "4")).await;
    assert_eq!(now().await, kept, "so is one's own");
    scene.own(archive("r", "b", true)).await;
    scene.own(archive("r", "b", false)).await;
    assert_eq!(now().await, kept);
    scene.all(&[leave("r", "b"), join("r", "b")]).await;
    assert_eq!(now().await, none, "they belong to the membership");
}

/// Where a member's last socket ended is one member's, and no message moves it.
pub async fn a_split_stays_until_it_is_taken_back(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    let now = async |who: &str| scene.view(who, "r").await.and_then(|view| view.split);
    assert_eq!(now("b").await, None);
    scene.own_repeated(split("r", "b", None)).await;
    let stored = scene.own(split("r", "b", Some(1))).await;
    assert_eq!((stored.duplicate, stored.entry, stored.at, stored.members), (false, None, seq(0), 0));
    scene.own_repeated(split("r", "b", Some(1))).await;
    scene.all(&[text("r", "a", "3"), edit("r", "a", 1, "uno"), text("r", "b", "4")]).await;
    scene.own(read("r", "b", 4)).await;
    assert_eq!((now("b").await, now("a").await), (Some(seq(1)), None), "another's are another's");
    scene.own(split("r", "b", Some(4))).await;
    assert_eq!(now("b").await, Some(seq(4)));
    assert_eq!(scene.own_answer(split("r", "b", Some(5))).await, Err(Refusal::NoMessage));
    assert_eq!(scene.own_answer(split("r", "c", Some(1))).await, Err(Refusal::NotMember));
    scene.own(split("r", "b", None)).await;
    assert_eq!(now("b").await, None);
    scene.own(split("r", "b", Some(0))).await;
    assert_eq!(now("b").await, Some(seq(0)), "before the first message is not nowhere");
    scene.all(&[leave("r", "b"), join("r", "b")]).await;
    assert_eq!(now("b").await, None, "it belongs to the membership");
}

/// Badge counts over several rooms, at several times.
pub async fn totals_leave_out_muted_and_archived_rooms(subject: Subject) {
    let scene = Scene::new(&subject);
    for id in ["r", "s", "t", "read"] {
        scene.all(&[create(id, "a", &["a", "b"]), text(id, "a", "1"), call(id, "a", &["b"], false)]).await;
    }
    scene.all(&[reply("r", "a", 1, "3"), text("r", "b", "4"), create("alone", "b", &["b"])]).await;
    scene.own(read("read", "b", 2)).await;
    let totals = async |now: i64| {
        let InboxTotals { unread, mentions, rooms } = scene.totals("b", at(now)).await;
        (unread, mentions, rooms)
    };
    assert_eq!(totals(0).await, (6, 3, 3), "threads and own messages do not count");
    scene.own(settings("s", "b", mute(Some(10)))).await;
    assert_eq!(totals(9).await, (4, 3, 2), "mentions count in muted rooms");
    assert_eq!(totals(10).await, (6, 3, 3), "until then");
    scene.own(archive("t", "b", true)).await;
    assert_eq!((totals(9).await, totals(10).await), ((2, 2, 1), (4, 2, 2)), "nothing of archived ones");
    scene.own(archive("s", "b", true)).await;
    assert_eq!((totals(9).await, totals(10).await), ((2, 1, 1), (2, 1, 1)), "archived and muted");
    scene.stored(text("s", "a", "3")).await;
    assert_eq!((totals(9).await, totals(10).await), ((2, 2, 1), (5, 2, 2)), "it is no longer archived");
    scene.own(mark_unread("read", "b", 2)).await;
    assert_eq!(totals(9).await, (3, 3, 2), "what was marked counts");
    scene.stored(leave("r", "b")).await;
    assert_eq!(totals(9).await, (1, 2, 1));
    assert_eq!(scene.totals("a", at(0)).await, InboxTotals { unread: 1, mentions: 0, rooms: 1 });
    let none = InboxTotals { unread: 0, mentions: 0, rooms: 0 };
    assert_eq!(scene.totals("nobody", at(0)).await, none);
}

/// One user's view changes, nobody else's.
pub async fn hidden_messages_are_one_users(subject: Subject) {
    let scene = Scene::new(&subject);
    scene
        .all(&[create("r", "a", &["a", "b", "c"]), text("r", "a", "1"), call("r", "a", &["b"], false)])
        .await;
    scene.all(&[text("r", "b", "3"), reply("r", "a", 1, "4"), reply("r", "a", 1, "5")]).await;
    scene.all(&[create("s", "a", &["a", "b"]), text("s", "a", "1"), text("s", "a", "2")]).await;
    assert_eq!(scene.counts("b", "r").await, (2, 1));
    let hidden = scene.own(hide("r", "b", 2)).await;
    assert_eq!((hidden.duplicate, hidden.at, hidden.members), (false, seq(0), 0));
    assert_eq!(scene.counts("b", "r").await, (1, 0), "what is hidden does not count");
    scene.own_repeated(hide("r", "b", 2)).await;
    scene.own(hide("r", "b", 3)).await;
    assert_eq!(scene.counts("b", "r").await, (1, 0), "an own message never did");
    scene.own(hide("r", "b", 5)).await;
    let thread = async |of: &str| scene.thread(of, "r", 1).await.map(|thread| (thread.count, thread.unread));
    assert_eq!(
        (thread("b").await, thread("c").await),
        (Some((2, 1)), Some((2, 2))),
        "a reply is there for all"
    );
    assert_eq!((scene.counts("c", "r").await, scene.counts("b", "s").await), ((3, 0), (2, 0)));
    assert_eq!(numbers(&scene.messages("r").await), [1, 2, 3, 4, 5], "history is everybody's");
    for missing in [0, 6] {
        assert_eq!(scene.own_answer(hide("r", "b", missing)).await, Err(Refusal::NoMessage));
    }
    scene.own(mark_unread("r", "b", 1)).await;
    assert_eq!(scene.counts("b", "r").await, (1, 0));
    scene.stored(delete("r", "a", 1)).await;
    assert_eq!(scene.counts("b", "r").await, (0, 0));
    assert!(!scene.own(hide("r", "b", 1)).await.duplicate, "a deleted one can be hidden");
    scene.stored(delete("r", "a", 2)).await;
    assert_eq!(scene.counts("b", "r").await, (0, 0), "gone twice is gone once");
    assert_eq!(scene.counts("c", "r").await, (1, 0));

    scene.all(&[leave("r", "b"), join("r", "b")]).await;
    assert_eq!(scene.marks("b", "r", 1, 9).await.hidden, [1, 2, 3, 5].map(seq), "also for who comes back");
}

/// Both sides are kept from writing, and decisions about their room are made again.
pub async fn a_block_changes_the_direct_room(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.own(block("c", "b")).await;
    scene.all(&[direct("a", "b"), direct("b", "d"), create("r", "a", &["a", "b"])]).await;
    let id = direct_id("a", "b");
    let stands = async |of: &str| {
        let standing = scene.standing(id.as_str(), of).await;
        (standing.access_version, standing.bar)
    };
    let write = |version: u64| on(version, text(id.as_str(), "a", "x"));
    let (before, none) = stands("a").await;
    assert_eq!((none, stands("b").await), (None, (before, None)));
    let others = scene.standing("r", "b").await;
    let other_pair = scene.standing(direct_id("b", "d").as_str(), "b").await;

    let stored = scene.own(block("b", "a")).await;
    assert_eq!((stored.duplicate, stored.at, stored.members), (false, seq(0), 0));
    let (blocked, bar) = stands("a").await;
    assert!(blocked > before, "what was decided before is decided again");
    assert_eq!((bar, stands("b").await), (Some(Bar::Blocked), (blocked, Some(Bar::Blocks))));
    assert_eq!(scene.refused(write(before)).await, Refusal::AccessChanged);
    scene.own_repeated(block("b", "a")).await;
    assert_eq!(stands("a").await.0, blocked, "a duplicate changes nothing");
    assert_eq!(scene.standing("r", "b").await, others, "no other room is barred");
    assert_eq!(scene.standing(direct_id("b", "d").as_str(), "b").await, other_pair);

    scene.own(block("a", "b")).await;
    let both = stands("a").await;
    assert_eq!((both.1, stands("b").await.1), (Some(Bar::Blocks), Some(Bar::Blocks)), "each by itself");
    scene.own(unblock("b", "a")).await;
    let (one_left, bar) = stands("b").await;
    assert!(one_left > both.0);
    assert_eq!((bar, stands("a").await.1), (Some(Bar::Blocked), Some(Bar::Blocks)));
    scene.own(unblock("a", "b")).await;
    scene.own_repeated(unblock("a", "b")).await;
    let (last, bar) = stands("a").await;
    assert_eq!((bar, stands("b").await.1), (None, None));
    assert!(last > one_left);
    assert_eq!(scene.refused(write(one_left)).await, Refusal::AccessChanged);
    assert!(!scene.stored(write(last)).await.duplicate);
    assert_eq!(scene.blocked("c").await, ["b"], "another's block is another's");
}

/// So many and no more; who is blocked already does not count again.
pub async fn blocks_have_a_bound(subject: Subject) {
    let scene = Scene::new(&subject);
    let all: Vec<_> = (0..limits::MAX_BLOCKED).map(|number| block("a", &format!("u{number}"))).collect();
    for answer in scene.append_own(&all).await {
        assert!(!answer.expect("accepted").duplicate);
    }
    assert_eq!(scene.own_answer(block("a", "one more")).await, Err(Refusal::Full));
    scene.own_repeated(block("a", "u7")).await;
    assert!(!scene.own(block("b", "one more")).await.duplicate, "each user has as many");
    scene.own(unblock("a", "u7")).await;
    assert!(!scene.own(block("a", "one more")).await.duplicate, "there is a place again");
    assert_eq!(scene.own_answer(block("a", "u7")).await, Err(Refusal::Full));
    assert_eq!(scene.blocked("a").await.len(), limits::MAX_BLOCKED);
}

/// When a user was last seen never goes back and is in no log.
pub async fn last_seen_is_kept(subject: Subject) {
    let scene = Scene::new(&subject);
    let of = async |store: &SharedStorage, who: &str| store.last_seen(&user(who)).await.unwrap();
    assert_eq!(of(&scene.store, "a").await, None, "nobody knows");
    let stored = scene.own(seen("a", 7_000_001)).await;
    assert!(!stored.duplicate && stored.entry.is_none() && stored.user_offset == UserOffset::ZERO);
    scene.own(seen("b", 5)).await;
    assert_eq!(of(&scene.store, "a").await, Some(at(7_000_001)), "to the microsecond");
    scene.own_repeated(seen("a", 7_000_001)).await;
    scene.own_repeated(seen("a", 7_000_000)).await;
    assert_eq!(of(&scene.store, "a").await, Some(at(7_000_001)), "it never goes back");
    scene.own(seen("a", 9_000_000)).await;
    let entries = scene.store.user_log(&user("a"), UserOffset::ZERO, 10).await.unwrap().entries;
    assert_eq!(entries, []);
}
