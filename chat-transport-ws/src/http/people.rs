//! All that is kept of one user: given as lines, and deleted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use chat_protocol::{ErrorCode, UserId, WireError};
use chat_server_core::{Caller, Export};
use futures::stream::try_unfold;

use super::commands::{caller, user_token, within};
use super::error::Refused;
use crate::edge::Edge;

/// One JSON text per line, as OpenAPI calls it.
const LINES: &str = "application/x-ndjson";

/// The routes of both.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/v1/users/{user}", delete(forget)).route("/v1/users/{user}/export", get(export))
}

/// A part of the path; percent-encoded bytes that are no text name nothing.
type Part = Result<Path<String>, axum::extract::rejection::PathRejection>;

async fn forget(State(edge): State<Arc<Edge>>, headers: HeaderMap, part: Part) -> Result<Response, Refused> {
    within(&edge, async {
        // Who is being deleted may ask how far it is, and nothing else.
        let caller = match user_token(&edge, &headers)? {
            Some(token) => Caller::User(edge.server.identify(token).await?.user),
            None => Caller::Operator,
        };
        Ok(match edge.server.forget_user(&caller, user(part)?).await? {
            Some(begun) => (StatusCode::ACCEPTED, Json(begun)).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        })
    })
    .await
}

/// The first page is read before the answer begins, so that what fails at once is a refusal; what fails later cuts the answer
/// short, which lacks its last line then.
async fn export(State(edge): State<Arc<Edge>>, headers: HeaderMap, part: Part) -> Result<Response, Refused> {
    within(&edge, async {
        let caller = caller(&edge, &headers).await?;
        let mut export = edge.server.export_user(&caller, user(part)?)?;
        let first = export.next().await?;
        let pages = try_unfold((first, export), next);
        Ok(([(header::CONTENT_TYPE, LINES)], Body::from_stream(pages)).into_response())
    })
    .await
}

type Page = axum::body::Bytes;

/// A page, and the one after it when it is asked for.
async fn next(
    (read, mut export): (Option<Page>, Export),
) -> Result<Option<(Page, (Option<Page>, Export))>, chat_server_core::Error> {
    let page = match read {
        Some(page) => Some(page),
        None => export.next().await?,
    };
    Ok(page.map(|page| (page, (None, export))))
}

fn user(part: Part) -> Result<UserId, Refused> {
    let Path(text) = part.map_err(|_| ErrorCode::NotFound)?;
    let bad = |error| WireError::new(ErrorCode::BadRequest, format!("user: {error}"));
    Ok(UserId::new(text).map_err(bad)?)
}
