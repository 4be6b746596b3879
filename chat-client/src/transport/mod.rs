//! How connections are made: two small traits, so that any transport can carry a session.
//!
//! | module | dials | feature |
//! | --- | --- | --- |
//! | `ws` | `ws://` and `wss://` | `ws`, in the default ones |
//! | `sse` | `http://` and `https://`: server-sent events and requests, where WebSockets are blocked | `sse` |
//! | [`memory`] | a server in the same program, for tests of applications | |
//! | [`channel`] | whatever else is a `Stream` and a `Sink` | |
//!
//! # Proxies
//!
//! Addresses are dialed through the proxy that the environment names, by the rules of curl: `HTTPS_PROXY` for `wss://` and
//! `https://`, `HTTP_PROXY` for `ws://` and `http://`, `ALL_PROXY` for either, each in upper or in lower case; `NO_PROXY`
//! lists the exceptions. A proxy is `http://`, `https://`, `socks4://`, `socks4a://`, `socks5://` or `socks5h://`, with
//! `user:password@` where it wants that, and is asked for a tunnel (`CONNECT` in the case of HTTP). It looks names up itself.
//!
//! # Trust
//!
//! TLS trusts the system's certificates (feature `rustls-tls-native-roots`; on Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` name
//! others), Mozilla's (`rustls-tls-webpki-roots`), or both. Its cryptography is what the application has installed as rustls'
//! `CryptoProvider` when the connector is made; without that, *ring*, for these connections alone (feature `ring`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Frame, ReplyError, limits};
use futures::future::BoxFuture;
use futures::{Sink, Stream};

#[cfg(any(feature = "ws", feature = "sse", feature = "uploads"))]
pub(crate) mod answer;
#[cfg(any(test, all(feature = "browser", target_family = "wasm", target_os = "unknown")))]
pub mod browser;
pub mod channel;
#[cfg(feature = "_dial")]
pub(crate) mod dial;
pub mod memory;
#[cfg(feature = "sse")]
pub mod sse;
#[cfg(feature = "ws")]
pub mod ws;

use crate::Error;

/// One open connection: frames in both directions, in order.
///
/// What an implementation promises, each with the cases of `connector_conformance!` (feature `conformance`) that check it:
/// - Frames arrive whole, in the order in which they were sent (`frames_arrive_whole_and_in_order`,
///   `a_burst_keeps_its_order_in_both_directions`).
/// - A frame of 64 KiB arrives, and a larger one is an error (`a_frame_of_the_greatest_size_arrives`, `a_larger_frame_is_refused`).
/// - [`Frame::Close`] is yielded when the peer sent one, and is the last that is yielded (`the_peers_close_is_yielded_and_last`);
///   sent, it is the last frame (`a_sent_close_is_last`).
/// - The stream ends when the peer is gone (`the_end_of_the_peer_ends_the_stream`).
/// - A [`Frame::Ping`] is answered by the implementation itself *and* yielded, because any frame proves that the peer
///   lives (`a_probe_is_answered_and_yielded`).
/// - Memory is bounded in both directions: `poll_ready` waits while the peer takes nothing (`who_takes_nothing_is_waited_for`), and
///   a peer waits while nothing is read (`what_is_not_read_is_not_taken_in`).
/// - Dropping it frees everything at once, and the peer notices (`a_dropped_connection_is_noticed`).
///
/// Everything that has the right `Stream` and `Sink` is a connection.
pub trait Connection: Stream<Item = io::Result<Frame>> + Sink<Frame, Error = io::Error> + Send {}

impl<T: Stream<Item = io::Result<Frame>> + Sink<Frame, Error = io::Error> + Send> Connection for T {}

/// The bound that every connection keeps: a frame of more than 64 KiB is not sent.
pub(crate) fn oversized(frame: &Frame) -> io::Result<()> {
    let len = match frame {
        Frame::Text(text) => text.len(),
        Frame::Binary(bytes) => bytes.len(),
        Frame::Ping | Frame::Pong | Frame::Close(_) => 0,
    };
    if len <= limits::MAX_FRAME {
        return Ok(());
    }
    let text = format!("a frame of {len} bytes, at most {} are allowed", limits::MAX_FRAME);
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

/// The connector for an address, as its scheme says: `ws://` and `wss://` are dialed as WebSockets, `http://` and
/// `https://` as streams of server-sent events. In a page the WebSockets are the browser's.
///
/// ```
/// # #[cfg(feature = "ws")] {
/// use chat_client::transport::connector;
/// assert!(connector("ws://127.0.0.1:8080/v1/ws").is_ok());
/// assert!(connector("ftp://127.0.0.1/").is_err());
/// # }
/// ```
///
/// # Errors
/// [`Error::Address`] when it is no such address, when the feature for it (`ws`, `sse`) is missing in the build, or for
/// what the connector's own `new` refuses.
pub fn connector(url: &str) -> Result<Arc<dyn Connector>, Error> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        #[cfg(all(feature = "browser", target_family = "wasm", target_os = "unknown"))]
        Some("ws" | "wss") => Ok(Arc::new(browser::BrowserConnector::new(url)?)),
        #[cfg(all(feature = "ws", not(all(target_family = "wasm", target_os = "unknown"))))]
        Some("ws" | "wss") => Ok(Arc::new(ws::WsConnector::new(url)?)),
        #[allow(unreachable_patterns, reason = "there is a connector for them in most builds")]
        Some(scheme @ ("ws" | "wss")) => {
            Err(Error::Address(format!("{scheme}:// needs the feature ws, or browser in a page")))
        }
        #[cfg(feature = "sse")]
        Some("http" | "https") => Ok(Arc::new(sse::SseConnector::new(url)?)),
        // In a page no feature helps.
        #[cfg(not(any(feature = "sse", all(target_family = "wasm", target_os = "unknown"))))]
        Some(scheme @ ("http" | "https")) => {
            Err(Error::Address(format!("{scheme}:// needs the feature sse")))
        }
        _ if cfg!(all(target_family = "wasm", target_os = "unknown")) => {
            Err(Error::Address("neither ws:// nor wss://".to_owned()))
        }
        _ => Err(Error::Address("neither ws://, wss://, http:// nor https://".to_owned())),
    }
}

/// A connection of whichever kind.
pub type BoxConnection = Pin<Box<dyn Connection>>;

/// Opens connections to one server.
///
/// What an implementation promises besides:
/// - A dial that cannot succeed now is an error in time, and only what no attempt can change is
///   [`DialError::Unusable`] (`a_dial_without_a_server_fails`).
/// - A dial that is dropped leaves nothing behind (`a_dropped_dial_leaves_the_next_one_alone`), and it can be dialed any number of
///   times (`a_connector_dials_again`).
pub trait Connector: Send + Sync + 'static {
    /// Opens one connection. The client calls it again for each attempt, never two at once, and drops the future of
    /// an attempt that takes too long: that must leave nothing behind.
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>>;
}

impl<C: Connector + ?Sized> Connector for Arc<C> {
    fn dial(&self) -> BoxFuture<'static, Result<BoxConnection, DialError>> {
        (**self).dial()
    }
}

/// Why a connection could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// No attempt can succeed, because the configuration is wrong. The client ends.
    #[error("{0}")]
    Unusable(String),
    /// The server answered and gave one of the protocol's errors: what happens next is its word.
    #[error("refused: {}", .0.code.text())]
    Refused(ReplyError),
    /// Something on the way answered with an HTTP status and no error of the protocol, such as a proxy.
    #[error("HTTP status {status} instead of a connection")]
    Status {
        /// The status.
        status: u16,
        /// How long the answer asks to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing answered.
    #[error("{0}")]
    Unreachable(String),
}
