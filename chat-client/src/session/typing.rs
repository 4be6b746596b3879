//! Who is writing: the user, told to the server no more often than needed and stopped by itself, and others, until their time
//! ends.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::event::{Presence, PresenceState};
use chat_protocol::{Command as Wire, Message, RoomId, Seq, UserId};

use super::state::{Phase, Timer};
use super::{Session, text};
use crate::ClientEvent;

/// After this time without another call the user has stopped: a little less than a notice holds, so that a pause for thought does
/// not flicker.
const IDLE: Duration = Duration::from_secs(5);

/// Writers remembered per room. More are not shown by name anywhere.
const MAX_WRITERS: usize = 50;

/// Longest time for which a notice is believed, whatever it says.
const MAX_TTL: Duration = Duration::from_secs(60);

/// A room, and the thread in it.
type Line = (RoomId, Option<Seq>);

#[derive(Debug, Default)]
pub(super) struct Typing {
    own: BTreeMap<Line, Own>,
    others: BTreeMap<Line, BTreeMap<UserId, Duration>>,
}

#[derive(Debug)]
struct Own {
    told: Duration,
    stops: Duration,
}

impl Session {
    /// The user is writing, or stopped. Without a connection nobody is told.
    pub(super) fn tell_typing(&mut self, now: Duration, line: Line, stop: bool) {
        if !matches!(self.phase, Phase::Ready { .. }) {
            return;
        }
        let every = Duration::from_millis(self.limits().typing_ttl_ms / 2);
        if stop {
            if self.typing.own.remove(&line).is_some() {
                self.say_typing(line, true);
            }
        } else if let Some(own) = self.typing.own.get_mut(&line).filter(|own| now < own.told + every) {
            own.stops = now + IDLE;
        } else {
            self.typing.own.insert(line.clone(), Own { told: now, stops: now + IDLE });
            self.say_typing(line, false);
        }
        self.wait_for_typing();
    }

    fn say_typing(&mut self, (room, thread): Line, stop: bool) {
        self.push_frame(text(&Wire::Typing(wire::Typing { id: None, room, stop, thread })));
    }

    /// The user's message says by itself that the writing is over.
    pub(super) fn sent_in(&mut self, line: &Line) {
        self.typing.own.remove(line);
        self.wait_for_typing();
    }

    pub(super) fn on_presence(&mut self, now: Duration, presence: Presence) {
        match presence.state {
            PresenceState::Typing { from, room, thread, ttl_ms } => {
                if self.user_id() != Some(&from) {
                    let until = now + Duration::from_millis(ttl_ms).min(MAX_TTL);
                    self.writes((room, thread), from, until);
                }
            }
            PresenceState::StopTyping { from, room, thread } => self.stopped(&(room, thread), &from),
            _ => {
                self.watching.hear(&presence.state);
                self.events.push_back(ClientEvent::Presence(presence));
            }
        }
        self.wait_for_typing();
    }

    /// Whoever wrote a message has stopped writing it.
    pub(super) fn wrote(&mut self, message: &Message) {
        self.stopped(&(message.room.clone(), message.thread), &message.from);
        self.wait_for_typing();
    }

    fn writes(&mut self, line: Line, user: UserId, until: Duration) {
        if self.rooms.get(&line.0).is_none() {
            return;
        }
        let writers = self.typing.others.entry(line.clone()).or_default();
        if writers.len() < MAX_WRITERS || writers.contains_key(&user) {
            let news = writers.insert(user, until).is_none();
            self.tell_writers(&line, news);
        }
    }

    fn stopped(&mut self, line: &Line, user: &UserId) {
        let writers = self.typing.others.get_mut(line);
        let news = writers.is_some_and(|writers| writers.remove(user).is_some());
        self.tell_writers(line, news);
    }

    fn tell_writers(&mut self, line: &Line, news: bool) {
        let users: Vec<UserId> =
            self.typing.others.get(line).into_iter().flat_map(|writers| writers.keys().cloned()).collect();
        if users.is_empty() {
            self.typing.others.remove(line);
        }
        if news {
            let (room, thread) = line.clone();
            self.events.push_back(ClientEvent::Typing { room, thread, users });
        }
    }

    /// Nobody is heard any more: without a connection, or in a room that is not the user's.
    pub(super) fn forget_writers(&mut self, of: Option<&RoomId>) {
        let concerned = |line: &Line| of.is_none_or(|room| line.0 == *room);
        self.typing.own.retain(|line, _| !concerned(line));
        let lines: Vec<Line> = self.typing.others.keys().filter(|line| concerned(line)).cloned().collect();
        for line in lines {
            self.typing.others.remove(&line);
            self.tell_writers(&line, true);
        }
        self.wait_for_typing();
    }

    pub(super) fn typing_over(&mut self, now: Duration) {
        let over: Vec<Line> = self
            .typing
            .own
            .iter()
            .filter(|(_, own)| own.stops <= now)
            .map(|(line, _)| line.clone())
            .collect();
        for line in over {
            self.tell_typing(now, line, true);
        }
        let lines: Vec<Line> = self.typing.others.keys().cloned().collect();
        for line in lines {
            let Some(writers) = self.typing.others.get_mut(&line) else { continue };
            let before = writers.len();
            writers.retain(|_, until| *until > now);
            let news = writers.len() < before;
            self.tell_writers(&line, news);
        }
        self.wait_for_typing();
    }

    fn wait_for_typing(&mut self) {
        let own = self.typing.own.values().map(|own| own.stops);
        let others = self.typing.others.values().flat_map(|writers| writers.values().copied());
        let next = own.chain(others).min();
        self.timers.put(Timer::Typing, next);
    }
}
