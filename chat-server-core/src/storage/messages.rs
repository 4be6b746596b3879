//! Messages and the logs of rooms.

use async_trait::async_trait;
use chat_protocol::event::{Deleted, Edited, MemberChanged, Reaction, RoomChanged};
use chat_protocol::{
    Epoch, Event, HistoryQuery, Message, MyReactions, Offset, RoomId, Seq, ThreadState, UserId,
};

use super::{Append, Appended, Capabilities, Refusal, StorageError};

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
///
/// Entries refer to messages: one that is read again says what is true of its message now, so that a text that was
/// deleted or replaced never comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEntry {
    /// A message, as it is now.
    Message(StoredMessage),
    /// A message was edited; what it says is what it says now, nothing when it is deleted.
    Edited(Edited),
    /// A message was deleted.
    Deleted(Deleted),
    /// A reaction came or went; the count is the present one.
    Reaction(Reaction),
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
            LogEntry::Edited(edited) => edited.offset,
            LogEntry::Deleted(deleted) => deleted.offset,
            LogEntry::Reaction(reaction) => reaction.offset,
            LogEntry::Member(changed) => changed.offset,
            LogEntry::Room(changed) => changed.offset,
        }
    }

    /// Number of the message that it is, or is about.
    pub fn subject(&self) -> Option<Seq> {
        match self {
            LogEntry::Message(stored) => Some(stored.message.seq),
            LogEntry::Edited(edited) => Some(edited.seq),
            LogEntry::Deleted(deleted) => Some(deleted.seq),
            LogEntry::Reaction(reaction) => Some(reaction.seq),
            LogEntry::Member(_) | LogEntry::Room(_) => None,
        }
    }
}

/// The packet that tells an entry.
impl From<LogEntry> for Event {
    fn from(entry: LogEntry) -> Self {
        match entry {
            LogEntry::Message(stored) => Event::Message(stored.message),
            LogEntry::Edited(edited) => Event::Edited(edited),
            LogEntry::Deleted(deleted) => Event::Deleted(deleted),
            LogEntry::Reaction(reaction) => Event::Reaction(reaction),
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

/// What a user did to messages of a page, for itself alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// Its reactions, in order of messages, and of a message in the order in which it reacted.
    pub reactions: Vec<MyReactions>,
    /// Messages that it hid from itself, ascending.
    pub hidden: Vec<Seq>,
}

/// Messages and the rooms' logs.
///
/// # Guarantees
/// - `append` numbers a room's messages 1, 2, 3 and its log 1, 2, 3 without gaps, also under concurrent callers
///   (`concurrent_appends_leave_no_gap`), and in the order of the batch (`a_batch_is_stored_in_order`).
/// - When `append` or `append_own` returns, what it says is stored is durable, if the store is
///   (`appended_survives_reopen`).
/// - A repeated `client_msg_id` gives the first answer back, with another body [`Refusal::Conflict`]; neither stores
///   anything; within one batch too, after an edit, a deletion and a trim too, from many callers at once too
///   (`a_repeat_gives_the_first_answer`, `another_body_is_a_conflict`, `a_repeat_survives_edit_delete_and_trim`,
///   `repeats_at_once_are_stored_once`). It needs no right: it is answered before the access version is compared.
/// - A change decided on an old access version is refused (`an_old_access_version_is_refused`).
/// - The refusal of one change leaves the rest of the batch alone (`a_refusal_spares_the_rest`).
/// - Times never run backwards within a room (`time_never_runs_backwards`).
/// - `num` grows and `key` differs from message to message (`names_are_unique`).
/// - Ids and texts come back as they were given, bidirectional marks and zero bytes included
///   (`texts_are_kept_byte_for_byte`).
/// - `log` has no holes and repeats what `append` said (`the_log_has_every_change`, `answers_are_what_the_logs_hold`),
///   except texts that were deleted or replaced since (`the_log_never_revives_a_text`) and counts that are others now
///   (`the_log_counts_present_reactions`).
/// - `history` gives ascending pages around every cursor, of a thread too (`history_pages_meet`), with reactions and
///   replies summed up (`history_sums_reactions_and_replies`).
/// - An author edits what is there (`an_edit_replaces_the_text`); what is deleted is gone (`a_deletion_forgets_the_text`).
/// - Reactions are a set, and bounded (`reactions_come_and_go`, `reactions_have_a_bound`).
/// - Threads hang on messages of the main line (`threads_hang_on_the_main_line`), and their replies are in no line but
///   their own: `newest` knows none (`newest_is_of_the_main_line`).
/// - `marks` are of one user and of the messages asked for (`marks_are_of_one_user`).
/// - What was trimmed is nowhere any more, and everything else is (`a_trim_forgets_what_is_older`).
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

    /// The messages that `query` chooses, ascending, at most `limit` of them, as everybody sees them; with `thread` only
    /// the replies of that thread. `None` when there is no such room.
    ///
    /// A message's reactions come in the order of the oldest that is there of each, and so do the users of one; replies
    /// that were deleted are not counted.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn history(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError>;

    /// The newest message of the main line of each room, deleted or not, as `history` shows it; `None` where there is none.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn newest(&self, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>, StorageError>;

    /// What `user` did to the messages from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn marks(&self, room: &RoomId, user: &UserId, first: Seq, last: Seq)
    -> Result<Marks, StorageError>;

    /// A thread as `user` sees it; `None` when there is no such message or it is a reply itself.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn thread(
        &self,
        room: &RoomId,
        root: Seq,
        user: &UserId,
    ) -> Result<Option<ThreadState>, StorageError>;

    /// The log after a position, at most `limit` entries; `None` when there is no such room.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError>;
}
