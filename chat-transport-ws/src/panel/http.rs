//! The page of the panel, and the stream that it reads.
//!
//! The page is for anybody: it holds nothing but a form. The stream is for who has the operator's token, which the page keeps in
//! its memory and sends as a header; so no cookie has to be guarded, and no other page can use it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderName;
use axum::http::header::{self, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chat_protocol::{ErrorCode, WireError};
use chat_server_core::Health;
use chat_server_core::auth::AuthError;
use chat_server_core::clock::{Clock, SystemClock};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Panel;
use super::show::show;
use crate::edge::Edge;
use crate::http::error::Refused;
use crate::http::{bearer, is_operator};
use crate::origin::check_origin;
use crate::places::household;

const PAGE: &str = include_str!("page.html");

/// Only what stands in the page runs and looks, named by its digest; nothing is fetched but from here, and nobody frames it.
/// The test `the_page_may_run_what_it_holds_and_nothing_else` says what the digests must be.
const POLICY: &str = "default-src 'none'; script-src 'sha256-ND8Ydw3s+tLopELktMa6McfH3687deEYWs4hRihreRE='; style-src 'sha256-GrXLRw7Gg/+8OQpgvlriHnCXsdEVbFQk1v0KQc5McUg='; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How many entries are masked and written until they are sent.
const BATCH: usize = 16;

/// How long a stream says nothing: a proxy keeps it, and a viewer who left is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Tells proxies of the nginx family not to gather the stream.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/chat/debug", get(page))
        .route("/chat/debug/", get(page))
        .route("/chat/debug/events", get(events))
        .route("/chat/debug/events/", get(events))
}

async fn page(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    if request.headers().contains_key(header::UPGRADE) {
        // A socket of a user who is called `debug`, in a format with such paths.
        return crate::dialects::answer(State(edge), request).await;
    }
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    (headers, PAGE).into_response()
}

async fn events(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, Refused> {
    let panel = edge.panel.clone().ok_or(ErrorCode::NotFound)?;
    check_origin(request.headers(), &edge.config)?;
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let token = bearer(request.headers()).ok_or(ErrorCode::NotAuthenticated)?;
    let from = household(address).to_string();
    panel.guesses.attempt(&from, SystemClock.now()).map_err(slower)?;
    if !is_operator(token, edge.config.operator_token.as_deref()) {
        return Err(ErrorCode::InvalidToken.into());
    }
    panel.guesses.was_right(&from);
    let place = panel.viewer().ok_or(ErrorCode::LimitReached)?;
    let headers = [(CONTENT_TYPE, "text/event-stream"), (BUFFERING, "no")];
    Ok((headers, Body::from_stream(Viewer::new(edge, panel, place).stream())).into_response())
}

/// Who guesses is to wait.
fn slower(error: AuthError) -> WireError {
    let wait = match error {
        AuthError::TooOften(wait) => u64::try_from(wait.as_millis()).ok(),
        _ => None,
    };
    WireError { retry_after_ms: wait, ..ErrorCode::RateLimited.into() }
}

/// Somebody who looks.
struct Viewer {
    edge: Arc<Edge>,
    panel: Arc<Panel>,
    grown: watch::Receiver<u64>,
    /// Number of the entry that comes next.
    next: u64,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

impl Viewer {
    fn new(edge: Arc<Edge>, panel: Arc<Panel>, place: OwnedSemaphorePermit) -> Self {
        let (grown, next) = (panel.ring.watch(), panel.ring.oldest());
        Self { edge, panel, grown, next, greeted: false, _place: place }
    }

    fn stream(self) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
        futures::stream::unfold(self, async |mut viewer| {
            let bytes = viewer.more().await?;
            Some((Ok(bytes.into()), viewer))
        })
    }

    /// What comes next; `None` when the server goes away.
    async fn more(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.greeted, true) {
            event(&mut out, "panel", &json!({ "bodies": self.panel.bodies }));
        }
        loop {
            if self.edge.server.health() == Health::Draining {
                return None;
            }
            // Before it is looked for: what comes in between wakes.
            self.grown.mark_unchanged();
            self.write(&mut out).await;
            if !out.is_empty() {
                return Some(out);
            }
            match tokio::time::timeout(KEEP_ALIVE, self.grown.changed()).await {
                Ok(Ok(())) => {}
                // The panel is there as long as who looks at it.
                Ok(Err(_)) => return None,
                Err(_) => return Some(b":\n\n".to_vec()),
            }
        }
    }

    async fn write(&mut self, out: &mut Vec<u8>) {
        let found = self.panel.ring.from(self.next, BATCH);
        if found.missed > 0 {
            event(out, "missed", &json!({ "count": found.missed }));
        }
        for (n, entry) in (found.first..).zip(&found.entries) {
            event(out, "entry", &show(entry, n, self.panel.bodies));
            // A viewer holds up nobody for longer than one frame takes.
            tokio::task::yield_now().await;
        }
        self.next = found.first + found.entries.len() as u64;
    }
}

fn event(out: &mut Vec<u8>, name: &str, data: &impl Serialize) {
    out.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
    // JSON has no line breaks outside its texts, and those are escaped. Nothing here fails to be written.
    _ = serde_json::to_writer(&mut *out, data);
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use sha2::{Digest, Sha256};

    use super::*;

    fn digest(tag: &str) -> String {
        let text = PAGE.split_once(&format!("<{tag}>")).unwrap().1;
        let text = text.split_once(&format!("</{tag}>")).unwrap().0;
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text)))
    }

    #[test]
    fn the_page_may_run_what_it_holds_and_nothing_else() {
        for (directive, tag) in [("script-src", "script"), ("style-src", "style")] {
            let allowed = format!("{directive} {};", digest(tag));
            assert!(POLICY.contains(&allowed), "the page's <{tag}> needs {allowed}");
            assert_eq!(PAGE.matches(&format!("<{tag}")).count(), 1);
        }
        for outside in ["http:", "https:", "src=", "@import", "url(", "innerHTML", "localStorage", "onclick="]
        {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
