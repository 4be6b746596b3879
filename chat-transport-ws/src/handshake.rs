//! What a request must bring to become a WebSocket: one check and one refusal per cause.

use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName};
use chat_protocol::{ErrorCode, WireError};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use crate::WsConfig;
use crate::http::bearer;
use crate::origin::check_origin;

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
}
