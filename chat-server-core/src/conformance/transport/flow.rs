//! Cases about clients that do not read, or say nothing.

use std::time::Duration;

use chat_protocol::{ErrorCode, Text};
use serde_json::json;

use super::Subject;
use super::scene::{Scene, send, soon};
use crate::ServerConfig;

/// Near the greatest content.
const LONG: usize = 15_000;

/// More than the buffers of any link take: those of a socket grow to some 10 MiB.
const MUCH: usize = 48 * 1024 * 1024;

/// A client that reads nothing is cut off with a code that says to come back, which it finds behind what it left unread;
/// meanwhile the others hear everything.
pub async fn a_slow_reader_is_cut_and_told(subject: Subject) {
    let config = ServerConfig {
        max_queue_bytes: 256 * 1024,
        write_timeout: Duration::from_millis(500),
        ..ServerConfig::default()
    };
    let scene = Scene::with(&subject, config).await;
    let mut clients = scene.room(&["a", "quick", "slow"]).await;
    let (mut slow, mut quick, mut sender) = (clients.remove(2), clients.remove(1), clients.remove(0));
    let text = "x".repeat(LONG);
    let mut sent = 0;
    while scene.server.connections() == 3 {
        assert!(sent * LONG < MUCH, "{sent} messages wait for a client that reads none");
        for _ in 0..8 {
            sent += 1;
            sender.ok(send(&sent.to_string(), &text)).await;
            assert_eq!(quick.next("message").await["seq"], sent, "who reads hears everything");
        }
    }
    let close = slow.last_word().await.expect("a last word behind what was not read");
    let codes = [ErrorCode::SlowReader, ErrorCode::HeartbeatTimeout].map(ErrorCode::close_code);
    assert!(codes.contains(&close.code), "{close:?}");
    quick.works().await;
    sender.works().await;
}

/// Who does not take its answers is not read from: its link fills up, not the server's memory.
pub async fn who_does_not_read_is_not_read_from(subject: Subject) {
    let config = ServerConfig { write_timeout: Duration::from_secs(600), ..ServerConfig::default() };
    let scene = Scene::with(&subject, config).await;
    let mut client = scene.room(&["a"]).await.remove(0);
    for number in 0..3 {
        client.ok(send(&number.to_string(), &"x".repeat(LONG))).await;
    }
    // A long command with a long answer, so that both directions fill up.
    let pad = "x".repeat(32 * 1024);
    let command = Text::from(json!({"history": {"id": "h", "room": "r"}, "_": pad}).to_string());
    let mut sent = 0;
    // A link that takes nothing for so long is full. On a busy machine it may only be late, which then passes as well.
    while let Ok(()) = tokio::time::timeout(Duration::from_secs(1), client.0.send(command.clone())).await {
        sent += command.len();
        assert!(sent < MUCH, "{sent} bytes of commands were taken from a client that reads no answers");
    }
}

/// Who has connected and says nothing is there, and others come and go meanwhile.
pub async fn a_silent_peer_holds_up_nobody(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let _silent = soon("a connection", scene.dial.dial("dev-a")).await;
    for user in ["b", "c"] {
        scene.client(user).await.works().await;
    }
}
