//! WebSocket connections over TCP, and over TLS with one of the `rustls-tls-*` features.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chat_protocol::{Action, Close, ErrorCode, Frame, Reply, ReplyError, Text, decode, limits};
use futures::future::{BoxFuture, FutureExt};
use futures::{Sink, SinkExt, Stream, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{ProtocolError, UrlError};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response, header};
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::{BoxConnection, Connector, DialError};
use crate::Error;

/// Name and version of the packets, agreed on in the handshake.
pub const SUBPROTOCOL: &str = "chat.v1";

/// Bytes read from the socket at once: a burst of some twenty messages. The library's default of 128 KiB is for
/// transfers that a chat does not have.
const READ_BUFFER: usize = 8 * 1024;

/// Bytes gathered before they are written without being asked to. A flush follows whatever waits at once, so this
/// only has to be greater than a usual burst.
const WRITE_BUFFER: usize = 8 * 1024;

/// Bytes that wait at most for a peer that takes nothing.
const MAX_WRITE_BUFFER: usize = 4 * limits::MAX_FRAME;

/// Dials one `ws://` or `wss://` address.
#[derive(Clone)]
pub struct WsConnector {
    request: Request,
}

impl WsConnector {
    /// A connector to `url`, such as `wss://chat.example.org/v1/ws`.
    ///
    /// # Errors
    /// [`Error::Address`] when it is no such URL, or is `wss://` in a build without a `rustls-tls-*` feature.
    pub fn new(url: &str) -> Result<Self, Error> {
        let mut request = url.into_client_request().map_err(|error| Error::Address(describe(&error)))?;
        match request.uri().scheme_str() {
            Some("ws") => {}
            Some("wss") => tls_is_there().map_err(Error::Address)?,
            _ => return Err(Error::Address("neither ws:// nor wss://".to_owned())),
        }
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        Ok(Self { request })
    }
}

// An address may hold a token in its query, so only its host is shown.
impl std::fmt::Debug for WsConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WsConnector").field("host", &self.request.uri().host()).finish_non_exhaustive()
    }
}

impl Connector for WsConnector {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        let request = self.request.clone();
        async move {
            // Nagle's algorithm would hold back a short message for the ack of the one before.
            let dialed = connect_async_with_config(request, Some(socket_limits()), true).await;
            let (socket, _) = dialed.map_err(dial_error)?;
            Ok(Box::pin(WsConnection(socket)) as BoxConnection)
        }
        .boxed()
    }
}

fn socket_limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(limits::MAX_FRAME))
        .max_frame_size(Some(limits::MAX_FRAME))
}

/// One WebSocket as frames.
struct WsConnection(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Stream for WsConnection {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(message) = ready!(self.0.poll_next_unpin(cx)) else { return Poll::Ready(None) };
        if matches!(message, Ok(Message::Close(_))) {
            // The library has the answer to a close frame ready, and whoever reads this frame may drop the connection
            // at once: this is the last chance to be polite. One attempt, because an empty socket takes it.
            let _ = self.0.poll_flush_unpin(cx);
        }
        Poll::Ready(match message {
            Ok(message) => Some(frame(message)),
            Err(WsError::ConnectionClosed | WsError::AlreadyClosed) => None,
            Err(error) => Some(Err(io_error(error))),
        })
    }
}

impl Sink<Frame> for WsConnection {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(cx).map_err(io_error)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        self.0.start_send_unpin(message(frame)).map_err(io_error)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(cx).map_err(io_error)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(cx).map_err(io_error)
    }
}

fn frame(message: Message) -> io::Result<Frame> {
    Ok(match message {
        Message::Text(text) => {
            let text = Text::try_from(Bytes::from(text));
            Frame::Text(text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?)
        }
        Message::Binary(bytes) => Frame::Binary(bytes),
        Message::Pong(_) => Frame::Pong,
        Message::Close(close) => Frame::Close(match close {
            Some(close) => Close { code: close.code.into(), reason: close.reason.as_str().to_owned() },
            // RFC 6455 section 7.1.5: a close frame without a code stands for 1005.
            None => Close { code: 1005, reason: String::new() },
        }),
        // The last is a raw frame, which reading never yields.
        Message::Ping(_) | Message::Frame(_) => Frame::Ping,
    })
}

fn message(frame: Frame) -> Message {
    match frame {
        // The text was checked when it was made; should it not be UTF-8 after all, the peer's own check tells.
        Frame::Text(text) => Message::Text(text.into_bytes().try_into().unwrap_or_default()),
        Frame::Binary(bytes) => Message::Binary(bytes),
        Frame::Ping => Message::Ping(Bytes::new()),
        Frame::Pong => Message::Pong(Bytes::new()),
        Frame::Close(close) => {
            Message::Close(Some(CloseFrame { code: close.code.into(), reason: close.reason.into() }))
        }
    }
}

fn io_error(error: WsError) -> io::Error {
    match error {
        WsError::Io(error) => error,
        other => io::Error::other(describe(&other)),
    }
}

fn dial_error(error: WsError) -> DialError {
    match error {
        WsError::Http(response) => rejected(&response),
        // The server speaks WebSocket, but not our packets.
        WsError::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => DialError::Refused(ReplyError {
            code: ErrorCode::UnsupportedVersion.into(),
            action: Action::Stop,
            detail: None,
            retry_after_ms: None,
        }),
        WsError::Url(_) | WsError::HttpFormat(_) => DialError::Unusable(describe(&error)),
        other => DialError::Unreachable(describe(&other)),
    }
}

/// An HTTP answer other than 101. Our servers explain themselves in the body, in the shape of a reply.
fn rejected(response: &Response<Option<Vec<u8>>>) -> DialError {
    let status = response.status().as_u16();
    let body = response.body().as_deref().unwrap_or_default();
    if let Some(error) =
        decode::<Reply>(body).ok().and_then(|reply| reply.err.is_some().then(|| reply.error())?)
    {
        return DialError::Refused(error);
    }
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after =
        retry_after.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    DialError::Status { status, retry_after }
}

/// The library's text, except where it would repeat the address.
fn describe(error: &WsError) -> String {
    match error {
        WsError::Url(UrlError::UnableToConnect(_)) => "cannot connect".to_owned(),
        WsError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

#[cfg(not(any(feature = "rustls-tls-native-roots", feature = "rustls-tls-webpki-roots")))]
fn tls_is_there() -> Result<(), String> {
    Err("wss:// needs the feature rustls-tls-native-roots or rustls-tls-webpki-roots".to_owned())
}

/// A library must not choose the cryptography of the whole process, and without one TLS would panic.
#[cfg(any(feature = "rustls-tls-native-roots", feature = "rustls-tls-webpki-roots"))]
fn tls_is_there() -> Result<(), String> {
    match rustls::crypto::CryptoProvider::get_default() {
        Some(_) => Ok(()),
        None => {
            Err("wss:// needs a rustls CryptoProvider, installed by the application at start-up".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_before_anything_is_dialed() {
        assert!(WsConnector::new("ws://127.0.0.1:8080/v1/ws").is_ok());
        for bad in ["", "chat", "http://127.0.0.1/", "ftp://x", "ws://", "wss://chat.example.org/v1/ws"] {
            assert!(matches!(WsConnector::new(bad), Err(Error::Address(_))), "{bad}");
        }
    }

    #[test]
    fn a_token_in_the_address_is_not_shown() {
        let connector = WsConnector::new("ws://127.0.0.1/v1/ws?token=secret").unwrap();
        assert!(!format!("{connector:?}").contains("secret"));
    }

    #[test]
    fn a_rejection_with_our_body_is_understood() {
        let body = r#"{"status":401,"err":"ERR_INVALID_ACCESS_TOKEN","action":"refresh","ts":"2026-11-20T08:30:39.789Z"}"#;
        let response = Response::builder().status(401).body(Some(body.as_bytes().to_vec())).unwrap();
        let DialError::Refused(error) = rejected(&response) else { panic!("not understood") };
        assert_eq!(error.code.known(), Some(ErrorCode::InvalidToken));

        let response = Response::builder().status(503).header("retry-after", "7").body(None).unwrap();
        let expected = DialError::Status { status: 503, retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(rejected(&response), expected);
    }
}
