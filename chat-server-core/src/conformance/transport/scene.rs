//! What the cases are written with: a server, and clients that expect something in time.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Close, Text};
use serde_json::{Value, json};

use super::{ClientEnd, Dial, Heard, Subject};
use crate::{ChatServer, Providers, ServerConfig};

/// How long anything may take before the case fails: much longer than it takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Fails the case when something does not happen in time.
pub(super) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// A server of in-memory parts that the transport was started on.
pub(super) struct Scene {
    pub(super) server: ChatServer,
    pub(super) dial: Arc<dyn Dial>,
}

impl Scene {
    pub(super) async fn new(subject: &Subject) -> Self {
        Self::with(subject, ServerConfig::default()).await
    }

    pub(super) async fn with(subject: &Subject, config: ServerConfig) -> Self {
        let server = ChatServer::start(Providers::default(), config);
        let dial = soon("the transport starts", (subject.start)(server.clone())).await;
        Self { server, dial }
    }

    /// A client of that user, which follows nothing yet.
    pub(super) async fn client(&self, user: &str) -> Client {
        let token = format!("dev-{user}");
        let mut client = Client(soon("a connection", self.dial.dial(&token)).await);
        client.ok(json!({"auth": {"id": "auth", "token": token, "follow": false}})).await;
        client
    }

    /// Clients of that many users, in a room `r` that all of them follow.
    pub(super) async fn room(&self, users: &[&str]) -> Vec<Client> {
        let mut clients = Vec::new();
        for user in users {
            let mut client = self.client(user).await;
            client
                .ok(if clients.is_empty() {
                    json!({"create": {"id": "c", "kind": "group", "room": "r", "access": "open"}})
                } else {
                    json!({"join": {"id": "j", "room": "r"}})
                })
                .await;
            clients.push(client);
        }
        clients
    }

    /// Waits until so many connections are open.
    pub(super) async fn connections(&self, expected: usize) {
        let reached = async {
            while self.server.connections() != expected {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon("the number of connections", reached).await;
    }
}

/// One client.
pub(super) struct Client(pub(super) Box<dyn ClientEnd>);

impl Client {
    pub(super) async fn say(&mut self, command: &Value) {
        self.say_text(command.to_string()).await;
    }

    pub(super) async fn say_text(&mut self, text: String) {
        soon("the link takes a frame", self.0.send(Text::from(text))).await;
    }

    pub(super) async fn heard(&mut self) -> Option<Heard> {
        soon("something is heard", self.0.receive()).await
    }

    /// The next packet.
    pub(super) async fn packet(&mut self) -> Value {
        match self.heard().await {
            Some(Heard::Text(text)) => read(&text),
            other => panic!("a packet was expected, not {other:?}"),
        }
    }

    /// The next packet of this kind; others are dropped.
    pub(super) async fn next(&mut self, kind: &str) -> Value {
        loop {
            let mut packet = self.packet().await;
            if let Some(packet) = packet.get_mut(kind) {
                return packet.take();
            }
        }
    }

    /// The reply to the command with this id.
    pub(super) async fn reply(&mut self, id: &str) -> Value {
        loop {
            let reply = self.next("reply").await;
            if reply["id"] == id {
                return reply;
            }
        }
    }

    /// Says a command, which must succeed; the data of its reply.
    pub(super) async fn ok(&mut self, command: Value) -> Value {
        self.say(&command).await;
        let packet = command.as_object().and_then(|packet| packet.values().next()).expect("a command");
        let mut reply = self.reply(packet["id"].as_str().expect("an id")).await;
        assert_eq!(reply["status"], 200, "{command}: {reply}");
        reply["data"].take()
    }

    /// The last word; what comes before it is dropped.
    pub(super) async fn last_word(&mut self) -> Option<Close> {
        loop {
            match self.heard().await? {
                Heard::Close(close) => return Some(close),
                Heard::Text(_) => {}
            }
        }
    }

    /// The connection is as good as new.
    pub(super) async fn works(&mut self) {
        self.say(&json!({"ping": {"id": "works"}})).await;
        while self.next("pong").await["id"] != "works" {}
    }
}

pub(super) fn read(text: &Text) -> Value {
    serde_json::from_slice(text.as_bytes())
        .unwrap_or_else(|error| panic!("a frame of {} bytes is no packet: {error}", text.len()))
}

/// A message to the room.
pub(super) fn send(id: &str, text: &str) -> Value {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    json!({"send": {"id": id, "room": "r", "client_msg_id": id, "content": content}})
}
