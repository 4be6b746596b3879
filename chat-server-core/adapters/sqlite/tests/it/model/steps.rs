//! Random changes and questions.

use chat_protocol::command::{PushService, PushTarget, RoomPatch, SettingsPatch};
use chat_protocol::{
    Access, ClientMsgId, ClientRoomId, Content, Desk, DeskStatus, DeviceId, Emoji, HistoryQuery,
    HistoryVisibility, Mentions, Patch, Role, RoomId, RoomInfo, RoomKind, RoomNumber, Seq, SessionId,
    Timestamp, UserId,
};
use chat_server_core::storage::{
    Append, Change, NewMessage, NewRoom, OwnAppend, OwnChange, Place, Pointer, RoomsQuery,
};
use proptest::prelude::*;
use proptest::sample::select;

/// The last is the direct room of two of the users.
pub(super) const ROOMS: [&str; 3] = ["r0", "r1", "~1.a.b"];
pub(super) const USERS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Debug, Clone)]
pub(super) enum Step {
    Append(Vec<Append>),
    Own(Vec<OwnAppend>),
    Look(Box<Look>),
    Reopen { killed: bool },
}

/// What is asked of a store.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) thread: Option<Seq>,
    pub(super) query: HistoryQuery,
    pub(super) after: u64,
    pub(super) rooms: RoomsQuery,
    pub(super) members_after: Option<(Role, UserId)>,
    pub(super) now: Timestamp,
    pub(super) limit: usize,
}

impl Look {
    /// At all there is.
    pub(super) fn all(room: &str, user: &str) -> Self {
        Self {
            room: RoomId::new(room).unwrap(),
            user: UserId::new(user).unwrap(),
            thread: None,
            query: HistoryQuery::default(),
            after: 0,
            rooms: RoomsQuery::default(),
            members_after: None,
            now: Timestamp::from_micros(50),
            limit: 1_000,
        }
    }
}

fn room() -> impl Strategy<Value = RoomId> {
    // Most happens in one room, so that it has a history.
    prop_oneof![4 => Just(0), 1 => Just(1), 1 => Just(2)].prop_map(|n: usize| RoomId::new(ROOMS[n]).unwrap())
}

fn user() -> impl Strategy<Value = UserId> {
    select(&USERS[..]).prop_map(|id| UserId::new(id).unwrap())
}

fn role() -> impl Strategy<Value = Role> {
    select(&Role::ALL[..])
}

/// How many members there may be: sometimes fewer than there are.
fn most() -> impl Strategy<Value = u64> {
    prop_oneof![1 => 1..5u64, 3 => Just(u64::MAX)]
}

fn seq() -> impl Strategy<Value = Seq> {
    (0..24u64).prop_map(|n| Seq::new(n).unwrap())
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..100i64).prop_map(Timestamp::from_micros)
}

fn reason() -> impl Strategy<Value = Option<String>> {
    prop::option::of(select(&["why", "why not"][..]).prop_map(str::to_owned))
}

fn emoji() -> impl Strategy<Value = Emoji> {
    (0..4u8).prop_map(|n| Emoji::new(format!("e{n}")).unwrap())
}

fn content() -> impl Strategy<Value = Content> {
    select(&["", "one", "two"][..]).prop_map(Content::plain)
}

fn users() -> impl Strategy<Value = Vec<UserId>> {
    prop::sample::subsequence(&USERS[..], 0..3)
        .prop_map(|ids| ids.into_iter().map(|id| UserId::new(id).unwrap()).collect())
}

fn create() -> impl Strategy<Value = Change> {
    let request = prop::option::of((0..3u8, 0..2u8));
    let names = (prop::option::of(1..3u64), prop::option::of(0..3u8));
    let data = (any::<bool>(), any::<bool>(), any::<bool>(), names);
    (users(), role(), request, data).prop_map(
        |(users, role, request, (open, joined, desk, (number, alias)))| {
            let request =
                request.map(|(id, body)| (ClientRoomId::new(format!("q{id}")).unwrap(), [body; 16]));
            let (organization, client) = ("o".to_owned(), UserId::new("c").unwrap());
            Change::Create(Box::new(NewRoom {
                kind: RoomKind::Group,
                access: if open { Access::Open } else { Access::Invite },
                history: if joined { HistoryVisibility::Joined } else { HistoryVisibility::All },
                info: RoomInfo { name: request.is_some().then(|| "named".to_owned()), ..RoomInfo::default() },
                desk: desk.then(|| Desk { organization, client, status: DeskStatus::Open.into() }),
                number: number.and_then(RoomNumber::new),
                alias: alias.map(|alias| format!("alias{alias}")),
                members: users.into_iter().map(|user| (user, role)).collect(),
                request,
            }))
        },
    )
}

fn message() -> impl Strategy<Value = Change> {
    let mentions = prop::option::of((users(), prop::bool::weighted(0.3)));
    let names = (prop::option::of(0..4u8), prop::option::of(seq()), prop::option::of(1..10u64));
    (content(), names, mentions, any::<bool>()).prop_map(
        |(content, (id, reply_to, thread), mentions, injected)| {
            let digest = content.digest();
            Change::Message(NewMessage {
                reply_to,
                thread: thread.and_then(Seq::new),
                mentions: mentions.map(|(users, room)| Mentions { users, room }),
                injected,
                client_msg_id: id.map(|id| ClientMsgId::new(format!("m{id}")).unwrap()),
                ..NewMessage::new(content, digest)
            })
        },
    )
}

fn patch() -> impl Strategy<Value = Change> {
    let text = || select(&[Patch::Keep, Patch::Clear, Patch::Set("new")][..]);
    let data = (text(), text(), any::<bool>());
    let rest = (prop::option::of(any::<bool>()), prop::option::of(any::<bool>()), any::<bool>());
    (data, rest).prop_map(|((name, topic, custom), (open, joined, closed))| {
        let owned = |patch| match patch {
            Patch::Set(text) => Patch::Set(str::to_owned(text)),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let map = serde_json::json!({ "depth": [1, { "two": null }] }).as_object().cloned();
        Change::Set(Box::new(RoomPatch {
            name: owned(name),
            topic: owned(topic),
            custom: if custom { map.map_or(Patch::Clear, Patch::Set) } else { Patch::Keep },
            access: open.map(|open| if open { Access::Open } else { Access::Invite }),
            history: joined
                .map(|joined| if joined { HistoryVisibility::Joined } else { HistoryVisibility::All }),
            status: closed.then_some(DeskStatus::Closed),
            ..RoomPatch::default()
        }))
    })
}

fn change() -> impl Strategy<Value = Change> {
    let ban = (user(), role(), prop::option::of(time()), reason());
    prop_oneof![
        2 => create(),
        2 => (role(), most()).prop_map(|(role, max)| Change::Join { role, max }),
        1 => role().prop_map(|heir| Change::Leave { heir }),
        1 => (users(), role(), most()).prop_map(|(users, role, max)| Change::Add { users, role, max }),
        1 => (user(), role(), reason()).prop_map(|(user, below, reason)| Change::Remove { user, below, reason }),
        1 => ban.prop_map(|(user, below, until, reason)| Change::Ban { user, below, until, reason }),
        1 => user().prop_map(|user| Change::Unban { user }),
        1 => (user(), role(), role()).prop_map(|(user, role, below)| Change::SetRole { user, role, below }),
        1 => patch(),
        16 => message(),
        2 => (seq(), content()).prop_map(|(seq, content)| Change::Edit { seq, content }),
        2 => (seq(), any::<bool>()).prop_map(|(seq, own)| Change::Delete { seq, own }),
        3 => (seq(), emoji()).prop_map(|(seq, emoji)| Change::React { seq, emoji }),
        2 => (seq(), emoji()).prop_map(|(seq, emoji)| Change::Unreact { seq, emoji }),
        1 => seq().prop_map(|oldest| Change::Trim { oldest }),
        1 => (user(), role(), 1..9usize).prop_map(|(user, heir, limit)| Change::Forget { user, heir, limit }),
    ]
}

fn append() -> impl Strategy<Value = Append> {
    let version = prop_oneof![8 => Just(None), 1 => (1..4u64).prop_map(Some)];
    (room(), user(), version, time(), change()).prop_map(|(room, by, access_version, now, change)| {
        let mut append = Append { room, by, access_version, now, change };
        if let (Change::Create(new), true) = (&mut append.change, append.room.as_str().starts_with('~')) {
            new.kind = RoomKind::Direct;
        }
        append
    })
}

fn own() -> impl Strategy<Value = OwnAppend> {
    let pointer = select(&[Pointer::Delivered, Pointer::Read, Pointer::ReadPrivate][..]);
    let thread = prop::option::weighted(0.3, seq());
    let settings = (select(&[0, 1, 2][..]), prop::option::of(any::<bool>()), prop::option::of(any::<bool>()));
    let change = prop_oneof![
        6 => (room(), pointer, thread, seq())
            .prop_map(|(room, pointer, thread, seq)| OwnChange::Move { room, pointer, thread, seq }),
        2 => (room(), seq()).prop_map(|(room, from)| OwnChange::MarkUnread { room, from }),
        2 => (room(), settings).prop_map(|(room, (mute, pinned, archived))| {
            let mute_until = match mute {
                0 => Patch::Keep,
                1 => Patch::Clear,
                _ => Patch::Set(Timestamp::from_micros(60)),
            };
            OwnChange::Settings { room, patch: SettingsPatch { mute_until, pinned, archived } }
        }),
        2 => (room(), prop::option::of(seq())).prop_map(|(room, at)| OwnChange::Split { room, at }),
        2 => (room(), seq()).prop_map(|(room, seq)| OwnChange::Hide { room, seq }),
        1 => user().prop_map(|user| OwnChange::Block { user }),
        1 => user().prop_map(|user| OwnChange::Unblock { user }),
        3 => device(),
        1 => time().prop_map(|at| OwnChange::Seen { at }),
        1 => Just(OwnChange::Revoked { session: SessionId::new("s").unwrap() }),
        1 => Just(OwnChange::Forget),
        1 => (1..9usize).prop_map(|limit| OwnChange::Erase { limit }),
        1 => Just(OwnChange::Forgotten),
    ];
    (user(), time(), change).prop_map(|(user, now, change)| OwnAppend { user, now, change })
}

fn device() -> impl Strategy<Value = OwnChange> {
    let device = select(&["d", "e"][..]).prop_map(|id| DeviceId::new(id).unwrap());
    let target = select(&["T", "U"][..]).prop_map(|token| PushTarget {
        service: PushService::Fcm,
        token: token.to_owned(),
        app: None,
    });
    (device, target, 0..5u8, any::<bool>()).prop_map(|(device, target, what, named)| {
        let push = match what {
            0 => return OwnChange::ForgetPush { device, target },
            1 => Patch::Clear,
            2 => Patch::Keep,
            _ => Patch::Set(target),
        };
        let name = if named { Patch::Set("phone".to_owned()) } else { Patch::Clear };
        OwnChange::Device { device, push, name }
    })
}

fn look() -> impl Strategy<Value = Look> {
    let cursor = || prop::option::of(seq());
    let after = prop::option::of((any::<bool>(), 0..40u64));
    let rooms = (prop::option::of(any::<bool>()), any::<bool>(), after);
    let range = (cursor(), cursor(), cursor(), 0..40u64);
    let rest = (prop::option::of((role(), user())), time(), 0..8usize);
    (room(), user(), range, rooms, rest).prop_map(|(room, user, range, rooms, rest)| {
        let (thread, before, after, from) = range;
        let (archived, pinned_first, place) = rooms;
        let place = place.map(|(pinned, active)| Place { pinned, active });
        let (members_after, now, limit) = rest;
        let query = HistoryQuery { before, after, limit: None };
        let rooms = RoomsQuery { archived, pinned_first, after: place };
        Look { room, user, thread, query, after: from, rooms, members_after, now, limit }
    })
}

/// Rooms to begin with: one for all users, and the direct one.
pub(super) fn begin() -> Step {
    let create = |room: &str, kind, users: &[&str]| {
        let member = |user: &&str| (UserId::new(*user).unwrap(), Role::Member);
        let new = NewRoom {
            kind,
            access: Access::Open,
            history: HistoryVisibility::All,
            info: RoomInfo::default(),
            desk: None,
            number: None,
            alias: None,
            members: users.iter().map(member).collect(),
            request: None,
        };
        let (room, by) = (RoomId::new(room).unwrap(), UserId::new("a").unwrap());
        let (now, change) = (Timestamp::from_micros(1), Change::Create(Box::new(new)));
        Append { room, by, access_version: None, now, change }
    };
    let direct = create(ROOMS[2], RoomKind::Direct, &USERS[..2]);
    Step::Append(vec![create(ROOMS[0], RoomKind::Group, &USERS), direct])
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(append(), 1..8).prop_map(Step::Append),
        3 => prop::collection::vec(own(), 1..5).prop_map(Step::Own),
        4 => look().prop_map(|look| Step::Look(Box::new(look))),
        1 => any::<bool>().prop_map(|killed| Step::Reopen { killed }),
    ]
}
