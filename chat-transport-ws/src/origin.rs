//! Web pages: which may ask, and what their browsers must be told so that they may read the answers.
//!
//! Browsers say with `Origin` where a page is from. A page of this server's own host needs nothing more; one from elsewhere
//! may open a WebSocket if the operator lists its origin, and use `fetch` if the answers say so as well (the section "CORS
//! protocol" of the Fetch standard). Programs send no `Origin` and may always ask: what lets them in is their token.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use chat_protocol::{ErrorCode, WireError};

use crate::WsConfig;

/// What a page of another origin may ask for.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");

/// Headers that such a page may set.
const ASKED: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, range, if-range, if-none-match, tus-resumable, upload-length, upload-offset, \
     upload-metadata, x-http-method-override",
);

/// Headers of answers that such a page may read.
const TOLD: HeaderValue = HeaderValue::from_static(
    "retry-after, etag, content-range, accept-ranges, content-disposition, www-authenticate, location, \
     content-location, tus-resumable, tus-version, tus-extension, tus-max-size, upload-offset, upload-length, \
     upload-expires",
);

/// How long a browser need not ask again, in seconds: two hours, the most that any takes.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Checks that the page that asks, if one does, is from where the operator allows it.
///
/// # Errors
/// `OriginRefused`.
pub(crate) fn check_origin(headers: &HeaderMap, config: &WsConfig) -> Result<(), WireError> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let fits = origins.next().is_none()
        && if config.allowed_origins.is_empty() {
            let origin = origin.to_str().unwrap_or_default();
            same_origin(headers, origin) && (!config.local_pages_only || local_page(origin))
        } else {
            is_listed(origin, config)
        };
    fits.then_some(()).ok_or(ErrorCode::OriginRefused.into())
}

/// Checks the name under which this server is asked, where only pages of this machine may ask. A page whose name was made to
/// point here is of the same origin to its browser, which then says nothing of it when it reads.
///
/// # Errors
/// `OriginRefused`.
pub(crate) fn check_host(headers: &HeaderMap, config: &WsConfig) -> Result<(), WireError> {
    let local = |host: &HeaderValue| host.to_str().is_ok_and(local_authority);
    match config.local_pages_only && !headers.get_all(header::HOST).iter().all(local) {
        true => Err(ErrorCode::OriginRefused.into()),
        false => Ok(()),
    }
}

/// The origin of a page from elsewhere that may read the answers.
pub(crate) fn reader(headers: &HeaderMap, config: &WsConfig) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next().filter(|origin| is_listed(origin, config))?;
    origins.next().is_none().then(|| origin.clone())
}

/// Answers a browser that asks what a page of an allowed origin may do; `None` when that is not what is asked.
pub(crate) fn preflight(
    method: &Method,
    headers: &HeaderMap,
    reader: &Option<HeaderValue>,
) -> Option<Response> {
    if method != Method::OPTIONS || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    reader.as_ref()?;
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let told = answer.headers_mut();
    told.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    told.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ASKED);
    told.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    Some(answer)
}

/// Lets the page read the answer. Never with credentials of the browser's own, such as cookies: there are none here.
pub(crate) fn share(answer: &mut HeaderMap, reader: Option<HeaderValue>, config: &WsConfig) {
    if config.allowed_origins.is_empty() {
        return;
    }
    // Also where there is none: a copy that is kept is not for a page from elsewhere.
    answer.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
    if let Some(reader) = reader {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, reader);
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, TOLD);
    }
}

fn is_listed(origin: &HeaderValue, config: &WsConfig) -> bool {
    config.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
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
    origin.split_once("://").is_some_and(|(_, authority)| local_authority(authority))
}

/// Whether a host, with or without a port, is this machine under such a name.
fn local_authority(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> WsConfig {
        WsConfig { allowed_origins: vec!["https://a.example".into()], ..WsConfig::default() }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
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
            let host = headers(&[("host", origin.trim_start_matches("http://"))]);
            assert!(check_host(&host, &WsConfig::default()).is_ok(), "{origin}");
            let strict = WsConfig { local_pages_only: true, ..WsConfig::default() };
            assert_eq!(check_host(&host, &strict).is_ok(), local, "{origin}");
        }
        let strict = WsConfig { local_pages_only: true, ..listed() };
        assert!(check_host(&headers(&[("host", "localhost"), ("host", "evil")]), &strict).is_err());
    }

    #[test]
    fn origins() {
        let (same, listed) = (WsConfig::default(), listed());
        for (origin, host, by_host, by_list) in [
            ("https://a.example", "b.example", false, true),
            ("https://a.example", "a.example", true, true),
            ("http://a.example", "a.example", true, false),
            ("http://a.example:81", "a.example:81", true, false),
            ("http://a.example:81", "a.example", false, false),
            ("https://a.example.evil", "a.example", false, false),
            ("https://evil", "a.example", false, false),
            ("https://a.example/", "a.example", false, false),
            ("file://", "", false, false),
            ("http://", "", false, false),
            ("null", "a.example", false, false),
        ] {
            let headers = headers(&[("origin", origin), ("host", host)]);
            assert_eq!(check_origin(&headers, &same).is_ok(), by_host, "{origin} {host}");
            assert_eq!(check_origin(&headers, &listed).is_ok(), by_list, "{origin} {host}");
            assert_eq!(reader(&headers, &listed).is_some(), by_list, "{origin} {host}");
            assert_eq!(reader(&headers, &same), None, "{origin}: of its own host it needs no word of ours");
        }
        let twice = headers(&[
            ("origin", "https://a.example"),
            ("origin", "https://a.example"),
            ("host", "a.example"),
        ]);
        assert!(check_origin(&twice, &same).is_err() && check_origin(&twice, &listed).is_err());
        assert_eq!(reader(&twice, &listed), None);
        assert!(check_origin(&headers(&[("host", "b.example")]), &listed).is_ok(), "no page");
    }
}
