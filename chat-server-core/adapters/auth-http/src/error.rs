//! What can go wrong: once at start-up, and for each question. Neither ever holds a token or a body.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

/// Why an [`HttpAuth`](crate::HttpAuth) cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The address cannot be asked.
    #[error("the address to ask about tokens {reason}")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The timeout is zero: no answer is that fast.
    #[error("the timeout of questions about tokens is zero")]
    Timeout,
    /// TLS cannot be set up, most often because the system has no certificates to trust: install the package
    /// `ca-certificates`.
    #[error("https cannot be used: {reason}")]
    Tls {
        /// What the TLS library said.
        reason: String,
    },
}

/// Why it could not be found out whose a token is.
///
/// It is the source of [`AuthError::Unavailable`](chat_server_core::auth::AuthError::Unavailable):
///
/// ```
/// use chat_auth_http::LookupError;
/// use chat_server_core::auth::AuthError;
///
/// fn status(error: &AuthError) -> Option<u16> {
///     let AuthError::Unavailable(source) = error else { return None };
///     match source.downcast_ref()? {
///         LookupError::Status { status } => Some(*status),
///         _ => None,
///     }
/// }
/// let error = AuthError::Unavailable(LookupError::Status { status: 502 }.into());
/// assert_eq!(status(&error), Some(502));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// No answer in time.
    #[error("no answer within {timeout:?}")]
    Timeout {
        /// How long it was waited for.
        timeout: Duration,
    },
    /// The server could not be reached, or the connection to it broke.
    #[error("the connection failed: {reason}")]
    Connection {
        /// What the operating system or the TLS library said; never the address.
        reason: String,
    },
    /// A status other than 200, 401 and 403; a redirect, too.
    #[error("status {status} where 200, 401 or 403 is expected")]
    Status {
        /// The status.
        status: u16,
    },
    /// The body is too long. No more than the allowed length was read.
    #[error("a body of more than {max} bytes")]
    Oversized {
        /// Greatest length in bytes.
        max: usize,
    },
    /// The body is not what it should be.
    #[error("a body {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl From<reqwest::Error> for LookupError {
    fn from(error: reqwest::Error) -> Self {
        Self::Connection { reason: causes(error) }
    }
}

/// The whole chain of causes, without the address: its query may be a secret.
pub(crate) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
