//! What is kept account of about uploaded files: whose they are, how large, what names them, and when they go.
//!
//! The bytes are in a [`BlobStore`](crate::blob::BlobStore). An account comes before its file and goes after it, so that no file
//! is ever without one: what a crash leaves in between is an account of nothing, which goes at its time.

use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::event::RoomAction;
use chat_protocol::{Open, RoomId, Seq, Timestamp, UserId};

use super::{Append, Appended, Change, LogEntry, Refusal, StorageError};
use crate::blob::{BlobName, named};

/// How long a file that is doomed does not come up again, so that those that cannot be deleted keep no others waiting: 20 s. After
/// a crash between the decision and the deletion it takes so long, too.
pub const DOOMED_AGAIN: Duration = Duration::from_secs(20);

/// The account of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadEntry {
    /// Its name.
    pub name: BlobName,
    /// Its room. Only what names it there counts.
    pub room: RoomId,
    /// Who uploaded it.
    pub by: UserId,
    /// Size in bytes.
    pub size: u64,
    /// When it goes, if nothing has named it by then.
    pub due: Timestamp,
}

/// How many bytes of files there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Of one user's.
    pub user: u64,
    /// Of all users'.
    pub all: u64,
}

/// How many bytes of files there are, and how many files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadBytes {
    /// Bytes of one user's.
    pub user: u64,
    /// Bytes of all users'.
    pub all: u64,
    /// Files of all users.
    pub files: u64,
}

/// What a change of a room means for files. Names that are unknown, of another room or of a file that goes mean nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadChange {
    /// A message names these files now, and no others.
    Names {
        /// Its number; 0: not a message but the room's own data.
        seq: Seq,
        /// The files.
        names: Vec<BlobName>,
    },
    /// The messages with a smaller number are gone, and what they named is named by them no more.
    Trim {
        /// The oldest message that stays.
        oldest: Seq,
    },
}

impl UploadChange {
    /// What a stored change of a room means, for a store to take in the same step. Nothing for a message without files, as
    /// almost all are.
    pub fn of(append: &Append, answer: &Appended) -> Vec<Self> {
        match &append.change {
            Change::Message(_) if answer.duplicate => Vec::new(),
            Change::Message(new) => {
                let names = named(new.content.payload.get());
                if names.is_empty() { Vec::new() } else { vec![Self::Names { seq: answer.seq, names }] }
            }
            _ => answer.entries.iter().filter_map(Self::of_entry).collect(),
        }
    }

    fn of_entry(entry: &LogEntry) -> Option<Self> {
        match entry {
            LogEntry::Edited(edited) => {
                let names = edited.content.as_ref().map(|content| named(content.payload.get()));
                Some(Self::Names { seq: edited.seq, names: names.unwrap_or_default() })
            }
            LogEntry::Deleted(deleted) => Some(Self::Names { seq: deleted.seq, names: Vec::new() }),
            LogEntry::Room(changed) => match (changed.oldest_seq, &changed.action) {
                (Some(oldest), _) => Some(Self::Trim { oldest }),
                (None, Open::Known(RoomAction::Trimmed)) => None,
                (None, _) => {
                    let names = serde_json::to_string(&changed.info).map(|json| named(&json));
                    Some(Self::Names { seq: Seq::ZERO, names: names.unwrap_or_default() })
                }
            },
            LogEntry::Message(_) | LogEntry::Reaction(_) | LogEntry::Member(_) => None,
        }
    }
}

/// Accounts of uploaded files.
///
/// What names a file is written by [`MessageStore::append`](super::MessageStore::append) in the same step as the change that
/// does: [`UploadChange::of`] says what it is. So nothing that is named when a file is doomed can be missed.
///
/// # Guarantees
/// - The bytes of a user and of all are counted, and a file that is beyond either is not taken (`bytes_of_uploads_are_counted`).
/// - A file that a message of its room names, or the room's own data, is not doomed, however long ago it was due; it is due at
///   once when the last of them is deleted, edited or forgotten, and one that nothing ever named at its time
///   (`an_upload_lasts_as_long_as_it_is_named`).
/// - Nor is one that a message names which waits in that room, a job of the kind [`JobKind::Send`](super::JobKind::Send) with
///   the file's name in its body (`a_message_that_waits_keeps_its_uploads`).
/// - What is doomed comes up again after [`DOOMED_AGAIN`] until it is removed, whatever names it now, and behind what was due
///   meanwhile (`a_doomed_upload_goes`).
/// - The files of one user are found, in pages that meet (`uploads_are_found_by_their_user`).
/// - Accounts are there when the store is opened again, if it is durable (`appended_survives_reopen`).
#[async_trait]
pub trait UploadStore: Send + Sync {
    /// Opens an account, durably. One that is there already stays as it is.
    ///
    /// Inside: `NoRoom`; `Forgotten` when the user is just being forgotten; `Full` when it is beyond the quota.
    ///
    /// # Errors
    /// [`StorageError`] when it was not stored.
    async fn add_upload(
        &self,
        now: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<Result<(), Refusal>, StorageError>;

    /// How many bytes there are.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes, StorageError>;

    /// Files of a user, doomed ones included, in the order of their names, after one of them, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn uploads_of(
        &self,
        user: &UserId,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<Vec<BlobName>, StorageError>;

    /// Decides, durably, which files go: those that are due at `now` and that nothing names. Gives them with those that were
    /// doomed [so long](DOOMED_AGAIN) before, the earliest due first, at most `limit`. To be deleted, and then removed here.
    /// Its cost grows with `limit` and not with what there is.
    ///
    /// # Errors
    /// [`StorageError`] when nothing was decided.
    async fn doom_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError>;

    /// Closes accounts: their bytes count no more. Names that are unknown are passed over.
    ///
    /// # Errors
    /// [`StorageError`] when that was not stored.
    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError>;
}
