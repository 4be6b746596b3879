//! Each floor in this process, behind a real socket.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::wire::reply;
use crate::{Floor, listen, serve};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(10);

/// The floor's thread lasts as long as the process.
fn start(floor: Floor) -> SocketAddr {
    // A runtime of its own must not start inside the test's.
    let listener = thread::spawn(listen).join().unwrap().unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(floor, listener).unwrap());
    address
}

struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// A connection that has joined `room`.
    async fn join(address: SocketAddr, room: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async("ws://localhost/any/path", stream).await.unwrap();
        let mut client = Self(socket);
        client.send(r#"{"auth":{"id":"auth","token":"t"}}"#).await;
        assert_eq!(client.next().await, reply::AUTH);
        client.send(r#"{"create":{"id":"create","room":"r"}}"#).await;
        assert_eq!(client.next().await, reply::CREATE);
        client.rejoin(room).await;
        client
    }

    async fn rejoin(&mut self, room: &str) {
        self.send(&format!(r#"{{"join":{{"id":"join","room":"{room}"}}}}"#)).await;
        assert_eq!(self.next().await, reply::JOIN);
    }

    async fn send(&mut self, text: &str) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    async fn next(&mut self) -> String {
        let message = timeout(DEADLINE, self.0.next()).await.expect("nothing came").unwrap().unwrap();
        message.into_text().unwrap().as_str().to_owned()
    }
}

/// A message reaches all of its room, and only them, unchanged and in order.
async fn check_broadcast(floor: Floor) {
    let address = start(floor);
    let mut ann = Client::join(address, "r1").await;
    let mut bob = Client::join(address, "r1").await;
    let mut eve = Client::join(address, "r2").await;
    let mut gone = Client::join(address, "r1").await;
    gone.rejoin("r2").await;
    Client::join(address, "r1").await.0.close(None).await.unwrap();
    // The longest needs the widest length, and several reads.
    for length in [1, 200, 100_000] {
        let text = format!(r#"{{"send":"{}"}}"#, "x".repeat(length));
        ann.send(&text).await;
        assert_eq!(ann.next().await, text);
        assert_eq!(bob.next().await, text);
    }
    // What the others get first is their own: nothing of the above.
    eve.send("of r2").await;
    assert_eq!(eve.next().await, "of r2");
    assert_eq!(gone.next().await, "of r2");
}

#[tokio::test]
async fn l0_broadcasts_to_the_room() {
    check_broadcast(Floor::L0).await;
}

#[tokio::test]
async fn l0s_broadcasts_to_the_room() {
    check_broadcast(Floor::L0s).await;
}

#[tokio::test]
async fn l1_broadcasts_to_the_room() {
    check_broadcast(Floor::L1).await;
}

#[tokio::test]
async fn l1_answers_a_ping_and_a_close() {
    let mut client = Client::join(start(Floor::L1), "r1").await.0;
    client.send(Message::Ping("hi".into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong("hi".into()));
    client.close(None).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(None));
    assert!(client.next().await.is_none());
}

/// The readers do not read until everything has been said: far more than their sockets hold.
async fn check_slow_reader(floor: Floor) {
    const MESSAGES: usize = 300;
    let address = start(floor);
    let mut ann = Client::join(address, "r1").await;
    let mut bob = Client::join(address, "r1").await;
    let text = "x".repeat(100_000);
    for _ in 0..MESSAGES {
        ann.send(&text).await;
        assert_eq!(ann.next().await, text);
    }
    for _ in 0..MESSAGES {
        assert_eq!(bob.next().await, text);
    }
}

#[tokio::test]
async fn l0s_keeps_what_a_slow_reader_has_not_read() {
    check_slow_reader(Floor::L0s).await;
}

#[tokio::test]
async fn l1_keeps_what_a_slow_reader_has_not_read() {
    check_slow_reader(Floor::L1).await;
}

const SEND: &str = r#"{"send":{"id":"7","room":"r1","client_msg_id":"01J",
    "content":{"type":"text/plain","payload":{"text":"hi"}}}}"#;

#[tokio::test]
async fn l2_acknowledges_and_delivers_what_is_stored() {
    let data = TempDir::new().unwrap();
    let address = start(Floor::L2 { data: data.path().to_owned() });
    let mut ann = Client::join(address, "r1").await;
    let mut bob = Client::join(address, "r1").await;
    let db = rusqlite::Connection::open(data.path().join("floor.sqlite")).unwrap();
    for seq in 1..=3 {
        ann.send(SEND).await;
        assert_eq!(
            ann.next().await,
            format!(r#"{{"reply":{{"id":"7","status":200,"data":{{"seq":{seq}}}}}}}"#)
        );
        let stored: String =
            db.query_row("SELECT body FROM messages WHERE seq = ?1", [seq], |row| row.get(0)).unwrap();
        assert_eq!(ann.next().await, stored);
        assert_eq!(bob.next().await, stored);
        let event: serde_json::Value = serde_json::from_str(&stored).unwrap();
        let message = &event["message"];
        assert_eq!((&message["room"], &message["seq"]), (&"r1".into(), &seq.into()));
        assert_eq!(message["content"]["payload"]["text"], "hi");
    }
    ann.send("nonsense").await;
    assert_eq!(ann.next().await, reply::MALFORMED);
}
