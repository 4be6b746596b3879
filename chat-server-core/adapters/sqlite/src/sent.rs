//! How many messages a sender has written in a room, up to any of its messages.
//!
//! Every message holds that number (`sender_ordinal`), so the sender's last message up to there must be found. The
//! index on senders has only the first of a sender's messages in each block of the room, so the last one is in the same
//! block as the last that is indexed: one step down that index, and at most [`BLOCK`] down the room's.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// Numbers in a block: room enough that two who talk by turns cost an index entry per eight messages, and little to
/// look through. Part of what the database means, as `15` is below.
const BLOCK: u64 = 16;

/// The flag of a message that is its sender's first in its block.
pub(crate) const FIRST_IN_BLOCK: u8 = 4;

/// What a sender has written in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sent {
    /// How many messages.
    pub(crate) count: u64,
    /// Number of the last one; 0 without one.
    pub(crate) last: u64,
}

impl Sent {
    /// Whether a message of the block of number `seq` is among them; `seq` is greater than all of theirs.
    pub(crate) fn has_in_block_of(self, seq: u64) -> bool {
        self.count > 0 && self.last / BLOCK == seq / BLOCK
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
pub(crate) fn read(db: &Connection, sender: i64, room: i64) -> Result<Sent> {
    const LAST: &str = last_sent!("max(seq), sender_ordinal", "?1", "?2", "");
    let mut last = db.prepare_cached(LAST)?;
    let found = last.query_row([sender, room], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(match found {
        Some((Some(last), Some(count))) => Sent { count, last },
        _ => Sent::default(),
    })
}
