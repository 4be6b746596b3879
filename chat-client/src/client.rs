//! The handle of a client.

use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::reply::RoomData;
use chat_protocol::{RoomId, RoomState, UserId};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::driver::Call;
use crate::session::{Answer, Command};
use crate::{ClientEvent, ConnectionState, Error, EventStream, NewRoom, RoomHandle};

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

/// What all handles of a client share.
pub(crate) struct Shared {
    pub(crate) user: UserId,
    pub(crate) calls: mpsc::Sender<Call>,
    pub(crate) max_outbox: usize,
    pub(crate) max_requests: usize,
    pub(crate) events: broadcast::Sender<Arc<ClientEvent>>,
    /// The subscription from before the first connection: the first call of `events` takes it, so that nothing
    /// between `connect` and that call is missed. A lock, because handles are shared between tasks; it is held for
    /// the taking only.
    pub(crate) first: Mutex<Option<broadcast::Receiver<Arc<ClientEvent>>>>,
    pub(crate) state: watch::Receiver<ConnectionState>,
}

impl Shared {
    /// Gives a command to the session and waits for its answer.
    ///
    /// The command is handed over by the first poll, or not at all: never while waiting for a place, where dropping
    /// the future would take it back and a later call could overtake it. The channel has a place for everything that
    /// the session would take on.
    pub(crate) async fn call(&self, command: Command) -> Result<Answer, Error> {
        let (answer, answered) = oneshot::channel();
        self.calls.try_send((command, answer)).map_err(|refused| match refused {
            TrySendError::Full((Command::Send(_), _)) => Error::OutboxFull { max: self.max_outbox },
            TrySendError::Full(_) => Error::Busy { max: self.max_requests },
            TrySendError::Closed(_) => self.end(),
        })?;
        answered.await.unwrap_or_else(|_| Err(self.end()))
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
    fn end(&self) -> Error {
        match &*self.state.borrow() {
            ConnectionState::Closed { reason: Some(error) } => error.clone(),
            _ => Error::Closed,
        }
    }
}

impl Client {
    /// Configures a client of the server at `url`, such as `ws://127.0.0.1:8080/v1/ws`.
    #[cfg(feature = "ws")]
    pub fn builder(url: impl AsRef<str>) -> crate::ClientBuilder {
        let connector = crate::transport::ws::WsConnector::new(url.as_ref());
        crate::ClientBuilder::with(connector.map(|connector| Arc::new(connector) as _))
    }

    /// Configures a client of the server at `url`, such as `wss://chat.example.org/v1/ws`, for a page or a worker.
    #[cfg(all(feature = "browser", target_family = "wasm", target_os = "unknown"))]
    pub fn builder(url: impl AsRef<str>) -> crate::ClientBuilder {
        let connector = crate::transport::browser::BrowserConnector::new(url.as_ref());
        crate::ClientBuilder::with(connector.map(|connector| Arc::new(connector) as _))
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Who the server says the user is.
    pub fn user_id(&self) -> &UserId {
        &self.shared.user
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

    /// Makes a room, of which the user becomes the owner. Repeated by the client itself after a lost connection, it
    /// makes one room.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_ALREADY_EXISTS` when a room has this id; [`Error::Timeout`], [`Error::Busy`],
    /// [`Error::Closed`].
    pub async fn create(&self, room: NewRoom) -> Result<RoomData, Error> {
        room_data(self.call(Command::Create(Box::new(room.command()?))).await?)
    }

    /// Becomes a member of a room. Being one already is no error.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` when there is no such room, or it is entered by invitation
    /// only: the server does not tell which. [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn join(&self, room: RoomId) -> Result<RoomData, Error> {
        room_data(self.call(Command::Join(room)).await?)
    }

    /// Stops being a member of a room.
    ///
    /// # Errors
    /// [`Error::Refused`] when the user is no member; [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn leave(&self, room: RoomId) -> Result<(), Error> {
        self.call(Command::Leave(room)).await.map(drop)
    }

    /// Watches a user's presence and tells whether the user is online now. The watch lasts until
    /// [`unlisten`](Self::unlisten); after each reconnect the then present state comes as [`ClientEvent::Online`].
    ///
    /// # Errors
    /// [`Error::Refused`] for someone with whom the user shares no room, or beyond 1,000 users; [`Error::Timeout`],
    /// [`Error::Busy`], [`Error::Closed`].
    pub async fn listen(&self, user: UserId) -> Result<bool, Error> {
        match self.call(Command::Listen(user)).await? {
            Answer::Online(online) => Ok(online),
            _ => Err(misplaced()),
        }
    }

    /// Stops watching a user's presence. Not watching it is no error.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn unlisten(&self, user: UserId) -> Result<(), Error> {
        self.call(Command::Unlisten(user)).await.map(drop)
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

    pub(crate) async fn call(&self, command: Command) -> Result<Answer, Error> {
        self.shared.call(command).await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("user", &self.shared.user).field("state", &self.state()).finish()
    }
}

/// An answer of another kind than the command has, which the session does not give.
pub(crate) fn misplaced() -> Error {
    Error::Answer("of another kind than asked for".to_owned())
}

fn room_data(answer: Answer) -> Result<RoomData, Error> {
    match answer {
        Answer::Room(data) => Ok(*data),
        _ => Err(misplaced()),
    }
}

/// 128 random bits as hexadecimal digits: a name that nobody else chooses.
pub(crate) fn random_name() -> Result<String, Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| Error::Random(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}
