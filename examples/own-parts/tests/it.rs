//! The parts pass the suites, and people talk over all of them at once.

use std::net::SocketAddr;

use async_trait::async_trait;
use bytes::BytesMut;
use chat_protocol::{ErrorCode, Text};
use chat_server_core::ChatServer;
use chat_server_core::conformance::transport::{ClientEnd, Dial, Frames, Heard};
use chat_server_core::transport::ConnectionError;
use own_parts::{LineCodec, LineTransport};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Decoder, Framed};

mod store {
    chat_server_core::storage_conformance!(own_parts::AuditedStore::new(Vec::new()));
}

mod transport {
    chat_server_core::transport_conformance!(super::listen);
}

/// How the suite reaches a server through the transport.
struct Port(SocketAddr);

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

type Client = Frames<Framed<TcpStream, LineCodec>>;

impl Port {
    async fn connect(&self) -> Client {
        Frames(Framed::new(TcpStream::connect(self.0).await.unwrap(), LineCodec { max_frame: 1 << 20 }))
    }
}

#[test]
fn a_line_is_utf_8() {
    let line = LineCodec { max_frame: 9 }.decode(&mut BytesMut::from(&b"\xff\n"[..]));
    assert!(matches!(line, Err(ConnectionError::Peer(ErrorCode::InvalidUtf8))));
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
    let people = [("alice", "1234"), ("bob", "5678"), ("guest-7", "0000")];
    let server = own_parts::start(file.reopen().unwrap(), &people);
    let port = listen(server.clone()).await;
    let (mut alice, mut bob) = (port.connect().await, port.connect().await);
    let done = r#""status":200"#;
    say(&mut alice, r#"{"auth":{"id":"0","token":"alice:5678"}}"#, "ERR_INVALID_ACCESS_TOKEN").await;
    say(&mut alice, r#"{"auth":{"id":"1","token":"alice:1234"}}"#, done).await;
    say(&mut bob, r#"{"auth":{"id":"1","token":"bob:5678"}}"#, "resumed").await;
    say(&mut alice, r#"{"create":{"id":"2","kind":"group","room":"r","members":["bob"]}}"#, done).await;
    let content = r#"{"type":"text/plain","payload":{"text":"hello"}}"#;
    let hello = format!(r#"{{"send":{{"id":"3","room":"r","client_msg_id":"3","content":{content}}}}}"#);
    let echo = say(&mut alice, &hello, "hello").await;
    say(&mut bob, r#"{"ping":{}}"#, "hello").await;
    let mut guest = port.connect().await;
    say(&mut guest, r#"{"auth":{"id":"1","token":"guest-7:0000"}}"#, done).await;
    say(&mut guest, &hello, "guests only read").await;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    let log = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(log.lines().last(), Some(echo.as_str()), "the audit log has what was told, in order");
}
