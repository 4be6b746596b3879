//! Commands without a socket: every endpoint of [`chat_protocol::http`], all in the same way.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use chat_protocol::http::{ENDPOINTS, Endpoint};
use chat_protocol::{ErrorCode, WireError};
use chat_server_core::Caller;

use super::error::{Refused, took_too_long};
use super::{bearer, is_operator};
use crate::edge::Edge;

/// The routes of all endpoints.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    ENDPOINTS.iter().fold(Router::new(), |router, endpoint| {
        let serve = move |State(edge): State<Arc<Edge>>, request: Request| async move {
            within(&edge, perform(&edge, endpoint, request)).await
        };
        router.route(endpoint.path, on(method(endpoint), serve))
    })
}

fn method(endpoint: &Endpoint) -> MethodFilter {
    match endpoint.method {
        "GET" => MethodFilter::GET,
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        other => unreachable!("no endpoint has the method {other}"),
    }
}

/// No request waits longer than the setting says.
pub(crate) async fn within<T>(
    edge: &Edge,
    work: impl Future<Output = Result<T, Refused>>,
) -> Result<T, Refused> {
    match tokio::time::timeout(edge.config.request_timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(took_too_long()),
    }
}

async fn perform(edge: &Edge, endpoint: &'static Endpoint, request: Request) -> Result<Response, Refused> {
    let caller = caller(edge, request.headers()).await?;
    let (head, body) = request.into_parts();
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(&head.uri)
        .map_err(|_| WireError::new(ErrorCode::BadRequest, "the query is not name=value pairs"))?;
    let params = endpoint.params(head.uri.path()).ok_or(ErrorCode::NotFound)?;
    let most = edge.server.config().max_frame;
    let body = to_bytes(body, most).await.map_err(|_| {
        WireError::new(ErrorCode::TooLarge, format!("the body is larger than {most} bytes, or came in part"))
    })?;
    let command = endpoint.command(&params, &query, &body)?;
    match edge.server.command(&caller, command).await? {
        Some(data) => {
            let json = HeaderValue::from_static("application/json");
            Ok(([(header::CONTENT_TYPE, json)], Box::<str>::from(data).into_string()).into_response())
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Who asks. Nothing else of the request is judged before that is known.
pub(crate) async fn caller(edge: &Edge, headers: &HeaderMap) -> Result<Caller, Refused> {
    match user_token(edge, headers)? {
        Some(token) => Ok(Caller::User(edge.server.authenticate(token).await?.user)),
        None => Ok(Caller::Operator),
    }
}

/// The token of a user; `None`: it is the operator's.
pub(crate) fn user_token<'h>(edge: &Edge, headers: &'h HeaderMap) -> Result<Option<&'h str>, Refused> {
    let token = bearer(headers).ok_or(ErrorCode::NotAuthenticated)?;
    Ok((!is_operator(token, edge.config.operator_token.as_deref())).then_some(token))
}
