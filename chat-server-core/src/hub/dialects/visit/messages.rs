//! Messages of one room, and single ones.

use std::ops::Range;

use chat_protocol::dialect::RoomName;
use chat_protocol::{HistoryQuery, RoomId, Seq, Timestamp, UserId, WireError};

use super::{MessageList, UNPAGED_MAX, Visit};
use crate::Error;
use crate::dialects::ShownMessage;
use crate::hub::Hub;
use crate::hub::dialects::facts::Facts;
use crate::storage::{Listed, MessageAlias, Standing, StoredMessage};

/// How many messages are looked at beyond those that are found: where more than that do not fit side by side, as those that
/// were deleted, a list is shorter than it was asked for, and a room has no newest message.
const LOOK_BACK: usize = 1_000;

/// How many messages are read at once.
const PAGE: usize = 128;

/// A page of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// Its messages, ascending.
    pub messages: Vec<ShownMessage>,
    /// The message before which the next page is; `None`: there is none.
    pub next: Option<Seq>,
}

/// Which messages of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// All of them.
    #[default]
    All,
    /// Those before a message.
    Before(Seq),
    /// Those of this time and later ones.
    Since(Timestamp),
    /// Those of this time and earlier ones.
    Until(Timestamp),
}

impl Visit {
    /// Messages of a room without the deleted ones, newest first, at most `limit` and as many as any list has.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn history(
        &self,
        name: &RoomName,
        window: Window,
        limit: usize,
    ) -> Result<Vec<ShownMessage>, Error> {
        self.pay("history")?;
        let (room, standing) = self.room(name).await?;
        let Some(span) = self.span(&room, window).await? else { return Ok(Vec::new()) };
        let limit = limit.min(self.longest());
        let shown = |stored: &StoredMessage| stored.message.deleted_at.is_none();
        let found = self.read_back(&room, &standing, span, limit, shown).await?;
        Ok(Facts::new(&self.hub, self.user()).show_all(found).await?)
    }

    /// Messages of a room as they are, those that were deleted without their content: the newest before a message, ascending,
    /// at most `limit` and [`UNPAGED_MAX`](super::UNPAGED_MAX).
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn page(
        &self,
        name: &RoomName,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<MessagePage, Error> {
        self.pay("history")?;
        let (room, standing) = self.room(name).await?;
        let limit = limit.min(UNPAGED_MAX);
        let span = (Seq::ZERO, before);
        let mut found = self.read_back(&room, &standing, span, limit + 1, |_| true).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        found.reverse();
        let next = found.first().filter(|_| more).map(|first| first.message.seq);
        let messages = Facts::new(&self.hub, self.user()).show_all(found).await?;
        Ok(MessagePage { messages, next })
    }

    /// Messages of a room without the deleted ones, newest first: the part `page`, of which at most
    /// [`UNPAGED_MAX`](super::UNPAGED_MAX) are given.
    ///
    /// # Errors
    /// `Forbidden` when there is no such room or it is not the user's.
    pub async fn messages(&self, name: &RoomName, page: Range<usize>) -> Result<MessageList, Error> {
        self.pay("history")?;
        let (room, _) = self.room(name).await?;
        Ok(self.list(Listed::In(&room), page).await?)
    }

    /// A message of one of the user's rooms, by its name in the whole server: not one that was deleted, or that the user cannot
    /// read.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn message(&self, name: MessageAlias) -> Result<Option<ShownMessage>, Error> {
        self.pay("history")?;
        let found = self.hub.stored(self.hub.providers.storage.message_named(name).await)?;
        let Some(found) = found else { return Ok(None) };
        let (room, seq) = (found.message.room.clone(), found.message.seq);
        let Ok(standing) = self.hub.visible(&self.asking, &room).await else { return Ok(None) };
        let span = (seq.previous(), Some(seq.next()));
        let shown = |stored: &StoredMessage| stored.message.deleted_at.is_none();
        let found = self.read_back(&room, &standing, span, 1, shown).await?;
        Ok(Facts::new(&self.hub, self.user()).show_all(found).await?.pop())
    }

    /// The same of the user's own messages, by number.
    ///
    /// # Errors
    /// When the store cannot read.
    pub async fn my_message(&self, num: u64) -> Result<Option<ShownMessage>, Error> {
        let found = self.message(MessageAlias::Num(num)).await?;
        Ok(found.filter(|found| found.stored.message.from == *self.user()))
    }

    /// The messages that a window shows, as the numbers after and before which they are; `None`: there are none.
    async fn span(&self, room: &RoomId, window: Window) -> Result<Option<(Seq, Option<Seq>)>, WireError> {
        let storage = &self.hub.providers.storage;
        Ok(match window {
            Window::All => Some((Seq::ZERO, None)),
            Window::Before(seq) => Some((Seq::ZERO, Some(seq))),
            Window::Since(ts) => {
                let first = self.hub.stored(storage.seq_at(room, ts).await)?;
                first.map(|first| (first.previous(), None))
            }
            Window::Until(ts) => {
                let later = Timestamp::from_micros(ts.as_micros().saturating_add(1));
                Some((Seq::ZERO, self.hub.stored(storage.seq_at(room, later).await)?))
            }
        })
    }

    /// The newest messages of a part of a room that the user can read and that fit, newest first.
    pub(super) async fn read_back(
        &self,
        room: &RoomId,
        standing: &Standing,
        span: (Seq, Option<Seq>),
        limit: usize,
        fits: impl Fn(&StoredMessage) -> bool,
    ) -> Result<Vec<StoredMessage>, WireError> {
        self.hub.look_back(room, Some((self.user(), standing)), span, limit, fits).await
    }
}

impl Hub {
    /// The newest messages of a part of a room that fit, newest first; for a reader, only those that it can read.
    pub(in crate::hub::dialects) async fn look_back(
        &self,
        room: &RoomId,
        reader: Option<(&UserId, &Standing)>,
        (after, mut before): (Seq, Option<Seq>),
        limit: usize,
        fits: impl Fn(&StoredMessage) -> bool,
    ) -> Result<Vec<StoredMessage>, WireError> {
        let oldest = reader.map_or(Seq::ZERO, |(_, standing)| standing.oldest_seq);
        let first = after.next().max(oldest);
        let (mut found, mut looked) = (Vec::new(), 0);
        while found.len() < limit && looked < limit + LOOK_BACK {
            let query = HistoryQuery { before, ..HistoryQuery::default() };
            // Twice as far each time: what is looked for is mostly the newest, and else may be far back.
            let size = (limit - found.len()).max(looked).clamp(1, PAGE);
            let page = self.providers.storage.history(room, None, query, size).await;
            let page = self.stored(page)?.unwrap_or_default();
            let Some((oldest, newest)) = page.first().zip(page.last()) else { break };
            let (oldest, newest) = (oldest.message.seq, newest.message.seq);
            let hidden = match reader.filter(|(_, standing)| standing.marked) {
                Some((user, _)) => self.hidden(room, user, oldest, newest).await?,
                None => Vec::new(),
            };
            looked += page.len();
            let readable = |stored: &StoredMessage| {
                let seq = stored.message.seq;
                seq >= first && !hidden.contains(&seq) && fits(stored)
            };
            found.extend(page.into_iter().rev().filter(readable));
            if oldest <= first {
                break;
            }
            before = Some(oldest);
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Messages that a reader hid from itself.
    async fn hidden(
        &self,
        room: &RoomId,
        user: &UserId,
        first: Seq,
        last: Seq,
    ) -> Result<Vec<Seq>, WireError> {
        Ok(self.stored(self.providers.storage.marks(room, user, first, last).await)?.hidden)
    }
}
