//! What a request must bring to become a WebSocket: one check and one refusal per cause.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName};
use chat_protocol::{ErrorCode, WireError};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use crate::WsConfig;
use crate::http::bearer;

/// The subprotocol of the native format, version 1.
pub(crate) const CHAT_V1: &str = "chat.v1";

/// What a token offered as a subprotocol begins with: browsers can set no other header of a WebSocket.
const BEARER_PROTOCOL: &str = "bearer.";

/// What an acceptable request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Whether to name `chat.v1` in the answer: only if it was offered (RFC 6455 section 4.2.2).
    pub(crate) chat_v1: bool,
    /// The credential, if the request carries one: of the `Authorization` header, else of a subprotocol, else of
    /// the query. Whether it is valid is found out by the session.
    pub(crate) token: Option<String>,
}

/// Checks origin and subprotocol, and finds the token.
///
/// # Errors
/// `OriginRefused`, `UnsupportedVersion`.
pub(crate) fn wish(request: &Request, config: &WsConfig) -> Result<Wish, WireError> {
    let headers = request.headers();
    check_origin(headers, config)?;
    let (chat_v1, offered_token) = subprotocols(headers)?;
    let query = config.query_token.then(|| request.uri().query()).flatten();
    let token = bearer(headers).map(str::to_owned).or(offered_token).or_else(|| query.and_then(query_token));
    Ok(Wish { chat_v1, token })
}

/// Checks that the page that asks, if one does, is from where the operator allows it.
///
/// # Errors
/// `OriginRefused`.
pub(crate) fn check_origin(headers: &HeaderMap, config: &WsConfig) -> Result<(), WireError> {
    let allowed = &config.allowed_origins;
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let fits = origins.next().is_none()
        && if allowed.is_empty() {
            same_origin(headers, origin) && (!config.local_pages_only || local_page(origin))
        } else {
            allowed.iter().any(|allowed| allowed == origin)
        };
    fits.then_some(()).ok_or(ErrorCode::OriginRefused.into())
}

/// Whether the page comes from the host that it connects to. The scheme does not count: behind a proxy that ends
/// TLS we cannot know ours.
fn same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let page = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    match (page, host.to_str()) {
        (Some(page), Ok(host)) => !page.is_empty() && page.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Whether a page was loaded from this machine under a name that nobody else can claim: any other name can be made to
/// point here by whoever owns it (DNS rebinding).
fn local_page(origin: &str) -> bool {
    let Some((_, authority)) = origin.split_once("://") else { return false };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Whether `chat.v1` was offered, and the token that was offered beside it.
fn subprotocols(headers: &HeaderMap) -> Result<(bool, Option<String>), WireError> {
    let (mut any, mut chat_v1, mut token) = (false, false, None);
    for value in headers.get_all(header::SEC_WEBSOCKET_PROTOCOL) {
        // A value that is not visible ASCII is an offer that nobody here understands.
        for offer in value.to_str().unwrap_or("?").split(',').map(str::trim).filter(|offer| !offer.is_empty())
        {
            any = true;
            if offer == CHAT_V1 {
                chat_v1 = true;
            } else if let Some(offered) = offer.strip_prefix(BEARER_PROTOCOL).filter(|it| !it.is_empty()) {
                token.get_or_insert_with(|| offered.to_owned());
            }
        }
    }
    if any && !chat_v1 && token.is_none() {
        return Err(WireError::new(
            ErrorCode::UnsupportedVersion,
            "subprotocols: only chat.v1 is spoken here",
        ));
    }
    Ok((chat_v1, token))
}

fn query_token(query: &str) -> Option<String> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(
        &axum::http::Uri::builder().path_and_query(format!("/?{query}")).build().ok()?,
    );
    let (_, token) = pairs.ok()?.0.into_iter().find(|(name, _)| name == "token")?;
    (!token.is_empty()).then_some(token)
}

/// A key is 16 random bytes as base64. The library takes any text, RFC 6455 section 4.2.1 does not.
pub(crate) fn check_key(headers: &HeaderMap) -> Result<(), WireError> {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(needs(&header::SEC_WEBSOCKET_KEY, "exactly once"));
    };
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    match key.as_bytes() {
        [digits @ .., b'=', b'='] if digits.len() == 22 && digits.iter().all(base64) => Ok(()),
        _ => Err(needs(&header::SEC_WEBSOCKET_KEY, "16 bytes as base64")),
    }
}

fn needs(header: &HeaderName, what: &str) -> WireError {
    WireError::new(ErrorCode::BadRequest, format!("an upgrade needs the header {header}: {what}"))
}

/// The refusal of a request that the library does not take for an upgrade.
pub(crate) fn not_an_upgrade(error: &Error) -> WireError {
    match error {
        Error::Protocol(ProtocolError::WrongHttpMethod) => ErrorCode::MethodNotAllowed.into(),
        Error::Protocol(ProtocolError::WrongHttpVersion) => {
            WireError::new(ErrorCode::BadRequest, "an upgrade needs HTTP/1.1")
        }
        Error::Protocol(ProtocolError::MissingConnectionUpgradeHeader) => {
            needs(&header::CONNECTION, "upgrade")
        }
        Error::Protocol(ProtocolError::MissingUpgradeWebSocketHeader) => needs(&header::UPGRADE, "websocket"),
        Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) => {
            WireError::new(ErrorCode::UnsupportedVersion, "sec-websocket-version: only 13 is spoken here")
        }
        Error::Protocol(ProtocolError::MissingSecWebSocketKey) => {
            needs(&header::SEC_WEBSOCKET_KEY, "exactly once")
        }
        _ => ErrorCode::BadRequest.into(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn check(
        uri: &str,
        headers: &[(&str, &str)],
        config: &WsConfig,
        expected: Result<(bool, Option<&str>), ErrorCode>,
    ) {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let wish = wish(&request.body(Body::empty()).unwrap(), config);
        let wish = wish.map(|wish| (wish.chat_v1, wish.token)).map_err(|error| error.code);
        assert_eq!(wish, expected.map(|(v1, token)| (v1, token.map(str::to_owned))), "{uri} {headers:?}");
    }

    #[test]
    fn only_names_that_nobody_else_can_claim_are_local() {
        for (origin, local) in [
            ("http://localhost:8080", true),
            ("http://LOCALHOST", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:8080", true),
            ("http://rebound.example.org:8080", false),
            ("http://127.0.0.1.example.org", false),
            ("http://192.0.2.1", false),
            ("null", false),
        ] {
            assert_eq!(local_page(origin), local, "{origin}");
        }
    }

    #[test]
    fn subprotocols_and_tokens() {
        let config = WsConfig::default();
        let unsupported = Err(ErrorCode::UnsupportedVersion);
        for (headers, expected) in [
            (&[][..], Ok((false, None))),
            (&[("sec-websocket-protocol", "chat.v1")], Ok((true, None))),
            (
                &[("sec-websocket-protocol", "chat.v9, chat.v1 ,bearer.abc.d-e_f")],
                Ok((true, Some("abc.d-e_f"))),
            ),
            (
                &[("sec-websocket-protocol", "bearer.abc"), ("sec-websocket-protocol", "chat.v1")],
                Ok((true, Some("abc"))),
            ),
            (&[("sec-websocket-protocol", "bearer.abc")], Ok((false, Some("abc")))),
            (&[("sec-websocket-protocol", "chat.v2")], unsupported),
            (&[("sec-websocket-protocol", "CHAT.V1")], unsupported),
            (&[("sec-websocket-protocol", "bearer.")], unsupported),
            (&[("sec-websocket-protocol", " , ")], Ok((false, None))),
            (&[("authorization", "Bearer abc")], Ok((false, Some("abc")))),
            (&[("authorization", "bearer  abc ")], Ok((false, Some("abc")))),
            (&[("authorization", "Basic abc")], Ok((false, None))),
            (
                &[("authorization", "Bearer a"), ("sec-websocket-protocol", "chat.v1,bearer.b")],
                Ok((true, Some("a"))),
            ),
        ] {
            check("/v1/ws", headers, &config, expected);
        }
    }

    #[test]
    fn a_token_in_the_query_counts_only_where_the_operator_allows_it() {
        let allowed = WsConfig { query_token: true, ..WsConfig::default() };
        check("/v1/ws?token=a%2Bb", &[], &WsConfig::default(), Ok((false, None)));
        check("/v1/ws?token=a%2Bb", &[], &allowed, Ok((false, Some("a+b"))));
        check("/v1/ws?x=1&token=", &[], &allowed, Ok((false, None)));
        check("/v1/ws?token=q", &[("authorization", "Bearer h")], &allowed, Ok((false, Some("h"))));
    }

    #[test]
    fn origins() {
        let same = WsConfig::default();
        let listed = WsConfig { allowed_origins: vec!["https://a.example".into()], ..WsConfig::default() };
        let (yes, no) = (Ok((false, None)), Err(ErrorCode::OriginRefused));
        for (origin, host, by_host, by_list) in [
            ("https://a.example", "b.example", no, yes),
            ("https://a.example", "a.example", yes, yes),
            ("http://a.example", "a.example", yes, no),
            ("http://a.example:81", "a.example:81", yes, no),
            ("http://a.example:81", "a.example", no, no),
            ("https://a.example.evil", "a.example", no, no),
            ("https://evil", "a.example", no, no),
            ("https://a.example/", "a.example", no, no),
            ("file://", "", no, no),
            ("http://", "", no, no),
            ("null", "a.example", no, no),
        ] {
            let headers = [("origin", origin), ("host", host)];
            check("/v1/ws", &headers, &same, by_host);
            check("/v1/ws", &headers, &listed, by_list);
        }
        let twice = [("origin", "https://a.example"), ("origin", "https://a.example"), ("host", "a.example")];
        check("/v1/ws", &twice, &same, no);
        check("/v1/ws", &twice, &listed, no);
        check("/v1/ws", &[("host", "b.example")], &listed, yes);
    }
}
