//! Reads what was stored and tells of several messages at once, so that neither the time of one post nor a service that hangs
//! holds up what comes behind.
//!
//! ```text
//! feed ─► entries ─► members, page by page ─► waiting ─► batches under way, at most `max_push_posts` ─► done
//! ```
//!
//! The position is stored behind the
//! last entry before which everything is done; what a killed process had done behind it is done again, under the same names.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Role, Timestamp, UserId, WireError};
use tokio::time::Instant;

use super::posts::{Ended, ForUser, Posts};
use super::{Held, Ready, Telling, Told};
use crate::hub::Hub;
use crate::hub::worker::{MAX_NAP, Next, Work};
use crate::push::PushGateway;
use crate::storage::{Device, FeedEntry, LogEntry, MemberEntry};

/// The name of the position in the feed.
const READER: &str = "push";

/// How many entries of the feed are read at once.
const ENTRIES: usize = 64;

/// How many members are looked at together.
const MEMBERS: usize = 200;

/// How many entries are under way at most, from the oldest that is not done: what a killed process does again at most. While a
/// service hangs for half a minute, as many messages pass it.
const WINDOW: usize = 1_024;

/// How many recipients wait at most; beyond it no more are read. Each costs some 300 bytes.
const MAX_WAITING: usize = 4_096;

/// How long what was read is good for: what waits may have been deleted since, or the device be somebody else's.
const FRESH: Duration = Duration::from_secs(1);

/// How long it is waited before a push that waits is stored again, where that failed; each time twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// Entries of the feed from the oldest that is not done.
#[derive(Debug, Default)]
struct Window {
    /// Of each, by its number: how much of it is to be done, and when it was stored if it is a message.
    entries: BTreeMap<u64, (usize, Timestamp)>,
    /// Everything up to this one is done.
    done: u64,
}

impl Window {
    fn add(&mut self, num: u64, parts: usize, ts: Timestamp) {
        self.entries.insert(num, (parts, ts));
        self.advance();
    }

    fn more(&mut self, num: u64, parts: usize) {
        if let Some((left, _)) = self.entries.get_mut(&num) {
            *left += parts;
        }
    }

    /// A part of an entry is done.
    fn less(&mut self, num: u64) {
        if let Some((left, _)) = self.entries.get_mut(&num) {
            *left = left.saturating_sub(1);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while let Some(first) = self.entries.first_entry().filter(|entry| entry.get().0 == 0) {
            self.done = first.remove_entry().0;
        }
    }

    /// How long the oldest message waits.
    fn behind(&self, now: Timestamp) -> Duration {
        let oldest = self.entries.first_key_value().map_or(now, |(_, (_, ts))| *ts);
        let micros = now.as_micros().saturating_sub(oldest.as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// A message whose members are looked at.
struct Expanding {
    num: u64,
    telling: Arc<Telling>,
    read: Instant,
    /// The last member that was looked at.
    after: Option<(Role, UserId)>,
    failed: u32,
}

/// One who may have to be told of a message.
struct Recipient {
    num: u64,
    telling: Arc<Telling>,
    /// When all this was read.
    read: Instant,
    user: UserId,
    devices: Vec<Device>,
}

impl ForUser for Recipient {
    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

/// Tells of messages as they are stored.
pub(in crate::hub) struct Pushing {
    gateway: Arc<dyn PushGateway>,
    /// The newest entry that was read, once it was asked for where to begin.
    read_to: Option<u64>,
    /// The position that is stored.
    stored: u64,
    /// Entries that were read, and when.
    entries: VecDeque<(FeedEntry, Instant)>,
    expanding: Option<Expanding>,
    window: Window,
    posts: Posts<Recipient>,
}

impl Pushing {
    pub(in crate::hub) fn new(gateway: Arc<dyn PushGateway>) -> Self {
        Self {
            gateway,
            read_to: None,
            stored: 0,
            entries: VecDeque::new(),
            expanding: None,
            window: Window::default(),
            posts: Posts::default(),
        }
    }

    /// Looks for recipients, as long as there is something to read and room for them.
    async fn read(&mut self, hub: &Hub) -> Result<(), WireError> {
        let mut read_to = match self.read_to {
            Some(read_to) => read_to,
            None => {
                let position = hub.feed_position(READER).await?;
                (self.stored, self.window.done) = (position, position);
                position
            }
        };
        self.read_to = Some(read_to);
        while self.posts.waiting.len() < MAX_WAITING && self.window.entries.len() < WINDOW {
            if let Some(expanding) = self.expanding.take() {
                self.expand(hub, expanding).await?;
            } else if let Some((entry, read)) = self.entries.pop_front() {
                self.begin(hub, entry, read);
            } else {
                let (entries, read) = (hub.providers.storage.feed(read_to, ENTRIES).await, Instant::now());
                self.entries.extend(hub.stored(entries)?.into_iter().map(|entry| (entry, read)));
                let Some((last, _)) = self.entries.back() else { return Ok(()) };
                read_to = last.num;
                self.read_to = Some(read_to);
            }
        }
        Ok(())
    }

    /// Begins with one entry.
    fn begin(&mut self, hub: &Hub, entry: FeedEntry, read: Instant) {
        let num = entry.num;
        match entry.entry {
            LogEntry::Message(stored)
                if stored.message.deleted_at.is_none() && !hub.is_too_old(&stored.message) =>
            {
                self.window.add(num, 1, stored.message.ts);
                let telling = Arc::new(Telling::of(stored));
                self.expanding = Some(Expanding { num, telling, read, after: None, failed: 0 });
            }
            _ => self.window.add(num, 0, Timestamp::default()),
        }
    }

    /// Looks at some members. A message whose members cannot be read for long is given up: those behind it must not wait for
    /// ever.
    async fn expand(&mut self, hub: &Hub, mut expanding: Expanding) -> Result<(), WireError> {
        match self.members(hub, &expanding).await {
            Ok(None) => self.window.less(expanding.num),
            Ok(after) => self.expanding = Some(Expanding { after, failed: 0, ..expanding }),
            Err(error) => {
                expanding.failed += 1;
                if expanding.failed < hub.config.max_push_attempts {
                    self.expanding = Some(expanding);
                    return Err(error);
                }
                hub.bury(&format!("of message {}", expanding.num), "it cannot be told");
                self.window.less(expanding.num);
            }
        }
        Ok(())
    }

    /// Notes a page of members with devices; after whom the next one begins.
    async fn members(
        &mut self,
        hub: &Hub,
        expanding: &Expanding,
    ) -> Result<Option<(Role, UserId)>, WireError> {
        let Expanding { num, telling, read, after, .. } = expanding;
        let message = &telling.stored.message;
        let place = after.as_ref().map(|(role, user)| (*role, user));
        let page = hub.stored(hub.providers.storage.members(&message.room, place, MEMBERS).await)?;
        // Who came later was not meant.
        let is_meant = |member: &&MemberEntry| member.joined_at <= message.ts && member.user != message.from;
        let users: Vec<UserId> = page.iter().filter(is_meant).map(|member| member.user.clone()).collect();
        let devices = hub.stored(hub.providers.storage.devices(&users).await)?;
        let recipients = devices.chunk_by(|a, b| a.user == b.user).map(|devices| {
            let (user, devices) = (devices[0].user.clone(), devices.to_vec());
            Recipient { num: *num, telling: telling.clone(), read: *read, user, devices }
        });
        let before = self.posts.waiting.len();
        self.posts.waiting.extend(recipients);
        self.window.more(*num, self.posts.waiting.len() - before);
        Ok(page.last().filter(|_| page.len() == MEMBERS).map(|last| (last.role, last.user.clone())))
    }

    fn ended(&mut self, ended: &Ended<Recipient>) {
        for recipient in ended.batch.iter().filter(|_| ended.is_done) {
            self.window.less(recipient.num);
        }
    }

    /// Stores how far everything is done.
    async fn note(&mut self, hub: &Hub) -> Result<(), WireError> {
        let now = hub.providers.clock.now();
        metrics::gauge!("chat_push_behind").set(self.window.behind(now).as_secs_f64());
        let done = self.window.done;
        if done == self.stored {
            return Ok(());
        }
        hub.write(move |storage| async move { storage.set_position(READER, done).await }).await?;
        self.stored = done;
        Ok(())
    }
}

#[async_trait]
impl Work for Pushing {
    const NAME: &'static str = "push";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        while let Some(ended) = self.posts.try_ended() {
            self.ended(&ended);
        }
        let read = self.read(hub).await;
        // What was found before a failure is told all the same.
        let gateway = &self.gateway;
        self.posts.start(hub, gateway.max_batch(), |batch| tell(hub.clone(), gateway.clone(), batch));
        self.note(hub).await?;
        read?;
        tokio::select! {
            biased;
            () = hub.draining.cancelled() => return Ok(Next::Rung),
            ended = self.posts.ended() => match ended {
                Some(ended) => self.ended(&ended),
                None => return Ok(Next::Rung),
            },
            () = hub.to_push.notified() => {}
            () = tokio::time::sleep(MAX_NAP) => {}
        }
        Ok(Next::Now)
    }

    async fn finish(&mut self, hub: &Arc<Hub>) {
        while let Some(ended) = self.posts.ended().await {
            self.ended(&ended);
        }
        if let Err(error) = self.note(hub).await {
            tracing::warn!(%error, "where pushing stands was not stored: some of it comes again");
        }
    }
}

/// Decides about some recipients and tells them.
async fn tell(hub: Arc<Hub>, gateway: Arc<dyn PushGateway>, batch: Vec<Recipient>) -> Ended<Recipient> {
    let (mut ready, mut held, mut again) = (Ready::new(), Vec::new(), BTreeMap::new());
    for recipient in &batch {
        let told = hub.tell_one(recipient, &mut again).await;
        match told {
            Ok(Told::Nothing) => {}
            Ok(Told::Later) => held.push(hub.held(&recipient.user, &recipient.telling.stored.message)),
            Ok(Told::Now(pushes) | Told::Silent(pushes)) => {
                ready.extend(pushes.into_iter().map(|push| (push, 0)));
            }
            // One who cannot be decided about does not keep the others waiting.
            Err(_) => held.push(hub.undecided(&recipient.user, &recipient.telling.stored)),
        }
    }
    let is_done = hub.keep_at_last(&held).await && {
        let again = hub.give(&gateway, ready).await;
        hub.keep_at_last(&again).await
    };
    Ended { batch, is_done }
}

impl Hub {
    /// Decides about one recipient. Whatever was read long ago is read again, each message once.
    async fn tell_one(
        &self,
        recipient: &Recipient,
        again: &mut BTreeMap<u64, Option<Arc<Telling>>>,
    ) -> Result<Told, WireError> {
        let Recipient { num, telling, read, user, devices } = recipient;
        if read.elapsed() <= FRESH {
            return self.decide_new(telling, user, devices).await;
        }
        if !again.contains_key(num) {
            let message = &telling.stored.message;
            let stored = self.message_at(&message.room, message.seq).await?;
            again.insert(*num, stored.map(|stored| Arc::new(Telling::of(stored))));
        }
        let Some(Some(telling)) = again.get(num) else { return Ok(Told::Nothing) };
        let devices = self.stored(self.providers.storage.devices(std::slice::from_ref(user)).await)?;
        self.decide_new(telling, user, &devices).await
    }

    /// Stores pushes that wait, tried again as often as a push is, then given up. False: the server stops before.
    pub(super) async fn keep_at_last(&self, held: &[Held]) -> bool {
        let mut pause = PAUSE;
        for _ in 0..self.config.max_push_attempts.max(1) {
            if self.keep_pushes(held).await.is_ok() {
                return true;
            }
            tokio::select! {
                () = self.draining.cancelled() => return false,
                () = tokio::time::sleep(pause) => pause *= 2,
            }
        }
        for one in held {
            self.bury(one.name(), "that it waits cannot be stored");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_is_behind_the_last_entry_before_which_all_is_done() {
        let mut window = Window { done: 3, ..Window::default() };
        let at = Timestamp::from_micros;
        window.add(4, 0, at(0));
        assert_eq!(window.done, 4, "nothing is to be done about it");
        window.add(6, 1, at(1_000_000));
        window.more(6, 2);
        window.add(7, 1, at(2_000_000));
        window.add(9, 0, at(0));
        window.less(7);
        assert_eq!((window.done, window.behind(at(5_000_000))), (4, Duration::from_secs(4)));
        window.less(6);
        window.less(6);
        assert_eq!(window.done, 4, "one of it is left");
        window.less(6);
        assert_eq!((window.done, window.entries.len()), (9, 0));
        assert_eq!(window.behind(at(5_000_000)), Duration::ZERO);
    }
}
