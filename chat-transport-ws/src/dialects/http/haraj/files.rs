//! Files: a place for one, its bytes in, and out again.

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::response::Response;
use chat_protocol::dialect::haraj::{Code, Upload, UploadGrant};
use chat_server_core::blob::is_shown;

use super::super::absolute;
use super::{Asked, Guest, body, code, error, told};
use crate::dialects::facts::Facts;
use crate::http::uploads;

/// Where files are; the name follows.
const PATH: &str = "/chat/uploads/";

/// Promises a place.
pub(super) async fn grant(guest: Guest<'_>) -> Result<Response, Code> {
    let Upload { mime_type, file_size } = body(guest.edge, guest.body).await?;
    let name = guest.visit.promise_upload(&mime_type, file_size).await.map_err(error)?;
    Ok(told(UploadGrant { url: absolute(guest.facts, &format!("{PATH}{name}")) }))
}

/// Takes the bytes. Who asks need not say who it is: the address is known to who was promised the place alone.
pub(super) async fn put(asked: Asked<'_>) -> Result<Response, Code> {
    let Asked { edge, params, facts, body, .. } = asked;
    let name = params.first().map_or("", |(_, name)| name.as_str());
    let mut upload = edge.server.upload_promised(name).await.map_err(error)?;
    let received = uploads::receive(&mut upload, body, uploads::pace(edge)).await;
    received.map_err(|refused| Code::of(refused.code()))?;
    upload.finish().await.map_err(error)?;
    Ok(told(UploadGrant { url: absolute(facts, &format!("{PATH}{name}")) }))
}

/// Gives the bytes to who may read them.
pub(super) async fn get(guest: Guest<'_>) -> Result<Response, Code> {
    let name = guest.param("name").unwrap_or_default();
    let found = guest.edge.server.download(&guest.visit.caller(), name).await;
    let found = found.map_err(|refused| Code::of(code(&refused)))?;
    uploads::give(&range(guest.facts), &found, is_shown(&found.meta.kind)).await.map_err(error)
}

/// The headers that say which part of a file is asked for.
fn range(facts: &Facts) -> HeaderMap {
    let of = |name: HeaderName| {
        let value = facts.handshake().header(name.as_str())?.parse().ok()?;
        Some((name, value))
    };
    [RANGE, IF_RANGE, IF_NONE_MATCH].into_iter().filter_map(of).collect()
}
