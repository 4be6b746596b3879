//! What the handlers share.

use std::sync::Arc;

use chat_server_core::ChatServer;

use crate::WsConfig;
use crate::panel::Panel;
use crate::sse::Streams;

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) server: ChatServer,
    pub(crate) config: WsConfig,
    pub(crate) streams: Streams,
    /// `None`: nobody looks, and no connection is tapped.
    pub(crate) panel: Option<Arc<Panel>>,
}
