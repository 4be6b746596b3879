//! A WebSocket server on a free port that says exactly what a test tells it to.

use std::time::Duration;

use chat_client::protocol::{Command, RequestId, UserId, command, decode};
use chat_client::{Client, ClientBuilder, Error};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

pub(crate) const TS: &str = "2026-11-20T08:30:39.789Z";

/// Longest time for anything that a test waits for: only reached when it fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    listener: TcpListener,
}

/// The server's end of one connection.
pub(crate) struct Peer(WebSocketStream<TcpStream>);

impl Server {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/v1/ws", self.listener.local_addr().unwrap())
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder(self.url()).token("tok-me")
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        patient(self.listener.accept()).await.unwrap().0
    }

    /// The next connection, which speaks `subprotocol`.
    pub(crate) async fn accept_as(&self, subprotocol: &'static str) -> Peer {
        // The type of the callback's error is the library's.
        #[allow(clippy::result_large_err)]
        let agree = |_: &Request, mut response: Response| {
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(subprotocol));
            Ok(response)
        };
        Peer(patient(accept_hdr_async(self.tcp().await, agree)).await.unwrap())
    }

    pub(crate) async fn accept(&self) -> Peer {
        self.accept_as("chat.v1").await
    }

    /// A client and the server's end of its first connection, ready, with room `r` at offset 5.
    pub(crate) async fn pair(&self) -> (Client, Peer) {
        self.pair_with(self.builder()).await
    }

    pub(crate) async fn pair_with(&self, builder: ClientBuilder) -> (Client, Peer) {
        let serve = async {
            let mut peer = self.accept().await;
            peer.welcome().await;
            peer
        };
        let (client, peer) = tokio::join!(builder.connect(), serve);
        (client.unwrap(), peer)
    }

    /// The next connection, up to the end of its resume.
    pub(crate) async fn resumed(&self) -> Peer {
        let mut peer = self.accept().await;
        let auth = peer.auth().await;
        assert!(!auth.follow);
        peer.accept_auth(&auth.id).await;
        let Command::Resume(resume) = peer.hear().await else { panic!("not a resume") };
        for (room, offset) in &resume.rooms {
            let resumed = json!({"room": room, "outcome": "recovered", "epoch": "e", "offset": offset});
            peer.say(json!({ "resumed": resumed })).await;
        }
        let user = json!({"outcome": "recovered", "epoch": "e", "user_offset": resume.user_offset});
        peer.say(json!({ "resumed": user })).await;
        peer.done(&resume.id, json!(null)).await;
        peer
    }
}

impl Peer {
    /// The next command; `None` when the client closed the connection.
    pub(crate) async fn next(&mut self) -> Option<Command> {
        loop {
            match patient(self.0.next()).await? {
                Ok(Message::Text(text)) => return Some(decode(text.as_bytes()).unwrap()),
                Ok(Message::Close(close)) => {
                    assert_eq!(close.map(|close| u16::from(close.code)), Some(1000));
                    return None;
                }
                Ok(_) => {}
                Err(error) => panic!("instead of a command: {error}"),
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Command {
        self.next().await.expect("the client closed")
    }

    pub(crate) async fn send(&mut self) -> command::SendMessage {
        match self.hear().await {
            Command::Send(send) => send,
            other => panic!("not a send: {other:?}"),
        }
    }

    pub(crate) async fn auth(&mut self) -> command::Auth {
        match self.hear().await {
            Command::Auth(auth) => auth,
            other => panic!("not an auth: {other:?}"),
        }
    }

    pub(crate) async fn say(&mut self, packet: Value) {
        self.0.send(Message::Text(packet.to_string().into())).await.unwrap();
    }

    pub(crate) async fn done(&mut self, id: &RequestId, data: Value) {
        self.say(json!({"reply": {"id": id, "status": 200, "data": data, "ts": TS}})).await;
    }

    pub(crate) async fn ack(&mut self, send: &command::SendMessage, seq: u64) {
        self.done(&send.id, json!({"seq": seq, "offset": seq, "duplicate": false, "ts": TS})).await;
    }

    pub(crate) async fn message(&mut self, offset: u64) {
        self.message_of("you", offset).await;
    }

    /// A message of this user; the client's own changes nothing else.
    pub(crate) async fn message_of(&mut self, from: &str, offset: u64) {
        let content = json!({"type": "text/plain", "payload": {"text": format!("no {offset}")}});
        self.say(json!({"message": {"room": "r", "offset": offset, "seq": offset, "from": from,
            "content": content, "ts": TS}}))
            .await;
    }

    pub(crate) async fn accept_auth(&mut self, id: &RequestId) {
        self.accept_auth_until(id, "2027-11-20T08:30:39.789Z").await;
    }

    /// Accepts a token that lives until then.
    pub(crate) async fn accept_auth_until(&mut self, id: &RequestId, expires_at: &str) {
        let limits = json!({"max_frame": 65536, "max_content": 16384, "max_history_page": 100,
            "max_rooms_followed": 1000, "max_in_flight": 64, "typing_ttl_ms": 6000});
        self.done(
            id,
            json!({"user_id": UserId::new("me").unwrap(), "session_id": "s", "epoch": "e",
                "user_offset": 1, "limits": limits, "expires_at": expires_at}),
        )
        .await;
    }

    /// Accepts a first connection: one room, at offset 5.
    pub(crate) async fn welcome(&mut self) {
        let auth = self.auth().await;
        assert_eq!((auth.token.as_deref(), auth.follow), (Some("tok-me"), true));
        self.accept_auth(&auth.id).await;
        let state = json!({"room": "r", "kind": "group", "access": "open", "role": "member", "seq": 5, "offset": 5,
            "oldest_seq": 1, "members": 2, "read": 5, "unread": 0, "ts": TS});
        let resumed = json!({"room": "r", "outcome": "snapshot", "epoch": "e", "offset": 5, "state": state});
        self.say(json!({ "resumed": resumed })).await;
        self.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e", "user_offset": 1}})).await;
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.0.close(Some(frame)).await.unwrap();
        // The client answers the close before it goes.
        let answer = patient(self.0.next()).await;
        assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
    }
}

/// `future`, unless it takes so long that the test has failed.
pub(crate) async fn patient<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("waited too long")
}

/// The error of a connect, and what was done meanwhile.
pub(crate) async fn failure<T>(builder: ClientBuilder, meanwhile: impl Future<Output = T>) -> Error {
    let (outcome, _) = tokio::join!(patient(builder.connect()), meanwhile);
    outcome.map(|_| ()).unwrap_err()
}
