//! The suite of [`Connection`](crate::transport::Connection): one test per guarantee of a transport.
//!
//! The implementer says how the transport is started on a running server and how a client reaches it; the cases play a
//! chat over that. What the cases see is what a client sees, so a transport is proved together with the server's half of
//! it, whether it is a [`Transport`](crate::transport::Transport) or calls
//! [`serve_connection`](ChatServer::serve_connection) itself:
//!
//! ```
//! use async_trait::async_trait;
//! use chat_server_core::ChatServer;
//! use chat_server_core::conformance::transport::{ClientEnd, Dial, Frames};
//! use chat_server_core::transport::{PeerInfo, memory};
//!
//! struct InMemory(ChatServer);
//!
//! #[async_trait]
//! impl Dial for InMemory {
//!     async fn dial(&self, _token: &str) -> Box<dyn ClientEnd> {
//!         let (ours, theirs) = memory::pair(16);
//!         tokio::spawn(self.0.serve_connection(theirs, PeerInfo::default()));
//!         Box::new(Frames(ours))
//!     }
//! }
//!
//! mod conformance {
//!     use super::InMemory;
//!     chat_server_core::transport_conformance!(async |server| InMemory(server));
//! }
//! # fn main() {}
//! ```
//!
//! It expands to one `#[test]` per case, named like the case, with a runtime and a server of its own. The clock is the
//! real one, because links may be real.

mod client;
mod ends;
mod flow;
mod frames;
mod scene;

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Close, ErrorCode, Text};

use super::suite;
use crate::{ChatServer, ServerConfig};

pub use self::client::Frames;
pub use self::ends::*;
pub use self::flow::*;
pub use self::frames::*;

/// How clients reach the server that the transport was started on. What it holds is dropped with it.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Opens one connection, as a client of the transport would, for the holder of a development token. The suite says
    /// `auth` on it; a transport that wants to know who connects before takes the token, and follows no rooms.
    async fn dial(&self, token: &str) -> Box<dyn ClientEnd>;

    /// Whether its connections offer a [`DirectWriter`](crate::transport::DirectWriter).
    fn writes_directly(&self) -> bool {
        false
    }
}

/// A client's side of one connection. When it is dropped the client has vanished: it says no goodbye.
#[async_trait]
pub trait ClientEnd: Send {
    /// Sends one text frame; waits as long as the link takes none. Over a link that is gone nothing happens.
    async fn send(&mut self, text: Text);

    /// The next text, or the last word; `None` when the link is over. Answers probes meanwhile. Cancel-safe.
    async fn receive(&mut self) -> Option<Heard>;

    /// Sends what no client may, if the transport has a way to say it.
    async fn send_wrong(&mut self, wrong: Wrong) -> Sent;
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A text frame.
    Text(Text),
    /// Why the connection ends.
    Close(Close),
}

/// What no client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A frame of bytes.
    Binary,
    /// A text frame that is not UTF-8.
    InvalidUtf8,
    /// A text frame of one byte more than `max_frame`, otherwise a command.
    TooLarge,
}

impl Wrong {
    /// What is said: the bytes of one frame.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Wrong::Binary => vec![0; 4],
            Wrong::InvalidUtf8 => b"{\"ping\":{\"id\":\"\xff\"}}".to_vec(),
            Wrong::TooLarge => {
                let frame = |pad: &str| format!(r#"{{"ping":{{"id":"1"}},"_":"{pad}"}}"#);
                let size = ServerConfig::default().max_frame + 1;
                frame(&"x".repeat(size - frame("").len())).into_bytes()
            }
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way: the answer is heard.
    Whole,
    /// The transport refused it by its own means.
    Refused(ErrorCode),
    /// The transport has no way to say it.
    Impossible,
}

/// Starts a transport on a server.
type Start = Arc<dyn Fn(ChatServer) -> Pin<Box<dyn Future<Output = Arc<dyn Dial>>>>>;

/// The transport under test.
#[derive(Clone)]
pub struct Subject {
    start: Start,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

/// A transport that `start` starts on a server.
pub fn subject<D, F>(start: impl Fn(ChatServer) -> F + 'static) -> Subject
where
    D: Dial + 'static,
    F: Future<Output = D> + 'static,
{
    let start: Start = Arc::new(move |server| {
        let started = start(server);
        Box::pin(async move { Arc::new(started.await) as Arc<dyn Dial> })
    });
    Subject { start }
}

suite! { $
    /// Proves a transport with one line: see [the suite](crate::conformance::transport).
    transport_conformance in transport {
        ($start:expr) => subject($start);
        docs { "../transport/mod.rs" }
        cases {
            frames_keep_their_order
            texts_of_every_size_arrive_whole
            a_flush_leaves_nothing_behind
            direct_writes_keep_their_order
            a_probe_is_answered_by_itself
            what_breaks_a_rule_has_its_code
            a_peer_that_left_is_noticed
            the_last_word_has_its_code
            nothing_follows_the_last_word
            a_slow_reader_is_cut_and_told
            who_does_not_read_is_not_read_from
            a_silent_peer_holds_up_nobody
        }
    }
}
