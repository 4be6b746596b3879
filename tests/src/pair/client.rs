//! A client of a run: the session, driven by hand, and what its application knows.

mod state;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chat_client::protocol::reply::RoomData;
use chat_client::protocol::{ClientMsgId, Command as Wire, Content, Frame, Mentions, RoomId, Seq, UserId};
use chat_client::session::{Answer, Command, Config, LinkAction, Loss, Session, Ticket};
use chat_client::transport::DialError;
use chat_client::{ClientEvent, Error, SendState, SendUpdate, TokenError};
use chat_server_core::transport::PeerInfo;
use rand::RngExt;
use rand::rngs::StdRng;

use super::clock::stream;
use super::drawer::Drawer;
use super::fault::Fault;
use super::lane::{Lane, Latency, Trap};
use super::link::{Link, Newer, Shared, Way};
use super::plan::{Fate, Shape};
use super::sent::Sent;
use super::server::{Disk, Running};
use super::view::View;
use super::{Bug, Options};

/// What a client has to do with besides itself.
pub(super) struct Around<'a> {
    pub(super) seed: u64,
    pub(super) now: Duration,
    pub(super) shared: &'a Arc<Shared>,
    pub(super) disk: &'a Disk,
    pub(super) server: Option<&'a Running>,
    pub(super) shape: &'a Shape,
}

struct Dial {
    at: Duration,
    fate: Fate,
}

/// One client.
pub(super) struct Client {
    pub(super) index: usize,
    pub(super) user: UserId,
    pub(super) session: Session,
    pub(super) link: Option<Link>,
    /// Links that the client has left and the server may still read.
    pub(super) old: Vec<Link>,
    opened: u64,
    dial: Option<Dial>,
    pub(super) fates: VecDeque<Fate>,
    token_at: Option<Duration>,
    pub(super) no_tokens: u32,
    tokens: u32,
    /// Traps of the links that are to be opened, by number from 0.
    pub(super) traps: BTreeMap<u64, Vec<(Way, Trap)>>,
    next_ticket: u64,
    /// Calls other than sends that are not answered, and what was asked.
    calls: BTreeMap<Ticket, Command>,
    /// What the server was asked to do, and says that it did.
    pub(super) done: Vec<Wire>,
    /// Where messages outlive the application, in runs that have such a place.
    drawer: Option<Drawer>,
    pub(super) sent: Vec<Sent>,
    /// How far the application has read, as it has said.
    pub(super) read: BTreeMap<RoomId, Seq>,
    pub(super) view: View,
    random: StdRng,
    lives: u64,
    bug: Option<Bug>,
    request_timeout: Duration,
}

impl Client {
    pub(super) fn new(seed: u64, index: usize, user: UserId, shape: &Shape, options: &Options) -> Self {
        let (mut random, bug) = (stream(seed, "client", index as u64), options.bug);
        let drawn = random.random_bool(0.5);
        let kept = options.kept.unwrap_or(drawn);
        let drawer = kept.then(|| Drawer::new(stream(seed, "drawer", index as u64)));
        let config = config(&mut random, &user, drawer.as_ref(), shape.request_timeout, bug);
        let session = Session::new(Duration::ZERO, config);
        Self {
            index,
            user,
            session,
            link: None,
            old: Vec::new(),
            opened: 0,
            dial: None,
            fates: VecDeque::new(),
            token_at: None,
            no_tokens: 0,
            tokens: 0,
            traps: BTreeMap::new(),
            next_ticket: 0,
            calls: BTreeMap::new(),
            done: Vec::new(),
            drawer,
            sent: Vec::new(),
            read: BTreeMap::new(),
            view: View::default(),
            random,
            lives: 1,
            bug,
            request_timeout: shape.request_timeout,
        }
    }

    /// Does all that is due.
    ///
    /// # Errors
    /// What the application was told and cannot be.
    pub(super) fn turn(&mut self, around: &Around<'_>) -> Result<(), String> {
        let now = around.now;
        self.old.iter().for_each(|link| link.advance(now));
        self.old.retain(|link| !link.is_left());
        self.drain(around)?;
        self.answer_dial(around)?;
        if self.token_at.take_if(|at| *at <= now).is_some() {
            let token = self.token(around);
            self.session.handle_token(now, token);
            self.drain(around)?;
        }
        if let Some(written) = self.drawer.as_mut().and_then(|drawer| drawer.written(now)) {
            self.session.handle_stored(now, written);
            self.drain(around)?;
        }
        self.hear(around)?;
        if self.session.poll_timeout().is_some_and(|at| at <= now) {
            self.session.handle_timeout(now);
            self.drain(around)?;
        }
        Ok(())
    }

    /// When it has something to do.
    pub(super) fn next_at(&self) -> Option<Duration> {
        let links = self.link.iter().filter_map(Link::next_at);
        let old = self.old.iter().filter_map(Link::next_up);
        let own = [
            self.session.poll_timeout(),
            self.dial.as_ref().map(|dial| dial.at),
            self.token_at,
            self.drawer.as_ref().and_then(Drawer::due),
        ];
        links.chain(old).chain(own.into_iter().flatten()).min()
    }

    fn answer_dial(&mut self, around: &Around<'_>) -> Result<(), String> {
        let now = around.now;
        let Some(Dial { fate, .. }) = self.dial.take_if(|dial| dial.at <= now) else { return Ok(()) };
        let hits = &around.shared.hits;
        match (fate, around.server) {
            (Fate::Opens, Some(running)) => {
                self.open(around, running);
                self.session.handle_connected(now);
            }
            (Fate::Opens | Fate::Refused, _) => {
                hits.hit(Fault::DialRefused);
                let error = DialError::Unreachable("connection refused".to_owned());
                self.session.handle_closed(now, Loss::Dial(error));
            }
            (Fate::Status, _) => {
                hits.hit(Fault::DialStatus);
                let error = DialError::Status { status: 503, retry_after: Some(Duration::from_secs(1)) };
                self.session.handle_closed(now, Loss::Dial(error));
            }
            (Fate::Hangs, _) => {}
        }
        self.drain(around)
    }

    fn open(&mut self, around: &Around<'_>, running: &Running) {
        let lane = |way: u64| {
            let number = (self.index as u64) << 40 | self.opened << 1 | way;
            Lane::new(Latency {
                base: around.shape.latency,
                jitter: around.shape.jitter,
                extra: Duration::ZERO,
                random: stream(around.seed, "lane", number),
            })
        };
        let (link, end) = Link::open(around.shared, self.index, around.shape.rough, lane(0), lane(1));
        for (way, trap) in self.traps.remove(&self.opened).into_iter().flatten() {
            link.set_trap(way, trap);
        }
        self.opened += 1;
        self.old.iter().for_each(|old| old.set_newer(Newer::Opened));
        tokio::spawn(running.server.serve_connection(end, PeerInfo::default()));
        self.link = Some(link);
    }

    /// Sets a trap for the next connection.
    pub(super) fn trap_next(&mut self, way: Way, trap: Trap) {
        self.traps.entry(self.opened).or_default().push((way, trap));
    }

    fn token(&mut self, around: &Around<'_>) -> Result<String, TokenError> {
        if self.no_tokens > 0 {
            self.no_tokens -= 1;
            around.shared.hits.hit(Fault::TokenUnavailable);
            return Err(TokenError::Unavailable("nobody gives tokens".to_owned()));
        }
        self.tokens += 1;
        Ok(format!("{}.{}", self.user, self.tokens))
    }

    /// Reads what has arrived, and its end.
    fn hear(&mut self, around: &Around<'_>) -> Result<(), String> {
        let now = around.now;
        if let Some(link) = &self.link {
            link.advance(now);
        }
        while let Some(frame) = self.link.as_ref().and_then(|link| link.read(now)) {
            if let Frame::Close(close) = &frame {
                self.count_close(around, close.code);
            }
            self.session.handle_frame(now, frame);
            self.drain(around)?;
        }
        if self.link.as_ref().is_some_and(|link| link.is_over()) {
            self.leave(around);
            self.session.handle_closed(now, Loss::Broken("the link was cut".to_owned()));
            self.drain(around)?;
        }
        Ok(())
    }

    fn count_close(&self, around: &Around<'_>, code: u16) {
        let fault = match code {
            1001 => Fault::Close1001,
            4411 => Fault::Close4411,
            4412 => Fault::Close4412,
            4503 => Fault::Close4503,
            _ => return,
        };
        around.shared.hits.hit(fault);
    }

    /// Lets go of the link.
    fn leave(&mut self, around: &Around<'_>) {
        let Some(link) = self.link.take() else { return };
        link.close(around.now);
        let unknown = self.sent.iter().filter(|sent| sent.answer.is_none());
        if unknown.into_iter().any(|sent| around.disk.has(&sent.room, &sent.name)) {
            around.shared.hits.hit(Fault::AckLost);
        }
        self.old.push(link);
    }

    /// Takes all outputs of the session, in the order in which a driver would.
    pub(super) fn drain(&mut self, around: &Around<'_>) -> Result<(), String> {
        while let Some(action) = self.session.poll_link() {
            self.act(around, action);
        }
        while let Some(event) = self.session.poll_event() {
            around.shared.trace.say(around.now, || format!("{} hears {event:?}", self.index));
            self.notice(around, &event);
            if let ClientEvent::Outbox(update) = &event {
                self.updated(update)?;
            }
            self.view.take(&event).map_err(|why| format!("client {}: {why}", self.index))?;
        }
        while let Some((ticket, answer)) = self.session.poll_answer() {
            self.answered(around, ticket, answer)?;
        }
        if let Some(drawer) = &mut self.drawer
            && let Some(changes) = self.session.poll_store()
        {
            drawer.write(around.now, changes);
        }
        while let Some(frame) = self.link.as_ref().and_then(|_| self.session.poll_frame()) {
            if let Some(link) = &self.link {
                link.write(&frame);
            }
        }
        Ok(())
    }

    fn act(&mut self, around: &Around<'_>, action: LinkAction) {
        match action {
            LinkAction::AskToken => {
                let time = around.now + Duration::from_millis(self.random.random_range(0..20));
                self.token_at.get_or_insert(time);
            }
            LinkAction::Dial => {
                let at = around.now + 2 * around.shape.latency;
                self.dial = Some(match self.fates.pop_front().unwrap_or(Fate::Opens) {
                    // Nobody ever answers: the session's own patience ends it.
                    Fate::Hangs => Dial { at: Duration::MAX, fate: Fate::Hangs },
                    fate => Dial { at, fate },
                });
            }
            LinkAction::Drop => {
                if self.dial.take().is_some_and(|dial| dial.fate == Fate::Hangs) {
                    around.shared.hits.hit(Fault::DialHung);
                }
                self.leave(around);
            }
            _ => self.leave(around),
        }
    }

    fn notice(&self, around: &Around<'_>, event: &ClientEvent) {
        match event {
            ClientEvent::Connected => {
                self.old.iter().for_each(|old| old.set_newer(Newer::Authenticated));
            }
            ClientEvent::Disconnected { reason, .. }
                if reason.contains("silent") && self.old.last().is_some_and(Link::is_half_open) =>
            {
                around.shared.hits.hit(Fault::HalfOpenNoticedByClient);
            }
            ClientEvent::StoreFailed(_) => around.shared.hits.hit(Fault::OwnStoreFailed),
            ClientEvent::Disconnected { reason, .. } if reason.contains("TOKEN") => {
                around.shared.hits.hit(Fault::TokenRefused);
            }
            _ => {}
        }
    }

    fn answered(
        &mut self,
        around: &Around<'_>,
        ticket: Ticket,
        answer: Result<Answer, Error>,
    ) -> Result<(), String> {
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.ticket == Some(ticket)) {
            sent.ticket = None;
            let answer = match answer {
                Ok(Answer::Sent(data)) => Ok(data),
                Err(error) => Err(error),
                Ok(other) => return Err(format!("client {}: a send answered with {other:?}", self.index)),
            };
            around
                .shared
                .trace
                .say(around.now, || format!("{} settles {} {answer:?}", self.index, sent.name));
            return sent.settle(answer).map_err(|why| format!("client {}: {why}", self.index));
        }
        let Some(asked) = self.calls.remove(&ticket) else {
            return Err(format!("client {}: {ticket:?} answered again, or never asked", self.index));
        };
        match (answer, asked) {
            (Ok(Answer::Reply(reply)), Command::Ask(wire)) => {
                if let Wire::Join(_) = *wire {
                    let data: RoomData =
                        reply.parse().map_err(|error| format!("no answer to a join: {error}"))?;
                    self.view.joined(&data.room);
                }
                self.done.push(*wire);
            }
            (Err(Error::Timeout { .. }), _) => around.shared.hits.hit(Fault::ReplyTooLate),
            _ => {}
        }
        Ok(())
    }

    /// A message stands otherwise. After a restart this is all that tells what became of it.
    fn updated(&mut self, update: &SendUpdate) -> Result<(), String> {
        let answer = match &update.state {
            SendState::Acked(data) | SendState::Settled(data) => Ok(*data),
            SendState::Wedged(error) => Err(error.clone()),
            SendState::Queued | SendState::InFlight => return Ok(()),
            other => return Err(format!("client {}: {} is {other:?}", self.index, update.client_msg_id)),
        };
        let about = |sent: &&mut Sent| sent.room == update.room && sent.name == update.client_msg_id;
        match self.sent.iter_mut().find(about) {
            Some(sent) => sent.settle(answer).map_err(|why| format!("client {}: {why}", self.index)),
            None => Err(format!("client {}: {} was never sent", self.index, update.client_msg_id)),
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// The application sends a message.
    pub(super) fn send(
        &mut self,
        around: &Around<'_>,
        room: RoomId,
        bytes: usize,
        (thread, mentions): (Option<Seq>, Option<Mentions>),
    ) -> Result<(), String> {
        let ticket = self.ticket();
        let name = format!("{}-{}", self.index, self.sent.len());
        let text = format!("{name} {}", "x".repeat(bytes));
        let content = Content::new("text/plain", &serde_json::json!({ "text": text }));
        let name = ClientMsgId::new(name).expect("letters and digits are an id");
        self.sent.push(Sent { room, name, content, thread, mentions, ticket: Some(ticket), answer: None });
        let command = self.sent.last().map(Sent::command).expect("it was pushed");
        self.session.handle_command(around.now, ticket, command);
        self.drain(around)
    }

    /// The application asks for something else.
    pub(super) fn ask(&mut self, around: &Around<'_>, command: Command) -> Result<(), String> {
        let ticket = self.ticket();
        self.calls.insert(ticket, command.clone());
        self.session.handle_command(around.now, ticket, command);
        self.drain(around)
    }

    /// The application has read a room, but for the last `back` messages.
    pub(super) fn mark_read(&mut self, around: &Around<'_>, room: &RoomId, back: u64) -> Result<(), String> {
        let Some(state) = self.state(around, room) else { return Ok(()) };
        let Some(seq) = Seq::new(state.seq.get().saturating_sub(back)).filter(|seq| *seq > Seq::ZERO) else {
            return Ok(());
        };
        let furthest = self.read.entry(room.clone()).or_insert(seq);
        *furthest = seq.max(*furthest);
        self.ask(around, Command::Read { room: room.clone(), seq, thread: None, private: false })
    }

    /// The application is killed, and comes back with its queue: the messages that it does not know to be stored.
    pub(super) fn restart(&mut self, around: &Around<'_>) -> Result<(), String> {
        around.shared.hits.hit(Fault::AppRestart);
        self.leave(around);
        self.lives += 1;
        (self.dial, self.token_at) = (None, None);
        if let Some(drawer) = &mut self.drawer {
            drawer.forget_under_way();
        }
        let config =
            config(&mut self.random, &self.user, self.drawer.as_ref(), self.request_timeout, self.bug);
        let kept = config.stored.iter().flat_map(|stored| stored.sends.iter());
        let kept: BTreeSet<_> = kept.map(|send| (send.room.clone(), send.client_msg_id.clone())).collect();
        self.session = Session::new(around.now, config);
        self.calls.clear();
        self.read.clear();
        self.view = View::default();
        for index in 0..self.sent.len() {
            let sent = &mut self.sent[index];
            sent.ticket = None;
            if sent.answer.is_none() && !kept.contains(&(sent.room.clone(), sent.name.clone())) {
                self.next_ticket += 1;
                let ticket = Ticket(self.next_ticket);
                sent.ticket = Some(ticket);
                let command = sent.command();
                self.session.handle_command(around.now, ticket, command);
            }
        }
        self.drain(around)
    }
}

fn config(
    random: &mut StdRng,
    user: &UserId,
    drawer: Option<&Drawer>,
    request_timeout: Duration,
    bug: Option<Bug>,
) -> Config {
    let mut config = Config::new(format!("{user}.0"), random.random());
    config.ask_token = true;
    // The server may be away for longer than anybody would wait for a first connection.
    config.connect_timeout = None;
    config.request_timeout = request_timeout;
    config.stored = drawer.map(Drawer::load);
    config.bug = bug;
    config
}
