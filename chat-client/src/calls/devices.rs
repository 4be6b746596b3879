//! The user's installations and sessions.

use chat_protocol::command::{self as wire, PushTarget};
use chat_protocol::reply::{RevokeData, SessionEntry, SessionsData};
use chat_protocol::{DeviceId, Patch, SessionId};

use super::changes::patch;
use crate::client::unnumbered;
use crate::{Client, Error};

/// What the server is to know of an installation: what is not named stays as it is.
///
/// ```
/// use chat_client::DeviceChanges;
/// use chat_client::protocol::command::{PushService, PushTarget};
/// let target = PushTarget { service: PushService::Fcm, token: "F".to_owned(), app: None };
/// let changes = DeviceChanges::new().push(target).name("Ann's phone");
/// # let _ = changes;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "changes are made by `Client::set_device`"]
pub struct DeviceChanges {
    device: Option<DeviceId>,
    push: Patch<PushTarget>,
    name: Patch<String>,
}

impl DeviceChanges {
    /// No changes yet, of the installation that [`ClientBuilder::device_id`](crate::ClientBuilder::device_id) names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another installation of the user's.
    pub fn device(mut self, device: DeviceId) -> Self {
        self.device = Some(device);
        self
    }

    /// Where its pushes go; `None`: nowhere.
    pub fn push(mut self, target: impl Into<Option<PushTarget>>) -> Self {
        self.push = patch(target.into());
        self
    }

    /// Its name for people, at most 128 bytes; `None`: none.
    pub fn name<'a>(mut self, name: impl Into<Option<&'a str>>) -> Self {
        self.name = patch(name.into().map(str::to_owned));
        self
    }
}

impl Client {
    /// Says how an installation receives pushes and what it is called. The same again changes nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_BAD_REQUEST` when neither the changes nor the client name an installation, and for what is
    /// too long; [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn set_device(&self, changes: DeviceChanges) -> Result<(), Error> {
        let DeviceChanges { device: device_id, push, name } = changes;
        self.order(wire::Device { id: unnumbered(), device_id, push, name }).await
    }

    /// The user's sessions, this one included, the most recently heard first; at most 100.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn sessions(&self) -> Result<Vec<SessionEntry>, Error> {
        let data: SessionsData = self.ask(wire::Sessions { id: unnumbered() }).await?;
        Ok(data.sessions)
    }

    /// Ends a session of the user's: its connection is closed, and its device gets no pushes any more if it has no other.
    /// Gives how many were ended: 0 for one that is not there. It takes no token back.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] with `ERR_SESSION_REVOKED` for the client's own session, unless it has a token source:
    /// the end is the answer. [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn revoke(&self, session: SessionId) -> Result<u64, Error> {
        self.revoke_some(Some(session), false).await
    }

    /// Ends all sessions of the user's but this one; gives how many they were.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn revoke_others(&self) -> Result<u64, Error> {
        self.revoke_some(None, true).await
    }

    async fn revoke_some(&self, session_id: Option<SessionId>, others: bool) -> Result<u64, Error> {
        let data: RevokeData = self.ask(wire::Revoke { id: unnumbered(), session_id, others }).await?;
        Ok(data.revoked)
    }
}
