//! Both transports of the edge pass the suite of transports.

use std::net::SocketAddr;

use async_trait::async_trait;
use chat_protocol::{Close, ErrorCode, Reply, Text};
use chat_server_core::ChatServer;
use chat_server_core::conformance::transport::{ClientEnd, Dial, Heard, Sent, Wrong};
use chat_transport_ws::{WsConfig, bind, serve};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

use crate::stream::{Events, answer};

mod websocket {
    chat_server_core::transport_conformance!(async |server| super::Sockets(super::start(server).await));
}

mod events {
    chat_server_core::transport_conformance!(async |server| super::Streams(super::start(server).await));
}

async fn start(server: ChatServer) -> SocketAddr {
    let listeners = bind(&["127.0.0.1:0"]).await.unwrap();
    let address = listeners[0].local_addr().unwrap();
    tokio::spawn(serve(listeners, server, WsConfig::default(), CancellationToken::new()));
    address
}

struct Sockets(SocketAddr);

#[async_trait]
impl Dial for Sockets {
    async fn dial(&self, _: &str) -> Box<dyn ClientEnd> {
        let socket = TcpStream::connect(self.0).await.unwrap();
        let (socket, _) = client_async(format!("ws://{}/v1/ws", self.0), socket).await.unwrap();
        Box::new(Socket(socket))
    }

    fn writes_directly(&self) -> bool {
        true
    }
}

struct Socket(WebSocketStream<TcpStream>);

#[async_trait]
impl ClientEnd for Socket {
    async fn send(&mut self, text: Text) {
        // A server that has gone is found when nothing is heard of it.
        let _ = self.0.send(Message::text(text.as_str())).await;
    }

    async fn receive(&mut self) -> Option<Heard> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(Heard::Text(Text::from(text.as_str().to_owned()))),
                Message::Close(Some(close)) => {
                    let reason = close.reason.as_str().to_owned();
                    return Some(Heard::Close(Close { code: close.code.into(), reason }));
                }
                _ => {}
            }
        }
    }

    async fn send_wrong(&mut self, wrong: Wrong) -> Sent {
        let message = match wrong {
            Wrong::Binary => Message::binary(vec![0; 4]),
            Wrong::InvalidUtf8 => {
                Message::Frame(RawFrame::message(vec![0xff], OpCode::Data(Data::Text), true))
            }
            Wrong::TooLarge => Message::text(too_large()),
        };
        self.0.send(message).await.unwrap();
        Sent::Whole
    }
}

/// Of one byte too many.
fn too_large() -> String {
    let frame = |pad: &str| format!(r#"{{"ping":{{"id":"1"}},"_":"{pad}"}}"#);
    frame(&"x".repeat(64 * 1024 + 1 - frame("").len()))
}

struct Streams(SocketAddr);

#[async_trait]
impl Dial for Streams {
    async fn dial(&self, token: &str) -> Box<dyn ClientEnd> {
        let user = token.strip_prefix("dev-").unwrap();
        Box::new(Events::open(&format!("http://{}", self.0), user, "?follow=false").await)
    }
}

#[async_trait]
impl ClientEnd for Events {
    async fn send(&mut self, text: Text) {
        // The answers are heard on the stream as well.
        if let Ok(response) = self.request().body(text.into_bytes()).send().await {
            let _ = response.bytes().await;
        }
    }

    async fn receive(&mut self) -> Option<Heard> {
        Some(match self.next().await? {
            (None, data) => Heard::Text(Text::from(data)),
            (Some(name), data) => {
                assert_eq!(name, "close");
                let packet: Value = serde_json::from_str(&data).unwrap();
                let code = packet["close"]["code"].as_u64().and_then(|code| u16::try_from(code).ok());
                let reason = packet["close"]["reason"].as_str().unwrap().to_owned();
                Heard::Close(Close { code: code.unwrap(), reason })
            }
        })
    }

    async fn send_wrong(&mut self, wrong: Wrong) -> Sent {
        let body = match wrong {
            // A body is text by its type; another type is refused as such.
            Wrong::Binary => return Sent::Impossible,
            Wrong::InvalidUtf8 => b"{\"ping\":{\"id\":\"\xff\"}}".to_vec(),
            Wrong::TooLarge => too_large().into_bytes(),
        };
        let (_, refusal) = answer(self.request().body(body)).await;
        let refusal: Reply = serde_json::from_str(&refusal).unwrap();
        let code = refusal.error().and_then(|error| error.code.known());
        Sent::Refused(code.unwrap_or(ErrorCode::Internal))
    }
}
