//! The packet `message` as anybody would declare it for serde_json, who wants nothing checked: what our codec is measured
//! against.
//!
//! The same fields, and every derive as it comes. Ids and times are strings and numbers are numbers, which is less than
//! ours do. The payload is kept raw as in ours: a tree of values would cost several times as much and flatter us.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Packet {
    message: Message,
}

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    room: String,
    offset: u64,
    seq: u64,
    from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<String>,
    content: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mentions: Option<Mentions>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    injected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<ReactionCount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replies: Option<Replies>,
    ts: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    payload: Box<RawValue>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Mentions {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    users: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    room: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReactionCount {
    emoji: String,
    count: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    users: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Replies {
    count: u64,
    last_seq: u64,
}

/// Reads it as anybody would.
pub(crate) fn decode(json: &[u8]) -> serde_json::Result<Packet> {
    serde_json::from_slice(json)
}

/// Writes it as anybody would.
pub(crate) fn encode(packet: &Packet) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(packet)
}
