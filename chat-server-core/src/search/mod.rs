//! Finding messages by their words.
//!
//! An index is a copy: it is fed in the background with what was stored, may be behind, and may be thrown away and made
//! again. Who may read what it finds is decided on the store, by whoever asks it. [`memory::MemoryIndex`] is the model;
//! every implementation proves itself with one line, `search_conformance!(fresh_index())`.

pub mod memory;
mod phrases;
mod spaced;

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Epoch, RoomId, Seq, UserId};

use crate::storage::StorageError;

pub use phrases::phrases;
pub use spaced::spaced;

/// An index as a server uses it.
pub type SharedIndex = Arc<dyn SearchIndex>;

/// What an index is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexChange {
    /// A message. One that is there already says this now.
    Put {
        /// Its number in the server, by which results are ordered.
        num: u64,
        /// Its room.
        room: RoomId,
        /// Its number in the room.
        seq: Seq,
        /// Who wrote it.
        from: UserId,
        /// What it says; empty when it has no words.
        text: String,
    },
    /// A message says something else. One that is not there stays unknown.
    Edit {
        /// Its room.
        room: RoomId,
        /// Its number in the room.
        seq: Seq,
        /// What it says now.
        text: String,
    },
    /// A message is not to be found any more.
    Remove {
        /// Its room.
        room: RoomId,
        /// Its number in the room.
        seq: Seq,
    },
    /// Nor are those of a room with a smaller number.
    Trim {
        /// The room.
        room: RoomId,
        /// The oldest message that stays.
        oldest: Seq,
    },
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words, or several that stand together, all of which must occur.
    pub phrases: Vec<String>,
    /// Only in these rooms; none: nothing is found.
    pub rooms: Vec<RoomId>,
    /// Only messages of this user.
    pub from: Option<UserId>,
    /// Only messages with a smaller `num`.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// Its number in the server.
    pub num: u64,
    /// Its room.
    pub room: RoomId,
    /// Its number in the room.
    pub seq: Seq,
}

/// Finds messages by their words.
///
/// To write one, begin with `index` and `position`, which belong in one transaction: the server feeds what is missing from
/// there on, everything at first. The phrases of a query are cut already ([`phrases`]).
///
/// A word is a run of letters and digits; upper and lower case are the same. In scripts that are written without spaces each
/// character is a word, and what stands together in a query is a phrase (see [`spaced`]). What else may be the same, such as
/// letters with and without accents, is the index's choice.
///
/// # Guarantees
/// - All words must occur, in any order, and those of a phrase as they stand (`all_words_must_occur`).
/// - What is written without spaces is found within what is written without spaces, from one character on
///   (`words_without_spaces_are_found`).
/// - Whatever a query holds are words: no sign in it means anything (`no_sign_means_anything`).
/// - Only messages of the asked rooms, and of the asked author, are found (`rooms_and_authors_are_respected`).
/// - Results are newest first, and pages meet (`pages_of_results_meet`).
/// - An edit replaces the words, what was removed or trimmed is found no more (`edits_and_removals_are_followed`).
/// - What is told twice is there once (`a_repeated_batch_changes_nothing`).
/// - The position and what was indexed are kept together (`the_position_is_that_of_the_words`), also when the index is opened
///   again, if it is durable (`an_index_survives_reopen`).
/// - Another epoch empties it (`another_epoch_empties_the_index`).
#[async_trait]
pub trait SearchIndex: Send + Sync {
    /// How far the feed of the logs of this epoch is indexed: the number of the last entry, 0 before the first. An index of
    /// another epoch is emptied, because its numbers may mean other messages now.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read or emptied.
    async fn position(&self, epoch: &Epoch) -> Result<u64, StorageError>;

    /// Takes changes in their order, and that everything up to `position` is indexed now: all of it or nothing.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was taken.
    async fn index(&self, changes: &[IndexChange], position: u64) -> Result<(), StorageError>;

    /// Messages that say what is looked for, the newest first.
    ///
    /// # Errors
    /// [`StorageError`] when it cannot be read.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, StorageError>;
}
