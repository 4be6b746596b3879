//! The debug panel: what all sockets say and are told, live, for the operator's eyes.
//!
//! ```text
//!  connection ─► Tap ─► Ring: the newest entries, as they came ─► show: tokens masked ─► viewers (server-sent events)
//! ```
//!
//! A connection is tapped where its frames are read and written, below all formats, so that none can be forgotten. What it
//! says is kept as it is, which costs a lock and the count of a reference; it is read, masked and cut only when somebody looks.
//! Without a panel there is no tap, and a connection looks at one empty place per frame.

mod http;
mod ring;
mod show;
mod tap;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_server_core::auth::Guesses;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use http::routes;
use ring::Ring;
use tap::Peer;
pub(crate) use tap::{Tap, TappedWriter, secrets};

/// The page `/chat/debug/`, which shows what all sockets say and are told: see [`WsConfig::debug_panel`](crate::WsConfig).
///
/// ```
/// use chat_transport_ws::{DebugPanel, WsConfig};
/// let panel = DebugPanel { bodies: true, ..DebugPanel::default() };
/// let config =
///     WsConfig { operator_token: Some("long and random".into()), debug_panel: Some(panel), ..WsConfig::default() };
/// ```
#[derive(Debug, Clone)]
pub struct DebugPanel {
    /// Whether what people write is shown, tokens masked. Default false: of a frame its kind, its room and its size are.
    pub bodies: bool,
    /// Greatest number of entries that are kept, for who begins to look and for who looks slowly. Default 500: a page that
    /// somebody can still read. Their frames take at most 4 MiB.
    pub max_entries: usize,
    /// Greatest number of pages that look at once. Default 4: each reads and masks every frame of every socket.
    pub max_viewers: usize,
}

impl Default for DebugPanel {
    fn default() -> Self {
        Self { bodies: false, max_entries: 500, max_viewers: 4 }
    }
}

/// The panel of a server.
#[derive(Debug)]
pub(crate) struct Panel {
    bodies: bool,
    ring: Ring,
    viewers: Arc<Semaphore>,
    /// Addresses from which somebody tries to look: five wrong tokens at once, and one more every 12 seconds, for whoever has
    /// the right one does not guess.
    guesses: Guesses,
    /// The number that the next connection is shown under.
    next: AtomicU64,
}

impl Panel {
    pub(crate) fn new(config: &DebugPanel) -> Self {
        Self {
            bodies: config.bodies,
            ring: Ring::new(config.max_entries),
            viewers: Arc::new(Semaphore::new(config.max_viewers.min(Semaphore::MAX_PERMITS))),
            guesses: Guesses::new(5, Duration::from_secs(12)),
            next: AtomicU64::new(1),
        }
    }

    /// A tap for a new connection.
    pub(crate) fn tap(
        self: &Arc<Self>,
        format: &'static str,
        address: Option<String>,
        secrets: Vec<String>,
    ) -> Tap {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Tap::new(Peer::new(self.clone(), number, format, address, secrets))
    }

    /// A place to look from; `None` when all are taken.
    fn viewer(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.viewers).try_acquire_owned().ok()
    }
}
