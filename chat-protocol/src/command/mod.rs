//! Commands: all that a client may ask.
//!
//! Commands take effect in the order in which they are sent. Every command with an `id` is answered by exactly one
//! `reply` that repeats it; replies may come in another order. Where `id` is optional and absent,
//! success is silent and only errors are told.

mod check;
mod message;
mod page;
mod pointer;
mod room;
mod session;

pub use message::{Cancel, Delete, Edit, React, SendMessage, Unreact};
pub use page::{Blocks, History, Inbox, Scheduled, Search, Thread};
pub use pointer::{MarkDelivered, MarkRead, MarkUnread, Typing};
pub use room::{
    Ban, Block, Create, Invite, Join, Kick, Leave, Members, NewDesk, RoomPatch, Set, SetRole, SettingsPatch,
    Unban, Unblock,
};
pub use session::{
    Auth, Away, Device, Follow, Listen, Ping, PushService, PushTarget, Resume, Revoke, Sessions, Unfollow,
    Unlisten,
};

use crate::RequestId;
use crate::packet::packets;

packets! {
    /// One command, as one frame.
    ///
    /// ```
    /// use chat_protocol::Command;
    /// let json = r#"{"send":{"id":"7","room":"r1","client_msg_id":"01J","content":{"type":"text/plain","payload":{"text":"hi"}},"reply_to":12}}"#;
    /// let command: Command = serde_json::from_str(json).unwrap();
    /// assert_eq!(command.kind(), "send");
    /// assert_eq!(serde_json::to_string(&command).unwrap(), json);
    /// ```
    Command, "frame", "Packet", "one object with one key that names the command" {
        /// Say who I am.
        Auth(Auth) = "auth",
        /// Go on where I was.
        Resume(Resume) = "resume",
        /// Listen to a room that is mine.
        Follow(Follow) = "follow",
        /// Stop listening to a room, staying its member.
        Unfollow(Unfollow) = "unfollow",
        /// Make a room. Boxed: it is by far the largest, and every command would be as large as it.
        Create(Box<Create>) = "create",
        /// Become a member.
        Join(Join) = "join",
        /// Stop being a member.
        Leave(Leave) = "leave",
        /// List a room's members.
        Members(Members) = "members",
        /// Change a member's role.
        Role(SetRole) = "role",
        /// Add members.
        Invite(Invite) = "invite",
        /// End another's membership.
        Kick(Kick) = "kick",
        /// Keep a user out of a room.
        Ban(Ban) = "ban",
        /// Let a banned user in again.
        Unban(Unban) = "unban",
        /// Keep a user away from me.
        Block(Block) = "block",
        /// End a block.
        Unblock(Unblock) = "unblock",
        /// Change a room's data or my settings of it.
        Set(Set) = "set",
        /// Write a message.
        Send(SendMessage) = "send",
        /// Take back a scheduled message.
        Cancel(Cancel) = "cancel",
        /// Replace the content of a message.
        Edit(Edit) = "edit",
        /// Delete a message.
        Delete(Delete) = "delete",
        /// Add my reaction to a message.
        React(React) = "react",
        /// Take my reaction back.
        Unreact(Unreact) = "unreact",
        /// Move my delivered pointer.
        Delivered(MarkDelivered) = "delivered",
        /// Move my read pointer.
        Read(MarkRead) = "read",
        /// Mark messages unread again, for me.
        MarkUnread(MarkUnread) = "mark_unread",
        /// Tell that I am writing.
        Typing(Typing) = "typing",
        /// Tell whether a person is looking.
        Away(Away) = "away",
        /// Watch a user's presence.
        Listen(Listen) = "listen",
        /// Stop watching a user's presence.
        Unlisten(Unlisten) = "unlisten",
        /// Read older messages.
        History(History) = "history",
        /// Read a thread.
        Thread(Thread) = "thread",
        /// Find messages by their text.
        Search(Search) = "search",
        /// List my rooms.
        Inbox(Inbox) = "inbox",
        /// List whom I block.
        Blocks(Blocks) = "blocks",
        /// List my scheduled messages.
        Scheduled(Scheduled) = "scheduled",
        /// Say how this installation receives pushes.
        Device(Device) = "device",
        /// List my sessions.
        Sessions(Sessions) = "sessions",
        /// End sessions of mine.
        Revoke(Revoke) = "revoke",
        /// Ask whether the other side is there.
        Ping(Ping) = "ping",
    }
}

impl From<Create> for Command {
    fn from(create: Create) -> Self {
        Self::Create(Box::new(create))
    }
}

/// Reads and writes the ids of commands: those that have one, and those that may.
macro_rules! ids {
    (always: $($always:ident)*; maybe: $($maybe:ident)*) => {
        impl Command {
            /// The command's id: what its reply repeats.
            pub fn id(&self) -> Option<&RequestId> {
                match self {
                    $(Command::$always(command) => Some(&command.id),)*
                    $(Command::$maybe(command) => command.id.as_ref(),)*
                    Command::Unknown { .. } => None,
                }
            }

            /// Gives the command another id. One of an unknown kind stays as it is.
            ///
            /// ```
            /// use chat_protocol::{Command, RequestId, RoomId, command::Leave};
            /// let leave = Leave { id: RequestId::new("0")?, room: RoomId::new("r1")? };
            /// let mut command = Command::from(leave);
            /// command.set_id(RequestId::new("7")?);
            /// assert_eq!(command.id().unwrap().as_str(), "7");
            /// # Ok::<(), chat_protocol::IdError>(())
            /// ```
            pub fn set_id(&mut self, id: RequestId) {
                match self {
                    $(Command::$always(command) => command.id = id,)*
                    $(Command::$maybe(command) => command.id = Some(id),)*
                    Command::Unknown { .. } => {}
                }
            }
        }
    };
}

ids! {
    always:
        Auth Resume Follow Unfollow Create Join Leave Members Role Invite Kick Ban Unban Block Unblock Set
        Send Cancel Edit Delete React Unreact MarkUnread Listen Unlisten History Thread Search Inbox Blocks
        Scheduled Device Sessions Revoke;
    maybe:
        Delivered Read Typing Away Ping
}
