//! The life of a connection: dial, say who, resume, ready, lose, wait.

use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::reply::AuthData;
use chat_protocol::{Close, Command as Wire, Frame, Reply, UserId};

use super::backoff::Loss;
use super::bug::Bug;
use super::requests::Ask;
use super::state::{Account, Awaiting, Phase, Timer};
use super::{Answer, LinkAction, Session, request_id, text};
use crate::{ClientEvent, Error};

/// How long the peer may take to answer when the network is another one: the old one is most probably gone, and a new connection
/// costs less than the wait.
const PROBE: Duration = Duration::from_secs(3);

impl Session {
    pub(super) fn dial(&mut self, now: Duration) {
        self.phase = Phase::Dialing;
        self.timers.set(Timer::Opening, now.saturating_add(self.config.open_timeout));
        self.link.push_back(LinkAction::Dial);
    }

    pub(super) fn authenticate(&mut self, now: Duration) {
        self.phase = Phase::Authenticating { synced: false };
        self.positions.cut();
        self.heard(now);
        self.say_token();
    }

    pub(super) fn on_auth(&mut self, now: Duration, reply: &Reply) {
        let data = match reply.parse::<AuthData>() {
            Ok(data) => data,
            Err(error) => return self.finish(Some(Error::Answer(format!("auth: {error}")))),
        };
        if let Err(error) = self.owned_by(&data.user_id) {
            return self.finish(Some(error));
        }
        self.timers.stop(Timer::Opening);
        self.token_taken(now, reply.ts, &data);
        self.account = Some(Account { user: data.user_id, session: data.session_id, limits: data.limits });
        let Phase::Authenticating { synced } = self.phase else { return };
        self.phase = Phase::Resuming;
        if self.positions.any() && !synced {
            self.resume();
        } else if synced {
            self.ready(now);
        }
    }

    /// The messages of a store are one user's, and nobody else's to send.
    fn owned_by(&mut self, user: &UserId) -> Result<(), Error> {
        let Some(stored) = &mut self.config.stored else { return Ok(()) };
        match &stored.user {
            Some(owner) if owner == user => {}
            Some(owner) => {
                return Err(Error::OtherUser { stored: owner.clone(), connected: user.clone() });
            }
            None => {
                stored.user = Some(user.clone());
                self.journal.own(user.clone());
            }
        }
        Ok(())
    }

    /// Another network, or one again: whoever waits tries now, whoever is connected finds out whether that still holds.
    pub(super) fn network_changed(&mut self, now: Duration) {
        match self.phase {
            Phase::Waiting { .. } => {
                self.timers.stop(Timer::Dial);
                (self.attempt, self.dead_ends) = (0, 0);
                self.connect(now);
            }
            // A dial over the old network would hang until its timeout.
            Phase::Dialing => {
                self.link.push_back(LinkAction::Drop);
                self.dial(now);
            }
            Phase::Ready { .. } | Phase::Resuming | Phase::Authenticating { .. } => self.probe(now, PROBE),
            Phase::Asking | Phase::Closed(_) => {}
        }
    }

    /// Asks whether the peer is there, and waits so long for an answer. Asking again puts the end of an earlier wait not off: whoever
    /// asks often would never find out.
    pub(super) fn probe(&mut self, now: Duration, patience: Duration) {
        self.push_frame(text(&Wire::Ping(wire::Ping::default())));
        self.timers.hasten(Timer::Dead, now.saturating_add(patience));
    }

    fn resume(&mut self) {
        let max_frame = usize::try_from(self.limits().max_frame).unwrap_or(usize::MAX);
        let (awaiting, next_id) = (&mut self.awaiting, &mut self.next_id);
        let parts = self.positions.resume(max_frame, || {
            let id = *next_id;
            *next_id += 1;
            awaiting.insert(id, Awaiting::Resume { last: false });
            request_id(id)
        });
        if let Some(last) = self.awaiting.values_mut().next_back() {
            *last = Awaiting::Resume { last: true };
        }
        for part in parts {
            self.push_frame(text(&Wire::Resume(part)));
        }
    }

    /// Everything that was missed is told: go on where the last connection ended.
    pub(super) fn ready(&mut self, now: Duration) {
        self.phase = Phase::Ready { since: now };
        self.was_ready = true;
        self.timers.stop(Timer::First);
        let unanswered = self.positions.unanswered();
        for room in unanswered.into_iter().take_while(|_| !self.config.is_wrong(Bug::UnansweredIsWhole)) {
            self.requests.push_own(Ask::Follow { room, whole: false });
        }
        if self.away && !self.requests.telling_away() {
            self.requests.push_own(Ask::Wire(Box::new(wire::Away { id: None, away: true }.into())));
        }
        for user in self.watching.users() {
            if !self.requests.listening(user) {
                self.requests.push_own(Ask::Watch(user.clone()));
            }
        }
        for user in &self.listened {
            if !self.requests.listening(user) {
                let listen = wire::Listen { id: request_id(0), user: user.clone() };
                self.requests.push_own(Ask::Wire(Box::new(listen.into())));
            }
        }
        self.events.push_back(ClientEvent::Connected);
    }

    /// Anything that arrives proves that the peer lives.
    pub(super) fn heard(&mut self, now: Duration) {
        self.timers.set(Timer::Idle, now.saturating_add(self.config.heartbeat_interval));
        self.timers.stop(Timer::Dead);
    }

    /// Gives the connection up from this side.
    pub(super) fn drop_link(&mut self, now: Duration, loss: Loss) {
        self.link.push_back(LinkAction::Drop);
        self.lose(now, loss);
    }

    /// There is no connection any more.
    pub(super) fn lose(&mut self, now: Duration, loss: Loss) {
        let last_word = loss.last_word(self.was_ready);
        let dead_end = last_word.is_some() && matches!(loss, Loss::Dial(_));
        self.dead_ends = if dead_end { self.dead_ends.saturating_add(1) } else { 0 };
        // They are dialed in turns, so that so many in a row are all of them.
        let last_word = last_word.filter(|_| !dead_end || self.dead_ends >= self.config.addresses);
        if let Some(error) = last_word.filter(|error| !self.may_refresh(error)) {
            self.link.push_back(LinkAction::Drop);
            return self.end(Some(error));
        }
        if matches!(self.phase, Phase::Ready { since } if now.saturating_sub(since) >= self.config.stable_after)
        {
            self.attempt = 0;
        }
        let retry_in = self.config.backoff.delay(self.attempt, self.jitter.draw(), loss.hint());
        self.attempt = self.attempt.saturating_add(1);
        self.forget_link();
        self.phase = Phase::Waiting { retry_in };
        self.timers.set(Timer::Dial, now + retry_in);
        let reason = loss.reason();
        self.last_loss = Some(reason.clone());
        self.events.push_back(ClientEvent::Disconnected { reason, retry_in });
    }

    fn forget_link(&mut self) {
        self.forget_wrongly();
        self.awaiting.clear();
        self.frames.clear();
        self.forget_writers(None);
        self.outbox.cut();
        self.requests.cut();
        self.positions.cut();
        self.watching.cut();
        for timer in [Timer::Opening, Timer::Idle, Timer::Dead, Timer::Refresh] {
            self.timers.stop(timer);
        }
    }

    /// Ends the session from this side, saying goodbye if there is somebody to hear it.
    pub(super) fn finish(&mut self, reason: Option<Error>) {
        if self.phase.connected() {
            self.push_frame(Frame::Close(Close::normal()));
        }
        self.link.push_back(LinkAction::Finish);
        self.end(reason);
    }

    fn end(&mut self, reason: Option<Error>) {
        let error = reason.clone().unwrap_or(Error::Closed);
        self.phase = Phase::Closed(reason.clone());
        self.timers.clear();
        self.store_again();
        self.forget_savers(&error);
        self.answer_askers(&Err(error.clone()));
        let requests = self.requests.drain().into_iter().filter_map(|request| request.ticket);
        for ticket in self.outbox.drain().into_iter().chain(requests) {
            self.answers.push_back((ticket, Err(error.clone())));
        }
        for ticket in self.closing.take().into_iter().flatten() {
            self.answers.push_back((ticket, Ok(Answer::Done)));
        }
        self.events.push_back(ClientEvent::Closed { reason });
    }

    pub(super) fn ask_id(&mut self, about: Awaiting) -> chat_protocol::RequestId {
        let id = self.next_id;
        self.next_id += 1;
        self.awaiting.insert(id, about);
        request_id(id)
    }
}
