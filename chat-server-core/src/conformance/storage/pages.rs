//! Lists in pages: wherever they are cut, the next begins where the last ended.

use chat_protocol::command::SettingsPatch;
use chat_protocol::{HistoryQuery, MAX_SAFE, Role, UserId};

use super::Subject;
use super::scene::*;
use super::tour::{chosen, numbers};
use crate::storage::{RoomsQuery, StoredMessage};

/// Pages before and after every message, of every size, of rooms and of threads.
pub async fn history_pages_meet(subject: Subject) {
    const MESSAGES: u64 = 7;
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a"]), create("empty", "a", &["a"])]).await;
    for number in 1..=MESSAGES {
        // The third, the fifth and the sixth are replies to the first.
        let body = number.to_string();
        let said =
            if [3, 5, 6].contains(&number) { reply("r", "a", 1, &body) } else { text("r", "a", &body) };
        scene.all(&[said, join("r", &format!("u{number}"))]).await;
    }
    let cursors = || std::iter::once(None).chain((0..=MESSAGES + 1).map(Some)).chain([Some(MAX_SAFE)]);
    let (all, thread): (Vec<_>, _) = ((1..=MESSAGES).collect(), [3, 5, 6]);
    for (before, after) in cursors().flat_map(|before| cursors().map(move |after| (before, after))) {
        for limit in [0, 1, 2, 3, 10] {
            let query = HistoryQuery { before: before.map(seq), after: after.map(seq), limit: None };
            let page = scene.history("r", query, limit).await;
            assert_eq!(numbers(&page), chosen(&all, before, after, limit), "{limit} of {query:?}");
            assert!(page.iter().all(|stored| body(stored) == stored.message.seq.to_string()));
            let replies = scene.store.history(&room("r"), Some(seq(1)), query, limit).await;
            let replies = replies.expect("history works").expect("the room exists");
            assert_eq!(
                numbers(&replies),
                chosen(&thread, before, after, limit),
                "{limit} replies of {query:?}"
            );
            assert_eq!(scene.history("empty", query, limit).await, []);
        }
    }
    assert_eq!(scene.replies("r", 2).await, []);
    for thread in [None, Some(seq(1))] {
        let nowhere = scene.store.history(&room("nowhere"), thread, HistoryQuery::default(), ALL).await;
        assert_eq!(nowhere.expect("history works"), None::<Vec<StoredMessage>>);
    }
}

/// By activity, pinned ones before where that is asked for, archived ones apart.
pub async fn pages_of_rooms_meet(subject: Subject) {
    let scene = Scene::new(&subject);
    for id in ["r1", "r2", "r3", "r4", "r5", "r6", "r7"] {
        scene.all(&[create(id, "a", &["a", "b"]), text(id, "b", "x")]).await;
    }
    for id in ["r2", "r5", "r6"] {
        scene.own(pin(id, "a", true)).await;
    }
    for id in ["r3", "r6"] {
        scene.own(archive(id, "a", true)).await;
    }
    let queries = [
        (None, false, vec!["r7", "r6", "r5", "r4", "r3", "r2", "r1"]),
        (None, true, vec!["r6", "r5", "r2", "r7", "r4", "r3", "r1"]),
        (Some(false), false, vec!["r7", "r5", "r4", "r2", "r1"]),
        (Some(false), true, vec!["r5", "r2", "r7", "r4", "r1"]),
        (Some(true), false, vec!["r6", "r3"]),
        (Some(true), true, vec!["r6", "r3"]),
    ];
    for (archived, pinned_first, expected) in queries {
        let query = RoomsQuery { archived, pinned_first, after: None };
        assert_eq!(scene.rooms("a", query).await, expected, "{query:?}");
        for limit in 1..=expected.len() + 1 {
            let (mut query, mut seen) = (query, Vec::new());
            loop {
                let page = scene.store.rooms_of(&user("a"), query, limit).await.expect("rooms_of works");
                assert!(page.len() <= limit, "{limit} at most");
                assert!(page.iter().all(|(_, place)| pinned_first || !place.pinned), "only where it counts");
                let Some((_, last)) = page.last() else { break };
                query.after = Some(*last);
                seen.extend(page.into_iter().map(|(room, _)| room.to_string()));
                assert!(seen.len() <= expected.len(), "pages of {limit} go in circles: {seen:?}");
            }
            assert_eq!(seen, expected, "pages of {limit} by {query:?}");
        }
        assert_eq!(scene.store.rooms_of(&user("a"), query, 0).await.expect("rooms_of works"), []);
    }
    let of_b = scene.rooms("b", RoomsQuery { pinned_first: true, ..RoomsQuery::default() }).await;
    assert_eq!(
        of_b,
        ["r7", "r6", "r5", "r4", "r3", "r2", "r1"],
        "what a room is to one is nothing to others"
    );
    scene.own(settings("r2", "a", SettingsPatch { pinned: Some(false), ..SettingsPatch::default() })).await;
    let pinned = RoomsQuery { pinned_first: true, ..RoomsQuery::default() };
    assert_eq!(scene.rooms("a", pinned).await[..3], ["r6", "r5", "r7"]);
}

/// From the highest role down, by id in each.
pub async fn pages_of_members_meet(subject: Subject) {
    use Role::{Admin, Member, Owner, Reader};
    let scene = Scene::new(&subject);
    let all = [
        ("m", Owner),
        ("k", Admin),
        ("z", Admin),
        ("b", Member),
        ("x", Member),
        ("a", Reader),
        ("y", Reader),
    ];
    let made = make("r", "m", &[], |new| {
        let mut members: Vec<_> = all.iter().map(|(id, role)| (user(id), *role)).collect();
        members.reverse();
        new.members = members;
    });
    scene.all(&[made, text("r", "m", "1"), text("r", "m", "2"), create("other", "m", &["m", "c"])]).await;
    scene.own(delivered("r", "b", 2)).await;
    scene.own(read("r", "b", 1)).await;
    scene.own(read_privately("r", "x", None, 2)).await;
    let late = scene.stored(then(9, add("r", "m", &["n"], Member))).await;
    let mut expected: Vec<_> = all.iter().map(|(id, role)| ((*id).to_owned(), *role)).collect();
    expected.insert(4, ("n".to_owned(), Member));
    assert_eq!(scene.roles("r").await, expected);
    let entries = scene.members("r").await;
    let pointers: Vec<_> =
        entries[3..6].iter().map(|entry| (entry.delivered.get(), entry.read.get())).collect();
    assert_eq!(pointers, [(2, 1), (2, 2), (0, 0)], "a private pointer is nobody's business");
    assert_eq!((entries[0].joined_at, entries[4].joined_at), (at(0), late.ts));

    for limit in 1..=expected.len() + 1 {
        let (mut after, mut seen): (Option<(Role, UserId)>, Vec<_>) = (None, Vec::new());
        loop {
            let place = after.as_ref().map(|(role, user)| (*role, user));
            let page = scene.store.members(&room("r"), place, limit).await.expect("members works");
            assert!(page.len() <= limit, "{limit} at most");
            let Some(last) = page.last() else { break };
            after = Some((last.role, last.user.clone()));
            seen.extend(page.into_iter().map(|entry| (entry.user.to_string(), entry.role)));
            assert!(seen.len() <= expected.len(), "pages of {limit} go in circles: {seen:?}");
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    // A cursor may be at somebody who is not there any more.
    let gone = user("l");
    let page = scene.store.members(&room("r"), Some((Admin, &gone)), 1).await.expect("members works");
    assert_eq!(page[0].user, user("z"));
    assert_eq!(scene.members("nowhere").await, []);
}

/// By id, those whose time is over too.
pub async fn pages_of_bans_meet(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a"]), create("other", "a", &["a"])]).await;
    let mut expected = ["B", "a2", "b", "c", "\u{e9}", "\u{10000}"];
    for (number, id) in expected.iter().rev().enumerate() {
        let until = (number % 2 == 0).then(|| at(number as i64));
        scene.stored(ban("r", "a", id, Role::Owner, until)).await;
    }
    scene.stored(ban("other", "a", "bb", Role::Owner, None)).await;
    expected.sort_unstable();
    for limit in 1..=expected.len() + 1 {
        let (mut after, mut seen): (Option<UserId>, Vec<_>) = (None, Vec::new());
        loop {
            let page = scene.store.bans(&room("r"), after.as_ref(), limit).await.expect("bans works");
            assert!(page.len() <= limit, "{limit} at most");
            let Some(last) = page.last() else { break };
            after = Some(last.user.clone());
            seen.extend(page.into_iter().map(|entry| entry.user.to_string()));
            assert!(seen.len() <= expected.len(), "pages of {limit} go in circles: {seen:?}");
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    assert_eq!(scene.bans("nowhere").await, []);
}

/// By id; of each block, since when.
pub async fn pages_of_blocks_meet(subject: Subject) {
    let scene = Scene::new(&subject);
    let expected = ["B", "a", "b", "c", "d", "\u{e9}"];
    for (number, id) in expected.iter().rev().enumerate() {
        let append = crate::storage::OwnAppend { now: at(number as i64), ..block("me", id) };
        scene.own(append).await;
    }
    scene.own(block("other", "bb")).await;
    for limit in 1..=expected.len() + 1 {
        let (mut after, mut seen): (Option<UserId>, Vec<_>) = (None, Vec::new());
        loop {
            let page = scene.store.blocked(&user("me"), after.as_ref(), limit).await.expect("blocked works");
            assert!(page.len() <= limit, "{limit} at most");
            let Some(last) = page.last() else { break };
            after = Some(last.user.clone());
            seen.extend(page.into_iter().map(|entry| (entry.user.to_string(), entry.ts)));
            assert!(seen.len() <= expected.len(), "pages of {limit} go in circles: {seen:?}");
        }
        let all = expected.iter().zip((0..6).rev()).map(|(id, number)| ((*id).to_owned(), at(number)));
        assert_eq!(seen, all.collect::<Vec<_>>(), "pages of {limit}");
    }
    assert_eq!(scene.blocked("nobody").await, [""; 0]);
}
