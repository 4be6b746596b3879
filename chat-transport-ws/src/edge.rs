//! What the handlers share.

use std::sync::Arc;
use std::time::Duration;

use chat_server_core::ChatServer;
use chat_server_core::auth::Guesses;

use crate::WsConfig;
use crate::panel::Panel;
use crate::sse::Streams;

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) server: ChatServer,
    pub(crate) config: WsConfig,
    pub(crate) streams: Streams,
    /// Addresses from which somebody logs in.
    pub(crate) logins: Guesses,
    /// `None`: nobody looks, and no connection is tapped.
    pub(crate) panel: Option<Arc<Panel>>,
}

/// How often somebody may log in in vain from one address: behind one there may be a whole office, and a password that is
/// worth anything is not among the ten that are tried first.
pub(crate) fn logins() -> Guesses {
    Guesses::new(30, Duration::from_secs(10))
}
