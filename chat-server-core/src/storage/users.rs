//! What belongs to one user alone: the own log, pointers, settings, blocks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chat_protocol::command::{PushTarget, SettingsPatch};
use chat_protocol::event::UserChanged;
use chat_protocol::{ClientMsgId, DeviceId, Patch, RoomId, Seq, SessionId, Timestamp, UserId, UserOffset};

use super::{Refusal, Schedule, StorageError};

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

/// A change that concerns one user alone, to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAppend {
    /// The user.
    pub user: UserId,
    /// The server's time.
    pub now: Timestamp,
    /// What changes.
    pub change: OwnChange,
}

/// Which pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pointer {
    /// Everything up to it has arrived at some device. Told to others, in no log.
    Delivered,
    /// Everything up to it is read. Told to others; moves `Delivered` too.
    Read,
    /// Everything up to it is read, which others are not told.
    ReadPrivate,
}

/// What changes for one user alone. Who is no member of a room named here is [`Refusal::NotMember`]; of one who is being
/// forgotten nothing is taken that [adds](Self::adds) to what is kept: [`Refusal::Forgotten`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnChange {
    /// A pointer moves forward; it stands there or further: a duplicate. Beyond the newest message:
    /// [`Refusal::NoMessage`]. `Read` and `ReadPrivate` clear what was marked unread, also where they do not move.
    Move {
        /// The room.
        room: RoomId,
        /// Which pointer.
        pointer: Pointer,
        /// In the thread of this message; `None`: in the main line. Forgotten, never written or a reply itself:
        /// [`Refusal::NoMessage`]. `Delivered` has no threads.
        thread: Option<Seq>,
        /// Where to.
        seq: Seq,
    },
    /// Messages of the main line are unread again from this one on. Beyond the newest message, or 0:
    /// [`Refusal::NoMessage`]; marked there: a duplicate.
    MarkUnread {
        /// The room.
        room: RoomId,
        /// The first of them.
        from: Seq,
    },
    /// What the room is to the user. When nothing is different: a duplicate.
    Settings {
        /// The room.
        room: RoomId,
        /// What is different.
        patch: SettingsPatch,
    },
    /// The user's last socket of a room, of a system whose lists are divided there, ended when this was the newest message;
    /// `None`: that is over. It is so: a duplicate; beyond the newest message: [`Refusal::NoMessage`]. In no log.
    Split {
        /// The room.
        room: RoomId,
        /// The newest message then.
        at: Option<Seq>,
    },
    /// A message is hidden from the user, also when the user leaves and comes back. Hidden: a duplicate; forgotten or
    /// never written: [`Refusal::NoMessage`].
    Hide {
        /// The room.
        room: RoomId,
        /// The message.
        seq: Seq,
    },
    /// Another user is kept away. It is: a duplicate; too many: [`Refusal::Full`]. The direct room of the two, if
    /// there is one, has another access version then.
    Block {
        /// Whom.
        user: UserId,
    },
    /// Another user is kept away no longer. It is not: a duplicate. Versions as above.
    Unblock {
        /// Whom.
        user: UserId,
    },
    /// The user's last session ended. Kept, and in no log.
    Seen {
        /// When; never earlier than what is kept.
        at: Timestamp,
    },
    /// The user is an agent of an organization from now on, or none any more. It is so: a duplicate; the organization has
    /// too many: [`Refusal::Full`]. In no log.
    Agent {
        /// Which one.
        organization: String,
        /// Whether it is an agent.
        agent: bool,
    },
    /// A session of the user was ended. Nothing but the entry.
    Revoked {
        /// Which one.
        session: SessionId,
    },
    /// A message of the user's waits for its time, as a job. One of that `client_msg_id` and digest waits or was sent: a
    /// duplicate, also when the user is no member any more; with another digest: [`Refusal::Conflict`]; as many as there
    /// may be wait: [`Refusal::Full`]. The system need not be a member of a room that is there.
    Schedule(Box<Schedule>),
    /// A message of the user's does not wait any longer. None of that name waits: [`Refusal::NoMessage`]. Nobody has to be
    /// a member for it.
    Unschedule {
        /// The room.
        room: RoomId,
        /// Its name.
        client_msg_id: ClientMsgId,
        /// Also when its time has come and a worker has leased it, which only that worker says.
        leased: bool,
    },
    /// An installation of the user is registered, or changes; it is the user's newest now. In no log. See
    /// [`DeviceStore`](super::DeviceStore).
    Device {
        /// Which one.
        device: DeviceId,
        /// Where its pushes go.
        push: Patch<PushTarget>,
        /// Its name for people.
        name: Patch<String>,
    },
    /// Pushes of a device go nowhere any more, if they still go there; else a duplicate. In no log.
    ForgetPush {
        /// Which one.
        device: DeviceId,
        /// What its service does not know any more.
        target: PushTarget,
    },
    /// The user is being forgotten from now on, and its job is there: see [`TraceStore`](super::TraceStore). It is already, or
    /// nothing is kept of it: a duplicate. In no log, like the two that follow.
    Forget,
    /// Of what is the user's alone, so much goes: devices, blocks, offices as an agent, jobs but the one that forgets it, and
    /// the own log. Nothing of it is left: a duplicate.
    Erase {
        /// So much at once.
        limit: usize,
    },
    /// The user is forgotten: it is like one that was never heard of, and the job is gone. Something is left, or it was not
    /// being forgotten: a duplicate.
    Forgotten,
}

impl OwnChange {
    /// Whether something of the user is kept by it that was not there before: not of one who is being forgotten.
    ///
    /// ```
    /// use chat_server_core::storage::OwnChange;
    /// let user = "2".parse().unwrap();
    /// assert!(OwnChange::Block { user }.adds() && !OwnChange::Forget.adds());
    /// ```
    pub fn adds(&self) -> bool {
        match self {
            OwnChange::Move { .. }
            | OwnChange::MarkUnread { .. }
            | OwnChange::Settings { .. }
            | OwnChange::Split { .. }
            | OwnChange::Hide { .. }
            | OwnChange::Block { .. }
            | OwnChange::Seen { .. }
            | OwnChange::Schedule(_) => true,
            // Whoever has neither is no device that is kept.
            OwnChange::Device { push, name, .. } => push.value().is_some() || name.value().is_some(),
            OwnChange::Agent { agent, .. } => *agent,
            // The entry of an ended session goes with the log.
            OwnChange::Unblock { .. }
            | OwnChange::Revoked { .. }
            | OwnChange::Unschedule { .. }
            | OwnChange::ForgetPush { .. }
            | OwnChange::Forget
            | OwnChange::Erase { .. }
            | OwnChange::Forgotten => false,
        }
    }
}

/// A change of one user's own that is stored now, or was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAppended {
    /// Nothing was stored now: it was so before.
    pub duplicate: bool,
    /// For a pointer: where it stands; for other changes 0.
    pub at: Seq,
    /// For a pointer: where it stood before; for other changes 0.
    pub before: Seq,
    /// The entry of the user's log; none for a duplicate and for what is in no log.
    pub entry: Option<UserChanged>,
    /// Head of the user's log.
    pub user_offset: UserOffset,
    /// For a pointer that moved: how many members the room has, for in large ones others are not told; else 0.
    pub members: u64,
}

/// Another user, and when it was blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Who.
    pub user: UserId,
    /// Since when.
    pub ts: Timestamp,
}

/// Pointers of a room's or a thread's members, for those who have moved one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pointers {
    /// How far they have read, as others may know.
    pub read: BTreeMap<UserId, Seq>,
    /// What has arrived, where that is further than what is read.
    pub delivered: BTreeMap<UserId, Seq>,
}

/// Users' own logs.
///
/// # Guarantees
/// - Every room gained or lost and every change of the user's own has an entry, dense from 1
///   (`the_user_log_has_every_change`), also under concurrent callers (`concurrent_changes_of_a_user_leave_no_gap`); delivered pointers have none (`delivered_follows_read`).
/// - Pointers never go back and never beyond the newest message (`pointers_only_advance`).
/// - A delivered pointer is never behind the read one of the main line (`delivered_follows_read`); threads have pointers
///   of their own (`threads_have_pointers_of_their_own`); what is read in private is told to nobody
///   (`private_reads_are_not_told`).
/// - Reading clears what was marked unread (`reading_clears_the_mark`).
/// - Settings stay, but for an archive, which ends with the room's next message
///   (`an_archive_ends_with_the_next_message`).
/// - Where a member's last socket ended stays, to nobody else, until it is taken back (`a_split_stays_until_it_is_taken_back`).
/// - What a user hid is hidden from it alone, and not counted (`hidden_messages_are_one_users`).
/// - A block changes the access version of the direct room, and bars both sides of it
///   (`a_block_changes_the_direct_room`). There are at most [`chat_protocol::limits::MAX_BLOCKED`]
///   (`blocks_have_a_bound`), in pages that meet (`pages_of_blocks_meet`).
/// - A message that waits is a job of its user's, once under each name, also when it was sent
///   (`a_scheduled_message_waits_once`), and does not wait when that was taken back (`what_waits_can_be_taken_back`). There
///   are at most so many in a room (`messages_that_wait_have_a_bound`).
/// - When a user was last seen is kept, never goes back and is in no log (`last_seen_is_kept`).
#[async_trait]
pub trait UserLog: Send + Sync {
    /// Stores a batch of users' own changes in order and durably; one answer per change.
    ///
    /// Not cancel-safe: a dropped call may have stored the batch.
    ///
    /// # Errors
    /// [`StorageError`] when nothing of the batch was stored.
    async fn append_own(
        &self,
        batch: &[OwnAppend],
    ) -> Result<Vec<Result<OwnAppended, Refusal>>, StorageError>;

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

    /// Whom a user blocks, in order of ids after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn blocked(
        &self,
        user: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<Blocked>, StorageError>;

    /// Pointers of a room's members, or of those who read in the thread, furthest first, at most `limit` members.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn pointers(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        limit: usize,
    ) -> Result<Pointers, StorageError>;

    /// When a user's last session ended, as the last [`OwnChange::Seen`] said; `None`: not known.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot read.
    async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError>;
}
