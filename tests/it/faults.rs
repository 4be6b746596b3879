//! What a machine and a network do to a real server: each test is named after its number in `docs/faults.md`.

use std::ffi::OsString;
use std::time::Duration;

use chat_protocol::Event;
use chat_tests::server::{Server, Start};
use chat_tests::socket::{Socket, send};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(30);

fn with(settings: &[(&str, &str)]) -> Start {
    let env = settings.iter().map(|(name, value)| (format!("CHAT_{name}"), OsString::from(value)));
    Start { env: env.collect(), ..Start::default() }
}

/// A room `r` in which everybody may be, and its owner.
async fn room(server: &Server) -> Socket {
    let mut owner = Socket::log_in(&server.url(), "owner").await;
    owner.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    owner
}

async fn member(server: &Server, user: &str) -> Socket {
    let mut socket = Socket::log_in(&server.url(), user).await;
    socket.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    socket
}

/// A WebSocket over a TCP socket of one's own.
async fn over(server: &Server, socket: TcpSocket) -> WebSocketStream<TcpStream> {
    let stream = socket.connect(server.address()).await.unwrap();
    client_async(server.url().into_client_request().unwrap(), stream).await.unwrap().0
}

/// Every timer is due at once when the process goes on; who answered all the time is not taken for dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_server_that_stood_still_for_two_seconds_closes_nobody() {
    let data = tempfile::tempdir().unwrap();
    let times = with(&[("TIMEOUTS__PING_INTERVAL", "300ms"), ("TIMEOUTS__PONG", "500ms")]);
    let server = Server::start(data.path(), &times).await;
    room(&server).await;
    let mut listening = Vec::new();
    for n in 0..20 {
        let mut socket = member(&server, &format!("u{n}")).await;
        listening.push(tokio::spawn(async move {
            loop {
                match socket.event().await {
                    Some(Event::Message(message)) if message.text_is("last") => return true,
                    Some(_) => {}
                    None => return false,
                }
            }
        }));
    }
    for _ in 0..3 {
        server.tell("kill", &["-STOP"]).await;
        sleep(Duration::from_secs(2)).await;
        server.tell("kill", &["-CONT"]).await;
        sleep(Duration::from_millis(700)).await;
    }
    member(&server, "late").await.ok(&send("last", "r", "last")).await;
    let mut kept = 0;
    for one in listening {
        kept += usize::from(one.await.unwrap());
    }
    assert_eq!(kept, 20);
}

/// Whether a message is this text.
trait TextIs {
    fn text_is(&self, text: &str) -> bool;
}

impl TextIs for chat_protocol::Message {
    fn text_is(&self, text: &str) -> bool {
        self.content.text().as_deref() == Some(text)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f10_without_descriptors_those_who_are_there_are_served_and_others_when_some_are_free_again() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let mut owner = room(&server).await;
    server.tell("prlimit", &["--nofile=64:64", "--pid"]).await;
    let mut flood = Vec::new();
    for _ in 0..200 {
        // Beyond the limit they wait in the system's queue.
        flood.push(TcpStream::connect(server.address()).await.unwrap());
    }
    for n in 0..20 {
        owner.ok(&send(&format!("m{n}"), "r", "still served")).await;
    }
    drop(flood);
    let again = timeout(PATIENCE, async {
        let mut late = member(&server, "late").await;
        late.ok(&send("late", "r", "here")).await
    });
    assert_eq!(again.await.expect("there are descriptors again")["seq"], 21);
}

/// What a sender does that never hears of its message: it goes on another connection, says it again, and so on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f13_f14_f15_f16_a_message_is_stored_once_however_often_its_connection_is_lost() {
    const ROUNDS: usize = 1_000;
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &with(&[("LIMITS__MAX_SESSIONS", "2000")])).await;
    let mut owner = room(&server).await;
    let mut kept = Vec::new();
    for n in 0..ROUNDS {
        let (id, text) = (format!("m{n}"), format!("text {n}"));
        let mut first = Socket::log_in(&server.url(), "owner").await;
        first.say(&send(&id, "r", &text)).await;
        match n % 4 {
            // Gone before the answer is read.
            0 | 1 => drop(first),
            // F13: the old connection is still read while another says it again.
            2 => kept.push(first),
            // F14: two say it at once; both are told the same.
            _ => {
                let mut second = Socket::log_in(&server.url(), "owner").await;
                second.say(&send(&id, "r", &text)).await;
                let (one, two) = (first.reply(&id).await, second.reply(&id).await);
                let seq = |reply: chat_protocol::Reply| {
                    let data: chat_protocol::reply::SendData = reply.parse().unwrap();
                    (data.seq, data.duplicate)
                };
                let (one, two) = (seq(one), seq(two));
                assert_eq!(one.0, two.0, "{id}");
                assert_ne!(one.1, two.1, "{id}: one of them is the repeat");
            }
        }
        let again = owner.ok(&send(&id, "r", &text)).await;
        assert_eq!(again["seq"], n + 1, "{id} is stored, and once");
        if kept.len() > 50 {
            kept.clear();
        }
    }
    // F15
    let other = owner.ask(&send("m7", "r", "another text")).await;
    assert_eq!(other.error().unwrap().code.text(), "ERR_CLIENT_ID_CONFLICT");
    assert_eq!(owner.ok(&send("last", "r", "end")).await["seq"], ROUNDS + 1);
}

/// It takes a little now and then: each write of the server would go on for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f23_a_reader_that_trickles_is_cut_and_nobody_waits_for_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &with(&[("TIMEOUTS__WRITE", "1s")])).await;
    let mut owner = room(&server).await;
    let mut reader = member(&server, "reader").await;
    member(&server, "trickle").await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut trickle = over(&server, socket).await;
    {
        use futures::SinkExt;
        trickle.send(r#"{"auth":{"id":"a","token":"dev-trickle"}}"#.into()).await.unwrap();
    }
    let cut = tokio::spawn(async move {
        let (stream, started) = (trickle.get_mut(), Instant::now());
        let mut some = [0; 256];
        loop {
            match stream.read(&mut some).await {
                Ok(0) | Err(_) => return started.elapsed(),
                Ok(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    });
    let text = "x".repeat(15_000);
    for n in 0..1_500 {
        let started = Instant::now();
        owner.ok(&send(&format!("m{n}"), "r", &text)).await;
        while !matches!(reader.event().await.expect("it reads"), Event::Message(_)) {}
        assert!(started.elapsed() < Duration::from_secs(5), "message {n} waited for {:?}", started.elapsed());
    }
    // What the system had taken already comes to it as slowly as it likes; the server has let go.
    let gone = timeout(PATIENCE, async {
        while owner_sees_online(&server, &mut owner).await > 2 {
            sleep(Duration::from_millis(50)).await;
        }
    });
    gone.await.expect("it is cut");
    cut.abort();
}

/// How many connections the server has.
async fn owner_sees_online(server: &Server, _: &mut Socket) -> u64 {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let line = answer.lines().find_map(|line| line.strip_prefix("chat_connections "));
    line.and_then(|count| count.trim().parse::<f64>().ok()).expect("a number") as u64
}

/// Each question is small and its answer is not: who does not read them is asked no further, not remembered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f24_who_asks_and_does_not_read_costs_its_queue_and_is_told_all_when_it_does() {
    const QUESTIONS: usize = 2_000;
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &with(&[("TIMEOUTS__WRITE", "120s")])).await;
    let mut owner = room(&server).await;
    let text = "x".repeat(1_000);
    for n in 0..100 {
        owner.ok(&send(&format!("m{n}"), "r", &text)).await;
    }
    let before = server.memory();
    let mut asker = member(&server, "asker").await;
    let asking = tokio::spawn(async move {
        for n in 0..QUESTIONS {
            let sent = timeout(Duration::from_secs(2), async {
                asker.say(&format!(r#"{{"history":{{"id":"h{n}","room":"r"}}}}"#)).await;
            });
            if sent.await.is_err() {
                return (asker, n);
            }
        }
        (asker, QUESTIONS)
    });
    let (mut asker, asked) = asking.await.unwrap();
    owner.ok(&send("meanwhile", "r", "served")).await;
    let growth = server.memory().saturating_sub(before);
    assert!(growth < 24 * 1024 * 1024, "{growth} bytes for {asked} questions of one who does not read");
    let mut answered = std::collections::BTreeSet::new();
    while answered.len() < asked {
        let reply = asker.any_reply().await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(answered.insert(reply.id), "no question is answered twice");
    }
}
