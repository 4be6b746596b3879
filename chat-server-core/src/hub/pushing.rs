//! Pushes: whoever does not look at a session is told of messages through its devices.
//!
//! A worker reads the feed of all that was stored from where it stood last, expands each message to its recipients page by
//! page, and asks [`decide`] about each. No message costs a row for that: what a crash interrupts is read again, and a push
//! that comes twice has the same name. Only what is held, or was not taken, is a job (see `held.rs`).

mod held;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{ErrorCode, Message, RoomKind, Seq, Timestamp, UserId, WireError};

use super::Hub;
use super::worker::{Next, Work, micros, shifted};
use crate::push::{Author, Decision, Facts, Line, Push, PushGateway, PushNote, PushOutcome, decide};
use crate::storage::{Device, LogEntry, MemberEntry, OwnChange, StorageError, StoredMessage};

use held::Held;
pub(super) use held::HeldPushes;

/// The name of the position in the feed.
const READER: &str = "push";

/// How many entries of the feed are read at once.
const ENTRIES: usize = 64;

/// How many members are looked at together.
const MEMBERS: usize = 200;

/// What is decided about one recipient, and what it is told with.
struct Decided {
    decision: Decision,
    devices: Vec<Device>,
    note: Arc<PushNote>,
}

/// Tells of messages as they are stored.
pub(super) struct Pushing {
    pub(super) gateway: Arc<dyn PushGateway>,
    /// The newest entry that was dealt with, once it was asked for.
    pub(super) position: Option<u64>,
}

#[async_trait]
impl Work for Pushing {
    const NAME: &'static str = "push";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let position = match self.position {
            Some(position) => position,
            None => hub.feed_position(READER).await?,
        };
        let entries = hub.stored(hub.providers.storage.feed(position, ENTRIES).await)?;
        for entry in &entries {
            if let LogEntry::Message(stored) = &entry.entry {
                hub.push_message(&self.gateway, stored).await?;
            }
        }
        let last = entries.last().map_or(position, |entry| entry.num);
        if last > position {
            hub.write(move |storage| async move { storage.set_position(READER, last).await }).await?;
        }
        self.position = Some(last);
        Ok(if entries.len() < ENTRIES { Next::Rung } else { Next::Now })
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
        let position = self.stored(self.providers.storage.position(reader).await)?;
        if position > 0 {
            return Ok(position);
        }
        let head = self.stored(self.providers.storage.feed_head().await)?;
        self.write(move |storage| async move { storage.set_position(reader, head).await }).await?;
        Ok(head)
    }

    /// Tells all who should be told of a message now, and notes for whom it is held.
    async fn push_message(
        &self,
        gateway: &Arc<dyn PushGateway>,
        stored: &StoredMessage,
    ) -> Result<(), WireError> {
        let message = &stored.message;
        if message.deleted_at.is_some() || self.is_too_old(message) {
            return Ok(());
        }
        let (mut ready, mut after) = (Vec::new(), None);
        loop {
            let place = after.as_ref().map(|(role, user)| (*role, user));
            let page = self.providers.storage.members(&message.room, place, MEMBERS).await;
            let page = self.stored(page)?;
            self.push_members(stored, &page, &mut ready).await?;
            while ready.len() >= gateway.max_batch().max(1) {
                let rest = ready.split_off(gateway.max_batch().max(1));
                self.give(gateway, &ready, 0).await?;
                ready = rest;
            }
            match page.last().filter(|_| page.len() == MEMBERS) {
                Some(last) => after = Some((last.role, last.user.clone())),
                None => return self.give(gateway, &ready, 0).await,
            }
        }
    }

    /// Decides about some members; what is ready is gathered, what is held is stored.
    async fn push_members(
        &self,
        stored: &StoredMessage,
        page: &[MemberEntry],
        ready: &mut Vec<Push>,
    ) -> Result<(), WireError> {
        let message = &stored.message;
        // Who came later was not meant.
        let meant =
            page.iter().filter(|member| member.joined_at <= message.ts && member.user != message.from);
        let users: Vec<UserId> = meant.map(|member| member.user.clone()).collect();
        let devices = self.stored(self.providers.storage.devices(&users).await)?;
        let mut held = Vec::new();
        for of_user in devices.chunk_by(|a, b| a.user == b.user) {
            let user = &of_user[0].user;
            let decided = self.decide_push(stored, user, of_user, false).await?;
            match decided.decision {
                Decision::None => {}
                Decision::Hold(until) => held.push(Held::new(user, message, until, self.config.push_hold)),
                Decision::Now | Decision::Silent => ready.extend(self.pushes(decided).await?),
            }
        }
        self.keep_pushes(held).await
    }

    /// What is done about one recipient, by what is true now.
    async fn decide_push(
        &self,
        stored: &StoredMessage,
        user: &UserId,
        devices: &[Device],
        held: bool,
    ) -> Result<Decided, WireError> {
        let (storage, message) = (&self.providers.storage, &stored.message);
        let now = self.providers.clock.now();
        let devices: Vec<Device> = devices.iter().filter(|device| device.push.is_some()).cloned().collect();
        let views = self.stored(storage.views(user, std::slice::from_ref(&message.room)).await)?;
        let view = views.into_iter().flatten().next();
        let Some(state) = view.map(|view| view.state).filter(|_| !devices.is_empty()) else {
            // No member any more, or nowhere to tell it.
            let note = self.note(stored, RoomKind::Group, None, None).await;
            return Ok(Decided { decision: Decision::None, devices, note });
        };
        let kind = state.kind.known().unwrap_or(RoomKind::Group);
        let (line, read) = match message.thread {
            None => (Line::Main, state.read.max(state.read_private.unwrap_or_default())),
            Some(root) => self.in_thread(message, root, user).await?,
        };
        let (first, last) = (message.seq, message.seq);
        // What was stored just now has no marks; what was held may.
        let hidden = held && {
            let marks = self.stored(storage.marks(&message.room, user, first, last).await)?;
            !marks.hidden.is_empty()
        };
        let facts = Facts {
            kind,
            author: author(message, user),
            line,
            deleted: hidden || message.deleted_at.is_some() || message.seq < state.oldest_seq,
            read: read >= message.seq,
            blocked: self.stored(storage.relation(user, &message.from).await)?.blocks,
            has_device: true,
            archived: state.settings.archived,
            mute_until: state.settings.mute_until,
            called: message.mentions.as_ref().is_some_and(|mentions| mentions.calls(user)),
            attended: self.is_attended(user),
            held,
        };
        let decision = decide(&facts, now, self.config.push_hold);
        let note = self.note(stored, kind, state.info.name, state.number).await;
        Ok(Decided { decision, devices, note })
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
        room: &chat_protocol::RoomId,
        seq: Seq,
    ) -> Result<Option<StoredMessage>, WireError> {
        let query = chat_protocol::HistoryQuery { before: Some(seq.next()), ..Default::default() };
        let page = self.stored(self.providers.storage.history(room, None, query, 1).await)?;
        Ok(page.into_iter().flatten().find(|stored| stored.message.seq == seq))
    }

    async fn note(
        &self,
        stored: &StoredMessage,
        kind: RoomKind,
        room_name: Option<String>,
        number: Option<chat_protocol::RoomNumber>,
    ) -> Arc<PushNote> {
        let profile = self.providers.directory.profile(&stored.message.from).await;
        // A push without a name is better than none.
        let author_name = profile.ok().flatten().and_then(|profile| profile.name);
        let (message, num) = (stored.message.clone(), stored.num);
        Arc::new(PushNote { kind, room_name, number, author_name, message, num })
    }

    /// The pushes of what was decided, one for each device.
    async fn pushes(&self, decided: Decided) -> Result<Vec<Push>, WireError> {
        let Decided { decision, devices, note } = decided;
        let Some(user) = devices.first().map(|device| device.user.clone()) else { return Ok(Vec::new()) };
        let now = self.providers.clock.now();
        let badge = self.stored(self.providers.storage.totals(&user, now).await)?.unread;
        let silent = decision == Decision::Silent;
        let push = |device: Device| {
            let (user, target, note) = (device.user, device.push?, note.clone());
            Some(Push { user, device: device.device, target, note, badge, silent })
        };
        Ok(devices.into_iter().filter_map(push).collect())
    }

    /// Gives pushes to the gateway and deals with the answers; `attempts` is how often they were tried before.
    async fn give(
        &self,
        gateway: &Arc<dyn PushGateway>,
        pushes: &[Push],
        attempts: u32,
    ) -> Result<(), WireError> {
        if pushes.is_empty() {
            return Ok(());
        }
        let answers = gateway.push(pushes).await;
        let mut again = Vec::new();
        for (push, answer) in pushes.iter().zip(answers) {
            match answer {
                PushOutcome::Delivered => metrics::counter!("chat_pushes_total").increment(1),
                PushOutcome::Gone => {
                    let (device, target) = (push.device.clone(), push.target.clone());
                    self.own(&push.user, OwnChange::ForgetPush { device, target }).await?;
                }
                PushOutcome::Retry(_) if attempts + 1 >= self.config.max_push_attempts => self.bury(1),
                PushOutcome::Retry(after) => again.push(self.again(push, after, attempts + 1)),
                PushOutcome::Refused => self.bury(1),
            }
        }
        self.keep_pushes(again).await
    }

    /// Counts pushes that nobody will ever get.
    fn bury(&self, count: u64) {
        metrics::counter!("chat_push_dead_total").increment(count);
    }

    /// Whether nobody wants to hear of a message any more.
    fn is_too_old(&self, message: &Message) -> bool {
        let oldest = shifted(self.providers.clock.now(), -micros(self.config.max_push_age));
        message.ts < oldest
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
