//! What is unread at the client is what is unread at the server, after any sequence of changes here and elsewhere, told live,
//! replayed or passed over.

use chat_protocol::Mentions;
use chat_protocol::unread::{Countable, Counts, ReadState, count};
use proptest::prelude::*;

use super::*;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Say {
        mine: bool,
        in_thread: bool,
        mention: bool,
    },
    Delete(u64),
    Hide(u64),
    Read(u64),
    ReadPrivate(u64),
    MarkUnread(u64),
    /// This client reads, as opposed to another device.
    ReadHere(u64),
    Trim(u64),
    Cut,
    /// The connection comes back; `replayed`: with everything that was missed.
    Back {
        replayed: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..60u64;
    prop_oneof![
        8 => (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3))
            .prop_map(|(mine, in_thread, mention)| Step::Say { mine, in_thread, mention }),
        3 => at().prop_map(Step::Delete),
        2 => at().prop_map(Step::Hide),
        2 => at().prop_map(Step::Read),
        1 => at().prop_map(Step::ReadPrivate),
        1 => at().prop_map(Step::MarkUnread),
        2 => at().prop_map(Step::ReadHere),
        1 => at().prop_map(Step::Trim),
        2 => Just(Step::Cut),
        2 => any::<bool>().prop_map(|replayed| Step::Back { replayed }),
    ]
}

#[derive(Debug, Clone)]
struct Said {
    from: UserId,
    thread: Option<Seq>,
    mentions: Option<Mentions>,
    deleted: bool,
    hidden: bool,
    offset: u64,
}

/// The server's side: what it keeps, and what it has to tell.
struct Model {
    bench: Bench,
    messages: Vec<Said>,
    read: ReadState,
    oldest: u64,
    offset: u64,
    user_offset: u64,
    /// Entries of the logs that the client has not been told.
    room_log: Vec<Value>,
    user_log: Vec<Value>,
    online: bool,
}

impl Model {
    fn new(before: usize) -> Self {
        let mut model = Self {
            bench: Bench::new(),
            messages: Vec::new(),
            read: ReadState::default(),
            oldest: 1,
            offset: 0,
            user_offset: 1,
            room_log: Vec::new(),
            user_log: Vec::new(),
            online: false,
        };
        for _ in 0..before {
            model.say(false, false, false);
        }
        model.room_log.clear();
        model.bench.open();
        let auth = model.bench.auth();
        model.bench.accept_auth(&auth);
        model.snapshot();
        model.bench.say(json!({"resumed": {"outcome": "snapshot", "epoch": "e1", "user_offset": 1}}));
        model.online = true;
        model
    }

    fn head(&self) -> u64 {
        self.messages.len() as u64
    }

    /// A message that there is, if there is one, chosen by a number.
    fn pick(&self, at: u64) -> Option<u64> {
        let count = self.head().checked_sub(self.oldest - 1).filter(|count| *count > 0)?;
        Some(self.oldest + at % count)
    }

    fn counts(&self) -> Counts {
        let me = user("me");
        let messages = self.messages.iter().enumerate().map(|(n, said)| Countable {
            seq: seq(n as u64 + 1),
            from: &said.from,
            thread: said.thread,
            mentions: said.mentions.as_ref(),
            gone: said.deleted || said.hidden || (n as u64) + 1 < self.oldest,
        });
        count(&me, None, self.read.base(), messages)
    }

    fn of_room(&mut self, kind: &str, mut entry: Value) {
        self.offset += 1;
        entry["room"] = json!("r");
        entry["offset"] = json!(self.offset);
        entry["ts"] = json!(TS);
        self.room_log.push(json!({ kind: entry }));
    }

    fn of_user(&mut self, mut entry: Value) {
        self.user_offset += 1;
        entry["user_offset"] = json!(self.user_offset);
        entry["room"] = json!("r");
        entry["ts"] = json!(TS);
        self.user_log.push(json!({ "user": entry }));
    }

    fn say(&mut self, mine: bool, in_thread: bool, mention: bool) {
        let thread = (in_thread && self.head() > 0).then(|| seq(1));
        let mentions = mention.then(|| Mentions { users: vec![user("me")], room: false });
        let from = user(if mine { "me" } else { "you" });
        let said = Said { from, thread, mentions, deleted: false, hidden: false, offset: self.offset + 1 };
        let number = self.head() + 1;
        self.messages.push(said);
        let entry = self.shown(number);
        self.of_room("message", entry);
    }

    /// A message as history or a replay shows it.
    fn shown(&self, number: u64) -> Value {
        let said = &self.messages[number as usize - 1];
        json!({"room": "r", "offset": said.offset, "seq": number, "from": said.from, "thread": said.thread,
            "mentions": said.mentions, "deleted_at": said.deleted.then_some(TS),
            "content": {"type": "text/plain", "payload": {"text": "hi"}}, "ts": TS})
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Say { mine, in_thread, mention } => self.say(*mine, *in_thread, *mention),
            Step::Delete(at) => {
                let Some(number) = self.pick(*at) else { return };
                let said = &mut self.messages[number as usize - 1];
                if !std::mem::replace(&mut said.deleted, true) {
                    let said = said.clone();
                    self.of_room(
                        "deleted",
                        json!({"seq": number, "from": said.from, "thread": said.thread, "mentions": said.mentions}),
                    );
                }
            }
            Step::Hide(at) => {
                let Some(number) = self.pick(*at) else { return };
                let said = &mut self.messages[number as usize - 1];
                if !std::mem::replace(&mut said.hidden, true) {
                    let said = said.clone();
                    self.of_user(json!({"action": "hidden", "seq": number, "from": said.from,
                        "thread": said.thread, "mentions": said.mentions}));
                }
            }
            Step::Read(at) => self.read(at % (self.head() + 1)),
            Step::ReadPrivate(at) => {
                let to = self.read.read_private.max(seq(at % (self.head() + 1)));
                let before = self.read;
                self.read = ReadState { read_private: to, unread_from: None, ..before };
                if before != self.read {
                    self.of_user(json!({"action": "read_private", "read": to}));
                }
            }
            Step::MarkUnread(at) => {
                let Some(number) = self.pick(*at) else { return };
                self.read.unread_from = Some(seq(number));
                self.of_user(json!({"action": "marked_unread", "unread_from": number}));
            }
            Step::ReadHere(at) => {
                let known = self.bench.room("r").seq.get();
                self.bench.order(Command::Read {
                    room: id("r"),
                    seq: seq(at % (known + 1)),
                    thread: None,
                    private: false,
                });
            }
            Step::Trim(at) => {
                let Some(number) = self.pick(*at) else { return };
                self.oldest = number;
                self.of_room(
                    "room",
                    json!({"action": "trimmed", "kind": "group", "oldest_seq": number, "by": "~system"}),
                );
            }
            Step::Cut if self.online => {
                self.bench.cut();
                self.online = false;
            }
            Step::Back { replayed } if !self.online => self.come_back(*replayed),
            Step::Cut | Step::Back { .. } => {}
        }
        self.tell();
    }

    fn read(&mut self, to: u64) {
        let read = self.read.read.max(seq(to));
        let before = self.read;
        self.read = ReadState { read, unread_from: None, ..before };
        if before != self.read {
            self.of_user(json!({"action": "read", "read": read}));
        }
    }

    /// Tells what is new, and answers what the client asks, until it asks no more.
    fn tell(&mut self) {
        if !self.online {
            return;
        }
        // Pointers are gathered for a moment, in which the server is heard.
        self.bench.pass(Duration::from_millis(250));
        self.bench.session.handle_frame(self.bench.now, Frame::Pong);
        for _ in 0..100 {
            for entry in self.room_log.drain(..).chain(self.user_log.drain(..)).collect::<Vec<_>>() {
                self.bench.say(entry);
            }
            let asked = self.bench.sent();
            if asked.is_empty() {
                return;
            }
            asked.into_iter().for_each(|command| self.answer(command));
        }
        panic!("the client does not stop asking");
    }

    fn answer(&mut self, command: Wire) {
        let id = command.id().cloned();
        let data = match command {
            Wire::Read(read) => {
                self.read(read.seq.get());
                json!({"read": self.read.read})
            }
            Wire::History(history) => {
                let before = history.query.before.map_or(self.head() + 1, |seq| seq.get());
                // Small pages, so that several are needed.
                let first = before.saturating_sub(5).max(self.oldest);
                let numbers: Vec<u64> = (first..before).collect();
                let hidden: Vec<u64> =
                    numbers.iter().copied().filter(|n| self.messages[*n as usize - 1].hidden).collect();
                let messages: Vec<Value> = numbers.iter().map(|n| self.shown(*n)).collect();
                json!({"room": "r", "messages": messages, "more": first > self.oldest, "hidden": hidden})
            }
            Wire::Follow(_) => {
                self.snapshot();
                json!(null)
            }
            Wire::Ping(_) => return self.bench.say(json!({"pong": {"ts": TS}})),
            other => panic!("not in this play: {other:?}"),
        };
        self.bench.say(json!({"reply": {"id": id, "status": 200, "data": data, "ts": TS}}));
    }

    fn snapshot(&mut self) {
        let counts = self.counts();
        let private = Some(self.read.read_private).filter(|private| *private > self.read.read);
        self.room_log.clear();
        self.bench.say(
            json!({"resumed": {"room": "r", "outcome": "snapshot", "epoch": "e1", "offset": self.offset,
            "state": {"room": "r", "kind": "group", "access": "open", "role": "member", "seq": self.head(),
                "offset": self.offset, "oldest_seq": self.oldest, "members": 2, "read": self.read.read,
                "read_private": private, "unread_from": self.read.unread_from,
                "unread": counts.unread, "mentions": counts.mentions, "ts": TS}}}),
        );
    }

    fn come_back(&mut self, replayed: bool) {
        let parts = self.bench.reconnect();
        self.online = true;
        if replayed {
            // A replay tells what became of a message since.
            let replay: Vec<Value> = self.room_log.drain(..).collect();
            for entry in replay {
                let number = entry["message"]["seq"].as_u64();
                self.bench.say(number.map_or(entry, |number| json!({"message": self.shown(number)})));
            }
            self.bench.say(json!({"resumed": {"room": "r", "outcome": "recovered", "epoch": "e1",
                "offset": self.offset}}));
        } else {
            self.snapshot();
        }
        for entry in self.user_log.drain(..).collect::<Vec<_>>() {
            self.bench.say(entry);
        }
        self.bench.say(
            json!({"resumed": {"outcome": "recovered", "epoch": "e1", "user_offset": self.user_offset}}),
        );
        self.bench.say(json!({"reply": {"id": parts[0].id, "status": 200, "ts": TS}}));
        assert_eq!(self.bench.session.state(), ConnectionState::Ready);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_client_counts_as_the_server_does(
        before in 0..30usize,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut model = Model::new(before);
        for step in &steps {
            model.apply(step);
            if model.online {
                let (state, counts) = (model.bench.room("r"), model.counts());
                prop_assert_eq!((state.unread, state.mentions), (counts.unread, counts.mentions), "after {:?}", step);
            }
        }
        model.apply(&Step::Back { replayed: true });
        let (state, counts) = (model.bench.room("r"), model.counts());
        prop_assert_eq!((state.unread, state.mentions), (counts.unread, counts.mentions));
        prop_assert_eq!((state.read, state.unread_from), (model.read.read, model.read.unread_from));
    }
}
