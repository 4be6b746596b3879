//! The messages of a room or a thread, as a stream in either direction.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use chat_protocol::command as wire;
use chat_protocol::{Command, Emoji, HistoryPage, HistoryQuery, Message, RoomId, Seq, ThreadState, limits};
use futures::Stream;
use futures::future::{BoxFuture, FutureExt};

use super::feed::{Feed, PAGE, Source};
use crate::client::unnumbered;
use crate::{Client, Error, RoomHandle};

/// The messages of a room or thread, read as they are used: a `Stream`, and [`next`](Self::next) for those who do not import
/// one.
///
/// By default from the newest to the oldest. Nothing is asked before the first message is wanted; at most one page, 100
/// messages by default, is kept. After an error item the stream is over: [`retry`](Self::retry) goes on where it stopped,
/// and so does another stream, also after a restart of the application, [`from`](Self::from) the [`last`](Self::last) message.
///
/// ```no_run
/// # async fn run(client: chat_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use chat_client::protocol::RoomId;
/// let room = client.room(RoomId::new("lobby")?);
/// let mut messages = room.messages().forward().page_size(50);
/// while let Some(entry) = messages.next().await {
///     let entry = entry?;
///     if !entry.hidden {
///         println!("{}: {}", entry.message.from, entry.message.content.text().unwrap_or_default());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "messages are read when they are asked for"]
pub struct Messages {
    feed: Feed<Reading>,
    last: Option<Seq>,
}

/// A message as it stands in history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryMessage {
    /// The message, with everybody's reactions, and the thread that hangs on it. A deleted one has `deleted_at` and no text.
    pub message: Message,
    /// What the user reacted with.
    pub my_reactions: Vec<Emoji>,
    /// The user deleted it for itself: it is not to be shown.
    pub hidden: bool,
}

struct Reading {
    client: Client,
    room: RoomId,
    thread: Option<Seq>,
    forward: bool,
    at: Option<Seq>,
    limit: u32,
    state: Option<ThreadState>,
}

impl Reading {
    fn command(&self) -> Command {
        let limit = Some(self.limit);
        let query = match self.forward {
            // Before the first message nothing is 0.
            true => HistoryQuery { before: None, after: Some(self.at.unwrap_or_default()), limit },
            false => HistoryQuery { before: self.at, after: None, limit },
        };
        let (id, room) = (unnumbered(), self.room.clone());
        match self.thread {
            Some(root) => wire::Thread { id, room, root, query }.into(),
            None => wire::History { id, room, query }.into(),
        }
    }
}

impl Source for Reading {
    type Page = HistoryPage;
    type Item = HistoryMessage;

    fn ask(&self) -> BoxFuture<'static, Result<HistoryPage, Error>> {
        let (client, command) = (self.client.clone(), self.command());
        async move { client.ask(command).await }.boxed()
    }

    fn turn(&mut self, page: HistoryPage) -> (VecDeque<HistoryMessage>, bool) {
        let more = page.more;
        if page.thread.is_some() {
            self.state.clone_from(&page.thread);
        }
        let mut entries = entries(page);
        if !self.forward {
            entries.make_contiguous().reverse();
        }
        // A page without a message says nothing of where the next one would be.
        let Some(last) = entries.back() else { return (entries, false) };
        self.at = Some(last.message.seq);
        (entries, more)
    }
}

fn entries(page: HistoryPage) -> VecDeque<HistoryMessage> {
    let HistoryPage { messages, mut my_reactions, hidden, .. } = page;
    let entry = |message: Message| {
        let mine = my_reactions.iter_mut().find(|mine| mine.seq == message.seq);
        let my_reactions = mine.map(|mine| std::mem::take(&mut mine.emoji)).unwrap_or_default();
        let hidden = hidden.contains(&message.seq);
        HistoryMessage { message, my_reactions, hidden }
    };
    messages.into_iter().map(entry).collect()
}

impl Messages {
    fn new(room: &RoomHandle, thread: Option<Seq>) -> Self {
        let (client, room) = (room.client().clone(), room.id().clone());
        let source = Reading { client, room, thread, forward: false, at: None, limit: PAGE, state: None };
        Self { feed: Feed::new(source), last: None }
    }

    /// From newer to older messages; the default. It begins with the newest, unless [`from`](Self::from) says otherwise.
    pub fn backward(mut self) -> Self {
        self.feed.source.forward = false;
        self
    }

    /// From older to newer messages. It begins with the oldest that the user may read, unless [`from`](Self::from) says
    /// otherwise, and ends with what is the newest then.
    pub fn forward(mut self) -> Self {
        self.feed.source.forward = true;
        self
    }

    /// Begins beside this message, which is not among them itself: the last one that was seen.
    pub fn from(mut self, seen: Seq) -> Self {
        self.feed.source.at = Some(seen);
        self
    }

    /// Messages in one answer of the server, 1 to 100. Default 100. Fewer come sooner; more take fewer answers.
    pub fn page_size(mut self, messages: u32) -> Self {
        self.feed.source.limit = messages.clamp(1, limits::MAX_HISTORY_PAGE);
        self
    }

    /// The last message that was handed out; `None` before the first.
    pub fn last(&self) -> Option<Seq> {
        self.last
    }

    /// What the last page said of the thread: how many replies, how far it is read. `None` before the first page, and for a
    /// room's main line.
    pub fn thread(&self) -> Option<&ThreadState> {
        self.feed.source.state.as_ref()
    }

    /// The next message; `None` at the end, and after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<HistoryMessage, Error>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// After an error: the next message is asked for again.
    pub fn retry(&mut self) {
        self.feed.retry();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<HistoryMessage, Error>>> {
        let next = futures::ready!(self.feed.poll(cx));
        if let Some(Ok(entry)) = &next {
            self.last = Some(entry.message.seq);
        }
        Poll::Ready(next)
    }
}

impl Stream for Messages {
    type Item = Result<HistoryMessage, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Reading { room, thread, at, .. } = &self.feed.source;
        f.debug_struct("Messages")
            .field("room", room)
            .field("thread", thread)
            .field("at", at)
            .finish_non_exhaustive()
    }
}

impl RoomHandle {
    /// The room's messages, threads included, newest first unless it is said otherwise.
    ///
    /// # Errors
    /// As items: [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for a room that is not the user's; [`Error::Timeout`],
    /// [`Error::Busy`], [`Error::Closed`].
    pub fn messages(&self) -> Messages {
        Messages::new(self, None)
    }

    /// The replies of the thread that hangs on the message `root`, newest first unless it is said otherwise.
    ///
    /// # Errors
    /// As items: those of [`messages`](Self::messages), and [`Error::Refused`] with `ERR_MESSAGE_NOT_FOUND` when there is no
    /// such message, or the user may not read it.
    pub fn thread(&self, root: Seq) -> Messages {
        Messages::new(self, Some(root))
    }

    /// Reads one page of messages, oldest first.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ERR_FORBIDDEN_ACCESS` for a room that is not the user's; [`Error::Timeout`], [`Error::Busy`],
    /// [`Error::Closed`].
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, Error> {
        let room = self.id().clone();
        self.client().ask(wire::History { id: unnumbered(), room, query }).await
    }
}
