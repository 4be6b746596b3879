//! The server's handle: what transports and programs call.

use std::time::Duration;

use chat_protocol::{HistoryPage, HistoryQuery, RoomId, UserId};

use crate::auth::Principal;
use crate::transport::{Connection, PeerInfo};
use crate::{Error, Providers, ServerConfig};

/// On whose behalf something is asked over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An authenticated user.
    User(UserId),
    /// The operator's backend, which may read everything.
    Operator,
}

/// Whether the server does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// All is well.
    Serving,
    /// A write was lost or the store failed: nothing is stored until a restart.
    Degraded,
    /// Shutting down.
    Draining,
}

/// A running chat server: a cheap handle, clone it freely.
#[derive(Debug, Clone)]
pub struct ChatServer {}

impl ChatServer {
    /// Starts a server from its parts. Must be called within a tokio runtime.
    pub fn start(providers: Providers, config: ServerConfig) -> Self {
        let _ = (providers, config);
        Self {}
    }

    /// The configuration it was started with.
    pub fn config(&self) -> &ServerConfig {
        unreachable!("grown in the next commit")
    }

    /// Serves one connection until it ends.
    ///
    /// Not cancel-safe: dropping it cuts the connection without a close frame.
    pub async fn serve_connection<C: Connection>(&self, connection: C, peer: PeerInfo) {
        let _ = (connection, peer);
    }

    /// The user of a token.
    ///
    /// # Errors
    /// `InvalidToken`, or `StorageUnavailable` when it cannot be found out now.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let _ = token;
        unreachable!("grown in the next commit")
    }

    /// One page of a room's history.
    ///
    /// # Errors
    /// `Forbidden` for rooms that are not the caller's or do not exist, `BadRequest` for a limit out of range.
    pub async fn history(
        &self,
        caller: &Caller,
        room: &RoomId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Error> {
        let _ = (caller, room, query);
        unreachable!("grown in the next commit")
    }

    /// Whether the server does its work.
    pub fn health(&self) -> Health {
        Health::Serving
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        0
    }

    /// Stops taking connections, tells every session that the server drains, closes them with 1001 and waits, at
    /// most `deadline`, until what was accepted is stored and every connection is closed.
    pub async fn shutdown(&self, deadline: Duration) {
        let _ = deadline;
    }
}
