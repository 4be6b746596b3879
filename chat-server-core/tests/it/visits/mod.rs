//! What formats of existing systems ask over HTTP.

mod chats;
mod haraj;
mod helpdesk;
mod hipochat;
mod tndata;

use chat_protocol::dialect::chats::Chats;
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::helpdesk::Helpdesk;
use chat_protocol::dialect::hipochat::Hipochat;
use chat_protocol::dialect::tndata::TnData;
use chat_protocol::dialect::{RoomName, Secret};
use chat_protocol::{Command, ErrorCode, RoomId, UserId};
use chat_server_core::dialects::{Port, PortId, ShownMessage, Visit};
use chat_server_core::{Caller, ChatServer, Error, Providers};
use serde_json::{Value, json};

use crate::peer::quick;

const TNDATA: PortId = PortId(0);
const CHATS: PortId = PortId(1);
const HIPOCHAT: PortId = PortId(2);
const HARAJ: PortId = PortId(3);
const HELPDESK: PortId = PortId(4);

fn providers() -> Providers {
    let ports = vec![
        Port::new(TnData::default()),
        Port::new(Chats::default()),
        Port { open_rooms: true, read_on_entry: true, ..Port::new(Hipochat::default()) },
        Port::new(Haraj::default()),
        Port::new(Helpdesk::default()),
    ];
    Providers { dialects: ports, ..Providers::default() }
}

fn server() -> ChatServer {
    ChatServer::start(providers(), quick())
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn direct(a: &str, b: &str) -> RoomName {
    RoomName::Id(RoomId::direct(&user(a), &user(b)))
}

fn direct_id(a: &str, b: &str) -> String {
    RoomId::direct(&user(a), &user(b)).to_string()
}

fn named(id: &str) -> RoomName {
    RoomName::Id(RoomId::new(id).unwrap())
}

async fn visit(server: &ChatServer, port: PortId, of: &str) -> Visit {
    server.visit(port, &Secret(format!("dev-{of}"))).await.unwrap()
}

/// Does a native command for a user without a session.
async fn native(server: &ChatServer, of: &str, command: Value) -> Value {
    let what = command.to_string();
    let command: Command = chat_protocol::decode(what.as_bytes()).unwrap();
    let done = server.command(&Caller::User(user(of)), command).await;
    let done = done.unwrap_or_else(|error| panic!("{what}: {error}"));
    done.map_or(Value::Null, |data| serde_json::from_str(data.get()).unwrap())
}

/// The direct room of two users, made by the first.
async fn meet(server: &ChatServer, a: &str, b: &str) -> String {
    let create = json!({"create": {"id": "c", "kind": "direct", "members": [b]}});
    native(server, a, create).await["room"]["room"].as_str().unwrap().to_owned()
}

/// A group, made by the first of them.
async fn group(server: &ChatServer, id: &str, members: &[&str], more: Value) {
    let mut create = json!({"id": "c", "kind": "group", "room": id, "members": members[1..]});
    create.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    native(server, members[0], json!({"create": create})).await;
}

async fn say(server: &ChatServer, of: &str, room: &str, text: &str) -> u64 {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    let sent = native(server, of, json!({"send": {"id": "s", "room": room, "content": content}})).await;
    sent["seq"].as_u64().unwrap()
}

/// What messages say, in their order.
fn texts(messages: &[ShownMessage]) -> Vec<String> {
    let text = |shown: &ShownMessage| chat_protocol::dialect::plain_text(&shown.stored.message.content);
    messages.iter().map(|shown| text(shown).unwrap_or_default()).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorCode {
    result.unwrap_err().wire().code
}
