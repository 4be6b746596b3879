//! Reading rooms' logs and histories, and users' logs.
//!
//! A room's log is not stored as such. Its entries are the messages and the rows of `changes`, and both know their
//! `offset`. Because messages are numbered densely by `seq`, changes densely by `ordinal`, and all of them together
//! densely by `offset`, of the entries up to a position `a` as many are messages as are not changes:
//!
//! ```text
//! n = ordinal of the last change with offset <= a    (0 without one)
//! a - n = seq of the last message with offset <= a
//! ```
//!
//! So the log after `a` is the changes from ordinal `n + 1` and the messages from seq `a - n + 1`, merged by offset:
//! two index ranges, and no third index on messages.

use chat_protocol::event::{MemberAction, MemberChanged, RoomAction, RoomChanged, UserChange, UserChanged};
use chat_protocol::{
    HistoryQuery, MAX_SAFE, Offset, Role, RoomId, RoomInfo, RoomKind, Seq, Timestamp, UserId, UserOffset,
};
use chat_server_core::storage::{LogEntry, LogPage, StoredMessage, UserLogPage};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::codec::{ChangeKind, Code, UserAction};
use crate::error::{Fault, Result};
use crate::message::{self, Senders, columns};
use crate::number::{Id, Number};

/// Messages that a page makes room for at once; a longer one grows.
const PAGE: usize = 100;

const ASCENDING: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM messages WHERE room_ref = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq LIMIT ?4"
);
const DESCENDING: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM messages WHERE room_ref = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4"
);

/// The messages that `query` chooses, ascending; `None` when there is no such room.
pub(crate) fn history(
    db: &Connection,
    id: &RoomId,
    query: HistoryQuery,
    limit: usize,
) -> Result<Option<Vec<StoredMessage>>> {
    let Some(room) = room_ref(db, id)? else { return Ok(None) };
    let before = query.before.map_or(i64::MAX.cast_unsigned(), Seq::get);
    let after = query.after.map_or(0, Seq::get);
    let mut page = messages(db, (room, id), after, before, query.after.is_some(), limit)?;
    if query.after.is_none() {
        page.reverse();
    }
    Ok(Some(page))
}

/// Messages with `after < seq < before`, from the one end or the other.
fn messages(
    db: &Connection,
    (room, id): (i64, &RoomId),
    after: u64,
    before: u64,
    ascending: bool,
    limit: usize,
) -> Result<Vec<StoredMessage>> {
    let mut select = db.prepare_cached(if ascending { ASCENDING } else { DESCENDING })?;
    let mut rows = select.query(params![room, after, before, sql_limit(limit)])?;
    let (mut page, mut senders) = (Vec::with_capacity(limit.min(PAGE)), Senders::new(db));
    while let Some(row) = rows.next()? {
        page.push(message::read(row, room, id, &mut senders)?);
    }
    Ok(page)
}

/// The log after a position; `None` when there is no such room.
pub(crate) fn log(db: &Connection, id: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>> {
    const HEAD: &str = "SELECT ref, kind, offset, oldest_offset FROM heads WHERE id = ?1";
    let mut head = db.prepare_cached(HEAD)?;
    let mut rows = head.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (room, kind): (i64, _) = (row.get(0)?, RoomKind::decode(row.get(1)?)?);
    let (head, oldest) = (Offset::read(row.get(2)?)?, Offset::read(row.get(3)?)?);
    if after >= head {
        return Ok(Some(LogPage { entries: Vec::new(), head, oldest }));
    }
    // What the head does not count yet was committed after this snapshot and is not seen either.
    let changed = changes_up_to(db, room, after)?;
    let numbered = after.get().checked_sub(changed);
    let numbered =
        numbered.ok_or_else(|| Fault::Corrupt(format!("room {room} has {changed} changes up to {after}")))?;
    let messages = messages(db, (room, id), numbered, MAX_SAFE + 1, true, limit)?;
    let changes = changes(db, (room, id, kind), after, limit)?;
    let entries = merge(messages, changes, limit);
    // A hole means loss to every reader, so it must not be served as if there were none.
    let dense = (after.get() + 1..).zip(&entries).all(|(expected, entry)| entry.offset().get() == expected);
    if !dense {
        return Err(Fault::Corrupt(format!("the log of room {room} has a hole after {after}")));
    }
    Ok(Some(LogPage { entries, head, oldest }))
}

/// How many of the first `offset` entries are no messages.
fn changes_up_to(db: &Connection, room: i64, offset: Offset) -> Result<u64> {
    const LAST: &str = "SELECT ordinal FROM changes WHERE room_ref = ?1 AND offset <= ?2
        ORDER BY offset DESC LIMIT 1";
    let last = db.prepare_cached(LAST)?.query_row(params![room, offset.get()], |row| row.get(0));
    Ok(last.optional()?.unwrap_or(0))
}

fn changes(
    db: &Connection,
    (room, id, kind): (i64, &RoomId, RoomKind),
    after: Offset,
    limit: usize,
) -> Result<Vec<LogEntry>> {
    const SELECT: &str = "SELECT c.offset, c.kind, c.by_ref, c.user_ref, c.role, c.body, c.ts, b.id, u.id
        FROM changes c JOIN users b ON b.ref = c.by_ref LEFT JOIN users u ON u.ref = c.user_ref
        WHERE c.room_ref = ?1 AND c.offset > ?2 ORDER BY c.offset LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![room, after.get(), sql_limit(limit)])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        page.push(change(row, id, kind)?);
    }
    Ok(page)
}

fn change(row: &Row<'_>, room: &RoomId, kind: RoomKind) -> Result<LogEntry> {
    let (room, offset, ts) = (room.clone(), Offset::read(row.get(0)?)?, Timestamp::from_micros(row.get(6)?));
    let by = UserId::read(&row.get::<_, String>(7)?)?;
    let member = |action| -> Result<LogEntry> {
        let user = UserId::read(&row.get::<_, String>(8)?)?;
        let role = row.get::<_, Option<u8>>(4)?.map(Role::decode).transpose()?.map(Into::into);
        let by = (by != user).then(|| by.clone());
        let changed = MemberChanged::new(room.clone(), offset, user, action, ts);
        Ok(LogEntry::Member(MemberChanged { role, by, ..changed }))
    };
    match ChangeKind::decode(row.get(1)?)? {
        ChangeKind::Joined => member(MemberAction::Joined),
        ChangeKind::Left => member(MemberAction::Left),
        ChangeKind::Created => Ok(LogEntry::Room(RoomChanged {
            room: room.clone(),
            offset,
            action: RoomAction::Created.into(),
            kind: kind.into(),
            access: None,
            history: None,
            info: RoomInfo { name: row.get(5)?, ..RoomInfo::default() },
            desk: None,
            by: by.clone(),
            ts,
        })),
    }
}

/// Both ascending by offset, as one.
fn merge(messages: Vec<StoredMessage>, changes: Vec<LogEntry>, limit: usize) -> Vec<LogEntry> {
    let mut entries = changes;
    entries.extend(messages.into_iter().map(LogEntry::Message));
    // Two sorted runs: the sort finds them and merges.
    entries.sort_by_key(LogEntry::offset);
    entries.truncate(limit);
    entries
}

/// A user's own log after a position.
pub(crate) fn user_log(db: &Connection, id: &UserId, after: UserOffset, limit: usize) -> Result<UserLogPage> {
    const HEAD: &str =
        "SELECT ref, log_oldest, coalesce((SELECT max(offset) FROM user_log WHERE user_ref = ref), 0)
        FROM users WHERE id = ?1";
    let mut head = db.prepare_cached(HEAD)?;
    let found = head.query_row([id.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)));
    let Some((user, oldest, head)) = found.optional()? else {
        return Ok(UserLogPage { oldest: UserOffset::ZERO.next(), ..UserLogPage::default() });
    };
    const SELECT: &str = "SELECT l.offset, l.kind, r.id, l.value, l.ts
        FROM user_log l JOIN rooms r ON r.ref = l.room_ref
        WHERE l.user_ref = ?1 AND l.offset > ?2 ORDER BY l.offset LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![user, after.get(), sql_limit(limit)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(UserChanged {
            user_offset: UserOffset::read(row.get(0)?)?,
            change: user_change(row)?,
            ts: Timestamp::from_micros(row.get(4)?),
        });
    }
    Ok(UserLogPage { entries, head: UserOffset::read(head)?, oldest: UserOffset::read(oldest)? })
}

fn user_change(row: &Row<'_>) -> Result<UserChange> {
    let room = RoomId::read(&row.get::<_, String>(2)?)?;
    Ok(match UserAction::decode(row.get(1)?)? {
        UserAction::RoomJoined => UserChange::RoomJoined { room },
        UserAction::RoomLeft => UserChange::RoomLeft { room },
        UserAction::Read => UserChange::Read { room, read: Seq::read(row.get(3)?)?, thread: None },
    })
}

/// The number of a room.
pub(crate) fn room_ref(db: &Connection, id: &RoomId) -> Result<Option<i64>> {
    let mut select = db.prepare_cached("SELECT ref FROM rooms WHERE id = ?1")?;
    Ok(select.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

/// A limit as SQLite takes it.
pub(crate) fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
