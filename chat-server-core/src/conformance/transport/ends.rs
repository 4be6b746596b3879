//! Cases about ends: of peers, and of the server.

use std::time::Duration;

use chat_protocol::ErrorCode;

use super::Subject;
use super::scene::{PATIENCE, Scene, send};
use crate::ServerConfig;

/// A probe is answered by the peer's side of the transport, without its client doing anything: who is silent and there
/// stays connected.
pub async fn a_probe_is_answered_by_itself(subject: Subject) {
    let ping_interval = Duration::from_secs(1);
    let pong_timeout = Duration::from_millis(800);
    let config = ServerConfig { ping_interval, pong_timeout, ..ServerConfig::default() };
    let scene = Scene::with(&subject, config).await;
    let mut client = scene.client("a").await;
    // Time has to pass here: long enough for a probe to have gone unanswered.
    let silence = tokio::time::timeout((ping_interval + pong_timeout) * 3 / 2, client.0.receive()).await;
    assert!(silence.is_err(), "nothing is said to who is there: {silence:?}");
    client.works().await;
}

/// A peer that vanishes without a word ends its connection, and nobody else's.
pub async fn a_peer_that_left_is_noticed(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let (gone, mut stays) = (scene.client("a").await, scene.client("b").await);
    scene.connections(2).await;
    drop(gone);
    scene.connections(1).await;
    stays.works().await;
}

/// The code with which the server ends a connection arrives.
pub async fn the_last_word_has_its_code(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let mut client = scene.client("a").await;
    let server = scene.server.clone();
    tokio::spawn(async move { server.shutdown(PATIENCE).await });
    let close = client.last_word().await.expect("a last word");
    let expected = ErrorCode::ShuttingDown;
    assert_eq!((close.code, close.reason.as_str()), (expected.close_code(), expected.text()));
}

/// After the close frame nothing more arrives, whatever is going on.
pub async fn nothing_follows_the_last_word(subject: Subject) {
    let scene = Scene::new(&subject).await;
    let mut clients = scene.room(&["a", "b"]).await;
    let (mut reader, mut sender) = (clients.remove(1), clients.remove(0));
    for number in 0..32 {
        sender.say(&send(&number.to_string(), "hi")).await;
    }
    let server = scene.server.clone();
    tokio::spawn(async move { server.shutdown(PATIENCE).await });
    for client in [&mut reader, &mut sender] {
        client.last_word().await;
        assert_eq!(client.heard().await, None, "the link is over");
    }
}
