//! Sockets of existing systems over real connections, with a client that knows nothing of us: the conversations of their
//! documents, key by key.

mod backend;
mod calls;
mod chats;
mod clients;
mod doors;
mod everywhere;
mod haraj;
mod helpdesk;
mod hipochat;
mod panel;
mod sockets;
mod tndata;
mod together;

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::dialect::{
    chats::Chats, haraj::Haraj, helpdesk::Helpdesk, hipochat::Hipochat, tndata::TnData,
};
use chat_server_core::auth::DevelopmentAuth;
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::edge::{Answer, Edge};
use crate::raw::soon;

const OPERATOR: &str = "op-secret";

/// Stands for a text that is not known before.
const TEXT: &str = "<text>";

/// Stands for a number that is not known before.
const NUMBER: &str = "<number>";

/// How long a frame may take. Less than `soon` waits, so that the one that is missing is named.
const PATIENCE: Duration = Duration::from_secs(15);

fn ports() -> Vec<Port> {
    vec![
        Port { issuer: Some(Arc::new(DevelopmentAuth)), ..Port::new(Haraj::default()) },
        Port::new(TnData::default()),
        Port::new(Chats::default()),
        Port { sent_delay: Some(Duration::ZERO), ..Port::new(Helpdesk::default()) },
        Port { open_rooms: true, read_on_entry: true, ..Port::new(Hipochat::default()) },
    ]
}

async fn start() -> Edge {
    start_with(ports()).await
}

async fn start_with(dialects: Vec<Port>) -> Edge {
    let config = WsConfig { operator_token: Some(OPERATOR.to_owned()), ..WsConfig::default() };
    Edge::start_with(config, Providers { dialects, ..Providers::default() }, ServerConfig::default()).await
}

/// Asks the native HTTP interface as the operator.
async fn operate(edge: &Edge, line: &str, body: &str) -> Answer {
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {OPERATOR}\r\n");
    let rest = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    let answer = Answer::parse(&edge.raw(head + &rest).await);
    assert!(answer.status < 300, "{line}: {answer:?}");
    answer
}

/// A client's end of a WebSocket.
struct Socket(WebSocketStream<TcpStream>);

/// Opens a WebSocket with these headers; the answer of the server is that of the handshake.
async fn open_with(edge: &Edge, path: &str, headers: &[(&str, &str)]) -> Result<(Socket, Answer), Answer> {
    let tcp = edge.connect().await;
    let mut request = format!("ws://{}{path}", edge.address).into_client_request().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    let answer = |status: u16, headers: &tokio_tungstenite::tungstenite::http::HeaderMap, body: Vec<u8>| {
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Answer { status, headers, body: String::from_utf8(body).unwrap() }
    };
    match soon(client_async(request, tcp)).await {
        Ok((socket, response)) => Ok((Socket(socket), answer(101, response.headers(), Vec::new()))),
        Err(Error::Http(refused)) => {
            let (head, body) = refused.into_parts();
            Err(answer(head.status.as_u16(), &head.headers, body.unwrap_or_default()))
        }
        Err(error) => panic!("{path}: {error}"),
    }
}

async fn open(edge: &Edge, path: &str) -> Socket {
    open_with(edge, path, &[]).await.unwrap_or_else(|answer| panic!("{path}: {answer:?}")).0
}

impl Socket {
    async fn say(&mut self, frame: Value) {
        self.say_text(&frame.to_string()).await;
    }

    async fn say_text(&mut self, text: &str) {
        soon(self.0.send(Message::text(text))).await.unwrap();
    }

    /// The next frame.
    async fn hear(&mut self) -> Value {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("a frame was expected, not {other:?}"),
            }
        }
    }

    /// The next frame is this one, with no other keys. Gives the frame.
    #[track_caller]
    fn hears(&mut self, expected: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let heard = tokio::time::timeout(PATIENCE, self.hear()).await;
            let frame = heard.unwrap_or_else(|_| panic!("{caller}: expected {expected}\nand heard nothing"));
            assert!(alike(&frame, &expected), "{caller}: expected {expected}\nand heard {frame}");
            frame
        }
    }

    /// The next frame that has this key.
    async fn hear_with(&mut self, pointer: &str) -> Value {
        loop {
            let frame = self.hear().await;
            if frame.pointer(pointer).is_some() {
                return frame;
            }
        }
    }

    /// The code with which the server closes, and nothing is said before.
    async fn closed(&mut self) -> Option<u16> {
        match soon(self.0.next()).await {
            Some(Ok(Message::Close(frame))) => frame.map(|frame| frame.code.into()),
            other => panic!("an end was expected, not {other:?}"),
        }
    }
}

/// Whether a frame has exactly these keys and values; [`TEXT`] and [`NUMBER`] stand for any.
fn alike(frame: &Value, expected: &Value) -> bool {
    match (frame, expected) {
        (Value::Object(frame), Value::Object(expected)) => {
            frame.len() == expected.len()
                && expected.iter().all(|(key, value)| frame.get(key).is_some_and(|it| alike(it, value)))
        }
        (Value::Array(frame), Value::Array(expected)) => {
            frame.len() == expected.len() && frame.iter().zip(expected).all(|(it, value)| alike(it, value))
        }
        (Value::String(_), Value::String(expected)) if expected == TEXT => true,
        (Value::Number(_), Value::String(expected)) if expected == NUMBER => true,
        _ => frame == expected,
    }
}
