//! A connection over a real socket: what the library says about bad frames, and that our last word arrives.

use std::time::Duration;

use chat_protocol::{Close, ErrorCode, Frame, Text};
use chat_server_core::transport::ConnectionError;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::WsConnection;
use crate::{WsConfig, close};

#[path = "../../tests/it/raw.rs"]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod raw;

use raw::{frame, soon};

const MAX_FRAME: usize = 64 * 1024;
const BINARY: u8 = 0x82;

/// A connection, and the raw socket of its peer.
async fn pair() -> (WebSocketStream<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let settings = WsConfig::default().socket(MAX_FRAME);
    (WebSocketStream::from_raw_socket(accepted.unwrap().0, Role::Server, Some(settings)).await, peer.unwrap())
}

/// What a session does, in short: takes frames until a rule is broken, says why, lets go.
async fn session(socket: WebSocketStream<TcpStream>) -> Vec<Frame> {
    let (mut connection, left) = WsConnection::new(socket, None);
    let mut frames = Vec::new();
    while let Some(next) = connection.next().await {
        match next {
            Ok(frame) => frames.push(frame),
            Err(ConnectionError::Peer(code)) => {
                let close = Close { code: code.close_code(), reason: code.text().to_owned() };
                connection.send(Frame::Close(close)).await.unwrap();
                break;
            }
            Err(_) => break,
        }
    }
    drop(connection);
    let (mut socket, ending) = left.await.unwrap();
    close::see_out(&mut socket, ending, Duration::from_secs(2)).await;
    frames
}

/// The peer writes everything before it reads, as simple clients do, and must still see the code.
async fn check(name: &str, bytes: Vec<u8>, expected: Option<u16>) {
    let (socket, mut peer) = pair().await;
    let server = tokio::spawn(session(socket));
    let code = soon(async {
        peer.write_all(&bytes).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let code = raw::close_code(&mut peer).await;
        // An end, not a reset: that could overtake the close frame.
        assert_eq!(peer.read(&mut [0]).await.ok(), Some(0), "{name}");
        code
    });
    assert_eq!(code.await, expected, "{name}");
    drop(peer);
    soon(server).await.unwrap();
}

#[tokio::test]
async fn every_broken_rule_is_answered_with_its_close_code() {
    let [too_large, utf8, protocol] =
        [ErrorCode::TooLarge, ErrorCode::InvalidUtf8, ErrorCode::ProtocolViolation]
            .map(ErrorCode::close_code);
    let mut unfinished = frame(0x01, "a");
    unfinished.extend(frame(raw::TEXT, "b"));
    let fragments = [frame(0x01, vec![b'x'; 60_000]), frame(0x80, vec![b'x'; 60_000])].concat();
    let split_utf8 = [frame(0x01, [0xc3]), frame(0x80, [0x28])].concat();
    let rejected_then_more = [frame(raw::TEXT, [0xff]), vec![0; 512 * 1024]].concat();
    for (name, bytes, code) in [
        ("a frame of 1 MiB", frame(raw::TEXT, vec![b'x'; 1024 * 1024]), too_large),
        ("one byte too many", frame(raw::TEXT, vec![b'x'; MAX_FRAME + 1]), too_large),
        (
            "a length beyond it, and nothing of the rest",
            raw::header(raw::TEXT, MAX_FRAME as u64 + 1),
            too_large,
        ),
        ("a length of 2^63", raw::header(BINARY, 1 << 63), too_large),
        ("a length of 2^64-1", raw::header(BINARY, u64::MAX), too_large),
        ("a message too large in fragments", fragments, too_large),
        (
            "3 MiB in fragments without end",
            [frame(0x01, ""), frame(0x00, vec![0; 60_000]).repeat(50)].concat(),
            too_large,
        ),
        ("invalid text", frame(raw::TEXT, [0xff, 0xfe]), utf8),
        ("invalid text in two fragments", split_utf8, utf8),
        ("invalid text, and much more after it", rejected_then_more, utf8),
        ("invalid text in a close reason", frame(raw::CLOSE, [3, 232, 0xff]), utf8),
        ("reserved opcode 3", frame(0x83, "x"), protocol),
        ("reserved opcode 11", frame(0x8b, "x"), protocol),
        ("RSV1, compression without agreement", frame(0xc1, "x"), protocol),
        ("RSV2", frame(0xa1, "x"), protocol),
        ("RSV3 on a control frame", frame(0x99, "x"), protocol),
        ("no mask", raw::unmasked(raw::TEXT, "x"), protocol),
        ("a ping without FIN", frame(0x09, "x"), protocol),
        ("a close without FIN", frame(0x08, [3, 232]), protocol),
        ("a ping of 126 bytes", frame(raw::PING, [0; 126]), protocol),
        ("a continuation of nothing", frame(0x80, "x"), protocol),
        ("a new message within another", unfinished, protocol),
        ("a close frame of one byte", frame(raw::CLOSE, [3]), protocol),
    ] {
        check(name, bytes, Some(code)).await;
    }
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_or_a_better_one() {
    check("1000", raw::close(1000), Some(1000)).await;
    check("4999", raw::close(4999), Some(4999)).await;
    check("a code nobody may send", raw::close(1005), Some(1002)).await;
    check("close, then data", [raw::close(1001), frame(raw::TEXT, "late")].concat(), Some(1001)).await;
}

#[tokio::test]
async fn frames_arrive_as_they_were_sent() {
    let (socket, mut peer) = pair().await;
    let server = tokio::spawn(session(socket));
    let sent = [
        frame(raw::TEXT, "grüß"),
        frame(BINARY, [1, 2]),
        frame(raw::PING, "p"),
        frame(raw::PONG, ""),
        [frame(0x01, "he"), frame(0x00, ""), frame(raw::PING, "q"), frame(0x80, "llo")].concat(),
        raw::close(1000),
    ];
    peer.write_all(&sent.concat()).await.unwrap();
    assert_eq!(soon(raw::read_frame(&mut peer)).await, Some((raw::PONG, b"p".to_vec())));
    assert_eq!(soon(raw::close_code(&mut peer)).await, Some(1000));
    let expected = [
        Frame::Text(Text::from("grüß")),
        Frame::Binary([1, 2].to_vec().into()),
        Frame::Ping,
        Frame::Pong,
        Frame::Ping,
        Frame::Text(Text::from("hello")),
        Frame::Close(Close::normal()),
    ];
    assert_eq!(soon(server).await.unwrap(), expected);
}

#[tokio::test]
async fn what_is_sent_arrives_and_nothing_follows_the_close() {
    let (socket, mut peer) = pair().await;
    let (mut connection, left) = WsConnection::new(socket, None);
    for sent in [
        Frame::Text(Text::from("grüß")),
        Frame::Binary(vec![7; 70_000].into()),
        Frame::Ping,
        Frame::Close(Close { code: 1001, reason: "bye".into() }),
        Frame::Text(Text::from("too late")),
    ] {
        connection.feed(sent).await.unwrap();
    }
    // More than the system's buffers may be waiting, so both sides go on at once.
    let reading = async {
        let mut frames = Vec::new();
        while let Some(frame) = raw::read_frame(&mut peer).await {
            let closed = frame.0 == raw::CLOSE;
            frames.push(frame);
            if closed {
                peer.write_all(&raw::close(1001)).await.unwrap();
            }
        }
        frames
    };
    let closing = async {
        connection.close().await.unwrap();
        drop(connection);
        let (mut socket, ending) = left.await.unwrap();
        close::see_out(&mut socket, ending, Duration::from_secs(20)).await;
    };
    let (frames, ()) = soon(async { tokio::join!(reading, closing) }).await;
    let expected = [
        (raw::TEXT, "grüß".as_bytes().to_vec()),
        (BINARY, vec![7; 70_000]),
        (raw::PING, Vec::new()),
        (raw::CLOSE, [&1001_u16.to_be_bytes()[..], b"bye"].concat()),
    ];
    assert_eq!(frames, expected);
}

#[tokio::test]
async fn a_peer_that_never_answers_a_close_is_left_in_time() {
    let (socket, mut peer) = pair().await;
    let (mut connection, left) = WsConnection::new(socket, None);
    connection.send(Frame::Close(Close::normal())).await.unwrap();
    drop(connection);
    let (mut socket, ending) = left.await.unwrap();
    soon(close::see_out(&mut socket, ending, Duration::from_millis(50))).await;
    drop(socket);
    assert_eq!(soon(raw::close_code(&mut peer)).await, Some(1000));
    assert_eq!(soon(peer.read(&mut [0])).await.unwrap(), 0, "the stream has ended");
}

#[tokio::test]
async fn a_connection_that_is_given_up_is_closed_without_a_word() {
    let (socket, mut peer) = pair().await;
    let (connection, left) = WsConnection::new(socket, None);
    drop(connection);
    let (mut socket, ending) = left.await.unwrap();
    soon(close::see_out(&mut socket, ending, Duration::from_secs(20))).await;
    drop(socket);
    assert_eq!(soon(peer.read(&mut [0])).await.unwrap(), 0);
}

#[tokio::test]
async fn a_flood_of_probes_whose_answers_nobody_reads_is_taken_to_its_end() {
    let (socket, mut peer) = pair().await;
    let server = tokio::spawn(session(socket));
    let probes = frame(raw::PING, [0; 125]).repeat(1_000);
    // Some 25 MiB of answers: far more than the system's buffers and ours hold. Those beyond are left out.
    soon(async {
        for _ in 0..200 {
            peer.write_all(&probes).await.unwrap();
        }
    })
    .await;
    peer.shutdown().await.unwrap();
    assert_eq!(soon(server).await.unwrap().len(), 200_000);
}

#[tokio::test]
async fn a_close_of_ours_survives_a_peer_that_breaks_a_rule_after_it() {
    let (socket, mut peer) = pair().await;
    // Both are on their way before the session says its word.
    let late = [frame(raw::TEXT, "x"), frame(raw::TEXT, vec![b'x'; 512 * 1024])].concat();
    let closing = async {
        let (mut connection, left) = WsConnection::new(socket, None);
        assert_eq!(connection.next().await.unwrap().unwrap(), Frame::Text(Text::from("x")));
        connection.send(Frame::Close(Close { code: 1003, reason: String::new() })).await.unwrap();
        drop(connection);
        let (mut socket, ending) = left.await.unwrap();
        close::see_out(&mut socket, ending, Duration::from_secs(20)).await;
    };
    let server = tokio::spawn(closing);
    soon(peer.write_all(&late)).await.unwrap();
    assert_eq!(soon(raw::close_code(&mut peer)).await, Some(1003));
    assert_eq!(soon(peer.read(&mut [0])).await.unwrap(), 0);
    drop(peer);
    soon(server).await.unwrap();
}
