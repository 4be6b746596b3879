//! The accept loop: bounded, patient with the system's errors, impatient with slow peers, drained at the end.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use chat_server_core::ChatServer;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::ServiceExt;

use crate::http::error;
use crate::io::PatientIo;
use crate::places::{Place, Places};
use crate::refuse::Bouncer;
use crate::{ServeError, WsConfig, router};

/// How long a plain request that is under way may still take once the server drains. Short, because a peer that
/// trickles its head must not delay the end.
const REQUEST_GRACE: Duration = Duration::from_secs(2);

/// How long to wait for tasks that were cut; they have nothing left to wait for.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// How many sockets the system keeps for us until they are accepted; it may allow fewer. A full queue drops or resets
/// whoever comes next, and after a restart everybody comes at once.
const BACKLOG: u32 = 4_096;

/// One accepted socket's place: among `max_connections`, and among what a shutdown waits for. The HTTP connection
/// holds it, and shares it with the WebSocket that it becomes.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Ends whatever the socket is still used for, when a shutdown has waited long enough.
    pub(crate) cut: CancellationToken,
    _place: Place,
    _awaited: TaskTrackerToken,
}

/// Listens on all the addresses, or on none.
///
/// # Errors
/// [`ServeError::Bind`] names the address that could not be listened on.
pub async fn bind(addresses: &[impl AsRef<str>]) -> Result<Vec<TcpListener>, ServeError> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let address = address.as_ref();
        let listener = listen(address).await;
        listeners.push(listener.map_err(|source| ServeError::Bind { address: address.to_owned(), source })?);
    }
    Ok(listeners)
}

/// Listens on the first address of those that the name stands for.
async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut failed = io::Error::new(io::ErrorKind::InvalidInput, "the name stands for no address");
    for address in tokio::net::lookup_host(address).await? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Otherwise a restart would have to wait for the connections of the run before. Elsewhere the option lets two
    // programs listen on one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves a chat server until `shutdown` is cancelled, then drains it.
///
/// Every other path than those of [`router`] is answered 404, by the router itself where it has ports. The end is that of [`serve_router`].
///
/// # Errors
/// As [`serve_router`].
pub async fn serve(
    listeners: Vec<TcpListener>,
    server: ChatServer,
    config: WsConfig,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let app = router(server.clone(), config.clone());
    let app = if server.ports().next().is_some() { app } else { app.fallback(error::not_found) };
    serve_router(listeners, app, server, config, shutdown).await
}

/// Serves an app that [`router`] was merged into, with the same bounds and the same end as [`serve`].
///
/// When `shutdown` is cancelled no more sockets are accepted, every session is told 1001, requests under way are
/// finished, and after at most `shutdown_timeout` what is left is cut. Handlers find the peer's address as
/// `ConnectInfo<SocketAddr>`.
///
/// Not cancel-safe: dropped, it stops accepting, and what was accepted goes on.
///
/// # Errors
/// [`ServeError::NoListener`] and [`ServeError::Config`], at once. Once it runs it does not fail.
pub async fn serve_router(
    listeners: Vec<TcpListener>,
    app: Router,
    server: ChatServer,
    config: WsConfig,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    config.check()?;
    if listeners.is_empty() {
        return Err(ServeError::NoListener);
    }
    let acceptor = Acceptor::new(app, &config, shutdown);
    futures::future::join_all(listeners.into_iter().map(|listener| acceptor.accept_all(listener))).await;
    acceptor.drain(&server, config.shutdown_timeout).await;
    Ok(())
}

struct Acceptor {
    app: Router,
    http: http1::Builder,
    write_stall: Duration,
    places: Places,
    bouncer: Bouncer,
    shutdown: CancellationToken,
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl Acceptor {
    fn new(app: Router, config: &WsConfig, shutdown: CancellationToken) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(config.handshake_timeout)
            .max_headers(config.max_headers)
            .max_buf_size(config.max_head);
        Self {
            app,
            http,
            write_stall: config.write_stall_timeout,
            places: Places::new(config.max_connections, config.max_connections_per_address),
            bouncer: Bouncer::default(),
            shutdown,
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Accepts until the shutdown. An error of the system never ends it.
    async fn accept_all(&self, listener: TcpListener) {
        let mut backoff = Backoff::default();
        while let Some(accepted) = self.shutdown.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    backoff = Backoff::default();
                    self.admit(stream, peer);
                }
                Err(error) => {
                    let Some(delay) = backoff.after(&error) else { continue };
                    tracing::warn!(%error, ?delay, "accepting failed, will go on");
                    self.shutdown.run_until_cancelled(tokio::time::sleep(delay)).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        // Frames are written whole; waiting for more to fill a packet would only delay them. A socket that refuses
        // the option is already gone, which the first read will tell.
        let _ = stream.set_nodelay(true);
        let Some(place) = self.places.take(peer.ip()) else { return self.bouncer.turn_away(stream) };
        let slot = Slot { cut: self.cut.clone(), _place: place, _awaited: self.tasks.token() };
        tokio::spawn(self.talk(stream, peer, Arc::new(slot)));
    }

    /// One socket until it ends or becomes a WebSocket.
    fn talk(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        slot: Arc<Slot>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (app, shutdown) = (self.app.clone(), self.shutdown.clone());
        let service = service_fn(move |request| answer(app.clone(), peer, Arc::clone(&slot), request));
        let io = TokioIo::new(PatientIo::new(stream, self.write_stall));
        let connection = self.http.serve_connection(io, service).with_upgrades();
        async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    timeout(REQUEST_GRACE, connection).await.unwrap_or(Ok(()))
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "a socket failed");
            }
        }
    }

    async fn drain(self, server: &ChatServer, patience: Duration) {
        self.tasks.close();
        // The core ends its work in any case; only the wait for sockets is cut short.
        let ((), ended) = tokio::join!(server.shutdown(patience), timeout(patience, self.tasks.wait()));
        if ended.is_err() {
            tracing::warn!(sockets = self.tasks.len(), "not everybody left in time, cutting the rest");
            self.cut.cancel();
            let _ = timeout(CUT_GRACE, self.tasks.wait()).await;
        }
    }
}

async fn answer(
    app: Router,
    peer: SocketAddr,
    slot: Arc<Slot>,
    mut request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(slot);
    app.oneshot(request).await
}

/// How long to leave the system alone after a failed accept.
#[derive(Debug, Default)]
struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(5);
    /// Short enough that descriptors which become free are used soon, long enough not to fill a log.
    const GREATEST: Duration = Duration::from_secs(1);

    /// The delay after `error`; `None` when the error is that one peer's, who left while it waited in the queue.
    fn after(&mut self, error: &io::Error) -> Option<Duration> {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return None;
        }
        self.0 = (self.0 * 2).clamp(Self::FIRST, Self::GREATEST);
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_accept_is_tried_ever_more_slowly_but_for_ever() {
        let too_many_files = io::Error::from_raw_os_error(24);
        let mut backoff = Backoff::default();
        let delays: Vec<u128> =
            (0..12).map(|_| backoff.after(&too_many_files).unwrap().as_millis()).collect();
        assert_eq!(delays, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000]);
    }

    #[test]
    fn a_peer_that_left_delays_nobody() {
        for kind in [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset] {
            assert_eq!(Backoff::default().after(&kind.into()), None);
        }
    }
}
