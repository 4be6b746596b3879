//! Messages on their way: what they are given as, what the server says of them, and who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::reply::SendData;
use chat_protocol::{Action, ClientMsgId, Message, Offset, Reply, ReplyError, RoomId, Timestamp};

use super::Session;
use super::command::{Answer, Command, Outgoing, Ticket};
use super::outbox::{self, News, Order, Times};
use crate::store::StoredSend;
use crate::{ClientEvent, Error, SendState, SendUpdate};

/// Messages that are stored and whose echo has not come, per room.
pub(super) type Acked = BTreeMap<RoomId, BTreeMap<Offset, (ClientMsgId, SendData)>>;

impl Session {
    /// Takes over what an earlier run has left.
    pub(super) fn restore(&mut self, now: Duration, sends: Vec<StoredSend>) {
        for send in sends {
            let expires = send.expires_at.map(|at| {
                // Never more than it had: the clock on the wall may have been set back since.
                let whole = at.as_micros().saturating_sub(send.created_at.as_micros());
                let left = at.as_micros().saturating_sub(self.wall(now).as_micros()).min(whole);
                (now.saturating_add(Duration::from_micros(u64::try_from(left).unwrap_or(0))), at)
            });
            let times = Times { created_at: send.created_at, expires };
            self.outbox.restore(send, times);
        }
    }

    pub(super) fn push_send(&mut self, now: Duration, ticket: Ticket, send: Outgoing) -> Result<(), Error> {
        self.check(&send.content)?;
        self.sent_in(&(send.room.clone(), send.thread));
        // An age beyond all clocks is none.
        let expires = send.max_age.and_then(|age| now.checked_add(age)).map(|at| (at, self.wall(at)));
        let times = Times { created_at: self.wall(now), expires };
        self.outbox.push(ticket, send, times)
    }

    pub(super) fn check(&self, content: &chat_protocol::Content) -> Result<(), Error> {
        let max = usize::try_from(self.limits().max_content).unwrap_or(usize::MAX);
        Ok(content.check(max)?)
    }

    /// What an application does with a message that waits.
    pub(super) fn tend(&mut self, ticket: Ticket, command: Command) -> Result<Option<Answer>, Error> {
        let find = |session: &Self, room: &RoomId, name: &ClientMsgId| {
            session.outbox.find(room, name).ok_or(Error::NotQueued)
        };
        match command {
            Command::Edit { room, client_msg_id, content } => {
                self.check(&content)?;
                let order = find(self, &room, &client_msg_id)?;
                self.outbox.edit(order, content)?;
            }
            Command::Cancel { room, client_msg_id } => {
                let order = find(self, &room, &client_msg_id)?;
                self.outbox.cancel(order)?;
            }
            Command::Retry { room, client_msg_id } => {
                let order = find(self, &room, &client_msg_id)?;
                return self.outbox.retry(order, ticket).map(|()| None);
            }
            _ => {}
        }
        Ok(Some(Answer::Done))
    }

    /// One's own message in the log is as good as an ack, even behind a gap: stored is stored.
    pub(super) fn on_echo(&mut self, message: &Message) {
        let Some(name) = &message.client_msg_id else { return };
        let Some(order) = self.outbox.find(&message.room, name) else { return };
        let data = SendData { seq: message.seq, offset: message.offset, duplicate: false, ts: message.ts };
        self.stored(order, &message.room, name, data);
    }

    pub(super) fn on_ack(&mut self, now: Duration, order: Order, reply: &Reply, error: Option<ReplyError>) {
        let Some((room, name)) = self.outbox.name(order) else { return };
        let Some(error) = error else {
            return match reply.parse::<SendData>() {
                Ok(data) => self.stored(order, &room, &name, data),
                Err(error) => self.outbox.wedge(order, Error::Answer(format!("send: {error}"))),
            };
        };
        if error.action == Action::Retry {
            return self.put_back(now, order, &error);
        }
        self.outbox.wedge(order, error.into());
    }

    /// A send goes again after a wait, or is given up.
    pub(super) fn put_back(&mut self, now: Duration, order: Order, error: &ReplyError) {
        let refusals = self.outbox.refusals(order);
        let wait = self.config.backoff.delay(refusals, self.jitter.draw(), outbox::hint(error));
        self.outbox.delay(order, now + wait, error);
    }

    /// The server has it. It is settled when the room's log has told it, or tells this client nothing.
    fn stored(&mut self, order: Order, room: &RoomId, name: &ClientMsgId, data: SendData) {
        if self.positions.of(room).is_none_or(|(_, at)| *at >= data.offset) {
            return self.outbox.end(order, SendState::Settled(data));
        }
        self.acked.entry(room.clone()).or_default().insert(data.offset, (name.clone(), data));
        self.outbox.end(order, SendState::Acked(data));
    }

    /// The room's log has gone on: what it has told is settled. `all`: it begins anew, or tells nothing more.
    pub(super) fn settle(&mut self, room: &RoomId, all: bool) {
        let Some(acked) = self.acked.get_mut(room) else { return };
        let at = self.positions.of(room).map(|(_, at)| *at).filter(|_| !all);
        let waiting = at.map(|at| acked.split_off(&at.next())).unwrap_or_default();
        let settled = std::mem::replace(acked, waiting);
        if acked.is_empty() {
            self.acked.remove(room);
        }
        for (client_msg_id, data) in settled.into_values() {
            let state = SendState::Settled(data);
            self.events.push_back(ClientEvent::Outbox(SendUpdate {
                room: room.clone(),
                client_msg_id,
                state,
            }));
        }
    }

    /// Tells what has become of messages: the application, whoever waits, and the store.
    pub(super) fn tell_outbox(&mut self) {
        while let Some(News { order, room, client_msg_id, state, keep, callers }) = self.outbox.poll_news() {
            self.journal.keep(order, keep);
            let answer = match &state {
                SendState::Acked(data) | SendState::Settled(data) => Ok(Answer::Sent(*data)),
                SendState::Wedged(error) => Err(error.clone()),
                SendState::Expired => Err(Error::Expired),
                SendState::Queued | SendState::InFlight | SendState::Cancelled => Err(Error::Cancelled),
            };
            self.answers.extend(callers.into_iter().map(|ticket| (ticket, answer.clone())));
            self.events.push_back(ClientEvent::Outbox(SendUpdate { room, client_msg_id, state }));
        }
    }

    /// The time on the wall.
    fn wall(&self, now: Duration) -> Timestamp {
        let passed = i64::try_from(now.saturating_sub(self.began).as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.config.began_at.as_micros().saturating_add(passed))
    }
}
