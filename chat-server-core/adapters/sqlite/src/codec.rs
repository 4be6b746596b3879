//! Enumerations as the small integers that the database holds. A number never changes its meaning.

use chat_protocol::command::PushService;
use chat_protocol::{Access, HistoryVisibility, Role, RoomKind};
use chat_server_core::storage::JobKind;

use crate::error::{Fault, Result};

macro_rules! codes {
    ($($name:ident: $($variant:ident = $code:literal),+;)+) => {
        $(
            impl Code for $name {
                fn code(self) -> u8 {
                    match self { $($name::$variant => $code),+ }
                }
                fn decode(code: u8) -> Result<Self> {
                    match code {
                        $($code => Ok($name::$variant),)+
                        _ => Err(Fault::Corrupt(format!("there is no {} {code}", stringify!($name)))),
                    }
                }
            }
        )+
    };
}

/// Something that is a small integer in the database.
pub(crate) trait Code: Sized {
    fn code(self) -> u8;
    /// Fails for a number that no release of ours has written.
    fn decode(code: u8) -> Result<Self>;
}

/// Kinds of log entries that are no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Created,
    Joined,
    Left,
    Kicked,
    Banned,
    Unbanned,
    Role,
    Changed,
    Trimmed,
    Edited,
    Deleted,
    Reacted,
    Unreacted,
}

/// Kinds of entries in a user's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserAction {
    RoomJoined,
    RoomLeft,
    Read,
    Settings,
    Scheduled,
    /// Its body is the packet's JSON.
    Other,
}

codes! {
    RoomKind: Direct = 1, Group = 2, Channel = 3, Desk = 4;
    Access: Open = 1, Invite = 2;
    HistoryVisibility: All = 1, Joined = 2;
    Role: Owner = 1, Admin = 2, Member = 3, Reader = 4;
    ChangeKind: Created = 1, Joined = 2, Left = 3, Kicked = 4, Banned = 5, Unbanned = 6, Role = 7, Changed = 8,
        Trimmed = 9, Edited = 10, Deleted = 11, Reacted = 12, Unreacted = 13;
    JobKind: Send = 1, Expire = 2, Push = 3, Webhook = 4, Forget = 5;
    PushService: Apns = 1, Fcm = 2, WebPush = 3, Webhook = 4;
    UserAction: RoomJoined = 1, RoomLeft = 2, Read = 3, Settings = 4, Other = 5, Scheduled = 6;
}
