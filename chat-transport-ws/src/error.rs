//! Why a server cannot be started.

/// Why [`serve`](crate::serve) or [`bind`](crate::bind) gave up. A server that runs does not end with an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Nothing to listen on.
    #[error("no listener was given")]
    NoListener,
    /// An address cannot be listened on: in use, not this machine's, or not permitted.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address as it was given.
        address: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A setting is out of range.
    #[error("{setting} is {value}, {rule}")]
    Config {
        /// Name of the field of [`WsConfig`](crate::WsConfig).
        setting: &'static str,
        /// The value given.
        value: usize,
        /// What is allowed.
        rule: &'static str,
    },
}
