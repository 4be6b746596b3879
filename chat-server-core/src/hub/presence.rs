//! Sessions of a user, and who listens to them: from counting comes online and offline.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::event::{Presence, PresenceState};
use chat_protocol::{ErrorCode, Event, SessionId, UserId, encode};

use super::Hub;
use super::delivery::Deliveries;
use super::feed::Feed;
use super::link::Link;

/// A user as this node sees it. Exists while the user has a session here or somebody listens.
#[derive(Debug, Default)]
pub(crate) struct UserEntry {
    /// Followers of the user's own log.
    pub(super) feed: Feed,
    /// Living sessions; without a connection while their grace lasts.
    sessions: BTreeMap<SessionId, Slot>,
    /// Connections that listen to the user's presence, by number.
    listeners: BTreeMap<u64, Arc<Link>>,
}

/// One session's connection, and how often it changed: an old grace must not end a new connection.
#[derive(Debug, Default)]
struct Slot {
    link: Option<Arc<Link>>,
    turn: u64,
}

impl UserEntry {
    /// The connections of the user's sessions.
    pub(super) fn links(&self) -> Vec<Arc<Link>> {
        self.sessions.values().filter_map(|slot| slot.link.clone()).collect()
    }

    fn is_online(&self) -> bool {
        !self.sessions.is_empty()
    }

    fn is_unused(&self) -> bool {
        self.sessions.is_empty() && self.listeners.is_empty() && self.feed.is_empty()
    }

    /// Tells all listeners; one packet for all of them.
    fn tell(&self, user: &UserId, presence: Presence, deliveries: &mut Deliveries) {
        if self.listeners.is_empty() {
            return;
        }
        let key = (user.clone(), None);
        let frame = encode(&Event::Pres(presence));
        for listener in self.listeners.values() {
            deliveries.give_ephemeral(listener, key.clone(), frame.clone());
        }
    }
}

impl Hub {
    /// Gives an authenticated connection its session: the wanted one if it is the user's, else a new one.
    pub(super) fn attach(&self, link: &Arc<Link>, user: &UserId, wanted: Option<SessionId>) -> SessionId {
        self.deliver(|deliveries| self.tie_session(link, user, wanted, deliveries))
    }

    fn tie_session(
        &self,
        link: &Arc<Link>,
        user: &UserId,
        wanted: Option<SessionId>,
        deliveries: &mut Deliveries,
    ) -> SessionId {
        let mut shard = self.users.lock(user);
        let entry = shard.entry(user.clone()).or_default();
        let was_online = entry.is_online();
        let session = wanted.filter(|session| entry.sessions.contains_key(session));
        let session = session.unwrap_or_else(|| self.new_session());
        let slot = entry.sessions.entry(session.clone()).or_default();
        slot.turn += 1;
        if let Some(old) = slot.link.replace(link.clone()) {
            old.outbox.close(ErrorCode::SessionReplaced);
        }
        link.authenticated(user.clone(), session.clone());
        if !was_online {
            let online = PresenceState::Online { from: user.clone() };
            entry.tell(user, self.presence(online), deliveries);
        }
        session
    }

    fn new_session(&self) -> SessionId {
        SessionId::new(format!("{:032x}", self.providers.clock.random())).expect("32 hex digits are an id")
    }

    /// Undoes everything that a connection was tied to; its session lives on for its grace.
    pub(super) fn detach(&self, link: &Arc<Link>) {
        // Whoever waits for room in the queue would wait for ever: nobody writes any more.
        link.outbox.close(ErrorCode::ShuttingDown);
        let ties = {
            let mut ties = link.ties();
            let taken = std::mem::take(&mut *ties);
            ties.ended = true;
            taken
        };
        for room in ties.rooms.keys() {
            self.forget_follower(link.number, room);
        }
        for user in &ties.listened {
            self.change_user(user, |entry| _ = entry.listeners.remove(&link.number));
        }
        let (Some(user), Some(session)) = (link.user(), link.session()) else { return };
        let mut turn = None;
        self.change_user(user, |entry| {
            entry.feed.remove(link.number);
            let slot = entry.sessions.get_mut(session);
            if let Some(slot) =
                slot.filter(|slot| slot.link.as_ref().is_some_and(|own| Arc::ptr_eq(own, link)))
            {
                slot.link = None;
                turn = Some(slot.turn);
            }
        });
        if let Some(turn) = turn {
            self.begin_grace(user.clone(), session.clone(), turn);
        }
    }

    /// Ends a session some time after its connection, unless it got another one.
    fn begin_grace(&self, user: UserId, session: SessionId, turn: u64) {
        let Some(hub) = self.this.upgrade() else { return };
        let end = async move {
            tokio::select! {
                () = tokio::time::sleep(hub.config.presence_grace) => hub.end_session(&user, &session, turn),
                // Nobody is left to be told.
                () = hub.stopped.cancelled() => {}
            }
        };
        self.tasks.spawn_on(end, &self.runtime);
    }

    fn end_session(&self, user: &UserId, session: &SessionId, turn: u64) {
        self.deliver(|deliveries| {
            self.change_user(user, |entry| {
                if entry.sessions.get(session).is_some_and(|slot| slot.turn == turn && slot.link.is_none()) {
                    entry.sessions.remove(session);
                    if !entry.is_online() {
                        let offline = PresenceState::Offline { from: user.clone(), last_seen: None };
                        entry.tell(user, self.presence(offline), deliveries);
                    }
                }
            });
        });
    }

    /// Whether some session of the user lives here.
    pub(super) fn is_online(&self, user: &UserId) -> bool {
        self.users.lock(user).get(user).is_some_and(UserEntry::is_online)
    }

    /// Lets a connection listen to a user; says whether the user is online.
    pub(super) fn listen(&self, link: &Arc<Link>, user: &UserId) -> Result<bool, chat_protocol::WireError> {
        let mut ties = link.ties();
        if ties.ended {
            return Err(ErrorCode::ShuttingDown.into());
        }
        if ties.listened.len() >= self.config.max_listened && !ties.listened.contains(user) {
            let detail = format!("a session listens to at most {} users", self.config.max_listened);
            return Err(chat_protocol::WireError::new(ErrorCode::LimitReached, detail));
        }
        ties.listened.insert(user.clone());
        let mut shard = self.users.lock(user);
        let entry = shard.entry(user.clone()).or_default();
        entry.listeners.insert(link.number, link.clone());
        Ok(entry.is_online())
    }

    /// Ends listening.
    pub(super) fn unlisten(&self, link: &Link, user: &UserId) {
        link.ties().listened.remove(user);
        self.change_user(user, |entry| _ = entry.listeners.remove(&link.number));
    }

    /// Ends all listening of `watcher` to `user`, who blocked it.
    pub(super) fn stop_watching(&self, watcher: &UserId, user: &UserId) {
        let links = self.users.lock(watcher).get(watcher).map(UserEntry::links).unwrap_or_default();
        for link in links {
            self.unlisten(&link, user);
        }
    }

    /// Changes a user's entry, if there is one, and drops it when nothing needs it any more.
    fn change_user(&self, user: &UserId, change: impl FnOnce(&mut UserEntry)) {
        let mut shard = self.users.lock(user);
        if let Some(entry) = shard.get_mut(user) {
            change(entry);
            if entry.is_unused() {
                shard.remove(user);
            }
        }
    }

    fn presence(&self, state: PresenceState) -> Presence {
        Presence { state, ts: self.providers.clock.now() }
    }
}
