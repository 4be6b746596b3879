//! The table from path to action.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chat_protocol::{ErrorCode, WireError};
use chat_server_core::transport::PeerInfo;
use chat_server_core::{ChatServer, Health};
use hyper::upgrade::{OnUpgrade, Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

use crate::connection::WsConnection;
use crate::edge::Edge;
use crate::gather::GatherIo;
use crate::handshake::{self, CHAT_V1};
use crate::http::error::{self, Refused};
use crate::http::{agents, commands, health, lookups, metrics, people, uploads};
use crate::io::PatientIo;
use crate::server::Slot;
use crate::sse::{self, Streams};
use crate::wire::{Wire, WireIo};
use crate::{WsConfig, close, origin};

/// The paths of a chat server, to be merged into or nested in an app of one's own.
///
/// It brings no fallback, so that it can be merged with a router that has one. Served by something other than
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
    let edge = Arc::new(Edge { server, config, streams: Streams::default() });
    Router::new()
        .route("/v1/ws", get(upgrade))
        .merge(commands::routes())
        .merge(lookups::routes())
        .merge(agents::routes())
        .merge(people::routes())
        .route("/v1/uploads", post(uploads::upload))
        .route("/v1/uploads/{name}", get(uploads::download))
        .merge(sse::routes())
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(metrics::show))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(edge.clone(), observe))
        .with_state(edge)
}

/// Counts and logs one request: method, path as in the table, status. Never the query, which may hold a token.
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
    let (path, status) = (path.as_ref().map_or("", MatchedPath::as_str), response.status());
    tracing::debug!(%method, path, status = status.as_u16(), "request");
    ::metrics::counter!("chat_http_requests_total", "path" => path.to_owned(), "status" => status.as_str().to_owned())
        .increment(1);
    error::guard(response.headers_mut());
    origin::share(response.headers_mut(), reader, &edge.config);
    response
}

/// Makes a WebSocket of a request, and a session of the WebSocket.
async fn upgrade(State(edge): State<Arc<Edge>>, mut request: Request) -> Result<Response, Refused> {
    let mut response = create_response_with_body(&request, Body::empty)
        .map_err(|error| handshake::not_an_upgrade(&error))?;
    handshake::check_key(request.headers())?;
    let wish = handshake::wish(&request, &edge.config)?;
    if edge.server.health() == Health::Draining {
        return Err(ErrorCode::ShuttingDown.into());
    }
    if wish.chat_v1 {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(CHAT_V1));
    }
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let on_upgrade = on_upgrade
        .ok_or_else(|| WireError::new(ErrorCode::BadRequest, "this connection cannot be upgraded"))?;
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.to_string());
    let slot = request.extensions_mut().remove::<Arc<Slot>>();
    let peer = PeerInfo { address, token: wish.token };
    let run = run(edge, on_upgrade, peer, slot);
    tracing::trace!(task_bytes = size_of_val(&run), "a request becomes a websocket");
    tokio::spawn(run);
    Ok(response)
}

/// One WebSocket from the upgrade to its end. The slot is held as long as the socket is.
async fn run(edge: Arc<Edge>, on_upgrade: OnUpgrade, peer: PeerInfo, slot: Option<Arc<Slot>>) {
    // Mounted into somebody else's server there is no slot, and nobody who would cut.
    let cut = slot.as_ref().map_or_else(CancellationToken::new, |slot| slot.cut.clone());
    tokio::select! {
        biased;
        () = cut.cancelled() => {}
        () = async {
            match on_upgrade.await {
                Ok(upgraded) => converse(&edge, upgraded, peer).await,
                Err(error) => tracing::debug!(%error, "an upgrade failed"),
            }
        } => {}
    }
}

/// The session. Below it is the TCP socket itself where this crate's server accepted it, and whatever else carries
/// the bytes where the router is mounted into somebody else's.
async fn converse(edge: &Edge, upgraded: Upgraded, peer: PeerInfo) {
    match upgraded.downcast::<TokioIo<PatientIo<TcpStream>>>() {
        Ok(Parts { io, read_buf, .. }) => {
            let io = WireIo::new(io.into_inner().into_inner(), edge.config.write_buffer);
            let wire = io.wire();
            // A copy: the HTTP library's buffer of 8 KiB would stay for the few bytes in it, or none.
            let first = read_buf.to_vec();
            drop(read_buf);
            converse_over(edge, io, first, Some(wire), peer).await;
        }
        Err(upgraded) => {
            let io = GatherIo::new(TokioIo::new(upgraded), edge.config.write_buffer);
            converse_over(edge, io, Vec::new(), None, peer).await;
        }
    }
}

/// `first` came behind the request already.
async fn converse_over<S>(edge: &Edge, io: S, first: Vec<u8>, wire: Option<Arc<Wire>>, peer: PeerInfo)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let settings = edge.config.socket(edge.server.config().max_frame);
    let socket = WebSocketStream::from_partially_read(io, first, Role::Server, Some(settings));
    let (connection, left) = WsConnection::new(Box::pin(socket).await, wire);
    edge.server.serve_connection(connection, peer).await;
    if let Ok((mut socket, ending)) = left.await {
        // Boxed, like whatever a connection needs only once: it would make the task of every idle one larger.
        Box::pin(close::see_out(&mut socket, ending, edge.config.close_timeout)).await;
    }
}
