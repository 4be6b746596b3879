//! Calls of haraj (dialect reference, section 6).

use axum::response::Response;
use chat_protocol::ErrorCode;
use chat_protocol::dialect::haraj::Call;

use super::{Asked, json};

pub(super) async fn answer(_asked: Asked<'_>, _call: Call) -> Response {
    refuse(ErrorCode::NotFound)
}

/// What answers a refusal of the server's.
pub(super) fn refuse(code: ErrorCode) -> Response {
    json(code.status(), &code)
}
