//! WebSocket connections of a page or a worker: the browser's own, on `wasm32-unknown-unknown` with the feature `browser`.
//!
//! What a browser does not let pages do, and what follows:
//! - They set no headers, so the token goes in the session's `auth` and never in the handshake. The server has to allow the
//!   page's `Origin`.
//! - They send no pings and see none. The browser answers the server's, and the session asks with a `ping` of its own.
//! - They are not told why a dial failed, not even an HTTP status: it is [`DialError::Unreachable`](super::DialError) and
//!   tried again later.
//! - They cannot hold the peer back. What arrives waits in a queue of at most 1 MiB, and the connection ends when the page
//!   does not take it; the session resumes then.
//! - What they send waits in the browser. The connection takes no more frames while that is more than 256 KiB.
//! - What they wait for is bound to their thread, and so not `Send`, which the future of a
//!   [token source](crate::ClientBuilder::token_source) has to be: wrap it with the crate `send_wrapper`, as this connector does.
//! - A dropped connection is closed by the browser in its own time, which may be a minute when the peer is gone.

mod inbox;
mod rules;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod socket;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use socket::BrowserConnector;
