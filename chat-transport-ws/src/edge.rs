//! What the handlers share.

use chat_server_core::ChatServer;

use crate::WsConfig;
use crate::sse::Streams;

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) server: ChatServer,
    pub(crate) config: WsConfig,
    pub(crate) streams: Streams,
}
