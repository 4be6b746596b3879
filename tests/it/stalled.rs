//! A reader that stops reading in a busy room, over real sockets: what it costs the server, what it is told, what the
//! others notice of it, and what it has after it came back.

use std::ffi::OsString;
use std::time::Duration;

use chat_protocol::event::Outcome;
use chat_protocol::{Event, decode};
use chat_tests::server::{Server, Start};
use chat_tests::socket::{Socket, send};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Those who write, each in steps: together 2,000 messages a second, where the machine carries that.
const WRITERS: usize = 4;
const STEP: Duration = Duration::from_millis(10);
const EACH_STEP: usize = 5;

/// How many of a writer's messages are under way at most: fewer than a connection may have unanswered.
const WINDOW: usize = 40;

/// Those who read as they should.
const READERS: usize = 3;

/// Bytes of a message's text.
const TEXT: usize = 4_000;

/// How many messages are sent before anything is measured: the store's cache of 16 MiB is full then, and a server that
/// only warms up no longer grows.
const WARM: usize = 6_000;

/// How often it is talked without and with a stalled reader, by turns, and how many messages each time: about as many
/// as one does not read until it is cut off.
const ROUNDS: usize = 7;
const ROUND: usize = 1_200;

/// How many messages are sent beside the stalled reader that comes back.
const BESIDE: usize = 14_000;

/// What a stalled reader may cost above what the server needed without: its queue of 1 MiB, and what the server needs
/// more after 14,000 further messages, or for a moment while it moves its log into the database. Far less than what is
/// sent meanwhile.
const MAX_GROWTH: u64 = 12 * 1024 * 1024;

/// One writer of the room sends so many messages at its pace.
async fn write(url: String, number: usize, start: Instant, round: String, count: usize) {
    let mut socket = Socket::log_in(&url, &format!("writer{number}")).await;
    let (mut next, mut answered, padding) = (Instant::now(), 0, "x".repeat(TEXT));
    for n in 0..count {
        let text = format!("{} {padding}", start.elapsed().as_micros());
        socket.say(&send(&format!("{round}-{number}-{n}"), "r", &text)).await;
        while n + 1 - answered > if n + 1 == count { 0 } else { WINDOW } {
            assert_eq!(socket.any_reply().await.status, 200);
            answered += 1;
        }
        if n % EACH_STEP == 0 {
            next += STEP;
            tokio::time::sleep_until(next).await;
        }
    }
}

/// How long so many messages took to come to one reader, in microseconds.
async fn read(mut socket: Socket, start: Instant, count: usize) -> (Socket, Vec<u64>) {
    let mut took = Vec::with_capacity(count);
    while took.len() < count {
        let Some(Message::Text(text)) = socket.frame().await else { panic!("a reader was cut off") };
        let stamp = text.split_once(r#""text":""#).and_then(|(_, rest)| rest.split_once(' '));
        if let Some(sent) = stamp.and_then(|(stamp, _)| stamp.parse::<u64>().ok()) {
            took.push((start.elapsed().as_micros() as u64).saturating_sub(sent));
        }
    }
    (socket, took)
}

/// One stretch of talking.
struct Talk {
    /// The p99 of the readers, in milliseconds.
    p99: f64,
    /// Messages a second.
    rate: f64,
    /// The server's greatest memory meanwhile, in bytes.
    memory: u64,
    /// Those who read, for the next stretch.
    readers: Vec<Socket>,
}

/// So many messages are sent by all writers and read by all readers.
async fn talk(server: &Server, readers: Vec<Socket>, round: &str, count: usize) -> Talk {
    let (url, start) = (server.url(), Instant::now());
    let reading: Vec<_> =
        readers.into_iter().map(|socket| tokio::spawn(read(socket, start, count))).collect();
    let one = |number| write(url.clone(), number, start, round.to_owned(), count / WRITERS);
    let writing: Vec<_> = (0..WRITERS).map(|number| tokio::spawn(one(number))).collect();
    let mut memory = server.memory();
    while !writing.iter().all(JoinHandle::is_finished) {
        memory = memory.max(server.memory());
        tokio::time::sleep(STEP).await;
    }
    for writer in writing {
        writer.await.unwrap();
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let (mut readers, mut all) = (Vec::new(), Vec::new());
    for reader in reading {
        let (socket, took) = reader.await.unwrap();
        readers.push(socket);
        all.extend(took);
    }
    all.sort_unstable();
    Talk { p99: all[all.len() * 99 / 100] as f64 / 1_000.0, rate, memory, readers }
}

/// How many slow readers the server has cut off.
async fn cut_off(server: &Server) -> u64 {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let count = answer.lines().find_map(|line| line.strip_prefix("chat_slow_readers_total "));
    count.map_or(0, |count| count.trim().parse().expect("a number"))
}

async fn member(url: &str, user: &str) -> Socket {
    let mut socket = Socket::log_in(url, user).await;
    socket.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    socket
}

/// What the stalled one still gets when it reads again: positions of messages, and the close code.
async fn drain(mut socket: Socket, heard: &mut Vec<u64>) -> Option<u16> {
    loop {
        match socket.frame().await? {
            Message::Close(close) => return close.map(|close| close.code.into()),
            Message::Text(text) => {
                if let Event::Message(message) = decode(text.as_bytes()).unwrap() {
                    heard.push(message.seq.get());
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Goes on where it was, as a client would: what a snapshot does not tell is read from history.
async fn come_back(url: &str, epoch: &str, offset: u64, heard: &mut Vec<u64>) {
    let mut socket = Socket::log_in(url, "stalled").await;
    let rooms = serde_json::json!({"r": offset});
    let resume = serde_json::json!({"resume": {"id": "x", "epoch": epoch, "user_offset": 0, "rooms": rooms}});
    socket.say(&resume.to_string()).await;
    let head = loop {
        match socket.event().await.expect("still open") {
            Event::Message(message) => heard.push(message.seq.get()),
            Event::Resumed(word) if word.room.is_some() => {
                assert!(word.outcome == Outcome::Recovered || word.outcome == Outcome::Snapshot);
                break word.state.map(|state| state.seq.get());
            }
            _ => {}
        }
    };
    while head.is_some_and(|head| heard.last().copied().unwrap_or(0) < head) {
        let after = heard.last().copied().unwrap_or(0);
        let page =
            socket.ok(&format!(r#"{{"history":{{"id":"h","room":"r","after":{after},"limit":100}}}}"#)).await;
        heard.extend(
            page["messages"].as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap()),
        );
    }
}

/// One that stops reading right after it joined: its socket, the epoch, and where the room stood.
async fn stall(url: &str, user: &str) -> (Socket, String, u64, u64) {
    let mut socket = Socket::open(url).await;
    let auth = socket.ok(&format!(r#"{{"auth":{{"id":"a","token":"dev-{user}","follow":false}}}}"#)).await;
    let room = socket.ok(r#"{"join":{"id":"j","room":"r"}}"#).await["room"].take();
    let epoch = auth["epoch"].as_str().unwrap().to_owned();
    (socket, epoch, room["offset"].as_u64().unwrap(), room["seq"].as_u64().unwrap())
}

/// The room's people: those who read it; those who write come by themselves.
async fn room(url: &str) -> Vec<Socket> {
    let mut owner = Socket::log_in(url, "owner").await;
    owner.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    owner.ok(r#"{"unfollow":{"id":"u","room":"r"}}"#).await;
    for number in 0..WRITERS {
        member(url, &format!("writer{number}")).await;
    }
    let mut readers = Vec::new();
    for number in 0..READERS {
        readers.push(member(url, &format!("reader{number}")).await);
    }
    readers
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_in_a_busy_room_costs_its_queue_and_misses_nothing() {
    let data = tempfile::tempdir().unwrap();
    // The disk is not what is looked at.
    let synchronous = (String::from("CHAT_STORAGE__SYNCHRONOUS"), OsString::from("off"));
    let server = Server::start(data.path(), &Start { env: vec![synchronous], ..Start::default() }).await;
    let url = server.url();
    let mut readers = talk(&server, room(&url).await, "warm", WARM).await.readers;

    let (mut alone, mut beside, mut before, mut greatest) = (Vec::new(), Vec::new(), 0, 0);
    for round in 0..ROUNDS {
        let without = talk(&server, readers, &format!("alone{round}"), ROUND).await;
        let (socket, ..) = stall(&url, &format!("stalled{round}")).await;
        let with = talk(&server, without.readers, &format!("beside{round}"), ROUND).await;
        assert_eq!(cut_off(&server).await, 0, "it is there until the round is over");
        alone.push(without.p99);
        beside.push(with.p99);
        (before, greatest) = (without.memory.max(before), with.memory.max(greatest));
        readers = with.readers;
        drop(socket);
    }

    let (stalled, epoch, offset, first) = stall(&url, "stalled").await;
    let last = talk(&server, readers, "last", BESIDE).await;
    assert_eq!(cut_off(&server).await, 1, "it is cut off while the others talk");
    let mut heard = Vec::new();
    let code = drain(stalled, &mut heard).await;
    let grown = greatest.max(last.memory).saturating_sub(before);
    println!(
        "p99 {alone:?} ms without and {beside:?} ms with a stalled reader, medians {} and {}; then {:.0} messages/s, \
         {} bytes, memory grew by {grown} from {before}; closed with {code:?} after {} messages",
        median(&alone),
        median(&beside),
        last.rate,
        BESIDE * TEXT,
        heard.len(),
    );
    assert!(grown < MAX_GROWTH && (BESIDE * TEXT) as u64 > 4 * MAX_GROWTH, "{grown} bytes");
    assert_eq!(code, Some(4411), "slow reader: reconnect and resume");
    // Noise is what the same measure does without.
    let worst = alone.iter().copied().fold(0.0, f64::max);
    assert!(
        median(&beside) <= worst * 1.5,
        "p99 {beside:?} ms beside a stalled reader, {alone:?} ms without"
    );
    let last = offset + heard.len() as u64;
    come_back(&url, &epoch, last, &mut heard).await;
    let all: Vec<u64> = (first + 1..=first + BESIDE as u64).collect();
    assert_eq!(heard, all, "every message once, in order");
}
