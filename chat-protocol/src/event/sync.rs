//! Packets about the connection and the logs: where they stand, what the server has to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::reply::Limits;
use crate::{Epoch, Offset, Open, RequestId, RoomId, RoomState, Seq, Timestamp, UserId, UserOffset};

/// How a log was resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every missed event was sent before this packet: nothing is missing.
    Recovered,
    /// The missed events were not sent: replace what you know by `state`, read history where you need it.
    Snapshot,
    /// As a snapshot, because the log no longer reaches back to your position; `oldest` is the first that it has.
    Trimmed,
    /// The room is not yours any more, or never was: forget it.
    Gone,
}

impl Open<Outcome> {
    /// What a reader makes of it: a word of a newer server is a snapshot, the outcome that takes nothing for granted.
    ///
    /// ```
    /// use chat_protocol::{Open, event::Outcome};
    /// let newer: Open<Outcome> = serde_json::from_str("\"merged\"").unwrap();
    /// assert_eq!(newer.read(), Outcome::Snapshot);
    /// ```
    pub fn read(&self) -> Outcome {
        self.known().unwrap_or(Outcome::Snapshot)
    }
}

/// Where one log stands. Events after it are live and follow without a hole.
///
/// What a `snapshot` or `trimmed` of my user log asks of me: it carries no state, so read `inbox` (rooms, pointers and
/// settings), `blocks` and `scheduled`. What I deleted for myself is marked in the pages of `history` and `thread`.
/// How far I read each thread comes with the changes of my user log; after its snapshot the answer to `thread` says it.
///
/// ```
/// use chat_protocol::event::Resumed;
/// let json = r#"{"id":"2","room":"r1","outcome":"recovered","epoch":"e","offset":57,"pointers":{"2":43}}"#;
/// let resumed: Resumed = serde_json::from_str(json).unwrap();
/// assert_eq!(serde_json::to_string(&resumed).unwrap(), json);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resumed {
    /// The command that asked, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The room; absent: it is my user log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
    /// How it went. A newer server may send other words: read them as `snapshot`, from the
    /// position that they give.
    pub outcome: Open<Outcome>,
    /// The present life of the logs.
    pub epoch: Epoch,
    /// My new position in the room; absent for `gone` and for the user log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// My new position in the user log; absent for rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_offset: Option<UserOffset>,
    /// For `trimmed`: the oldest position that the log still has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Offset>,
    /// For `snapshot` and `trimmed` of a room: the room as it is at `offset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<RoomState>>,
    /// Read pointers of members, at most 200, and at most 16 KiB as JSON text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pointers: BTreeMap<UserId, Seq>,
    /// Delivered pointers of members that are further than their read pointers, at most 200, and at most 16 KiB as JSON
    /// text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delivered: BTreeMap<UserId, Seq>,
}

/// What a `system` packet is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SystemKind {
    /// The server stops soon: finish what is under way, reconnect after the close.
    Draining,
    /// `rooms` are mine but are not followed, because a session follows only so many.
    LeftOut,
    /// What this server takes has changed to `limits`.
    Limits,
}

/// Something about the connection itself.
///
/// ```
/// use chat_protocol::event::System;
/// let system: System = serde_json::from_str(r#"{"what":"draining","ts":"2026-11-20T08:30:39.789Z"}"#).unwrap();
/// assert!(system.rooms.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct System {
    /// What it is about.
    pub what: Open<SystemKind>,
    /// The rooms concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<RoomId>,
    /// For `limits`: the new ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// When it was said.
    pub ts: Timestamp,
}

impl System {
    /// A word about the connection and no room of it.
    pub fn new(what: SystemKind, ts: Timestamp) -> Self {
        Self { what: what.into(), rooms: Vec::new(), limits: None, ts }
    }
}

/// Answer to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pong {
    /// The ping's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// The server's time.
    pub ts: Timestamp,
}
