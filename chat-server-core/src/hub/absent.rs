//! Messages that members do not receive, because none of their connections hears of the room: an existing system is told.
//!
//! A worker reads the feed of all that was stored, as that of pushes does, and asks the same [`decide`] about each member. It
//! is told at once: whoever looks at the room has a connection that hears of it. Several messages are under way at once, those
//! of one room one after the other (`tell.rs`). What is not taken makes its room wait and no other, and is a job (`stuck.rs`).
//!
//! [`decide`]: crate::push::decide

mod stuck;
mod tell;

use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::{Role, RoomId, Seq, Timestamp, UserId, WireError};
use tokio::time::Instant;

use super::Hub;
use super::pushing::posts::{Ended, Keyed, Posts};
use super::reader::Reader;
use super::worker::{MAX_NAP, Next, Work};
use crate::push::AbsenceSink;
use crate::storage::{FeedEntry, LogEntry, StoredMessage};
use stuck::{Kept, Stuck};
use tell::{Outcome, tell};

/// How many messages wait at most that were not tried yet; beyond it no more are read.
const MAX_WAITING: usize = 256;

/// A message of which an existing system may have to be told.
struct Unheard {
    room: RoomId,
    /// Its number; of a room that waited the next that is looked at, whether or not there is such a message.
    seq: Seq,
    /// As it was read from the feed; `None`: the room waited, and its history is read.
    news: Option<News>,
    /// When it was stored, once it was found.
    ts: Option<Timestamp>,
    /// The last member of whom was told.
    after: Option<(Role, UserId)>,
    /// How often it was not taken.
    failed: u32,
    /// The job of a room that waits.
    kept: Option<Kept>,
    /// What became of it.
    outcome: Outcome,
}

/// A message of the feed.
struct News {
    num: u64,
    stored: StoredMessage,
    read: Instant,
}

impl Unheard {
    fn new(num: u64, stored: StoredMessage, read: Instant) -> Self {
        let ts = Some(stored.message.ts);
        let one = Self::from(stored.message.room.clone(), stored.message.seq);
        Self { ts, news: Some(News { num, stored, read }), ..one }
    }

    /// Whatever a room has from some message on.
    fn from(room: RoomId, seq: Seq) -> Self {
        let (news, ts, after, kept) = (None, None, None, None);
        Self { room, seq, news, ts, after, failed: 0, kept, outcome: Outcome::Told }
    }
}

impl Keyed for Unheard {
    type Key = RoomId;

    fn key(&self) -> Option<&RoomId> {
        Some(&self.room)
    }
}

/// Tells of messages as they are stored.
pub(super) struct Absences {
    sink: Arc<dyn AbsenceSink>,
    feed: Reader,
    posts: Posts<Unheard>,
    stuck: Stuck,
}

impl Absences {
    pub(super) fn new(sink: Arc<dyn AbsenceSink>) -> Self {
        Self { sink, feed: Reader::new("absent"), posts: Posts::default(), stuck: Stuck::default() }
    }

    /// Looks for messages, as long as there is room for them.
    async fn read(&mut self, hub: &Hub) -> Result<(), WireError> {
        self.stuck.load(hub).await?;
        while self.posts.waiting.len() < MAX_WAITING && !self.stuck.is_full() {
            let Some((FeedEntry { num, entry, .. }, read)) = self.feed.next(hub).await? else { break };
            match entry {
                LogEntry::Message(stored) if self.is_wanted(hub, &stored) => {
                    self.feed.begin(num, 1, stored.message.ts);
                    self.posts.waiting.push_back(Unheard::new(num, stored, read));
                }
                _ => self.feed.begin(num, 0, Timestamp::default()),
            }
        }
        Ok(())
    }

    /// Whether anybody may have to be told of a message by itself: a room that waits has a job for all that is new in it.
    fn is_wanted(&mut self, hub: &Hub, stored: &StoredMessage) -> bool {
        let message = &stored.message;
        message.deleted_at.is_none() && !self.stuck.takes(&message.room) && !hub.is_too_old(message)
    }

    fn ended(&mut self, ended: Ended<Unheard>) {
        for one in ended.batch.into_iter().filter(|_| ended.is_done) {
            match &one.news {
                None => self.stuck.ended(one),
                Some(news) => {
                    self.feed.less(news.num);
                    if let Outcome::Later(wait) = one.outcome {
                        self.leave_to_its_job(&one.room);
                        self.stuck.add(Unheard { news: None, ..one }, wait);
                    }
                }
            }
        }
    }

    /// Whatever waits behind the first message of a room that was not taken.
    fn leave_to_its_job(&mut self, room: &RoomId) {
        let (theirs, rest): (Vec<_>, Vec<_>) =
            self.posts.waiting.drain(..).partition(|one| one.room == *room);
        self.posts.waiting.extend(rest);
        for news in theirs.into_iter().filter_map(|one| one.news) {
            self.feed.less(news.num);
        }
    }

    /// Stores how far everything is done.
    async fn note(&mut self, hub: &Hub) -> Result<(), WireError> {
        let behind = self.feed.behind(hub.providers.clock.now());
        metrics::gauge!("chat_absences_behind").set(behind.as_secs_f64());
        self.feed.note(hub).await?;
        self.stuck.note(hub).await
    }
}

#[async_trait]
impl Work for Absences {
    const NAME: &'static str = "absent";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        while let Some(ended) = self.posts.try_ended().or_else(|| self.stuck.posts.try_ended()) {
            self.ended(ended);
        }
        let read = self.read(hub).await;
        self.stuck.begin();
        // What was found before a failure is told all the same.
        let sink = &self.sink;
        for posts in [&mut self.posts, &mut self.stuck.posts] {
            posts.start(hub, 1, |batch| tell(hub.clone(), sink.clone(), batch));
        }
        self.note(hub).await?;
        read?;
        let nap = Instant::now() + MAX_NAP;
        let next = self.stuck.next().map_or(nap, |next| next.min(nap));
        tokio::select! {
            biased;
            () = hub.draining.cancelled() => return Ok(Next::Rung),
            Some(ended) = self.posts.ended() => self.ended(ended),
            Some(ended) = self.stuck.posts.ended() => self.ended(ended),
            () = hub.to_tell.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
        Ok(Next::Now)
    }

    async fn finish(&mut self, hub: &Arc<Hub>) {
        while let Some(ended) = self.posts.ended().await {
            self.ended(ended);
        }
        while let Some(ended) = self.stuck.posts.ended().await {
            self.ended(ended);
        }
        self.stuck.keep(hub).await;
        if let Err(error) = self.note(hub).await {
            tracing::warn!(%error, "how far absences were told was not stored: some of it comes again");
        }
    }
}
