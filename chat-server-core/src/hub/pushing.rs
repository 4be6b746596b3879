//! Pushes: whoever does not look at a session is told of messages through its devices.
//!
//! A worker reads the feed of all that was stored from where it stood last, expands each message to its recipients page by
//! page, and asks [`decide`] about each. No message costs a row for that: what a crash interrupts is read again, and a push
//! that comes twice has the same name. That is one message at most, because the position is stored behind each that was
//! given to the gateway. Only what is held, or was not taken, is a job (see `held.rs`).

mod held;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{ErrorCode, Message, RoomId, RoomKind, Seq, Timestamp, UserId, WireError};
use tokio::sync::OnceCell;

use super::Hub;
use super::worker::{Next, Work, micros, shifted};
use crate::push::{Author, Decision, Facts, Line, Push, PushGateway, PushNote, PushOutcome, decide};
use crate::storage::{
    Device, FeedEntry, LogEntry, MemberEntry, OwnChange, RoomView, StorageError, StoredMessage,
};

pub(super) use held::HeldPushes;

/// The name of the position in the feed.
const READER: &str = "push";

/// How many entries of the feed are read at once.
const ENTRIES: usize = 64;

/// How many members are looked at together.
const MEMBERS: usize = 200;

/// How long what was read of the feed is good for: what waited behind a slow gateway may have been deleted since.
const FRESH: Duration = Duration::from_secs(1);

/// A message while people are told of it, and what all of them are told with.
struct Telling<'a> {
    stored: &'a StoredMessage,
    note: OnceCell<Arc<PushNote>>,
}

impl<'a> Telling<'a> {
    fn of(stored: &'a StoredMessage) -> Self {
        Self { stored, note: OnceCell::new() }
    }
}

/// Pushes that are to be given, each with how often it was tried before.
type Ready = Vec<(Push, u32)>;

/// Tells of messages as they are stored.
pub(super) struct Pushing {
    gateway: Arc<dyn PushGateway>,
    /// The newest entry that was dealt with, once it was asked for.
    position: Option<u64>,
    /// How often the entry behind it failed.
    failed: u32,
}

impl Pushing {
    pub(super) fn new(gateway: Arc<dyn PushGateway>) -> Self {
        Self { gateway, position: None, failed: 0 }
    }

    /// Entries up to this one are dealt with.
    async fn move_on(&mut self, hub: &Hub, to: u64) -> Result<(), WireError> {
        if self.position == Some(to) {
            return Ok(());
        }
        hub.write(move |storage| async move { storage.set_position(READER, to).await }).await?;
        (self.position, self.failed) = (Some(to), 0);
        Ok(())
    }

    /// Deals with one entry; whether somebody was told.
    async fn entry(&mut self, hub: &Hub, entry: &FeedEntry) -> Result<bool, WireError> {
        let LogEntry::Message(stored) = &entry.entry else { return Ok(false) };
        let error = match hub.push_message(&self.gateway, stored).await {
            Ok(told) => return Ok(told),
            Err(error) => error,
        };
        self.failed += 1;
        if self.failed < hub.config.max_push_attempts {
            return Err(error);
        }
        // Those behind it must not wait for ever.
        hub.bury(&format!("of message {}", entry.num), "it cannot be told");
        Ok(true)
    }
}

#[async_trait]
impl Work for Pushing {
    const NAME: &'static str = "push";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let position = match self.position {
            Some(position) => position,
            None => hub.feed_position(READER).await?,
        };
        self.position = Some(position);
        let entries = hub.stored(hub.providers.storage.feed(position, ENTRIES).await)?;
        let stale = shifted(hub.providers.clock.now(), micros(FRESH));
        let mut last = position;
        for entry in &entries {
            match self.entry(hub, entry).await {
                Ok(told) => {
                    last = entry.num;
                    if told {
                        self.move_on(hub, last).await?;
                    }
                }
                Err(error) => {
                    // What was told is not told again because of it.
                    self.move_on(hub, last).await?;
                    return Err(error);
                }
            }
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
    /// What the store read, or how its failure is told.
    pub(super) fn stored<T>(&self, read: Result<T, StorageError>) -> Result<T, WireError> {
        read.map_err(|error| self.storage_failed(error))
    }

    /// Where a reader of the feed goes on. One that never read begins with what comes now: nobody wants to hear of the past
    /// because the operator has switched something on.
    pub(super) async fn feed_position(&self, reader: &'static str) -> Result<u64, WireError> {
        if let Some(position) = self.stored(self.providers.storage.position(reader).await)? {
            return Ok(position);
        }
        let head = self.stored(self.providers.storage.feed_head().await)?;
        self.write(move |storage| async move { storage.set_position(reader, head).await }).await?;
        Ok(head)
    }

    /// Tells all who should be told of a message now, and notes for whom it is held; whether anybody was told.
    async fn push_message(
        &self,
        gateway: &Arc<dyn PushGateway>,
        stored: &StoredMessage,
    ) -> Result<bool, WireError> {
        let message = &stored.message;
        if message.deleted_at.is_some() || self.is_too_old(message) {
            return Ok(false);
        }
        let telling = Telling::of(stored);
        let (mut ready, mut after, mut told) = (Ready::new(), None, false);
        loop {
            let place = after.as_ref().map(|(role, user)| (*role, user));
            let page = self.providers.storage.members(&message.room, place, MEMBERS).await;
            let page = self.stored(page)?;
            self.push_members(&telling, &page, &mut ready).await?;
            let next = page.last().filter(|_| page.len() == MEMBERS);
            after = next.map(|last| (last.role, last.user.clone()));
            // Batches are full as long as there are more members.
            while ready.len() >= gateway.max_batch().max(1) || (after.is_none() && !ready.is_empty()) {
                let rest = ready.split_off(gateway.max_batch().max(1).min(ready.len()));
                self.give(gateway, std::mem::replace(&mut ready, rest)).await?;
                told = true;
            }
            if after.is_none() {
                return Ok(told);
            }
        }
    }

    /// Decides about some members; what is ready is gathered, what is held is stored.
    async fn push_members(
        &self,
        telling: &Telling<'_>,
        page: &[MemberEntry],
        ready: &mut Ready,
    ) -> Result<(), WireError> {
        let message = &telling.stored.message;
        // Who came later was not meant.
        let meant =
            page.iter().filter(|member| member.joined_at <= message.ts && member.user != message.from);
        let users: Vec<UserId> = meant.map(|member| member.user.clone()).collect();
        let devices = self.stored(self.providers.storage.devices(&users).await)?;
        let mut held = Vec::new();
        for of_user in devices.chunk_by(|a, b| a.user == b.user) {
            let user = &of_user[0].user;
            match self.decide_push(telling, user, of_user, false).await {
                Ok(Told::Nothing) => {}
                Ok(Told::Later) => held.push(self.held(user, message)),
                Ok(Told::Now(pushes) | Told::Silent(pushes)) => {
                    ready.extend(pushes.into_iter().map(|push| (push, 0)));
                }
                // One who cannot be decided about does not keep the others waiting.
                Err(_) => held.push(self.undecided(user, telling.stored)),
            }
        }
        self.keep_pushes(held).await
    }

    /// What one recipient is told, by what is true now. `held`: it was held before, and that time is over.
    async fn decide_push(
        &self,
        telling: &Telling<'_>,
        user: &UserId,
        devices: &[Device],
        held: bool,
    ) -> Result<Told, WireError> {
        let room = &telling.stored.message.room;
        let views = self.stored(self.providers.storage.views(user, std::slice::from_ref(room)).await)?;
        // Without one it is no member any more.
        let Some(view) = views.into_iter().flatten().next() else { return Ok(Told::Nothing) };
        let has_device = devices.iter().any(|device| device.push.is_some());
        let facts = self.push_facts(telling.stored, user, &view, has_device, held).await?;
        let now = self.providers.clock.now();
        Ok(match decide(&facts, now, self.config.push_hold) {
            Decision::None => Told::Nothing,
            Decision::Hold(_) => Told::Later,
            Decision::Now => Told::Now(self.pushes(telling, &view, devices, false).await?),
            Decision::Silent => Told::Silent(self.pushes(telling, &view, devices, true).await?),
        })
    }

    /// All that the decision about one recipient depends on.
    pub(super) async fn push_facts(
        &self,
        stored: &StoredMessage,
        user: &UserId,
        view: &RoomView,
        has_device: bool,
        held: bool,
    ) -> Result<Facts, WireError> {
        let (storage, message, state) = (&self.providers.storage, &stored.message, &view.state);
        let (line, read) = match message.thread {
            None => (Line::Main, state.read.max(state.read_private.unwrap_or_default())),
            Some(root) => self.in_thread(message, root, user).await?,
        };
        // What was stored just now has no marks; what was held may.
        let hidden = held && {
            let marks = storage.marks(&message.room, user, message.seq, message.seq).await;
            !self.stored(marks)?.hidden.is_empty()
        };
        Ok(Facts {
            kind: state.kind.known().unwrap_or(RoomKind::Group),
            author: author(message, user),
            line,
            deleted: hidden || message.deleted_at.is_some() || message.seq < state.oldest_seq,
            read: read >= message.seq,
            blocked: self.stored(storage.relation(user, &message.from).await)?.blocks,
            has_device,
            archived: state.settings.archived,
            mute_until: state.settings.mute_until,
            called: message.mentions.as_ref().is_some_and(|mentions| mentions.calls(user)),
            attended: self.is_attended(user),
            held,
        })
    }

    /// Whose the thread of a message is, and how far the user has read in it.
    async fn in_thread(&self, message: &Message, root: Seq, user: &UserId) -> Result<(Line, Seq), WireError> {
        let storage = &self.providers.storage;
        let thread = self.stored(storage.thread(&message.room, root, user).await)?;
        let read = thread.map_or(Seq::ZERO, |thread| thread.read);
        let own = read > Seq::ZERO || {
            let began = self.message_at(&message.room, root).await?;
            began.is_some_and(|began| began.message.from == *user)
        };
        Ok((if own { Line::OwnThread } else { Line::OtherThread }, read))
    }

    /// A message that is there.
    pub(super) async fn message_at(
        &self,
        room: &RoomId,
        seq: Seq,
    ) -> Result<Option<StoredMessage>, WireError> {
        let query = chat_protocol::HistoryQuery { before: Some(seq.next()), ..Default::default() };
        let page = self.stored(self.providers.storage.history(room, None, query, 1).await)?;
        Ok(page.into_iter().flatten().find(|stored| stored.message.seq == seq))
    }

    /// What all are told with. The room is the same for all its members.
    async fn note(&self, telling: &Telling<'_>, view: &RoomView) -> Arc<PushNote> {
        let make = || async {
            let message = telling.stored.message.clone();
            let profile = self.providers.directory.profile(&message.from).await;
            Arc::new(PushNote {
                kind: view.state.kind.known().unwrap_or(RoomKind::Group),
                room_name: view.state.info.name.clone(),
                number: view.state.number,
                // A push without a name is better than none.
                author_name: profile.ok().flatten().and_then(|profile| profile.name),
                message,
                num: telling.stored.num,
            })
        };
        telling.note.get_or_init(make).await.clone()
    }

    /// The pushes for one recipient, one for each device that gets any.
    async fn pushes(
        &self,
        telling: &Telling<'_>,
        view: &RoomView,
        devices: &[Device],
        silent: bool,
    ) -> Result<Vec<Push>, WireError> {
        let Some(user) = devices.first().map(|device| &device.user) else { return Ok(Vec::new()) };
        let now = self.providers.clock.now();
        let badge = self.stored(self.providers.storage.totals(user, now).await)?.unread;
        let note = self.note(telling, view).await;
        let push = |device: &Device| {
            let (user, target) = (device.user.clone(), device.push.clone()?);
            Some(Push { user, device: device.device.clone(), target, note: note.clone(), badge, silent })
        };
        Ok(devices.iter().filter_map(push).collect())
    }

    /// Gives pushes to the gateway and deals with the answers.
    async fn give(&self, gateway: &Arc<dyn PushGateway>, ready: Ready) -> Result<(), WireError> {
        let (pushes, attempts): (Vec<Push>, Vec<u32>) = ready.into_iter().unzip();
        let answers = gateway.push(&pushes).await;
        let mut again = Vec::new();
        for ((push, answer), attempts) in pushes.iter().zip(answers).zip(attempts) {
            match answer {
                PushOutcome::Delivered => metrics::counter!("chat_pushes_total").increment(1),
                PushOutcome::Gone => self.forget_target(push).await,
                PushOutcome::Retry(_) if attempts + 1 >= self.config.max_push_attempts => {
                    self.bury(&push.id(), "its service did not take it in time");
                }
                PushOutcome::Retry(after) => again.push(self.again(push, after, attempts + 1)),
                PushOutcome::Refused => self.bury(&push.id(), "its service refuses it"),
            }
        }
        self.keep_pushes(again).await
    }

    /// Nothing will ever reach the target of a push.
    async fn forget_target(&self, push: &Push) {
        metrics::counter!("chat_push_gone_total").increment(1);
        let (device, target) = (push.device.clone(), push.target.clone());
        // The others were delivered: a failure must not bring all of them again. The next push says it once more.
        if let Err(error) = self.own(&push.user, OwnChange::ForgetPush { device, target }).await {
            tracing::warn!(push = push.id(), %error, "a token that is gone was not forgotten");
        }
    }

    /// Counts a push that nobody will ever get.
    pub(super) fn bury(&self, push: &str, why: &str) {
        tracing::warn!(push, why, "a push was given up");
        metrics::counter!("chat_push_dead_total").increment(1);
    }

    /// Whether nobody wants to hear of a message any more. Such are counted: something stood still for long.
    pub(super) fn is_too_old(&self, message: &Message) -> bool {
        let oldest = shifted(self.providers.clock.now(), -micros(self.config.max_push_age));
        let is_too_old = message.ts < oldest;
        metrics::counter!("chat_push_expired_total").increment(u64::from(is_too_old));
        is_too_old
    }

    /// When something is tried again that failed so often: after the time that was asked for, or a growing one with some
    /// chance in it.
    pub(super) fn retry_at(&self, after: Option<Duration>, attempts: u32) -> Timestamp {
        const FIRST: Duration = Duration::from_secs(10);
        const LONGEST: Duration = Duration::from_secs(10 * 60);
        let grown = FIRST.saturating_mul(1 << attempts.min(16)).min(LONGEST);
        let wait = after.unwrap_or(grown).min(Duration::from_secs(24 * 60 * 60));
        let chance = self.providers.clock.random() % (wait.as_micros() / 2).max(1);
        let wait = wait + Duration::from_micros(u64::try_from(chance).unwrap_or(0));
        shifted(self.providers.clock.now(), micros(wait))
    }
}

/// What one recipient is told.
enum Told {
    Nothing,
    /// It is held.
    Later,
    Now(Vec<Push>),
    Silent(Vec<Push>),
}

fn author(message: &Message, user: &UserId) -> Author {
    match &message.from {
        from if from == user => Author::Oneself,
        from if from.is_system() => Author::System,
        _ => Author::Another,
    }
}

/// A body that nobody can read.
fn unreadable(_: serde_json::Error) -> WireError {
    ErrorCode::Internal.into()
}
