//! How logs and histories are read.

use chat_protocol::event::{MemberAction, MemberChanged, RoomAction, RoomChanged, UserChange, UserChanged};
use chat_protocol::{HistoryQuery, MAX_SAFE, Offset, Role, RoomInfo, RoomKind, Seq, UserOffset};

use super::Subject;
use super::scene::*;
use crate::storage::{LogEntry, PointerMoved, UserLogPage};

/// Every kind of change is in the log as it was answered, and pages meet wherever they are cut.
pub async fn the_log_has_every_change(subject: Subject) {
    let scene = Scene::new(&subject);
    let create = scene.stored(create("r", "a", &["a", "b"])).await;
    let one = scene.stored(text_as("r", "b", "one", "id")).await;
    scene.stored(text_as("r", "b", "one", "id")).await;
    let join = scene.stored(join("r", "c")).await;
    let two = scene.stored(text("r", "c", "two")).await;
    let leave = scene.stored(leave("r", "b")).await;
    assert_eq!([&create, &one, &join, &two, &leave].map(|answer| answer.offset.get()), [3, 4, 5, 6, 7]);

    let member = |at: u64, of: &str, role: Option<Role>, by: Option<&str>| {
        let action = if role.is_some() { MemberAction::Joined } else { MemberAction::Left };
        LogEntry::Member(MemberChanged {
            role: role.map(Into::into),
            by: by.map(user),
            ..MemberChanged::new(room("r"), offset(at), user(of), action, create.ts)
        })
    };
    let messages = scene.messages("r").await;
    assert_eq!((messages[0].message.offset, messages[1].message.offset), (one.offset, two.offset));
    assert_eq!(messages.iter().map(body).collect::<Vec<_>>(), ["one", "two"]);
    let expected = [
        LogEntry::Room(RoomChanged {
            room: room("r"),
            offset: offset(1),
            action: RoomAction::Created.into(),
            kind: RoomKind::Group.into(),
            access: None,
            history: None,
            info: RoomInfo { name: Some("room r".to_owned()), ..RoomInfo::default() },
            desk: None,
            by: user("a"),
            ts: create.ts,
        }),
        member(2, "a", Some(Role::Owner), None),
        member(3, "b", Some(Role::Member), Some("a")),
        LogEntry::Message(messages[0].clone()),
        member(5, "c", Some(Role::Member), None),
        LogEntry::Message(messages[1].clone()),
        member(7, "b", None, None),
    ];
    for after in 0..=8 {
        for limit in 0..=8 {
            let page = scene.store.log(&room("r"), offset(after), limit).await.expect("log works");
            let page = page.expect("the room exists");
            let from = usize::try_from(after).expect("small").min(expected.len());
            let to = expected.len().min(from + limit);
            assert_eq!(page.entries, expected[from..to], "{limit} entries after {after}");
            assert_eq!((page.head, page.oldest), (offset(7), offset(1)));
        }
    }
    let beyond = scene.store.log(&room("r"), offset(MAX_SAFE), ALL).await.expect("log works");
    assert_eq!(beyond.expect("the room exists").entries, []);
    assert_eq!(scene.store.log(&room("nowhere"), Offset::ZERO, ALL).await.expect("log works"), None);
}

/// Pages before and after every message, of every size, between log entries of other kinds.
pub async fn history_pages_meet(subject: Subject) {
    const MESSAGES: u64 = 7;
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a"])).await;
    scene.stored(create("empty", "a", &["a"])).await;
    for number in 1..=MESSAGES {
        scene.append(&[text("r", "a", &number.to_string()), join("r", &format!("u{number}"))]).await;
    }
    let cursors = || std::iter::once(None).chain((0..=MESSAGES + 1).map(Some)).chain([Some(MAX_SAFE)]);
    for (before, after) in cursors().flat_map(|before| cursors().map(move |after| (before, after))) {
        for limit in [0, 1, 2, 3, 10] {
            let query = HistoryQuery { before: before.map(seq), after: after.map(seq), limit: None };
            let page = scene.history("r", query, limit).await;
            let numbers: Vec<_> = page.iter().map(|stored| stored.message.seq.get()).collect();
            assert_eq!(numbers, chosen(MESSAGES, before, after, limit), "{limit} of {query:?}");
            assert!(page.iter().all(|stored| body(stored) == stored.message.seq.to_string()));
            assert_eq!(scene.history("empty", query, limit).await, []);
        }
    }
    let nowhere = scene.store.history(&room("nowhere"), HistoryQuery::default(), ALL).await;
    assert_eq!(nowhere.expect("history works"), None);
}

fn chosen(messages: u64, before: Option<u64>, after: Option<u64>, limit: usize) -> Vec<u64> {
    let all = (1..=messages).filter(|n| before.is_none_or(|b| *n < b) && after.is_none_or(|a| *n > a));
    if after.is_some() {
        return all.take(limit).collect();
    }
    let mut newest: Vec<_> = all.rev().take(limit).collect();
    newest.reverse();
    newest
}

/// Rooms gained and lost and moved pointers, each once, in order, at the position that was answered.
pub async fn the_user_log_has_every_change(subject: Subject) {
    let scene = Scene::new(&subject);
    let made = scene.stored(create("r", "a", &["a", "b"])).await;
    assert_eq!(made.users, [(user("a"), user_offset(1)), (user("b"), user_offset(1))]);
    scene.append(&[text("r", "a", "one"), text("r", "a", "two")]).await;
    let moved = scene.advance(read("r", "b", 1)).await;
    assert_eq!(moved, PointerMoved::Moved { read: seq(1), user_offset: user_offset(2) });
    scene.advance(read("r", "b", 1)).await;
    scene.advance(read("r", "b", 9)).await;
    let joined = scene.append(&[create("s", "c", &["c"]), join("s", "b"), join("s", "b")]).await;
    let joined = joined.into_iter().map(|answer| answer.expect("accepted").users).collect::<Vec<_>>();
    assert_eq!(joined[1..], [vec![(user("b"), user_offset(3))], vec![]]);
    scene.advance(read("r", "b", 2)).await;
    assert_eq!(scene.stored(leave("r", "b")).await.users, [(user("b"), user_offset(5))]);

    let entry = |at: u64, change| UserChanged { user_offset: user_offset(at), change, ts: made.ts };
    let read = |at: u64| UserChange::Read { room: room("r"), read: seq(at), thread: None };
    let expected = [
        entry(1, UserChange::RoomJoined { room: room("r") }),
        entry(2, read(1)),
        entry(3, UserChange::RoomJoined { room: room("s") }),
        entry(4, read(2)),
        entry(5, UserChange::RoomLeft { room: room("r") }),
    ];
    for after in 0..=6 {
        for limit in 0..=6 {
            let page =
                scene.store.user_log(&user("b"), user_offset(after), limit).await.expect("user_log works");
            let from = usize::try_from(after).expect("small").min(expected.len());
            let to = expected.len().min(from + limit);
            assert_eq!(page.entries, expected[from..to], "{limit} entries after {after}");
            assert_eq!((page.head, page.oldest), (user_offset(5), user_offset(1)));
        }
    }
    let nobody = scene.store.user_log(&user("nobody"), UserOffset::ZERO, ALL).await.expect("user_log works");
    assert_eq!(nobody, UserLogPage { entries: Vec::new(), head: UserOffset::ZERO, oldest: user_offset(1) });
}

/// A pointer stands at the furthest place it was ever moved to.
pub async fn pointers_only_advance(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.append(&[create("r", "a", &["a", "b", "c"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    scene.append(&[text("r", "a", "3"), join("r", "late"), text("r", "a", "4")]).await;
    assert_eq!(
        scene.pointers("r").await,
        [("late".to_owned(), 3)],
        "a new member's pointer starts at the head"
    );

    assert!(
        matches!(scene.advance(read("r", "b", 2)).await, PointerMoved::Moved { read, .. } if read == seq(2))
    );
    for back in [0, 1, 2] {
        assert_eq!(scene.advance(read("r", "b", back)).await, PointerMoved::Unchanged { read: seq(2) });
    }
    for beyond in [5, MAX_SAFE] {
        assert_eq!(scene.advance(read("r", "b", beyond)).await, PointerMoved::BeyondHead);
    }
    assert_eq!(scene.advance(read("r", "stranger", 1)).await, PointerMoved::NotMember);
    assert_eq!(scene.advance(read("nowhere", "b", 1)).await, PointerMoved::NotMember);

    let moves = [
        read("r", "c", 4),
        read("r", "c", 3),
        read("r", "stranger", 1),
        read("r", "a", 1),
        read("r", "a", 1),
    ];
    let answers = scene.store.advance(&moves).await.expect("advance works");
    let expected = [
        PointerMoved::Moved { read: seq(4), user_offset: user_offset(2) },
        PointerMoved::Unchanged { read: seq(4) },
        PointerMoved::NotMember,
        PointerMoved::Moved { read: seq(1), user_offset: user_offset(2) },
        PointerMoved::Unchanged { read: seq(1) },
    ];
    assert_eq!(answers, expected);
    let all = [("c", 4), ("late", 3), ("b", 2), ("a", 1)].map(|(id, read)| (id.to_owned(), read));
    assert_eq!(scene.pointers("r").await, all);
    let furthest = scene.store.pointers(&room("r"), 2).await.expect("pointers works");
    assert_eq!(furthest, [(user("c"), seq(4)), (user("late"), seq(3))]);
    assert_eq!(
        scene.store.pointers(&room("nowhere"), ALL).await.expect("pointers works"),
        [] as [(_, Seq); 0]
    );
    scene.stored(leave("r", "c")).await;
    assert_eq!(scene.pointers("r").await, all[1..], "who left has no pointer");
}
