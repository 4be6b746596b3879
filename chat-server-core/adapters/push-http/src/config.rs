//! What the operator sets: where to post, under which secret, how often.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chat_protocol::dialect::haraj::PushForm;

use crate::SetupError;

/// The secret under which posts are signed. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_` and the base64 of 24 to 64 bytes, or that many bytes of plain text.
    ///
    /// ```
    /// use chat_push_http::Secret;
    /// assert!(Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_ok());
    /// assert!(Secret::parse("short").is_err());
    /// ```
    ///
    /// # Errors
    /// [`SetupError::Secret`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, SetupError> {
        let bytes = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| SetupError::Secret)?,
            None => text.as_bytes().to_vec(),
        };
        match bytes.len() {
            24..=64 => Ok(Self(bytes)),
            _ => Err(SetupError::Secret),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// An address that is posted to.
///
/// ```
/// use chat_push_http::{EndpointConfig, Secret};
/// let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
/// let config = EndpointConfig::new("https://example.org/push", secret);
/// assert_eq!((config.timeout.as_secs(), config.attempts, config.max_batch), (10, 3, 100));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointConfig {
    /// The address: `https://`, or `http://` on this machine, without user name and password. Its certificate must be one
    /// that the operating system trusts.
    pub url: String,
    /// The secret that both sides know; `None`: nothing is signed.
    pub secret: Option<Secret>,
    /// How long one attempt may take, from the connection to the end of the answer; default 10 seconds, not zero.
    pub timeout: Duration,
    /// How often one post is tried before it is given back; default 3, not zero. Each more may hold up what waits behind it
    /// for as long as `timeout`.
    pub attempts: usize,
    /// How long it is waited before the second attempt; default 500 ms, doubled for each further one, up to 30 s, and by
    /// chance up to twice that, so that not all servers come back at once.
    pub backoff: Duration,
    /// Greatest number of pushes in one post; default 100, not zero.
    pub max_batch: usize,
}

impl EndpointConfig {
    /// The defaults for an address.
    pub fn new(url: impl Into<String>, secret: Secret) -> Self {
        Self { secret: Some(secret), ..Self::unsigned(url) }
    }

    /// The same without a secret, for those whose format has no signature.
    pub fn unsigned(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            secret: None,
            timeout: Duration::from_secs(10),
            attempts: 3,
            backoff: Duration::from_millis(500),
            max_batch: 100,
        }
    }
}

/// Settings of an [`HttpPush`](crate::HttpPush).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushConfig {
    /// Where to.
    pub endpoint: EndpointConfig,
    /// In which form devices of Google's service are told; default HTTP v1, which is the only one that Google still takes.
    pub form: PushForm,
}

impl PushConfig {
    /// The defaults for an address.
    pub fn new(endpoint: EndpointConfig) -> Self {
        Self { endpoint, form: PushForm::default() }
    }
}
