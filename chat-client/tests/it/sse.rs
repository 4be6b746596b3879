//! The connector for server-sent events against a server that is played by hand, byte by byte: whose token goes where, which
//! connection is used, and what refusals become.

use std::time::Duration;

use chat_client::protocol::{Close, ErrorCode, Event, Frame, Reply, decode};
use chat_client::transport::sse::SseConnector;
use chat_client::transport::{BoxConnection, Connector};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{TS, patient};

/// A server on a free port.
struct Http(TcpListener);

/// What a request says.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    line: String,
    token: String,
    body: String,
}

fn asked(line: &str, token: &str, body: &str) -> Asked {
    Asked { line: format!("{line} HTTP/1.1"), token: format!("Bearer {token}"), body: body.to_owned() }
}

impl Http {
    async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    async fn accept(&self) -> TcpStream {
        patient(self.0.accept()).await.unwrap().0
    }

    async fn dial(&self) -> BoxConnection {
        let url = format!("http://{}/v1/events", self.0.local_addr().unwrap());
        patient(SseConnector::new(&url).unwrap().dial()).await.unwrap()
    }

    /// A connection whose `auth` was answered with this, and the server's end of the stream.
    async fn answered(&self, answer: &str) -> (BoxConnection, TcpStream) {
        let mut connection = self.dial().await;
        let mut stream = self.accept().await;
        say(&mut connection, r#"{"auth":{"id":"1","token":"old"}}"#).await;
        assert_eq!(request(&mut stream).await, asked("GET /v1/events?follow=true", "old", ""));
        stream.write_all(answer.as_bytes()).await.unwrap();
        (connection, stream)
    }

    /// A connection whose stream is open.
    async fn open(&self) -> (BoxConnection, TcpStream) {
        let limits = json!({"max_frame": 65536, "max_content": 16384, "max_history_page": 100,
            "max_rooms_followed": 1000, "max_in_flight": 64, "typing_ttl_ms": 6000});
        let data =
            json!({"user_id": "u", "session_id": "s", "epoch": "e", "user_offset": 1, "limits": limits});
        let reply = json!({"reply": {"id": "events", "status": 200, "data": data, "ts": TS}});
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        let (mut connection, stream) = self.answered(&format!("{head}data: {reply}\n\n")).await;
        let first = reply_of(hear(&mut connection).await.unwrap());
        assert_eq!((first.id.unwrap().as_str(), first.status), ("1", 200));
        (connection, stream)
    }
}

async fn request(stream: &mut TcpStream) -> Asked {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(patient(stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let field = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
        line.map(|line| line[name.len()..].trim().to_owned())
    };
    let length = field("content-length:").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    patient(stream.read_exact(&mut body)).await.unwrap();
    Asked {
        line: head.lines().next().unwrap().to_owned(),
        token: field("authorization:").unwrap(),
        body: String::from_utf8(body).unwrap(),
    }
}

async fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn refusal(code: ErrorCode) -> (String, String) {
    let body = json!({"status": code.status(), "err": code.text(), "action": code.action(), "ts": TS});
    (format!("{} No", code.status()), body.to_string())
}

async fn say(connection: &mut BoxConnection, text: &'static str) {
    patient(connection.send(Frame::Text(text.into()))).await.unwrap();
}

async fn hear(connection: &mut BoxConnection) -> std::io::Result<Frame> {
    patient(connection.next()).await.expect("not the end")
}

fn reply_of(frame: Frame) -> Reply {
    let Frame::Text(text) = frame else { panic!("{frame:?}") };
    match decode(text.as_bytes()).unwrap() {
        Event::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_token_is_shown_alone_and_used_once_it_is_taken() {
    let http = Http::start().await;
    let (mut connection, _stream) = http.open().await;
    // All at once, while nothing is answered.
    for text in [r#"{"a":{}}"#, r#"{"auth":{"id":"2","token":"bad"}}"#, r#"{"b":{}}"#] {
        say(&mut connection, text).await;
    }
    say(&mut connection, r#"{"auth":{"id":"3","token":"new"}}"#).await;
    say(&mut connection, "{\"c\":\n{}}").await;
    say(&mut connection, r#"{"d":{}}"#).await;
    let mut posts = http.accept().await;
    let line = "POST /v1/commands?session_id=s";
    assert_eq!(request(&mut posts).await, asked(line, "old", "{\"a\":{}}\n"));
    answer(&mut posts, "200 OK", "{\"reply\":{}}\n").await;
    let auth = |token: &str, id: &str| format!("{{\"auth\":{{\"id\":\"{id}\",\"token\":\"{token}\"}}}}\n");
    assert_eq!(request(&mut posts).await, asked(line, "bad", &auth("bad", "2")));
    let (status, body) = refusal(ErrorCode::InvalidToken);
    answer(&mut posts, &status, &body).await;
    let refused = reply_of(hear(&mut connection).await.unwrap());
    assert_eq!(refused.id.as_ref().unwrap().as_str(), "2");
    assert_eq!(refused.error().unwrap().code.known(), Some(ErrorCode::InvalidToken));
    // The old one goes on as if nothing had been said.
    assert_eq!(request(&mut posts).await, asked(line, "old", "{\"b\":{}}\n"));
    answer(&mut posts, "200 OK", "").await;
    assert_eq!(request(&mut posts).await, asked(line, "new", &auth("new", "3")));
    answer(&mut posts, "200 OK", "").await;
    assert_eq!(request(&mut posts).await, asked(line, "new", "{\"c\": {}}\n{\"d\":{}}\n"));
}

#[tokio::test]
async fn a_connection_for_requests_is_kept_and_made_anew_when_the_server_closed_it() {
    let http = Http::start().await;
    let (mut connection, mut stream) = http.open().await;
    for _ in 0..2 {
        say(&mut connection, r#"{"a":{}}"#).await;
        let mut posts = http.accept().await;
        for _ in 0..3 {
            request(&mut posts).await;
            answer(&mut posts, "200 OK", "").await;
            say(&mut connection, r#"{"a":{}}"#).await;
        }
        request(&mut posts).await;
        answer(&mut posts, "200 OK", "").await;
        posts.shutdown().await.unwrap();
        // The client has seen the end when it closes its side too.
        assert_eq!(patient(posts.read(&mut [0])).await.unwrap(), 0);
    }
    stream.write_all(b":\n\n").await.unwrap();
    assert_eq!(hear(&mut connection).await.unwrap(), Frame::Ping);
}

#[tokio::test]
async fn refused_commands_end_the_connection_as_a_socket_would() {
    for (code, close) in
        [(ErrorCode::TokenExpired, true), (ErrorCode::NotFound, false), (ErrorCode::Internal, false)]
    {
        let http = Http::start().await;
        let (mut connection, _stream) = http.open().await;
        say(&mut connection, r#"{"a":{}}"#).await;
        let mut posts = http.accept().await;
        request(&mut posts).await;
        let (status, body) = refusal(code);
        answer(&mut posts, &status, &body).await;
        match hear(&mut connection).await {
            Ok(frame) => {
                let expected = Close { code: code.close_code(), reason: code.text().to_owned() };
                assert_eq!((frame, close), (Frame::Close(expected), true));
            }
            Err(error) => assert!(!close, "{error}"),
        }
        assert!(patient(connection.next()).await.is_none());
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_says_so_as_the_reply_to_auth() {
    let http = Http::start().await;
    let head = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy";
    let (mut connection, _stream) = http.answered(head).await;
    let refused = reply_of(hear(&mut connection).await.unwrap());
    let error = refused.error().unwrap();
    assert_eq!((refused.id.unwrap().as_str(), error.retry_after_ms), ("1", Some(7_000)));
    assert_eq!(error.code.text(), "HTTP status 503");
    assert!(patient(connection.next()).await.is_none());

    // A page to log in, where somebody is in between.
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi";
    let (mut connection, _stream) = http.answered(head).await;
    let error = hear(&mut connection).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer is no stream of events");
}

#[tokio::test]
async fn a_stream_without_an_end_of_its_line_is_given_up() {
    let http = Http::start().await;
    let (mut connection, mut stream) = http.open().await;
    let flood = tokio::spawn(async move {
        // Until the client has had enough.
        while stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
    });
    let error = hear(&mut connection).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    drop(connection);
    patient(flood).await.unwrap();
}

#[tokio::test]
async fn nothing_but_auth_opens_a_stream_and_a_dropped_connection_closes_both_links() {
    let http = Http::start().await;
    let mut connection = http.dial().await;
    say(&mut connection, r#"{"ping":{}}"#).await;
    assert_eq!(hear(&mut connection).await.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    let mut unused = http.accept().await;
    assert_eq!(patient(unused.read(&mut [0])).await.unwrap(), 0);

    let (mut connection, mut stream) = http.open().await;
    say(&mut connection, r#"{"a":{}}"#).await;
    let mut posts = http.accept().await;
    request(&mut posts).await;
    drop(connection);
    for link in [&mut stream, &mut posts] {
        let end = tokio::time::timeout(Duration::from_secs(20), link.read(&mut [0])).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }
}
