//! `GET /v1/rooms/{room}/messages`: one page of history, the same as over the socket.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chat_protocol::{ErrorCode, HistoryQuery, RoomId, Seq, WireError};
use chat_server_core::Caller;

use super::error::Refused;
use super::{bearer, is_operator};
use crate::edge::Edge;

type Pairs = Vec<(String, String)>;

pub(crate) async fn history(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    room: Result<Path<String>, PathRejection>,
    query: Result<Query<Pairs>, QueryRejection>,
) -> Result<Response, Refused> {
    let work = async {
        let caller = caller(&edge, &headers).await?;
        let room = room.ok().and_then(|Path(room)| RoomId::new(room).ok());
        let room =
            room.ok_or_else(|| refused("room: expected 1 to 320 bytes of UTF-8, no control characters"))?;
        let Query(pairs) = query.map_err(|_| refused("the query is not name=value pairs"))?;
        let page = edge.server.history(&caller, &room, page(&pairs)?).await?;
        let json = HeaderValue::from_static("application/json");
        Ok(([(header::CONTENT_TYPE, json)], page.get().to_owned()).into_response())
    };
    match tokio::time::timeout(edge.config.request_timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(WireError::from(ErrorCode::StorageUnavailable).retry_after_ms(1_000).into()),
    }
}

/// Who asks. Nothing else of the request is judged before that is known.
async fn caller(edge: &Edge, headers: &HeaderMap) -> Result<Caller, Refused> {
    let token = bearer(headers).ok_or(ErrorCode::NotAuthenticated)?;
    if is_operator(token, edge.config.operator_token.as_deref()) {
        return Ok(Caller::Operator);
    }
    Ok(Caller::User(edge.server.authenticate(token).await?.user))
}

fn refused(detail: impl Into<String>) -> WireError {
    WireError::new(ErrorCode::BadRequest, detail)
}

/// The query of a page. Parameters that we do not know are for a newer server and ignored, as unknown fields are.
fn page(pairs: &[(String, String)]) -> Result<HistoryQuery, WireError> {
    let mut query = HistoryQuery::default();
    for (name, value) in pairs {
        let twice = match name.as_str() {
            "before" => query.before.replace(seq(name, value)?).is_some(),
            "after" => query.after.replace(seq(name, value)?).is_some(),
            "limit" => query.limit.replace(limit(value)?).is_some(),
            _ => false,
        };
        if twice {
            return Err(refused(format!("{name}: given twice")));
        }
    }
    Ok(query)
}

/// Digits and nothing else: the number parser would also take a plus sign.
fn number<T: std::str::FromStr>(value: &str) -> Option<T> {
    value.bytes().all(|b| b.is_ascii_digit()).then(|| value.parse().ok()).flatten()
}

fn seq(name: &str, value: &str) -> Result<Seq, WireError> {
    number(value)
        .and_then(Seq::new)
        .ok_or_else(|| refused(format!("{name}: expected an integer from 0 to {}", chat_protocol::MAX_SAFE)))
}

/// The server knows its greatest page and refuses a larger one itself.
fn limit(value: &str) -> Result<u32, WireError> {
    number(value).filter(|limit| *limit > 0).ok_or_else(|| refused("limit: expected an integer from 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Result<[Option<u64>; 3], &str>) {
        let uri = format!("/?{query}").parse().unwrap();
        let Query(pairs) = Query::<Pairs>::try_from_uri(&uri).unwrap();
        let page = page(&pairs).map_err(|error| error.detail.unwrap());
        let page = page.map(|it| [it.before.map(Seq::get), it.after.map(Seq::get), it.limit.map(u64::from)]);
        assert_eq!(page, expected.map_err(str::to_owned), "{query}");
    }

    #[test]
    fn queries() {
        let before = Err("before: expected an integer from 0 to 9007199254740991");
        check("", Ok([None, None, None]));
        check("before=9&after=3&limit=50", Ok([Some(9), Some(3), Some(50)]));
        check("before=9007199254740991", Ok([Some(9_007_199_254_740_991), None, None]));
        check("later=1&_=5", Ok([None, None, None]));
        for bad in
            ["", "-1", "%2B1", "1.5", "1e3", "x", "9007199254740992", "18446744073709551616", "%00", "1%20"]
        {
            check(&format!("before={bad}"), before);
        }
        for bad in ["0", "4294967296", "all"] {
            check(&format!("limit={bad}"), Err("limit: expected an integer from 1"));
        }
        check("after=1&after=2", Err("after: given twice"));
    }
}
