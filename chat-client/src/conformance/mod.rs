//! The suite of [`Connector`] and [`Connection`](crate::transport::Connection): one test per guarantee, for transports of one's own.
//!
//! The implementer says how a server of the transport is started and how it is dialed; the cases play both sides. One line
//! runs them all:
//!
//! ```
//! use chat_client::conformance::Acceptor;
//! use chat_client::transport::{BoxConnection, memory};
//! use futures::FutureExt;
//! use futures::future::BoxFuture;
//!
//! struct Server(memory::MemoryAcceptor);
//!
//! impl Acceptor for Server {
//!     fn accept(&mut self) -> BoxFuture<'_, BoxConnection> {
//!         async { Box::pin(self.0.accept().await.expect("a connector")) as BoxConnection }.boxed()
//!     }
//! }
//!
//! mod in_memory {
//!     chat_client::connector_conformance!(async || {
//!         let (connector, acceptor) = chat_client::transport::memory::pair();
//!         (connector, super::Server(acceptor))
//!     });
//! }
//! # fn main() {}
//! ```
//!
//! It expands to one `#[test]` per case, named like the case, with a runtime of its own, so that the implementer adds no
//! dependency. The clock is the real one, because links may be real. What a transport cannot do is declared in
//! [`Capabilities`], given as a second argument; its cases then say in their output that they were skipped.
//!
//! The frames that the cases send are single lines of JSON without a meaning, at most 64 KiB each.

mod dials;
mod ends;
mod flow;
mod frames;
mod scene;
mod suite;

use std::sync::Arc;

use chat_protocol::Text;
use futures::future::{BoxFuture, FutureExt};

use crate::transport::{BoxConnection, Connector};
use dials::{
    a_connector_dials_again, a_dial_without_a_server_fails, a_dropped_dial_leaves_the_next_one_alone,
};
use ends::{
    a_dropped_connection_is_noticed, a_sent_close_is_last, the_end_of_the_peer_ends_the_stream,
    the_peers_close_is_yielded_and_last,
};
use flow::{what_is_not_read_is_not_taken_in, who_takes_nothing_is_waited_for};
use frames::{
    a_burst_keeps_its_order_in_both_directions, a_frame_of_the_greatest_size_arrives,
    a_larger_frame_is_refused, a_probe_is_answered_and_yielded, frames_arrive_whole_and_in_order,
};
pub use suite::Suite;

/// The server's side of a transport under test: where the connections come out that the connector dials.
///
/// From the moment it is dropped, nobody listens at the address any more.
pub trait Acceptor: Send + 'static {
    /// The server's end of the next connection. It carries frames like the client's end, answers probes and keeps
    /// bounds, but takes frames of any size, so that the client's own bound is seen.
    ///
    /// With [`Capabilities::opening`] it has taken that frame, and answered it with one text frame.
    fn accept(&mut self) -> BoxFuture<'_, BoxConnection>;
}

/// What a transport can do. The default is everything, as a WebSocket does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Capabilities {
    /// What a client has to say before there is a connection, and is answered. Default: nothing.
    pub opening: Option<Text>,
    /// Whether a client can send [`Frame::Binary`](chat_protocol::Frame::Binary), and be sent it.
    pub binary: bool,
    /// Whether the server hears that a client answers its probe.
    pub pong: bool,
    /// Whether a probe of the client is answered.
    pub ping: bool,
    /// Whether the server hears the code of a client's close.
    pub close: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { opening: None, binary: true, pong: true, ping: true, close: true }
    }
}

/// Makes a server and a connector to it.
type Make = Arc<dyn Fn() -> BoxFuture<'static, (Arc<dyn Connector>, Box<dyn Acceptor>)>>;

/// The transport under test.
#[derive(Clone)]
pub struct Subject {
    make: Make,
    capabilities: Capabilities,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

/// A transport of which `make` gives a connector and the server that it dials.
pub fn subject<F, C, A>(make: impl Fn() -> F + 'static, capabilities: Capabilities) -> Subject
where
    F: Future<Output = (C, A)> + Send + 'static,
    C: Connector,
    A: Acceptor,
{
    let make: Make = Arc::new(move || {
        let made = make();
        async move {
            let (connector, acceptor) = made.await;
            (Arc::new(connector) as Arc<dyn Connector>, Box::new(acceptor) as Box<dyn Acceptor>)
        }
        .boxed()
    });
    Subject { make, capabilities }
}

suite::suite! { $
    /// Proves a connector with one line: see [the suite](crate::conformance).
    connector_conformance {
        frames_arrive_whole_and_in_order
        a_burst_keeps_its_order_in_both_directions
        a_frame_of_the_greatest_size_arrives
        a_larger_frame_is_refused
        a_probe_is_answered_and_yielded
        the_peers_close_is_yielded_and_last
        a_sent_close_is_last
        the_end_of_the_peer_ends_the_stream
        who_takes_nothing_is_waited_for
        what_is_not_read_is_not_taken_in
        a_dropped_connection_is_noticed
        a_dial_without_a_server_fails
        a_dropped_dial_leaves_the_next_one_alone
        a_connector_dials_again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guarantee without a case is a wish, and a case without a guarantee proves nothing.
    #[test]
    fn guarantees_and_cases_name_each_other() {
        let guarantees = SUITE.guarantees();
        assert!(guarantees.len() >= 8, "{guarantees:?}");
        for guarantee in &guarantees {
            assert!(SUITE.names().any(|name| guarantee.contains(&format!("`{name}`"))), "{guarantee}");
        }
        for name in SUITE.names() {
            let named = guarantees.iter().filter(|guarantee| guarantee.contains(&format!("`{name}`")));
            assert_eq!(named.count(), 1, "{name}");
        }
    }
}
