//! The time on the wall: read here alone, when a client starts.

use std::time::{SystemTime, UNIX_EPOCH};

use chat_protocol::Timestamp;

/// Now, by this machine's clock.
#[allow(clippy::disallowed_methods)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
