//! What is kept account of about uploaded files: whose they are, how large, who refers to them, and when they go.
//!
//! The bytes are in a [`BlobStore`](crate::blob::BlobStore). An account comes before its file and goes after it, so that no file
//! is ever without one: what a crash leaves in between is an account of nothing, which goes at its time.

use async_trait::async_trait;
use chat_protocol::{RoomId, Seq, Timestamp, UserId};

use super::{Refusal, StorageError};
use crate::blob::BlobName;

/// The account of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadEntry {
    /// Its name.
    pub name: BlobName,
    /// Its room. Only what refers to it there counts.
    pub room: RoomId,
    /// Who uploaded it.
    pub by: UserId,
    /// Size in bytes.
    pub size: u64,
    /// When it goes, if nothing refers to it by then.
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

/// How many bytes of files there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadBytes {
    /// Of one user's.
    pub user: u64,
    /// Of all users'.
    pub all: u64,
}

/// Something that decides how long files last. Names that are unknown, or of another room, are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadChange {
    /// A message names these files now, and no others.
    Refer {
        /// Its room.
        room: RoomId,
        /// Its number; 0: not a message but the room's own data.
        seq: Seq,
        /// The files.
        names: Vec<BlobName>,
    },
    /// The messages of a room with a smaller number are gone, and what they named is named by them no more.
    Trim {
        /// The room.
        room: RoomId,
        /// The oldest message that stays.
        oldest: Seq,
    },
    /// Something that is no message yet names these files: if nothing refers to them, they go then and not earlier.
    Keep {
        /// Its room.
        room: RoomId,
        /// The files.
        names: Vec<BlobName>,
        /// When.
        until: Timestamp,
    },
}

/// Accounts of uploaded files.
///
/// # Guarantees
/// - The bytes of a user and of all are counted, and a file that is beyond either is not taken (`bytes_of_uploads_are_counted`).
/// - A file that something in its room refers to does not come up, however long ago it was due; it does at once when the last
///   reference is gone, and one that nothing ever referred to when it is due (`an_upload_lasts_as_long_as_it_is_named`). What is
///   said twice is as if said once.
/// - What is kept comes up later (`a_kept_upload_comes_up_later`).
/// - Accounts are there when the store is opened again, if it is durable (`appended_survives_reopen`).
#[async_trait]
pub trait UploadStore: Send + Sync {
    /// Opens an account, durably. One that is there already stays as it is.
    ///
    /// Inside: `NoRoom`; `Full` when it is beyond the quota.
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

    /// Takes changes in their order, durably. `now` is when files come up whose last reference is gone.
    ///
    /// # Errors
    /// [`StorageError`] when none of them was stored.
    async fn refer(&self, now: Timestamp, changes: &[UploadChange]) -> Result<(), StorageError>;

    /// Files that are due at `now` and that nothing refers to, the earliest first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn due_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError>;

    /// Closes accounts: their bytes count no more. Names that are unknown are passed over.
    ///
    /// # Errors
    /// [`StorageError`] when that was not stored.
    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError>;
}
