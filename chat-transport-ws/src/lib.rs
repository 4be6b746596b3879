//! WebSocket and HTTP edge of a chat server: a [`Router`](axum::Router) for somebody's own app, or a whole server.
//!
//! ```no_run
//! # async fn run() -> Result<(), chat_transport_ws::ServeError> {
//! use chat_server_core::{ChatServer, Providers, ServerConfig};
//! use chat_transport_ws::{WsConfig, bind, serve};
//! use tokio_util::sync::CancellationToken;
//!
//! let server = ChatServer::start(Providers::default(), ServerConfig::default());
//! let listeners = bind(&["127.0.0.1:8080"]).await?;
//! serve(listeners, server, WsConfig::default(), CancellationToken::new()).await
//! # }
//! ```
//!
//! # Paths
//!
//! | path | answers |
//! | --- | --- |
//! | `GET /v1/ws` | the native format over a WebSocket, subprotocol `chat.v1` |
//! | `GET /v1/rooms/{room}/messages?before=&after=&limit=` | one page of history |
//! | `POST /v1/uploads?room=&name=` | takes a file; the body is its bytes |
//! | `GET /v1/uploads/{name}` | a file, or a range of it, for members of its room |
//! | `GET /v1/events?session_id=&device_id=&follow=` | the same packets as server-sent events, where sockets are blocked |
//! | `POST /v1/commands?session_id=` | commands for such a stream, one per line |
//! | `GET /healthz` | whether the server does its work |
//! | `GET /metrics` | Prometheus text, for the operator |
//! | `GET /chat/debug/` | live traffic of all sockets, for the operator, where [`WsConfig::debug_panel`] is set |
//!
//! A server that speaks formats of existing systems ([`Providers::dialects`](chat_server_core::Providers::dialects)) has
//! their paths besides: see [`router`]. The documentation of the formats says which.
//!
//! Every refusal has the body of a [`chat_protocol::Reply`], also that of a failed upgrade. Requests that are not
//! HTTP at all are answered by the HTTP library, without a body.
//!
//! # Who watches which deadline
//!
//! The edge watches what happens before and after a session: how long a request head may take, how long a write of
//! the socket may stand still, how long a closing peer may linger. Authentication, probes and slow readers are the
//! core's business: it sees frames, not bytes.

mod close;
mod config;
mod connection;
mod dialects;
mod edge;
mod error;
mod gather;
mod handshake;
mod http;
mod io;
mod origin;
mod panel;
mod places;
mod refuse;
mod routes;
mod server;
mod sse;
mod upgrade;
mod wire;

pub use config::{MetricsText, WsConfig};
pub use error::ServeError;
pub use panel::DebugPanel;
pub use routes::router;
pub use server::{bind, serve, serve_router};
