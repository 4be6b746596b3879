//! `GET /media/uploads/<name>`: files of support cases, for those who may read the case.

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::Response;
use chat_protocol::dialect::helpdesk::{Refusal, stored_digits};
use chat_server_core::blob::is_shown;
use chat_server_core::dialects::Visit;

use super::error;
use crate::dialects::facts::Facts;
use crate::http::uploads;

/// What of a request decides which bytes are given.
const ASKED: [header::HeaderName; 3] = [header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH];

/// Gives a file, or the range of it that is asked for. What the name says besides its digits is for people.
pub(super) async fn give(visit: &Visit, facts: &Facts, name: &str) -> Result<Response, Refusal> {
    let digits = stored_digits(name).ok_or(Refusal::NotFound)?;
    let found = visit.desk_file(digits).await.map_err(error)?;
    let header = |name: header::HeaderName| {
        let value = HeaderValue::try_from(facts.handshake().header(name.as_str())?).ok()?;
        Some((name, value))
    };
    let headers = HeaderMap::from_iter(ASKED.into_iter().filter_map(header));
    // Pictures alone: what is heard or seen for a while is saved, too.
    let shown = found.meta.kind.starts_with("image/") && is_shown(&found.meta.kind);
    uploads::give(&headers, &found, shown).await.map_err(error)
}
