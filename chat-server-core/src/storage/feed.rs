//! Everything that was stored, in one order: for what follows all rooms at once, such as push, search and webhooks.

use async_trait::async_trait;
use chat_protocol::RoomId;

use super::{LogEntry, StorageError};

/// One entry of some room's log, with its number among all of the store's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its number: entries of all rooms share one counter. That of a message is its `num`.
    pub num: u64,
    /// The room.
    pub room: RoomId,
    /// What happened, as [`MessageStore::log`](super::MessageStore::log) says it now.
    pub entry: LogEntry,
}

/// All rooms' logs as one, and how far its readers have come.
///
/// A reader begins at its position, does something about each entry, and sets its position behind what it has done. When it
/// dies in between it meets some entries again: it sees every entry at least once.
///
/// # Guarantees
/// - The feed has every entry of every room's log, in the order in which they were stored, and its pages meet
///   (`the_feed_has_every_change`).
/// - Numbers become visible in their order: whoever goes on behind the last entry it saw misses nothing, also while others
///   append (`a_reader_of_the_feed_misses_nothing`).
/// - It says of each entry what the room's log says now, and nothing of what was trimmed
///   (`the_feed_says_what_is_true_now`). What cannot be read, because the disk has changed it, may be left out when it is
///   named in the log: one damaged entry must not end everything behind it.
/// - Positions are each reader's own and stay where they were set last (`positions_of_readers_are_kept`), also when the
///   store is opened again, if it is durable (`appended_survives_reopen`).
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// The entries with a greater number than `after`, ascending, at most `limit`. Numbers may have gaps, but fewer entries
    /// than `limit` mean that there are no more now.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedEntry>, StorageError>;

    /// The number of the newest entry, 0 before the first: where a reader begins that does not care for the past.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn feed_head(&self) -> Result<u64, StorageError>;

    /// Where the reader of this name stands; `None` when it never set that, which is not the beginning: a reader that stood
    /// there when the process died has missed nothing yet.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn position(&self, reader: &str) -> Result<Option<u64>, StorageError>;

    /// Notes where the reader of this name stands, durably. It may go back, to read again.
    ///
    /// # Errors
    /// [`StorageError`] when it was not stored.
    async fn set_position(&self, reader: &str, num: u64) -> Result<(), StorageError>;
}
