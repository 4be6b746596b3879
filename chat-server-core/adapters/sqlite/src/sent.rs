//! How many messages a sender has written in a room, up to any of its messages, and what it called them.
//!
//! Every message holds that number (`sender_ordinal`), so the sender's last message up to there must be found. The
//! index on senders has only the first of a sender's messages in each block of the room, so the last one is in the same
//! block as the last that is indexed: one step down that index, and at most [`BLOCK`] down the room's.

use chat_protocol::ClientMsgId;
use rusqlite::{Connection, OptionalExtension};

use crate::client_ids::{self, Tail};
use crate::error::Result;

/// Numbers in a block: room enough that two who talk by turns cost an index entry per eight messages, and little to
/// look through. Part of what the database means, as `15` is below.
pub(crate) const BLOCK: u64 = 16;

/// The flag of a message that is its sender's first in its block.
pub(crate) const FIRST_IN_BLOCK: u8 = 4;

/// The flag of a message that was forgotten with its sender: it is in no count of the sender's, and never `FIRST_IN_BLOCK`.
pub(crate) const FORGOTTEN: u8 = 8;

/// What a sender has written in a room, as far as it is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sent {
    /// How many messages of the main line.
    pub(crate) count: u64,
    /// Number of the last message, in a thread or not; 0 without one.
    pub(crate) last: u64,
    /// The greatest of their client ids that are in the table or in memory; what is purged may be missing.
    pub(crate) greatest_id: Option<Box<str>>,
    /// Answers to messages of theirs that are not there any more are kept.
    pub(crate) purged: bool,
}

impl Sent {
    /// Notes one more message.
    pub(crate) fn add(&mut self, seq: u64, id: Option<&ClientMsgId>, in_thread: bool) {
        self.count += u64::from(!in_thread);
        self.last = seq;
        if let Some(id) = id.filter(|id| self.is_new(id)) {
            self.greatest_id = Some(id.as_str().into());
        }
    }

    /// Whether a message of the block of number `seq` is among them; `seq` is greater than all of theirs.
    pub(crate) fn has_in_block_of(&self, seq: u64) -> bool {
        self.last > 0 && self.last / BLOCK == seq / BLOCK
    }

    /// Whether none of them can have this id. Most clients' ids begin with the time, so that a new one is greater than
    /// all before it, and nothing need be looked up.
    pub(crate) fn is_new(&self, id: &ClientMsgId) -> bool {
        self.greatest_id.as_deref().is_none_or(|greatest| id.as_str() > greatest)
    }
}

/// The select of a sender's last message with `$upto` (a comparison of the column `seq`, or nothing).
macro_rules! last_sent {
    ($columns:literal, $sender:literal, $room:literal, $upto:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT seq AS first FROM messages WHERE sender_ref = ",
            $sender,
            " AND room_ref = ",
            $room,
            " AND flags & 4",
            $upto,
            " ORDER BY seq DESC LIMIT 1) CROSS JOIN messages INDEXED BY messages_seq ON room_ref = ",
            $room,
            " AND seq BETWEEN first AND first | 15",
            $upto,
            " WHERE sender_ref = ",
            $sender
        )
    };
}
pub(crate) use last_sent;

/// Reads it from the database.
pub(crate) fn read(db: &Connection, tail: &Tail, sender: i64, room: i64) -> Result<Sent> {
    const LAST: &str = last_sent!("max(seq), sender_ordinal", "?1", "?2", "");
    let mut last = db.prepare_cached(LAST)?;
    let found = last.query_row([sender, room], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (last, count) = match found {
        Some((Some(last), Some(count))) => (last, count),
        _ => (0, 0),
    };
    let greatest_id = tail.greatest(room, sender).max(client_ids::greatest_merged(db, room, sender)?);
    const PURGED: &str = "SELECT 1 FROM idempotency WHERE room_ref = ?1 AND sender_ref = ?2";
    let purged = db.prepare_cached(PURGED)?.exists([room, sender])?;
    Ok(Sent { count, last, greatest_id, purged })
}
