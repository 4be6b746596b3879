//! Changes of rooms: what is stored, what it gives, why it is refused.

use chat_protocol::command::RoomPatch;
use chat_protocol::event::UserChanged;
use chat_protocol::{
    Access, ClientMsgId, ClientRoomId, Content, Desk, Emoji, HistoryVisibility, Mentions, Message, Offset,
    Role, RoomId, RoomInfo, RoomKind, RoomNumber, Seq, Timestamp, UserId,
};

use super::{LogEntry, StoredMessage};

/// One change of a room, to be stored.
#[derive(Debug, Clone)]
pub struct Append {
    /// The room.
    pub room: RoomId,
    /// Who does it.
    pub by: UserId,
    /// The room's access version on which the decision was made that `by` may do this. When it is no longer the
    /// present one the change is refused with [`Refusal::AccessChanged`]; `None` stores without asking. A room that is
    /// made has none yet: with one, a repeat is answered and all else refused.
    pub access_version: Option<u64>,
    /// The server's time; the store keeps `max(now, time of the room's previous change)`.
    pub now: Timestamp,
    /// What changes.
    pub change: Change,
}

/// What changes in a room.
///
/// What `by` may do was decided before, on a [`Standing`](super::Standing). What a decision leaves open because it
/// depends on others is named in the change and compared by the store in the same step: `below` is the role that the other
/// member's must be lower than ([`Refusal::NotAllowed`]), `own` that the message must be written by `by`.
#[derive(Debug, Clone)]
pub enum Change {
    /// The room comes to be, with its first members. A direct room that is there, and that one of its two was forgotten in,
    /// has both again.
    Create(Box<NewRoom>),
    /// `by` becomes a member with this role; its pointers start at the head, and no ban of it stays. Already a member: a
    /// duplicate. At a desk, who is neither its client nor an agent of its organization: [`Refusal::NotAllowed`].
    Join {
        /// The new member's role.
        role: Role,
        /// So many members there are at most, with it; else [`Refusal::RoomFull`].
        max: u64,
    },
    /// `by` stops being a member. Not a member: [`Refusal::NotMember`].
    Leave {
        /// When `by` is the owner, the longest member of the highest role becomes owner, if that is at least this one.
        heir: Role,
    },
    /// Users become members, those that are none, in this order. One who is banned at `now`, or who blocked `by`:
    /// [`Refusal::NotAllowed`], and nothing is stored of the change. All are members: a duplicate.
    Add {
        /// Who, without repeats.
        users: Vec<UserId>,
        /// Their role.
        role: Role,
        /// So many members there are at most, with them; else [`Refusal::RoomFull`].
        max: u64,
    },
    /// A member has to go. No member: [`Refusal::NoUser`].
    Remove {
        /// Who.
        user: UserId,
        /// The member's role must be lower.
        below: Role,
        /// Why, in the words of `by`.
        reason: Option<String>,
    },
    /// A user may not become a member; who is one is removed first. Banned in the same way: a duplicate; in another one:
    /// the new ban counts.
    Ban {
        /// Who.
        user: UserId,
        /// A member's role must be lower.
        below: Role,
        /// Until when; `None`: until unbanned.
        until: Option<Timestamp>,
        /// Why, in the words of `by`.
        reason: Option<String>,
    },
    /// A user may become a member again. Not banned: a duplicate.
    Unban {
        /// Who.
        user: UserId,
    },
    /// A member has another role. Giving `owner` makes whoever was it an admin. The same role: a duplicate; no
    /// member: [`Refusal::NoUser`].
    SetRole {
        /// Who.
        user: UserId,
        /// The role from now on.
        role: Role,
        /// The member's role must be lower.
        below: Role,
    },
    /// The room's data change. When nothing is different: a duplicate.
    Set(Box<RoomPatch>),
    /// A message.
    Message(NewMessage),
    /// A message says something else. Deleted or missing: [`Refusal::NoMessage`]; of another: [`Refusal::NotAllowed`];
    /// the same content: a duplicate.
    Edit {
        /// The message.
        seq: Seq,
        /// What it says now.
        content: Content,
    },
    /// A message is deleted for everyone, its content forgotten. Deleted: a duplicate; missing: [`Refusal::NoMessage`].
    Delete {
        /// The message.
        seq: Seq,
        /// It must be written by `by`: else [`Refusal::NotAllowed`].
        own: bool,
    },
    /// `by` reacts to a message. It does already: a duplicate; deleted or missing: [`Refusal::NoMessage`]; too many
    /// different ones: [`Refusal::Full`].
    React {
        /// The message.
        seq: Seq,
        /// The reaction.
        emoji: Emoji,
    },
    /// `by` takes a reaction back. It has none: a duplicate; deleted or missing: [`Refusal::NoMessage`].
    Unreact {
        /// The message.
        seq: Seq,
        /// The reaction.
        emoji: Emoji,
    },
    /// All messages with a smaller number, and all of the log before the first that stays, are forgotten, with what users
    /// did to them, except who sent what under which `client_msg_id`. Nothing to forget: a duplicate. When no message
    /// stays, the log begins with the entry of this change.
    Trim {
        /// The oldest message that stays. One more than the newest: none does; a greater number means the same.
        oldest: Seq,
    },
    /// What a user left in the room goes, as if the user did it: its messages, deleted and without their names, its reactions,
    /// what it hid from itself, then its membership. Of the first three together at most `limit`, the membership when none
    /// of them is left. Nothing is: a duplicate. Nobody has to be a member for it.
    Forget {
        /// Whose.
        user: UserId,
        /// When the user is the owner: as in [`Change::Leave`].
        heir: Role,
        /// So much at once.
        limit: usize,
    },
}

impl Append {
    /// All that this change wrote to its room's log, with the answer that it got: a message is not in
    /// [`Appended::entries`], because whoever stores it has it. Nothing for a duplicate.
    pub fn entries(&self, answer: &Appended) -> Vec<LogEntry> {
        match &self.change {
            Change::Message(new) if !answer.duplicate => vec![new.clone().entry(self.by.clone(), answer)],
            _ => answer.entries.clone(),
        }
    }
}

/// A room to be made.
#[derive(Debug, Clone)]
pub struct NewRoom {
    /// What it is for.
    pub kind: RoomKind,
    /// Who may join.
    pub access: Access,
    /// From when on members read.
    pub history: HistoryVisibility,
    /// Name, picture and the like.
    pub info: RoomInfo,
    /// The support case, for kind `desk`.
    pub desk: Option<Desk>,
    /// The room's number in the whole server; taken: [`Refusal::Exists`].
    pub number: Option<RoomNumber>,
    /// Another name of it; taken: [`Refusal::Exists`].
    pub alias: Option<String>,
    /// First members with their roles, without repeats, in the order of the log. The creator is one of them only if named
    /// here. One who blocked the creator: [`Refusal::NotAllowed`].
    pub members: Vec<(UserId, Role)>,
    /// The creator's own name for it, and a digest of the request. The same again: a duplicate, whatever else is asked;
    /// with another digest: [`Refusal::Conflict`].
    pub request: Option<(ClientRoomId, [u8; 16])>,
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// What was written.
    pub content: Content,
    /// The message it answers; one that never was: [`Refusal::NoMessage`].
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to: one of the main line that is there, else [`Refusal::NoMessage`].
    pub thread: Option<Seq>,
    /// Whom it calls.
    pub mentions: Option<Mentions>,
    /// A backend wrote it, on behalf of its author.
    pub injected: bool,
    /// The sender's own name for it.
    pub client_msg_id: Option<ClientMsgId>,
    /// Digest of the body; repeats under one `client_msg_id` must agree in it.
    pub digest: [u8; 16],
}

impl NewMessage {
    /// A message with what every message has.
    pub fn new(content: Content, digest: [u8; 16]) -> Self {
        Self {
            content,
            reply_to: None,
            thread: None,
            mentions: None,
            injected: false,
            client_msg_id: None,
            digest,
        }
    }

    /// What the room's log says of it, with the answer that it got.
    pub(crate) fn entry(self, from: UserId, answer: &Appended) -> LogEntry {
        let Appended { room, offset, seq, ts, num, key, .. } = answer;
        let message = Message {
            client_msg_id: self.client_msg_id,
            reply_to: self.reply_to,
            thread: self.thread,
            mentions: self.mentions,
            injected: self.injected,
            ..Message::new(room.clone(), *offset, *seq, from, self.content, *ts)
        };
        LogEntry::Message(StoredMessage { message, num: *num, key: *key })
    }
}

/// A change that is stored now, or was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The room: for a repeated `Create`, the one made first.
    pub room: RoomId,
    /// Position of the change; of its last entry when it made several. For a duplicate message the first answer's; for
    /// all other duplicates the head.
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
    /// What it wrote to the room's log, in order; empty for a message, which the caller has.
    pub entries: Vec<LogEntry>,
    /// What it wrote to users' logs, in order.
    pub users: Vec<(UserId, UserChanged)>,
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
    /// The user who asks is no member.
    #[error("not a member")]
    NotMember,
    /// The user whom it is about is no member.
    #[error("no such member")]
    NoUser,
    /// The message is not there: never written, forgotten, or deleted.
    #[error("no such message")]
    NoMessage,
    /// What the change left open does not hold: another's role is not lower, or the message is another's.
    #[error("not allowed")]
    NotAllowed,
    /// The room's access version is another one than the decision was made on: decide again.
    #[error("the room's access changed")]
    AccessChanged,
    /// The same `client_msg_id` or `client_room_id` was used with another body.
    #[error("the client's id was used with another body")]
    Conflict,
    /// The user who asks, or whom it is about, is being forgotten.
    #[error("the user is being forgotten")]
    Forgotten,
    /// There is no room for another one.
    #[error("too many")]
    Full,
    /// The room would have more members than it may.
    #[error("too many members")]
    RoomFull,
}
