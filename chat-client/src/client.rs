//! The handle of a client.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chat_protocol::{Command as Wire, RequestId, RoomId, RoomState, UserId};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::driver::Call;
use crate::session::{Answer, Command};
use crate::{ClientEvent, ConnectionState, Error, EventStream, QueuedSend, RoomHandle};

/// A connected user: a cheap handle to the task that keeps the connection.
///
/// Clones share one connection. When the last handle is dropped, room handles included, the client finishes what
/// it was given and closes, as [`close`](Self::close) does.
///
/// All calls may be made at any time; without a connection they wait for the next one.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// Where an answer comes.
pub(crate) type Answered = oneshot::Receiver<Result<Answer, Error>>;

/// What all handles of a client share.
pub(crate) struct Shared {
    /// Who the user is: written once by the driver, read by everyone.
    pub(crate) user: Arc<OnceLock<UserId>>,
    pub(crate) calls: mpsc::Sender<Call>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_outbox: usize,
    pub(crate) max_requests: usize,
    pub(crate) events: broadcast::Sender<Arc<ClientEvent>>,
    /// The subscription from before the first connection: the first call of `events` takes it, so that nothing
    /// between `connect` and that call is missed. A lock, because handles are shared between tasks; it is held for
    /// the taking only.
    pub(crate) first: Mutex<Option<broadcast::Receiver<Arc<ClientEvent>>>>,
    pub(crate) state: watch::Receiver<ConnectionState>,
    /// The ways to the server's files.
    #[cfg(feature = "uploads")]
    pub(crate) files: crate::upload::Files,
}

impl Shared {
    /// Gives a command to the session. It is taken at once or refused at once, never while waiting for a place, where dropping a
    /// future would take it back and a later call could overtake it. The channel has a place for everything that the session would
    /// take on.
    pub(crate) fn give(&self, command: Command) -> Result<Answered, Error> {
        let (answer, answered) = oneshot::channel();
        self.calls.try_send((command, answer)).map_err(|refused| match refused {
            TrySendError::Full((Command::Send(_), _)) => Error::OutboxFull { max: self.max_outbox },
            TrySendError::Full(_) => Error::Busy { max: self.max_requests },
            TrySendError::Closed(_) => self.end(),
        })?;
        Ok(answered)
    }

    /// Gives a command to the session, with the first poll, and waits for its answer.
    pub(crate) async fn call(&self, command: Command) -> Result<Answer, Error> {
        self.give(command)?.await.unwrap_or_else(|_| Err(self.end()))
    }

    /// Closes the client, even while the channel is full.
    async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.calls.send((Command::Close, answer)).await.is_ok() {
            // Without an answer the task has ended, which is what was asked for.
            let _ = answered.await;
        }
    }

    /// Why the client ended.
    pub(crate) fn end(&self) -> Error {
        match &*self.state.borrow() {
            ConnectionState::Closed { reason: Some(error) } => error.clone(),
            _ => Error::Closed,
        }
    }
}

impl Client {
    /// Configures a client of the server at `url`, such as `wss://chat.example.org/v1/ws`, or `https://chat.example.org/v1/events`
    /// where no WebSocket gets through: the scheme says which [transport](crate::transport::connector).
    pub fn builder(url: impl AsRef<str>) -> crate::ClientBuilder {
        crate::ClientBuilder::at(url.as_ref())
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Who the server says the user is. `None` until the first connection of a client that was
    /// [started](crate::ClientBuilder::start) without one, unless its store knows.
    pub fn user_id(&self) -> Option<&UserId> {
        self.shared.user.get()
    }

    /// Waits until a connection is ready: the server knows the user and has told where all rooms stand. Cancel-safe.
    ///
    /// # Errors
    /// The reason for which the client ended before that.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut state = self.shared.state.clone();
        let ready = |state: &ConnectionState| {
            matches!(state, ConnectionState::Ready | ConnectionState::Closed { .. })
        };
        match state.wait_for(ready).await.as_deref() {
            Ok(ConnectionState::Ready) => Ok(()),
            _ => Err(self.shared.end()),
        }
    }

    /// Tells the client that the network is another one, or is back: it tries to connect at once instead of waiting, and finds
    /// out within 3 seconds whether the connection that it has still lives. Call it where the operating system tells of such
    /// changes; calling it needlessly costs a ping.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn network_changed(&self) -> Result<(), Error> {
        self.call(Command::NetworkChanged).await.map(drop)
    }

    /// Waits until everything in the outbox is written down: for an application that is about to be stopped. Without a
    /// [store](crate::ClientBuilder::store) there is nothing to wait for. Cancel-safe.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot write now; the client tries again by itself. The reason for which the client ended.
    pub async fn save(&self) -> Result<(), Error> {
        self.call(Command::Save).await.map(drop)
    }

    /// The messages that wait to be sent, wedged ones among them, in order. How each goes on is told by
    /// [`ClientEvent::Outbox`].
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn outbox(&self) -> Result<Vec<QueuedSend>, Error> {
        match self.call(Command::Outbox).await? {
            Answer::Outbox(sends) => Ok(sends),
            _ => Err(misplaced()),
        }
    }

    /// How the client is connected right now.
    pub fn state(&self) -> ConnectionState {
        self.shared.state.borrow().clone()
    }

    /// A handle to one room. It is not checked whether the room exists or is the user's: its calls tell.
    pub fn room(&self, room: RoomId) -> RoomHandle {
        RoomHandle::new(self.clone(), room)
    }

    /// The rooms that the client follows, as they are known now. At most 1,000.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn rooms(&self) -> Result<Vec<RoomState>, Error> {
        match self.call(Command::Rooms).await? {
            Answer::Rooms(rooms) => Ok(rooms),
            _ => Err(misplaced()),
        }
    }

    /// A new subscriber. The first one begins with the client's first event, each later one with the next.
    ///
    /// A subscriber that takes events too slowly (see [`ClientBuilder::event_buffer`](crate::ClientBuilder::event_buffer)) loses the oldest and gets a
    /// [`ClientEvent::Lagged`] in their place. The stream ends after [`ClientEvent::Closed`], and holds no handle:
    /// keep a [`Client`] for as long as events are wanted.
    pub fn events(&self) -> EventStream {
        let first = self.shared.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (first, self.state()) {
            (Some(receiver), _) => EventStream::new(receiver),
            (None, ConnectionState::Closed { reason }) => EventStream::over(reason),
            (None, _) => EventStream::new(self.shared.events.subscribe()),
        }
    }

    /// Closes the client: waits until everything that was given is acknowledged, at most for
    /// [`ClientBuilder::close_timeout`](crate::ClientBuilder::close_timeout), then says goodbye. Sends that are not acknowledged by then fail with
    /// [`Error::Closed`], as do all later calls. Closing twice is no error.
    ///
    /// Cancel-safe: once polled, the client closes whether or not the future is polled to its end, unless a thousand
    /// calls are made at the same moment.
    pub async fn close(&self) {
        self.shared.close().await;
    }

    /// Asks the server, and reads the answer.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, command: impl Into<Wire>) -> Result<T, Error> {
        match self.call(Command::Ask(Box::new(command.into()))).await? {
            Answer::Reply(reply) => reply.parse().map_err(|error| Error::Answer(error.to_string())),
            _ => Err(misplaced()),
        }
    }

    /// Asks the server for something that is only done.
    pub(crate) async fn order(&self, command: impl Into<Wire>) -> Result<(), Error> {
        self.call(Command::Ask(Box::new(command.into()))).await.map(drop)
    }

    pub(crate) async fn call(&self, command: Command) -> Result<Answer, Error> {
        self.shared.call(command).await
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Gives the session a command whose answer nobody waits for, if there is a place for it.
    pub(crate) fn tell(&self, command: Command) {
        let (answer, _) = oneshot::channel();
        // Full or closed: whoever tells can do without.
        let _ = self.shared.calls.try_send((command, answer));
    }

    /// The events from now on. The first subscription stays the application's.
    pub(crate) fn subscribe(&self) -> EventStream {
        EventStream::new(self.shared.events.subscribe())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("user", &self.user_id()).field("state", &self.state()).finish()
    }
}

/// An answer of another kind than the command has, which the session does not give.
pub(crate) fn misplaced() -> Error {
    Error::Answer("of another kind than asked for".to_owned())
}

/// The id of a command that the session has not numbered yet.
pub(crate) fn unnumbered() -> RequestId {
    RequestId::new("0").expect("a digit is an id")
}

/// 64 random bits.
#[cfg(feature = "uploads")]
pub(crate) fn random_bits() -> Result<u64, Error> {
    getrandom::u64().map_err(|error| Error::Random(error.to_string()))
}

/// 128 random bits as hexadecimal digits: a name that nobody else chooses.
pub(crate) fn random_name() -> Result<String, Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| Error::Random(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}
