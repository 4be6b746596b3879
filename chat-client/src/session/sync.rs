//! What the server says: events into positions and rooms, answers to whoever asked.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::event::{MemberChanged, Outcome, Resumed, SystemKind, UserChange, UserChanged};
use chat_protocol::reply::{ListenData, RoomData};
use chat_protocol::{
    Action, Arrival, Command as Wire, ErrorCode, Event, HistoryPage, Message, Offset, Open, Outline, Reply,
    ReplyError, Role, RoomId, RoomState, UserId, UserOffset,
};

use super::backoff::Loss;
use super::bug::Bug;
use super::command::Answer;
use super::outbox;
use super::pointers::Pointer;
use super::position::Take;
use super::repeated;
use super::requests::{Ask, Key, Request};
use super::state::Phase;
use super::tally::{Missing, Tally};
use super::view::Recount;
use super::{Session, Ticket};
use crate::{ClientEvent, Error, Recovery};

impl Session {
    pub(super) fn on_event(&mut self, now: Duration, event: Event) {
        match event {
            Event::Reply(reply) => self.on_reply(now, reply),
            Event::Message(message) => self.on_message(now, message),
            Event::Edited(edited) => {
                if self.next_in(&edited.room, edited.offset) {
                    self.rooms.touch(&edited.room, edited.offset, edited.ts);
                    self.events.push_back(ClientEvent::Edited(edited));
                }
            }
            Event::Deleted(deleted) => {
                if self.next_in(&deleted.room, deleted.offset) {
                    self.rooms.touch(&deleted.room, deleted.offset, deleted.ts);
                    self.events.push_back(ClientEvent::Deleted(deleted.clone()));
                    if !self.bug(Bug::CountsDeleted) {
                        self.recount(&deleted.room, |tally| tally.deleted(&deleted));
                    }
                }
            }
            Event::Reaction(reaction) => {
                if self.next_in(&reaction.room, reaction.offset) {
                    self.rooms.touch(&reaction.room, reaction.offset, reaction.ts);
                    self.events.push_back(ClientEvent::Reaction(reaction));
                }
            }
            Event::Member(change) => {
                if self.next_in(&change.room, change.offset) {
                    let me = self.account.as_ref().map(|account| &account.user);
                    self.rooms.member(&change, me);
                    self.saw_owner(&change);
                    self.events.push_back(ClientEvent::Member(change));
                }
            }
            Event::Room(change) => {
                if self.next_in(&change.room, change.offset) {
                    if self.rooms.room(&change) && !self.requests.renewing(&change.room) {
                        self.requests.push_own(Ask::Follow { room: change.room.clone(), whole: true });
                    }
                    self.recount(&change.room.clone(), |_| {});
                    self.events.push_back(ClientEvent::Room(change));
                }
            }
            Event::User(change) => self.on_user(now, change),
            Event::Reads(reads) => self.events.push_back(ClientEvent::Reads(reads)),
            Event::Pres(presence) => self.on_presence(now, presence),
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
            Take::Apply => {
                self.settle(room, false);
                true
            }
            Take::Drop => self.bug(Bug::AppliesRepeats),
            Take::Fetch if self.bug(Bug::TakesHoleAsNext) => self.positions.jump(room, offset),
            Take::Fetch => {
                tracing::debug!(%room, %offset, "a gap");
                self.requests.push_own(Ask::Follow { room: room.clone(), whole: false });
                false
            }
        }
    }

    fn on_message(&mut self, now: Duration, message: Message) {
        let next = self.next_in(&message.room, message.offset);
        let mine = self.user_id() == Some(&message.from);
        if mine {
            self.on_echo(&message);
        }
        if next {
            self.rooms.message(&message);
            self.wrote(&message);
            self.events.push_back(ClientEvent::Message(message.clone()));
            let from = if self.bug(Bug::CountsOwn) { UserId::system() } else { message.from.clone() };
            let message = Message { from, ..message };
            self.recount(&message.room, |tally| tally.message(&message));
            if !mine {
                self.arrived(now, &message.room, message.seq);
            }
        }
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
        match &change.change {
            UserChange::RoomJoined { room } => {
                self.positions.expect(room);
                return self.events.push_back(ClientEvent::RoomJoined(room.clone()));
            }
            UserChange::RoomLeft { room } => {
                self.forget(room);
                return self.events.push_back(ClientEvent::RoomLeft(room.clone()));
            }
            UserChange::Read { room, read, thread: None } => {
                self.recount(room, |tally| tally.read(*read));
            }
            UserChange::ReadPrivate { room, read, thread: None } => {
                self.recount(room, |tally| tally.read_private(*read));
            }
            UserChange::MarkedUnread { room, unread_from } => {
                self.recount(room, |tally| tally.mark_unread(*unread_from));
            }
            UserChange::Hidden { room, seq, .. } => self.recount(room, |tally| tally.hidden(*seq)),
            UserChange::Blocked { user } => self.blocked(user),
            UserChange::Unblocked { user } => self.unblocked(user),
            UserChange::Cancelled { room, client_msg_id } => self.requests.see(|command| {
                matches!(command, Wire::Cancel(cancel) if cancel.room == *room && cancel.client_msg_id == *client_msg_id)
            }),
            UserChange::Settings { room, settings } => self.rooms.settings(room, settings),
            _ => {}
        }
        self.events.push_back(ClientEvent::User(change));
    }

    /// Changes what is counted in a room. The application is told when the counts or the pointers are others after it, and
    /// the server is asked for the messages without which they are a guess.
    pub(super) fn recount(&mut self, room: &RoomId, change: impl FnOnce(&mut Tally)) {
        let Some(Recount { changed, missing }) = self.rooms.recount(room, change) else { return };
        self.events.extend(changed.map(ClientEvent::Unread));
        let room = room.clone();
        match missing.filter(|_| !self.requests.filling(&room)) {
            Some(Missing::Page { before }) => self.requests.push_own(Ask::Fill { room, before }),
            Some(Missing::State) => self.requests.push_own(Ask::Follow { room, whole: true }),
            None => {}
        }
    }

    /// A room has another owner: that is what a command to give it away does.
    fn saw_owner(&mut self, change: &MemberChanged) {
        if change.role.as_ref().and_then(Open::known) == Some(Role::Owner) {
            self.requests.see(|command| {
                matches!(command, Wire::Role(set) if set.room == change.room && set.user == change.user && set.role == Role::Owner)
            });
        }
    }

    /// Takes the server's word for a room. What the user read meanwhile stays read.
    fn replace(&mut self, state: RoomState) {
        let Some(me) = self.account.as_ref().map(|account| &account.user) else { return };
        let room = state.room.clone();
        self.rooms.replace(me, state);
        if let Some(seq) = self.pointed(&room, Pointer::READ) {
            self.recount(&room, |tally| tally.read(seq));
        }
        if let Some(seq) = self.pointed(&room, Pointer::READ_PRIVATE) {
            self.recount(&room, |tally| tally.read_private(seq));
        }
    }

    /// The room is not the user's any more; whether it was known.
    fn forget(&mut self, room: &RoomId) -> bool {
        self.positions.forget(room);
        self.settle(room, true);
        self.forget_writers(Some(room));
        self.rooms.forget(room)
    }

    fn gone(&mut self, room: RoomId) {
        let (room, recovery) = (Some(room), Recovery::Gone);
        self.events.push_back(ClientEvent::Resumed {
            room,
            recovery,
            pointers: BTreeMap::new(),
            delivered: BTreeMap::new(),
        });
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
                (Recovery::Gone, _) => _ = self.forget(room),
                (_, Some(state)) => self.replace((**state).clone()),
                (_, None) => {}
            }
        }
        self.events.push_back(ClientEvent::Resumed {
            room: resumed.room.clone(),
            recovery: self.misread(recovery),
            pointers: resumed.pointers.clone(),
            delivered: resumed.delivered.clone(),
        });
        match &resumed.room {
            Some(room) => self.settle(room, resumed.outcome != Outcome::Recovered),
            None => {
                if resumed.outcome != Outcome::Recovered {
                    self.renew_rooms();
                }
                self.user_log_spoke(now);
            }
        }
    }

    /// The user log passed something over: pointers, settings, a room that was left and joined again. The state of each room has
    /// all of that; those that were only brought up to date are asked for it.
    fn renew_rooms(&mut self) {
        for room in self.positions.not_renewed() {
            if !self.requests.renewing(&room) {
                self.requests.push_own(Ask::Follow { room, whole: true });
            }
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

    pub(super) fn on_answer(&mut self, now: Duration, key: Key, reply: Reply, error: Option<ReplyError>) {
        if let Some(error) = error.as_ref().filter(|error| error.action == Action::Retry) {
            let refusals = self.requests.refusals(key);
            let wait = self.config.backoff.delay(refusals, self.jitter.draw(), outbox::hint(error));
            return self.requests.delay(key, now + wait);
        }
        // Absent: its deadline has passed.
        let Some(request) = self.requests.take(key) else { return };
        let ticket = request.ticket;
        let answer = match error {
            None => self.on_success(now, request, reply),
            Some(error) => self.on_refusal(request, error, reply),
        };
        self.answers.extend(ticket.map(|ticket: Ticket| (ticket, answer)));
    }

    fn on_success(&mut self, now: Duration, request: Request, reply: Reply) -> Result<Answer, Error> {
        let unread = |error| Error::Answer(format!("{error}"));
        match request.ask {
            Ask::Wire(command) => match *command {
                Wire::Create(_) | Wire::Join(_) => self.begin(&reply.parse().map_err(unread)?),
                Wire::Listen(listen) => {
                    let data: ListenData = reply.parse().map_err(unread)?;
                    if request.ticket.is_none() {
                        let (user, last_seen) = (data.user, data.last_seen);
                        self.events.push_back(ClientEvent::Online { user, online: data.online, last_seen });
                    }
                    self.listened.insert(listen.user);
                }
                Wire::Block(block) => self.blocked(&block.user),
                Wire::Unblock(unblock) => self.unblocked(&unblock.user),
                Wire::History(history) => self.page_arrived(now, &history.room, &reply),
                // Again, for a listen that was answered while this was on its way.
                Wire::Unlisten(unlisten) => {
                    self.listened.remove(&unlisten.user);
                    if self.watching.is_watched(&unlisten.user) {
                        self.requests.push_own(Ask::Watch(unlisten.user));
                    }
                }
                Wire::Unfollow(unfollow) => {
                    self.forget(&unfollow.room);
                }
                _ => {}
            },
            Ask::Point { room, pointer, seq, then } => {
                if then > seq {
                    self.requests.point(&room, pointer, then);
                }
            }
            Ask::Watch(_) => self.on_watched(reply.parse().map_err(unread)?),
            Ask::Follow { .. } => {}
            Ask::Fill { room, before } => {
                let page: HistoryPage = reply.parse().map_err(unread)?;
                self.recount(&room, |tally| tally.page(&page, before));
            }
        }
        Ok(Answer::Reply(Box::new(reply)))
    }

    /// The reply to `join` and `create` says where the room begins, should its `resumed` come later or never.
    fn begin(&mut self, data: &RoomData) {
        let Some(epoch) = self.positions.epoch().cloned() else { return };
        if self.positions.begin(&data.room.room, &epoch, data.room.offset) {
            self.replace(data.room.clone());
        }
    }

    fn on_refusal(&mut self, request: Request, error: ReplyError, reply: Reply) -> Result<Answer, Error> {
        let forbidden = error.code.known() == Some(ErrorCode::Forbidden);
        match request.ask {
            Ask::Wire(command) if request.repeated && repeated::is_done(&command, &error, request.seen) => {
                return Ok(Answer::Reply(Box::new(Reply::done(reply.id, reply.ts))));
            }
            Ask::Wire(command) => {
                if let Wire::Listen(listen) = *command {
                    self.listened.remove(&listen.user);
                }
            }
            Ask::Follow { room, .. } if forbidden => {
                if self.forget(&room) {
                    self.gone(room);
                }
            }
            Ask::Follow { room, whole: false } => self.positions.fetch_failed(&room),
            Ask::Follow { room, .. } | Ask::Fill { room, .. } => self.recount(&room, Tally::give_up),
            Ask::Watch(user) if request.ticket.is_none() => self.on_unwatchable(user),
            Ask::Watch(_) | Ask::Point { .. } => {}
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
