//! What is unread, by arithmetic on the running numbers that messages hold, however long the history is.
//!
//! Of a dense running number, as many come after a place as the last one is ahead of the first one after the place, and
//! one more. The first one after and not the last one before, because that may have been forgotten. Messages that were
//! deleted or hidden keep their numbers and are taken away again: they are few, and an index holds no others.

use chat_protocol::unread::Counts;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::sent::last_sent;

/// The line of a room in which a user has read up to `base`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) room: i64,
    pub(crate) user: i64,
    /// The message on which the thread hangs; `None`: the main line.
    pub(crate) thread: Option<u64>,
    pub(crate) base: u64,
}

/// What is unread in the main line; `ordinal` is the room's.
pub(crate) fn main_line(db: &Connection, line: &Line, ordinal: u64) -> Result<Counts> {
    // All after the base, less the user's own: its last number less that at the base. A sender's messages are found by
    // the first of each block (see `sent.rs`); when none is left up to the base, the first of all is after it.
    const OTHERS: &str = concat!(
        "SELECT coalesce(
            (SELECT ?4 - ordinal + (thread IS NULL) FROM messages
                WHERE room_ref = ?1 AND seq > ?3 ORDER BY seq LIMIT 1), 0)
        - coalesce((",
        last_sent!("max(sender_ordinal)", "?2", "?1", ""),
        "), 0) + coalesce((",
        last_sent!("max(sender_ordinal)", "?2", "?1", " AND seq <= ?3"),
        "), (SELECT sender_ordinal - (thread IS NULL) FROM messages
                WHERE sender_ref = ?2 AND room_ref = ?1 AND flags & 4 ORDER BY seq LIMIT 1), 0)"
    );
    let Line { room, user, base, .. } = *line;
    let others =
        db.prepare_cached(OTHERS)?.query_row(params![room, user, base, ordinal], |row| row.get(0))?;
    if others == 0 {
        return Ok(Counts::default());
    }
    let (gone, called) = gone(db, line)?;
    let mentions = mentions(db, line)?.saturating_sub(called);
    Ok(Counts { unread: u64::saturating_sub(others, gone), mentions })
}

/// How many replies of a thread are unread.
pub(crate) fn in_thread(db: &Connection, line: &Line) -> Result<u64> {
    const OTHERS: &str = "SELECT coalesce((SELECT thread_ordinal + 1 FROM messages INDEXED BY messages_thread
                WHERE room_ref = ?1 AND thread = ?4 AND seq > ?3 ORDER BY seq DESC LIMIT 1)
            - (SELECT thread_ordinal FROM messages INDEXED BY messages_thread
                WHERE room_ref = ?1 AND thread = ?4 AND seq > ?3 ORDER BY seq LIMIT 1), 0)
        - coalesce((SELECT thread_sender_ordinal + 1 FROM messages INDEXED BY messages_thread_sender
                WHERE room_ref = ?1 AND thread = ?4 AND sender_ref = ?2 AND seq > ?3 ORDER BY seq DESC LIMIT 1)
            - (SELECT thread_sender_ordinal FROM messages INDEXED BY messages_thread_sender
                WHERE room_ref = ?1 AND thread = ?4 AND sender_ref = ?2 AND seq > ?3 ORDER BY seq LIMIT 1), 0)";
    let Line { room, user, base, thread } = *line;
    let others: u64 =
        db.prepare_cached(OTHERS)?.query_row(params![room, user, base, thread], |row| row.get(0))?;
    if others == 0 { Ok(0) } else { Ok(others.saturating_sub(gone(db, line)?.0)) }
}

/// Others' messages after the base that were deleted or hidden: how many, and how many of them call the user. In the main line
/// those that were forgotten with the user itself are counted like others', and are gone like these; they call nobody.
fn gone(db: &Connection, line: &Line) -> Result<(u64, u64)> {
    const SELECT: &str = "SELECT count(*), ifnull(sum(others AND EXISTS (SELECT 1 FROM mentions n
            WHERE n.room_ref = ?1 AND n.target IN (?2, 0) AND n.seq = gone.seq)), 0)
        FROM (SELECT seq, sender_ref <> ?2 AS others FROM messages INDEXED BY messages_deleted
            WHERE room_ref = ?1 AND thread IS ?4 AND seq > ?3 AND deleted_at IS NOT NULL
                AND (sender_ref <> ?2 OR (?4 IS NULL AND flags & 8))
        UNION ALL SELECT x.seq, 1 FROM hidden h CROSS JOIN messages x INDEXED BY messages_seq
                ON x.room_ref = h.room_ref AND x.seq = h.seq
            WHERE h.user_ref = ?2 AND h.room_ref = ?1 AND h.seq > ?3
                AND x.thread IS ?4 AND x.sender_ref <> ?2 AND x.deleted_at IS NULL) gone";
    let Line { room, user, base, thread } = *line;
    let counts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(db.prepare_cached(SELECT)?.query_row(params![room, user, base, thread], counts)?)
}

/// Messages of others after the base that call the user, deleted ones included.
fn mentions(db: &Connection, line: &Line) -> Result<u64> {
    const AFTER: &str = "SELECT coalesce((SELECT ordinal + 1 FROM mentions
                WHERE room_ref = ?1 AND target = ?2 AND seq > ?3 ORDER BY seq DESC LIMIT 1)
            - (SELECT ordinal FROM mentions
                WHERE room_ref = ?1 AND target = ?2 AND seq > ?3 ORDER BY seq LIMIT 1), 0)";
    let mut select = db.prepare_cached(AFTER)?;
    let mut after = |target: i64| -> Result<u64> {
        Ok(select.query_row(params![line.room, target, line.base], |row| row.get(0))?)
    };
    let everybody = after(0)?;
    let own = if everybody > 0 { after(-line.user)? } else { 0 };
    Ok((after(line.user)? + everybody).saturating_sub(own))
}

/// The replies of a thread that are there: how many, and the number of the newest.
pub(crate) fn replies(db: &Connection, room: i64, root: u64) -> Result<Option<(u64, u64)>> {
    const COUNT: &str = "SELECT (SELECT thread_ordinal + 1 FROM messages INDEXED BY messages_thread
                WHERE room_ref = ?1 AND thread = ?2 ORDER BY seq DESC LIMIT 1)
            - (SELECT thread_ordinal FROM messages INDEXED BY messages_thread
                WHERE room_ref = ?1 AND thread = ?2 ORDER BY seq LIMIT 1)
            - (SELECT count(*) FROM messages INDEXED BY messages_deleted
                WHERE room_ref = ?1 AND thread = ?2 AND deleted_at IS NOT NULL)";
    const LAST: &str = "SELECT seq FROM messages INDEXED BY messages_thread
        WHERE room_ref = ?1 AND thread = ?2 AND deleted_at IS NULL ORDER BY seq DESC LIMIT 1";
    let count: Option<u64> = db.prepare_cached(COUNT)?.query_row(params![room, root], |row| row.get(0))?;
    let Some(count) = count.filter(|count| *count > 0) else { return Ok(None) };
    let last = db.prepare_cached(LAST)?.query_row(params![room, root], |row| row.get(0)).optional()?;
    Ok(last.map(|last| (count, last)))
}
