//! Calls of helpdesk (dialect reference, section 7).

use axum::response::Response;
use chat_protocol::ErrorCode;
use chat_protocol::dialect::helpdesk::Call;

use super::{Asked, json};

pub(super) async fn answer(_asked: Asked<'_>, _call: Call) -> Response {
    refuse(ErrorCode::NotFound)
}

/// What answers a refusal of the server's.
pub(super) fn refuse(code: ErrorCode) -> Response {
    json(code.status(), &code)
}
