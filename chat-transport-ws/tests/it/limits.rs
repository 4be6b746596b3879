//! Bounds on sockets and time, and the end of it all.

use std::time::{Duration, Instant};

use chat_transport_ws::{ServeError, WsConfig, bind, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::edge::{Answer, Edge};
use crate::raw::{self, soon};
use crate::stream::Events;

/// Reads until the server ends the stream, by whatever means.
async fn ended(mut socket: TcpStream) {
    let mut rest = Vec::new();
    let _ = soon(socket.read_to_end(&mut rest)).await;
}

/// F25.
#[tokio::test]
async fn a_slow_handshake_is_cut() {
    let edge =
        Edge::start(WsConfig { handshake_timeout: Duration::from_millis(200), ..WsConfig::default() }).await;
    ended(edge.connect().await).await;

    let mut half = edge.connect().await;
    half.write_all(b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgr").await.unwrap();
    ended(half).await;

    let mut trickle = edge.connect().await;
    let cut = soon(async {
        trickle.write_all(b"GET /v1/ws HTTP/1.1\r\n").await?;
        loop {
            // One header now and then: each proves life, none ends the head.
            if let Ok(read) = timeout(Duration::from_millis(20), trickle.read(&mut [0; 512])).await {
                return read;
            }
            trickle.write_all(b"X: 1\r\n").await?;
        }
    });
    let _ = cut.await;

    let mut idle = edge.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    ended(idle).await;
}

/// Sends a head that announces a body, then a byte of it now and then; the status of the answer.
async fn trickled(edge: &Edge, line: &str) -> u16 {
    let mut socket = edge.connect().await;
    let head =
        format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-a\r\nContent-Length: 1000\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = soon(async {
        loop {
            let mut bytes = [0; 512];
            match timeout(Duration::from_millis(20), socket.read(&mut bytes)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(read)) => answer.extend_from_slice(&bytes[..read]),
                // Each byte proves life, none ends the body. After the answer nobody takes it any more.
                Err(_) => _ = socket.write_all(b" ").await,
            }
        }
    });
    reading.await;
    Answer::parse(&answer).status
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_and_its_socket_closed() {
    let request_timeout = Duration::from_millis(300);
    let edge = Edge::start(WsConfig { request_timeout, ..WsConfig::default() }).await;
    let events = Events::open(&format!("http://{}", edge.address), "a", "?follow=false").await;
    let commands = format!("POST /v1/commands?session_id={}", events.session);
    for line in ["POST /v1/rooms", "PATCH /v1/rooms/r", "DELETE /v1/blocks/b", "GET /v1/inbox", &commands] {
        let started = Instant::now();
        assert_eq!(trickled(&edge, line).await, 503, "{line}");
        assert!(started.elapsed() < Duration::from_secs(5), "{line}");
    }
    assert_eq!(trickled(&edge, "GET /healthz").await, 200, "nobody waits for a body that nobody wants");
    assert_eq!(events.post(r#"{"ping":{"id":"1"}}"#).await.0, 200, "the stream is as it was");
    edge.assert_serving().await;
}

#[tokio::test]
async fn requests_sent_behind_one_another_are_answered_in_their_order() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut requests = String::new();
    for n in 0..100 {
        let (path, body) =
            if n % 2 == 0 { ("GET /healthz", "") } else { ("POST /v1/rooms", r#"{"kind":"none"}"#) };
        let last = if n == 99 { "Connection: close\r\n" } else { "" };
        requests += &format!(
            "{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-a\r\n{last}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
    }
    let answers = String::from_utf8(edge.raw(requests).await).unwrap();
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "400"].repeat(50));
}

#[tokio::test]
async fn a_websocket_outlives_the_deadline_of_its_handshake() {
    let edge =
        Edge::start(WsConfig { handshake_timeout: Duration::from_millis(50), ..WsConfig::default() }).await;
    let mut socket = edge.socket().await;
    // Another socket that is cut by the same deadline shows that the time has passed.
    ended(edge.connect().await).await;
    soon(socket.write_all(&raw::frame(raw::PING, "still here"))).await.unwrap();
    assert_eq!(soon(raw::read_frame(&mut socket)).await, Some((raw::PONG, b"still here".to_vec())));
}

#[tokio::test]
async fn sockets_beyond_the_limit_are_told_so_and_places_come_free() {
    let edge = Edge::start(WsConfig { max_connections: 2, ..WsConfig::default() }).await;
    let websocket = edge.socket().await;
    let plain = edge.connect().await;

    let mut third = edge.connect().await;
    third.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut full = Vec::new();
    soon(third.read_to_end(&mut full)).await.expect("an end, not a reset that could overtake the answer");
    let full = Answer::parse(&full);
    assert_eq!((full.status, full.header("retry-after")), (503, Some("5")), "{full:?}");
    let reply: chat_protocol::Reply = serde_json::from_str(&full.body).unwrap();
    assert_eq!((reply.status, reply.retry_after_ms), (503, Some(5_000)));

    for socket in [plain, websocket] {
        drop(socket);
        soon(async { while edge.get("/healthz").await.status != 200 {} }).await;
    }
    let _holding = (edge.connect().await, edge.connect().await);
    // Both places were free again, and are taken again.
    soon(async { while edge.get("/healthz").await.status != 503 {} }).await;
}

/// A socket from another address of this machine.
async fn connect_from(edge: &Edge, address: [u8; 4]) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    soon(socket.connect(edge.address)).await.unwrap()
}

#[tokio::test]
async fn one_address_has_so_many_sockets_and_others_have_theirs() {
    let edge = Edge::start(WsConfig { max_connections_per_address: 2, ..WsConfig::default() }).await;
    let status = async |mut socket: TcpStream| {
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        soon(socket.read_to_end(&mut answer)).await.unwrap();
        Answer::parse(&answer).status
    };
    let (websocket, plain) = (edge.socket().await, edge.connect().await);
    assert_eq!(status(edge.connect().await).await, 503);
    assert_eq!(status(connect_from(&edge, [127, 0, 0, 2]).await).await, 200);
    for socket in [websocket, plain] {
        drop(socket);
        soon(async { while status(edge.connect().await).await != 200 {} }).await;
    }
}

/// F27.
#[tokio::test]
async fn a_storm_of_aborted_connections_leaves_nothing_behind() {
    let edge = Edge::start(WsConfig { max_connections: 50, ..WsConfig::default() }).await;
    for n in 0..500 {
        let mut socket = edge.connect().await;
        match n % 3 {
            0 => {}
            1 => socket.write_all(b"GET /v1/ws HT").await.unwrap(),
            _ => {
                // An abort with unread bytes resets the connection.
                let _ = socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
            }
        }
    }
    soon(async { while edge.get("/healthz").await.status != 200 {} }).await;
}

#[tokio::test]
async fn a_reader_that_takes_no_answers_is_cut() {
    let stall = Duration::from_millis(100);
    let edge = Edge::start(WsConfig { write_stall_timeout: stall, ..WsConfig::default() }).await;
    let mut socket = edge.connect().await;
    let requests = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    // Ends only when the server gives up: then there is nobody to write to.
    let error = soon(async {
        loop {
            if let Err(error) = socket.write_all(requests.as_bytes()).await {
                return error;
            }
        }
    });
    assert!(matches!(
        error.await.kind(),
        std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
    ));
    edge.assert_serving().await;
}

#[tokio::test]
async fn a_shutdown_ends_what_is_idle_and_what_is_half_said() {
    let edge = Edge::start(WsConfig::default()).await;
    let idle = edge.connect().await;
    let mut kept_alive = edge.connect().await;
    kept_alive.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut half = edge.connect().await;
    half.write_all(b"GET /v1/ws HTTP/1.1\r\nHost:").await.unwrap();
    soon(kept_alive.read(&mut [0; 512])).await.unwrap();
    edge.assert_serving().await;
    let address = edge.address;
    let started = Instant::now();
    edge.stop();
    edge.stopped().await;
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    for socket in [idle, kept_alive, half] {
        ended(socket).await;
    }
    assert!(soon(TcpStream::connect(address)).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn what_cannot_be_served_is_told_before_anything_starts() {
    let taken = bind(&["127.0.0.1:0"]).await.unwrap();
    let address = taken[0].local_addr().unwrap().to_string();
    let error = bind(&["127.0.0.1:0".to_owned(), address.clone()]).await.unwrap_err();
    assert!(matches!(&error, ServeError::Bind { address: named, .. } if *named == address), "{error}");

    let edge = Edge::start(WsConfig::default()).await;
    let serve = |listeners, config| serve(listeners, edge.server.clone(), config, Default::default());
    assert!(matches!(serve(Vec::new(), WsConfig::default()).await, Err(ServeError::NoListener)));
    let none = WsConfig { max_connections: 0, ..WsConfig::default() };
    assert!(matches!(serve(taken, none).await, Err(ServeError::Config { setting: "max_connections", .. })));
}

#[tokio::test]
async fn every_listener_is_served() {
    let edge = Edge::start(WsConfig::default()).await;
    let listeners = bind(&["127.0.0.1:0", "127.0.0.1:0"]).await.unwrap();
    let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
    tokio::spawn(serve(listeners, edge.server.clone(), WsConfig::default(), Default::default()));
    for address in addresses {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        soon(socket.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(Answer::parse(&answer).status, 200);
    }
}
