//! Entries of logs that are no messages, as rows and back.
//!
//! What a reader is told later must be what was told at once, but never a message's text: that is looked up when it is
//! read, like the present number of a reaction.

use chat_protocol::event::{
    Deleted, Edited, MemberAction, MemberChanged, Reaction, ReactionAction, RoomAction, RoomChanged,
    UserChange, UserChanged,
};
use chat_protocol::{
    Access, ClientMsgId, Desk, Emoji, HistoryVisibility, Mentions, Offset, Open, Role, RoomId, RoomInfo,
    RoomKind, RoomSettings, Seq, Timestamp, UserId, UserOffset,
};
use chat_server_core::storage::LogEntry;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{ChangeKind, Code, UserAction};
use crate::error::{Fault, Result};
use crate::message;
use crate::number::{Id, Number};

/// What one change writes, gathered for its answer.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) users: Vec<(UserId, UserChanged)>,
}

/// What an entry says beside the columns, each thing only where it is said. Times are microseconds, as everywhere in the
/// database: their form on the wire is shorter.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<Emoji>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<Mentions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<Open<Access>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Open<HistoryVisibility>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<Desk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_seq: Option<Seq>,
    #[serde(flatten)]
    info: RoomInfo,
}

/// An entry of a room's log as the row of `changes` that holds it, without its place.
#[derive(Debug)]
pub(crate) struct ChangeRow<'a> {
    pub(crate) kind: ChangeKind,
    pub(crate) user: Option<&'a UserId>,
    pub(crate) role: Option<Role>,
    pub(crate) seq: Option<Seq>,
    pub(crate) body: Option<String>,
}

/// The row of an entry.
pub(crate) fn encode(entry: &LogEntry) -> Result<ChangeRow<'_>> {
    let about = |kind, user, seq, body| Ok(ChangeRow { kind, user, role: None, seq, body: text(&body)? });
    match entry {
        LogEntry::Message(_) => Err(Fault::Corrupt("a message is no change".into())),
        LogEntry::Member(changed) => {
            let until = changed.until.map(Timestamp::as_micros);
            let body = Body { until, reason: changed.reason.clone(), ..Body::default() };
            let kind = member_kind(changed.action.known())?;
            let role = changed.role.as_ref().and_then(Open::known);
            Ok(ChangeRow { kind, user: Some(&changed.user), role, seq: None, body: text(&body)? })
        }
        LogEntry::Room(changed) => {
            let kind = match changed.action.known() {
                Some(RoomAction::Created) => ChangeKind::Created,
                Some(RoomAction::Trimmed) => ChangeKind::Trimmed,
                _ => ChangeKind::Changed,
            };
            let RoomChanged { access, history, info, desk, oldest_seq, .. } = changed.clone();
            about(kind, None, None, Body { access, history, info, desk, oldest_seq, ..Body::default() })
        }
        LogEntry::Edited(Edited { seq, thread, .. }) => {
            about(ChangeKind::Edited, None, Some(*seq), Body { thread: *thread, ..Body::default() })
        }
        LogEntry::Deleted(Deleted { seq, from, thread, mentions, .. }) => {
            let body = Body { thread: *thread, mentions: mentions.clone(), ..Body::default() };
            about(ChangeKind::Deleted, Some(from), Some(*seq), body)
        }
        LogEntry::Reaction(Reaction { seq, emoji, action, .. }) => {
            let added = *action == ReactionAction::Added;
            let kind = if added { ChangeKind::Reacted } else { ChangeKind::Unreacted };
            about(kind, None, Some(*seq), Body { emoji: Some(emoji.clone()), ..Body::default() })
        }
    }
}

fn member_kind(action: Option<MemberAction>) -> Result<ChangeKind> {
    Ok(match action {
        Some(MemberAction::Joined) => ChangeKind::Joined,
        Some(MemberAction::Left) => ChangeKind::Left,
        Some(MemberAction::Kicked) => ChangeKind::Kicked,
        Some(MemberAction::Banned) => ChangeKind::Banned,
        Some(MemberAction::Unbanned) => ChangeKind::Unbanned,
        Some(MemberAction::Role) => ChangeKind::Role,
        None => return Err(Fault::Corrupt("an unknown change of membership".into())),
    })
}

fn text(body: &Body) -> Result<Option<String>> {
    if *body == Body::default() { Ok(None) } else { json_of(body).map(Some) }
}

/// The entry of a row, as it is told now: of the columns offset, kind, role, seq, body, ts, and the ids of who did it and
/// to whom.
pub(crate) fn decode(
    db: &Connection,
    row: &Row<'_>,
    (room, id, kind): (i64, &RoomId, RoomKind),
) -> Result<LogEntry> {
    let (offset, ts) = (Offset::read(row.get(0)?)?, Timestamp::from_micros(row.get(5)?));
    let seq = row.get::<_, Option<u64>>(3)?.map_or(Ok(Seq::ZERO), Seq::read)?;
    let body: Body = row.get_ref(4)?.as_str_or_null()?.map(from_json).transpose()?.unwrap_or_default();
    let by = UserId::read(row.get_ref(6)?.as_str()?)?;
    let user = row.get_ref(7)?.as_str_or_null()?.map(UserId::read).transpose()?;
    let torn = || Fault::Corrupt(format!("change {offset} of room {room} is torn"));
    let user = || user.clone().ok_or_else(torn);
    let member = |action: MemberAction, body: Body| -> Result<LogEntry> {
        let user = user()?;
        let role = row.get::<_, Option<u8>>(2)?.map(Role::decode).transpose()?.map(Into::into);
        let by = (by != user).then(|| by.clone());
        let until = body.until.map(Timestamp::from_micros);
        let changed = MemberChanged::new(id.clone(), offset, user, action, ts);
        Ok(LogEntry::Member(MemberChanged { role, by, until, reason: body.reason, ..changed }))
    };
    let about_room = |action: RoomAction, body: Body| {
        let Body { access, history, info, desk, oldest_seq, .. } = body;
        let (action, kind, by, room) = (action.into(), kind.into(), by.clone(), id.clone());
        LogEntry::Room(RoomChanged {
            room,
            offset,
            action,
            kind,
            access,
            history,
            info,
            desk,
            oldest_seq,
            by,
            ts,
        })
    };
    let reaction = |action: ReactionAction, body: Body| -> Result<LogEntry> {
        let emoji = body.emoji.ok_or_else(torn)?;
        let count = reacted(db, room, seq, &emoji)?;
        let (room, from, action) = (id.clone(), by.clone(), action.into());
        Ok(LogEntry::Reaction(Reaction { room, offset, seq, from, emoji, action, count, ts }))
    };
    Ok(match ChangeKind::decode(row.get(1)?)? {
        ChangeKind::Created => about_room(RoomAction::Created, body),
        ChangeKind::Changed => about_room(RoomAction::Changed, body),
        ChangeKind::Trimmed => about_room(RoomAction::Trimmed, body),
        ChangeKind::Joined => member(MemberAction::Joined, body)?,
        ChangeKind::Left => member(MemberAction::Left, body)?,
        ChangeKind::Kicked => member(MemberAction::Kicked, body)?,
        ChangeKind::Banned => member(MemberAction::Banned, body)?,
        ChangeKind::Unbanned => member(MemberAction::Unbanned, body)?,
        ChangeKind::Role => member(MemberAction::Role, body)?,
        ChangeKind::Reacted => reaction(ReactionAction::Added, body)?,
        ChangeKind::Unreacted => reaction(ReactionAction::Removed, body)?,
        ChangeKind::Edited => {
            let now = message::find(db, room, id, seq)?.map(|stored| stored.message);
            let content = now.filter(|message| message.deleted_at.is_none()).map(|message| message.content);
            let (room, thread) = (id.clone(), body.thread);
            LogEntry::Edited(Edited { room, offset, seq, from: by.clone(), content, thread, ts })
        }
        ChangeKind::Deleted => {
            let (room, from) = (id.clone(), user()?);
            let (thread, mentions, by) = (body.thread, body.mentions, (by != from).then(|| by.clone()));
            LogEntry::Deleted(Deleted { room, offset, seq, from, by, thread, mentions, ts })
        }
    })
}

/// How many have a reaction to a message.
pub(crate) fn reacted(db: &Connection, room: i64, seq: Seq, emoji: &Emoji) -> Result<u64> {
    const SELECT: &str =
        "SELECT count FROM reaction_counts WHERE room_ref = ?1 AND seq = ?2 AND reaction = ?3";
    let count = db
        .prepare_cached(SELECT)?
        .query_row(params![room, seq.get(), emoji.as_str()], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or(0))
}

/// What is said of a room's own settings in a user's log.
#[derive(Debug, Serialize, Deserialize)]
struct SettingsBody {
    mute_until: Option<i64>,
    pinned: bool,
    archived: bool,
}

/// What is said of a message that waits.
#[derive(Debug, Serialize, Deserialize)]
struct ScheduledBody {
    client_msg_id: ClientMsgId,
    send_at: i64,
}

/// A user's change as its kind, value and body.
pub(crate) fn encode_own(change: &UserChange) -> Result<(UserAction, Option<u64>, Option<String>)> {
    Ok(match change {
        UserChange::RoomJoined { .. } => (UserAction::RoomJoined, None, None),
        UserChange::RoomLeft { .. } => (UserAction::RoomLeft, None, None),
        UserChange::Read { read, thread: None, .. } => (UserAction::Read, Some(read.get()), None),
        UserChange::Settings { settings, .. } => {
            let RoomSettings { mute_until, pinned, archived } = settings;
            let mute_until = mute_until.map(Timestamp::as_micros);
            let body = SettingsBody { mute_until, pinned: *pinned, archived: *archived };
            (UserAction::Settings, None, Some(json_of(&body)?))
        }
        UserChange::Scheduled { client_msg_id, send_at, .. } => {
            let (client_msg_id, send_at) = (client_msg_id.clone(), send_at.as_micros());
            (UserAction::Scheduled, None, Some(json_of(&ScheduledBody { client_msg_id, send_at })?))
        }
        other => (UserAction::Other, None, Some(json_of(other)?)),
    })
}

/// An entry of a user's log, of the columns offset, kind, room's id, value, body and ts.
pub(crate) fn decode_own(row: &Row<'_>) -> Result<UserChanged> {
    let room = || RoomId::read(row.get_ref(2)?.as_str()?);
    let body = || row.get_ref(4)?.as_str().map_err(Fault::from);
    let change = match UserAction::decode(row.get(1)?)? {
        UserAction::RoomJoined => UserChange::RoomJoined { room: room()? },
        UserAction::RoomLeft => UserChange::RoomLeft { room: room()? },
        UserAction::Read => UserChange::Read { room: room()?, read: Seq::read(row.get(3)?)?, thread: None },
        UserAction::Settings => {
            let SettingsBody { mute_until, pinned, archived } = from_json(body()?)?;
            let mute_until = mute_until.map(Timestamp::from_micros);
            UserChange::Settings { room: room()?, settings: RoomSettings { mute_until, pinned, archived } }
        }
        UserAction::Scheduled => {
            let ScheduledBody { client_msg_id, send_at } = from_json(body()?)?;
            let send_at = Timestamp::from_micros(send_at);
            UserChange::Scheduled { room: room()?, client_msg_id, send_at }
        }
        UserAction::Other => from_json(body()?)?,
    };
    let (user_offset, ts) = (UserOffset::read(row.get(0)?)?, Timestamp::from_micros(row.get(5)?));
    Ok(UserChanged { user_offset, change, ts })
}

/// JSON of something of ours. Nothing of it can fail but a map with strange keys, which we have none of.
pub(crate) fn json_of(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Fault::Corrupt(format!("not to be written: {error}")))
}

/// What we have written as JSON. The error says where, not what.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Fault::Corrupt(format!("JSON is torn at line {line}, column {column}"))
    })
}
