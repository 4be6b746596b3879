//! Reading rooms' logs and users' logs.
//!
//! A room's log is not stored as such. Its entries are the messages and the rows of `changes`, and both know their
//! `offset`. Because messages are numbered densely by `seq`, changes densely by `ordinal`, and all of them together
//! densely by `offset`, of the entries up to a position `a` as many are messages as are not changes:
//!
//! ```text
//! n = ordinal of the first change with offset > a, less one    (of the room's last change without one)
//! a - n = seq of the last message with offset <= a
//! ```
//!
//! So the log after `a` is the changes from ordinal `n + 1` and the messages from seq `a - n + 1`, merged by offset:
//! two index ranges, and no third index on messages.

use chat_protocol::{MAX_SAFE, Offset, RoomId, RoomKind, UserId, UserOffset};
use chat_server_core::storage::{LogEntry, LogPage, StoredMessage, UserLogPage};
use rusqlite::{Connection, OptionalExtension, params};

use crate::codec::Code;
use crate::entry;
use crate::error::{Fault, Result};
use crate::number::Number;
use crate::pages::{self, Range};
use crate::rooms::sql_limit;

/// The log after a position; `None` when there is no such room.
pub(crate) fn log(db: &Connection, id: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>> {
    const HEAD: &str = "SELECT ref, kind, offset, oldest_offset, changes FROM heads WHERE id = ?1";
    let mut head = db.prepare_cached(HEAD)?;
    let mut rows = head.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (room, kind): (i64, _) = (row.get(0)?, RoomKind::decode(row.get(1)?)?);
    let (head, oldest) = (Offset::read(row.get(2)?)?, Offset::read(row.get(3)?)?);
    if after >= head {
        return Ok(Some(LogPage { entries: Vec::new(), head, oldest }));
    }
    // What was forgotten is not there; the reader sees it by `oldest`.
    let after = after.max(oldest.previous());
    // What the head does not count yet was committed after this snapshot and is not seen either.
    let changed = changes_up_to(db, room, after)?.map_or_else(|| row.get(4), Ok)?;
    let numbered = after.get().checked_sub(changed);
    let numbered =
        numbered.ok_or_else(|| Fault::Corrupt(format!("room {room} has {changed} changes up to {after}")))?;
    let range = Range { thread: None, after: numbered, before: MAX_SAFE + 1, ascending: true };
    let messages = pages::messages(db, (room, id), range, limit)?;
    let changes = changes(db, (room, id, kind), after, limit)?;
    let entries = merge(messages, changes, limit);
    // A hole means loss to every reader, so it must not be served as if there were none.
    let dense = (after.get() + 1..).zip(&entries).all(|(expected, entry)| entry.offset().get() == expected);
    if !dense {
        return Err(Fault::Corrupt(format!("the log of room {room} has a hole after {after}")));
    }
    Ok(Some(LogPage { entries, head, oldest }))
}

/// How many of the first `offset` entries are no messages; `None`: all that there ever were.
fn changes_up_to(db: &Connection, room: i64, offset: Offset) -> Result<Option<u64>> {
    const NEXT: &str = "SELECT ordinal - 1 FROM changes WHERE room_ref = ?1 AND offset > ?2
        ORDER BY offset LIMIT 1";
    let next = db.prepare_cached(NEXT)?.query_row(params![room, offset.get()], |row| row.get(0));
    Ok(next.optional()?)
}

fn changes(
    db: &Connection,
    room: (i64, &RoomId, RoomKind),
    after: Offset,
    limit: usize,
) -> Result<Vec<LogEntry>> {
    const SELECT: &str = "SELECT c.offset, c.kind, c.role, c.seq, c.body, c.ts, b.id, u.id
        FROM changes c JOIN users b ON b.ref = c.by_ref LEFT JOIN users u ON u.ref = c.user_ref
        WHERE c.room_ref = ?1 AND c.offset > ?2 ORDER BY c.offset LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![room.0, after.get(), sql_limit(limit)])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        page.push(entry::decode(db, row, room)?);
    }
    Ok(page)
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
        "SELECT ref, log_oldest, coalesce((SELECT max(offset) FROM user_log WHERE user_ref = ref), log_oldest - 1)
        FROM users WHERE id = ?1";
    let mut head = db.prepare_cached(HEAD)?;
    let found = head.query_row([id.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)));
    let Some((user, oldest, head)) = found.optional()? else {
        return Ok(UserLogPage { oldest: UserOffset::ZERO.next(), ..UserLogPage::default() });
    };
    const SELECT: &str = "SELECT l.offset, l.kind, r.id, l.value, l.body, l.ts
        FROM user_log l LEFT JOIN rooms r ON r.ref = l.room_ref
        WHERE l.user_ref = ?1 AND l.offset > ?2 ORDER BY l.offset LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![user, after.get(), sql_limit(limit)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry::decode_own(row)?);
    }
    Ok(UserLogPage { entries, head: UserOffset::read(head)?, oldest: UserOffset::read(oldest)? })
}
