//! Reading logs into connections and feeds.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use chat_protocol::event::{Outcome, Resumed};
use chat_protocol::{
    ErrorCode, Event, MAX_SAFE, Offset, RequestId, RoomId, Seq, Text, UserId, UserOffset, WireError, encode,
};

use super::Hub;
use super::feed::{Feed, Released};
use super::link::Link;
use super::publish::ended_by;
use super::veil::Veil;
use crate::storage::{LogEntry, RoomView, StorageError};

/// How many pages one replay or repair reads at most. A bounded loop: whoever still lags behind is told to come
/// again.
const MAX_PAGES: usize = 10_000;

/// A log that can be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Log {
    Room(RoomId),
    User(UserId),
}

/// What became of a connection that wants to follow a log.
pub(super) enum Followed {
    /// It takes events as they come.
    Live,
    /// It may not, or not any more.
    Ended,
    /// It does not want to any more.
    Stopped,
    /// Its position cannot be gone on from: nothing was sent.
    Unread,
    /// The log no longer reaches back to its position.
    Trimmed { oldest: u64 },
}

/// A piece of a log, ready to be sent.
struct Page {
    frames: Vec<(u64, Text)>,
    head: u64,
    oldest: u64,
    /// Where the reader's membership ended last, if the page tells it.
    left: Option<u64>,
}

impl Hub {
    /// The position to replay from, if what came after it can be told one by one.
    pub(super) fn replayable(&self, log: &Log, from: Option<u64>, head: u64) -> Option<u64> {
        let from = from?;
        if from > head {
            tracing::warn!(
                ?log,
                from,
                head,
                "a position beyond the head of its epoch: was a backup restored?"
            );
        }
        (from <= head && head - from <= self.config.max_recover).then_some(from)
    }

    /// Sends a marked log's entries after `at` as the connection drains, then releases it with `word`.
    pub(super) async fn replay(
        &self,
        link: &Arc<Link>,
        log: &Log,
        mut at: u64,
        word: &Resumed,
    ) -> Result<Followed, WireError> {
        let limit = self.config.replay_page;
        for _ in 0..MAX_PAGES {
            let page = self.read_log(link, log, at, limit).await;
            let page = page.map_err(|error| self.storage_failed(error))?;
            let Some(page) = page else { return Ok(Followed::Ended) };
            if at < page.head && at + 1 < page.oldest {
                return Ok(Followed::Trimmed { oldest: page.oldest });
            }
            let full = page.frames.len() >= limit;
            // Asked after the page was read: what it holds was written before the answer.
            let (end, standing) = self.end_of(link, log, at, &page).await?;
            for (position, frame) in page.frames.into_iter().take_while(|(position, _)| *position <= end) {
                if !link.outbox.wait_for_room().await {
                    return Err(link.outbox.closed().unwrap_or(ErrorCode::SlowReader).into());
                }
                at = position;
                link.outbox.push(frame);
            }
            if let Some(ended) = standing {
                return Ok(ended);
            }
            if full {
                continue;
            }
            match self.release(link, log, at, word) {
                Released::Live => return Ok(Followed::Live),
                Released::Ended => return Ok(Followed::Ended),
                Released::Gone => return Ok(Followed::Stopped),
                Released::Behind => {}
            }
        }
        Err(ErrorCode::SlowReader.into())
    }

    /// Up to where a page is the connection's to read and, when it is not to the end, what becomes of the replay there: the
    /// membership ended, or it ended and began anew and shows nothing of what was between.
    async fn end_of(
        &self,
        link: &Link,
        log: &Log,
        at: u64,
        page: &Page,
    ) -> Result<(u64, Option<Followed>), WireError> {
        let (Log::Room(room), Some(user)) = (log, link.user()) else { return Ok((u64::MAX, None)) };
        let left = page.left.unwrap_or(at);
        let standing = self.providers.storage.standing(room, user).await;
        let standing = standing.map_err(|error| self.storage_failed(error))?;
        if standing.is_none_or(|standing| standing.role.is_none()) {
            return Ok((left, Some(Followed::Ended)));
        }
        if page.left.is_none() {
            return Ok((u64::MAX, None));
        }
        Ok(match self.view(user, room).await?.map(|view| view.oldest_offset.get()) {
            None => (left, Some(Followed::Ended)),
            Some(oldest) if left + 1 < oldest => (left, Some(Followed::Trimmed { oldest })),
            Some(_) => (u64::MAX, None),
        })
    }

    /// A room as a member sees it now; `None`: it is none.
    pub(super) async fn view(&self, user: &UserId, room: &RoomId) -> Result<Option<RoomView>, WireError> {
        let views = self.providers.storage.views(user, std::slice::from_ref(room)).await;
        Ok(views.map_err(|error| self.storage_failed(error))?.pop().flatten())
    }

    /// Lets a marked connection that has read up to `at` take events as they come, beginning with `word`.
    pub(super) fn release(&self, link: &Link, log: &Log, at: u64, word: &Resumed) -> Released {
        let mut word = word.clone();
        match log {
            Log::Room(_) => word.offset = Offset::new(at),
            Log::User(_) => word.user_offset = UserOffset::new(at),
        }
        let word = encode(&Event::Resumed(word));
        self.with_feed(log, |feed| feed.release(link.number, at, word)).unwrap_or(Released::Gone)
    }

    /// The packet that ends a replay, to be completed.
    pub(super) fn word(&self, id: Option<&RequestId>, room: Option<&RoomId>) -> Resumed {
        Resumed {
            id: id.cloned(),
            room: room.cloned(),
            outcome: Outcome::Recovered.into(),
            epoch: self.epoch.clone(),
            offset: None,
            user_offset: None,
            oldest: None,
            state: None,
            pointers: BTreeMap::new(),
            delivered: BTreeMap::new(),
        }
    }

    pub(super) fn say_gone(&self, link: &Link, id: Option<&RequestId>, room: &RoomId) {
        let word = Resumed { outcome: Outcome::Gone.into(), ..self.word(id, Some(room)) };
        link.outbox.push(encode(&Event::Resumed(word)));
    }

    /// The head of a user's log.
    pub(super) async fn user_head(&self, user: &UserId) -> Result<u64, WireError> {
        let end = UserOffset::new(MAX_SAFE).unwrap_or_default();
        let page = self.providers.storage.user_log(user, end, 0).await;
        Ok(page.map_err(|error| self.storage_failed(error))?.head.get())
    }

    fn with_feed<R>(&self, log: &Log, act: impl FnOnce(&mut Feed) -> R) -> Option<R> {
        match log {
            Log::Room(room) => self.rooms.lock(room).get_mut(room).map(act),
            Log::User(user) => self.users.lock(user).get_mut(user).map(|entry| act(&mut entry.feed)),
        }
    }

    async fn read_log(
        &self,
        link: &Link,
        log: &Log,
        after: u64,
        limit: usize,
    ) -> Result<Option<Page>, StorageError> {
        let storage = &self.providers.storage;
        match log {
            Log::Room(room) => {
                let after = Offset::new(after).unwrap_or_default();
                let Some(page) = storage.log(room, after, limit).await? else { return Ok(None) };
                let mine = |entry: &LogEntry| {
                    ended_by(entry).filter(|user| link.user() == Some(user)).map(|_| entry.offset().get())
                };
                let left = page.entries.iter().filter_map(mine).last();
                let oldest = self.with_feed(log, |feed| feed.oldest_for(link.number)).flatten();
                let frame = |entry: LogEntry| (entry.offset().get(), readable(entry, oldest));
                let frames = page.entries.into_iter().map(frame).collect();
                Ok(Some(Page { frames, head: page.head.get(), oldest: page.oldest.get(), left }))
            }
            Log::User(user) => {
                let after = UserOffset::new(after).unwrap_or_default();
                let page = storage.user_log(user, after, limit).await?;
                let entries = page.entries.into_iter();
                let frames =
                    entries.map(|entry| (entry.user_offset.get(), encode(&Event::User(entry)))).collect();
                Ok(Some(Page { frames, head: page.head.get(), oldest: page.oldest.get(), left: None }))
            }
        }
    }

    /// Reads what a feed missed and publishes it, in the background.
    pub(super) fn catch_up(&self, log: Log) {
        let Some(hub) = self.this.upgrade() else { return };
        self.tasks.spawn_on(async move { hub.catch_up_now(&log).await }, &self.runtime);
    }

    /// Reads what a feed missed and publishes it.
    pub(super) async fn catch_up_now(&self, log: &Log) {
        for _ in 0..MAX_PAGES {
            let Some(head) = self.with_feed(log, |feed| feed.head()).flatten() else { return };
            match self.publish_page(log, head).await {
                Ok(count) if count == self.config.replay_page => {}
                Ok(_) => return,
                Err(error) => {
                    self.storage_failed(error);
                    // Nobody may write to it for long, and what was missed is missed by then.
                    self.unread.lock().unwrap_or_else(PoisonError::into_inner).insert(log.clone());
                    return;
                }
            }
        }
    }

    /// Publishes one page of a log after a position; says how many entries it had.
    async fn publish_page(&self, log: &Log, after: u64) -> Result<usize, StorageError> {
        let (storage, limit) = (&self.providers.storage, self.config.replay_page);
        match log {
            Log::Room(room) => {
                let page = storage.log(room, Offset::new(after).unwrap_or_default(), limit).await?;
                let entries = page.unwrap_or_default().entries;
                let count = entries.len();
                self.deliver(|deliveries| {
                    entries.into_iter().for_each(|entry| self.deliver_entry(room, entry, deliveries));
                });
                Ok(count)
            }
            Log::User(user) => {
                let page = storage.user_log(user, UserOffset::new(after).unwrap_or_default(), limit).await?;
                let count = page.entries.len();
                self.deliver(|deliveries| {
                    page.entries.into_iter().for_each(|entry| self.deliver_user(user, entry, 0, deliveries));
                });
                Ok(count)
            }
        }
    }
}

/// The packet of an entry, for who may read the messages from `oldest` on; `None`: it is not known which.
fn readable(entry: LogEntry, oldest: Option<Seq>) -> Text {
    let veil = Veil::of(&entry);
    let frame = encode(&Event::from(entry));
    let oldest = oldest.unwrap_or_else(|| Seq::new(MAX_SAFE).unwrap_or_default());
    match veil {
        Some(veil) => veil.or(frame, oldest),
        None => frame,
    }
}
