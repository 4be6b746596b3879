//! Who is there: people with a PIN.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chat_protocol::UserId;
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use subtle::ConstantTimeEq;

/// A token is `<user>:<pin>`.
pub struct PinAuth(pub BTreeMap<UserId, String>);

#[async_trait]
impl Authenticator for PinAuth {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let (user, pin) = token.rsplit_once(':').ok_or(AuthError::Invalid)?;
        let user = UserId::new(user).map_err(|_| AuthError::Invalid)?;
        let known = self.0.get(&user).ok_or(AuthError::Invalid)?;
        let right = bool::from(known.as_bytes().ct_eq(pin.as_bytes()));
        right.then_some(Principal { user, expires_at: None }).ok_or(AuthError::Invalid)
    }
}
