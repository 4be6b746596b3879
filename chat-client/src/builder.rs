//! How a client is configured and connected.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_protocol::{DeviceId, ErrorText};
use futures::FutureExt;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::client::Shared;
use crate::driver::{self, Outlets, TokenSource};
use crate::runtime::{self, Instant};
use crate::session::{Config, Session};
use crate::transport::Connector;
use crate::{Client, ConnectionState, Error, TokenError};

/// Greatest bound that can be set: a million of anything is a mistake, and channels have limits of their own.
const MAX_BOUND: usize = 1 << 20;

/// Configures a [`Client`]; nothing happens until [`connect`](Self::connect).
///
/// ```no_run
/// # async fn run() -> Result<(), chat_client::Error> {
/// use std::time::Duration;
/// let client = chat_client::Client::builder("ws://127.0.0.1:8080/v1/ws")
///     .token("dev-alice")
///     .connect_timeout(Some(Duration::from_secs(5)))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `connect` is called"]
pub struct ClientBuilder {
    connector: Result<Arc<dyn Connector>, Error>,
    tokens: Option<TokenSource>,
    config: Config,
    event_buffer: usize,
}

impl ClientBuilder {
    /// A client over a transport of one's own.
    pub fn new(connector: impl Connector) -> Self {
        Self::with(Ok(Arc::new(connector)))
    }

    pub(crate) fn with(connector: Result<Arc<dyn Connector>, Error>) -> Self {
        Self { connector, tokens: None, config: Config::new("", 0), event_buffer: 2_048 }
    }

    /// The credential that says who the user is. It is kept for as long as the client lives, sent at each
    /// connection, and never printed; when it is refused or expires, the client ends. Takes the place of a token source.
    /// Default: an empty text, which no server accepts.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        (self.config.token, self.config.ask_token, self.tokens) = (token.into(), false, None);
        self
    }

    /// Asks for a token before each connection, instead of keeping one: `source` is called, and its future awaited, one
    /// at a time. It is also called 30 s before a token expires, if the server says when that is, and the new token takes
    /// the place of the old one on the open connection.
    ///
    /// `source` is given the code with which the server refused the last token, or `None`. A source that keeps tokens
    /// must not give a refused one again: when the server refuses two in a row, the client ends with
    /// [`Error::Unauthenticated`]. How long a source may take is its own affair; only
    /// [`connect_timeout`](Self::connect_timeout) bounds it. Takes the place of a fixed token.
    ///
    /// ```no_run
    /// # async fn fetch(refused: bool) -> Result<String, std::io::Error> { Ok("dev-alice".to_owned()) }
    /// # async fn run() -> Result<(), chat_client::Error> {
    /// use chat_client::{Client, TokenError};
    /// let client = Client::builder("ws://127.0.0.1:8080/v1/ws")
    ///     .token_source(|refused| async move {
    ///         fetch(refused.is_some()).await.map_err(|error| TokenError::Unavailable(error.to_string()))
    ///     })
    ///     .connect()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_source<F>(mut self, source: impl Fn(Option<ErrorText>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        self.tokens = Some(Box::new(move |refused| source(refused).boxed()));
        self.config.ask_token = true;
        self
    }

    /// The installation, for one that receives pushes. Default: none.
    pub fn device_id(mut self, device: DeviceId) -> Self {
        self.config.device_id = Some(device);
        self
    }

    /// How long [`connect`](Self::connect) tries; `None`: until it works or cannot. Default 30 s. Later reconnects
    /// have no such end.
    pub fn connect_timeout(mut self, limit: Option<Duration>) -> Self {
        self.config.connect_timeout = limit;
        self
    }

    /// How long one attempt may take, from the dial to the answer to `auth`. Default 10 s. Too short, and a slow
    /// network never gets through; too long, and a dead address is tried for that long.
    pub fn open_timeout(mut self, limit: Duration) -> Self {
        self.config.open_timeout = limit;
        self
    }

    /// Silence of the server after which it is asked whether it is there. Default 25 s, which keeps the usual 60 s
    /// of proxies and address translators from passing. Shorter finds dead connections sooner and costs a radio
    /// its sleep.
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.config.heartbeat_interval = interval;
        self
    }

    /// How long the answer to that may take before the connection is given up. Default 10 s.
    pub fn heartbeat_timeout(mut self, limit: Duration) -> Self {
        self.config.heartbeat_timeout = limit;
        self
    }

    /// How long a call other than a send waits for its answer, reconnects included. Default 30 s.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.config.request_timeout = limit;
        self
    }

    /// How long [`Client::close`] waits for what is not acknowledged. Default 5 s.
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.config.close_timeout = limit;
        self
    }

    /// Greatest number of sends without an ack; one more is [`Error::OutboxFull`]. Default 1,000. Each keeps its
    /// content in memory, at most 16 KiB.
    pub fn max_outbox(mut self, sends: usize) -> Self {
        self.config.max_outbox = sends.clamp(1, MAX_BOUND);
        self
    }

    /// Greatest number of other calls without an answer; one more is [`Error::Busy`]. Default 256.
    pub fn max_requests(mut self, calls: usize) -> Self {
        self.config.max_requests = calls.clamp(1, MAX_BOUND);
        self
    }

    /// Events that wait for the slowest subscriber before it loses the oldest of them and is told so. Default
    /// 2,048, rounded up to a power of two; that many are kept whether they were read or not, for a message at most
    /// 16 KiB and usually less than 1 KiB each.
    pub fn event_buffer(mut self, events: usize) -> Self {
        self.event_buffer = events.clamp(1, MAX_BOUND);
        self
    }

    /// Connects, and resolves when the server knows the user and has told where all rooms stand.
    ///
    /// Attempts that fail for passing reasons are repeated until the timeout. From then on the client keeps itself
    /// connected until it is closed.
    ///
    /// Cancel-safe: dropping the future gives up the attempt.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unauthenticated`], [`Error::Ended`] when no attempt can succeed,
    /// [`Error::ConnectTimeout`] when none did in time, [`Error::Random`] without a source of random numbers.
    ///
    /// # Panics
    /// Outside a tokio runtime; in a browser there is none, and it runs on the page's own event loop.
    pub async fn connect(self) -> Result<Client, Error> {
        let connector = self.connector?;
        let mut config = self.config;
        config.seed = getrandom::u64().map_err(|error| Error::Random(error.to_string()))?;
        let (max_outbox, max_requests) = (config.max_outbox, config.max_requests);
        let (calls, commands) = mpsc::channel(max_outbox.saturating_add(max_requests));
        let (events, first) = broadcast::channel(self.event_buffer);
        let (state_sender, state) = watch::channel(ConnectionState::Connecting);
        let (ready, outcome) = oneshot::channel();
        let start = Instant::now();
        let session = Session::new(start.elapsed(), config);
        let out = Outlets { commands, events: events.clone(), state: state_sender, ready };
        runtime::spawn(driver::run(connector, self.tokens, session, start, out));
        // Dropping this future drops `calls`, and with it the task ends.
        match outcome.await {
            Ok(Ok(user)) => {
                let first = Mutex::new(Some(first));
                Ok(Client::new(Shared { user, calls, max_outbox, max_requests, events, first, state }))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::Closed),
        }
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
