//! Sessions of a user, and who listens to them: from counting comes online and offline.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_protocol::event::{Presence, PresenceState};
use chat_protocol::{ErrorCode, Event, SessionId, Timestamp, UserId, WireError, encode};

use super::Hub;
use super::delivery::Deliveries;
use super::feed::Feed;
use super::link::Link;
use super::sessions::Slot;
use crate::storage::OwnChange;

/// A user as this node sees it. Exists while the user has a session here or somebody listens.
#[derive(Debug, Default)]
pub(crate) struct UserEntry {
    /// Followers of the user's own log.
    pub(super) feed: Feed,
    /// Living sessions; without a connection while their grace lasts.
    pub(super) sessions: BTreeMap<SessionId, Slot>,
    /// Connections that listen to the user's presence, by number.
    listeners: BTreeMap<u64, Arc<Link>>,
    /// A client asked to show the user as offline.
    pub(super) hidden: bool,
}

impl UserEntry {
    /// The connections of the user's sessions.
    pub(super) fn links(&self) -> Vec<Arc<Link>> {
        self.sessions.values().filter_map(|slot| slot.link.clone()).collect()
    }

    pub(super) fn is_online(&self) -> bool {
        !self.sessions.is_empty() && !self.hidden
    }

    /// The connections that listen to the user.
    pub(super) fn listeners(&self) -> Vec<Arc<Link>> {
        self.listeners.values().cloned().collect()
    }

    fn is_unused(&self) -> bool {
        self.sessions.is_empty() && self.listeners.is_empty() && self.feed.is_empty()
    }

    /// Tells all listeners; one packet for all of them.
    pub(super) fn tell(&self, user: &UserId, presence: Presence, deliveries: &mut Deliveries) {
        if self.listeners.is_empty() {
            return;
        }
        let key = (user.clone(), None);
        let frame = encode(&Event::Pres(presence));
        for listener in self.listeners.values().filter(|link| link.seated().is_none()) {
            deliveries.give_ephemeral(listener, key.clone(), frame.clone());
        }
    }
}

impl Hub {
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
        self.socket_gone(link, ties.rooms.keys());
        self.end_typing(link, &ties.typing);
        self.leave_session(link);
    }

    /// The connections of a user here.
    pub(super) fn links_of(&self, user: &UserId) -> Vec<Arc<Link>> {
        self.users.lock(user).get(user).map(UserEntry::links).unwrap_or_default()
    }

    /// Whether some session of the user lives here.
    pub(super) fn is_online(&self, user: &UserId) -> bool {
        self.users.lock(user).get(user).is_some_and(UserEntry::is_online)
    }

    /// Lets a connection listen to a user; says whether the user is online.
    pub(super) fn listen(&self, link: &Arc<Link>, user: &UserId) -> Result<bool, WireError> {
        let mut ties = link.ties();
        if ties.ended {
            return Err(ErrorCode::ShuttingDown.into());
        }
        if ties.listened.len() >= self.config.max_listened && !ties.listened.contains(user) {
            let detail = format!("a session listens to at most {} users", self.config.max_listened);
            return Err(WireError::new(ErrorCode::LimitReached, detail));
        }
        ties.listened.insert(user.clone());
        let mut shard = self.users.lock(user);
        let entry = shard.entry(user.clone()).or_default();
        entry.listeners.insert(link.number, link.clone());
        Ok(entry.is_online())
    }

    /// Notes when a user's last session ended; stored soon, together with what others did.
    pub(super) fn note_seen(&self, user: &UserId, at: Timestamp) {
        self.own_soon(user, OwnChange::Seen { at });
    }

    /// Ends listening.
    pub(super) fn unlisten(&self, link: &Link, user: &UserId) {
        link.ties().listened.remove(user);
        self.change_user(user, |entry| _ = entry.listeners.remove(&link.number));
    }

    /// Ends all listening of `watcher` to `user`: one of them blocks the other.
    pub(super) fn stop_watching(&self, watcher: &UserId, user: &UserId) {
        let links = self.links_of(watcher);
        for link in links {
            self.unlisten(&link, user);
        }
    }

    /// Changes a user's entry, if there is one, and drops it when nothing needs it any more.
    pub(super) fn change_user(&self, user: &UserId, change: impl FnOnce(&mut UserEntry)) {
        let mut shard = self.users.lock(user);
        if let Some(entry) = shard.get_mut(user) {
            change(entry);
            if entry.is_unused() {
                shard.remove(user);
            }
        }
    }

    pub(super) fn presence(&self, state: PresenceState) -> Presence {
        Presence { state, ts: self.providers.clock.now() }
    }
}
