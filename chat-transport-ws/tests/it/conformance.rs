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
            Wrong::Binary => Message::binary(wrong.bytes()),
            Wrong::InvalidUtf8 | Wrong::TooLarge => {
                Message::Frame(RawFrame::message(wrong.bytes(), OpCode::Data(Data::Text), true))
            }
        };
        self.0.send(message).await.unwrap();
        Sent::Whole
    }
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
        // A body is text by its type; another type is refused as such.
        if wrong == Wrong::Binary {
            return Sent::Impossible;
        }
        let (_, refusal) = answer(self.request().body(wrong.bytes())).await;
        let refusal: Reply = serde_json::from_str(&refusal).unwrap();
        let code = refusal.error().and_then(|error| error.code.known());
        Sent::Refused(code.unwrap_or(ErrorCode::Internal))
    }
}
