//! Short words for changes and ids, so that a case reads like what happens.

use chat_protocol::command::{RoomPatch, SettingsPatch};
use chat_protocol::{
    Access, ClientMsgId, ClientRoomId, Content, Emoji, HistoryVisibility, Mentions, Offset, Role, RoomId,
    RoomInfo, RoomKind, Seq, SessionId, Timestamp, UserId, UserOffset, short_digest,
};

use crate::storage::{Append, Change, NewMessage, NewRoom, OwnAppend, OwnChange, Pointer, Schedule};

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid user id")
}

pub(crate) fn users(ids: &[&str]) -> Vec<UserId> {
    ids.iter().map(|id| user(id)).collect()
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::new(id).expect("a valid room id")
}

pub(crate) fn emoji(text: &str) -> Emoji {
    Emoji::new(text).expect("a valid reaction")
}

pub(crate) fn seq(value: u64) -> Seq {
    Seq::new(value).expect("a small number")
}

pub(crate) fn offset(value: u64) -> Offset {
    Offset::new(value).expect("a small number")
}

pub(crate) fn user_offset(value: u64) -> UserOffset {
    UserOffset::new(value).expect("a small number")
}

/// A time, `micros` after some day in the past.
pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + micros)
}

/// The same change at another time.
pub(crate) fn then(micros: i64, append: Append) -> Append {
    Append { now: at(micros), ..append }
}

/// The same change, decided on a version of the room's rights.
pub(crate) fn on(version: u64, append: Append) -> Append {
    Append { access_version: Some(version), ..append }
}

pub(crate) fn change(to: &str, by: &str, change: Change) -> Append {
    Append { room: room(to), by: user(by), access_version: None, now: at(0), change }
}

/// An open group; its first member is the owner, the others are plain members.
pub(crate) fn create(id: &str, by: &str, members: &[&str]) -> Append {
    make(id, by, members, |_| {})
}

/// As [`create`], with something else about it.
pub(crate) fn make(id: &str, by: &str, members: &[&str], alter: impl FnOnce(&mut NewRoom)) -> Append {
    let role = |index| if index == 0 { Role::Owner } else { Role::Member };
    let mut new = NewRoom {
        kind: RoomKind::Group,
        access: Access::Open,
        history: HistoryVisibility::All,
        info: RoomInfo { name: Some(format!("room {id}")), ..RoomInfo::default() },
        desk: None,
        number: None,
        alias: None,
        members: members.iter().enumerate().map(|(index, id)| (user(id), role(index))).collect(),
        request: None,
    };
    alter(&mut new);
    change(id, by, Change::Create(Box::new(new)))
}

/// As [`create`], with the creator's own name for the room and a digest made of `body`.
pub(crate) fn create_as(id: &str, by: &str, members: &[&str], request: &str, body: &str) -> Append {
    let request = ClientRoomId::new(request).expect("a valid id");
    make(id, by, members, |new| new.request = Some((request, short_digest(body.as_bytes()))))
}

/// The direct room of two users, made by the first.
pub(crate) fn direct(a: &str, b: &str) -> Append {
    let made = make(direct_id(a, b).as_str(), a, &[], |new| {
        (new.kind, new.access, new.info) = (RoomKind::Direct, Access::Invite, RoomInfo::default());
        new.members = vec![(user(a), Role::Member), (user(b), Role::Member)];
    });
    Append { room: direct_id(a, b), ..made }
}

pub(crate) fn direct_id(a: &str, b: &str) -> RoomId {
    RoomId::direct(&user(a), &user(b))
}

pub(crate) fn join(id: &str, by: &str) -> Append {
    change(id, by, Change::Join { role: Role::Member, max: u64::MAX })
}

/// Somebody leaves; nobody becomes owner for it.
pub(crate) fn leave(id: &str, by: &str) -> Append {
    leave_to(id, by, Role::Owner)
}

/// Somebody leaves; who has this role or a higher one may become owner.
pub(crate) fn leave_to(id: &str, by: &str, heir: Role) -> Append {
    change(id, by, Change::Leave { heir })
}

pub(crate) fn add(id: &str, by: &str, ids: &[&str], role: Role) -> Append {
    change(id, by, Change::Add { users: users(ids), role, max: u64::MAX })
}

pub(crate) fn remove(id: &str, by: &str, who: &str, below: Role) -> Append {
    change(id, by, Change::Remove { user: user(who), below, reason: Some("noise".to_owned()) })
}

pub(crate) fn ban(id: &str, by: &str, who: &str, below: Role, until: Option<Timestamp>) -> Append {
    change(id, by, Change::Ban { user: user(who), below, until, reason: Some("spam".to_owned()) })
}

pub(crate) fn unban(id: &str, by: &str, who: &str) -> Append {
    change(id, by, Change::Unban { user: user(who) })
}

pub(crate) fn set_role(id: &str, by: &str, who: &str, role: Role, below: Role) -> Append {
    change(id, by, Change::SetRole { user: user(who), role, below })
}

pub(crate) fn set(id: &str, by: &str, patch: RoomPatch) -> Append {
    change(id, by, Change::Set(Box::new(patch)))
}

/// A message without a `client_msg_id`.
pub(crate) fn text(id: &str, by: &str, body: &str) -> Append {
    message(id, by, body, |_| {})
}

/// A message with something else about it.
pub(crate) fn message(id: &str, by: &str, body: &str, alter: impl FnOnce(&mut NewMessage)) -> Append {
    let content = Content::plain(body);
    let digest = content.digest();
    let mut new = NewMessage::new(content, digest);
    alter(&mut new);
    change(id, by, Change::Message(new))
}

/// A message with a `client_msg_id`.
pub(crate) fn text_as(id: &str, by: &str, body: &str, client_msg_id: &str) -> Append {
    let name = ClientMsgId::new(client_msg_id).expect("a valid id");
    message(id, by, body, |new| new.client_msg_id = Some(name))
}

/// A message in a thread.
pub(crate) fn reply(id: &str, by: &str, root: u64, body: &str) -> Append {
    message(id, by, body, |new| new.thread = Some(seq(root)))
}

/// A message that calls users, or the room.
pub(crate) fn call(id: &str, by: &str, whom: &[&str], all: bool) -> Append {
    message(id, by, "hear", |new| new.mentions = Some(Mentions { users: users(whom), room: all }))
}

pub(crate) fn edit(id: &str, by: &str, number: u64, body: &str) -> Append {
    change(id, by, Change::Edit { seq: seq(number), content: Content::plain(body) })
}

/// An author deletes a message.
pub(crate) fn delete(id: &str, by: &str, number: u64) -> Append {
    change(id, by, Change::Delete { seq: seq(number), own: true })
}

/// Somebody who may delete everybody's messages deletes one.
pub(crate) fn delete_any(id: &str, by: &str, number: u64) -> Append {
    change(id, by, Change::Delete { seq: seq(number), own: false })
}

pub(crate) fn react(id: &str, by: &str, number: u64, with: &str) -> Append {
    change(id, by, Change::React { seq: seq(number), emoji: emoji(with) })
}

pub(crate) fn unreact(id: &str, by: &str, number: u64, with: &str) -> Append {
    change(id, by, Change::Unreact { seq: seq(number), emoji: emoji(with) })
}

pub(crate) fn trim(id: &str, oldest: u64) -> Append {
    change(id, UserId::SYSTEM, Change::Trim { oldest: seq(oldest) })
}

/// What a user left in a room goes; the longest of the highest members becomes owner.
pub(crate) fn forget_in(id: &str, of: &str, limit: usize) -> Append {
    change(id, UserId::SYSTEM, Change::Forget { user: user(of), heir: Role::Member, limit })
}

pub(crate) fn own(by: &str, change: OwnChange) -> OwnAppend {
    OwnAppend { user: user(by), now: at(0), change }
}

fn moved(id: &str, by: &str, pointer: Pointer, thread: Option<u64>, to: u64) -> OwnAppend {
    own(by, OwnChange::Move { room: room(id), pointer, thread: thread.map(seq), seq: seq(to) })
}

pub(crate) fn read(id: &str, by: &str, to: u64) -> OwnAppend {
    moved(id, by, Pointer::Read, None, to)
}

pub(crate) fn read_thread(id: &str, by: &str, root: u64, to: u64) -> OwnAppend {
    moved(id, by, Pointer::Read, Some(root), to)
}

pub(crate) fn read_privately(id: &str, by: &str, thread: Option<u64>, to: u64) -> OwnAppend {
    moved(id, by, Pointer::ReadPrivate, thread, to)
}

pub(crate) fn delivered(id: &str, by: &str, to: u64) -> OwnAppend {
    moved(id, by, Pointer::Delivered, None, to)
}

pub(crate) fn mark_unread(id: &str, by: &str, from: u64) -> OwnAppend {
    own(by, OwnChange::MarkUnread { room: room(id), from: seq(from) })
}

pub(crate) fn settings(id: &str, by: &str, patch: SettingsPatch) -> OwnAppend {
    own(by, OwnChange::Settings { room: room(id), patch })
}

pub(crate) fn archive(id: &str, by: &str, archived: bool) -> OwnAppend {
    settings(id, by, SettingsPatch { archived: Some(archived), ..SettingsPatch::default() })
}

pub(crate) fn pin(id: &str, by: &str, pinned: bool) -> OwnAppend {
    settings(id, by, SettingsPatch { pinned: Some(pinned), ..SettingsPatch::default() })
}

pub(crate) fn split(id: &str, by: &str, at: Option<u64>) -> OwnAppend {
    own(by, OwnChange::Split { room: room(id), at: at.map(seq) })
}

pub(crate) fn hide(id: &str, by: &str, number: u64) -> OwnAppend {
    own(by, OwnChange::Hide { room: room(id), seq: seq(number) })
}

pub(crate) fn block(by: &str, whom: &str) -> OwnAppend {
    own(by, OwnChange::Block { user: user(whom) })
}

pub(crate) fn unblock(by: &str, whom: &str) -> OwnAppend {
    own(by, OwnChange::Unblock { user: user(whom) })
}

pub(crate) fn seen(by: &str, micros: i64) -> OwnAppend {
    own(by, OwnChange::Seen { at: at(micros) })
}

pub(crate) fn revoke(by: &str, session: &str) -> OwnAppend {
    own(by, OwnChange::Revoked { session: SessionId::new(session).expect("a valid id") })
}

/// A message that waits, three of a user at most in a room; its digest is that of a plain text, and so is its job's body.
pub(crate) fn schedule(id: &str, by: &str, name: &str, body: &str, micros: i64) -> OwnAppend {
    let schedule = Schedule {
        room: room(id),
        client_msg_id: ClientMsgId::new(name).expect("a valid id"),
        at: at(micros),
        digest: Content::plain(body).digest(),
        body: body.to_owned(),
        max: 3,
    };
    own(by, OwnChange::Schedule(Box::new(schedule)))
}

pub(crate) fn unschedule(id: &str, by: &str, name: &str, leased: bool) -> OwnAppend {
    let client_msg_id = ClientMsgId::new(name).expect("a valid id");
    own(by, OwnChange::Unschedule { room: room(id), client_msg_id, leased })
}
