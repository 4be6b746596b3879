//! What a request says, in the form in which formats read it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use chat_protocol::dialect::{Handshake, Secret};
use percent_encoding::percent_decode_str;

use crate::places::household;

/// Greatest number of cookies that are taken for tokens: each costs a look at the authenticator, which may be another
/// server. Pages have a handful; the first ones are those of the most specific path (RFC 6265 section 5.4).
const MAX_COOKIES: usize = 16;

/// A request without its body.
#[derive(Debug)]
pub(super) struct Facts {
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    peer: Option<IpAddr>,
}

impl Facts {
    /// `None` for a path that is not UTF-8: no format has such a one.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let path = percent_decode_str(request.uri().path()).decode_utf8().ok()?.into_owned();
        let query = pairs(request.uri().query().unwrap_or_default().as_bytes());
        let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
            // Not `to_str`, which refuses names beyond ASCII: some clients write them as they are.
            let value = std::str::from_utf8(value.as_bytes()).ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        };
        let headers = request.headers().iter().filter_map(text).collect();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Some(Self { path, query, headers, peer })
    }

    /// Where it comes from, for counting; of IPv6 the network of a household. Unknown addresses are one.
    pub(super) fn household(&self) -> String {
        self.peer.map(|peer| household(peer).to_string()).unwrap_or_default()
    }

    /// Whether a WebSocket is asked for, and not a page or a call at the same path.
    pub(super) fn wants_socket(&self) -> bool {
        let upgrade = self.handshake().header("upgrade");
        upgrade.is_some_and(|to| to.split(',').any(|to| to.trim().eq_ignore_ascii_case("websocket")))
    }

    pub(super) fn handshake(&self) -> Handshake<'_> {
        Handshake { path: &self.path, query: &self.query, headers: &self.headers }
    }
}

/// Names and values of a query or a form, in their order. What is not UTF-8 is replaced.
pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// The values of the cookies, any of which may be a token.
pub(super) fn cookies(headers: &HeaderMap) -> Vec<Secret> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let values = pairs.map(|(_, value)| value.trim().trim_matches('"')).filter(|value| !value.is_empty());
    values.take(MAX_COOKIES).map(|value| Secret(value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_is_decoded_once() {
        let request = Request::builder().uri("/chat/%C3%A4%252F/?token=a%40b+c&x-room=r&token=d");
        let request =
            request.header("X-Room", "Lobby").header("x-bad", &b"\xff"[..]).body(Body::empty()).unwrap();
        let facts = Facts::of(&request).unwrap();
        let handshake = facts.handshake();
        assert_eq!(handshake.segments(), ["chat", "ä%2F"]);
        assert_eq!((handshake.query("token"), handshake.query("x-room")), (Some("a@b c"), Some("r")));
        assert_eq!((handshake.header("x-room"), handshake.header("x-bad")), (Some("Lobby"), None));
        let no_text = Request::builder().uri("/chat/%ff/").body(Body::empty()).unwrap();
        assert!(Facts::of(&no_text).is_none());
    }

    #[test]
    fn of_cookies_the_values_count_and_not_too_many() {
        let line = |text: &str| HeaderMap::from_iter([(header::COOKIE, text.parse().unwrap())]);
        let values = |text: &str| cookies(&line(text)).into_iter().map(|it| it.0).collect::<Vec<_>>();
        assert_eq!(values("a=1; session=\"t=2\";empty=; nothing"), ["1", "t=2"]);
        assert_eq!(cookies(&line(&"a=b; ".repeat(100))).len(), MAX_COOKIES);
    }
}
