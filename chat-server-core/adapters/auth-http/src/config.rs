//! What the operator sets: whom to ask, how long to wait, how long to remember.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use chat_protocol::UserId;

/// Settings of an [`HttpAuth`](crate::HttpAuth).
///
/// ```
/// use chat_auth_http::HttpConfig;
/// let config = HttpConfig::new("https://example.org/who");
/// assert_eq!(config.timeout.as_secs(), 5);
/// assert_eq!(config.cache_ttl.as_secs(), 30);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Address to ask, `http://` or `https://`, without user name and password. The tokens travel there: use `https`
    /// beyond this machine. Its certificate must be one that the operating system trusts.
    pub url: String,
    /// How long one answer may take, from the question to the end of the body; default 5 seconds, not zero. Keep it
    /// below the time that a connection has to authenticate, which runs meanwhile.
    pub timeout: Duration,
    /// How long the answer for a user is reused, counted from its arrival; default 30 seconds. A token that the other
    /// server has revoked stays good for that long. Zero asks every time.
    pub cache_ttl: Duration,
    /// What is asked and answered; default [`Form::User`].
    pub form: Form,
}

impl HttpConfig {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            timeout: Duration::from_secs(5),
            cache_ttl: Duration::from_secs(30),
            form: Form::default(),
        }
    }
}

/// What the other server is asked, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Form {
    /// `Authorization: Bearer <token>`, and a `user_id`.
    #[default]
    User,
    /// `Authorization: Token <token>`, and a profile: any object, which is what others are told of the user. This is the
    /// `ProfileURL` of hipochat. Of an answer without a `user_id`, which may be no object at all, the id is made of the token
    /// under this key.
    Profile(IdKey),
}

/// The key under which tokens become ids of users. With another one every such user is another one: keep it as long as what
/// they wrote. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct IdKey(pub [u8; 32]);

impl IdKey {
    /// The user of a token: 32 hexadecimal digits, from which nobody learns the token, and which nobody without the key can
    /// make of it.
    pub(crate) fn user(&self, token: &str) -> Option<UserId> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, token.as_bytes());
        let first = tag.as_ref().first_chunk()?;
        UserId::new(format!("{:032x}", u128::from_be_bytes(*first))).ok()
    }
}

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
