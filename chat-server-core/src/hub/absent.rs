//! Messages that members do not receive, because none of their connections hears of the room: an existing system is told.
//!
//! A worker reads the feed of all that was stored from where it stood last, as that of pushes does, and asks the same
//! [`decide`] about each member. It is told at once: whoever looks at the room has a connection that hears of it. What is not
//! taken holds up what comes after it, and is given up when it was tried often enough or nobody wants to hear of it any more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Role, RoomId, RoomKind, Timestamp, UserId, WireError};

use super::Hub;
use super::worker::{Next, Work, micros, shifted};
use crate::dialects::ShownMessage;
use crate::push::{AbsenceSink, Decision, Facts, WebhookOutcome, decide};
use crate::storage::{LogEntry, MemberEntry, StoredMessage};

/// The name of the position in the feed.
const READER: &str = "absent";

/// How many entries of the feed are read at once.
const ENTRIES: usize = 64;

/// How many members are looked at, and told of, together.
const MEMBERS: usize = 200;

/// How long what was read of the feed is good for: what waited behind a slow system may have been deleted since.
const FRESH: Duration = Duration::from_secs(1);

/// Tells of messages as they are stored.
pub(super) struct Absences {
    sink: Arc<dyn AbsenceSink>,
    /// The newest entry that was dealt with, once it was asked for.
    position: Option<u64>,
    /// The last member of the message behind it that was dealt with.
    member: Option<(Role, UserId)>,
    /// How often those behind that member could not be told, and when it is tried again.
    failed: u32,
    not_before: Timestamp,
}

impl Absences {
    pub(super) fn new(sink: Arc<dyn AbsenceSink>) -> Self {
        Self { sink, position: None, member: None, failed: 0, not_before: Timestamp::default() }
    }

    /// Entries up to this one are dealt with.
    async fn move_on(&mut self, hub: &Hub, to: u64) -> Result<(), WireError> {
        if self.position != Some(to) {
            hub.write(move |storage| async move { storage.set_position(READER, to).await }).await?;
            (self.position, self.member, self.failed) = (Some(to), None, 0);
        }
        Ok(())
    }

    /// Tells of one message; when it is tried again, if it was not taken.
    async fn message(&mut self, hub: &Hub, stored: &StoredMessage) -> Result<Option<Timestamp>, WireError> {
        if stored.message.deleted_at.is_some() || hub.is_too_old(&stored.message) {
            return Ok(None);
        }
        let room = &stored.message.room;
        let Some(record) = hub.record(room).await?.filter(|record| record.kind != RoomKind::Desk) else {
            return Ok(None);
        };
        let shown = Arc::new(hub.shown_room(record).await?);
        let shown = hub.shown_messages(&shown, &[], vec![stored.clone()]).await?.pop();
        let Some(shown) = shown else { return Ok(None) };
        loop {
            let place = self.member.as_ref().map(|(role, user)| (*role, user));
            let page = hub.stored(hub.providers.storage.members(room, place, MEMBERS).await)?;
            let Some(last) = page.last() else { return Ok(None) };
            let absent = hub.absent(stored, &page).await?;
            if let Some(again) = self.tell(hub, &shown, &absent).await {
                return Ok(Some(again));
            }
            (self.member, self.failed) = (Some((last.role, last.user.clone())), 0);
            if page.len() < MEMBERS {
                return Ok(None);
            }
        }
    }

    /// Tells of some members; when it is tried again, if it was not taken.
    async fn tell(&mut self, hub: &Hub, shown: &ShownMessage, absent: &[UserId]) -> Option<Timestamp> {
        let first = absent.first()?;
        let id = format!("{}-{}-{first}", hub.epoch, shown.stored.num);
        let after = match self.sink.tell(&id, shown, absent).await {
            WebhookOutcome::Delivered => {
                metrics::counter!("chat_absences_told_total").increment(absent.len() as u64);
                return None;
            }
            WebhookOutcome::Retry(after) => after,
            WebhookOutcome::Refused => {
                hub.bury(&id, "the system that is told of absent members refuses it");
                return None;
            }
        };
        self.failed += 1;
        if self.failed >= hub.config.max_push_attempts {
            hub.bury(&id, "the system that is told of absent members did not take it in time");
            return None;
        }
        self.not_before = hub.retry_at(after, self.failed - 1);
        Some(self.not_before)
    }
}

#[async_trait]
impl Work for Absences {
    const NAME: &'static str = "absent";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let now = hub.providers.clock.now();
        if now < self.not_before {
            return Ok(Next::At(self.not_before));
        }
        let position = match self.position {
            Some(position) => position,
            None => hub.feed_position(READER).await?,
        };
        self.position = Some(position);
        let entries = hub.stored(hub.providers.storage.feed(position, ENTRIES).await)?;
        let stale = shifted(now, micros(FRESH));
        let mut last = position;
        for entry in &entries {
            if let LogEntry::Message(stored) = &entry.entry {
                // What was told is not told again because of it.
                self.move_on(hub, last).await?;
                if let Some(again) = self.message(hub, stored).await? {
                    return Ok(Next::At(again));
                }
            }
            last = entry.num;
            if hub.providers.clock.now() > stale {
                break;
            }
        }
        self.move_on(hub, last).await?;
        let all = entries.len() < ENTRIES && entries.last().is_none_or(|entry| entry.num == last);
        Ok(if all { Next::Rung } else { Next::Now })
    }
}

impl Hub {
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
