//! Tells of one message, page after page of its members.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{HistoryQuery, Role, RoomId, RoomKind, UserId, WireError};

use super::{Absences, Unheard};
use crate::dialects::ShownMessage;
use crate::hub::Hub;
use crate::hub::pushing::PAUSE;
use crate::hub::pushing::posts::Ended;
use crate::hub::reader::FRESH;
use crate::hub::worker::{Work, micros, shifted, tell_failure};
use crate::push::{AbsenceSink, Decision, Facts, WebhookOutcome, decide};
use crate::storage::{MemberEntry, StoredMessage};

/// How many members are looked at, and told of, together.
const MEMBERS: usize = 200;

/// How soon something is tried again at the earliest because it will be too old then.
const SOONEST: Duration = Duration::from_secs(1);

/// What became of a message.
pub(super) enum Outcome {
    /// Nobody is to be told of it any more, or it was given up.
    Told,
    /// It was not taken: again after so long. Its room has a job.
    Later(Duration),
    /// There was none.
    Nothing,
}

/// Tells of some messages, one after the other.
pub(super) async fn tell(
    hub: Arc<Hub>,
    sink: Arc<dyn AbsenceSink>,
    mut batch: Vec<Unheard>,
) -> Ended<Unheard> {
    let mut is_done = true;
    for one in &mut batch {
        is_done = is_done && hub.tell_next(&sink, one).await;
    }
    Ended { batch, is_done }
}

/// Where a message is, after a page of its members.
enum Page {
    /// There is no message.
    Nothing,
    /// Nobody is left.
    Last,
    /// The next page begins behind that member.
    Next(Role, UserId),
    /// It was not taken, and is tried again after so long.
    Again(Option<Duration>),
}

impl Unheard {
    /// This message is over.
    fn go_on(&mut self) -> Outcome {
        (self.seq, self.ts, self.after, self.failed) = (self.seq.next(), None, None, 0);
        Outcome::Told
    }
}

impl Hub {
    /// Tells of one message; false: the server stops before it is stored what becomes of it.
    async fn tell_next(&self, sink: &Arc<dyn AbsenceSink>, one: &mut Unheard) -> bool {
        loop {
            let after = match self.tell_page(sink, one).await {
                Ok(Page::Next(role, user)) => {
                    (one.after, one.failed) = (Some((role, user)), 0);
                    continue;
                }
                Ok(Page::Nothing) => {
                    one.outcome = Outcome::Nothing;
                    return true;
                }
                Ok(Page::Last) => {
                    one.outcome = one.go_on();
                    return true;
                }
                Ok(Page::Again(after)) => after,
                Err(error) => {
                    tell_failure(Absences::NAME, &error);
                    None
                }
            };
            return self.put_off_unheard(one, after).await;
        }
    }

    /// A message was not taken: it waits, or is given up. False: the server stops before that is stored.
    async fn put_off_unheard(&self, one: &mut Unheard, after: Option<Duration>) -> bool {
        // As long as no message can be read there is none to be given up.
        one.failed += u32::from(one.ts.is_some());
        let id = format!("{} of room {}", one.seq, one.room);
        if one.failed >= self.config.max_push_attempts {
            self.bury(&id, "the system that is told of absent members did not take it in time");
            one.outcome = one.go_on();
            return true;
        }
        let wait = self.retry_in(after, one.failed.saturating_sub(1));
        one.outcome = Outcome::Later(wait.min(self.time_left(one)));
        let mut pause = PAUSE;
        for _ in 0..self.config.max_push_attempts.max(1) {
            match self.keep_stuck(one).await {
                Ok(()) => return true,
                Err(error) => tell_failure(Absences::NAME, &error),
            }
            if !self.paused(&mut pause).await {
                return false;
            }
        }
        // What the room has a job for already comes again by that.
        if one.kept.is_none() {
            self.bury(&id, "that it waits cannot be stored");
            one.outcome = one.go_on();
        }
        true
    }

    /// For how long somebody may still want to hear of a message.
    fn time_left(&self, one: &Unheard) -> Duration {
        let Some(ts) = one.ts else { return Duration::MAX };
        let too_old = shifted(ts, micros(self.config.max_push_age)).as_micros();
        let left = too_old.saturating_sub(self.providers.clock.now().as_micros());
        Duration::from_micros(u64::try_from(left).unwrap_or(0)).max(SOONEST)
    }

    /// Tells of those of some members who do not receive a message.
    async fn tell_page(&self, sink: &Arc<dyn AbsenceSink>, one: &mut Unheard) -> Result<Page, WireError> {
        let Some(stored) = self.find_unheard(one).await? else { return Ok(Page::Nothing) };
        let Some(shown) = self.unheard(&stored).await? else { return Ok(Page::Last) };
        let after = one.after.as_ref().map(|(role, user)| (*role, user));
        let page = self.providers.storage.members(&one.room, after, MEMBERS).await;
        let page = self.stored(page)?;
        let absent = self.absent(&stored, &page).await?;
        if !absent.is_empty() {
            // By the page, whoever of it is absent: another attempt may find some of them here.
            let after = one.after.as_ref().map_or(String::new(), |(_, user)| format!("-{user}"));
            let id = format!("{}-{}{after}", self.epoch, stored.num);
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

    /// The message as it is now. What was read long ago is read again; of a room that waited the next one is taken.
    async fn find_unheard(&self, one: &mut Unheard) -> Result<Option<StoredMessage>, WireError> {
        match &one.news {
            Some(news) if news.read.elapsed() <= FRESH => return Ok(Some(news.stored.clone())),
            Some(_) => return self.message_at(&one.room, one.seq).await,
            None => {}
        }
        let query = HistoryQuery { after: Some(one.seq.previous()), ..HistoryQuery::default() };
        let page = self.stored(self.providers.storage.history(&one.room, None, query, 1).await)?;
        let found = page.into_iter().flatten().next();
        if let Some(StoredMessage { message, .. }) = &found {
            if message.seq != one.seq {
                (one.seq, one.after, one.failed) = (message.seq, None, 0);
            }
            one.ts = Some(message.ts);
        }
        Ok(found)
    }

    /// A message as existing systems see it; `None`: nobody is to hear of it any more.
    async fn unheard(&self, stored: &StoredMessage) -> Result<Option<ShownMessage>, WireError> {
        let message = &stored.message;
        if message.deleted_at.is_some() || self.is_too_old(message) {
            return Ok(None);
        }
        let record = self.record(&message.room).await?;
        let Some(record) = record.filter(|record| record.kind != RoomKind::Desk) else { return Ok(None) };
        let room = Arc::new(self.shown_room(record).await?);
        Ok(self.shown_messages(&room, &[], vec![stored.clone()]).await?.pop())
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
        self.links_of(user).iter().any(|link| link.ties().rooms.contains_key(room))
    }
}
