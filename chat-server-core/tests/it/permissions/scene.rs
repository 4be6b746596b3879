//! The rooms and people on whom the table is tried out.

use std::sync::Arc;

use chat_protocol::Timestamp;
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::search::SharedIndex;
use chat_server_core::search::memory::MemoryIndex;
use chat_server_core::{Caller, ChatServer, Providers};
use serde_json::{Value, json};

use super::direct;
use crate::peer::server_of;

/// One of the table's people, and the room that it acts in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who {
    /// Head of its column.
    pub(super) name: &'static str,
    /// What the page says of it.
    pub(super) is: &'static str,
    pub(super) user: &'static str,
    pub(super) room: &'static str,
    /// A message that it wrote when it could, or somebody else's.
    pub(super) own: u64,
    /// A message of somebody else.
    pub(super) others: u64,
    /// Another member of the room.
    pub(super) target: &'static str,
    /// Somebody to watch: the other side of a direct room, for those who have one.
    pub(super) watched: &'static str,
}

async fn act(server: &ChatServer, user: &str, command: Value) {
    let command = serde_json::from_value(command).unwrap();
    server.command(&Caller::User(user.parse().unwrap()), command).await.unwrap();
}

async fn write(server: &ChatServer, user: &str, room: &str) {
    let content = json!({"type": "text/plain", "payload": {"text": "x"}});
    act(server, user, json!({"send": {"id": "x", "room": room, "content": content}})).await;
}

/// An hour from now.
pub(super) fn later() -> Timestamp {
    Timestamp::from_micros(SystemClock.now().as_micros() + 3_600_000_000)
}

/// A fresh server with the open group `r`, the direct rooms of `ann` with `max` and `bea`, the desk `desk`, and a
/// message of `max` that waits for its time.
pub(super) async fn scene() -> ChatServer {
    let search: Option<SharedIndex> = Some(Arc::new(MemoryIndex::default()));
    let server = server_of(Providers { search, ..Providers::default() });
    let members = ["max", "rob", "fay", "ned", "tim"];
    let group = json!({"id": "x", "kind": "group", "room": "r", "access": "open", "members": members});
    act(&server, "ann", json!({"create": group})).await;
    for user in ["ann", "max", "rob", "fay", "ned"] {
        write(&server, user, "r").await;
    }
    act(&server, "ann", json!({"role": {"id": "x", "room": "r", "user": "rob", "role": "reader"}})).await;
    act(&server, "fay", json!({"leave": {"id": "x", "room": "r"}})).await;
    act(&server, "ann", json!({"ban": {"id": "x", "room": "r", "user": "ned"}})).await;
    for other in ["max", "bea"] {
        act(&server, "ann", json!({"create": {"id": "x", "kind": "direct", "members": [other]}})).await;
    }
    for user in ["ann", "bea"] {
        write(&server, user, direct("ann", "bea").as_str()).await;
    }
    act(&server, "ann", json!({"block": {"id": "x", "user": "bea"}})).await;
    let desk = |room: &str, organization: &str, agent: &str| {
        let desk = json!({"organization": organization, "client": "cli"});
        json!({"create": {"id": "x", "kind": "desk", "room": room, "owner": agent, "desk": desk}})
    };
    for command in [desk("desk", "acme", "amy"), desk("other desk", "other", "oma")] {
        server.command(&Caller::Operator, serde_json::from_value(command).unwrap()).await.unwrap();
    }
    write(&server, "cli", "desk").await;
    let content = json!({"type": "text/plain", "payload": {"text": "x"}});
    let waits =
        json!({"id": "x", "room": "r", "client_msg_id": "waits", "content": content, "send_at": later()});
    act(&server, "max", json!({"send": waits})).await;
    server
}
