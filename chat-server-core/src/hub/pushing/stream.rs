//! Tells of several messages at once.
//!
//! ```text
//! feed ─► entries ─► members, page by page ─► waiting ─► batches under way, at most `max_push_posts` ─► done
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Role, Timestamp, UserId, WireError};
use tokio::time::Instant;

use super::posts::{Ended, Keyed, Posts};
use super::{Held, PAUSE, Ready, Telling, Told};
use crate::hub::Hub;
use crate::hub::reader::{FRESH, Reader};
use crate::hub::worker::{MAX_NAP, Next, Work};
use crate::push::PushGateway;
use crate::storage::{Device, FeedEntry, LogEntry, MemberEntry};

/// How many members are looked at together.
const MEMBERS: usize = 200;

/// How many recipients wait at most; beyond it no more are read. Each costs some 300 bytes.
const MAX_WAITING: usize = 4_096;

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

impl Keyed for Recipient {
    type Key = UserId;

    fn key(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

/// Tells of messages as they are stored.
pub(in crate::hub) struct Pushing {
    gateway: Arc<dyn PushGateway>,
    feed: Reader,
    expanding: Option<Expanding>,
    posts: Posts<Recipient>,
}

impl Pushing {
    pub(in crate::hub) fn new(gateway: Arc<dyn PushGateway>) -> Self {
        Self { gateway, feed: Reader::new("push"), expanding: None, posts: Posts::default() }
    }

    /// Looks for recipients, as long as there is something to read and room for them.
    async fn read(&mut self, hub: &Hub) -> Result<(), WireError> {
        while self.posts.waiting.len() < MAX_WAITING {
            if let Some(expanding) = self.expanding.take() {
                self.expand(hub, expanding).await?;
            } else if let Some((entry, read)) = self.feed.next(hub).await? {
                self.begin(hub, entry, read);
            } else {
                return Ok(());
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
                self.feed.begin(num, 1, stored.message.ts);
                let telling = Arc::new(Telling::of(stored));
                self.expanding = Some(Expanding { num, telling, read, after: None, failed: 0 });
            }
            _ => self.feed.begin(num, 0, Timestamp::default()),
        }
    }

    /// Looks at some members. A message whose members cannot be read for long is given up: those behind it must not wait for
    /// ever.
    async fn expand(&mut self, hub: &Hub, mut expanding: Expanding) -> Result<(), WireError> {
        match self.members(hub, &expanding).await {
            Ok(None) => self.feed.less(expanding.num),
            Ok(after) => self.expanding = Some(Expanding { after, failed: 0, ..expanding }),
            Err(error) => {
                expanding.failed += 1;
                if expanding.failed < hub.config.max_push_attempts {
                    self.expanding = Some(expanding);
                    return Err(error);
                }
                hub.bury(&format!("of message {}", expanding.num), "it cannot be told");
                self.feed.less(expanding.num);
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
        self.feed.more(*num, self.posts.waiting.len() - before);
        Ok(page.last().filter(|_| page.len() == MEMBERS).map(|last| (last.role, last.user.clone())))
    }

    fn ended(&mut self, ended: &Ended<Recipient>) {
        for recipient in ended.batch.iter().filter(|_| ended.is_done) {
            self.feed.less(recipient.num);
        }
    }

    /// Stores how far everything is done.
    async fn note(&mut self, hub: &Hub) -> Result<(), WireError> {
        let now = hub.providers.clock.now();
        metrics::gauge!("chat_push_behind").set(self.feed.behind(now).as_secs_f64());
        self.feed.note(hub).await
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
            if !self.paused(&mut pause).await {
                return false;
            }
        }
        for one in held {
            self.bury(one.name(), "that it waits cannot be stored");
        }
        true
    }

    /// Waits, the next time twice as long; false: the server stops.
    pub(in crate::hub) async fn paused(&self, pause: &mut Duration) -> bool {
        tokio::select! {
            () = self.draining.cancelled() => false,
            () = tokio::time::sleep(*pause) => {
                *pause *= 2;
                true
            }
        }
    }
}
