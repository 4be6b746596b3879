//! One session against a hand-played server, under virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_protocol::command as wire;
use chat_protocol::{
    ClientMsgId, Close, Command as Wire, Content, ErrorCode, Frame, Message, Offset, RequestId, RoomId, Seq,
    UserId, decode, limits,
};
use serde_json::{Value, json};

use super::{Answer, Command, Config, LinkAction, Loss, Outgoing, Session, Ticket};
use crate::{ClientEvent, ConnectionState, Error, Recovery};

mod asking;
mod delivery;
mod life;
mod outbox;
mod pointers;
mod repeated;
mod sync;
mod token;
mod unread;
mod watching;

const TS: &str = "2026-11-20T08:30:39.789Z";

/// A session, the time, and everything that came out of it.
struct Bench {
    session: Session,
    now: Duration,
    answers: BTreeMap<Ticket, Result<Answer, Error>>,
    next_ticket: u64,
    limits: Value,
    epoch: &'static str,
}

impl Bench {
    /// A session that wants its first connection.
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("tok-me", 7);
        config.delivered_receipts = false;
        change(&mut config);
        let now = Duration::from_secs(1000);
        Self {
            session: Session::new(now, config),
            now,
            answers: BTreeMap::new(),
            next_ticket: 0,
            limits: json!({
                "max_frame": limits::MAX_FRAME, "max_content": limits::MAX_CONTENT, "max_history_page": 100,
                "max_rooms_followed": 1000, "max_in_flight": 64, "typing_ttl_ms": 6000,
            }),
            epoch: "e1",
        }
    }

    /// A session that is ready, with these rooms at these offsets, each with as many messages of others.
    fn ready(rooms: &[(&str, u64)]) -> Self {
        let mut bench = Self::new();
        bench.connect_first(rooms);
        bench.events();
        bench
    }

    fn connect_first(&mut self, rooms: &[(&str, u64)]) {
        self.open();
        let auth = self.auth();
        assert!(auth.follow, "a first connection has nothing to resume");
        self.accept_auth(&auth);
        for (room, offset) in rooms {
            self.snapshot(room, *offset);
        }
        self.say(json!({"resumed": {"outcome": "snapshot", "epoch": self.epoch, "user_offset": 1}}));
        assert_eq!(self.session.state(), ConnectionState::Ready);
    }

    /// Opens the connection that the session asks for, waiting for its time if need be.
    fn open(&mut self) {
        for _ in 0..8 {
            if self.links().last() == Some(&LinkAction::Dial) {
                self.session.handle_connected(self.now);
                return;
            }
            self.jump();
        }
        panic!("no dial: {:?}", self.session.state());
    }

    /// A new connection up to the resume, which is returned; not answered yet.
    fn reconnect(&mut self) -> Vec<wire::Resume> {
        self.open();
        let auth = self.auth();
        assert!(!auth.follow, "there is something to resume");
        self.accept_auth(&auth);
        self.sent()
            .into_iter()
            .map(|command| match command {
                Wire::Resume(resume) => resume,
                other => panic!("before the resume is answered: {other:?}"),
            })
            .collect()
    }

    /// Answers a resume: nothing was missed.
    fn finish_resume(&mut self, parts: &[wire::Resume]) {
        for part in parts {
            for (room, offset) in &part.rooms {
                self.say(json!({"resumed": {"room": room, "outcome": "recovered", "epoch": self.epoch,
                    "offset": offset}}));
            }
            if !part.more {
                self.say(json!({"resumed": {"outcome": "recovered", "epoch": self.epoch,
                    "user_offset": part.user_offset}}));
            }
            self.say(json!({"reply": {"id": part.id, "status": 200, "ts": TS}}));
        }
        assert_eq!(self.session.state(), ConnectionState::Ready);
    }

    fn auth(&mut self) -> wire::Auth {
        match self.sent().as_slice() {
            [Wire::Auth(auth)] => auth.clone(),
            other => panic!("not one auth: {other:?}"),
        }
    }

    fn accept_auth(&mut self, auth: &wire::Auth) {
        self.say(json!({"reply": {"id": auth.id, "status": 200, "ts": TS, "data": {
            "user_id": "me", "session_id": "s1", "epoch": self.epoch, "user_offset": 1, "limits": self.limits,
        }}}));
    }

    fn snapshot(&mut self, room: &str, offset: u64) {
        self.say(
            json!({"resumed": {"room": room, "outcome": "snapshot", "epoch": self.epoch, "offset": offset,
            "state": state(room, offset)}}),
        );
    }

    fn cut(&mut self) {
        self.session.handle_closed(self.now, Loss::Broken("cable".to_owned()));
        assert!(matches!(self.session.state(), ConnectionState::Waiting { .. }));
    }

    fn say(&mut self, packet: Value) {
        self.session.handle_frame(self.now, Frame::Text(packet.to_string().into()));
    }

    fn message(&mut self, room: &str, offset: u64, from: &str) {
        self.say(message(room, offset, from, None));
    }

    fn order(&mut self, command: Command) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.session.handle_command(self.now, ticket, command);
        ticket
    }

    fn send(&mut self, room: &str, name: &str) -> Ticket {
        let name_of = ClientMsgId::new(name).unwrap();
        self.order(Command::Send(Outgoing::new(id(room), name_of, Content::plain(name))))
    }

    fn ack(&mut self, send: &wire::SendMessage, seq: u64) {
        self.say(json!({"reply": {"id": send.id, "status": 200, "ts": TS,
            "data": {"seq": seq, "offset": seq, "duplicate": false, "ts": TS}}}));
    }

    fn refuse(&mut self, id: &chat_protocol::RequestId, code: ErrorCode, retry_after_ms: Option<u64>) {
        self.say(
            json!({"reply": {"id": id, "status": code.status(), "err": code.text(), "action": code.action(),
            "retry_after_ms": retry_after_ms, "ts": TS}}),
        );
    }

    fn links(&mut self) -> Vec<LinkAction> {
        std::iter::from_fn(|| self.session.poll_link()).collect()
    }

    fn events(&mut self) -> Vec<ClientEvent> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    /// The commands that went out since the last call.
    fn sent(&mut self) -> Vec<Wire> {
        let frames = std::iter::from_fn(|| self.session.poll_frame());
        frames
            .map(|frame| match frame {
                Frame::Text(text) => {
                    assert!(text.len() <= limits::MAX_FRAME, "a frame of {} bytes", text.len());
                    decode(text.as_bytes()).unwrap()
                }
                other => panic!("not a command: {other:?}"),
            })
            .collect()
    }

    /// The sends among them.
    fn sends(&mut self) -> Vec<wire::SendMessage> {
        self.sent()
            .into_iter()
            .filter_map(|command| match command {
                Wire::Send(send) => Some(send),
                _ => None,
            })
            .collect()
    }

    /// The answer with this ticket, once.
    fn answer(&mut self, ticket: Ticket) -> Option<Result<Answer, Error>> {
        while let Some((ticket, answer)) = self.session.poll_answer() {
            assert!(self.answers.insert(ticket, answer).is_none(), "answered twice");
        }
        self.answers.remove(&ticket)
    }

    fn error(&mut self, ticket: Ticket) -> Error {
        self.answer(ticket).expect("it is answered").expect_err("it is refused")
    }

    fn seq_of(&mut self, ticket: Ticket) -> u64 {
        match self.answer(ticket) {
            Some(Ok(Answer::Sent(data))) => data.seq.get(),
            other => panic!("not sent: {other:?}"),
        }
    }

    /// To the next timer.
    fn jump(&mut self) {
        self.now = self.session.poll_timeout().expect("a timer is set").max(self.now);
        self.session.handle_timeout(self.now);
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.session.poll_timeout().is_some_and(|at| at <= until) {
            self.jump();
        }
        self.now = until;
        self.session.handle_timeout(self.now);
    }

    /// As `pass`, with a server that answers pings.
    fn pass_quietly(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.pass(Duration::from_secs(1).min(until - self.now));
            self.session.handle_frame(self.now, Frame::Pong);
        }
    }

    fn room(&mut self, room: &str) -> chat_protocol::RoomState {
        let ticket = self.order(Command::Room(id(room)));
        match self.answer(ticket) {
            Some(Ok(Answer::Rooms(mut rooms))) => rooms.pop().expect("the room is known"),
            other => panic!("no room: {other:?}"),
        }
    }
}

fn ask(command: impl Into<Wire>) -> Command {
    Command::Ask(Box::new(command.into()))
}

fn unnumbered() -> RequestId {
    RequestId::new("0").unwrap()
}

fn id(room: &str) -> RoomId {
    RoomId::new(room).unwrap()
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn state(room: &str, offset: u64) -> Value {
    json!({"room": room, "kind": "group", "access": "open", "role": "member", "seq": offset, "offset": offset,
        "oldest_seq": 1, "members": 2, "read": 0, "unread": offset, "ts": TS})
}

fn message(room: &str, offset: u64, from: &str, name: Option<&str>) -> Value {
    json!({"message": {"room": room, "offset": offset, "seq": offset, "from": from, "client_msg_id": name,
        "content": {"type": "text/plain", "payload": {"text": "hi"}}, "ts": TS}})
}

fn names(sends: &[wire::SendMessage]) -> Vec<&str> {
    sends.iter().map(|send| send.client_msg_id.as_ref().unwrap().as_str()).collect()
}

/// Offsets of the messages among events.
fn offsets(events: &[ClientEvent]) -> Vec<u64> {
    let of = |event: &ClientEvent| match event {
        ClientEvent::Message(Message { offset, .. }) => Some(offset.get()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}
