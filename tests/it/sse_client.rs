//! The client over server-sent events, against the real server: what works over a socket works here too.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chat_client::protocol::{Access, ErrorCode, RoomId, UserId};
use chat_client::transport::{connector, sse::SseConnector};
use chat_client::{Client, ClientBuilder, ClientEvent, Error, EventStream, NewRoom, Recovery};
use chat_tests::server::{Server, Start};
use chat_tests::socket::Socket;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

async fn patient<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("waited too long")
}

fn over_events(address: SocketAddr) -> ClientBuilder {
    ClientBuilder::new(SseConnector::new(&format!("http://{address}/v1/events")).unwrap())
}

async fn connect(address: SocketAddr, user: &str) -> Client {
    patient(over_events(address).token(format!("dev-{user}")).connect()).await.unwrap()
}

async fn start() -> (Server, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    (Server::start(data.path(), &Start::default()).await, data)
}

fn lobby() -> RoomId {
    RoomId::new("lobby").unwrap()
}

async fn make_room(client: &Client) {
    client.create(NewRoom::group().id(lobby()).access(Access::Open)).await.unwrap();
}

/// The texts of the next messages.
async fn texts(events: &mut EventStream, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        if let Some(ClientEvent::Message(message)) = patient(events.next()).await {
            texts.push(message.content.text().unwrap_or_default().into_owned());
        }
    }
    texts
}

async fn until(events: &mut EventStream, wanted: impl Fn(&ClientEvent) -> bool) -> ClientEvent {
    loop {
        let event = patient(events.next()).await.expect("the client lives");
        if wanted(&event) {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_chat_one_over_events_and_one_over_a_socket() {
    const COUNT: usize = 100;
    let (server, _data) = start().await;
    // The scheme of the address chooses.
    let alice = connector(&format!("http://{}", server.address())).unwrap();
    let alice = patient(ClientBuilder::new(alice).token("dev-alice").connect()).await.unwrap();
    let bob = patient(Client::builder(server.url()).token("dev-bob").connect()).await.unwrap();
    assert_eq!(alice.user_id().map(UserId::as_str), Some("alice"));
    make_room(&alice).await;
    bob.join(lobby()).await.unwrap();
    let (mut to_alice, mut to_bob) = (alice.events(), bob.events());
    for from in [&alice, &bob] {
        let room = from.room(lobby());
        let said: Vec<String> =
            (0..COUNT).map(|n| format!("{n} from {}", from.user_id().expect("it was told"))).collect();
        // All at once: they gather while a request is under way, and keep their order.
        let sends = futures::future::join_all(said.iter().map(|text| room.send_text(text)));
        let sent: Vec<u64> = patient(sends).await.into_iter().map(|sent| sent.unwrap().seq.get()).collect();
        assert!(sent.is_sorted(), "{sent:?}");
        assert_eq!(texts(&mut to_alice, COUNT).await, said);
        assert_eq!(texts(&mut to_bob, COUNT).await, said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_behind_a_cut_follows_once_and_in_order() {
    let (server, _data) = start().await;
    let mut relay = Relay::start(server.address()).await;
    let alice = connect(relay.address, "alice").await;
    make_room(&alice).await;
    let bob = connect(server.address(), "bob").await;
    bob.join(lobby()).await.unwrap();
    let mut events = alice.events();
    bob.room(lobby()).send_text("before").await.unwrap();
    assert_eq!(texts(&mut events, 1).await, ["before"]);

    relay.cut();
    until(&mut events, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
    for n in 0..5 {
        bob.room(lobby()).send_text(n.to_string()).await.unwrap();
    }
    // Said without a connection, and sent with the next.
    let room = alice.room(lobby());
    let late = tokio::spawn(async move { room.send_text("late").await });
    relay.mend();
    assert_eq!(texts(&mut events, 5).await, ["0", "1", "2", "3", "4"]);
    let recovered = |event: &ClientEvent| {
        matches!(
            event,
            ClientEvent::Resumed { room: Some(_), recovery: Recovery::Recovered { missed: 5 }, .. }
        )
    };
    until(&mut events, recovered).await;
    assert_eq!(texts(&mut events, 1).await, ["late"]);
    assert_eq!(patient(late).await.unwrap().unwrap().seq.get(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_and_a_wrong_path_are_final() {
    let (server, _data) = start().await;
    for (bad, code) in [
        ("nobody", ErrorCode::InvalidToken),
        ("no\nheader", ErrorCode::InvalidToken),
        ("", ErrorCode::NotAuthenticated),
    ] {
        let refused = patient(over_events(server.address()).token(bad).connect()).await;
        assert_eq!(refused.map(drop), Err(Error::Unauthenticated { code: code.into() }), "{bad:?}");
    }
    let elsewhere = SseConnector::new(&format!("http://{}/elsewhere/events", server.address())).unwrap();
    let refused = patient(ClientBuilder::new(elsewhere).token("dev-a").connect()).await;
    assert!(matches!(refused, Err(Error::Ended { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_word_of_the_server_has_its_code() {
    let (server, _data) = start().await;
    let alice = connect(server.address(), "alice").await;
    let mut events = alice.events();
    // Another session of the user ends this one.
    let mut other = Socket::log_in(&server.url(), "alice").await;
    other.ok(r#"{"revoke":{"id":"r","others":true}}"#).await;
    let closed = until(&mut events, |event| matches!(event, ClientEvent::Closed { .. })).await;
    let revoked = Error::Unauthenticated { code: ErrorCode::SessionRevoked.into() };
    assert_eq!(closed, ClientEvent::Closed { reason: Some(revoked) });

    let bob = connect(server.address(), "bob").await;
    let mut events = bob.events();
    assert_eq!(server.terminate().await, Some(0));
    let lost = until(&mut events, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
    let ClientEvent::Disconnected { reason, .. } = lost else { unreachable!() };
    assert_eq!(reason, "closed by the server (ERR_SHUTTING_DOWN)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_replaced_without_a_new_stream() {
    let data = tempfile::tempdir().unwrap();
    // The next token is asked for 30 s before the end of the last: one second after it was taken.
    let recheck = (String::from("CHAT_TIMEOUTS__RECHECK"), OsString::from("31s"));
    let server = Server::start(data.path(), &Start { env: vec![recheck], ..Start::default() }).await;
    let given = Arc::new(AtomicU32::new(0));
    let (count, (told, mut asked)) = (given.clone(), tokio::sync::mpsc::channel(16));
    let builder = over_events(server.address()).token_source(move |refused| {
        assert_eq!(refused, None);
        let (told, n) = (told.clone(), count.fetch_add(1, Ordering::Relaxed));
        async move {
            let _ = told.send(n).await;
            Ok("dev-alice".to_owned())
        }
    });
    let alice = patient(builder.connect()).await.unwrap();
    let mut events = alice.events();
    make_room(&alice).await;
    // The third is only asked for when the second was taken.
    for n in 0..3 {
        assert_eq!(patient(asked.recv()).await, Some(n));
    }
    alice.room(lobby()).send_text("still here").await.unwrap();
    loop {
        match patient(events.next()).await {
            Some(ClientEvent::Message(message))
                if message.content.text().as_deref() == Some("still here") =>
            {
                break;
            }
            Some(ClientEvent::Disconnected { reason, .. }) => panic!("lost: {reason}"),
            other => assert!(other.is_some()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_is_gone_from_the_server() {
    let (server, _data) = start().await;
    let alice = connect(server.address(), "alice").await;
    let mut other = Socket::log_in(&server.url(), "alice").await;
    let count = |listed: serde_json::Value| {
        let sessions = listed["sessions"].as_array().unwrap();
        sessions.iter().filter(|session| session["connected"] == true).count()
    };
    assert_eq!(count(other.ok(r#"{"sessions":{"id":"1"}}"#).await), 2);
    patient(alice.close()).await;
    let gone = async {
        // Each look is a round trip, so this does not spin.
        while count(other.ok(r#"{"sessions":{"id":"2"}}"#).await) != 1 {
            tokio::task::yield_now().await;
        }
    };
    patient(gone).await;
}

/// A link to the server that can be cut.
struct Relay {
    address: SocketAddr,
    gate: tokio::sync::watch::Sender<bool>,
}

impl Relay {
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (gate, mut open) = tokio::sync::watch::channel(true);
        tokio::spawn(async move {
            let mut links = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (mut near, _) = accepted.unwrap();
                        if *open.borrow() {
                            links.spawn(async move {
                                let mut far = TcpStream::connect(server).await.unwrap();
                                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                            });
                        }
                    }
                    changed = open.changed() => match changed {
                        Ok(()) if !*open.borrow() => links.abort_all(),
                        Ok(()) => {}
                        Err(_) => return,
                    }
                }
            }
        });
        Self { address, gate }
    }

    /// Ends all links, and those that come.
    fn cut(&mut self) {
        self.gate.send_replace(false);
    }

    fn mend(&mut self) {
        self.gate.send_replace(true);
    }
}
