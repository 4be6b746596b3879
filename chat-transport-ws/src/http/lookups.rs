//! Requests that read one thing and are no command: a room, counts, a user.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use chat_protocol::reply::{InboxTotals, UserEntry};
use chat_protocol::{ErrorCode, RoomId, RoomState, UserId, WireError};

use super::commands::{caller, within};
use super::error::Refused;
use crate::edge::Edge;

/// The routes of all of them.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/v1/rooms/{room}", get(room))
        .route("/v1/unread", get(unread))
        .route("/v1/users/{user}", get(user))
}

/// A part of the path; percent-encoded bytes that are no text name nothing.
type Part = Result<Path<String>, axum::extract::rejection::PathRejection>;

async fn room(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    part: Part,
) -> Result<Json<RoomState>, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        let room = RoomId::new(text(part)?).map_err(|error| bad("room", &error))?;
        Ok(Json(edge.server.room(&caller, &room).await?))
    })
    .await
}

async fn unread(State(edge): State<Arc<Edge>>, headers: HeaderMap) -> Result<Json<InboxTotals>, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        Ok(Json(edge.server.totals(&caller).await?))
    })
    .await
}

async fn user(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    part: Part,
) -> Result<Json<UserEntry>, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        let user = UserId::new(text(part)?).map_err(|error| bad("user", &error))?;
        Ok(Json(edge.server.user(&caller, user).await?))
    })
    .await
}

fn text(part: Part) -> Result<String, Refused> {
    part.map(|Path(text)| text).map_err(|_| ErrorCode::NotFound.into())
}

fn bad(field: &str, error: &chat_protocol::IdError) -> WireError {
    WireError::new(ErrorCode::BadRequest, format!("{field}: {error}"))
}
