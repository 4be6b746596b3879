//! Who is there, and whether the user is.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chat_protocol::command as wire;
use chat_protocol::event::PresenceState;
use chat_protocol::reply::ListenData;
use chat_protocol::{Timestamp, UserId};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};

use crate::client::unnumbered;
use crate::session::Command;
use crate::{Client, ClientEvent, Error, EventStream};

/// Whether a user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserPresence {
    /// Whether any session of the user lives.
    pub online: bool,
    /// When the last one ended, if none lives and it is known.
    pub last_seen: Option<Timestamp>,
}

/// A user's presence: a `Stream` of its changes that begins with the present state, and [`next`](Self::next) for those who do
/// not import one.
///
/// Several watches of a user share one `listen` of the connection; when the last one is dropped it ends. Without a
/// connection the last state stands, and the then present one follows if it is another. A user whom the client's user blocks is away. A
/// state that comes and goes while nobody looks may be passed over, never the last one. The stream ends with the client, which it keeps alive.
///
/// ```no_run
/// # async fn run(client: chat_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use chat_client::protocol::UserId;
/// let mut ann = client.watch(UserId::new("ann")?).await?;
/// while let Some(presence) = ann.next().await {
///     println!("ann is {}", if presence.online { "here" } else { "away" });
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it ends the watch"]
pub struct PresenceWatch {
    seat: Seat,
    events: EventStream,
    told: Option<UserPresence>,
    /// Asking again, after too many events came for all of them to be kept.
    again: Option<BoxFuture<'static, ()>>,
}

/// What says that somebody watches; when it is dropped, nobody does here.
struct Seat {
    client: Client,
    user: UserId,
    alive: Option<Arc<()>>,
}

impl Seat {
    fn ask(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let watcher = self.alive.as_ref().map(Arc::downgrade).unwrap_or_default();
        let (client, user) = (self.client.clone(), self.user.clone());
        async move { client.call(Command::Watch { user, watcher }).await.map(drop) }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.alive = None;
        self.client.tell(Command::Unwatch(self.user.clone()));
    }
}

impl PresenceWatch {
    /// Who is watched.
    pub fn user(&self) -> &UserId {
        &self.seat.user
    }

    /// What the stream said last; `None` before its first item.
    pub fn last(&self) -> Option<UserPresence> {
        self.told
    }

    /// The next state that is another than the one before; `None` when the client ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<UserPresence> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<UserPresence>> {
        loop {
            // The answer is an event.
            if self.again.as_mut().is_some_and(|again| again.poll_unpin(cx).is_ready()) {
                self.again = None;
            }
            let Some(event) = futures::ready!(self.events.poll_next_unpin(cx)) else {
                return Poll::Ready(None);
            };
            if matches!(event, ClientEvent::Lagged { .. }) {
                // Refused or late, the next connection tells.
                self.again = Some(self.seat.ask().map(drop).boxed());
            }
            let Some(now) = presence(&event, &self.seat.user) else { continue };
            if self.told != Some(now) {
                self.told = Some(now);
                return Poll::Ready(Some(now));
            }
        }
    }
}

impl Stream for PresenceWatch {
    type Item = UserPresence;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<UserPresence>> {
        self.get_mut().poll(cx)
    }
}

impl std::fmt::Debug for PresenceWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresenceWatch").field("user", &self.seat.user).field("told", &self.told).finish()
    }
}

/// What an event says of a user.
fn presence(event: &ClientEvent, of: &UserId) -> Option<UserPresence> {
    match event {
        ClientEvent::Online { user, online, last_seen } if user == of => {
            Some(UserPresence { online: *online, last_seen: *last_seen })
        }
        ClientEvent::Presence(told) => match &told.state {
            PresenceState::Online { from } if from == of => {
                Some(UserPresence { online: true, last_seen: None })
            }
            PresenceState::Offline { from, last_seen } if from == of => {
                Some(UserPresence { online: false, last_seen: *last_seen })
            }
            _ => None,
        },
        _ => None,
    }
}

impl Client {
    /// Watches a user's presence. Resolves when the server has said whether the user is there, which is the stream's first
    /// item.
    ///
    /// Cancel-safe: dropping the future ends the watch.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for who shares no direct room with the user, and while one of the two
    /// blocks the other; `ERR_LIMIT_REACHED` beyond 1,000 users. [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn watch(&self, user: UserId) -> Result<PresenceWatch, Error> {
        let seat = Seat { client: self.clone(), user, alive: Some(Arc::new(())) };
        // Before it is asked: the state comes as an event.
        let events = self.subscribe();
        seat.ask().await?;
        Ok(PresenceWatch { seat, events, told: None, again: None })
    }

    /// Watches a user's presence by the client's own events, and tells whether the user is online now. It lasts until
    /// [`unlisten`](Self::unlisten); after each reconnect the then present state comes as [`ClientEvent::Online`].
    /// [`watch`](Self::watch) does the same for one place of an application, and ends by itself.
    ///
    /// # Errors
    /// As [`watch`](Self::watch).
    pub async fn listen(&self, user: UserId) -> Result<bool, Error> {
        let data: ListenData = self.ask(wire::Listen { id: unnumbered(), user }).await?;
        Ok(data.online)
    }

    /// Ends what [`listen`](Self::listen) began; watches go on. Not listening is no error.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn unlisten(&self, user: UserId) -> Result<(), Error> {
        self.order(wire::Unlisten { id: unnumbered(), user }).await
    }

    /// Says whether a person is looking: an application that goes to the background says true, and gets pushes from then on.
    /// Presence stays online. It is said again after each reconnect.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Busy`], [`Error::Closed`].
    pub async fn away(&self, away: bool) -> Result<(), Error> {
        self.order(wire::Away { id: None, away }).await
    }
}
