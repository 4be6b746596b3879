//! The table from path to action.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chat_server_core::ChatServer;

use crate::dialects::{self, Label};
use crate::edge::{Edge, logins};
use crate::handshake::{self, CHAT_V1};
use crate::http::error::{self, Refused};
use crate::http::{agents, commands, health, lookups, metrics, people, uploads};
use crate::panel::{self, Panel};
use crate::sse::{self, Streams};
use crate::upgrade::{Guest, Upgrade};
use crate::{WsConfig, origin};

/// The paths of a chat server, to be merged into or nested in an app of one's own.
///
/// Without [ports](chat_server_core::Providers::dialects) it brings no fallback, so that it can be merged with a router that
/// has one. With ports their requests are its fallback, because paths of several formats overlap: whatever is no path of the
/// app then is one of theirs, or answered 404. Paths of the app and of the native format win over theirs. Served by something other than
/// [`serve_router`](crate::serve_router), two things are the app's business: the bounds on sockets and on request
/// heads, and the shutdown, for which [`ChatServer::shutdown`] ends the sessions. With
/// `into_make_service_with_connect_info::<SocketAddr>()` it knows the addresses of its peers.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::{Router, routing::get};
/// use chat_server_core::{ChatServer, Providers, ServerConfig};
/// use chat_transport_ws::{WsConfig, router};
///
/// let server = ChatServer::start(Providers::default(), ServerConfig::default());
/// let app: Router = Router::new()
///     .route("/", get(async || "my own page"))
///     .merge(router(server, WsConfig::default()));
/// # });
/// ```
pub fn router(server: ChatServer, config: WsConfig) -> Router {
    let has_ports = server.ports().next().is_some();
    let panel = config.debug_panel.as_ref().map(|panel| Arc::new(Panel::new(panel)));
    let paths = panel.as_ref().map_or_else(Router::new, |_| panel::routes());
    let logins = logins(config.max_wrong_logins_per_address);
    let edge = Arc::new(Edge { server, config, streams: Streams::default(), logins, panel });
    let router = Router::new()
        .route("/v1/ws", get(native))
        .merge(commands::routes())
        .merge(lookups::routes())
        .merge(agents::routes())
        .merge(people::routes())
        .route("/v1/uploads", post(uploads::upload))
        .route("/v1/uploads/{name}", get(uploads::download))
        .merge(uploads::resumable::routes())
        .merge(sse::routes())
        .merge(paths)
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(metrics::show))
        .method_not_allowed_fallback(error::method_not_allowed);
    let router = if has_ports { router.fallback(dialects::answer) } else { router };
    router.layer(from_fn_with_state(edge.clone(), observe)).with_state(edge)
}

/// Counts and logs one request: method, path as in the table, status. Never the query, which may hold a token, nor the path
/// as it came, which may hold one too.
async fn observe(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let reader = origin::reader(request.headers(), &edge.config);
    let mut response = match origin::check_host(request.headers(), &edge.config) {
        Err(error) => Refused::from(error).into_response(),
        Ok(()) => match origin::preflight(&method, request.headers(), &reader) {
            Some(told) => told,
            None => next.run(request).await,
        },
    };
    let label = response.extensions_mut().remove::<Label>();
    let label = label.as_ref().map(|label| label.0.as_str());
    let (path, status) = (path.as_ref().map(MatchedPath::as_str).or(label).unwrap_or(""), response.status());
    tracing::debug!(%method, path, status = status.as_u16(), "request");
    ::metrics::counter!("chat_http_requests_total", "path" => path.to_owned(), "status" => status.as_str().to_owned())
        .increment(1);
    error::guard(response.headers_mut());
    origin::share(response.headers_mut(), reader, &edge.config);
    response
}

/// The native format over a WebSocket.
async fn native(State(edge): State<Arc<Edge>>, mut request: Request) -> Result<Response, Refused> {
    let mut upgrade = Upgrade::of(&edge, &mut request)?;
    let wish = handshake::wish(&request, &edge.config)?;
    if wish.chat_v1 {
        upgrade.answer_protocol(CHAT_V1);
    }
    upgrade.accept(edge, "native", Guest::Native { token: wish.token })
}
