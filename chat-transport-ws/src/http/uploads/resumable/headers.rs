//! Headers of the tus protocol: what is announced with a file, and what is said of this server.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chat_protocol::{ErrorCode, RoomId, Timestamp, WireError};
use chat_server_core::NewUpload;

use crate::edge::Edge;

/// How many bytes have come; of a request, from where on its body is.
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// How many bytes a file is to have.
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// When an unfinished file is given up.
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// The method that is meant by a `POST`.
pub(super) const METHOD: HeaderName = HeaderName::from_static("x-http-method-override");

const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSION: HeaderName = HeaderName::from_static("tus-version");
const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");

/// Media type of the bytes that go on with a file, whatever the file is.
pub(super) const BYTES: &str = "application/offset+octet-stream";

/// The one version of the protocol that is spoken.
const SPOKEN: HeaderValue = HeaderValue::from_static("1.0.0");

/// Says on every answer which version it is of.
pub(super) async fn stamp(mut answer: Response) -> Response {
    answer.headers_mut().insert(RESUMABLE, SPOKEN);
    answer
}

/// Whether a request is of the version that is spoken. One that says none is not: what it means is not known.
pub(super) fn is_version(head: &HeaderMap) -> bool {
    head.get(RESUMABLE) == Some(&SPOKEN)
}

/// Answers a request of another version.
pub(super) fn unknown_version() -> Response {
    (StatusCode::PRECONDITION_FAILED, [(VERSION, SPOKEN)]).into_response()
}

/// Says what of the protocol is offered; to everybody, as it says nothing of anybody.
pub(super) async fn offer(State(edge): State<Arc<Edge>>) -> Response {
    let extensions = HeaderValue::from_static("creation,expiration,termination");
    let most = HeaderValue::from(edge.server.config().max_upload);
    let offered = [(VERSION, SPOKEN), (EXTENSION, extensions), (MAX_SIZE, most)];
    (StatusCode::NO_CONTENT, offered).into_response()
}

/// A whole number in a header.
pub(super) fn count(head: &HeaderMap, name: &HeaderName) -> Result<u64, WireError> {
    let text = head.get(name).and_then(|value| value.to_str().ok());
    // Digits alone: a parser would take a sign too.
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| WireError::new(ErrorCode::BadRequest, format!("{name}: missing, or no whole number")))
}

/// When a file is given up, as HTTP writes times.
pub(super) fn expires(at: Timestamp) -> String {
    let since = Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or_default());
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since)
}

/// What a request says of the file that it announces: in the query, or as clients of the protocol do, in `Upload-Metadata`.
pub(super) fn announced(request: &Request) -> Result<NewUpload, WireError> {
    let bad = |detail: &str| WireError::new(ErrorCode::BadRequest, detail);
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
        .map_err(|_| bad("the query is not name=value pairs"))?;
    let said = metadata(request.headers())?;
    let field = |name: &str, other: &str| {
        let of = |pairs: &[(String, String)], name: &str| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        of(&query, name).or_else(|| of(&said, other))
    };
    let room = field("room", "room").ok_or_else(|| bad("room: missing"))?;
    Ok(NewUpload {
        room: RoomId::new(room).map_err(|error| bad(&format!("room: {error}")))?,
        file_name: field("name", "filename").unwrap_or_default(),
        kind: field("type", "filetype").filter(|kind| !kind.is_empty()),
        size: Some(count(request.headers(), &LENGTH)?),
    })
}

/// The pairs of `Upload-Metadata`: a name and, behind a space, its value in base64; commas between them.
fn metadata(head: &HeaderMap) -> Result<Vec<(String, String)>, WireError> {
    let Some(value) = head.get(METADATA) else { return Ok(Vec::new()) };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
        Some((name.to_owned(), value))
    };
    let pairs =
        value.to_str().ok().map(|text| text.split(',').map(str::trim).filter(|pair| !pair.is_empty()));
    let pairs = pairs.and_then(|pairs| pairs.map(pair).collect());
    pairs.ok_or_else(|| {
        WireError::new(ErrorCode::BadRequest, "Upload-Metadata: no pairs of a name and base64")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn metadata_are_names_and_base64() {
        let pairs = |text: &str| metadata(&head(METADATA, text));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("filename cGzDpG4ucG5n,is_draft", vec![pair("filename", "plän.png"), pair("is_draft", "")]),
            ("a YQ==, room cg==", vec![pair("a", "a"), pair("room", "r")]),
        ] {
            assert_eq!(pairs(text).unwrap(), expected, "{text:?}");
        }
        for bad in ["room r!", "room /w==", "room cg", "a b c"] {
            assert_eq!(pairs(bad).unwrap_err().code, ErrorCode::BadRequest, "{bad:?}");
        }
    }

    #[test]
    fn counts_are_digits() {
        assert_eq!(count(&head(OFFSET, "18446744073709551615"), &OFFSET).unwrap(), u64::MAX);
        for bad in ["", "+1", "-1", "1.5", "0x1", "1 ", "18446744073709551616"] {
            let refused = count(&head(OFFSET, bad), &OFFSET);
            // A header's value has no spaces around it: they are taken off before.
            assert!(refused.is_err() || bad == "1 ", "{bad:?}");
        }
        assert!(count(&HeaderMap::new(), &OFFSET).is_err());
    }

    #[test]
    fn times_are_those_of_http() {
        assert_eq!(expires(Timestamp::from_micros(1_700_000_000_123_000)), "Tue, 14 Nov 2023 22:13:20 GMT");
    }
}
