//! How a client is configured and connected.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chat_protocol::{DeviceId, ErrorText};
use futures::FutureExt;
use tokio::sync::{broadcast, mpsc, watch};

use crate::client::Shared;
use crate::driver::{self, Outlets, Parts, TokenSource};
use crate::runtime::{self, Instant};
use crate::session::{Config, Session};
use crate::store::ClientStore;
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
    connectors: Result<Vec<Arc<dyn Connector>>, Error>,
    tokens: Option<TokenSource>,
    store: Option<Arc<dyn ClientStore>>,
    max_age: Option<Duration>,
    config: Config,
    event_buffer: usize,
    /// Addresses of the server, beside which its files are. They may hold secrets in their queries.
    #[cfg(feature = "uploads")]
    pub(crate) files: Vec<String>,
    /// Whether the application said where files are.
    #[cfg(feature = "uploads")]
    pub(crate) files_said: bool,
}

impl ClientBuilder {
    /// A client over a transport of one's own.
    pub fn new(connector: impl Connector) -> Self {
        Self::with(Ok(Arc::new(connector)))
    }

    pub(crate) fn with(connector: Result<Arc<dyn Connector>, Error>) -> Self {
        let connectors = connector.map(|connector| vec![connector]);
        let config = Config::new("", 0);
        Self {
            connectors,
            tokens: None,
            store: None,
            max_age: None,
            config,
            event_buffer: 2_048,
            #[cfg(feature = "uploads")]
            files: Vec::new(),
            #[cfg(feature = "uploads")]
            files_said: false,
        }
    }

    /// A client of the server at this address.
    pub(crate) fn at(url: &str) -> Self {
        let builder = Self::with(crate::transport::connector(url));
        #[cfg(feature = "uploads")]
        let builder = builder.files_beside(url);
        builder
    }

    /// Another way to the same server, such as a second address, or a transport for networks that let no WebSocket through. The
    /// ways are tried in turns, beginning with the first after each connection that lasted, and one that cannot work ends the
    /// client only when no other does.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), chat_client::Error> {
    /// let client = chat_client::Client::builder("wss://one.example.org/v1/ws")
    ///     .or_url("wss://two.example.org/v1/ws")
    ///     .or_url("https://one.example.org/v1/events")
    ///     .token("dev-alice")
    ///     .connect()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn or_url(self, url: impl AsRef<str>) -> Self {
        let builder = self.or_with(crate::transport::connector(url.as_ref()));
        #[cfg(feature = "uploads")]
        let builder = builder.files_beside(url.as_ref());
        builder
    }

    /// Another way to the same server, as [`or_url`](Self::or_url), over a transport of one's own.
    pub fn or(self, connector: impl Connector) -> Self {
        self.or_with(Ok(Arc::new(connector)))
    }

    fn or_with(mut self, connector: Result<Arc<dyn Connector>, Error>) -> Self {
        self.connectors = self.connectors.and_then(|mut connectors| {
            connectors.push(connector?);
            Ok(connectors)
        });
        self
    }

    /// Where messages are kept until the server has them, so that they outlive the process. Default: nowhere.
    ///
    /// One store for each user and server. When it holds messages of another user than the token is of, the client ends with
    /// [`Error::OtherUser`] and sends none of them.
    pub fn store(mut self, store: impl ClientStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// How long a message may wait for its first way out, if its draft does not say otherwise; then it expires. `None`: for ever.
    /// Default `None`. Time in which the machine sleeps may not count.
    pub fn max_age(mut self, age: Option<Duration>) -> Self {
        self.max_age = age;
        self
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
    /// the place of the old one on the open connection. Of a token that lives for less than a minute, half of the life has passed then;
    /// with less than 2 s, it is called when the server has ended the connection. When it has no token in time, it is called again,
    /// with waits that grow, for as long as the old one holds.
    ///
    /// `source` is given the code with which the server refused the last token, or `None`. A source that keeps tokens
    /// must not give a refused one again: when the server refuses two in a row, the client ends with
    /// [`Error::Unauthenticated`]. With `ERR_SESSION_REVOKED` the user or the operator has ended this session, which takes no token
    /// back: a source that gives one goes on as a new session, and one that answers [`TokenError::SignedOut`] ends the client.
    /// How long a source may take is its own affair; only
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

    /// Whether rooms of at most 100 members are told what has arrived here, at most once a second each. Default true. It
    /// costs a command for each room and second in which others write; without it they see only what was read.
    pub fn delivered_receipts(mut self, tell: bool) -> Self {
        self.config.delivered_receipts = tell;
        self
    }

    /// How long [`Client::close`] waits for what is not acknowledged. Default 5 s.
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.config.close_timeout = limit;
        self
    }

    /// Greatest number of sends without an ack; one more is [`Error::OutboxFull`]. Default 1,000. Each keeps its
    /// content in memory, at most 16 KiB. Beside them as many wedged ones are kept, of which the oldest goes for the next.
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
    /// [`Error::ConnectTimeout`] when none did in time, [`Error::Store`] when the store cannot be read, [`Error::OtherUser`] when it
    /// is another user's, [`Error::Random`] without a source of random numbers.
    ///
    /// # Panics
    /// Outside a tokio runtime; in a browser there is none, and it runs on the page's own event loop.
    pub async fn connect(self) -> Result<Client, Error> {
        let client = self.begin().await?;
        client.ready().await?;
        Ok(client)
    }

    /// Starts without waiting for a connection: for an application that opens without a network. Messages are taken at once and
    /// go out when there is a connection; [`Client::ready`] waits for the first. It is tried for as long as the client lives:
    /// [`connect_timeout`](Self::connect_timeout) is for [`connect`](Self::connect) alone.
    ///
    /// # Errors
    /// [`Error::Address`]; [`Error::Store`] when the store cannot be read; [`Error::Random`] without a source of random numbers.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(mut self) -> Result<Client, Error> {
        self.config.connect_timeout = None;
        self.begin().await
    }

    async fn begin(self) -> Result<Client, Error> {
        let connectors = self.connectors?;
        let mut config = self.config;
        config.seed = getrandom::u64().map_err(|error| Error::Random(error.to_string()))?;
        config.addresses = u32::try_from(connectors.len()).unwrap_or(u32::MAX);
        if let Some(store) = &self.store {
            config.stored = Some(store.load().await?);
        }
        config.began_at = runtime::wall_clock();
        let (max_outbox, max_requests) = (config.max_outbox, config.max_requests);
        #[cfg(feature = "uploads")]
        let backoff = config.backoff;
        let (calls, commands) = mpsc::channel(max_outbox.saturating_add(max_requests));
        let (events, first) = broadcast::channel(self.event_buffer);
        let (state_sender, state) = watch::channel(ConnectionState::Connecting);
        let user = Arc::new(OnceLock::new());
        if let Some(owner) = config.stored.as_ref().and_then(|stored| stored.user.clone()) {
            // The only writer until the task begins.
            let _ = user.set(owner);
        }
        let start = Instant::now();
        let session = Session::new(start.elapsed(), config);
        let out = Outlets { commands, events: events.clone(), state: state_sender, user: user.clone() };
        let parts = Parts { connectors, tokens: self.tokens, store: self.store };
        runtime::spawn(driver::run(parts, session, start, out));
        let (max_age, first) = (self.max_age, Mutex::new(Some(first)));
        Ok(Client::new(Shared {
            user,
            calls,
            max_age,
            max_outbox,
            max_requests,
            events,
            first,
            state,
            #[cfg(feature = "uploads")]
            files: crate::upload::Files::new(self.files, backoff),
        }))
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
