//! Whose presence is watched: by how many, and what is known of it. One `listen` does for all watchers of a user.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::event::PresenceState;
use chat_protocol::reply::ListenData;
use chat_protocol::{Timestamp, UserId};

use super::command::{Answer, Ticket};
use super::requests::Ask;
use super::state::Phase;
use super::{Session, request_id};
use crate::{ClientEvent, Error};

/// Who watches: it does for as long as somebody holds the strong half.
///
/// That way a watcher that is dropped where nothing can be told is noticed all the same, by whatever comes next.
pub(crate) type Watcher = Weak<()>;

/// The users who are watched.
#[derive(Debug, Default)]
pub(super) struct Watching(BTreeMap<UserId, Watched>);

#[derive(Debug, Default)]
struct Watched {
    by: Vec<Watcher>,
    /// Whether the user is online, and when it last was; `None`: not known on this connection.
    seen: Option<(bool, Option<Timestamp>)>,
}

impl Watching {
    pub(super) fn is_watched(&self, user: &UserId) -> bool {
        self.0.contains_key(user)
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &UserId> {
        self.0.keys()
    }

    /// Without a connection nobody knows who is there.
    pub(super) fn cut(&mut self) {
        self.0.retain(|_, watched| watched.prune());
        for watched in self.0.values_mut() {
            watched.seen = None;
        }
    }

    /// Takes in an event.
    pub(super) fn hear(&mut self, state: &PresenceState) {
        let (user, seen) = match state {
            PresenceState::Online { from } => (from, (true, None)),
            PresenceState::Offline { from, last_seen } => (from, (false, *last_seen)),
            _ => return,
        };
        if let Some(watched) = self.0.get_mut(user) {
            watched.seen = Some(seen);
        }
    }
}

impl Watched {
    /// Forgets watchers that are gone; whether any is left.
    fn prune(&mut self) -> bool {
        self.by.retain(|watcher| watcher.strong_count() > 0);
        !self.by.is_empty()
    }
}

impl Session {
    /// Somebody watches a user. The state comes as an event: in the one order of all events, it cannot be taken for a later
    /// one than it is.
    pub(super) fn watch(
        &mut self,
        now: Duration,
        ticket: Ticket,
        user: UserId,
        watcher: Watcher,
    ) -> Result<Option<Answer>, Error> {
        let watched = self.watching.0.entry(user.clone()).or_default();
        watched.prune();
        if !watched.by.iter().any(|other| other.ptr_eq(&watcher)) {
            watched.by.push(watcher);
        }
        if let Some(seen) = watched.seen {
            self.tell_watched(user, seen);
            return Ok(Some(Answer::Done));
        }
        let deadline = now.saturating_add(self.config.request_timeout);
        self.requests.push(ticket, Ask::Watch(user), deadline).map(|()| None)
    }

    /// Somebody watches a user no longer.
    pub(super) fn unwatch(&mut self, user: UserId) {
        if self.watching.0.get_mut(&user).is_none_or(Watched::prune) {
            return;
        }
        self.watching.0.remove(&user);
        // The next connection does not listen by itself.
        if matches!(self.phase, Phase::Ready { .. }) {
            self.end_listening(user);
        }
    }

    /// The server said whether a user is there.
    pub(super) fn on_watched(&mut self, data: ListenData) {
        let ListenData { user, online, last_seen } = data;
        let seen = (online, last_seen);
        match self.watching.0.get_mut(&user) {
            Some(watched) => {
                watched.seen = Some(seen);
                self.tell_watched(user, seen);
            }
            None => self.end_listening(user),
        }
    }

    /// The server no longer tells whether a user is there: to those who watch it is not.
    pub(super) fn on_unwatchable(&mut self, user: UserId) {
        self.listened.remove(&user);
        if self.watching.is_watched(&user) {
            self.tell_watched(user, (false, None));
        }
    }

    /// The user blocks somebody, and the server tells nothing of them from now on.
    pub(super) fn blocked(&mut self, user: &UserId) {
        self.listened.remove(user);
        let watched = self.watching.0.get_mut(user);
        if watched.and_then(|watched| watched.seen.take()).is_some() {
            self.tell_watched(user.clone(), (false, None));
        }
    }

    /// The user blocks somebody no longer.
    pub(super) fn unblocked(&mut self, user: &UserId) {
        let unseen = self.watching.0.get(user).is_some_and(|watched| watched.seen.is_none());
        if unseen && matches!(self.phase, Phase::Ready { .. }) && !self.requests.listening(user) {
            self.requests.push_own(Ask::Watch(user.clone()));
        }
    }

    fn end_listening(&mut self, user: UserId) {
        if !self.listened.contains(&user) {
            let unlisten = wire::Unlisten { id: request_id(0), user };
            self.requests.push_own(Ask::Wire(Box::new(unlisten.into())));
        }
    }

    fn tell_watched(&mut self, user: UserId, (online, last_seen): (bool, Option<Timestamp>)) {
        self.events.push_back(ClientEvent::Online { user, online, last_seen });
    }
}
