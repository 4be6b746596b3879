//! Work that has to be done later, or again when it failed, whatever becomes of the process.

use async_trait::async_trait;
use chat_protocol::{ClientMsgId, RoomId, Timestamp, UserId};

use super::StorageError;
use crate::blob::{BlobName, named};

/// What a job is about; each kind has workers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// A user's message waits for its time. Made by [`OwnChange::Schedule`](super::OwnChange::Schedule).
    Send,
    /// A room's messages are kept for so many seconds, which is its body. The store makes it with the room, or when that
    /// changes, due at once, and takes it away when they are kept for ever.
    Expire,
    /// Users are told of a message on devices that have no connection.
    Push,
    /// Another system is told of what was stored in a room and was not taken. There is one worker, which finds all of them when it
    /// starts and says itself when they come up.
    Webhook,
    /// A user is forgotten. Made by [`OwnChange::Forget`](super::OwnChange::Forget), taken away by
    /// [`OwnChange::Forgotten`](super::OwnChange::Forgotten).
    Forget,
}

/// A job to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// What it is about.
    pub kind: JobKind,
    /// Whose it is.
    pub user: Option<UserId>,
    /// Its name among that user's jobs of this kind, or among those that are nobody's. Without one it is like no other.
    pub name: Option<String>,
    /// When it is to be done.
    pub due: Timestamp,
    /// What its worker needs to know.
    pub body: String,
}

/// A job that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, which no other job ever has.
    pub id: u64,
    /// What it is about.
    pub kind: JobKind,
    /// Whose it is.
    pub user: Option<UserId>,
    /// The room that it is about, for [`JobKind::Send`] and [`JobKind::Expire`].
    pub room: Option<RoomId>,
    /// Its name; of a `Send` the `client_msg_id`.
    pub name: Option<String>,
    /// When it comes up: while it is leased, when the lease runs out.
    pub due: Timestamp,
    /// How often it was leased.
    pub attempts: u32,
    /// What its worker needs to know.
    pub body: String,
}

/// A message that is to be sent later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The room.
    pub room: RoomId,
    /// The sender's name for it.
    pub client_msg_id: ClientMsgId,
    /// When.
    pub at: Timestamp,
    /// Digest of the message's body, as in [`NewMessage::digest`](super::NewMessage::digest).
    pub digest: [u8; 16],
    /// The body of its job.
    pub body: String,
    /// So many messages of the user may wait in the room.
    pub max: usize,
}

impl Schedule {
    /// Files that it names, which stay as long as it waits.
    pub fn files(&self) -> Vec<BlobName> {
        named(&self.body)
    }
}

/// Jobs, leased by workers.
///
/// A worker leases jobs that are due, for a time in which it is sure to do them, and says of each that it is done or failed. One
/// that dies says nothing: the lease runs out, and the job comes up again. So a job is done at least once, and what it does
/// must bear that.
///
/// # Guarantees
/// - Of a kind, a user and a name there is one job (`a_named_job_is_there_once`).
/// - Jobs come up when they are due, the earliest first, each kind for itself (`jobs_come_up_when_they_are_due`).
/// - A leased job is nobody else's until the lease runs out (`a_lease_that_ran_out_is_given_again`), also when many workers
///   ask at once (`workers_at_once_share_no_job`).
/// - What is done never comes up again, and what failed does when it was said (`a_failed_job_comes_up_again`). What was given
///   up is counted (`jobs_given_up_are_counted`).
/// - Only what nobody has leased yet can be cancelled (`only_jobs_that_wait_are_cancelled`).
/// - A user's jobs are listed by time, in pages that meet (`pages_of_jobs_meet`).
/// - A room whose messages are kept for a time has its job, and no other has one (`a_room_that_forgets_has_its_job`).
/// - Jobs are there when the store is opened again, if it is durable (`appended_survives_reopen`).
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Stores jobs durably. Of each: whether it is new; one that was there by name stays as it is.
    ///
    /// # Errors
    /// [`StorageError`] when none of them was stored.
    async fn enqueue(&self, now: Timestamp, jobs: &[NewJob]) -> Result<Vec<bool>, StorageError>;

    /// Takes a named job back that nobody has leased yet. False: there is none.
    ///
    /// # Errors
    /// [`StorageError`] when that was not stored.
    async fn cancel(&self, kind: JobKind, user: Option<&UserId>, name: &str) -> Result<bool, StorageError>;

    /// When the next job of a kind comes up; `None` when there is none.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn next_due(&self, kind: JobKind) -> Result<Option<Timestamp>, StorageError>;

    /// Gives at most `limit` jobs of a kind that are due at `now`, the earliest first, to the caller alone. They come up
    /// again at `until`.
    ///
    /// # Errors
    /// [`StorageError`] when none of them is leased.
    async fn lease(
        &self,
        kind: JobKind,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError>;

    /// These jobs are done. Those that are not there any more are passed over.
    ///
    /// # Errors
    /// [`StorageError`] when that was not stored.
    async fn done(&self, ids: &[u64]) -> Result<(), StorageError>;

    /// A job is not done: it comes up again at `retry_at`; `None`: it is given up. One that is not there any more is passed
    /// over.
    ///
    /// # Errors
    /// [`StorageError`] when that was not stored.
    async fn fail(&self, id: u64, retry_at: Option<Timestamp>) -> Result<(), StorageError>;

    /// How many jobs of a kind were given up, ever.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn given_up(&self, kind: JobKind) -> Result<u64, StorageError>;

    /// A user's jobs of a kind that nobody has leased yet, by `due` and then by `id`, after these of some job, at most
    /// `limit`; only those about `room`, if one is named.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn jobs_of(
        &self,
        user: &UserId,
        kind: JobKind,
        room: Option<&RoomId>,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<Job>, StorageError>;
}
