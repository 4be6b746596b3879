//! Readers that take their time, over real sockets: what their socket does not take at once is not lost, not doubled
//! and not reordered, and nobody else waits for them.

use std::ffi::OsString;

use chat_protocol::Event;
use chat_tests::server::{Server, Start};
use chat_tests::socket::{Socket, send};

/// More than the system's buffers of one connection take, together with what the server keeps for a slow reader.
const MUCH: usize = 24;

const MIB: usize = 1024 * 1024;

/// Near the greatest content.
const TEXT: usize = 15_000;

async fn member(url: &str, user: &str) -> Socket {
    let mut socket = Socket::log_in(url, user).await;
    socket.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    socket
}

/// Sends so many messages, some of them under way at the same time; both sender and `reader` hear all of them.
async fn send_all(alice: &mut Socket, reader: &mut Socket, count: usize) {
    let text = "x".repeat(TEXT);
    for first in (0..count).step_by(16) {
        let some = first..(first + 16).min(count);
        for number in some.clone() {
            alice.say(&send(&number.to_string(), "r", &text)).await;
        }
        for number in some {
            assert_eq!(alice.any_reply().await.status, 200);
            assert_eq!(next_seq(reader).await, Some(number as u64 + 1));
        }
    }
}

async fn next_seq(socket: &mut Socket) -> Option<u64> {
    loop {
        if let Event::Message(message) = socket.event().await? {
            return Some(message.seq.get());
        }
    }
}

#[tokio::test]
async fn what_a_socket_does_not_take_at_once_follows_in_order() {
    let data = tempfile::tempdir().unwrap();
    let limit = (String::from("CHAT_LIMITS__MAX_QUEUE_BYTES"), OsString::from((2 * MUCH * MIB).to_string()));
    // The reader is slow on purpose, and on a busy machine for longer than a server would wait.
    let write = (String::from("CHAT_TIMEOUTS__WRITE"), OsString::from("120s"));
    let server = Server::start(data.path(), &Start { env: vec![limit, write], ..Start::default() }).await;
    let url = server.url();
    let mut alice = Socket::log_in(&url, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    let (mut quick, mut slow) = (member(&url, "quick").await, member(&url, "slow").await);
    let count = MUCH * MIB / TEXT;
    send_all(&mut alice, &mut quick, count).await;
    for seq in 1..=count as u64 {
        assert_eq!(next_seq(&mut slow).await, Some(seq));
    }
    // And from then on as ever.
    alice.ok(&send("last", "r", "hi")).await;
    assert_eq!(next_seq(&mut slow).await, Some(count as u64 + 1));
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_cut_off_and_told_why() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let url = server.url();
    let mut alice = Socket::log_in(&url, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    let (mut quick, mut stalled) = (member(&url, "quick").await, member(&url, "stalled").await);
    send_all(&mut alice, &mut quick, MUCH * MIB / TEXT).await;
    let mut heard = 0;
    while let Some(seq) = next_seq(&mut stalled).await {
        heard += 1;
        assert_eq!(seq, heard, "what came is whole and in order");
    }
    assert!(heard < (MUCH * MIB / TEXT) as u64, "it was cut off before the end");
}
