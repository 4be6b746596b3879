//! Packets without a socket: a stream of server-sent events, and requests that bring commands to it.
//!
//! The stream is one connection of the core and sees exactly what a WebSocket would: the same packets in the same order.
//! What comes in by requests are its frames; what a socket says with its close code is the stream's last event. So
//! sessions, resuming and slow readers are the core's business here as there. Stream and requests must reach the same
//! server: behind a balancer, one that keeps a client on its node.
//!
//! Liveness: a probe is a comment, which the client does not see. It counts as answered when the HTTP library has taken
//! it, so that a peer whose link is full is found, and one that vanished as soon as the system gives its socket up.
//!
//! Source: the section "Server-sent events" of the HTML standard for the stream, our decision for the rest.

mod commands;
mod connection;
mod pipe;
mod streams;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chat_protocol::command::Auth;
use chat_protocol::{Command, DeviceId, ErrorCode, RequestId, SessionId, Text, WireError, encode};
use chat_server_core::Health;
use chat_server_core::transport::PeerInfo;
use serde::Deserialize;

use crate::edge::Edge;
use crate::http::bearer;
use crate::http::error::Refused;
use crate::origin::check_origin;
use crate::panel;
use connection::SseConnection;
pub(crate) use streams::Streams;

/// The id of the command that opens a stream, and so of the reply that comes first.
const OPENING: &str = "events";

/// Tells proxies of the nginx family not to gather the stream.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/v1/events", get(events)).route("/v1/commands", post(commands::take))
}

/// What the address of a stream may say.
#[derive(Debug, Deserialize)]
struct Wish {
    session_id: Option<SessionId>,
    device_id: Option<DeviceId>,
    #[serde(default = "yes")]
    follow: bool,
}

fn yes() -> bool {
    true
}

/// Opens a stream. It is refused like any other request as long as nothing was said on it.
async fn events(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, Refused> {
    if request.method() == axum::http::Method::HEAD {
        // It would open a session that nobody can hear.
        return Err(ErrorCode::MethodNotAllowed.into());
    }
    check_origin(request.headers(), &edge.config)?;
    let token = bearer(request.headers()).ok_or(ErrorCode::NotAuthenticated)?;
    let auth = opening(wish(&request)?, token.to_owned());
    if edge.server.health() == Health::Draining {
        return Err(ErrorCode::ShuttingDown.into());
    }
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.to_string());
    let tap = edge.panel.as_ref();
    let tap = tap.map(|panel| panel.tap("native events", address.clone(), panel::secrets(&request)));
    let (connection, opened, body) = SseConnection::open(edge.clone(), auth, tap);
    // A task of its own: who drops the body ends it.
    tokio::spawn(edge.server.serve_connection(connection, PeerInfo { address, token: None }));
    opened.await.unwrap_or(Err(ErrorCode::ShuttingDown.into()))?;
    let headers = [(CONTENT_TYPE, "text/event-stream"), (BUFFERING, "no")];
    Ok((headers, Body::from_stream(body)).into_response())
}

fn wish(request: &Request) -> Result<Wish, WireError> {
    let wish = Query::<Wish>::try_from_uri(request.uri());
    wish.map(|Query(wish)| wish)
        .map_err(|_| WireError::new(ErrorCode::BadRequest, "query: session_id, device_id or follow is wrong"))
}

/// The command that a stream begins with, in place of its client.
fn opening(wish: Wish, token: String) -> Text {
    let id = RequestId::new(OPENING).expect("a short word is an id");
    let Wish { session_id, device_id, follow } = wish;
    encode(&Command::Auth(Auth { id, token: Some(token), device_id, session_id, follow }))
}
