//! Lists that go on at a cursor: members, banned users, blocks, scheduled messages, what was found, rooms.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use chat_protocol::{Command, Cursor, limits};
use futures::Stream;
use futures::future::{BoxFuture, FutureExt};
use serde::de::DeserializeOwned;

use super::feed::{Feed, PAGE, Source};
use crate::{Client, Error};

/// A list of the server's, read as it is used: a `Stream`, and [`next`](Self::next) for those who do not import one.
///
/// Nothing is asked before the first item is wanted. At most one page, 100 items by default, is kept. After an error item
/// the stream is over; [`retry`](Self::retry) goes on where it stopped. What changes on the server meanwhile may be missed or
/// come twice: it is a list, not a snapshot.
///
/// ```no_run
/// # async fn run(client: chat_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use chat_client::protocol::RoomId;
/// let room = client.room(RoomId::new("lobby")?);
/// let mut members = room.members();
/// while let Some(member) = members.next().await {
///     println!("{}", member?.user);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a list is read when its items are asked for"]
pub struct Pages<T: Send + 'static> {
    feed: Feed<Listing<T>>,
}

/// A page: its items, and where the next one begins.
type Page<T> = (Vec<T>, Option<Cursor>);

type Ask<T> = Box<dyn Fn(Option<Cursor>, u32) -> BoxFuture<'static, Result<Page<T>, Error>> + Send>;

struct Listing<T> {
    ask: Ask<T>,
    at: Option<Cursor>,
    limit: u32,
}

impl<T: Send + 'static> Source for Listing<T> {
    type Page = Page<T>;
    type Item = T;

    fn ask(&self) -> BoxFuture<'static, Result<Page<T>, Error>> {
        (self.ask)(self.at.clone(), self.limit)
    }

    fn turn(&mut self, (items, next): Page<T>) -> (VecDeque<T>, bool) {
        self.at = next;
        (items.into(), self.at.is_some())
    }
}

impl<T: Send + 'static> Pages<T> {
    /// A list whose pages of type `P` are the answers to `command`, and are taken apart by `split`.
    pub(super) fn new<P: DeserializeOwned + Send + 'static, C: Into<Command>>(
        client: &Client,
        command: impl Fn(Option<Cursor>, Option<u32>) -> C + Send + 'static,
        split: fn(P) -> Page<T>,
    ) -> Self {
        let client = client.clone();
        let ask = move |cursor, limit| {
            let (client, command) = (client.clone(), command(cursor, Some(limit)).into());
            async move { client.ask(command).await.map(split) }.boxed()
        };
        let source = Listing { ask: Box::new(ask), at: None, limit: PAGE };
        Self { feed: Feed::new(source) }
    }

    /// Items in one answer of the server, 1 to 100. Default 100. Fewer come sooner; more take fewer answers.
    pub fn page_size(mut self, items: u32) -> Self {
        self.feed.source.limit = items.clamp(1, limits::MAX_PAGE);
        self
    }

    /// Begins where another reading of the same list stopped ([`cursor`](Self::cursor)). Default: at the first.
    pub fn start(mut self, cursor: Cursor) -> Self {
        self.feed.source.at = Some(cursor);
        self
    }

    /// Where the page begins that is asked for next; `None`: at the first, or there are no more.
    ///
    /// After an error it is where that happened, with everything before it handed out.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.feed.source.at.as_ref()
    }

    /// The next item; `None` at the end, and after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|cx| self.feed.poll(cx)).await
    }

    /// After an error: the next item is asked for again.
    pub fn retry(&mut self) {
        self.feed.retry();
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().feed.poll(cx)
    }
}

/// Nothing in it is pinned: items are moved out, and the question is boxed.
impl<T: Send + 'static> Unpin for Pages<T> {}

impl<T: Send + 'static> std::fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("at", &self.feed.source.at).finish_non_exhaustive()
    }
}
