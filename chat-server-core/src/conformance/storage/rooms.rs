//! What rooms look like to their members.

use chat_protocol::command::RoomPatch;
use chat_protocol::event::{RoomAction, RoomChanged};
use chat_protocol::{
    Access, Desk, DeskStatus, HistoryVisibility, Patch, Role, RoomInfo, RoomKind, RoomNumber, RoomState,
    UserId,
};

use super::Subject;
use super::scene::*;
use crate::storage::{Append, Appended, Bar, Change, LogEntry, Refusal, Relation, RoomView, Standing};

/// What was answered is seen at once.
pub async fn views_follow_appends(subject: Subject) {
    let scene = Scene::new(&subject);
    let standing = scene.store.standing(&room("r"), &user("a")).await.expect("standing works");
    assert_eq!(standing, None, "there is no such room");

    let made = scene.stored(create("r", "a", &["a", "b"])).await;
    let stands = |role: Option<Role>, at: u64, head: u64, members: u64, version: u64| Standing {
        kind: RoomKind::Group,
        access: Access::Open,
        access_version: version,
        role,
        bar: None,
        agent: false,
        client: false,
        marked: false,
        members,
        seq: seq(at),
        oldest_seq: seq(1),
        offset: offset(head),
    };
    // A store that does not know may always say that there are marks.
    let standing = async |of: &str| Standing { marked: false, ..scene.standing("r", of).await };
    let version = made.access_version;
    assert_eq!(standing("a").await, stands(Some(Role::Owner), 0, 3, 2, version));
    assert_eq!(standing("b").await, stands(Some(Role::Member), 0, 3, 2, version));
    assert_eq!(standing("stranger").await, stands(None, 0, 3, 2, version));

    scene.all(&[text("r", "a", "1"), text("r", "b", "2"), join("r", "c")]).await;
    // Nobody has read anything since it joined.
    let view = |role: Role, read: u64, unread: u64| {
        let state = RoomState {
            info: RoomInfo { name: Some("room r".to_owned()), ..RoomInfo::default() },
            seq: seq(2),
            offset: offset(6),
            members: 3,
            read: seq(read),
            unread,
            ts: made.ts,
            ..RoomState::new(room("r"), &user("anyone"), RoomKind::Group, Access::Open, role)
        };
        let (oldest_offset, joined_seq) = (offset(1), seq(read));
        Some(RoomView { state, access_version: version, oldest_offset, joined_seq, split: None })
    };
    assert_eq!(scene.view("a", "r").await, view(Role::Owner, 0, 1));
    assert_eq!(scene.view("c", "r").await, view(Role::Member, 2, 0));
    assert_eq!(standing("c").await, stands(Some(Role::Member), 2, 6, 3, version));

    let left = scene.stored(leave("r", "b")).await;
    assert_eq!(scene.view("b", "r").await, None);
    assert_eq!(standing("b").await, stands(None, 2, 7, 2, left.access_version));
    let seen = scene.view("c", "r").await.expect("still a member");
    assert_eq!(
        (seen.state.members, seen.state.offset, seen.access_version),
        (2, offset(7), left.access_version)
    );
    views_keep_the_order(&scene).await;
}

async fn views_keep_the_order(scene: &Scene) {
    let channel = make("channel", "a", &["a"], |new| {
        (new.kind, new.access, new.info.name) = (RoomKind::Channel, Access::Invite, None);
    });
    let reads = Append { change: Change::Join { role: Role::Reader, max: u64::MAX }, ..join("channel", "c") };
    scene.append(&[channel, reads]).await;
    let asked = ["channel", "nowhere", "r", "channel"].map(room);
    let views = scene.store.views(&user("c"), &asked).await.expect("views works");
    let told: Vec<_> = views
        .into_iter()
        .map(|view| {
            view.map(|view| {
                (view.state.room.to_string(), view.state.kind, view.state.access, view.state.role)
            })
        })
        .collect();
    let seen = |id: &str, kind: RoomKind, access: Access, role: Role| {
        Some((id.to_owned(), kind.into(), access.into(), role.into()))
    };
    let channel = seen("channel", RoomKind::Channel, Access::Invite, Role::Reader);
    let group = seen("r", RoomKind::Group, Access::Open, Role::Member);
    assert_eq!(told, [channel.clone(), None, group, channel]);
}

/// Nobody's member, it sees what an owner sees who has read everything.
pub async fn the_system_sees_every_room(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.view(UserId::SYSTEM, "r").await, None, "there is no such room");
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), text("r", UserId::SYSTEM, "2")]).await;
    scene.all(&[trim("r", 2), call("r", "b", &["a"], true), text("r", "a", "4"), direct("a", "b")]).await;
    let system = scene.view(UserId::SYSTEM, "r").await.expect("every room");
    let member = scene.view("a", "r").await.expect("a member");
    assert_eq!((system.state.role.clone(), system.state.read), (Role::Owner.into(), seq(4)));
    assert_eq!((system.state.unread, system.state.mentions), (0, 0));
    assert_eq!((system.state.oldest_seq, system.oldest_offset), (seq(2), offset(5)));
    let RoomState { read, unread, mentions, .. } = member.state;
    let state = RoomState { read, unread, mentions, ..system.state };
    assert_eq!(RoomView { state, ..system }, member, "all else is as for others");
    let pair = scene.view(UserId::SYSTEM, direct_id("a", "b").as_str()).await.expect("every room");
    assert_eq!((pair.state.peer, pair.state.members), (None, 2));
    let joined = make("joined", "a", &["a"], |new| new.history = HistoryVisibility::Joined);
    scene.all(&[text("r", "a", "x"), joined, text("joined", "a", "1")]).await;
    assert_eq!(scene.state(UserId::SYSTEM, "joined").await.oldest_seq, seq(1), "it was there from the start");
    assert_eq!(scene.rooms_of(UserId::SYSTEM).await, [""; 0], "none is its own");
}

/// Everything that was asked for is there, and told in the first entry of the log.
pub async fn a_new_room_is_as_it_was_asked_for(subject: Subject) {
    let scene = Scene::new(&subject);
    let number = RoomNumber::new(7).expect("a small number");
    let desk = Desk { organization: "acme".to_owned(), client: user("c"), status: DeskStatus::Open.into() };
    let custom = serde_json::json!({ "color": "red", "n": [1, null] });
    let info = RoomInfo {
        name: Some("Case".to_owned()),
        avatar: Some("https://a/b".to_owned()),
        topic: Some("help".to_owned()),
        custom: custom.as_object().cloned(),
        message_ttl_s: Some(60),
    };
    let full = make("desk", "op", &[], |new| {
        (new.kind, new.access, new.history) = (RoomKind::Desk, Access::Invite, HistoryVisibility::Joined);
        (new.info, new.desk, new.number) = (info.clone(), Some(desk.clone()), Some(number));
        new.members = vec![(user("z"), Role::Admin), (user("c"), Role::Member), (user("b"), Role::Reader)];
    });
    let made = scene.stored(full).await;
    assert_eq!((made.room, made.offset, made.seq), (room("desk"), offset(4), seq(0)));
    let first = RoomChanged {
        room: room("desk"),
        offset: offset(1),
        action: RoomAction::Created.into(),
        kind: RoomKind::Desk.into(),
        access: Some(Access::Invite.into()),
        history: Some(HistoryVisibility::Joined.into()),
        info: info.clone(),
        desk: Some(desk.clone()),
        oldest_seq: None,
        by: user("op"),
        ts: at(0),
    };
    assert_eq!(made.entries[0], LogEntry::Room(first));
    let users: Vec<_> =
        made.users.iter().map(|(user, told)| (user.as_str(), told.user_offset.get())).collect();
    assert_eq!(users, [("z", 1), ("c", 1), ("b", 1)], "members in the order asked");
    let state = scene.state("c", "desk").await;
    assert_eq!((state.info, state.desk, state.number), (info, Some(desk), Some(number)));
    assert_eq!((state.history, state.peer), (HistoryVisibility::Joined.into(), None));
    assert_eq!(scene.view("op", "desk").await, None, "who makes a room is no member unless named");

    let numbered = |id: &str| make(id, "a", &["a"], |new| new.number = Some(number));
    assert_eq!(scene.answer(numbered("other")).await, Err(Refusal::Exists), "the number is taken");
    assert_eq!(scene.refused(create("desk", "a", &["a"])).await, Refusal::Exists);
    scene.own(block("b", "a")).await;
    assert_eq!(scene.answer(create("other", "a", &["a", "b"])).await, Err(Refusal::NotAllowed), "b blocks a");
    assert_eq!(scene.user_log("a").await, [], "a refused creation makes no member");
    assert!(!scene.stored(create("other", "b", &["b", "a"])).await.duplicate, "a does not block b");

    scene.stored(direct("a", "c")).await;
    let id = direct_id("a", "c");
    let peer = async |of: &str| scene.state(of, id.as_str()).await.peer.map(|peer| peer.to_string());
    assert_eq!((peer("a").await.as_deref(), peer("c").await.as_deref()), (Some("c"), Some("a")));
}

/// A change of the room's data, by what it says; the rest stays.
pub async fn only_what_is_different_is_set(subject: Subject) {
    let scene = Scene::new(&subject);
    let desk = Desk { organization: "acme".to_owned(), client: user("b"), status: DeskStatus::Open.into() };
    let made = make("r", "a", &["a", "b"], |new| {
        (new.info.topic, new.desk) = (Some("plans".to_owned()), Some(desk));
    });
    scene.stored(made).await;
    let told = |answer: &Appended| match answer.entries.as_slice() {
        [LogEntry::Room(told)] => told.clone(),
        other => panic!("one entry: {other:?}"),
    };
    let custom = serde_json::json!({ "b": 1, "a": 2 }).as_object().cloned().expect("an object");
    let all = RoomPatch {
        name: Patch::Set("Plans".to_owned()),
        avatar: Patch::Set("https://a/b".to_owned()),
        topic: Patch::Clear,
        custom: Patch::Set(custom.clone()),
        message_ttl_s: Patch::Set(60),
        access: Some(Access::Invite),
        history: Some(HistoryVisibility::Joined),
        status: Some(DeskStatus::Closed),
    };
    let answer = scene.stored(then(5, set("r", "b", all.clone()))).await;
    let now = told(&answer);
    assert_eq!((answer.num, answer.offset, now.offset), (0, offset(4), offset(4)));
    assert_eq!(
        (now.action, now.by, now.ts, now.oldest_seq),
        (RoomAction::Changed.into(), user("b"), at(5), None)
    );
    assert_eq!(
        (now.info.name.as_deref(), now.info.topic, now.info.message_ttl_s),
        (Some("Plans"), None, Some(60))
    );
    assert_eq!((now.info.avatar.as_deref(), now.info.custom), (Some("https://a/b"), Some(custom)));
    assert_eq!(
        (now.access, now.history),
        (Some(Access::Invite.into()), Some(HistoryVisibility::Joined.into()))
    );
    assert_eq!(now.desk.map(|desk| desk.status), Some(DeskStatus::Closed.into()));
    let state = scene.state("b", "r").await;
    assert_eq!((state.info, state.ts, state.offset), (told(&answer).info, at(5), offset(4)));
    assert_eq!((state.access, state.history), (Access::Invite.into(), HistoryVisibility::Joined.into()));
    assert_eq!(state.desk, told(&answer).desk);
    assert_eq!(scene.standing("r", "b").await.access, Access::Invite);

    scene.repeated(set("r", "a", all)).await;
    scene.repeated(set("r", "a", RoomPatch::default())).await;
    scene.repeated(set("r", "a", RoomPatch { topic: Patch::Clear, ..RoomPatch::default() })).await;
    let name = RoomPatch { name: Patch::Clear, ..RoomPatch::default() };
    let answer = scene.stored(set("r", "a", name)).await;
    let expected = RoomInfo { name: None, ..scene.state("b", "r").await.info };
    assert_eq!(told(&answer).info, expected, "an entry says all of the data");
    assert_eq!(expected.avatar.as_deref(), Some("https://a/b"), "what is not named stays");
    scene.stored(create("plain", "a", &["a"])).await;
    let status = RoomPatch { status: Some(DeskStatus::Closed), ..RoomPatch::default() };
    scene.repeated(set("plain", "a", status)).await;
}

/// Where a member's part of the history begins, in messages and in the log.
pub async fn joined_history_begins_at_joining(subject: Subject) {
    let scene = Scene::new(&subject);
    let made = make("r", "a", &["a"], |new| new.history = HistoryVisibility::Joined);
    // Offsets: 1 and 2 for the creation.
    scene.all(&[made, text("r", "a", "1"), join("r", "b"), text("r", "a", "2"), text("r", "a", "3")]).await;
    scene.stored(add("r", "a", &["c"], Role::Member)).await;
    let begins = async |of: &str| {
        let view = scene.view(of, "r").await.expect("a member");
        assert_eq!(scene.standing("r", of).await.oldest_seq, view.state.oldest_seq);
        (view.state.oldest_seq.get(), view.oldest_offset.get())
    };
    assert_eq!([begins("a").await, begins("b").await, begins("c").await], [(1, 2), (2, 4), (4, 7)]);
    scene.all(&[text("r", "a", "4"), leave("r", "b"), join("r", "b")]).await;
    assert_eq!(begins("b").await, (5, 10), "who comes back begins again");
    scene.stored(trim("r", 3)).await;
    assert_eq!([begins("a").await, begins("b").await, begins("c").await], [(3, 6), (5, 10), (4, 7)]);
    let history = |history| RoomPatch { history: Some(history), ..RoomPatch::default() };
    scene.stored(set("r", "a", history(HistoryVisibility::All))).await;
    assert_eq!([begins("b").await, begins("c").await], [(3, 6), (3, 6)], "all that is kept");
    scene.stored(set("r", "a", history(HistoryVisibility::Joined))).await;
    assert_eq!([begins("b").await, begins("c").await], [(5, 10), (4, 7)]);
    scene.own(mark_unread("r", "c", 3)).await;
    assert_eq!(scene.counts("c", "r").await.0, 1, "what it cannot read is not unread");
    assert_eq!(scene.messages("r").await.len(), 2, "history is as everybody sees it");
}

/// By the order of changes, whatever the clock says.
pub async fn rooms_come_by_activity(subject: Subject) {
    let scene = Scene::new(&subject);
    let mut hour = 24;
    // The clock runs backwards all the time.
    let mut back = |append: Append| {
        hour -= 1;
        then(hour * 3_600_000_000, append)
    };
    for id in ["x", "y", "z"] {
        scene.stored(back(create(id, "a", &["a"]))).await;
    }
    assert_eq!(scene.rooms_of("a").await, ["z", "y", "x"]);
    scene.all(&[back(text_as("x", "a", "1", "id")), back(text("y", "a", "1"))]).await;
    assert_eq!(scene.rooms_of("a").await, ["y", "x", "z"]);
    scene.stored(back(join("z", "b"))).await;
    assert_eq!(scene.rooms_of("a").await, ["z", "y", "x"]);
    assert_eq!(scene.rooms_of("b").await, ["z"]);
    assert_eq!(scene.rooms_of("nobody").await, [""; 0]);
    for (change, expected) in [
        (edit("x", "a", 1, "2"), ["x", "z", "y"]),
        (react("y", "a", 1, "+"), ["y", "x", "z"]),
        (ban("z", "a", "s", Role::Owner, None), ["z", "y", "x"]),
        (set("x", "a", RoomPatch { name: Patch::Clear, ..RoomPatch::default() }), ["x", "z", "y"]),
        (delete("y", "a", 1), ["y", "x", "z"]),
        (set_role("z", "a", "b", Role::Admin, Role::Owner), ["z", "y", "x"]),
    ] {
        scene.stored(back(change)).await;
        assert_eq!(scene.rooms_of("a").await, expected);
    }
    // Neither a repeat nor a refusal nor what is one's own is activity.
    scene.stored(back(text_as("x", "a", "1", "id"))).await;
    scene.repeated(back(unban("x", "a", "s"))).await;
    scene.refused(back(edit("y", "a", 1, "2"))).await;
    for own in [read("y", "a", 1), hide("x", "a", 1), pin("x", "a", true), mark_unread("x", "a", 1)] {
        scene.own(own).await;
    }
    assert_eq!(scene.rooms_of("a").await, ["z", "y", "x"]);
    scene.stored(back(leave("y", "a"))).await;
    assert_eq!(scene.rooms_of("a").await, ["z", "x"]);
    scene.stored(back(join("y", "a"))).await;
    assert_eq!(scene.rooms_of("a").await, ["y", "z", "x"]);
}

/// What the first is to the second, which need not be what the second is to the first.
pub async fn relations_have_two_sides(subject: Subject) {
    let scene = Scene::new(&subject);
    let none = Relation::default();
    assert_eq!((scene.relation("a", "b").await, scene.relation("a", "a").await), (none, none));
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "c", &["c"])]).await;
    let shared = Relation { shared: true, ..none };
    assert_eq!([scene.relation("a", "b").await, scene.relation("b", "a").await], [shared; 2]);
    assert_eq!((scene.relation("a", "a").await, scene.relation("a", "c").await), (shared, none));
    scene.own(block("a", "c")).await;
    let (blocks, blocked) = (Relation { blocks: true, ..none }, Relation { blocked: true, ..none });
    assert_eq!([scene.relation("a", "c").await, scene.relation("c", "a").await], [blocks, blocked]);
    scene.own(unblock("a", "c")).await;
    assert_eq!([scene.relation("a", "c").await, scene.relation("c", "a").await], [none; 2]);
    scene.stored(leave("r", "b")).await;
    assert_eq!(scene.relation("a", "b").await, none, "they were members together");

    scene.stored(direct("b", "a")).await;
    let direct_room = Relation { direct: true, shared: true, ..none };
    assert_eq!([scene.relation("a", "b").await, scene.relation("b", "a").await], [direct_room; 2]);
    let other = scene.relation("a", "c").await;
    assert_eq!(other, none, "another pair");
    assert_eq!(scene.standing(direct_id("a", "b").as_str(), "a").await.bar, None::<Bar>);
}
