//! Who answers for an organization, asked and said by the operator; and its desks.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use axum::{Json, Router};
use chat_protocol::reply::{AgentsData, DesksPage};
use chat_protocol::{Cursor, DeskStatus, ErrorCode, UserId, WireError};
use chat_server_core::DesksAsked;
use serde::Deserialize;

use super::commands::{caller, within};
use super::error::Refused;
use crate::edge::Edge;

/// The routes of all of them.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/v1/organizations/{organization}/agents", get(agents))
        .route("/v1/organizations/{organization}/desks", get(desks))
        .route("/v1/organizations/{organization}/agents/{user}", put(add).delete(remove))
}

/// Parts of the path; percent-encoded bytes that are no text name nothing.
type Parts<T> = Result<Path<T>, axum::extract::rejection::PathRejection>;

async fn agents(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    parts: Parts<String>,
) -> Result<Json<AgentsData>, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        let Path(organization) = parts.map_err(|_| ErrorCode::NotFound)?;
        Ok(Json(edge.server.agents(&caller, &organization).await?))
    })
    .await
}

/// The query of a list of desks.
#[derive(Deserialize)]
struct DesksQuery {
    status: Option<DeskStatus>,
    cursor: Option<Cursor>,
    limit: Option<u32>,
}

async fn desks(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    parts: Parts<String>,
    query: Result<Query<DesksQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<DesksPage>, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        let Path(organization) = parts.map_err(|_| ErrorCode::NotFound)?;
        let Query(query) = query.map_err(|error| WireError::new(ErrorCode::BadRequest, error.body_text()))?;
        let DesksQuery { status, cursor, limit } = query;
        let asked = DesksAsked { status, cursor, limit };
        Ok(Json(edge.server.desks(&caller, &organization, asked).await?))
    })
    .await
}

async fn add(
    state: State<Arc<Edge>>,
    headers: HeaderMap,
    parts: Parts<(String, String)>,
) -> Result<StatusCode, Refused> {
    set(state, headers, parts, true).await
}

async fn remove(
    state: State<Arc<Edge>>,
    headers: HeaderMap,
    parts: Parts<(String, String)>,
) -> Result<StatusCode, Refused> {
    set(state, headers, parts, false).await
}

async fn set(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
    parts: Parts<(String, String)>,
    agent: bool,
) -> Result<StatusCode, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        let Path((organization, user)) = parts.map_err(|_| ErrorCode::NotFound)?;
        let user = UserId::new(user)
            .map_err(|error| WireError::new(ErrorCode::BadRequest, format!("user: {error}")))?;
        edge.server.set_agent(&caller, &organization, &user, agent).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
