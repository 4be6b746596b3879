//! Commands out, replies in: what may go when, and whose answer it is.

use std::time::Duration;

use chat_protocol::{Action, Command as Wire, Reply, WireError};

use super::backoff::Loss;
use super::command::{Answer, Command, Ticket};
use super::pointers::Pointer;
use super::requests::Ask;
use super::state::{Awaiting, Phase, Timer};
use super::{Session, request_id, text};
use crate::Error;

/// Commands in flight when the server allows more: enough to fill a connection with a round trip of 300 ms at 200
/// messages a second, and few enough to be sent again after a cut.
const MAX_IN_FLIGHT: usize = 64;

impl Session {
    /// Takes a command on. `Ok(None)`: it is answered later.
    pub(super) fn accept(
        &mut self,
        now: Duration,
        ticket: Ticket,
        command: Command,
    ) -> Result<Option<Answer>, Error> {
        if self.closing.is_some() && !matches!(command, Command::Close | Command::Rooms | Command::Room(_)) {
            return Err(Error::Closed);
        }
        let ask = match command {
            Command::Send(send) => return self.push_send(now, ticket, send).map(|()| None),
            Command::Edit { .. } | Command::Cancel { .. } | Command::Retry { .. } => {
                return self.tend(ticket, command);
            }
            Command::Outbox => return Ok(Some(Answer::Outbox(self.outbox.list()))),
            Command::Save => {
                return self.journal.wait(ticket, self.config.max_requests).map(|()| None);
            }
            Command::Token { refused } => return self.give_token(ticket, refused),
            Command::NetworkChanged => {
                self.network_changed(now);
                return Ok(Some(Answer::Done));
            }
            Command::Rooms => return Ok(Some(Answer::Rooms(self.rooms.all()))),
            Command::Room(room) => {
                return Ok(Some(Answer::Rooms(self.rooms.get(&room).cloned().into_iter().collect())));
            }
            Command::Read { room, seq, thread, private } => {
                self.point(now, room, Pointer::Read { thread, private }, seq)?;
                return Ok(Some(Answer::Done));
            }
            Command::Delivered { room, seq } => {
                self.point(now, room, Pointer::Delivered, seq)?;
                return Ok(Some(Answer::Done));
            }
            Command::Watch { user, watcher } => return self.watch(now, ticket, user, watcher),
            Command::Unwatch(user) => {
                self.unwatch(user);
                return Ok(Some(Answer::Done));
            }
            Command::Typing { room, thread, stop } => {
                self.tell_typing(now, (room, thread), stop);
                return Ok(Some(Answer::Done));
            }
            Command::Close => {
                self.tell_pointers();
                if self.closing.is_none() {
                    self.timers.set(Timer::Closing, now.saturating_add(self.config.close_timeout));
                }
                self.closing.get_or_insert_default().push(ticket);
                return Ok(None);
            }
            Command::Ask(command) => self.asked(command)?,
        };
        self.requests.push(ticket, ask, now.saturating_add(self.config.request_timeout)).map(|()| None)
    }

    /// What an application may ask. The session itself speaks of the connection, pointers and sends.
    fn asked(&mut self, command: Box<Wire>) -> Result<Ask, Error> {
        // What no server takes is not sent: among it what would not fit into a frame, which costs the connection.
        command.check().map_err(refused)?;
        match &*command {
            Wire::Send(send) if send.send_at.is_some() => self.check(&send.content)?,
            Wire::Edit(edit) => self.check(&edit.content)?,
            Wire::Away(away) => self.away = away.away,
            Wire::Auth(_)
            | Wire::Resume(_)
            | Wire::Read(_)
            | Wire::Delivered(_)
            | Wire::Typing(_)
            | Wire::Ping(_)
            | Wire::Send(_)
            | Wire::Unknown { .. } => {
                return Err(Error::Answer(format!("`{}` is not asked for", command.kind())));
            }
            // What it watches is watched again after a reconnect: forgotten now, or the listen would come back.
            Wire::Unlisten(unlisten) => {
                self.listened.remove(&unlisten.user);
            }
            // What was read before it is told before it, and what is read after it after it.
            Wire::MarkUnread(mark) => {
                self.tell_pointers();
                self.requests.point_on(&mark.room);
            }
            Wire::Follow(follow) => return Ok(Ask::Follow { room: follow.room.clone(), whole: true }),
            _ => {}
        }
        Ok(Ask::Wire(command))
    }

    /// Sends what may be sent: questions first, because they are few, then messages in their order.
    pub(super) fn pump(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Ready { .. }) {
            let window = (self.limits().max_in_flight as usize).clamp(1, MAX_IN_FLIGHT);
            while self.awaiting.len() < window && self.send_one() {}
        }
        self.tell_outbox();
        self.tell_saved();
        let due = self.requests.due().into_iter().chain(self.outbox.due()).min();
        if !matches!(self.phase, Phase::Closed(_)) {
            self.timers.put(Timer::Commands, due);
            if self.closing.is_some() && self.is_settled() {
                tracing::debug!(?now, "nothing waits any more, closing");
                self.finish(None);
            }
        }
    }

    fn is_settled(&self) -> bool {
        self.outbox.is_settled()
            && self.pointers.is_empty()
            && self.requests.is_settled()
            && self.journal.is_idle()
    }

    fn send_one(&mut self) -> bool {
        let id = self.next_id;
        let (about, command, batch) = if let Some(key) = self.requests.next() {
            (Awaiting::Ask(key), self.requests.command(key, request_id(id), &self.positions), 0)
        } else if let Some(order) = self.outbox.next() {
            // That it leaves is written down before it does.
            self.tell_outbox();
            let command = self.misname(order, self.outbox.command(order, request_id(id))).map(Wire::from);
            (Awaiting::Send(order), command, self.journal.needed())
        } else {
            return false;
        };
        let Some(command) = command else { return true };
        self.next_id += 1;
        self.awaiting.insert(id, about);
        self.frames.push_back((batch, text(&command)));
        true
    }

    /// A reply arrived.
    pub(super) fn on_reply(&mut self, now: Duration, reply: Reply) {
        let about = reply.id.as_ref().and_then(|id| id.as_str().parse().ok());
        let Some(about) = about.and_then(|id: u64| self.awaiting.remove(&id)) else {
            tracing::debug!(error = ?reply.error().map(|error| error.code), "a reply to nothing that was asked");
            return;
        };
        match (about, reply.error()) {
            // Not now: the connection goes on with its old token, and ends with it if need be.
            (Awaiting::Auth, Some(error))
                if error.action == Action::Retry && matches!(self.phase, Phase::Ready { .. }) => {}
            (Awaiting::Auth | Awaiting::Resume { .. }, Some(error)) => {
                if about != Awaiting::Auth && error.action == Action::Stop {
                    // The positions are not to the server's taste. Without them every answer is a snapshot, which
                    // is less than a replay and more than a client that never comes back.
                    self.positions.clear();
                    return self.drop_link(now, Loss::Violation("resume was refused"));
                }
                self.drop_link(now, Loss::Refused(error));
            }
            (Awaiting::Send(order), Some(error)) if error.action == Action::Reconnect => {
                // Counted as a refusal, so that no message can cost one connection after the other for ever.
                self.put_back(now, order, &error);
                self.drop_link(now, Loss::Refused(error));
            }
            (Awaiting::Ask(_) | Awaiting::Send(_), Some(error))
                if matches!(error.action, Action::Reconnect | Action::Refresh) =>
            {
                self.drop_link(now, Loss::Refused(error));
            }
            (Awaiting::Auth, None) => self.on_auth(now, &reply),
            (Awaiting::Resume { last }, None) if last => self.ready(now),
            (Awaiting::Resume { .. }, None) => {}
            (Awaiting::Ask(key), error) => self.on_answer(now, key, reply, error),
            (Awaiting::Send(order), error) => self.on_ack(now, self.misattribute(order), &reply, error),
        }
    }

    pub(super) fn release(&mut self, now: Duration) {
        self.outbox.release(now);
        for late in self.requests.release(now) {
            let error = Error::Timeout { after: self.config.request_timeout };
            self.answers.extend(late.ticket.map(|ticket| (ticket, Err(error))));
        }
    }
}

/// As the server would say it.
fn refused(error: WireError) -> Error {
    Error::Refused { action: error.code.action(), code: error.code.into(), detail: error.detail }
}
