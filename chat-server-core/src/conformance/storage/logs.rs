//! How logs are read.

use chat_protocol::event::{
    Edited, MemberAction, MemberChanged, RoomAction, RoomChanged, UserChange, UserChanged,
};
use chat_protocol::{
    Access, Content, HistoryVisibility, MAX_SAFE, Offset, Role, RoomInfo, RoomKind, RoomSettings, UserOffset,
};

use super::Subject;
use super::scene::*;
use super::tour::{everything, holds, own_tour, tour};
use crate::storage::{Change, LogEntry, UserLogPage};

/// Changes are in the log as they were answered, and pages meet wherever they are cut.
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
            access: Some(Access::Open.into()),
            history: Some(HistoryVisibility::All.into()),
            info: RoomInfo { name: Some("room r".to_owned()), ..RoomInfo::default() },
            desk: None,
            oldest_seq: None,
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

/// What every kind of change answers is what the logs of the room and of the users then hold.
pub async fn answers_are_what_the_logs_hold(subject: Subject) {
    let scene = Scene::new(&subject);
    let (mut head, mut own_entries) = (Offset::ZERO, 0);
    for append in tour() {
        let before = own_logs(&scene).await;
        let answer = scene.stored(append.clone()).await;
        assert!(!answer.duplicate, "{append:?}");
        let page = scene.store.log(&room("r"), head, ALL).await.expect("log works");
        let page = page.expect("the room exists");
        head = page.head;
        assert_eq!(append.entries(&answer), page.entries, "{append:?}");
        if matches!(append.change, Change::Message(_)) {
            assert_eq!(answer.entries, [], "the caller has the message");
        }
        assert_eq!(answer.offset, head, "an answer has the position of its last entry");
        let after = own_logs(&scene).await;
        let fresh: Vec<_> = after.into_iter().filter(|entry| !before.contains(entry)).collect();
        let mut told = answer.users.clone();
        own_entries += told.len();
        told.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(told, fresh, "{append:?}");
    }
    assert_eq!(own_entries, 6 + 3, "three created, one joined, two added; one removed, one banned, one left");
    for append in own_tour() {
        let before = scene.user_log(append.user.as_str()).await;
        let answer = scene.own(append.clone()).await;
        assert!(!answer.duplicate, "{append:?}");
        let log = scene.user_log(append.user.as_str()).await;
        assert_eq!(answer.entry.as_ref(), log.get(before.len()), "{append:?}");
        assert_eq!(answer.user_offset, user_offset(log.len() as u64), "{append:?}");
    }
}

async fn own_logs(scene: &Scene) -> Vec<(chat_protocol::UserId, UserChanged)> {
    let mut entries = Vec::new();
    for of in ["a", "b", "c", "d", "e", "f", "x", "y"] {
        entries.extend(scene.user_log(of).await.into_iter().map(|entry| (user(of), entry)));
    }
    entries
}

/// Wherever a text stood: once it is replaced or deleted no answer holds it.
pub async fn the_log_never_revives_a_text(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "first"), reply("r", "a", 1, "second")]).await;
    scene.all(&[edit("r", "a", 1, "third"), edit("r", "a", 2, "fourth"), edit("r", "a", 1, "fifth")]).await;
    let edited = |at: u64, number: u64, text: Option<&str>, ts| {
        LogEntry::Edited(Edited {
            room: room("r"),
            offset: offset(at),
            seq: seq(number),
            from: user("a"),
            content: text.map(Content::plain),
            thread: (number == 2).then(|| seq(1)),
            ts,
        })
    };
    let log = scene.log("r").await;
    let [LogEntry::Message(one), LogEntry::Message(two), edits @ ..] = &log[3..] else {
        panic!("two messages follow the creation: {log:?}");
    };
    assert_eq!((body(one), body(two)), ("fifth".to_owned(), "fourth".to_owned()), "as they are now");
    let ts = one.message.ts;
    assert_eq!((one.message.edited_at, two.message.edited_at), (Some(ts), Some(ts)));
    let now =
        [edited(6, 1, Some("fifth"), ts), edited(7, 2, Some("fourth"), ts), edited(8, 1, Some("fifth"), ts)];
    assert_eq!(edits, now, "an edit tells what is said now");

    scene.all(&[delete_any("r", "b", 1), delete("r", "a", 2), text("r", "a", "sixth")]).await;
    let log = scene.log("r").await;
    assert_eq!(log[5..8], [edited(6, 1, None, ts), edited(7, 2, None, ts), edited(8, 1, None, ts)]);
    let all = (everything(&scene, &["r"], &["a", "b"]).await, scene.replies("r", 1).await);
    for gone in ["first", "second", "third", "fourth", "fifth"] {
        assert!(!holds(&all, gone), "{gone} is not forgotten: {all:?}");
    }
    assert!(holds(&all, "sixth"));
}

/// Every reaction entry tells how many have that reaction now.
pub async fn the_log_counts_present_reactions(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "one")]).await;
    let steps = [react("r", "a", 1, "+"), react("r", "b", 1, "+"), react("r", "b", 1, "-")];
    let told = async |from: usize| -> Vec<u64> {
        let count = |entry: &LogEntry| match entry {
            LogEntry::Reaction(reaction) => reaction.count,
            other => panic!("no reaction: {other:?}"),
        };
        scene.log("r").await[from..].iter().map(count).collect()
    };
    let answers = scene.all(&steps).await;
    let at_once: Vec<_> = answers.iter().flat_map(|answer| &answer.entries).collect();
    let counts = |entry: &&LogEntry| match entry {
        LogEntry::Reaction(reaction) => reaction.count,
        other => panic!("no reaction: {other:?}"),
    };
    assert_eq!(at_once.iter().map(counts).collect::<Vec<_>>(), [1, 2, 1], "as each was stored");
    assert_eq!(told(4).await, [2, 2, 1], "as it is now");
    scene.stored(unreact("r", "a", 1, "+")).await;
    assert_eq!(told(4).await, [1, 1, 1, 1]);
    scene.stored(unreact("r", "b", 1, "-")).await;
    assert_eq!(told(4).await, [1, 1, 0, 1, 0]);
    scene.stored(delete("r", "a", 1)).await;
    let log = scene.log("r").await;
    let reactions = log[4..9].iter().map(|entry| counts(&entry)).collect::<Vec<_>>();
    assert_eq!(reactions, [0; 5], "a deleted message has none");
}

/// Every change that concerns a user alone, each once, in order, at the position that was answered.
pub async fn the_user_log_has_every_change(subject: Subject) {
    let scene = Scene::new(&subject);
    let made = scene.stored(create("r", "a", &["a", "b"])).await;
    let joined = |at: u64, id: &str| entry(at, UserChange::RoomJoined { room: room(id) });
    assert_eq!(made.users, [(user("a"), joined(1, "r")), (user("b"), joined(1, "r"))]);
    scene.all(&[text("r", "a", "one"), call("r", "a", &["b"], false), reply("r", "a", 1, "three")]).await;
    let moved = scene.own(read("r", "b", 1)).await;
    let read_at = |at: u64, thread| UserChange::Read { room: room("r"), read: seq(at), thread };
    assert_eq!((moved.at, moved.user_offset, moved.members), (seq(1), user_offset(2), 2));
    assert_eq!(moved.entry, Some(entry(2, read_at(1, None))));
    scene.own_repeated(read("r", "b", 1)).await;
    scene.own_answer(read("r", "b", 9)).await.expect_err("beyond the newest message");
    let joins = scene.append(&[create("s", "c", &["c"]), join("s", "b"), join("s", "b")]).await;
    let joins = joins.into_iter().map(|answer| answer.expect("accepted").users).collect::<Vec<_>>();
    assert_eq!(joins[1..], [vec![(user("b"), joined(3, "s"))], vec![]]);
    let steps = [
        read("r", "b", 2),
        read_privately("r", "b", None, 3),
        read_thread("r", "b", 1, 3),
        mark_unread("r", "b", 2),
        archive("r", "b", true),
        hide("r", "b", 2),
        hide("r", "b", 3),
        block("b", "c"),
        unblock("b", "c"),
        revoke("b", "session"),
        delivered("r", "b", 3),
    ];
    for step in steps {
        scene.own(step).await;
    }
    assert_eq!(scene.stored(leave("r", "b")).await.users.len(), 1);

    let mentions = Some(chat_protocol::Mentions { users: vec![user("b")], room: false });
    let hidden = |number: u64, thread, mentions| UserChange::Hidden {
        room: room("r"),
        seq: seq(number),
        from: user("a"),
        thread,
        mentions,
    };
    let archived = RoomSettings { archived: true, ..RoomSettings::default() };
    let expected = [
        joined(1, "r"),
        entry(2, read_at(1, None)),
        joined(3, "s"),
        entry(4, read_at(2, None)),
        entry(5, UserChange::ReadPrivate { room: room("r"), read: seq(3), thread: None }),
        entry(6, read_at(3, Some(seq(1)))),
        entry(7, UserChange::MarkedUnread { room: room("r"), unread_from: seq(2) }),
        entry(8, UserChange::Settings { room: room("r"), settings: archived }),
        entry(9, hidden(2, None, mentions)),
        entry(10, hidden(3, Some(seq(1)), None)),
        entry(11, UserChange::Blocked { user: user("c") }),
        entry(12, UserChange::Unblocked { user: user("c") }),
        entry(
            13,
            UserChange::SessionRevoked {
                session_id: chat_protocol::SessionId::new("session").expect("valid"),
            },
        ),
        entry(14, UserChange::RoomLeft { room: room("r") }),
    ];
    user_pages_meet(&scene, &expected).await;
    let nobody = scene.store.user_log(&user("nobody"), UserOffset::ZERO, ALL).await.expect("user_log works");
    assert_eq!(nobody, UserLogPage { entries: Vec::new(), head: UserOffset::ZERO, oldest: user_offset(1) });
}

fn entry(at: u64, change: UserChange) -> UserChanged {
    UserChanged { user_offset: user_offset(at), change, ts: super::words::at(0) }
}

/// The log of `b` is what is expected, wherever it is cut.
async fn user_pages_meet(scene: &Scene, expected: &[UserChanged]) {
    for after in 0..=15 {
        for limit in 0..=15 {
            let page =
                scene.store.user_log(&user("b"), user_offset(after), limit).await.expect("user_log works");
            let from = usize::try_from(after).expect("small").min(expected.len());
            let to = expected.len().min(from + limit);
            assert_eq!(page.entries, expected[from..to], "{limit} entries after {after}");
            assert_eq!((page.head, page.oldest), (user_offset(14), user_offset(1)));
        }
    }
}
