//! `POST /v1/uploads` and `GET /v1/uploads/{name}`: files in and out, piece by piece.
//!
//! Nothing here holds a file in memory, and nothing decides who may do what: that is the core's. What is the edge's is
//! the bytes' pace, and that no browser takes a file for more than it is.

pub(crate) mod resumable;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, RoomId, WireError};
use chat_server_core::blob::is_shown;
use chat_server_core::{Download, Error, NewUpload, Upload};
use futures::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, timeout, timeout_at};

use super::commands::caller;
use super::error::Refused;
use super::range::{Wanted, wanted};
use crate::edge::Edge;

/// What of a file's name stays as it is in a header (RFC 8187 section 3.2.1, `attr-char`).
const ATTR: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// A file is never a page: no scripts, no forms, nothing loaded, an origin of its own.
const POLICY: &str = "default-src 'none'; sandbox";

/// A copy may be kept, by the reader alone, and is asked about each time: who left the room is refused then.
const CACHE: &str = "private, no-cache";

/// Takes a file: the body is its bytes, the query says which room it is for and what its name is.
pub(crate) async fn upload(
    State(edge): State<Arc<Edge>>,
    request: Request,
) -> Result<Json<Uploaded>, Refused> {
    let caller = caller(&edge, request.headers()).await?;
    let new = new_upload(&request)?;
    let mut upload = edge.server.upload(&caller, new).await?;
    receive(&mut upload, request.into_body(), pace(&edge)).await?;
    Ok(Json(upload.finish().await?))
}

/// What the head of a request says of its file.
fn new_upload(request: &Request) -> Result<NewUpload, WireError> {
    let bad = |detail: &str| WireError::new(ErrorCode::BadRequest, detail);
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
        .map_err(|_| bad("the query is not name=value pairs"))?;
    let field = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let room = field("room").ok_or_else(|| bad("room: missing"))?;
    let room = RoomId::new(room).map_err(|error| bad(&format!("room: {error}")))?;
    let headers = request.headers();
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str).transpose();
    let kind = kind.map_err(|_| WireError::new(ErrorCode::MediaType, "Content-Type is no media type"))?;
    let size = headers.get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
    Ok(NewUpload {
        room,
        file_name: field("name").unwrap_or_default().to_owned(),
        kind: kind.map(str::to_owned),
        size,
    })
}

/// How long a sender may pause, and when all of a file must have come.
pub(crate) fn pace(edge: &Edge) -> (Duration, Instant) {
    (edge.config.request_timeout, Instant::now() + edge.config.upload_timeout)
}

/// Hands on the bytes as they come. Neither a sender that pauses nor one that trickles keeps its place for ever.
pub(crate) async fn receive(
    upload: &mut Upload,
    body: Body,
    pace: (Duration, Instant),
) -> Result<(), Refused> {
    let (pause, deadline) = pace;
    let mut body = body.into_data_stream();
    loop {
        let next = timeout_at(deadline, timeout(pause, body.next())).await;
        let Some(piece) = next.map_err(|_| late())?.map_err(|_| late())? else { return Ok(()) };
        let piece = piece.map_err(|_| WireError::new(ErrorCode::BadRequest, "the body came in part"))?;
        upload.write(&piece).await?;
    }
}

/// The bytes do not come, or not all of them.
fn late() -> WireError {
    WireError::new(ErrorCode::HeartbeatTimeout, "the file does not come in time")
}

/// Gives a file, all of it or the range that is asked for.
pub(crate) async fn download(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = caller(&edge, &headers).await?;
    let found = edge.server.download(&caller, &name).await?;
    Ok(give(&headers, &found, is_shown(&found.meta.kind)).await?)
}

/// Gives a file that the asker may read; one that is not shown is saved.
pub(crate) async fn give(headers: &HeaderMap, found: &Download, shown: bool) -> Result<Response, Error> {
    // The bytes under a name never change: the name says all that a digest could.
    let tag = format!("\"{}\"", found.name);
    if names(headers, header::IF_NONE_MATCH, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about(&tag)).into_response());
    }
    let size = found.meta.size;
    // A range of something else would be glued to the wrong bytes (RFC 9110 section 13.1.5).
    let ranged = !headers.contains_key(header::IF_RANGE) || names(headers, header::IF_RANGE, &tag);
    let (status, range) = match wanted(headers.get(header::RANGE).filter(|_| ranged), size) {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => {
            let size = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, about(&tag), size).into_response());
        }
    };
    let bytes = Body::from_stream(found.read(range.clone()).await?);
    let part = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| [(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1))]);
    Ok((status, about(&tag), described(found, &range, shown), part, bytes).into_response())
}

/// Whether a header names the tag, or any.
fn names(headers: &HeaderMap, name: HeaderName, tag: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}

/// Headers of every answer about a file. `X-Content-Type-Options` is on all answers of this server.
fn about(tag: &str) -> [(HeaderName, String); 4] {
    [
        (header::ETAG, tag.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, CACHE.to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ]
}

/// Headers of an answer with bytes.
fn described(found: &Download, range: &Range<u64>, shown: bool) -> [(HeaderName, String); 3] {
    let how = if shown { "inline" } else { "attachment" };
    let name = utf8_percent_encode(&found.meta.file_name, ATTR);
    [
        (header::CONTENT_TYPE, found.meta.kind.clone()),
        (header::CONTENT_LENGTH, (range.end - range.start).to_string()),
        (header::CONTENT_DISPOSITION, format!("{how}; filename*=UTF-8''{name}")),
    ]
}
