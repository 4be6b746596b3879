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

/// How long it takes until there may be one more attempt to log in from an address.
const EACH_LOGIN: Duration = Duration::from_secs(10);

/// Counts who logs in in vain from one address, so many at once.
pub(crate) fn logins(max: u32) -> Guesses {
    Guesses::new(max, EACH_LOGIN)
}
