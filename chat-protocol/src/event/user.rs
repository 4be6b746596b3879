//! Packets of a user's own log.

use serde::{Deserialize, Serialize};

use crate::strict::strictly;
use crate::{ClientMsgId, Mentions, RoomId, RoomSettings, Seq, SessionId, Timestamp, UserId, UserOffset};

/// What happened in a user's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserChange {
    /// I am a member of the room now.
    RoomJoined {
        /// The room.
        room: RoomId,
    },
    /// I am no member of the room any more.
    RoomLeft {
        /// The room.
        room: RoomId,
    },
    /// My read pointer moved, on whichever device. It clears what was marked unread.
    Read {
        /// The room.
        room: RoomId,
        /// Everything up to this message is read.
        read: Seq,
        /// The thread in which it moved; absent: the main line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Seq>,
    },
    /// I read without telling others. It clears what was marked unread.
    ReadPrivate {
        /// The room.
        room: RoomId,
        /// Everything up to this message is read.
        read: Seq,
        /// The thread in which I read; absent: the main line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Seq>,
    },
    /// I marked messages unread.
    MarkedUnread {
        /// The room.
        room: RoomId,
        /// The first of them.
        unread_from: Seq,
    },
    /// My settings of a room changed.
    Settings {
        /// The room.
        room: RoomId,
        /// All of them as they are now.
        #[serde(deserialize_with = "strictly")]
        settings: RoomSettings,
    },
    /// I blocked a user.
    Blocked {
        /// Whom.
        user: UserId,
    },
    /// I block a user no longer.
    Unblocked {
        /// Whom.
        user: UserId,
    },
    /// I deleted a message for myself.
    Hidden {
        /// The room.
        room: RoomId,
        /// Number of the message.
        seq: Seq,
        /// Who wrote it.
        from: UserId,
        /// Number of the message whose thread it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Seq>,
        /// Whom it called.
        #[serde(default, deserialize_with = "strictly", skip_serializing_if = "Option::is_none")]
        mentions: Option<Mentions>,
    },
    /// A message of mine waits for its time.
    Scheduled {
        /// The room.
        room: RoomId,
        /// Its name.
        client_msg_id: ClientMsgId,
        /// When it will be sent.
        send_at: Timestamp,
    },
    /// A message of mine will not be sent: I took it back; or its time came, and I could not write any more or had sent
    /// another one under its name.
    Cancelled {
        /// The room.
        room: RoomId,
        /// Its name.
        client_msg_id: ClientMsgId,
    },
    /// A session of mine was ended.
    SessionRevoked {
        /// Which one.
        session_id: SessionId,
    },
    /// Something that only a newer server knows. Its position counts.
    #[serde(other)]
    Unknown,
}

impl UserChange {
    /// The room that it is about.
    pub fn room(&self) -> Option<&RoomId> {
        match self {
            Self::RoomJoined { room }
            | Self::RoomLeft { room }
            | Self::Read { room, .. }
            | Self::ReadPrivate { room, .. }
            | Self::MarkedUnread { room, .. }
            | Self::Settings { room, .. }
            | Self::Hidden { room, .. }
            | Self::Scheduled { room, .. }
            | Self::Cancelled { room, .. } => Some(room),
            Self::Blocked { .. } | Self::Unblocked { .. } | Self::SessionRevoked { .. } | Self::Unknown => {
                None
            }
        }
    }
}

/// A change that concerns me alone, in my user log.
///
/// ```
/// use chat_protocol::event::{UserChange, UserChanged};
/// let json = r#"{"user_offset":9,"action":"read","room":"r1","read":43,"ts":"2026-11-20T08:30:39.789Z"}"#;
/// let changed: UserChanged = serde_json::from_str(json).unwrap();
/// assert!(matches!(changed.change, UserChange::Read { .. }));
/// assert_eq!(serde_json::to_string(&changed).unwrap(), json);
/// let newer: UserChanged = serde_json::from_str(r#"{"user_offset":9,"action":"moved","ts":"2026-11-20T08:30:39.789Z"}"#).unwrap();
/// assert_eq!(newer.change, UserChange::Unknown);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserChanged {
    /// Position in my user log.
    pub user_offset: UserOffset,
    /// What happened.
    #[serde(flatten)]
    pub change: UserChange,
    /// When it was stored.
    pub ts: Timestamp,
}
