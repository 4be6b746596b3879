//! Connecting, failing to, and closing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chat_client::protocol::{ErrorCode, RoomId};
use chat_client::{Client, ClientEvent, ConnectionState, Error, Recovery, TokenError};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Server, TS, failure, patient};

#[tokio::test]
async fn a_client_knows_who_it_is_and_its_rooms() {
    let server = Server::start().await;
    let (client, _peer) = server.pair().await;
    assert_eq!(client.user_id().unwrap().as_str(), "me");
    assert_eq!(client.state(), ConnectionState::Ready);
    let rooms = client.rooms().await.unwrap();
    assert_eq!(rooms.iter().map(|state| state.room.as_str()).collect::<Vec<_>>(), ["r"]);
}

#[tokio::test]
async fn the_first_subscriber_hears_everything_from_the_beginning() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    peer.message(6).await;
    let mut events = client.events();
    let room = RoomId::new("r").unwrap();
    let first = patient(events.next()).await;
    assert!(
        matches!(&first, Some(ClientEvent::Resumed { room: Some(of), recovery: Recovery::Snapshot { .. }, .. }) if *of == room),
        "{first:?}"
    );
    assert!(matches!(patient(events.next()).await, Some(ClientEvent::Resumed { room: None, .. })));
    assert_eq!(patient(events.next()).await, Some(ClientEvent::Connected));
    let message = patient(events.next()).await;
    assert!(matches!(message, Some(ClientEvent::Message(message)) if message.seq.get() == 6));
}

#[tokio::test]
async fn a_slow_subscriber_is_told_how_much_it_lost() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair_with(server.builder().event_buffer(4)).await;
    let (mut slow, mut quick) = (client.events(), client.events());
    for offset in 6..=15 {
        peer.message_of("me", offset).await;
        let event = patient(quick.next()).await;
        assert!(matches!(event, Some(ClientEvent::Message(message)) if message.seq.get() == offset));
    }
    // Three events of the beginning and ten messages, of which four are kept.
    assert_eq!(patient(slow.next()).await, Some(ClientEvent::Lagged { missed: 9 }));
    for offset in 12..=15 {
        let event = patient(slow.next()).await;
        assert!(matches!(event, Some(ClientEvent::Message(message)) if message.seq.get() == offset));
    }
}

#[tokio::test]
async fn a_refused_token_is_final() {
    let server = Server::start().await;
    let refuse = async {
        let mut peer = server.accept().await;
        let auth = peer.auth().await;
        peer.say(json!({"reply": {"id": auth.id, "status": 401, "err": "ERR_INVALID_ACCESS_TOKEN",
            "action": "refresh", "ts": TS}}))
            .await;
    };
    let error = failure(server.builder(), refuse).await;
    assert_eq!(error, Error::Unauthenticated { code: ErrorCode::InvalidToken.into() });
}

#[tokio::test]
async fn a_token_source_is_told_of_a_refused_token_and_its_next_one_is_used() {
    let server = Server::start().await;
    let builder = server.builder().token_source(|refused| async move {
        Ok(refused.map_or("tok-old".to_owned(), |code| format!("tok-me after {}", code.text())))
    });
    let serve = async {
        let mut peer = server.accept().await;
        let auth = peer.auth().await;
        assert_eq!(auth.token.as_deref(), Some("tok-old"));
        peer.say(json!({"reply": {"id": auth.id, "status": 401, "err": "ERR_INVALID_ACCESS_TOKEN",
            "action": "refresh", "ts": TS}}))
            .await;
        drop(peer);
        let mut peer = server.accept().await;
        let auth = peer.auth().await;
        assert_eq!(auth.token.as_deref(), Some("tok-me after ERR_INVALID_ACCESS_TOKEN"));
        peer.accept_auth(&auth.id).await;
        peer.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e", "user_offset": 1}})).await;
        peer
    };
    let (client, peer) = tokio::join!(patient(builder.connect()), serve);
    // A source that was asked once is asked again, and what it gives now is used.
    let client = client.unwrap();
    let again = async {
        peer.close(1001).await;
        server.accept().await.auth().await.token
    };
    assert_eq!(patient(again).await.as_deref(), Some("tok-old"));
    drop(client);
}

#[tokio::test]
async fn a_token_is_replaced_on_the_open_connection() {
    let server = Server::start().await;
    let given = AtomicU32::new(0);
    let builder = server.builder().token_source(move |_| {
        let n = given.fetch_add(1, Ordering::Relaxed);
        async move { Ok(format!("tok-{n}")) }
    });
    let serve = async {
        let mut peer = server.accept().await;
        let auth = peer.auth().await;
        // Two seconds, of which one passes before the next token is asked for.
        peer.accept_auth_until(&auth.id, "2026-11-20T08:30:41.789Z").await;
        peer.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e", "user_offset": 1}})).await;
        peer
    };
    let (client, mut peer) = tokio::join!(patient(builder.connect()), serve);
    let auth = peer.auth().await;
    assert_eq!(auth.token.as_deref(), Some("tok-1"));
    peer.accept_auth(&auth.id).await;
    let client = client.unwrap();
    let (end, ()) = tokio::join!(peer.next(), client.close());
    assert!(end.is_none(), "the same connection to the end");
}

#[tokio::test]
async fn a_source_without_a_user_ends_the_client() {
    let server = Server::start().await;
    let builder = server.builder().token_source(|_| async { Err(TokenError::SignedOut) });
    let error = failure(builder, async {}).await;
    assert_eq!(error, Error::Unauthenticated { code: ErrorCode::NotAuthenticated.into() });
}

#[tokio::test]
async fn a_rejected_handshake_is_understood() {
    for (status, body, expected) in [
        (
            "401 Unauthorized",
            r#"{"status":401,"err":"ERR_INVALID_ACCESS_TOKEN","action":"refresh","ts":"2026-11-20T08:30:39.789Z"}"#,
            Error::Unauthenticated { code: ErrorCode::InvalidToken.into() },
        ),
        (
            "400 Bad Request",
            r#"{"status":400,"err":"ERR_UNSUPPORTED_VERSION","action":"stop","ts":"2026-11-20T08:30:39.789Z"}"#,
            Error::Ended { code: ErrorCode::UnsupportedVersion.into() },
        ),
        (
            "404 Not Found",
            "nothing here",
            Error::Address("HTTP status 404 instead of a connection".to_owned()),
        ),
    ] {
        let server = Server::start().await;
        let reject = async {
            let mut socket = server.tcp().await;
            let mut request = [0; 4096];
            assert!(socket.read(&mut request).await.unwrap() > 0);
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            socket.write_all(answer.as_bytes()).await.unwrap();
        };
        assert_eq!(failure(server.builder(), reject).await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_server_of_another_protocol_is_final() {
    let server = Server::start().await;
    let error = failure(server.builder(), server.accept_as("mqtt")).await;
    assert_eq!(error, Error::Ended { code: ErrorCode::UnsupportedVersion.into() });
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_timeout_with_its_cause() {
    // Bound and dropped: a port on which nobody listens.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let limit = Duration::from_millis(300);
    let builder = Client::builder(format!("ws://{address}/v1/ws")).token("t").connect_timeout(Some(limit));
    let Err(Error::ConnectTimeout { after, last }) = patient(builder.connect()).await else {
        panic!("connected")
    };
    assert_eq!(after, limit);
    assert!(last.unwrap().contains("refused"));
}

#[tokio::test]
async fn close_says_goodbye_and_ends_everything() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let mut events = client.events();
    let (next, ()) = tokio::join!(peer.next(), client.close());
    assert!(next.is_none(), "a close frame with code 1000");
    assert_eq!(client.state(), ConnectionState::Closed { reason: None });
    let room = client.room(RoomId::new("r").unwrap());
    assert_eq!(room.send_text("late").await, Err(Error::Closed));
    client.close().await;
    let mut last = None;
    while let Some(event) = patient(events.next()).await {
        last = Some(event);
    }
    assert_eq!(last, Some(ClientEvent::Closed { reason: None }));
    assert_eq!(patient(client.events().next()).await, Some(ClientEvent::Closed { reason: None }));
}

#[tokio::test]
async fn the_last_handle_closes_the_client() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let mut events = client.events();
    drop(client);
    assert!(peer.next().await.is_none());
    let mut last = None;
    while let Some(event) = patient(events.next()).await {
        last = Some(event);
    }
    assert_eq!(last, Some(ClientEvent::Closed { reason: None }));
}

#[tokio::test]
async fn a_session_taken_over_ends_the_client_with_its_reason() {
    let server = Server::start().await;
    let (client, peer) = server.pair().await;
    let mut events = client.events();
    peer.close(ErrorCode::SessionReplaced.close_code()).await;
    let ended = Error::Ended { code: ErrorCode::SessionReplaced.into() };
    loop {
        if let Some(ClientEvent::Closed { reason }) = patient(events.next()).await {
            assert_eq!(reason, Some(ended.clone()));
            break;
        }
    }
    assert_eq!(client.rooms().await, Err(ended));
}
