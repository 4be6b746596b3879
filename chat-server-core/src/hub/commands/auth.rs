//! Who is there.

use std::sync::Arc;

use chat_protocol::command::Auth;
use chat_protocol::reply::{AuthData, Limits};
use chat_protocol::{ErrorCode, UserId, UserOffset, WireError};

use crate::auth::{AuthError, Authenticator, Principal};
use crate::hub::Hub;
use crate::hub::limits::too_much;
use crate::hub::link::Link;
use crate::hub::worker::{micros, shifted};
use crate::limits::cost;
use crate::session::Authenticated;

impl Hub {
    /// Finds out who a token belongs to. With `present` the connection is that user's already.
    pub(in crate::hub) async fn log_in(
        &self,
        link: &Arc<Link>,
        auth: Auth,
        handshake_token: Option<&str>,
        present: Option<UserId>,
    ) -> Result<Authenticated, WireError> {
        if present.is_some() {
            link.pay(cost("auth"))?;
        }
        let token = auth.token.as_deref().or(handshake_token);
        let token = token.ok_or_else(|| WireError::new(ErrorCode::InvalidToken, "auth.token is missing"))?;
        let principal = self.authenticate(token).await?;
        self.check_kept(&principal.user).await?;
        // Everything that can fail comes before the session: a connection is tied to one user for good.
        let user_offset = UserOffset::new(self.user_head(&principal.user).await?).unwrap_or_default();
        let session_id = match present {
            Some(user) if user != principal.user => {
                return Err(WireError::new(ErrorCode::Forbidden, "a connection never changes its user"));
            }
            Some(_) => {
                self.name_device(link, auth.device_id)?;
                link.session().cloned().ok_or(ErrorCode::Internal)?
            }
            None => self.attach(link, &principal.user, auth.session_id, auth.device_id),
        };
        let limits = Limits {
            max_frame: self.config.max_frame as u64,
            max_content: self.config.max_content as u64,
            max_history_page: self.config.max_history_page,
            max_rooms_followed: self.config.max_rooms_followed as u32,
            max_in_flight: self.config.max_in_flight as u32,
            typing_ttl_ms: self.config.typing_ttl.as_millis() as u64,
        };
        let data = AuthData {
            user_id: principal.user,
            session_id,
            epoch: self.epoch.clone(),
            user_offset,
            expires_at: principal.expires_at,
            limits,
        };
        Ok(Authenticated { data })
    }

    /// A user who is to be checked again in time.
    fn until_recheck(&self, found: Principal) -> Principal {
        let Some(recheck) = self.config.recheck else { return found };
        let latest = shifted(self.providers.clock.now(), micros(recheck));
        let expires_at = found.expires_at.map_or(latest, |at| at.min(latest));
        Principal { expires_at: Some(expires_at), ..found }
    }

    /// The user of a token.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Principal, WireError> {
        self.authenticate_with(&*self.providers.auth, token).await
    }

    /// The user of a token that somebody else knows.
    pub(in crate::hub) async fn authenticate_with(
        &self,
        auth: &dyn Authenticator,
        token: &str,
    ) -> Result<Principal, WireError> {
        let principal = auth.authenticate(token).await;
        // The server's own name opens every door: no token makes it anybody's.
        let principal = principal.and_then(|found| match found.user.is_system() {
            true => Err(AuthError::Invalid),
            false => Ok(self.until_recheck(found)),
        });
        principal.map_err(|error| match error {
            AuthError::Invalid => ErrorCode::InvalidToken.into(),
            AuthError::TooOften(wait) => too_much(wait),
            AuthError::Unavailable(cause) => {
                tracing::error!(%cause, "tokens cannot be checked");
                WireError::new(ErrorCode::StorageUnavailable, "authentication is unavailable")
                    .retry_after_ms(1_000)
            }
        })
    }
}
