//! A client by hand over the in-memory transport.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Event, Frame, Reply, Text, Timestamp, decode};
use chat_server_core::clock::Clock;
use chat_server_core::transport::{Connection, PeerInfo, memory};
use chat_server_core::{ChatServer, Providers, ServerConfig};
use futures::{SinkExt, StreamExt};
use serde_json::Value;

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Peer {
    connection: memory::MemoryConnection,
}

/// A server of in-memory parts with short waits.
pub(crate) fn server() -> ChatServer {
    server_of(Providers::default())
}

pub(crate) fn server_of(providers: Providers) -> ChatServer {
    ChatServer::start(providers, quick())
}

pub(crate) fn quick() -> ServerConfig {
    ServerConfig {
        pointer_delay: Duration::from_millis(1),
        presence_grace: Duration::from_millis(1),
        repair_interval: Duration::from_millis(20),
        ..ServerConfig::default()
    }
}

impl Peer {
    /// A connection that said nothing yet.
    pub(crate) fn connect(server: &ChatServer) -> Self {
        Self::connect_with(server, 1_024)
    }

    pub(crate) fn connect_with(server: &ChatServer, capacity: usize) -> Self {
        let (ours, theirs) = memory::pair(capacity);
        tokio::spawn(server.serve_connection(theirs, PeerInfo::default()));
        Self { connection: ours }
    }

    /// A connection whose server side is wrapped.
    pub(crate) fn connect_over<C: Connection + 'static>(
        server: &ChatServer,
        wrap: impl FnOnce(memory::MemoryConnection) -> C,
    ) -> Self {
        let (ours, theirs) = memory::pair(1_024);
        tokio::spawn(server.serve_connection(wrap(theirs), PeerInfo::default()));
        Self { connection: ours }
    }

    /// A connection of `user` that has heard of all its rooms.
    pub(crate) async fn log_in(server: &ChatServer, user: &str) -> Self {
        let mut peer = Self::connect(server);
        peer.say(&format!(r#"{{"auth":{{"id":"auth","token":"dev-{user}"}}}}"#)).await;
        peer.until(|event| matches!(event, Event::Resumed(resumed) if resumed.room.is_none())).await;
        peer
    }

    pub(crate) async fn say(&mut self, json: &str) {
        let frame = Frame::Text(Text::from(json.to_owned()));
        tokio::time::timeout(PATIENCE, self.connection.send(frame)).await.expect("in time").expect("open");
    }

    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        let frame = tokio::time::timeout(PATIENCE, self.connection.next()).await.expect("in time");
        frame.map(|frame| frame.expect("no error"))
    }

    /// The next packet.
    pub(crate) async fn event(&mut self) -> Event {
        match self.frame().await {
            Some(Frame::Text(text)) => decode(text.as_bytes()).expect("a packet"),
            other => panic!("no packet but {other:?}"),
        }
    }

    /// All packets up to the first that fits, that one included.
    pub(crate) async fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.event().await;
            let found = fits(&event);
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// Says a command and waits for its reply; what came before it is dropped.
    pub(crate) async fn ask(&mut self, json: &str) -> Reply {
        self.say(json).await;
        let command: Value = serde_json::from_str(json).unwrap();
        let id = command.as_object().unwrap().values().next().unwrap()["id"].as_str().unwrap().to_owned();
        self.reply(&id).await
    }

    pub(crate) async fn reply(&mut self, id: &str) -> Reply {
        let is_it = |event: &Event| matches!(event, Event::Reply(reply) if reply.id.as_ref().is_some_and(|own| own.as_str() == id));
        match self.until(is_it).await.pop() {
            Some(Event::Reply(reply)) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// The status of each of the next so many replies, by its id, whatever their order.
    pub(crate) async fn statuses(&mut self, count: usize) -> BTreeMap<String, u16> {
        let mut statuses = BTreeMap::new();
        while statuses.len() < count {
            if let Event::Reply(reply) = self.event().await {
                statuses.insert(reply.id.expect("an id").as_str().to_owned(), reply.status);
            }
        }
        statuses
    }

    /// The data of a success.
    pub(crate) async fn ok(&mut self, json: &str) -> Value {
        let reply = self.ask(json).await;
        assert_eq!(reply.status, 200, "{json}: {reply:?}");
        reply.data.map_or(Value::Null, |data| serde_json::from_str(data.get()).unwrap())
    }

    /// The error code of a refusal.
    pub(crate) async fn refused(&mut self, json: &str) -> String {
        let reply = self.ask(json).await;
        reply.error().unwrap_or_else(|| panic!("{json}: {reply:?}")).code.text().to_owned()
    }

    /// The next message of any room.
    pub(crate) async fn message(&mut self) -> chat_protocol::Message {
        match self.until(|event| matches!(event, Event::Message(_))).await.pop() {
            Some(Event::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn send(id: &str, room: &str, text: &str) -> String {
    format!(
        r#"{{"send":{{"id":"{id}","room":"{room}","client_msg_id":"{id}","content":{{"type":"text/plain","payload":{{"text":"{text}"}}}}}}}}"#
    )
}

/// Parts that several servers can share: two nodes of one system.
pub(crate) fn shared() -> Providers {
    Providers {
        storage: Arc::new(chat_server_core::storage::memory::MemoryStore::default()),
        ..Providers::default()
    }
}

/// A wall clock that goes with tokio's, which a test may pause.
pub(crate) struct TestClock {
    started: tokio::time::Instant,
}

impl TestClock {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self { started: tokio::time::Instant::now() })
    }

    /// The time so many milliseconds from now, as it is written.
    pub(crate) fn later(&self, millis: i64) -> Timestamp {
        Timestamp::from_micros(self.now().as_micros() + millis * 1_000)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let since = self.started.elapsed().as_millis();
        Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(since).unwrap() * 1_000)
    }

    fn random(&self) -> u128 {
        rand::random()
    }
}
