//! What the server says: events into positions and rooms, answers to whoever asked.

use std::time::Duration;

use chat_protocol::event::{Resumed, SystemKind, UserChange, UserChanged};
use chat_protocol::reply::{ListenData, RoomData, SendData};
use chat_protocol::{
    Action, Arrival, ErrorCode, Event, HistoryPage, Message, Offset, Outline, Reply, ReplyError, RoomId, Seq,
    UserOffset,
};

use super::backoff::Loss;
use super::command::Answer;
use super::outbox::{self, Later, Order};
use super::position::Take;
use super::requests::{Ask, Key, Request};
use super::state::Phase;
use super::{Session, Ticket};
use crate::{ClientEvent, Error, Recovery};

impl Session {
    pub(super) fn on_event(&mut self, now: Duration, event: Event) {
        match event {
            Event::Reply(reply) => self.on_reply(now, reply),
            Event::Message(message) => self.on_message(message),
            // The application is not told of these, but the log goes on with them.
            Event::Edited(edited) => {
                self.next_in(&edited.room, edited.offset);
            }
            Event::Deleted(deleted) => {
                self.next_in(&deleted.room, deleted.offset);
            }
            Event::Reaction(reaction) => {
                self.next_in(&reaction.room, reaction.offset);
            }
            Event::Member(change) => {
                if self.next_in(&change.room, change.offset) {
                    let me = self.account.as_ref().map(|account| &account.user);
                    self.rooms.member(&change, me);
                    self.events.push_back(ClientEvent::Member(change));
                }
            }
            Event::Room(change) => {
                if self.next_in(&change.room, change.offset) {
                    self.rooms.room(&change);
                    self.events.push_back(ClientEvent::Room(change));
                }
            }
            Event::User(change) => self.on_user(now, change),
            Event::Reads(reads) => self.events.push_back(ClientEvent::Reads(reads)),
            Event::Pres(presence) => self.events.push_back(ClientEvent::Presence(presence)),
            Event::Resumed(resumed) => self.on_resumed(now, &resumed),
            Event::System(system) => match system.what.known() {
                Some(SystemKind::Draining) => self.events.push_back(ClientEvent::Draining),
                Some(SystemKind::LeftOut) => self.events.push_back(ClientEvent::LeftOut(system.rooms)),
                Some(SystemKind::Limits) | None => {}
            },
            Event::Pong(_) => {}
            other => tracing::debug!(kind = other.kind(), "a packet that this client has no use for"),
        }
    }

    /// A packet of an unknown kind, or one that cannot be read. If it is an entry of a log, the log goes on with it: it
    /// would read no better when it came again.
    pub(super) fn on_unread(&mut self, now: Duration, text: &str) {
        match entry(text) {
            Some(Entry::OfUser(offset)) => {
                self.next_in_user(now, offset);
            }
            Some(Entry::OfRoom(room, offset)) => {
                self.next_in(&room, offset);
            }
            None => {}
        }
    }

    /// Whether an event of a room's log is the next one, and therefore taken in. Asks for what is missing otherwise.
    fn next_in(&mut self, room: &RoomId, offset: Offset) -> bool {
        match self.positions.take(room, offset) {
            Take::Apply => true,
            Take::Drop => false,
            Take::Fetch => {
                tracing::debug!(%room, %offset, "a gap");
                self.requests.push_own(Ask::Follow(room.clone()));
                false
            }
        }
    }

    fn on_message(&mut self, message: Message) {
        let me = self.account.as_ref().map(|account| account.user.clone());
        if me.as_ref() == Some(&message.from) {
            self.on_echo(&message);
        }
        if self.next_in(&message.room, message.offset) {
            self.rooms.message(&message, me.as_ref());
            self.events.push_back(ClientEvent::Message(message));
        }
    }

    /// One's own message in the log is as good as an ack, even behind a gap: stored is stored.
    fn on_echo(&mut self, message: &Message) {
        let Some(name) = &message.client_msg_id else { return };
        let Some(order) = self.outbox.find(&message.room, name) else { return };
        let data = SendData { seq: message.seq, offset: message.offset, duplicate: false, ts: message.ts };
        self.settle(order, &Ok(Answer::Sent(data)));
    }

    fn settle(&mut self, order: Order, answer: &Result<Answer, Error>) {
        let tickets = self.outbox.take(order);
        self.answers.extend(tickets.into_iter().map(|ticket| (ticket, answer.clone())));
    }

    /// As [`next_in`](Self::next_in), for the user log.
    fn next_in_user(&mut self, now: Duration, offset: UserOffset) -> bool {
        let arrival = self.positions.take_user(offset);
        // The user log has no follow of its own: the resume of a new connection fills it. Before the log has said
        // where it stands there is nothing to miss.
        if arrival == Arrival::Hole && matches!(self.phase, Phase::Ready { .. }) {
            self.drop_link(now, Loss::Violation("a gap in the user log"));
        }
        arrival == Arrival::Next
    }

    fn on_user(&mut self, now: Duration, change: UserChanged) {
        if !self.next_in_user(now, change.user_offset) {
            return;
        }
        match change.change {
            UserChange::RoomJoined { room } => self.events.push_back(ClientEvent::RoomJoined(room)),
            UserChange::RoomLeft { room } => {
                self.positions.forget(&room);
                self.rooms.forget(&room);
                self.events.push_back(ClientEvent::RoomLeft(room));
            }
            UserChange::Read { room, read, thread: None } => self.read(&room, read),
            other => tracing::debug!(?other, "a change that this client has no use for"),
        }
    }

    /// Moves the own read pointer, if that is news.
    pub(super) fn read(&mut self, room: &RoomId, seq: Seq) {
        let before = self.rooms.get(room).map(|state| state.read);
        self.rooms.read(room, seq);
        let after = self.rooms.get(room).map(|state| state.read);
        if let (true, Some(seq)) = (before != after, after) {
            self.events.push_back(ClientEvent::Read { room: room.clone(), seq });
        }
    }

    fn on_resumed(&mut self, now: Duration, resumed: &Resumed) {
        let recovery = match &resumed.room {
            Some(room) => self.positions.room_resumed(room, resumed),
            None => self.positions.user_resumed(resumed),
        };
        let Ok(recovery) = recovery else {
            return self.drop_link(now, Loss::Violation("resumed with a gap"));
        };
        if let Some(room) = &resumed.room {
            match (&recovery, &resumed.state) {
                (Recovery::Gone, _) => {
                    self.rooms.forget(room);
                }
                (_, Some(state)) => self.rooms.replace((**state).clone()),
                (_, None) => {}
            }
        }
        let (room, pointers) = (resumed.room.clone(), resumed.pointers.clone());
        let user_log = room.is_none();
        self.events.push_back(ClientEvent::Resumed { room, recovery, pointers });
        if user_log {
            self.user_log_spoke(now);
        }
    }

    /// The user log comes last after an `auth` that follows all; after a `resume` its reply does.
    fn user_log_spoke(&mut self, now: Duration) {
        match &mut self.phase {
            Phase::Authenticating { synced } => *synced = true,
            Phase::Resuming if self.awaiting.is_empty() => self.ready(now),
            _ => {}
        }
    }

    pub(super) fn on_ack(&mut self, now: Duration, order: Order, reply: &Reply, error: Option<ReplyError>) {
        let Some(error) = error else {
            let data = reply.parse::<SendData>();
            let answer = data.map(Answer::Sent).map_err(|error| Error::Answer(format!("send: {error}")));
            return self.settle(order, &answer);
        };
        if error.action != Action::Retry {
            return self.settle(order, &Err(error.into()));
        }
        self.put_back(now, order, error);
    }

    /// A send goes again after a wait, or is given up.
    pub(super) fn put_back(&mut self, now: Duration, order: Order, error: ReplyError) {
        let refusals = self.outbox.refusals(order);
        let wait = self.config.backoff.delay(refusals, self.jitter.draw(), outbox::hint(&error));
        if let Later::GivenUp(tickets) = self.outbox.delay(order, now + wait) {
            let error = Error::from(error);
            self.answers.extend(tickets.into_iter().map(|ticket| (ticket, Err(error.clone()))));
        }
    }

    pub(super) fn on_answer(&mut self, now: Duration, key: Key, reply: &Reply, error: Option<ReplyError>) {
        if let Some(error) = error.as_ref().filter(|error| error.action == Action::Retry) {
            let refusals = self.requests.refusals(key);
            let wait = self.config.backoff.delay(refusals, self.jitter.draw(), outbox::hint(error));
            return self.requests.delay(key, now + wait);
        }
        // Absent: its deadline has passed.
        let Some(request) = self.requests.take(key) else { return };
        let ticket = request.ticket;
        let answer = match error {
            None => self.on_success(request, reply),
            Some(error) => self.on_refusal(request, error),
        };
        self.answers.extend(ticket.map(|ticket: Ticket| (ticket, answer)));
    }

    fn on_success(&mut self, request: Request, reply: &Reply) -> Result<Answer, Error> {
        let unread = |error| Error::Answer(format!("{error}"));
        match request.ask {
            Ask::Create(_) | Ask::Join(_) => {
                let data: RoomData = reply.parse().map_err(unread)?;
                self.begin(&data);
                Ok(Answer::Room(Box::new(data)))
            }
            Ask::History { .. } => reply.parse::<HistoryPage>().map(Answer::Page).map_err(unread),
            Ask::Listen(user) => {
                let data: ListenData = reply.parse().map_err(unread)?;
                self.listened.insert(user.clone());
                if request.ticket.is_none() {
                    self.events.push_back(ClientEvent::Online { user, online: data.online });
                }
                Ok(Answer::Online(data.online))
            }
            Ask::Read { room, seq, then } => {
                if then > seq {
                    self.requests.mark_read(&room, then);
                }
                Ok(Answer::Done)
            }
            Ask::Unlisten(user) => {
                // Again, for a listen that was answered while this was on its way.
                self.listened.remove(&user);
                Ok(Answer::Done)
            }
            Ask::Leave(_) | Ask::Follow(_) => Ok(Answer::Done),
        }
    }

    /// The reply to `join` and `create` says where the room begins, should its `resumed` come later or never.
    fn begin(&mut self, data: &RoomData) {
        let Some(epoch) = self.positions.epoch().cloned() else { return };
        if self.positions.begin(&data.room.room, &epoch, data.room.offset) {
            self.rooms.replace(data.room.clone());
        }
    }

    fn on_refusal(&mut self, request: Request, error: ReplyError) -> Result<Answer, Error> {
        let forbidden = error.code.known() == Some(ErrorCode::Forbidden);
        match request.ask {
            // The first leave took the membership away, only its answer was lost.
            Ask::Leave(_) if forbidden && request.repeated => return Ok(Answer::Done),
            Ask::Listen(user) => {
                self.listened.remove(&user);
            }
            Ask::Follow(room) if forbidden => {
                self.positions.forget(&room);
                if self.rooms.forget(&room) {
                    let room = Some(room);
                    let (recovery, pointers) = (Recovery::Gone, Default::default());
                    self.events.push_back(ClientEvent::Resumed { room, recovery, pointers });
                }
            }
            Ask::Follow(room) => self.positions.fetch_failed(&room),
            _ => {}
        }
        Err(error.into())
    }
}

/// Which entry of a log a packet is.
enum Entry {
    OfUser(UserOffset),
    OfRoom(RoomId, Offset),
}

/// Whatever has `user_offset` is an entry of the user log, whatever else has `room` and `offset` one of that room's log:
/// all but `resumed`, which says where a log stands.
fn entry(text: &str) -> Option<Entry> {
    let Outline { kind, room, offset, user_offset, .. } = Outline::read(text.as_bytes())?;
    match (user_offset, room, offset) {
        _ if kind == "resumed" => None,
        (Some(offset), ..) => Some(Entry::OfUser(offset)),
        (None, Some(room), Some(offset)) => Some(Entry::OfRoom(RoomId::new(room.into_owned()).ok()?, offset)),
        _ => None,
    }
}
