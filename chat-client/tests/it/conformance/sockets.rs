//! WebSockets: the connector against the server's half of the same library, without and with TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chat_client::conformance::Acceptor;
use chat_client::protocol::{Close, Frame, Text};
use chat_client::transport::BoxConnection;
use chat_client::transport::ws::{SUBPROTOCOL, WsConnector};
use futures::future::BoxFuture;
use futures::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

chat_client::connector_conformance!(async || {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1/ws", listener.local_addr().unwrap());
    (WsConnector::new(&url).unwrap(), Server(listener))
});

struct Server(TcpListener);

impl Acceptor for Server {
    fn accept(&mut self) -> BoxFuture<'_, BoxConnection> {
        async {
            loop {
                let (stream, _) = self.0.accept().await.unwrap();
                // A client may have given up on its way.
                if let Some(peer) = shake(stream).await {
                    return Box::pin(peer) as BoxConnection;
                }
            }
        }
        .boxed()
    }
}

async fn shake(stream: TcpStream) -> Option<Peer> {
    #[allow(clippy::result_large_err, reason = "the type of the callback's error is the library's")]
    let agree = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
        Ok(response)
    };
    // Neither gathers nor keeps much, so that what it holds back is seen soon.
    let config = WebSocketConfig::default().write_buffer_size(0).max_write_buffer_size(256 * 1024);
    accept_hdr_async_with_config(stream, agree, Some(config)).await.ok().map(Peer)
}

/// The server's end as frames.
struct Peer(WebSocketStream<TcpStream>);

impl Stream for Peer {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.0.poll_next_unpin(cx)) {
            Some(Ok(Message::Text(text))) => Some(Ok(Frame::Text(Text::from(text.as_str().to_owned())))),
            Some(Ok(Message::Binary(bytes))) => Some(Ok(Frame::Binary(bytes))),
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => Some(Ok(Frame::Ping)),
            Some(Ok(Message::Pong(_))) => Some(Ok(Frame::Pong)),
            Some(Ok(Message::Close(close))) => {
                let close = close.expect("a close with its code");
                let reason = close.reason.as_str().to_owned();
                Some(Ok(Frame::Close(Close { code: close.code.into(), reason })))
            }
            Some(Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) | None => None,
            Some(Err(error)) => Some(Err(io::Error::other(error))),
        })
    }
}

impl Sink<Frame> for Peer {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(cx).map_err(io::Error::other)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        let message = match frame {
            Frame::Text(text) => Message::text(text.as_str()),
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Ping => Message::Ping(Bytes::new()),
            Frame::Pong => Message::Pong(Bytes::new()),
            Frame::Close(close) => {
                Message::Close(Some(CloseFrame { code: close.code.into(), reason: close.reason.into() }))
            }
        };
        self.0.start_send_unpin(message).map_err(io::Error::other)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(cx).map_err(io::Error::other)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(cx).map_err(io::Error::other)
    }
}
