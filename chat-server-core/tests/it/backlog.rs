//! Connections with a backlog: what waits to be written puts off no deadline, and is no sign of silence.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::dialect::haraj::Haraj;
use chat_protocol::dialect::{Handshake, Place};
use chat_protocol::{ErrorCode, Frame, Text, UserId};
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::dialects::{Entrance, Port, PortId};
use chat_server_core::push::{Push, PushGateway, PushOutcome};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{self, MemoryConnection};
use chat_server_core::{ChatServer, Providers, Rate, ServerConfig};
use futures::{SinkExt, StreamExt};
use tokio::time::Instant;

use crate::peer::{Peer, TestClock, send};

/// How long the token `short-<user>` is good; `dev-<user>` is for ever.
const SHORT: Duration = Duration::from_secs(2);

struct Tokens(Arc<TestClock>);

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let (kind, user) = token.split_once('-').ok_or(AuthError::Invalid)?;
        let expires_at = (kind == "short").then(|| self.0.later(2_000));
        Ok(Principal { user: UserId::new(user).map_err(|_| AuthError::Invalid)?, expires_at })
    }
}

fn server(config: ServerConfig) -> ChatServer {
    server_with(config, None)
}

fn server_with(config: ServerConfig, push: Option<Arc<dyn PushGateway>>) -> ChatServer {
    let clock = TestClock::start();
    let providers = Providers {
        auth: Arc::new(Tokens(clock.clone())),
        clock,
        dialects: vec![Port::new(Haraj::default())],
        push,
        ..Providers::default()
    };
    let free = Rate::UNLIMITED;
    ChatServer::start(providers, ServerConfig { connection_rate: free, user_rate: free, ..config })
}

async fn say(link: &mut MemoryConnection, json: &str) {
    link.send(Frame::Text(Text::from(json.to_owned()))).await.unwrap();
}

/// User 1 on a link that holds four frames, and user 2, who writes to it.
async fn native(server: &ChatServer, token: &str) -> (MemoryConnection, Peer) {
    let (mut eve, theirs) = memory::pair(4);
    tokio::spawn(server.serve_connection(theirs, PeerInfo::default()));
    say(&mut eve, &format!(r#"{{"auth":{{"id":"a","token":"{token}"}}}}"#)).await;
    (eve, writer(server).await)
}

/// The same over a format of an existing system.
async fn haraj(server: &ChatServer, token: &str) -> (MemoryConnection, Peer) {
    let handshake = Handshake { path: "/chat/ws", query: &[], headers: &[] };
    let opening = server.port(PortId(0)).dialect.open(&handshake).expect("its path");
    assert_eq!(opening.place, Place::Anywhere);
    let Entrance::Let(entered) = server.enter(PortId(0), opening, &[]).await else { panic!("it is let in") };
    let (mut eve, theirs) = memory::pair(4);
    tokio::spawn(server.serve_socket(entered, theirs, PeerInfo::default()));
    say(&mut eve, &format!(r#"{{"auth":{{"id":"a","access_token":"{token}"}}}}"#)).await;
    (eve, writer(server).await)
}

async fn writer(server: &ChatServer) -> Peer {
    let mut bob = Peer::log_in(server, "2").await;
    bob.ok(r#"{"create":{"id":"c","kind":"direct","members":["1"]}}"#).await;
    bob
}

async fn write(bob: &mut Peer, name: &str, bytes: usize) {
    bob.ok(&send(name, "~1.1.2", &"x".repeat(bytes))).await;
}

/// Takes a frame each so often until the connection ends; the code of the close frame.
async fn drip(eve: &mut MemoryConnection, each: Duration) -> Option<u16> {
    loop {
        tokio::time::sleep(each).await;
        match eve.next().await {
            Some(Ok(Frame::Close(close))) => return Some(close.code),
            Some(Ok(_)) => {}
            _ => return None,
        }
    }
}

/// Keeps something waiting for ever: for each frame that is taken one comes.
async fn keep_waiting(mut eve: MemoryConnection, mut bob: Peer) -> u16 {
    for n in 0..40 {
        write(&mut bob, &format!("first-{n}"), 10).await;
    }
    for n in 0..1_000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        match eve.next().await {
            Some(Ok(Frame::Close(close))) => return close.code,
            Some(Ok(_)) => write(&mut bob, &format!("then-{n}"), 10).await,
            other => panic!("{other:?}"),
        }
    }
    panic!("it hears on, five times as long as its token is good");
}

#[tokio::test(start_paused = true)]
async fn a_token_expires_also_while_something_always_waits() {
    let server = server(ServerConfig::default());
    let (eve, bob) = native(&server, "short-1").await;
    assert_eq!(keep_waiting(eve, bob).await, ErrorCode::TokenExpired.close_code());
    let (eve, bob) = haraj(&server, "short-1").await;
    assert_eq!(keep_waiting(eve, bob).await, 1008);
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_is_written_for_as_long_as_one_write_may_take() {
    let write_timeout = Duration::from_millis(500);
    let server = server(ServerConfig { write_timeout, ..ServerConfig::default() });
    for native_one in [true, false] {
        let (mut eve, mut bob) = match native_one {
            true => native(&server, "short-1").await,
            false => haraj(&server, "short-1").await,
        };
        let start = Instant::now();
        for n in 0..80 {
            write(&mut bob, &format!("{native_one}-{n}"), 10_000).await;
        }
        drip(&mut eve, Duration::from_millis(60)).await;
        // A write that has begun, the rest, and the close frame behind what the link holds.
        let most = SHORT + write_timeout * 2 + Duration::from_secs(1);
        assert!(start.elapsed() < most + Duration::from_millis(100), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_slowly_what_it_gets_is_not_called_silent() {
    let server = server(ServerConfig::default());
    for native_one in [true, false] {
        let (mut eve, mut bob) = match native_one {
            true => native(&server, "dev-1").await,
            false => haraj(&server, "dev-1").await,
        };
        for n in 0..80 {
            write(&mut bob, &format!("{native_one}-{n}"), 10_000).await;
        }
        let slowly = drip(&mut eve, Duration::from_secs(1));
        let ended = tokio::time::timeout(Duration::from_secs(70), slowly).await;
        assert!(ended.is_err(), "{native_one}: {ended:?}");
    }
}

/// A gateway that takes a push and never answers.
struct Hangs(tokio::sync::Notify);

#[async_trait]
impl PushGateway for Hangs {
    async fn push(&self, _: &[Push]) -> Vec<PushOutcome> {
        self.0.notify_one();
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_less_than_ten_seconds_for_who_takes_nothing_and_for_a_push_that_hangs() {
    for native_one in [true, false] {
        let gateway = Arc::new(Hangs(tokio::sync::Notify::new()));
        let server = server_with(
            ServerConfig { push_hold: Duration::ZERO, ..Default::default() },
            Some(gateway.clone()),
        );
        let (eve, mut bob) = match native_one {
            true => native(&server, "dev-1").await,
            false => haraj(&server, "dev-1").await,
        };
        let mut carol = Peer::log_in(&server, "3").await;
        carol.ok(r#"{"device":{"id":"d","device_id":"p","push":{"service":"fcm","token":"t"}}}"#).await;
        bob.ok(r#"{"create":{"id":"c","kind":"direct","members":["3"]}}"#).await;
        drop(carol);
        while server.is_attended(&UserId::new("3").unwrap()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bob.ok(&send("to-3", "~1.2.3", "hi")).await;
        gateway.0.notified().await;
        for n in 0..20 {
            write(&mut bob, &format!("{native_one}-{n}"), 10_000).await;
        }
        let start = Instant::now();
        server.shutdown(Duration::from_secs(10)).await;
        assert!(start.elapsed() < Duration::from_secs(10), "{native_one}: {:?}", start.elapsed());
        drop((eve, bob));
    }
}
