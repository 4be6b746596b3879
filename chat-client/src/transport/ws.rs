//! WebSocket connections over TCP, through a proxy where the environment names one, and over TLS with one of the
//! `rustls-tls-*` features.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use chat_protocol::{Action, Close, ErrorCode, Frame, ReplyError, Text, limits};
use futures::future::{BoxFuture, FutureExt};
use futures::{Sink, SinkExt, Stream, StreamExt};
use http::{HeaderValue, Response, Uri, header};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_key};
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::dial::{Dialer, Link, Shaken};
use super::{BoxConnection, Connector, DialError, answer, oversized};
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
///
/// It is also a way to use the connection alone, for another protocol over WebSocket or for none:
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use chat_client::protocol::Frame;
/// use chat_client::transport::{Connector, ws::WsConnector};
/// use futures::{SinkExt, StreamExt};
///
/// let echo = WsConnector::new("wss://echo.example.org/")?.without_subprotocol();
/// let mut connection = echo.dial().await?;
/// connection.send(Frame::Text("hello".into())).await?;
/// while let Some(frame) = connection.next().await {
///     println!("{:?}", frame?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WsConnector {
    request: Request,
    dialer: Dialer,
}

impl WsConnector {
    /// A connector to `url`, such as `wss://chat.example.org/v1/ws`, that speaks [`SUBPROTOCOL`].
    ///
    /// The way there is settled here: the proxy that the environment names (see [`transport`](super)), and for `wss://`
    /// the certificates to trust, which takes some milliseconds.
    ///
    /// # Errors
    /// [`Error::Address`] when it is no such URL, when the environment names a proxy that cannot be one, or when it is
    /// `wss://` and there is no TLS in the build, no cryptography for it, or nobody to trust.
    pub fn new(url: &str) -> Result<Self, Error> {
        let uri: Uri = url.parse().map_err(|error| Error::Address(format!("{error}")))?;
        if !matches!(uri.scheme_str(), Some("ws" | "wss")) {
            return Err(Error::Address("neither ws:// nor wss://".to_owned()));
        }
        let dialer = Dialer::new(&uri)?;
        let request = uri.into_client_request().map_err(|error| Error::Address(error.to_string()))?;
        let mut connector = Self { request, dialer };
        connector.offer(HeaderValue::from_static(SUBPROTOCOL));
        Ok(connector)
    }

    /// Speaks another subprotocol, which the server must then agree to.
    ///
    /// # Errors
    /// [`Error::Address`] when `name` cannot be a header's value.
    pub fn subprotocol(mut self, name: &str) -> Result<Self, Error> {
        let name = HeaderValue::from_str(name);
        self.offer(name.map_err(|_| Error::Address("the subprotocol is no token".to_owned()))?);
        Ok(self)
    }

    /// Speaks no subprotocol, as servers without any want it.
    #[must_use]
    pub fn without_subprotocol(mut self) -> Self {
        self.request.headers_mut().remove(header::SEC_WEBSOCKET_PROTOCOL);
        self
    }

    /// How long one dial may take, from the name lookup to the end of the handshake. Default 9 s: a second less than
    /// [`open_timeout`](crate::ClientBuilder::open_timeout), so that the error says which step took so long.
    #[must_use]
    pub fn dial_timeout(mut self, limit: Duration) -> Self {
        self.dialer.limit(limit);
        self
    }

    fn offer(&mut self, subprotocol: HeaderValue) {
        self.request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
}

// An address may hold a token in its query, so only its host is shown.
impl std::fmt::Debug for WsConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WsConnector").field("host", &self.dialer.host()).finish_non_exhaustive()
    }
}

impl Connector for WsConnector {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        let Self { mut request, dialer } = self.clone();
        // RFC 6455 section 4.1: a new key for each handshake. A key is base64, so it is a header's value.
        if let Ok(key) = HeaderValue::from_str(&generate_key()) {
            request.headers_mut().insert(header::SEC_WEBSOCKET_KEY, key);
        }
        async move {
            let shake = async move |link| {
                let shaken = client_async_with_config(request, link, Some(socket_limits())).await;
                let (socket, _) = shaken.map_err(dial_error)?;
                Ok(Box::pin(WsConnection { socket, closed: false }) as BoxConnection)
            };
            dialer.reach(shake).await
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
struct WsConnection {
    socket: WebSocketStream<Link>,
    /// The peer's close, or the end, was told: there is nothing behind it.
    closed: bool,
}

impl Stream for WsConnection {
    type Item = io::Result<Frame>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.closed {
            return Poll::Ready(None);
        }
        let Some(message) = ready!(self.socket.poll_next_unpin(cx)) else { return Poll::Ready(None) };
        self.closed = !matches!(message, Ok(ref message) if !message.is_close());
        if matches!(message, Ok(Message::Close(_))) {
            // The library has the answer to a close frame ready, and whoever reads this frame may drop the connection
            // at once: this is the last chance to be polite. One attempt, because an empty socket takes it.
            let _ = self.socket.poll_flush_unpin(cx);
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
        self.socket.poll_ready_unpin(cx).map_err(io_error)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> io::Result<()> {
        oversized(&frame)?;
        self.socket.start_send_unpin(message(frame)).map_err(io_error)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_flush_unpin(cx).map_err(io_error)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_close_unpin(cx).map_err(io_error)
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
        other => io::Error::other(other.to_string()),
    }
}

fn dial_error(error: WsError) -> Shaken {
    match error {
        WsError::Http(response) => Shaken::Told(rejected(&response)),
        // The server speaks WebSocket, but not our packets.
        WsError::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
            Shaken::Told(DialError::Refused(ReplyError {
                code: ErrorCode::UnsupportedVersion.into(),
                action: Action::Stop,
                detail: None,
                retry_after_ms: None,
            }))
        }
        WsError::Url(_) | WsError::HttpFormat(_) => Shaken::Told(DialError::Unusable(error.to_string())),
        other => Shaken::Failed(other.to_string()),
    }
}

/// An HTTP answer other than 101.
fn rejected(response: &Response<Option<Vec<u8>>>) -> DialError {
    let body = response.body().as_deref().unwrap_or_default();
    answer::refusal(response.status(), response.headers(), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_before_anything_is_dialed() {
        assert!(WsConnector::new("ws://127.0.0.1:8080/v1/ws").is_ok());
        for bad in ["", "chat", "http://127.0.0.1/", "ftp://x", "ws://", "ws://x:/", "ws://x:0/"] {
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
