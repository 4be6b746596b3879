//! The client SDK's state machine plays every conversation, under virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chat_client::protocol::{ClientMsgId, Close, Content, ErrorCode, Frame, RoomId};
use chat_client::session::{Answer, Command, Config, LinkAction, Loss, Outgoing, Session, Ticket};
use chat_client::{ClientEvent, ConnectionState, Error, Recovery};
use serde_json::{Value, json};

use super::matching::{Bound, check, fill};
use super::play::{Head, Order, Play, Step, all};

/// A client in a play.
struct Player {
    session: Session,
    /// Who it is to be.
    user: String,
    now: Duration,
    /// The `client_msg_id` of each send.
    sends: BTreeMap<Ticket, String>,
    said: VecDeque<Value>,
    reported: Vec<Value>,
    dialing: bool,
    /// What the application has to give when it is asked for a token; `None` while the last one is refused.
    token: Option<String>,
    /// Whether it was asked and had none.
    asked: bool,
    bound: Bound,
}

#[test]
fn the_client_plays_every_conversation() {
    for play in all() {
        let mut player = Player::new(&play.head);
        for (n, step) in play.steps.iter().enumerate() {
            let told = player.step(step);
            told.unwrap_or_else(|error| panic!("{}, line {}: {error}", play.head.conversation, n + 2));
        }
        let (said, reported) = (player.said, player.reported);
        assert!(said.is_empty() && reported.is_empty(), "{}: {said:?} {reported:?}", play.head.conversation);
    }
}

#[test]
fn the_conversations_are_about_everything_that_can_happen() {
    let plays = all();
    let some = |what: &dyn Fn(&Step) -> bool| plays.iter().any(|play: &Play| play.steps.iter().any(what));
    for report in [
        "connected",
        "reconnecting",
        "stopped",
        "token_needed",
        "draining",
        "message",
        "recovered",
        "snapshot",
        "trimmed",
        "gone",
        "joined",
        "left",
        "sent",
        "conflict",
        "refused",
    ] {
        assert!(some(&|step| matches!(step, Step::Report(told) if told.get(report).is_some())), "{report}");
    }
    for code in [1001, 4410, 4411, 4414] {
        assert!(some(&|step| matches!(step, Step::Close { code: closed, .. } if *closed == code)), "{code}");
    }
    let needs = plays.iter().flat_map(|play| &play.head.needs);
    assert!(
        needs.clone().count() > 0 && needs.clone().all(|need| need == "refresh_open"),
        "as README.md tells"
    );
    // What a play says of a close is what the table of codes says.
    for step in plays.iter().flat_map(|play| &play.steps) {
        if let Step::Close { code, reason } = step {
            let known = ErrorCode::ALL.iter().any(|known| known.close_code() == *code);
            assert_eq!(ErrorCode::from_text(reason).map(ErrorCode::close_code), known.then_some(*code));
        }
    }
}

impl Player {
    fn new(head: &Head) -> Self {
        let now = Duration::from_secs(1000);
        let mut config = Config::new("", 7);
        config.ask_token = true;
        Self {
            session: Session::new(now, config),
            user: head.user.clone(),
            now,
            sends: BTreeMap::new(),
            said: VecDeque::new(),
            reported: Vec::new(),
            dialing: false,
            token: Some(head.token.clone()),
            asked: false,
            bound: Bound::new(),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        if !matches!(step, Step::Report(_)) && !self.reported.is_empty() {
            return Err(format!("reported too: {:?}", self.reported));
        }
        if !matches!(step, Step::Report(_) | Step::Client(_) | Step::Elsewhere(_)) && !self.said.is_empty() {
            return Err(format!("said too: {:?}", self.said));
        }
        match step {
            Step::Connect {} => self.connect()?,
            Step::Client(line) => {
                let said = self.said.pop_front();
                check(line, said.as_ref(), &mut self.bound)?;
            }
            Step::Server(line) => {
                let packet = fill(line, &mut self.bound, &mut || panic!("a server binds nothing"));
                let text = packet.expect("a packet").to_string();
                self.session.handle_frame(self.now, Frame::Text(text.into()));
            }
            Step::Close { code, reason } => {
                let close = Close { code: *code, reason: reason.clone() };
                self.session.handle_frame(self.now, Frame::Close(close));
            }
            Step::Lose {} => self.session.handle_closed(self.now, Loss::Broken("cable".to_owned())),
            Step::Do(order) => self.order(order)?,
            Step::Report(line) => return self.report(line),
            Step::ClockMs(time) => self.pass(Duration::from_millis(*time)),
            Step::Silent {} if self.dialing => return Err("connects".to_owned()),
            Step::Silent {} | Step::Elsewhere(_) => {}
        }
        self.take();
        Ok(())
    }

    /// Waits until the session wants a connection, and gives it one.
    fn connect(&mut self) -> Result<(), String> {
        for _ in 0..8 {
            self.take();
            if std::mem::take(&mut self.dialing) {
                self.session.handle_connected(self.now);
                return Ok(());
            }
            self.now = self.session.poll_timeout().ok_or("waits for nothing")?.max(self.now);
            self.session.handle_timeout(self.now);
        }
        Err(format!("does not connect: {:?}", self.session.state()))
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.session.handle_timeout(self.now);
            self.take();
            // A quiet connection is probed on the way; the server of the play is there.
            if self.said.back().is_some_and(|said| said.get("ping").is_some()) {
                self.said.pop_back();
                let pong = json!({"pong": {"ts": "2026-11-20T08:30:39.789Z"}});
                self.session.handle_frame(self.now, Frame::Text(pong.to_string().into()));
            }
        }
        self.now = until;
    }

    fn order(&mut self, order: &Order) -> Result<(), String> {
        match order {
            Order::Send { room, client_msg_id, text } => {
                let ticket = Ticket(self.sends.len() as u64);
                self.sends.insert(ticket, client_msg_id.clone());
                let room = RoomId::new(room.as_str()).map_err(|error| error.to_string())?;
                let name = ClientMsgId::new(client_msg_id.as_str()).map_err(|error| error.to_string())?;
                let outgoing = Outgoing::new(room, name, Content::plain(text));
                self.session.handle_command(self.now, ticket, Command::Send(outgoing));
            }
            Order::Token(token) => {
                self.token = Some(token.clone());
                if std::mem::take(&mut self.asked) || self.session.state() == ConnectionState::Ready {
                    self.session.handle_token(self.now, Ok(token.clone()));
                }
            }
        }
        Ok(())
    }

    /// Takes what the session has to say to anybody.
    fn take(&mut self) {
        while let Some(link) = self.session.poll_link() {
            match (link, self.token.clone()) {
                (LinkAction::AskToken, Some(token)) => self.session.handle_token(self.now, Ok(token)),
                (LinkAction::AskToken, None) => self.asked = true,
                (link, _) => self.dialing = link == LinkAction::Dial,
            }
        }
        while let Some(event) = self.session.poll_event() {
            if self.session.token_refused().is_some() {
                self.token = None;
            }
            self.reported.extend(reported(event, &self.session));
            assert!(self.session.user_id().is_none_or(|user| user.as_str() == self.user));
        }
        while let Some((ticket, answer)) = self.session.poll_answer() {
            self.reported.extend(answered(&self.sends[&ticket], answer));
        }
        while let Some(frame) = self.session.poll_frame() {
            match frame {
                Frame::Text(text) => {
                    let said: Value = serde_json::from_str(text.as_str()).expect("JSON");
                    // Asked of its own accord, to count what is unread.
                    if said.get("history").is_none() {
                        self.said.push_back(said);
                    }
                }
                Frame::Close(close) => assert_eq!(close.code, 1000),
                other => panic!("not a packet: {other:?}"),
            }
        }
    }

    fn report(&mut self, line: &Value) -> Result<(), String> {
        // Of a room and of the user's own log is not the same.
        let of_room = |told: &Value| {
            told.as_object().is_some_and(|told| told.values().any(|it| it.get("room").is_some()))
        };
        let bound = &mut self.bound;
        let mut fits =
            |told: &Value| of_room(told) == of_room(line) && check(line, Some(told), bound).is_ok();
        let found = self.reported.iter().position(&mut fits);
        let found = found.ok_or_else(|| format!("{:?} instead of {line}", self.reported))?;
        self.reported.remove(found);
        Ok(())
    }
}

/// An event in the words of the conversations, which have none for some.
fn reported(event: ClientEvent, session: &Session) -> Option<Value> {
    Some(match event {
        ClientEvent::Connected => json!({"connected": {"user": session.user_id()}}),
        ClientEvent::Disconnected { .. } => match session.token_refused() {
            Some(code) => json!({"token_needed": {"code": code}}),
            None => json!({"reconnecting": {}}),
        },
        ClientEvent::Closed { reason: Some(Error::Ended { code }) } => json!({"stopped": {"code": code}}),
        ClientEvent::Draining => json!({"draining": {}}),
        ClientEvent::RoomJoined(room) => json!({"joined": {"room": room}}),
        ClientEvent::RoomLeft(room) => json!({"left": {"room": room}}),
        ClientEvent::Message(message) => json!({"message": {
            "room": message.room, "seq": message.seq, "from": message.from, "text": message.content.text(),
        }}),
        ClientEvent::Resumed { room, recovery, .. } => {
            let (word, mut told) = match recovery {
                Recovery::Recovered { .. } => ("recovered", json!({})),
                Recovery::Snapshot { state, .. } => (
                    "snapshot",
                    json!(
                        state
                            .map(|state| { json!({"seq": state.seq, "unread": state.unread}) })
                            .unwrap_or(json!({}))
                    ),
                ),
                Recovery::Trimmed { oldest, .. } => ("trimmed", json!({"oldest": oldest})),
                Recovery::Gone => ("gone", json!({})),
            };
            if let Some(room) = room {
                told["room"] = json!(room);
            }
            json!({ word: told })
        }
        _ => return None,
    })
}

/// What became of a send.
fn answered(name: &str, answer: Result<Answer, Error>) -> Option<Value> {
    match answer {
        Ok(Answer::Sent(data)) => Some(json!({"sent": {
            "client_msg_id": name, "seq": data.seq, "duplicate": data.duplicate,
        }})),
        Err(error) if error.code() == Some(ErrorCode::Conflict) => {
            Some(json!({"conflict": {"client_msg_id": name}}))
        }
        Err(Error::Refused { code, .. }) => Some(json!({"refused": {"client_msg_id": name, "code": code}})),
        other => panic!("{name}: {other:?}"),
    }
}
