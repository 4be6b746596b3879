//! A client by hand: frames over a real WebSocket, for what a well-behaved client would never send.

use std::time::Duration;

use chat_protocol::{Event, Reply, decode};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A raw connection.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a WebSocket and says nothing.
    ///
    /// # Panics
    /// When that fails.
    pub async fn open(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.expect("a WebSocket");
        Self { socket }
    }

    /// Opens a WebSocket as `user` of development auth, without following anything yet.
    ///
    /// # Panics
    /// When that fails.
    pub async fn log_in(url: &str, user: &str) -> Self {
        let mut socket = Self::open(url).await;
        socket.say(&format!(r#"{{"auth":{{"id":"auth","token":"dev-{user}","follow":false}}}}"#)).await;
        assert_eq!(socket.reply("auth").await.status, 200);
        socket
    }

    /// Sends one text frame.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends one frame of any kind.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn send(&mut self, message: Message) {
        let sent = tokio::time::timeout(PATIENCE, self.socket.send(message)).await.expect("in time");
        sent.expect("the connection takes a frame");
    }

    /// The next text or close frame; `None` when the connection has ended.
    ///
    /// # Panics
    /// When nothing comes in time.
    pub async fn frame(&mut self) -> Option<Message> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("in time");
            match next {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next packet; `None` when the connection closes.
    ///
    /// # Panics
    /// When a frame is no packet.
    pub async fn event(&mut self) -> Option<Event> {
        match self.frame().await? {
            Message::Text(text) => Some(decode(text.as_bytes()).expect("a packet")),
            Message::Close(_) => None,
            other => panic!("an unexpected frame: {other:?}"),
        }
    }

    /// The reply to the command with this id; what comes before it is dropped.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn reply(&mut self, id: &str) -> Reply {
        loop {
            match self.event().await.expect("still open") {
                Event::Reply(reply) if reply.id.as_ref().is_some_and(|own| own.as_str() == id) => {
                    return reply;
                }
                _ => {}
            }
        }
    }

    /// The next reply, whichever id it has.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn any_reply(&mut self) -> Reply {
        loop {
            if let Event::Reply(reply) = self.event().await.expect("still open") {
                return reply;
            }
        }
    }

    /// The close code that the server sends; what comes before it is dropped.
    ///
    /// # Panics
    /// When the connection ends without one.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Message::Close(Some(close))) => return close.code.into(),
                Some(Message::Text(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    }

    /// Sends a command with an `id` and gives the data of its success.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn ok(&mut self, json: &str) -> Value {
        let reply = self.ask(json).await;
        assert_eq!(reply.status, 200, "{json}: {reply:?}");
        reply.data.map_or(Value::Null, |data| serde_json::from_str(data.get()).expect("JSON"))
    }

    /// Sends a command with an `id` and gives its reply.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn ask(&mut self, json: &str) -> Reply {
        self.say(json).await;
        let command: Value = serde_json::from_str(json).expect("JSON");
        let packet = command.as_object().and_then(|object| object.values().next()).expect("a packet");
        self.reply(packet["id"].as_str().expect("an id")).await
    }
}

/// A `send` command of plain text; `id` is also the `client_msg_id`.
pub fn send(id: &str, room: &str, text: &str) -> String {
    let content = serde_json::json!({"type": "text/plain", "payload": {"text": text}});
    serde_json::json!({"send": {"id": id, "room": room, "client_msg_id": id, "content": content}}).to_string()
}
