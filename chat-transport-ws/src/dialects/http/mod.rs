//! Calls of existing systems: whose each is, and what their answers have in common. A file per format answers them.

mod chats;
mod haraj;
mod helpdesk;
mod hipochat;
mod rest;
mod tndata;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_protocol::dialect::{self, HttpRoute, NoCall};
use chat_protocol::http::Params;
use chat_protocol::{ErrorCode, encode};
use chat_server_core::Error;
use chat_server_core::dialects::PortId;
use serde::Serialize;

use super::Label;
use super::facts::Facts;
use crate::edge::Edge;
use crate::http::error::Refused;
use crate::origin::check_origin;
use rest::Rest;

/// Methods that a call may have.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A call of one of the formats.
#[derive(Debug, Clone, Copy)]
enum Call {
    Tndata(dialect::tndata::Call),
    Chats(dialect::chats::Call),
    Hipochat(dialect::hipochat::Call),
    Haraj(dialect::haraj::Call),
    Helpdesk(dialect::helpdesk::Call),
}

/// A call that a request is, before its body is read.
struct Asked<'r> {
    edge: &'r Edge,
    port: PortId,
    /// As it came.
    path: String,
    /// What the path names.
    params: Params,
    facts: &'r Facts,
    body: Body,
}

/// Answers a call of the first format that has it; gives the request back when none has the path.
pub(super) async fn answer(edge: &Edge, facts: &Facts, request: Request) -> Result<Response, Request> {
    let (head, body) = request.into_parts();
    let (rest, body) = Rest::of(&head.headers, body);
    let answered = find_and_perform(edge, facts, Request::from_parts(head, body)).await;
    if answered.is_ok() {
        rest.linger(edge.config.request_timeout).await;
    }
    answered
}

/// Answers a path that no format has: in the words of the one whose all paths are that begin like it, if it is spoken.
pub(super) async fn not_found(edge: &Edge, facts: &Facts, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let (rest, _) = Rest::of(&head.headers, body);
    rest.linger(edge.config.request_timeout).await;
    let is_spoken =
        |name: &str| edge.server.ports().any(|port| edge.server.port(port).dialect.name() == name);
    match owner(facts).filter(|name| is_spoken(name)) {
        Some(name) => refuse(name, ErrorCode::NotFound),
        None => Refused::from(ErrorCode::NotFound).into_response(),
    }
}

/// Whose all paths are that begin like this one (dialect reference, section 2).
fn owner(facts: &Facts) -> Option<&'static str> {
    let segments = facts.handshake().segments();
    Some(match segments.as_slice() {
        ["talk", ..] => "hipochat",
        ["chat" | "sessions", ..] => "haraj",
        ["chats", ..] => "chats",
        ["api", "chat" | "users", ..] => "tndata",
        ["api", "help-desks" | "send-message", ..] | ["media", "uploads", ..] => "helpdesk",
        _ => return None,
    })
}

async fn find_and_perform(edge: &Edge, facts: &Facts, request: Request) -> Result<Response, Request> {
    let path = request.uri().path().to_owned();
    // What answers GET answers HEAD as well; the HTTP library leaves the body out.
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let mut missed = None;
    for port in ports(edge, facts) {
        let name = edge.server.port(port).dialect.name();
        match find(name, method.as_str(), &path) {
            Ok((call, params, label)) => {
                // Tokens of these formats may stand in the address, and so a page needs nobody's leave to bring one.
                let allowed =
                    if method.is_safe() { Ok(()) } else { check_origin(request.headers(), &edge.config) };
                let mut response = match allowed {
                    Ok(()) => {
                        let asked = Asked { edge, port, path, params, facts, body: request.into_body() };
                        perform(asked, call).await
                    }
                    Err(refused) => Refused::from(refused).into_response(),
                };
                response.extensions_mut().insert(label);
                return Ok(response);
            }
            Err(NoCall::Method) => missed = missed.or(Some(name)),
            Err(NoCall::Path) => {}
        }
    }
    missed.map(|name| no_method(name, &path)).ok_or(request)
}

async fn perform(asked: Asked<'_>, call: Call) -> Response {
    match call {
        Call::Tndata(call) => tndata::answer(asked, call).await,
        Call::Chats(call) => chats::answer(asked, call).await,
        Call::Hipochat(call) => hipochat::answer(asked, call).await,
        Call::Haraj(call) => haraj::answer(asked, call).await,
        Call::Helpdesk(call) => helpdesk::answer(asked, call).await,
    }
}

/// The ports in the order in which they are asked. tndata and hipochat both have `GET /api/chat`, and hipochat's clients alone
/// send a header of this name.
fn ports(edge: &Edge, facts: &Facts) -> Vec<PortId> {
    let mut ports: Vec<PortId> = edge.server.ports().collect();
    if facts.handshake().header("authentication").is_some() {
        ports.sort_by_key(|port| edge.server.port(*port).dialect.name() != "hipochat");
    }
    ports
}

/// The call of a format that is a request's, what its path names, and how the call is labelled.
fn find(name: &'static str, method: &str, path: &str) -> Result<(Call, Params, Label), NoCall> {
    use dialect::{chats, haraj, helpdesk, hipochat, tndata};
    macro_rules! call {
        ($variant:ident $format:ident) => {{
            let (call, params) = $format::Call::find(method, path)?;
            Ok((Call::$variant(call), params, label(name, $format::ROUTES, call)))
        }};
    }
    match name {
        "tndata" => call!(Tndata tndata),
        "chats" => call!(Chats chats),
        "hipochat" => call!(Hipochat hipochat),
        "haraj" => call!(Haraj haraj),
        "helpdesk" => call!(Helpdesk helpdesk),
        _ => Err(NoCall::Path),
    }
}

fn label<C: PartialEq>(name: &str, routes: &[HttpRoute<C>], call: C) -> Label {
    let path = routes.iter().find(|route| route.call == call).map_or("", |route| route.path);
    Label(format!("{name} {path}"))
}

/// The path is one of the format's, but not with this method.
fn no_method(name: &'static str, path: &str) -> Response {
    let allowed: Vec<_> = METHODS.into_iter().filter(|method| find(name, method, path).is_ok()).collect();
    let mut response = refuse(name, ErrorCode::MethodNotAllowed);
    if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// A refusal in the words of a format.
fn refuse(name: &str, code: ErrorCode) -> Response {
    match name {
        "chats" => chats::refuse(code),
        "hipochat" => hipochat::refuse(code),
        "haraj" => haraj::refuse(code),
        "helpdesk" => helpdesk::refuse(code),
        // No other format is found.
        _ => tndata::refuse(code),
    }
}

/// Why the server refused; where its store failed, the operator is told.
fn code(error: &Error) -> ErrorCode {
    if let Error::Storage(error) = error {
        tracing::error!(%error, "a request failed");
    }
    error.wire().code
}

/// An answer in JSON.
fn json(status: u16, body: &impl Serialize) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    (status, json, Body::from(encode(body).into_bytes())).into_response()
}

/// The whole body, of at most so many bytes.
async fn read(body: Body, most: usize) -> Result<Bytes, ErrorCode> {
    if body.size_hint().lower() > most as u64 {
        return Err(ErrorCode::TooLarge);
    }
    to_bytes(body, most).await.map_err(|_| ErrorCode::TooLarge)
}

/// The address of a path here, as the client wrote ours. A proxy that ends TLS says so; whoever lies about it gets wrong
/// addresses in its own answers.
fn absolute(facts: &Facts, path_and_query: &str) -> String {
    let handshake = facts.handshake();
    let scheme = handshake.header("x-forwarded-proto").filter(|it| *it == "https").unwrap_or("http");
    format!("{scheme}://{}{path_and_query}", handshake.header("host").unwrap_or("localhost"))
}
