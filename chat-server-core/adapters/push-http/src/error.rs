//! What can go wrong at start-up. Failures of posts are outcomes, not errors.

/// Why an endpoint cannot be used. It never holds the secret or the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The address cannot be posted to.
    #[error("the address to post to {reason}")]
    Url {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The secret is neither `whsec_` and base64, nor plain text, of 24 to 64 bytes.
    #[error("the secret is not 24 to 64 bytes, as text or as whsec_ and base64")]
    Secret,
    /// A number is zero that must not be.
    #[error("{name} is zero")]
    Zero {
        /// Which one.
        name: &'static str,
    },
    /// TLS cannot be set up, most often because the system has no certificates to trust.
    #[error("https cannot be used: {reason}")]
    Tls {
        /// What the TLS library said.
        reason: String,
    },
}
