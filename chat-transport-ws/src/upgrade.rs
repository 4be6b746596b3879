//! From a request to a WebSocket, and from there to a session: the same for the native format and all others.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use axum::response::Response;
use chat_protocol::{Close, ErrorCode, Frame, Text, WireError};
use chat_server_core::Health;
use chat_server_core::dialects::Entered;
use chat_server_core::transport::PeerInfo;
use futures::SinkExt;
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
use crate::http::error::Refused;
use crate::io::PatientIo;
use crate::panel::{self, Tap};
use crate::server::Slot;
use crate::wire::{Wire, WireIo};
use crate::{close, handshake};

/// Whoever gets the WebSocket.
pub(crate) enum Guest {
    /// A session of the native format, with the token that the request carried.
    Native { token: Option<String> },
    /// A socket of an existing system.
    Entered(Entered),
    /// Nobody: this is said, and it is closed.
    Told(Text),
}

/// A request that may become a WebSocket.
#[derive(Debug)]
pub(crate) struct Upgrade {
    response: Response,
    on_upgrade: OnUpgrade,
    address: Option<String>,
    slot: Option<Arc<Slot>>,
    /// Tokens that the debug panel must not show; none without one.
    secrets: Vec<String>,
}

impl Upgrade {
    /// Checks what every upgrade must bring.
    ///
    /// # Errors
    /// One per cause; see [`handshake`].
    pub(crate) fn of(edge: &Edge, request: &mut Request) -> Result<Self, Refused> {
        let response = create_response_with_body(request, Body::empty)
            .map_err(|error| handshake::not_an_upgrade(&error))?;
        handshake::check_key(request.headers())?;
        let extensions = request.extensions_mut();
        let on_upgrade = extensions
            .remove::<OnUpgrade>()
            .ok_or_else(|| WireError::new(ErrorCode::BadRequest, "this connection cannot be upgraded"))?;
        let address = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.to_string());
        let slot = extensions.remove::<Arc<Slot>>();
        let secrets = edge.panel.as_ref().map_or_else(Vec::new, |_| panel::secrets(request));
        Ok(Self { response, on_upgrade, address, slot, secrets })
    }

    /// Names the subprotocol that was chosen of those offered.
    pub(crate) fn answer_protocol(&mut self, protocol: &'static str) {
        self.response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }

    /// The answer that accepts; the WebSocket, of this format, is served by a task of its own.
    ///
    /// # Errors
    /// `ShuttingDown`.
    pub(crate) fn accept(
        self,
        edge: Arc<Edge>,
        format: &'static str,
        guest: Guest,
    ) -> Result<Response, Refused> {
        if edge.server.health() == Health::Draining {
            return Err(ErrorCode::ShuttingDown.into());
        }
        let Self { response, on_upgrade, address, slot, secrets } = self;
        let tap = edge.panel.as_ref().map(|panel| panel.tap(format, address.clone(), secrets));
        let run = run(edge, on_upgrade, address, guest, slot, tap);
        tracing::trace!(task_bytes = size_of_val(&run), "a request becomes a websocket");
        tokio::spawn(run);
        Ok(response)
    }
}

/// One WebSocket from the upgrade to its end. The slot is held as long as the socket is.
async fn run(
    edge: Arc<Edge>,
    on_upgrade: OnUpgrade,
    address: Option<String>,
    guest: Guest,
    slot: Option<Arc<Slot>>,
    tap: Option<Tap>,
) {
    // Mounted into somebody else's server there is no slot, and nobody who would cut.
    let cut = slot.as_ref().map_or_else(CancellationToken::new, |slot| slot.cut.clone());
    tokio::select! {
        biased;
        () = cut.cancelled() => {}
        () = async {
            match on_upgrade.await {
                Ok(upgraded) => converse(&edge, upgraded, address, guest, tap).await,
                Err(error) => tracing::debug!(%error, "an upgrade failed"),
            }
        } => {}
    }
}

/// The session. Below it is the TCP socket itself where this crate's server accepted it, and whatever else carries
/// the bytes where the router is mounted into somebody else's.
async fn converse(edge: &Edge, upgraded: Upgraded, address: Option<String>, guest: Guest, tap: Option<Tap>) {
    match upgraded.downcast::<TokioIo<PatientIo<TcpStream>>>() {
        Ok(Parts { io, read_buf, .. }) => {
            let io = WireIo::new(io.into_inner().into_inner(), edge.config.write_buffer);
            let wire = io.wire();
            // A copy: the HTTP library's buffer of 8 KiB would stay for the few bytes in it, or none.
            let first = read_buf.to_vec();
            drop(read_buf);
            converse_over(edge, io, (first, Some(wire), tap), address, guest).await;
        }
        Err(upgraded) => {
            let io = GatherIo::new(TokioIo::new(upgraded), edge.config.write_buffer);
            converse_over(edge, io, (Vec::new(), None, tap), address, guest).await;
        }
    }
}

/// `first` came behind the request already.
async fn converse_over<S>(
    edge: &Edge,
    io: S,
    (first, wire, tap): (Vec<u8>, Option<Arc<Wire>>, Option<Tap>),
    address: Option<String>,
    guest: Guest,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let settings = edge.config.socket(edge.server.config().max_frame);
    let socket = WebSocketStream::from_partially_read(io, first, Role::Server, Some(settings));
    let (mut connection, left) = WsConnection::new(Box::pin(socket).await, wire);
    connection.tap(tap);
    match guest {
        Guest::Native { token } => {
            edge.server.serve_connection(connection, PeerInfo { address, token }).await
        }
        // Boxed, like whatever native connections do not need: it would make the task of every idle one larger.
        Guest::Entered(entered) => {
            let peer = PeerInfo { address, token: None };
            Box::pin(edge.server.serve_socket(entered, connection, peer)).await;
        }
        Guest::Told(text) => Box::pin(tell(connection, text)).await,
    }
    if let Ok((mut socket, ending)) = left.await {
        // Boxed, like whatever a connection needs only once: it would make the task of every idle one larger.
        Box::pin(close::see_out(&mut socket, ending, edge.config.close_timeout)).await;
    }
}

/// Says one thing to somebody who may not be here.
async fn tell<S>(mut connection: WsConnection<S>, text: Text)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let close = Close { code: 1008, reason: ErrorCode::NotAuthenticated.text().to_owned() };
    let said = async {
        connection.feed(Frame::Text(text)).await?;
        connection.send(Frame::Close(close)).await
    };
    if let Err(error) = said.await {
        tracing::debug!(%error, "a stranger could not be told");
    }
}
