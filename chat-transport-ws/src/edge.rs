//! What the handlers share.

use chat_server_core::ChatServer;

use crate::WsConfig;

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) server: ChatServer,
    pub(crate) config: WsConfig,
}
