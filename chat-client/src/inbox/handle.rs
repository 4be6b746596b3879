//! The list of rooms, fed by a client.

use std::sync::Arc;

use chat_protocol::command as wire;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{Timestamp, UserId};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::pages::{Answer, Ask, Request};
use super::{InboxList, InboxOptions, InboxRoom, Shelf};
use crate::client::unnumbered;
use crate::{Client, ClientEvent, Error, EventStream};

/// Events that are applied before an application sees the result, so that a burst is drawn once.
const BATCH: usize = 256;

/// An answer on its way.
type Asked = BoxFuture<'static, (Request, Result<Answer, Error>)>;

/// Why an inbox goes on no more: the client ended, for this reason, or because it was closed on this side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client ended{}", .reason.as_ref().map(|error| format!(": {error}")).unwrap_or_default())]
pub struct InboxEnd {
    /// The reason; `None`: it was closed on this side.
    pub reason: Option<Error>,
}

impl Client {
    /// All rooms of the user as a list to draw, kept up to date: see [`inbox`](crate::inbox). It needs no connection.
    ///
    /// # Errors
    /// The reason for which the client ended.
    pub async fn inbox(&self, options: InboxOptions) -> Result<Inbox, Error> {
        Inbox::of(self.clone(), options).await
    }
}

/// All rooms of the user, kept up to date while [`changed`](Self::changed) is awaited.
///
/// It takes its own subscription of the client's events, and notices when it was too slow to take them all. It keeps the client
/// alive. Nothing runs in the background.
#[must_use = "an inbox goes on only while `changed` is awaited"]
pub struct Inbox {
    client: Client,
    list: InboxList,
    events: EventStream,
    asked: FuturesUnordered<Asked>,
    /// The revision that the application has seen.
    seen: u64,
}

impl Inbox {
    async fn of(client: Client, options: InboxOptions) -> Result<Self, Error> {
        // Before the rooms are asked for: what changes after that is told.
        let events = client.subscribe();
        let me: UserId = match client.user_id() {
            Some(me) => me.clone(),
            None => {
                client.ready().await?;
                client.user_id().cloned().ok_or(Error::Closed)?
            }
        };
        let mut list = InboxList::new(me, options);
        if let Some(request) = list.next_request() {
            let rooms = client.rooms().await?;
            list.answer(&request, Answer::Rooms(rooms));
        }
        let seen = list.revision();
        Ok(Self { client, list, events, asked: FuturesUnordered::new(), seen })
    }

    /// The rooms of a shelf: pinned ones first, then by latest activity. Rooms that did not change are the same `Arc` as before.
    pub fn rooms(&self, shelf: Shelf) -> &[Arc<InboxRoom>] {
        self.list.rooms(shelf)
    }

    /// Counts over all rooms that are known and not archived, as of `now`, which decides what is muted: what a badge shows. Of a user
    /// with more rooms than the client follows (1,000), those that were never loaded are not counted.
    pub fn totals(&self, now: Timestamp) -> InboxTotals {
        self.list.totals(now)
    }

    /// Loads the details of one more page of rooms of a shelf, in the next [`changed`](Self::changed). At the end of the list it
    /// does nothing.
    pub fn more(&mut self, shelf: Shelf) {
        self.list.more(shelf);
    }

    /// The model, for what has no method here.
    pub fn list(&self) -> &InboxList {
        &self.list
    }

    /// Waits until there is something new to draw, and meanwhile takes in what happens and loads what is missing.
    ///
    /// Cancel-safe: questions under way go on, and their answers are taken in by the next call.
    ///
    /// # Errors
    /// The client ended. Each later call says the same; the rooms stay as they were.
    pub async fn changed(&mut self) -> Result<(), InboxEnd> {
        loop {
            if self.seen != self.list.revision() {
                self.seen = self.list.revision();
                return Ok(());
            }
            if let Some(reason) = self.list.end() {
                return Err(InboxEnd { reason: reason.clone() });
            }
            self.ask();
            tokio::select! {
                biased;
                event = self.events.next() => self.hear(event),
                Some((request, answer)) = self.asked.next(), if !self.asked.is_empty() => {
                    match answer {
                        Ok(answer) => self.list.answer(&request, answer),
                        Err(error) => {
                            tracing::debug!(%error, "a page of the inbox cannot be had");
                            self.list.fail(&request);
                        }
                    }
                }
            }
        }
    }

    /// Takes in an event and those that wait behind it.
    fn hear(&mut self, event: Option<ClientEvent>) {
        let Some(event) = event else { return self.list.apply(&ClientEvent::Closed { reason: None }) };
        self.list.apply(&event);
        for _ in 0..BATCH {
            match self.events.next().now_or_never() {
                Some(Some(event)) => self.list.apply(&event),
                _ => break,
            }
        }
    }

    fn ask(&mut self) {
        while let Some(request) = self.list.next_request() {
            let client = self.client.clone();
            self.asked.push(Box::pin(async move {
                let answer = answer(&client, request.ask()).await;
                (request, answer)
            }));
        }
    }
}

/// Asks the client, and through it the server.
async fn answer(client: &Client, ask: &Ask) -> Result<Answer, Error> {
    Ok(match ask.clone() {
        Ask::Rooms => Answer::Rooms(client.rooms().await?),
        Ask::Inbox { archived, cursor, limit } => {
            let (id, limit) = (unnumbered(), Some(limit));
            Answer::Inbox(client.ask(wire::Inbox { id, archived, cursor, limit }).await?)
        }
        Ask::History { room, query } => Answer::Page(client.room(room).history(query).await?),
    })
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("list", &self.list).finish_non_exhaustive()
    }
}
