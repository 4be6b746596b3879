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

/// How many messages are sent without, then with a stalled reader.
const ALONE: usize = 2_000;
const BESIDE: usize = 14_000;

/// What a stalled reader may cost: its queue of 1 MiB and what surrounds it, far less than what is sent meanwhile.
const MAX_GROWTH: u64 = 16 * 1024 * 1024;

/// One writer of the room sends so many messages at its pace.
async fn write(url: String, number: usize, start: Instant, round: &'static str, count: usize) {
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

/// The p99 of the readers in milliseconds, and messages a second, while so many are sent.
async fn talk(
    url: String,
    readers: Vec<Socket>,
    round: &'static str,
    count: usize,
) -> (Vec<Socket>, f64, f64) {
    let start = Instant::now();
    let readers: Vec<_> =
        readers.into_iter().map(|socket| tokio::spawn(read(socket, start, count))).collect();
    let each = count / WRITERS;
    let writers = (0..WRITERS).map(|number| tokio::spawn(write(url.clone(), number, start, round, each)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let (mut sockets, mut all) = (Vec::new(), Vec::new());
    for reader in readers {
        let (socket, took) = reader.await.unwrap();
        sockets.push(socket);
        all.extend(took);
    }
    all.sort_unstable();
    (sockets, all[all.len() * 99 / 100] as f64 / 1_000.0, count as f64 / start.elapsed().as_secs_f64())
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_in_a_busy_room_costs_its_queue_and_misses_nothing() {
    let data = tempfile::tempdir().unwrap();
    // The disk is not what is looked at.
    let synchronous = (String::from("CHAT_STORAGE__SYNCHRONOUS"), OsString::from("off"));
    let server = Server::start(data.path(), &Start { env: vec![synchronous], ..Start::default() }).await;
    let url = server.url();
    let mut owner = Socket::log_in(&url, "owner").await;
    owner.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    owner.ok(r#"{"unfollow":{"id":"u","room":"r"}}"#).await;
    for number in 0..WRITERS {
        member(&url, &format!("writer{number}")).await;
    }
    let mut readers = Vec::new();
    for number in 0..READERS {
        readers.push(member(&url, &format!("reader{number}")).await);
    }
    let (readers, alone, rate_alone) = talk(url.clone(), readers, "alone", ALONE).await;

    let mut stalled = Socket::open(&url).await;
    let auth = stalled.ok(r#"{"auth":{"id":"a","token":"dev-stalled","follow":false}}"#).await;
    let joined = stalled.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    let (offset, first) =
        (joined["room"]["offset"].as_u64().unwrap(), joined["room"]["seq"].as_u64().unwrap());
    let before = server.memory();
    let mut greatest = before;
    let talking = tokio::spawn(talk(url.clone(), readers, "beside", BESIDE));
    while !talking.is_finished() && cut_off(&server).await == 0 {
        greatest = greatest.max(server.memory());
        tokio::time::sleep(STEP).await;
    }
    assert!(!talking.is_finished(), "it is cut off while the others talk");
    let mut heard = Vec::new();
    let code = drain(stalled, &mut heard).await;
    let (_readers, beside, rate) = talking.await.unwrap();
    let grown = greatest.max(server.memory()) - before;
    println!(
        "{rate_alone:.0} messages/s alone and {rate:.0} beside a stalled reader, p99 {alone} ms and {beside} ms; \
         {} bytes sent, memory grew by {grown}; closed with {code:?} after {} messages",
        BESIDE * TEXT,
        heard.len(),
    );
    assert!(grown < MAX_GROWTH && (BESIDE * TEXT) as u64 > 2 * MAX_GROWTH, "{grown} bytes");
    assert_eq!(code, Some(4411), "slow reader: reconnect and resume");
    assert!(beside < alone * 5.0 + 200.0, "p99 {beside} ms beside a stalled reader, {alone} ms without");
    let last = offset + heard.len() as u64;
    come_back(&url, auth["epoch"].as_str().unwrap(), last, &mut heard).await;
    let all: Vec<u64> = (first + 1..=first + BESIDE as u64).collect();
    assert_eq!(heard, all, "every message once, in order");
}
