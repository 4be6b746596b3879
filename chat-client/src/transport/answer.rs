//! HTTP answers that are not what was asked for: our servers explain themselves in the body, others with a status.

use std::time::Duration;

use chat_protocol::{Reply, decode};
use http::{HeaderMap, StatusCode, header};

use super::DialError;

/// What an answer says that refuses a connection.
pub(crate) fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> DialError {
    // The shape of a reply, as on a connection.
    let reply = decode::<Reply>(body).ok().filter(|reply| reply.err.is_some());
    match reply.and_then(|reply| reply.error()) {
        Some(error) => DialError::Refused(error),
        None => DialError::Status { status: status.as_u16(), retry_after: retry_after(headers) },
    }
}

/// The wait that an answer asks for. Given as a date, it needs a clock that agrees with the server's, and is not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}
