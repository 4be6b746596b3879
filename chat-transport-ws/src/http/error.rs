//! Refusals as HTTP answers.

use axum::Json;
use axum::http::header;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_protocol::{ErrorCode, Reply, WireError};
use chat_server_core::Error;
use chat_server_core::clock::{Clock, SystemClock};

/// A refused request: the status of its code, and a [`Reply`] as body.
#[derive(Debug)]
pub(crate) struct Refused(WireError);

impl Refused {
    /// Why.
    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }
}

impl From<WireError> for Refused {
    fn from(error: WireError) -> Self {
        Self(error)
    }
}

impl From<ErrorCode> for Refused {
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        if let Error::Storage(error) = &error {
            tracing::error!(%error, "a request failed");
        }
        Self(error.wire())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refused(error) = self;
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = Reply::refused(None, &error, SystemClock.now());
        let mut response = (status, Json(reply)).into_response();
        let headers = response.headers_mut();
        guard(headers);
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if error.code == ErrorCode::UnsupportedVersion {
            // RFC 6455 section 4.2.2: tell what would have been understood.
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        if let Some(ms) = error.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        response
    }
}

/// What every answer carries: nothing here may be taken for another type, nor kept by a cache unless it says so.
pub(crate) fn guard(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Answers a request that took longer than it may. It may be in the store's queue, and then it is done all the same.
pub(crate) fn took_too_long() -> Refused {
    let detail =
        "this took too long, and nobody knows whether it is done: repeat it by its client id, or look first";
    WireError::new(ErrorCode::StorageUnavailable, detail).retry_after_ms(1_000).into()
}

/// Answers every path that does not exist.
pub(crate) async fn not_found() -> Refused {
    ErrorCode::NotFound.into()
}

/// Answers every method that a path does not have.
pub(crate) async fn method_not_allowed() -> Refused {
    ErrorCode::MethodNotAllowed.into()
}
