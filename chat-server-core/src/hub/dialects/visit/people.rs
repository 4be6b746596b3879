//! Users: what is known of them, where their pushes go, and their tokens.

use chat_protocol::command::{Device, PushTarget};
use chat_protocol::dialect::Profile;
use chat_protocol::{DeviceId, ErrorCode, Patch, UserId, WireError, limits};

use super::Visit;
use crate::Error;
use crate::auth::{AuthError, Issued, Login, TokenIssuer};
use crate::dialects::PortId;
use crate::hub::dialects::ask::id;
use crate::hub::dialects::facts::Faces;
use crate::hub::limits::too_much;
use crate::hub::{Hub, unavailable};

impl Visit {
    /// The user, as the directory knows it.
    ///
    /// # Errors
    /// `StorageUnavailable` when the directory cannot be asked.
    pub async fn me(&self) -> Result<Profile, Error> {
        Ok(Faces::new(&self.hub).of(self.user()).await?)
    }

    /// Another user, as the directory knows it. Whether it is online is told to who may watch it.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn profile(&self, user: &UserId) -> Result<Profile, Error> {
        self.pay("members")?;
        self.hub.check_user(user, "user").await?;
        let found = Faces::new(&self.hub).of(user).await?;
        let online = found.online && self.hub.may_watch(self.user(), user).await?;
        Ok(Profile { online, ..found })
    }

    /// The users who log in by these names, each with its name; names that nobody has are left out.
    ///
    /// # Errors
    /// `StorageUnavailable` when the directory cannot be asked.
    pub async fn named(&self, usernames: &[String]) -> Result<Vec<(String, Profile)>, Error> {
        self.pay("search")?;
        let mut found = Vec::new();
        for username in usernames {
            let user = self.hub.providers.directory.named(username).await.map_err(failed)?;
            if let Some(user) = user {
                found.push((
                    username.clone(),
                    Profile { online: false, ..Faces::new(&self.hub).of(&user).await? },
                ));
            }
        }
        Ok(found)
    }

    /// Gives the user another picture.
    ///
    /// # Errors
    /// `NotSupported` where the directory is not the server's to change.
    pub async fn set_avatar(&self, url: &str) -> Result<(), Error> {
        self.pay("set")?;
        bounded(url, limits::MAX_URL)?;
        match self.hub.providers.directory.set_avatar(self.user(), url).await.map_err(failed)? {
            true => Ok(()),
            false => Err(WireError::new(ErrorCode::NotSupported, "pictures are changed elsewhere").into()),
        }
    }

    /// The one device that gets the user's pushes of this port; it replaces the one before.
    ///
    /// # Errors
    /// As the native command.
    pub async fn set_device(&self, push: PushTarget) -> Result<(), Error> {
        let device =
            DeviceId::new(self.port().dialect.name()).map_err(|_| WireError::from(ErrorCode::Internal))?;
        bounded(&push.token, limits::MAX_PUSH_TOKEN)?;
        let push = Patch::Set(push);
        self.command(Device { id: id(), device_id: Some(device), push, name: Patch::Keep }).await.map(drop)
    }

    /// A new token for the user.
    ///
    /// # Errors
    /// `NotSupported` where the port gives out none.
    pub async fn renew(&self) -> Result<Issued, Error> {
        self.pay("auth")?;
        let issuer = self.hub.issuer(self.port)?;
        Ok(issuer.renew(self.user()).await.map_err(failed)?)
    }
}

impl Hub {
    /// A token for who says the right thing.
    pub(crate) async fn log_in_at(&self, port: PortId, login: Login<'_>) -> Result<Issued, WireError> {
        let issued = self.issuer(port)?.log_in(login).await.map_err(failed)?;
        self.check_kept(&issued.user).await?;
        Ok(issued)
    }

    fn issuer(&self, port: PortId) -> Result<&dyn TokenIssuer, WireError> {
        let none = || WireError::new(ErrorCode::NotSupported, "tokens are given out elsewhere");
        self.sockets.port(port).issuer.as_deref().ok_or_else(none)
    }
}

fn bounded(text: &str, most: usize) -> Result<(), WireError> {
    let why = || WireError::new(ErrorCode::BadRequest, format!("at most {most} bytes"));
    if text.len() > most { Err(why()) } else { Ok(()) }
}

fn failed(error: AuthError) -> WireError {
    match error {
        AuthError::Invalid => ErrorCode::InvalidToken.into(),
        AuthError::TooOften(wait) => too_much(wait),
        AuthError::Unavailable(cause) => {
            tracing::error!(%cause, "users cannot be looked up");
            unavailable()
        }
    }
}
