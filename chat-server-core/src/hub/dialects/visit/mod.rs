//! One user at a port, over HTTP: what the calls of the formats need of the server.
//!
//! Everything is read with the user's native rights and changed by the native commands, so that no format allows what another
//! one refuses: a room that is not there and one that is not the user's are the same, history begins where the user's does,
//! and what was deleted or hidden is absent but where a format shows it. Every list has an end.

mod acts;
mod desks;
mod doors;
mod files;
mod lists;
mod messages;
mod people;
mod rooms;

use std::sync::Arc;

use chat_protocol::dialect::RoomName;
use chat_protocol::{Command, ErrorCode, RoomId, UserId};
use serde_json::value::RawValue;

pub use doors::Waiting;
pub(super) use files::Grants;
pub use lists::MessageList;
pub use messages::{MessagePage, Window};
pub use rooms::{RoomsOf, RoomsPage};

use crate::dialects::{Port, PortId};
use crate::hub::{Asking, Hub};
use crate::storage::Standing;
use crate::{Caller, Error};

/// Greatest number of entries of a list that a format leaves unpaged (dialect reference, section 1), unless the operator has
/// another for the [port](Port::unpaged_max), and of one page of a list.
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

    /// Greatest number of entries of a list that the format leaves unpaged.
    pub fn unpaged_max(&self) -> usize {
        self.port().unpaged_max.max(1)
    }

    /// Greatest number of entries of any list that is asked for at once.
    fn longest(&self) -> usize {
        self.unpaged_max().max(UNPAGED_MAX)
    }

    /// On whose behalf it is, for uploads and downloads.
    pub fn caller(&self) -> Caller {
        match self.asking.operator {
            true => Caller::Operator,
            false => Caller::User(self.asking.user.clone()),
        }
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
