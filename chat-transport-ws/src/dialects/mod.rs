//! Requests of existing systems: which format's each is, and what it becomes.
//!
//! Paths of these systems overlap, and so all of their requests come to one handler, which asks each port in turn. The order
//! of the ports decides where two have the same path: haraj's `/chat/ws` before the peer called `ws` of tndata.

mod facts;
mod http;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_protocol::dialect::Opening;
use chat_protocol::{ErrorCode, Text};
use chat_server_core::dialects::{Entrance, PortId};

use crate::edge::Edge;
use crate::http::commands::within;
use crate::http::error::Refused;
use crate::origin::check_origin;
use crate::upgrade::{Guest, Upgrade};
use facts::Facts;

/// What metrics and logs call the path of a request: the path itself may hold a token.
#[derive(Debug, Clone)]
pub(crate) struct Label(pub(crate) String);

/// Answers every request that is none of the native format.
pub(crate) async fn answer(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let Some(facts) = Facts::of(&request) else {
        return Refused::from(ErrorCode::NotFound).into_response();
    };
    let request = match facts.wants_socket() {
        true => request,
        false => match http::answer(&edge, &facts, request).await {
            Ok(response) => return response,
            Err(request) => request,
        },
    };
    // The panel's, which is off: it answers elsewhere where it is on.
    let is_panels = !facts.wants_socket() && facts.handshake().segments() == ["chat", "debug"];
    match find_socket(&edge, &facts).filter(|_| !is_panels) {
        // Without an upgrade it is told what is missing.
        Some((port, opening)) => open(edge, request, port, opening).await,
        None => http::not_found(&edge, &facts, request).await,
    }
}

/// A request for a socket, under the name of its format.
async fn open(edge: Arc<Edge>, request: Request, port: PortId, opening: Opening) -> Response {
    let label = Label(format!("{} socket", edge.server.port(port).dialect.name()));
    let mut response = enter(edge, request, port, opening).await.into_response();
    response.extensions_mut().insert(label);
    response
}

/// The first port that has a socket at the path.
fn find_socket(edge: &Edge, facts: &Facts) -> Option<(PortId, Opening)> {
    let handshake = facts.handshake();
    edge.server
        .ports()
        .find_map(|port| edge.server.port(port).dialect.open(&handshake).map(|opening| (port, opening)))
}

/// Makes a WebSocket of a request, if whoever asks may have it.
async fn enter(
    edge: Arc<Edge>,
    mut request: Request,
    port: PortId,
    opening: Opening,
) -> Result<Response, Refused> {
    let mut upgrade = Upgrade::of(&edge, &mut request)?;
    check_origin(request.headers(), &edge.config)?;
    let cookies = match edge.server.port(port).dialect.takes_cookies() {
        true => facts::cookies(request.headers()),
        false => Vec::new(),
    };
    let entered = within(&edge, async { Ok(edge.server.enter(port, opening, &cookies).await) }).await?;
    let guest = match entered {
        Entrance::Refused { status, body } => return Ok(refused(status, body)),
        Entrance::Told(text) => Guest::Told(text),
        Entrance::Let(entered) => {
            if let Some(protocol) = entered.protocol {
                upgrade.answer_protocol(protocol);
            }
            Guest::Entered(entered)
        }
    };
    let format = edge.server.port(port).dialect.name();
    upgrade.accept(edge, format, guest)
}

/// A refusal in the words of a format.
fn refused(status: u16, body: Text) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
    (status, headers, Body::from(body.into_bytes())).into_response()
}
