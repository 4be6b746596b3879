//! From a user to a token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::dialect::Secret;
use chat_protocol::{Timestamp, UserId};
use chat_server_core::auth::{AuthError, Issued};
use chat_server_core::clock::{Clock, SystemClock};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Map, Value};

use crate::{JwtConfig, Key, KeyError, key};

/// Signs tokens that a [`JwtAuth`](crate::JwtAuth) with the same settings takes, for those who log in at the chat itself.
///
/// ```
/// use std::time::Duration;
/// use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, JwtSigner, Key};
/// use chat_server_core::auth::Authenticator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = JwtConfig::new(Algorithm::Hs256, Key::Secret("0123456789abcdef0123456789abcdef".to_owned()));
/// let issued = JwtSigner::new(&config, Duration::from_secs(60))?.sign("alice".parse()?)?;
/// assert_eq!(JwtAuth::new(config)?.authenticate(&issued.token.0).await?.user.as_str(), "alice");
/// # Ok(())
/// # }
/// ```
pub struct JwtSigner {
    header: Header,
    key: EncodingKey,
    user_claim: String,
    audience: Option<String>,
    ttl: i64,
    clock: Arc<dyn Clock>,
}

impl JwtSigner {
    /// Checks the key and keeps it. Tokens last for `ttl`, of which whole seconds count.
    ///
    /// # Errors
    /// [`KeyError`] when the key cannot sign: only a shared secret can.
    pub fn new(config: &JwtConfig, ttl: Duration) -> Result<Self, KeyError> {
        Self::with_clock(config, ttl, Arc::new(SystemClock))
    }

    /// Like [`new`](Self::new), with another clock to reckon `exp` by.
    ///
    /// # Errors
    /// The same.
    pub fn with_clock(config: &JwtConfig, ttl: Duration, clock: Arc<dyn Clock>) -> Result<Self, KeyError> {
        let Key::Secret(secret) = &config.key else {
            return Err(KeyError::NeedsSecret { algorithm: config.algorithm });
        };
        // Refuses a secret that is too short, or an algorithm that has none.
        key::prepare(config.algorithm, &config.key)?;
        Ok(Self {
            header: Header::new(key::known(config.algorithm)),
            key: EncodingKey::from_secret(secret.as_bytes()),
            user_claim: config.user_claim.clone(),
            audience: config.audience.clone(),
            ttl: i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX),
            clock,
        })
    }

    /// A token for a user. No two are the same.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when the cryptography library fails, which nobody has seen.
    pub fn sign(&self, user: UserId) -> Result<Issued, AuthError> {
        let now = self.clock.now().as_micros().div_euclid(1_000_000);
        // What comes after the year 9999 has no text, and is an error in the settings anyway.
        let expires = now.saturating_add(self.ttl).min(LAST);
        let mut claims = Map::from_iter([
            ("iat".to_owned(), now.into()),
            ("exp".to_owned(), expires.into()),
            ("jti".to_owned(), format!("{:032x}", self.clock.random()).into()),
        ]);
        if let Some(audience) = &self.audience {
            claims.insert("aud".to_owned(), audience.as_str().into());
        }
        claims.insert(self.user_claim.clone(), Value::from(user.as_str()));
        let token = jsonwebtoken::encode(&self.header, &claims, &self.key);
        let token = Secret(token.map_err(|error| AuthError::Unavailable(error.into()))?);
        Ok(Issued { user, token, expires_at: Timestamp::from_micros(expires.saturating_mul(1_000_000)) })
    }
}

/// 9999-12-30, in seconds since 1970.
const LAST: i64 = 253_402_128_000;

/// Never shows the key.
impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtSigner").field("user_claim", &self.user_claim).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chat_server_core::auth::Authenticator;

    use super::*;
    use crate::{Algorithm, JwtAuth};

    struct At(i64, u128);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0)
        }
        fn random(&self) -> u128 {
            self.1
        }
    }

    fn config() -> JwtConfig {
        let key = Key::Secret("0123456789abcdef0123456789abcdef".to_owned());
        let audience = Some("chat".to_owned());
        JwtConfig { user_claim: "user_id".to_owned(), audience, ..JwtConfig::new(Algorithm::Hs256, key) }
    }

    #[tokio::test]
    async fn a_signed_token_is_taken_until_it_ends() {
        let ttl = Duration::from_secs(100);
        let signer = JwtSigner::with_clock(&config(), ttl, Arc::new(At(1_500_000, 1))).unwrap();
        let user = UserId::new("1").unwrap();
        let issued = signer.sign(user.clone()).unwrap();
        assert_eq!((&issued.user, issued.expires_at), (&user, Timestamp::from_micros(101_000_000)));
        for (now, good) in [(1, true), (130, true), (131, false)] {
            let auth = JwtAuth::with_clock(config(), Arc::new(At(now * 1_000_000, 0))).unwrap();
            assert_eq!(auth.authenticate(&issued.token.0).await.is_ok(), good, "{now}");
        }
        let other = JwtSigner::with_clock(&config(), ttl, Arc::new(At(1_500_000, 2))).unwrap();
        assert_ne!(other.sign(user).unwrap().token, issued.token);
        assert!(!format!("{signer:?} {issued:?}").contains("0123456789"));
    }

    #[test]
    fn a_public_key_signs_nothing() {
        let config = JwtConfig { key: Key::PublicPem(Vec::new()), ..config() };
        assert!(matches!(JwtSigner::new(&config, Duration::ZERO), Err(KeyError::NeedsSecret { .. })));
        let config = JwtConfig { key: Key::Secret("short".to_owned()), ..config };
        assert!(JwtSigner::new(&config, Duration::ZERO).is_err());
    }
}
