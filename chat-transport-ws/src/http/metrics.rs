//! `GET /metrics`: Prometheus text, for the operator.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use chat_protocol::ErrorCode;

use super::error::Refused;
use super::{bearer, is_operator};
use crate::edge::Edge;

/// What a proxy adds: the request does not come from the address that it seems to come from.
const FORWARDED: [HeaderName; 3] =
    [header::FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

pub(crate) async fn show(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, Refused> {
    let render = edge.config.metrics.as_ref().ok_or(ErrorCode::NotFound)?;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let operator = edge.config.operator_token.as_deref();
    // Behind a proxy that does not say so everybody seems to be local: with a token, the token decides.
    let local = operator.is_none() && peer.is_some_and(|peer| from_this_machine(peer, request.headers()));
    match bearer(request.headers()) {
        _ if local => {}
        Some(token) if is_operator(token, operator) => {}
        Some(_) => return Err(ErrorCode::InvalidToken.into()),
        None => return Err(ErrorCode::NotAuthenticated.into()),
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render()).into_response())
}

fn from_this_machine(peer: SocketAddr, headers: &HeaderMap) -> bool {
    peer.ip().to_canonical().is_loopback() && !FORWARDED.iter().any(|name| headers.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxied_request_is_not_local() {
        let none = HeaderMap::new();
        for (peer, local) in
            [("127.0.0.1:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true), ("192.0.2.1:1", false)]
        {
            assert_eq!(from_this_machine(peer.parse().unwrap(), &none), local, "{peer}");
        }
        for name in ["Forwarded", "X-Forwarded-For", "X-Real-IP"] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), "192.0.2.1".parse().unwrap())]);
            assert!(!from_this_machine("127.0.0.1:1".parse().unwrap(), &headers), "{name}");
        }
    }
}
