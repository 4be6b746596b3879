//! What the operator sets: whom to ask, how long to wait, how long to remember.

use std::time::Duration;

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
}

impl HttpConfig {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), timeout: Duration::from_secs(5), cache_ttl: Duration::from_secs(30) }
    }
}
