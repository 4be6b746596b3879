//! Pushes: whoever does not look at a session is told of messages through its devices.
//!
//! A worker reads the feed of all that was stored and expands each message to its recipients page by page (`stream.rs`), and
//! asks [`decide`] about each. No message costs a row for that: what a crash interrupts is read again, and a push that comes
//! twice has the same name. Only what is held, or was not taken, is a job (`held.rs`).

mod held;
pub(super) mod posts;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{ErrorCode, Message, RoomId, RoomKind, Seq, Timestamp, UserId, WireError};
use tokio::sync::OnceCell;

use super::Hub;
use super::worker::{micros, shifted};
use crate::push::{Author, Decision, Facts, Line, Push, PushGateway, PushNote, PushOutcome, decide};
use crate::storage::{Device, OwnChange, RoomView, StorageError, StoredMessage};

use held::Held;
pub(super) use held::HeldPushes;
pub(super) use stream::Pushing;

/// How long it is waited before what waits is stored again, where that failed; each time twice as long.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// A message while people are told of it, and what all of them are told with.
struct Telling {
    stored: StoredMessage,
    note: OnceCell<Arc<PushNote>>,
}

impl Telling {
    fn of(stored: StoredMessage) -> Self {
        Self { stored, note: OnceCell::new() }
    }
}

/// Pushes that are to be given, each with how often it was tried before.
type Ready = Vec<(Push, u32)>;

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

    /// What one recipient is told of a message that was stored just now.
    async fn decide_new(
        &self,
        telling: &Telling,
        user: &UserId,
        devices: &[Device],
    ) -> Result<Told, WireError> {
        match self.view_of(user, &telling.stored.message.room).await? {
            Some(view) => self.decide_push(telling, user, &view, devices, false).await,
            None => Ok(Told::Nothing),
        }
    }

    /// A room as a user sees it; `None`: it is no member any more.
    async fn view_of(&self, user: &UserId, room: &RoomId) -> Result<Option<RoomView>, WireError> {
        let views = self.stored(self.providers.storage.views(user, std::slice::from_ref(room)).await)?;
        Ok(views.into_iter().flatten().next())
    }

    /// What one recipient is told, by what is true now. `held`: it was held before, and that time is over.
    async fn decide_push(
        &self,
        telling: &Telling,
        user: &UserId,
        view: &RoomView,
        devices: &[Device],
        held: bool,
    ) -> Result<Told, WireError> {
        let has_device = devices.iter().any(|device| device.push.is_some());
        let facts = self.push_facts(&telling.stored, user, view, has_device, held).await?;
        let now = self.providers.clock.now();
        Ok(match decide(&facts, now, self.config.push_hold) {
            Decision::None => Told::Nothing,
            Decision::Hold(_) => Told::Later,
            Decision::Now => Told::Now(self.pushes(telling, view, devices, false).await?),
            Decision::Silent => Told::Silent(self.pushes(telling, view, devices, true).await?),
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
            None => (Line::Main, read_up_to(view)),
            Some(root) => self.in_thread(message, root, user, view.joined_seq).await?,
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

    /// Whose the thread of a message is, and how far the user has read in it: who joined at `joined` stands there in every
    /// thread, and has part in none by that.
    async fn in_thread(
        &self,
        message: &Message,
        root: Seq,
        user: &UserId,
        joined: Seq,
    ) -> Result<(Line, Seq), WireError> {
        let storage = &self.providers.storage;
        let thread = self.stored(storage.thread(&message.room, root, user).await)?;
        let read = thread.map_or(Seq::ZERO, |thread| thread.read);
        let own = read > joined || {
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
    async fn note(&self, telling: &Telling, view: &RoomView) -> Arc<PushNote> {
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
        telling: &Telling,
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

    /// Gives pushes to the gateway, batch after batch, and deals with the answers; what is to be tried again.
    async fn give(&self, gateway: &Arc<dyn PushGateway>, mut ready: Ready) -> Vec<Held> {
        let mut again = Vec::new();
        while !ready.is_empty() {
            let rest = ready.split_off(gateway.max_batch().max(1).min(ready.len()));
            let (pushes, attempts): (Vec<Push>, Vec<u32>) =
                std::mem::replace(&mut ready, rest).into_iter().unzip();
            let answers = gateway.push(&pushes).await;
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
        }
        again
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

    /// How long it is until something is tried again that failed so often: the time that was asked for, or a growing one,
    /// with some chance in it.
    pub(super) fn retry_in(&self, after: Option<Duration>, attempts: u32) -> Duration {
        const FIRST: Duration = Duration::from_secs(10);
        const LONGEST: Duration = Duration::from_secs(10 * 60);
        let grown = FIRST.saturating_mul(1 << attempts.min(16)).min(LONGEST);
        let wait = after.unwrap_or(grown).min(Duration::from_secs(24 * 60 * 60));
        let chance = self.providers.clock.random() % (wait.as_micros() / 2).max(1);
        wait + Duration::from_micros(u64::try_from(chance).unwrap_or(0))
    }

    /// The same, as a time.
    pub(super) fn retry_at(&self, after: Option<Duration>, attempts: u32) -> Timestamp {
        shifted(self.providers.clock.now(), micros(self.retry_in(after, attempts)))
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

/// How far a member has read in the main line, also in private.
fn read_up_to(view: &RoomView) -> Seq {
    view.state.read.max(view.state.read_private.unwrap_or_default())
}

fn author(message: &Message, user: &UserId) -> Author {
    match &message.from {
        from if from == user => Author::Oneself,
        from if from.is_system() => Author::System,
        _ => Author::Another,
    }
}

/// A body that nobody can read.
pub(super) fn unreadable(_: serde_json::Error) -> WireError {
    ErrorCode::Internal.into()
}
