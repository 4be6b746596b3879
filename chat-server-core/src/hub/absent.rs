//! Messages that members do not receive, because none of their connections hears of the room: an existing system is told.
//!
//! A worker reads the feed of all that was stored, as that of pushes does, and asks the same [`decide`] about each member. It
//! is told at once: whoever looks at the room has a connection that hears of it. Several messages are under way at once, those
//! of one room one after the other: what is not taken holds up its room alone, and is given up when it was tried often enough
//! or nobody wants to hear of it any more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Role, RoomId, RoomKind, Timestamp, UserId, WireError};
use tokio::time::Instant;

use super::Hub;
use super::pushing::posts::{Ended, Keyed, Posts};
use super::reader::{FRESH, Reader};
use super::worker::{MAX_NAP, Next, Work, tell_failure};
use crate::dialects::ShownMessage;
use crate::push::{AbsenceSink, Decision, Facts, WebhookOutcome, decide};
use crate::storage::{FeedEntry, LogEntry, MemberEntry, StoredMessage};

/// How many members are looked at, and told of, together.
const MEMBERS: usize = 200;

/// How many messages wait at most; beyond it no more are read.
const MAX_WAITING: usize = 256;

/// A message of which an existing system may have to be told.
struct Unheard {
    num: u64,
    stored: StoredMessage,
    /// When it was read.
    read: Instant,
}

impl Keyed for Unheard {
    type Key = RoomId;

    fn key(&self) -> Option<&RoomId> {
        Some(&self.stored.message.room)
    }
}

/// Tells of messages as they are stored.
pub(super) struct Absences {
    sink: Arc<dyn AbsenceSink>,
    feed: Reader,
    posts: Posts<Unheard>,
}

impl Absences {
    pub(super) fn new(sink: Arc<dyn AbsenceSink>) -> Self {
        Self { sink, feed: Reader::new("absent"), posts: Posts::default() }
    }

    /// Looks for messages, as long as there is room for them.
    async fn read(&mut self, hub: &Hub) -> Result<(), WireError> {
        while self.posts.waiting.len() < MAX_WAITING {
            let Some((FeedEntry { num, entry, .. }, read)) = self.feed.next(hub).await? else { break };
            let LogEntry::Message(stored) = entry else {
                self.feed.begin(num, 0, Timestamp::default());
                continue;
            };
            self.feed.begin(num, 1, stored.message.ts);
            self.posts.waiting.push_back(Unheard { num, stored, read });
        }
        Ok(())
    }

    fn ended(&mut self, ended: &Ended<Unheard>) {
        for one in ended.batch.iter().filter(|_| ended.is_done) {
            self.feed.less(one.num);
        }
    }

    /// Stores how far everything is done.
    async fn note(&mut self, hub: &Hub) -> Result<(), WireError> {
        let behind = self.feed.behind(hub.providers.clock.now());
        metrics::gauge!("chat_absences_behind").set(behind.as_secs_f64());
        self.feed.note(hub).await
    }
}

#[async_trait]
impl Work for Absences {
    const NAME: &'static str = "absent";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        while let Some(ended) = self.posts.try_ended() {
            self.ended(&ended);
        }
        let read = self.read(hub).await;
        // What was found before a failure is told all the same.
        let sink = &self.sink;
        self.posts.start(hub, 1, |batch| tell(hub.clone(), sink.clone(), batch));
        self.note(hub).await?;
        read?;
        tokio::select! {
            biased;
            () = hub.draining.cancelled() => return Ok(Next::Rung),
            ended = self.posts.ended() => match ended {
                Some(ended) => self.ended(&ended),
                None => return Ok(Next::Rung),
            },
            () = hub.to_tell.notified() => {}
            () = tokio::time::sleep(MAX_NAP) => {}
        }
        Ok(Next::Now)
    }

    async fn finish(&mut self, hub: &Arc<Hub>) {
        while let Some(ended) = self.posts.ended().await {
            self.ended(&ended);
        }
        if let Err(error) = self.note(hub).await {
            tracing::warn!(%error, "how far absences were told was not stored: some of it comes again");
        }
    }
}

/// Tells of some messages, one after the other.
async fn tell(hub: Arc<Hub>, sink: Arc<dyn AbsenceSink>, batch: Vec<Unheard>) -> Ended<Unheard> {
    let mut is_done = true;
    for one in &batch {
        is_done = is_done && hub.tell_absent(&sink, one).await;
    }
    Ended { batch, is_done }
}

/// Where a message is, after a page of its members.
enum Page {
    /// Nobody is left.
    Last,
    /// The next page begins behind that member.
    Next(Role, UserId),
    /// It was not taken, and is tried again after so long.
    Again(Option<Duration>),
}

impl Hub {
    /// Tells of one message, page after page of its members; false: the server stops before that.
    async fn tell_absent(&self, sink: &Arc<dyn AbsenceSink>, one: &Unheard) -> bool {
        let (mut place, mut failed) = (None, 0);
        loop {
            let wait = match self.tell_page(sink, one, place.clone()).await {
                Ok(Page::Last) => return true,
                Ok(Page::Next(role, user)) => {
                    (place, failed) = (Some((role, user)), 0);
                    continue;
                }
                Ok(Page::Again(wait)) => wait,
                Err(error) => {
                    tell_failure(Absences::NAME, &error);
                    None
                }
            };
            failed += 1;
            if failed >= self.config.max_push_attempts {
                let id = format!("of message {}", one.num);
                self.bury(&id, "the system that is told of absent members did not take it in time");
                return true;
            }
            tokio::select! {
                () = self.draining.cancelled() => return false,
                () = tokio::time::sleep(self.retry_in(wait, failed - 1)) => {}
            }
        }
    }

    /// Tells of those of some members who do not receive a message.
    async fn tell_page(
        &self,
        sink: &Arc<dyn AbsenceSink>,
        one: &Unheard,
        place: Option<(Role, UserId)>,
    ) -> Result<Page, WireError> {
        let Some((stored, shown)) = self.unheard(one).await? else { return Ok(Page::Last) };
        let place = place.as_ref().map(|(role, user)| (*role, user));
        let page = self.providers.storage.members(&stored.message.room, place, MEMBERS).await;
        let page = self.stored(page)?;
        let absent = self.absent(&stored, &page).await?;
        if let Some(first) = absent.first() {
            let id = format!("{}-{}-{first}", self.epoch, stored.num);
            match sink.tell(&id, &shown, &absent).await {
                WebhookOutcome::Delivered => {
                    metrics::counter!("chat_absences_told_total").increment(absent.len() as u64);
                }
                WebhookOutcome::Retry(after) => return Ok(Page::Again(after)),
                WebhookOutcome::Refused => {
                    self.bury(&id, "the system that is told of absent members refuses it");
                }
            }
        }
        let next = page.into_iter().nth(MEMBERS - 1).map(|last| Page::Next(last.role, last.user));
        Ok(next.unwrap_or(Page::Last))
    }

    /// A message as it is now, and as existing systems see it; `None`: nobody is to hear of it any more.
    async fn unheard(&self, one: &Unheard) -> Result<Option<(StoredMessage, ShownMessage)>, WireError> {
        let message = &one.stored.message;
        let stored = match one.read.elapsed() <= FRESH {
            true => Some(one.stored.clone()),
            false => self.message_at(&message.room, message.seq).await?,
        };
        let Some(stored) = stored.filter(|stored| stored.message.deleted_at.is_none()) else {
            return Ok(None);
        };
        let record = self.record(&message.room).await?;
        let Some(record) = record.filter(|record| record.kind != RoomKind::Desk) else { return Ok(None) };
        if self.is_too_old(message) {
            return Ok(None);
        }
        let room = Arc::new(self.shown_room(record).await?);
        let shown = self.shown_messages(&room, &[], vec![stored.clone()]).await?.pop();
        Ok(shown.map(|shown| (stored, shown)))
    }

    /// Those of some members who are to be told of a message and receive nothing of its room now.
    async fn absent(&self, stored: &StoredMessage, page: &[MemberEntry]) -> Result<Vec<UserId>, WireError> {
        let (message, now) = (&stored.message, self.providers.clock.now());
        let mut absent = Vec::new();
        for member in page {
            let user = &member.user;
            // Who came later was not meant.
            let meant = member.joined_at <= message.ts && *user != message.from;
            if !meant || self.receives(user, &message.room) {
                continue;
            }
            let views = self.providers.storage.views(user, std::slice::from_ref(&message.room)).await;
            let Some(view) = self.stored(views)?.into_iter().flatten().next() else { continue };
            let facts = self.push_facts(stored, user, &view, true, false).await?;
            let decision = decide(&Facts { attended: false, ..facts }, now, Duration::ZERO);
            absent.extend((decision != Decision::None).then(|| user.clone()));
        }
        Ok(absent)
    }

    /// Whether some connection of a user hears of a room.
    fn receives(&self, user: &UserId, room: &RoomId) -> bool {
        let links =
            self.users.lock(user).get(user).map(super::presence::UserEntry::links).unwrap_or_default();
        links.iter().any(|link| link.ties().rooms.contains_key(room))
    }
}
