//! The way to a server, for every transport over TCP: name lookup, addresses tried in parallel, a proxy where the
//! environment names one, TLS. Each failure says at which step and with which host it happened.

mod progress;
mod proxy;
mod target;
mod tls;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::DialError;
use crate::Error;
pub(crate) use progress::{Progress, Step};
use proxy::Proxy;
pub(crate) use target::Target;
use tls::Tls;

/// How long opening a connection may take: a second less than a client's `open_timeout`, so that the step which took
/// too long is told and not only that something did.
pub(crate) const DIAL_TIMEOUT: Duration = Duration::from_secs(9);

/// A link that bytes go through, over whichever layers.
pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A link of whichever kind. The indirection costs nothing beside the system call behind it.
pub(crate) type Link = Box<dyn Io>;

/// Opens links to one server.
#[derive(Clone)]
pub(crate) struct Dialer {
    target: Target,
    proxy: Option<Proxy>,
    tls: Option<Tls>,
    limit: Duration,
}

impl Dialer {
    /// A dialer to the host of `uri`, through the proxy that the environment names for it now.
    ///
    /// # Errors
    /// [`Error::Address`] when the address, the proxy's address or the set-up of TLS cannot work.
    pub(crate) fn new(uri: &Uri) -> Result<Self, Error> {
        let target = Target::new(uri).map_err(Error::Address)?;
        let proxy = Proxy::of(&target).map_err(Error::Address)?;
        let secure = target.secure || proxy.as_ref().is_some_and(Proxy::secure);
        let tls = secure.then(Tls::new).transpose().map_err(Error::Address)?;
        Ok(Self { target, proxy, tls, limit: DIAL_TIMEOUT })
    }

    #[cfg(any(feature = "ws", feature = "sse"))]
    pub(crate) fn host(&self) -> &str {
        &self.target.host
    }

    #[cfg(any(feature = "ws", feature = "sse"))]
    pub(crate) fn limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Opens a link and lets `shake` make a connection of it, all within the limit.
    ///
    /// Cancel-safe: a dropped future closes what it opened. A name lookup under way goes on in the background and
    /// its answer is dropped.
    pub(crate) async fn reach<T, F>(&self, shake: impl FnOnce(Link) -> F) -> Result<T, DialError>
    where
        F: Future<Output = Result<T, Shaken>>,
    {
        let progress = Arc::new(Progress::default());
        let dialing = async {
            let link = self.open(&progress).await?;
            progress.at(Step::Handshake);
            match shake(link).await {
                Ok(connection) => Ok(connection),
                #[cfg(feature = "ws")]
                Err(Shaken::Told(error)) => Err(error),
                Err(Shaken::Failed(detail)) => Err(self.failed(Step::Handshake, &detail)),
            }
        };
        match tokio::time::timeout(self.limit, dialing).await {
            Ok(dialed) => dialed,
            Err(_) => Err(self.failed(progress.step(), &format!("no answer within {:?}", self.limit))),
        }
    }

    async fn open(&self, progress: &Arc<Progress>) -> Result<Link, DialError> {
        let mut link = self.connect(progress).await?;
        if let Some(proxy) = &self.proxy {
            if let Some(tls) = self.tls.as_ref().filter(|_| proxy.secure()) {
                progress.at(Step::ProxyTls);
                let wrapped = tls.wrap(proxy.host(), link).await;
                link = wrapped.map_err(|error| self.failed(Step::ProxyTls, &error.to_string()))?;
            }
            progress.at(Step::Proxy);
            let tunnel = proxy.tunnel(link, &self.target).await;
            link = tunnel.map_err(|detail| self.failed(Step::Proxy, &detail))?;
        }
        if let Some(tls) = self.tls.as_ref().filter(|_| self.target.secure) {
            progress.at(Step::Tls);
            let wrapped = tls.wrap(&self.target.host, link).await;
            link = wrapped.map_err(|error| self.failed(Step::Tls, &error.to_string()))?;
        }
        Ok(link)
    }

    /// A link to the proxy, or to the server if there is none.
    async fn connect(&self, progress: &Arc<Progress>) -> Result<Link, DialError> {
        progress.at(Step::Connect);
        let resolver = Resolver { system: GaiResolver::new(), progress: progress.clone() };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        // Nagle's algorithm would hold back a short message for the ack of the one before.
        connector.set_nodelay(true);
        // Shared out among the addresses of a name, so that a dead one does not use up the time of the others.
        connector.set_connect_timeout(Some(self.limit));
        let first = self.proxy.as_ref().map_or_else(|| self.target.uri(), Proxy::uri);
        match connector.call(first).await {
            Ok(link) => Ok(Box::new(link.into_inner())),
            Err(error) => Err(self.failed(progress.step(), &cause(&error))),
        }
    }

    /// What a person reads who looks for the reason: the step, with whom, and what was wrong.
    fn failed(&self, step: Step, detail: &str) -> DialError {
        let Target { host, port, .. } = &self.target;
        let (first, of_first) = match &self.proxy {
            Some(proxy) => (proxy.to_string(), proxy.host()),
            None => (format!("{host}:{port}"), host.as_str()),
        };
        DialError::Unreachable(match step {
            Step::Lookup => format!("name lookup of {of_first}: {detail}"),
            Step::Connect => format!("connect to {first}: {detail}"),
            Step::ProxyTls => format!("TLS with {first}: {detail}"),
            Step::Proxy => format!("{first}, asked for {host}:{port}: {detail}"),
            Step::Tls => format!("TLS with {host}: {detail}"),
            Step::Handshake => format!("handshake with {host}: {detail}"),
        })
    }
}

/// Why no connection was made of a link.
pub(crate) enum Shaken {
    /// The peer said something that has a meaning of its own. Events say such things later, in the answer to a request.
    #[cfg(feature = "ws")]
    Told(DialError),
    /// Anything else; what, for people.
    Failed(String),
}

/// The innermost cause: what the system said.
fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The system's name lookup, which tells when it begins and ends.
#[derive(Clone)]
struct Resolver {
    system: GaiResolver,
    progress: Arc<Progress>,
}

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, Result<GaiAddrs, std::io::Error>>;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        self.system.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.progress.at(Step::Lookup);
        let (lookup, progress) = (self.system.call(name), self.progress.clone());
        Box::pin(async move {
            let addresses = lookup.await?;
            progress.at(Step::Connect);
            Ok(addresses)
        })
    }
}
