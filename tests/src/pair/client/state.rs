//! What a client knows and waits for, as the run asks it.

use std::collections::BTreeSet;

use chat_client::protocol::{RoomId, RoomState};
use chat_client::session::{Answer, Command};
use chat_client::{ConnectionState, QueuedSend, SendState};

use super::super::link::Link;
use super::{Around, Client};

impl Client {
    pub(super) fn state(&mut self, around: &Around<'_>, room: &RoomId) -> Option<RoomState> {
        self.rooms(around).into_iter().find(|state| state.room == *room)
    }

    /// What the session knows of all rooms.
    pub(in crate::pair) fn rooms(&mut self, around: &Around<'_>) -> Vec<RoomState> {
        match self.tells(around, Command::Rooms) {
            Answer::Rooms(rooms) => rooms,
            other => panic!("asked for the rooms, answered {other:?}"),
        }
    }

    /// What the session still has to send.
    fn outbox(&mut self, around: &Around<'_>) -> Vec<QueuedSend> {
        match self.tells(around, Command::Outbox) {
            Answer::Outbox(sends) => sends,
            other => panic!("asked for the outbox, answered {other:?}"),
        }
    }

    /// Asks the session for what it knows itself.
    fn tells(&mut self, around: &Around<'_>, what: Command) -> Answer {
        let ticket = self.ticket();
        self.session.handle_command(around.now, ticket, what);
        match self.session.poll_answer() {
            Some((answered, Ok(answer))) if answered == ticket => answer,
            // Everything else was taken before.
            other => panic!("asked for what is known, answered {other:?}"),
        }
    }

    /// Nothing waits any more, neither in the session nor in its store, but for what was refused.
    ///
    /// # Errors
    /// What does.
    pub(in crate::pair) fn check_empty(&mut self, around: &Around<'_>) -> Result<(), String> {
        let waiting = self.outbox(around);
        if let Some(send) = waiting.iter().find(|send| !matches!(send.state, SendState::Wedged(_))) {
            return Err(format!("{} is still in the outbox: {:?}", send.client_msg_id, send.state));
        }
        let Some(drawer) = &self.drawer else { return Ok(()) };
        let names = waiting.into_iter().map(|send| send.client_msg_id);
        let kept = drawer.load().sends.into_iter().map(|send| send.client_msg_id);
        let (names, kept): (BTreeSet<_>, BTreeSet<_>) = (names.collect(), kept.collect());
        match names == kept {
            true => Ok(()),
            false => Err(format!("its store keeps {kept:?}, its outbox has {names:?}")),
        }
    }

    /// Whether nothing is left to be done, as far as the client knows.
    pub(in crate::pair) fn is_settled(&self) -> bool {
        self.sent.iter().all(|sent| sent.answer.is_some() && sent.ticket.is_none())
            && self.calls.is_empty()
            && self.session.state() == ConnectionState::Ready
            && self.link.as_ref().is_some_and(|link| !link.is_half_open())
    }

    /// Whether nothing is under way to it or from it.
    pub(in crate::pair) fn is_quiet(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_quiet)
            && self.drawer.as_ref().is_none_or(|drawer| drawer.due().is_none())
    }

    /// What it still waits for.
    pub(in crate::pair) fn waits_for(&self) -> String {
        let names: Vec<_> =
            self.sent.iter().filter(|sent| sent.answer.is_none()).map(|sent| &sent.name).collect();
        let quiet = self.link.as_ref().map(Link::is_quiet);
        format!("{:?}, sends {names:?}, calls {:?}, quiet {quiet:?}", self.session.state(), self.calls)
    }
}
