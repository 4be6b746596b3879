//! One user at a port, over HTTP: what the calls of the formats need of the server.
//!
//! Everything is read with the user's native rights and changed by the native commands, so that no format allows what another
//! one refuses: a room that is not there and one that is not the user's are the same, history begins where the user's does,
//! and what was deleted or hidden is absent but where a format shows it. Every list has an end.

mod lists;
mod messages;

use std::sync::Arc;

use chat_protocol::dialect::{Profile, RoomName};
use chat_protocol::{Command, ErrorCode, RoomId, UserId};
use serde_json::value::RawValue;

pub use lists::MessageList;
pub use messages::Window;

use super::facts::Faces;
use crate::Error;
use crate::dialects::{Port, PortId};
use crate::hub::{Asking, Hub};
use crate::storage::Standing;

/// Greatest number of entries of a list that a format leaves unpaged, and of one page of a list (dialect reference,
/// section 1).
pub const UNPAGED_MAX: usize = 1_000;

/// One user at a port, or the operator: made by [`ChatServer::visit`](crate::ChatServer::visit) for each request.
#[derive(Clone)]
pub struct Visit {
    hub: Arc<Hub>,
    port: PortId,
    asking: Asking,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit")
            .field("port", &self.port)
            .field("user", &self.asking.user)
            .finish_non_exhaustive()
    }
}

impl Visit {
    pub(crate) fn new(hub: Arc<Hub>, port: PortId, asking: Asking) -> Self {
        Self { hub, port, asking }
    }

    /// Who it is; of the operator the system's name.
    pub fn user(&self) -> &UserId {
        &self.asking.user
    }

    /// The port.
    pub fn port(&self) -> &Port {
        self.hub.sockets.port(self.port)
    }

    /// The user, as the directory knows it.
    ///
    /// # Errors
    /// `StorageUnavailable` when the directory cannot be asked.
    pub async fn me(&self) -> Result<Profile, Error> {
        Ok(Faces::new(&self.hub).of(self.user()).await?)
    }

    /// Everything in a room is read.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn read_all(&self, name: &RoomName) -> Result<(), Error> {
        let (room, standing) = self.room(name).await?;
        let read = chat_protocol::command::MarkRead {
            id: Some(super::ask::id()),
            room,
            seq: standing.seq,
            thread: None,
            private: false,
        };
        self.command(read).await.map(drop)
    }

    /// Does a command for the user, which pays for it.
    async fn command(&self, command: impl Into<Command>) -> Result<Option<Box<RawValue>>, Error> {
        let command = command.into();
        self.hub.admit(&self.asking, &command)?;
        Ok(self.hub.ask(self.asking.clone(), command).await?)
    }

    /// Takes what a request costs that is no command.
    fn pay(&self, what: &str) -> Result<(), Error> {
        Ok(self.hub.pay_for(&self.asking, what)?)
    }

    /// A room that the user may read, by one of its names, and what the user is to it.
    async fn room(&self, name: &RoomName) -> Result<(RoomId, Standing), Error> {
        let found = self.hub.stored(self.hub.providers.storage.room_named(name).await)?;
        let room = found.ok_or(ErrorCode::Forbidden)?;
        let standing = self.hub.visible(&self.asking, &room).await?;
        Ok((room, standing))
    }
}
