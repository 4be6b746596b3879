//! Where rooms, messages, logs and pointers live.
//!
//! Four small facets, usually one object: a message, its place in the room's log and what it changes in users' logs
//! must be one transaction. [`memory::MemoryStore`] is the model; every implementation proves itself with one line,
//! `storage_conformance!(fresh_store())`, and each guarantee below names the case of that suite that checks it.

mod error;
pub mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::event::{MemberChanged, RoomChanged, UserChanged};
use chat_protocol::{
    Access, ClientMsgId, ClientRoomId, Content, Epoch, Event, HistoryQuery, Message, Offset, Role, RoomId,
    RoomKind, RoomState, Seq, Timestamp, UserId, UserOffset,
};

pub use error::{StorageError, StorageErrorKind};

/// What a store can do. Conformance cases are chosen by it: not able is a skip, able and wrong is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What was appended is there after the store is opened again.
    pub durable: bool,
    /// [`MessageStore::append`] and [`PointerStore::advance`] block their thread (a file is synced): the server
    /// calls them from a thread of its own then, and spares every commit two hand-overs between threads.
    pub blocking_writes: bool,
    /// Greatest number of changes in one `append` that still pays. The server gathers no more than that.
    pub max_batch: usize,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { durable: false, blocking_writes: false, max_batch: 256 }
    }
}

/// One change of a room, to be stored.
#[derive(Debug, Clone)]
pub struct Append {
    /// The room.
    pub room: RoomId,
    /// Who does it.
    pub by: UserId,
    /// The room's access version on which the decision was made that `by` may do this. When it is no longer the
    /// present one the change is refused with [`Refusal::AccessChanged`]; `None` stores without asking.
    pub access_version: Option<u64>,
    /// The server's time; the store keeps `max(now, time of the room's previous change)`.
    pub now: Timestamp,
    /// What changes.
    pub change: Change,
}

/// What changes in a room.
#[derive(Debug, Clone)]
pub enum Change {
    /// The room comes to be, with its first members.
    Create(NewRoom),
    /// `by` becomes a member with this role; its pointers start at the head. Already a member: a duplicate.
    Join {
        /// The new member's role.
        role: Role,
    },
    /// `by` stops being a member. Not a member: [`Refusal::NotMember`].
    Leave,
    /// A message.
    Message(NewMessage),
}

/// A room to be made.
#[derive(Debug, Clone)]
pub struct NewRoom {
    /// What it is for.
    pub kind: RoomKind,
    /// Who may join.
    pub access: Access,
    /// Name for people.
    pub name: Option<String>,
    /// First members with their roles, without repeats. The creator is one of them only if named here.
    pub members: Vec<(UserId, Role)>,
    /// The creator's own name for it, and a digest of the request.
    pub request: Option<(ClientRoomId, [u8; 16])>,
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// What was written.
    pub content: Content,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// The sender's own name for it.
    pub client_msg_id: Option<ClientMsgId>,
    /// Digest of the body; repeats under one `client_msg_id` must agree in it.
    pub digest: [u8; 16],
}

/// A change that is stored now, or was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The room: for a repeated `Create`, the one made first.
    pub room: RoomId,
    /// Position of the change; of its last entry when it made several. For a duplicate the first answer's; for a
    /// duplicate `Join` and a repeated `Create` the head.
    pub offset: Offset,
    /// Number of the message; for other changes the room's newest number.
    pub seq: Seq,
    /// When it was stored.
    pub ts: Timestamp,
    /// Nothing was stored now: it was there before.
    pub duplicate: bool,
    /// The message's name as an integer; 0 for other changes.
    pub num: u64,
    /// The message's name as 128 random bits; 0 for other changes.
    pub key: u128,
    /// The room's access version now.
    pub access_version: u64,
    /// Entries written to user logs, in the order of [`NewRoom::members`] for `Create`.
    pub users: Vec<(UserId, UserOffset)>,
}

/// Why one change of a batch was not stored. The others are not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such room.
    #[error("no such room")]
    NoRoom,
    /// The room exists already.
    #[error("the room exists")]
    Exists,
    /// The user is no member.
    #[error("not a member")]
    NotMember,
    /// The room's access version is another one than the decision was made on: decide again.
    #[error("the room's access changed")]
    AccessChanged,
    /// The same `client_msg_id` or `client_room_id` was used with another body.
    #[error("the client's id was used with another body")]
    Conflict,
}

/// A message as stored, with all its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// What readers see.
    pub message: Message,
    /// Its name as an integer, unique in the server, growing within a room, at most 2^53-1.
    pub num: u64,
    /// Its name as 128 random bits.
    pub key: u128,
}

/// One entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEntry {
    /// A message.
    Message(StoredMessage),
    /// A change of membership.
    Member(MemberChanged),
    /// A change of the room itself.
    Room(RoomChanged),
}

impl LogEntry {
    /// Position in the log.
    pub fn offset(&self) -> Offset {
        match self {
            LogEntry::Message(stored) => stored.message.offset,
            LogEntry::Member(changed) => changed.offset,
            LogEntry::Room(changed) => changed.offset,
        }
    }
}

/// The packet that tells an entry.
impl From<LogEntry> for Event {
    fn from(entry: LogEntry) -> Self {
        match entry {
            LogEntry::Message(stored) => Event::Message(stored.message),
            LogEntry::Member(changed) => Event::Member(changed),
            LogEntry::Room(changed) => Event::Room(changed),
        }
    }
}

/// A piece of a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPage {
    /// Entries in order of `offset`, without holes, beginning right after the asked position.
    pub entries: Vec<LogEntry>,
    /// Head of the log when the page was read.
    pub head: Offset,
    /// The first position that the log still has.
    pub oldest: Offset,
}

/// A piece of a user's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserLogPage {
    /// Entries in order of `user_offset`, without holes, beginning right after the asked position.
    pub entries: Vec<UserChanged>,
    /// Head of the log when the page was read.
    pub head: UserOffset,
    /// The first position that the log still has.
    pub oldest: UserOffset,
}

/// What a user is to a room: the facts on which it is decided what the user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the room is for.
    pub kind: RoomKind,
    /// Who may join it.
    pub access: Access,
    /// The version of everybody's rights in it.
    pub access_version: u64,
    /// The user's role; `None`: no member.
    pub role: Option<Role>,
    /// Number of the newest message.
    pub seq: Seq,
    /// Head of the room's log. As long as it is the same, so is all of the room's history: whatever changes or erases
    /// messages moves it. It is never ahead of what [`MessageStore::history`] gives.
    pub offset: Offset,
}

/// A room as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// What the member is told.
    pub state: RoomState,
    /// The version of everybody's rights in it.
    pub access_version: u64,
}

/// A read pointer to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerMove {
    /// The room.
    pub room: RoomId,
    /// Whose pointer.
    pub user: UserId,
    /// Where to.
    pub read: Seq,
    /// The server's time.
    pub now: Timestamp,
}

/// What became of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointerMoved {
    /// It moved; the user's log has an entry.
    Moved {
        /// Where it stands.
        read: Seq,
        /// Position of the entry.
        user_offset: UserOffset,
    },
    /// It stood there or further already.
    Unchanged {
        /// Where it stands.
        read: Seq,
    },
    /// The pointed message does not exist yet.
    BeyondHead,
    /// The user is no member, or there is no such room.
    NotMember,
}

/// Messages and the rooms' logs.
///
/// # Guarantees
/// - `append` numbers a room's messages 1, 2, 3 and its log 1, 2, 3 without gaps, also under concurrent callers
///   (`concurrent_appends_leave_no_gap`), and in the order of the batch (`a_batch_is_stored_in_order`).
/// - When `append` returns, what it says is stored is durable, if the store is (`appended_survives_reopen`).
/// - A repeated `client_msg_id` gives the first answer back, with another body [`Refusal::Conflict`]; neither stores
///   anything; within one batch too (`a_repeat_gives_the_first_answer`, `another_body_is_a_conflict`). It needs no
///   right: it is answered before the access version is compared.
/// - A change decided on an old access version is refused (`an_old_access_version_is_refused`).
/// - The refusal of one change leaves the rest of the batch alone (`a_refusal_spares_the_rest`).
/// - Times never run backwards within a room (`time_never_runs_backwards`).
/// - `num` grows and `key` differs from message to message (`names_are_unique`).
/// - Ids and texts come back as they were given, bidirectional marks and zero bytes included
///   (`texts_are_kept_byte_for_byte`).
/// - `log` has no holes and repeats what `append` said (`the_log_has_every_change`).
/// - `history` gives ascending pages around every cursor (`history_pages_meet`).
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// What this store can do.
    fn capabilities(&self) -> Capabilities;

    /// The present life of the logs.
    fn epoch(&self) -> Epoch;

    /// Stores a batch of changes in order and durably; one answer per change.
    ///
    /// Not cancel-safe: a dropped call may have stored the batch.
    ///
    /// # Errors
    /// [`StorageError`] when nothing of the batch was stored.
    async fn append(&self, batch: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError>;

    /// The messages that `query` chooses, ascending, at most `limit` of them; `None` when there is no such room.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn history(
        &self,
        room: &RoomId,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError>;

    /// The log after a position, at most `limit` entries; `None` when there is no such room.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError>;
}

/// Rooms and members.
///
/// # Guarantees
/// - `standing` and `views` show every change that `append` has answered (`views_follow_appends`).
/// - `access_version` grows when a right is taken away (`leaving_bumps_the_access_version`), not when one joins.
/// - Rooms come most recently active first (`rooms_come_by_activity`).
/// - Unread counts the others' messages after the read pointer (`unread_counts_others_after_the_pointer`).
#[async_trait]
pub trait RoomStore: Send + Sync {
    /// What `user` is to `room`; `None` when there is no such room.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError>;

    /// All rooms of a user, most recently active first.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn rooms_of(&self, user: &UserId) -> Result<Vec<RoomId>, StorageError>;

    /// The rooms as the user sees them, in the order asked; `None` where the user is no member.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError>;

    /// Whether two users are members of some room together.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn share_room(&self, a: &UserId, b: &UserId) -> Result<bool, StorageError>;
}

/// Users' own logs.
///
/// # Guarantees
/// - Every room gained or lost and every moved pointer has an entry, dense from 1 (`the_user_log_has_every_change`).
#[async_trait]
pub trait UserLog: Send + Sync {
    /// The log after a position, at most `limit` entries; empty for a user without one.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError>;
}

/// Read pointers.
///
/// # Guarantees
/// - Pointers never go back and never beyond the newest message (`pointers_only_advance`).
#[async_trait]
pub trait PointerStore: Send + Sync {
    /// Moves pointers durably; one answer per move, in order.
    ///
    /// # Errors
    /// [`StorageError`] when none was moved.
    async fn advance(&self, moves: &[PointerMove]) -> Result<Vec<PointerMoved>, StorageError>;

    /// Read pointers of a room's members that have read anything, at most `limit`, furthest first.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn pointers(&self, room: &RoomId, limit: usize) -> Result<Vec<(UserId, Seq)>, StorageError>;
}

/// All facets in one object, which is what most stores are.
pub trait Storage: MessageStore + RoomStore + UserLog + PointerStore {}

impl<T: MessageStore + RoomStore + UserLog + PointerStore> Storage for T {}

/// The facets as a server uses them.
pub type SharedStorage = Arc<dyn Storage>;
