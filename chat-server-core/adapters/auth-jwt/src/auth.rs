//! From a token to a user.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Timestamp, UserId};
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::clock::{Clock, SystemClock};
use jsonwebtoken::Validation;
use serde_json::{Map, Value};

use crate::jwks::Keys;
use crate::{JwtConfig, KeyError, key};

/// Length of a token in bytes beyond which it is not even decoded. Tokens that list hundreds of roles have some
/// 8 KiB, and no HTTP server takes a header much longer than that.
const MAX_TOKEN: usize = 16 * 1024;

/// Greatest integer that JavaScript and every double keep exactly.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Authenticates with JSON Web Tokens. The [front page](crate) tells what is checked.
///
/// [`Principal::expires_at`] is `exp` + leeway, the moment from which the token is refused: a session that ends at it
/// lives as long as the token would open a new one.
pub struct JwtAuth {
    keys: Keys,
    validation: Validation,
    user_claim: String,
    leeway: i64,
    clock: Arc<dyn Clock>,
}

impl JwtAuth {
    /// Checks the key and keeps it.
    ///
    /// ```
    /// use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key, KeyError};
    /// let config = JwtConfig::new(Algorithm::Es256, Key::Secret("a shared secret".to_owned()));
    /// let error = JwtAuth::new(config).unwrap_err();
    /// assert_eq!(error, KeyError::NeedsPublic { algorithm: Algorithm::Es256 });
    /// ```
    ///
    /// # Errors
    /// [`KeyError`] when the key cannot be one of the algorithm.
    pub fn new(config: JwtConfig) -> Result<Self, KeyError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Like [`new`](Self::new), with another clock to compare `exp` and `nbf` with.
    ///
    /// # Errors
    /// The same.
    pub fn with_clock(config: JwtConfig, clock: Arc<dyn Clock>) -> Result<Self, KeyError> {
        let keys = Keys::new(config.algorithm, config.key, clock.now())?;
        let mut validation = Validation::new(key::known(config.algorithm));
        // The times are checked below, against a clock that tests can set, and with arithmetic that cannot overflow.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = true;
        if let Some(audience) = config.audience {
            validation.set_audience(&[audience]);
            validation.set_required_spec_claims(&["aud"]);
        }
        Ok(Self {
            keys,
            validation,
            user_claim: config.user_claim,
            leeway: i64::try_from(config.leeway.as_micros()).unwrap_or(i64::MAX),
            clock,
        })
    }

    fn check(&self, token: &str) -> Option<Principal> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let now = self.clock.now();
        let kid = jsonwebtoken::decode_header(token).ok()?.kid;
        let read = |key| jsonwebtoken::decode::<Map<String, Value>>(token, key, &self.validation).ok();
        let data = self.keys.of(kid.as_deref(), now).iter().find_map(read)?;
        if data.header.crit.is_some() {
            return None;
        }
        let user = user_id(data.claims.get(&self.user_claim)?)?;
        let now = now.as_micros();
        if let Some(not_before) = date(&data.claims, "nbf").ok()?
            && now < not_before.saturating_sub(self.leeway)
        {
            return None;
        }
        let expires_at = date(&data.claims, "exp").ok()?.map(|exp| exp.saturating_add(self.leeway));
        if expires_at.is_some_and(|expires_at| now >= expires_at) {
            return None;
        }
        Some(Principal { user, expires_at: expires_at.map(Timestamp::from_micros) })
    }
}

#[async_trait]
impl Authenticator for JwtAuth {
    // At once and without waiting: a signature takes some ten microseconds to check.
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        self.check(token).ok_or(AuthError::Invalid)
    }
}

/// Never shows the key.
impl fmt::Debug for JwtAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuth")
            .field("algorithms", &self.validation.algorithms)
            .field("user_claim", &self.user_claim)
            .finish_non_exhaustive()
    }
}

fn user_id(claim: &Value) -> Option<UserId> {
    match claim {
        Value::String(id) => UserId::new(id.as_str()).ok(),
        // Numbers of databases. A fraction or an exponent makes it no integer, even in `1.0`.
        Value::Number(id) => {
            let id = id.as_u64().filter(|id| *id <= MAX_INTEGER)?;
            UserId::new(id.to_string()).ok()
        }
        _ => None,
    }
}

/// A claim that holds a time (`NumericDate`, RFC 7519 section 2), in microseconds since 1970.
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, AuthError> {
    let Some(claim) = claims.get(name) else { return Ok(None) };
    let Value::Number(seconds) = claim else { return Err(AuthError::Invalid) };
    if let Some(seconds) = seconds.as_i64() {
        return Ok(Some(seconds.saturating_mul(1_000_000)));
    }
    let seconds = seconds.as_f64().ok_or(AuthError::Invalid)?;
    // `as` saturates, and a JSON number is never NaN.
    Ok(Some((seconds * 1e6) as i64))
}
