//! A line, fed by a client.

use std::sync::Arc;

use chat_protocol::command as wire;
use chat_protocol::{ErrorCode, HistoryQuery, RoomId, Seq, limits};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::pages::{Answer, Ask, Request};
use super::{End, Gap, Item, Line, TimelineOptions};
use crate::client::unnumbered;
use crate::{Client, ClientEvent, ConnectionState, Error, EventStream, RoomHandle, Unread};

/// Events that are applied before an application sees the result, so that a burst is drawn once.
const BATCH: usize = 256;

/// An answer on its way.
type Asked = BoxFuture<'static, (Request, Result<Answer, Error>)>;

impl RoomHandle {
    /// The room's main line as a list to draw, kept up to date: see [`timeline`](crate::timeline). Needs no connection: what is not
    /// loaded yet is a gap, and the newest page is loaded with the first [`changed`](Timeline::changed).
    ///
    /// # Errors
    /// [`Error::Refused`] for a room that is not the user's; [`Error::Timeout`], [`Error::Busy`] while that is found out of one
    /// that is not followed; [`Error::Closed`].
    pub async fn timeline(&self, options: TimelineOptions) -> Result<Timeline, Error> {
        Timeline::of(self.client().clone(), self.clone(), None, options).await
    }

    /// The thread that hangs on a message, with that message first: as [`timeline`](Self::timeline), which shows no replies of threads.
    ///
    /// # Errors
    /// As [`timeline`](Self::timeline).
    pub async fn thread_timeline(&self, root: Seq, options: TimelineOptions) -> Result<Timeline, Error> {
        Timeline::of(self.client().clone(), self.clone(), Some(root), options).await
    }
}

/// The messages of a room, or of a thread, kept up to date while [`changed`](Self::changed) is awaited.
///
/// It takes its own subscription of the client's events. When it is not polled for so long that events are lost, it notices, drops
/// what it had loaded, and loads again. It keeps the client alive. Nothing runs in the background.
#[must_use = "a timeline goes on only while `changed` is awaited"]
pub struct Timeline {
    room: RoomHandle,
    client: Client,
    line: Line,
    events: EventStream,
    asked: FuturesUnordered<Asked>,
    /// The revision that the application has seen.
    seen: u64,
}

impl Timeline {
    async fn of(
        client: Client,
        room: RoomHandle,
        root: Option<Seq>,
        options: TimelineOptions,
    ) -> Result<Self, Error> {
        // Before the state is asked for: what changes after that is told.
        let events = client.subscribe();
        let me = match client.user_id() {
            Some(me) => me.clone(),
            None => {
                client.ready().await?;
                client.user_id().cloned().ok_or(Error::Closed)?
            }
        };
        if client.state() == ConnectionState::Ready && room.state().await?.is_none() {
            // Not followed. The server says whether it can be read at all.
            room.history(HistoryQuery { limit: Some(1), ..HistoryQuery::default() }).await?;
        }
        let line = Line::new(me, room.id().clone(), root, options);
        let mut timeline = Self { room, client, line, events, asked: FuturesUnordered::new(), seen: 0 };
        timeline.load_state().await?;
        Ok(timeline)
    }

    /// Asks for what the client knows without the server.
    async fn load_state(&mut self) -> Result<(), Error> {
        let state = self.room.state().await?;
        if let Some(request) = self.line.next_request() {
            self.line.answer(&request, Answer::State(state.map(Box::new)));
        }
        self.seen = self.line.revision();
        Ok(())
    }

    /// What there is to draw, oldest first, echoes last. See the [module](super) for how to draw it.
    pub fn items(&self) -> &[Arc<Item>] {
        self.line.items()
    }

    /// How far the user has read, and what is unread after that; `None`: not known yet. For a thread it is counted among the
    /// replies that are loaded.
    pub fn unread(&self) -> Option<Unread> {
        self.line.unread()
    }

    /// The room.
    pub fn room(&self) -> &RoomId {
        self.room.id()
    }

    /// Waits until there is something new to draw or to tell, and meanwhile takes in what happens and loads what is missing.
    /// Resolves at once if something changed since the last time, by a call of [`fill`](Self::fill) for example.
    ///
    /// Cancel-safe: questions under way go on, and their answers are taken in by the next call.
    ///
    /// # Errors
    /// Why the timeline goes on no more. Each later call says the same; its items stay as they were.
    pub async fn changed(&mut self) -> Result<(), End> {
        loop {
            if self.seen != self.line.revision() {
                self.seen = self.line.revision();
                return Ok(());
            }
            if let Some(end) = self.line.end() {
                return Err(end.clone());
            }
            self.ask();
            tokio::select! {
                biased;
                event = self.events.next() => self.hear(event),
                Some((request, answer)) = self.asked.next(), if !self.asked.is_empty() => {
                    self.take(&request, answer);
                }
            }
        }
    }

    /// Loads a page into a gap, from its newer end, in the next [`changed`](Self::changed). A gap that is not there any more is left
    /// alone. The user is taken to look there from now on: see [`look_at`](Self::look_at).
    pub fn fill(&mut self, gap: &Gap) {
        self.line.fill(gap);
    }

    /// As [`fill`](Self::fill), from the gap's older end.
    pub fn fill_after(&mut self, gap: &Gap) {
        self.line.fill_after(gap);
    }

    /// Says where the user looks: at the message of this number, or with `None` at the newest, as in the beginning. When there are
    /// more messages than [`TimelineOptions::max_items`], those farthest from there are dropped.
    pub fn look_at(&mut self, seq: Option<Seq>) {
        self.line.look_at(seq);
    }

    /// The model, for what has no method here.
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Takes in an event and those that wait behind it.
    fn hear(&mut self, event: Option<ClientEvent>) {
        let Some(event) = event else { return self.line.apply(&ClientEvent::Closed { reason: None }) };
        self.line.apply(&event);
        for _ in 0..BATCH {
            match futures::FutureExt::now_or_never(self.events.next()) {
                Some(Some(event)) => self.line.apply(&event),
                _ => break,
            }
        }
    }

    fn take(&mut self, request: &Request, answer: Result<Answer, Error>) {
        match answer {
            Ok(answer) => self.line.answer(request, answer),
            Err(error) => {
                tracing::debug!(%error, "a page of a timeline cannot be had");
                if error.code() == Some(ErrorCode::MessageNotFound) {
                    return self.line.no_thread();
                }
                self.line.fail(request);
            }
        }
    }

    fn ask(&mut self) {
        while let Some(request) = self.line.next_request() {
            let (client, room, root) = (self.client.clone(), self.room.clone(), self.line.root);
            self.asked.push(Box::pin(async move {
                let answer = answer(&client, &room, root, request.ask()).await;
                (request, answer)
            }));
        }
    }
}

/// Asks the client, and through it the server.
async fn answer(client: &Client, room: &RoomHandle, root: Option<Seq>, ask: &Ask) -> Result<Answer, Error> {
    let (id, limit) = (unnumbered(), Some(limits::MAX_PAGE));
    Ok(match ask.clone() {
        Ask::State => Answer::State(room.state().await?.map(Box::new)),
        Ask::Outbox => Answer::Outbox(client.outbox().await?),
        Ask::Members(cursor) => {
            let room = room.id().clone();
            Answer::Members(client.ask(wire::Members { id, room, cursor, limit, banned: false }).await?)
        }
        Ask::Blocks(cursor) => Answer::Blocks(client.ask(wire::Blocks { id, cursor, limit }).await?),
        Ask::History(query) => Answer::Page(room.history(query).await?),
        Ask::Thread(query) => {
            let (room, root) = (room.id().clone(), root.unwrap_or_default());
            Answer::Page(client.ask(wire::Thread { id, room, root, query }).await?)
        }
    })
}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timeline").field("line", &self.line).finish_non_exhaustive()
    }
}
