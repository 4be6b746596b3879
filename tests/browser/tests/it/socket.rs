//! The connector without a session, against peers of this process that do what a server of ours would not.

use std::time::Duration;

use chat_client::protocol::limits::MAX_FRAME;
use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::chromium::{Browser, Page};
use crate::site;

/// How long the browser may take to do its part.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that the page may have handed on before it is held back: what it keeps itself, 256 KiB, and what the browser and
/// the two ends of a loopback connection take, which are some megabytes here.
const TAKEN: usize = 24 << 20;

type Peer = WebSocketStream<TcpStream>;

/// Names the subprotocol, as a server of ours does.
#[expect(clippy::result_large_err, reason = "the library's signature")]
fn named(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat.v1"));
    Ok(response)
}

/// A browser with the page in a mode, connected to this process.
async fn connected(mode: &str) -> (Browser, Page, Peer) {
    let (page, listener) = (site::serve().await, TcpListener::bind(("127.0.0.1", 0)).await.unwrap());
    let server = listener.local_addr().unwrap();
    let peer = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        accept_hdr_async(socket, named).await.unwrap()
    });
    let browser = Browser::start().await;
    let mut page = browser.open(&format!("http://{page}/?mode={mode}&server=ws://{server}/")).await;
    page.until("document.getElementById('state').textContent !== 'loading'").await;
    let peer = timeout(PATIENCE, peer).await.expect("dialed in time").unwrap();
    (browser, page, peer)
}

async fn hear(peer: &mut Peer) -> Option<Result<Message, Error>> {
    timeout(PATIENCE, peer.next()).await.expect("heard in time")
}

async fn hear_hello(peer: &mut Peer) {
    assert_eq!(hear(peer).await.unwrap().unwrap(), Message::text("hello"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn frames_arrive_whole_and_in_order_and_the_close_is_told_before_the_end() {
    let (_browser, mut page, mut peer) = connected("listen").await;
    hear_hello(&mut peer).await;
    for message in [
        Message::text("grüße 🙂"),
        Message::text("x".repeat(MAX_FRAME)),
        Message::Ping(Bytes::from_static(b"?")),
        Message::binary(vec![0, 255]),
        Message::text(""),
        Message::Close(Some(CloseFrame { code: 4411.into(), reason: "too slow".into() })),
    ] {
        peer.send(message).await.unwrap();
    }
    // The browser answers the ping, which the page does not see, and the close.
    assert_eq!(hear(&mut peer).await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"?")));
    assert!(matches!(hear(&mut peer).await, Some(Ok(Message::Close(_)))));
    page.until_state("over, broken pipe").await;
    let expected =
        ["text grüße 🙂", "text of 65536 bytes", "bytes b\"\\0\\xff\"", "text ", "close 4411 too slow"];
    assert_eq!(page.lines("messages").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn a_frame_that_is_too_large_ends_the_connection() {
    // Too large by its bytes, and by its characters already.
    for text in ["é".repeat(MAX_FRAME / 2 + 1), "x".repeat(MAX_FRAME + 1)] {
        let (_browser, mut page, mut peer) = connected("listen").await;
        hear_hello(&mut peer).await;
        let length = text.len();
        for message in ["before", &text, "after"] {
            peer.send(Message::text(message)).await.unwrap();
        }
        page.until_state("over, broken pipe").await;
        let error = format!("error: a frame of at least {length} bytes, allowed are {MAX_FRAME}");
        assert_eq!(page.lines("messages").await, ["text before".to_owned(), error]);
        assert!(matches!(hear(&mut peer).await, Some(Ok(Message::Close(_)))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn an_end_without_a_close_is_an_end_without_a_close() {
    let (_browser, mut page, mut peer) = connected("listen").await;
    hear_hello(&mut peer).await;
    drop(peer);
    page.until_state("over, broken pipe").await;
    assert!(page.lines("messages").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium and a target: cargo xtask wasm"]
async fn a_peer_that_takes_nothing_holds_the_page_back_and_then_gets_everything_in_order() {
    const FRAMES: usize = 4_000;
    let (_browser, mut page, mut peer) = connected(&format!("flood&frames={FRAMES}")).await;
    page.until_state("held back after").await;
    let held = page.value("document.getElementById('state').textContent.split(' ').pop()").await;
    let taken = held.as_str().unwrap().parse::<usize>().unwrap() * 32 * 1024;
    assert!(taken < TAKEN, "{taken} bytes were taken while the peer took none");
    for number in 0..FRAMES {
        let message = hear(&mut peer).await.unwrap().unwrap();
        let text = message.to_text().unwrap();
        assert_eq!((text.len(), text.parse::<usize>().unwrap()), (32 * 1024, number));
    }
    match hear(&mut peer).await {
        Some(Ok(Message::Close(Some(close)))) => assert_eq!(u16::from(close.code), 1000),
        other => panic!("no close: {other:?}"),
    }
    // The answer to the close leaves with the next read.
    while hear(&mut peer).await.is_some() {}
    page.until_state("closed, Ok(()), Some(Ok(Close(Close { code: 1000").await;
}
