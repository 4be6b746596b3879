//! The parts pass the suites, and people talk over all of them at once.

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Frame, Text, UserId};
use chat_server_core::conformance::transport::{ClientEnd, Dial, Heard, Sent, Wrong};
use chat_server_core::{ChatServer, Providers, ServerConfig};
use futures::{SinkExt, StreamExt};
use own_parts::{AuditedStore, GuestsRead, LineCodec, LineTransport, PinAuth};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Framed;

mod store {
    chat_server_core::storage_conformance!(own_parts::AuditedStore::new(Vec::new()));
}

mod transport {
    chat_server_core::transport_conformance!(super::listen);
}

struct Port(std::net::SocketAddr);

async fn listen(server: ChatServer) -> Port {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let transport = LineTransport { listener, max_frame: server.config().max_frame };
    tokio::spawn(async move { server.serve_transport(transport).await });
    Port(address)
}

#[async_trait]
impl Dial for Port {
    async fn dial(&self, _: &str) -> Box<dyn ClientEnd> {
        Box::new(self.connect().await)
    }
}

impl Port {
    async fn connect(&self) -> Client {
        Client(Framed::new(TcpStream::connect(self.0).await.unwrap(), LineCodec { max_frame: 1 << 20 }))
    }
}

struct Client(Framed<TcpStream, LineCodec>);

#[async_trait]
impl ClientEnd for Client {
    async fn send(&mut self, text: Text) {
        let _ = self.0.send(Frame::Text(text)).await;
    }
    async fn receive(&mut self) -> Option<Heard> {
        loop {
            match self.0.next().await?.ok()? {
                Frame::Text(text) => return Some(Heard::Text(text)),
                Frame::Close(close) => return Some(Heard::Close(close)),
                Frame::Ping => self.0.send(Frame::Pong).await.ok()?,
                _ => {}
            }
        }
    }
    async fn send_wrong(&mut self, wrong: Wrong) -> Sent {
        let bytes = match wrong {
            Wrong::Binary => return Sent::Impossible,
            Wrong::InvalidUtf8 => b"{\"ping\":{\"id\":\"\xff\"}}\n".to_vec(),
            Wrong::TooLarge => [vec![b' '; 64 * 1024 + 1], b"\n".to_vec()].concat(),
        };
        self.0.get_mut().write_all(&bytes).await.unwrap();
        Sent::Whole
    }
}

/// Says a line, reads until one that contains `expected`.
async fn say(client: &mut Client, line: &str, expected: &str) -> String {
    client.send(Text::from(line.to_owned())).await;
    loop {
        let Some(Heard::Text(text)) = client.receive().await else { panic!("the connection ended") };
        if text.as_str().contains(expected) {
            return text.as_str().to_owned();
        }
    }
}

#[tokio::test]
async fn people_talk_over_parts_of_ones_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let pins = ["alice", "bob", "guest-7"].map(|user| (UserId::new(user).unwrap(), format!("{user}-pin")));
    let providers = Providers {
        storage: Arc::new(AuditedStore::new(file.reopen().unwrap())),
        auth: Arc::new(PinAuth(pins.into())),
        policy: Arc::new(GuestsRead),
        ..Providers::default()
    };
    let server = ChatServer::start(providers, ServerConfig::default());
    let port = listen(server.clone()).await;
    let (mut alice, mut bob) = (port.connect().await, port.connect().await);
    let done = r#""status":200"#;
    say(&mut alice, r#"{"auth":{"id":"0","token":"alice:bob-pin"}}"#, "ERR_INVALID_ACCESS_TOKEN").await;
    say(&mut alice, r#"{"auth":{"id":"1","token":"alice:alice-pin"}}"#, done).await;
    say(&mut bob, r#"{"auth":{"id":"1","token":"bob:bob-pin"}}"#, "resumed").await;
    say(&mut alice, r#"{"create":{"id":"2","kind":"group","room":"r","members":["bob"]}}"#, done).await;
    let content = r#"{"type":"text/plain","payload":{"text":"hello"}}"#;
    let hello = format!(r#"{{"send":{{"id":"3","room":"r","client_msg_id":"3","content":{content}}}}}"#);
    let echo = say(&mut alice, &hello, "hello").await;
    say(&mut bob, r#"{"ping":{}}"#, "hello").await;
    let mut guest = port.connect().await;
    say(&mut guest, r#"{"auth":{"id":"1","token":"guest-7:guest-7-pin"}}"#, done).await;
    say(&mut guest, &hello, "guests only read").await;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    let log = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(log.lines().last(), Some(echo.as_str()), "the audit log has what was told, in order");
}
