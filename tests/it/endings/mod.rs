//! What an application sees when something goes wrong: each row of the table in `chat_client::guide`, against the real server.
//!
//! Events are compared as stories: each in a few words, in their order, none left out.

mod network;
mod room;
mod session;
mod stop;
mod store;
mod token;
mod version;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chat_client::protocol::event::UserChange;
use chat_client::protocol::{Access, ErrorCode, RoomId};
use chat_client::transport::ws::WsConnector;
use chat_client::transport::{BoxConnection, Connector, DialError, channel};
use chat_client::{Client, ClientBuilder, ClientEvent, Error, EventStream, NewRoom, Recovery, RoomHandle};
use chat_client::{SendState, TokenError};
use chat_tests::server::{Server, Start};
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use jsonwebtoken::{EncodingKey, Header};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

/// Longest time for anything that a test waits for: only reached when it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// With which the tokens of [`Scene::signed`] are signed.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Whom the server takes for its operator.
const OPERATOR: &str = "op-secret";

/// A real server and its data.
struct Scene {
    server: Server,
    data: TempDir,
}

impl Scene {
    /// A server where `dev-<user>` is a token, for ever.
    async fn new() -> Self {
        Self::with(&[("CHAT_OPERATOR__TOKEN", OPERATOR)]).await
    }

    /// A server whose tokens are signed, and end at the very second.
    async fn signed() -> Self {
        let auth = [("CHAT_AUTH__KIND", "jwt"), ("CHAT_AUTH__SECRET", SECRET), ("CHAT_AUTH__LEEWAY", "0s")];
        Self::with(&auth).await
    }

    async fn with(env: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Self { server: Server::start(data.path(), &Start { env, ..Start::default() }).await, data }
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder(self.server.url())
    }

    async fn client(&self, user: &str) -> Client {
        self.builder().token(format!("dev-{user}")).connect().await.unwrap()
    }

    /// A way to the server that can be shut.
    fn gate(&self) -> Gate {
        Gate { way: WsConnector::new(&self.server.url()).unwrap(), open: Arc::new(watch::Sender::new(true)) }
    }

    /// What the server has of a room, in its order, as somebody else reads it.
    async fn texts(&self, user: &str, id: &str) -> Vec<String> {
        let reader = self.client(user).await;
        let messages = reader.room(room(id)).messages().forward();
        let texts = messages.map(|entry| entry.unwrap().message.content.text().unwrap().into_owned());
        timeout(PATIENCE, texts.collect()).await.expect("the history ends")
    }
}

/// A token that is good for so many seconds, rounded down by less than one.
fn jwt(user: &str, seconds: u64) -> String {
    let claims = serde_json::json!({"sub": user, "exp": jsonwebtoken::get_current_timestamp() + seconds});
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// The way to a server, with a bar across it.
#[derive(Clone)]
struct Gate {
    way: WsConnector,
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// Cuts the connection, if there is one, and lets no other through.
    fn shut(&self) {
        self.open.send_replace(false);
    }

    fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Connector for Gate {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        let (way, mut open) = (self.way.clone(), self.open.subscribe());
        async move {
            if !*open.borrow() {
                return Err(DialError::Unreachable("no network".to_owned()));
            }
            let (sink, stream) = way.dial().await?.split();
            let shut = async move { drop(open.wait_for(|open| !open).await) };
            Ok(Box::pin(channel::join(stream.take_until(shut.boxed()), sink)) as BoxConnection)
        }
        .boxed()
    }
}

fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

/// Makes an open group.
async fn open(owner: &Client, id: &str) -> RoomHandle {
    owner.create(NewRoom::group().id(room(id)).access(Access::Open)).await.unwrap();
    owner.room(room(id))
}

fn unauthenticated(code: ErrorCode) -> Error {
    Error::Unauthenticated { code: code.into() }
}

fn ended(code: ErrorCode) -> Error {
    Error::Ended { code: code.into() }
}

fn unavailable() -> TokenError {
    TokenError::Unavailable("the provider is away".to_owned())
}

/// An event in a few words; `None`: a matter of course that has no order among the others.
fn words(event: &ClientEvent) -> Option<String> {
    Some(match event {
        // Counts and receipts go their own pace.
        ClientEvent::Unread(_) | ClientEvent::Reads(_) => return None,
        ClientEvent::Connected => "connected".to_owned(),
        ClientEvent::Disconnected { reason, .. } => format!("disconnected: {reason}"),
        ClientEvent::Resumed { room, recovery, .. } => {
            let log = room.as_ref().map_or("user", |room| room.as_str());
            let how = match recovery {
                Recovery::Recovered { missed } => format!("{missed} missed"),
                Recovery::Snapshot { .. } => "snapshot".to_owned(),
                Recovery::Trimmed { .. } => "trimmed".to_owned(),
                Recovery::Gone => "gone".to_owned(),
            };
            format!("resumed {log}: {how}")
        }
        ClientEvent::Message(message) => {
            format!("message {}: {}", message.room, message.content.text().unwrap_or_default())
        }
        ClientEvent::Outbox(update) => {
            let state = match &update.state {
                SendState::Queued => "queued".to_owned(),
                SendState::InFlight => "in flight".to_owned(),
                SendState::Acked(_) => "acked".to_owned(),
                SendState::Settled(data) => format!("settled as {}", data.seq),
                SendState::Wedged(error) => format!("wedged ({error})"),
                SendState::Cancelled => "cancelled".to_owned(),
                SendState::Expired => "expired".to_owned(),
            };
            format!("{} {state}", update.client_msg_id)
        }
        ClientEvent::StoreFailed(error) => format!("store failed: {error}"),
        ClientEvent::RoomLeft(room) => format!("left {room}"),
        ClientEvent::RoomJoined(room) => format!("joined {room}"),
        ClientEvent::User(changed) if matches!(changed.change, UserChange::SessionRevoked { .. }) => {
            "a session is revoked".to_owned()
        }
        ClientEvent::Draining => "draining".to_owned(),
        ClientEvent::Lagged { missed } => format!("lagged: {missed}"),
        ClientEvent::Closed { reason: None } => "closed".to_owned(),
        ClientEvent::Closed { reason: Some(error) } => format!("closed: {error}"),
        other => format!("{other:?}"),
    })
}

/// The events until one in these words, that one included.
async fn story(events: &mut EventStream, end: &str) -> Vec<String> {
    let mut told = Vec::new();
    let telling = async {
        while told.last().is_none_or(|last| last != end) {
            let event = events.next().await.unwrap_or_else(|| panic!("over without {end:?}"));
            told.extend(words(&event));
        }
    };
    if timeout(PATIENCE, telling).await.is_err() {
        panic!("not told in time: {end:?}, but {told:#?}");
    }
    told
}

/// The rest of the events of a client that has ended.
async fn rest(events: &mut EventStream) -> Vec<String> {
    let telling = async { events.filter_map(|event| std::future::ready(words(&event))).collect().await };
    timeout(PATIENCE, telling).await.expect("the events end")
}

/// The events that are there now: everything that led to what was waited for before has been told.
async fn so_far(events: &mut EventStream) -> Vec<String> {
    let mut told = Vec::new();
    // The runtime would have others have their turn after a hundred of them.
    while let Some(Some(event)) = tokio::task::unconstrained(events.next()).now_or_never() {
        told.extend(words(&event));
    }
    told
}

/// The table of the guide names tests; each of them is here, and each that is here is named.
#[test]
fn the_guide_names_the_tests_of_its_table() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("../chat-client/src/guide.rs")).unwrap();
    let (_, tables) = guide.split_once("# When something goes wrong").unwrap();
    let (tables, _) = tables.split_once("# Bounds").unwrap();
    let rows = tables.lines().filter(|line| line.starts_with("//! |"));
    let cells = rows.filter_map(|line| line.rsplit('|').nth(1));
    let named: BTreeSet<String> =
        cells.flat_map(|tests| tests.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let mut present = BTreeSet::new();
    for entry in std::fs::read_dir(root.join("it/endings")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut test = false;
        for line in text.lines() {
            let name = line.strip_prefix("async fn ").and_then(|rest| rest.split('(').next());
            present.extend(name.filter(|_| test).map(str::to_owned));
            test = line.starts_with("#[tokio::test");
        }
    }
    assert_eq!(present, named);
}
