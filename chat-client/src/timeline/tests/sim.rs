//! A line, and a session that has told more or less of what the server knows, which answers when it likes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chat_protocol::reply::SendData;
use chat_protocol::{ClientMsgId, Content, Offset, Seq, Timestamp};

use super::server::{Dice, Op, Server, me, room};
use crate::timeline::*;
use crate::{ClientEvent, QueuedSend, Recovery, SendState, SendUpdate};

pub(super) fn update(client_msg_id: ClientMsgId, state: SendState) -> ClientEvent {
    ClientEvent::Outbox(SendUpdate { room: room(), client_msg_id, state })
}

pub(super) fn acked(seq: Seq) -> SendData {
    SendData { seq, offset: Offset::ZERO, duplicate: false, ts: Timestamp::default() }
}

/// A message that waits.
pub(super) fn queued(name: &ClientMsgId, text: &str, thread: Option<Seq>, state: SendState) -> QueuedSend {
    QueuedSend {
        room: room(),
        client_msg_id: name.clone(),
        content: Content::plain(text),
        reply_to: None,
        thread,
        mentions: None,
        state,
        attempted: false,
        created_at: Timestamp::default(),
    }
}

/// A line, and a session that has told more or less of what the server knows.
pub(super) struct Sim {
    pub(super) dice: Dice,
    pub(super) server: Server,
    pub(super) line: Line,
    /// Told by the session and not applied yet.
    pub(super) told: VecDeque<ClientEvent>,
    /// Up to where the session has told the room's log, and the user's own.
    room_at: usize,
    user_at: usize,
    /// The latest time that was answered of.
    answered: usize,
    /// Questions with the time that their answers know at least.
    asked: Vec<(Request, usize)>,
    /// Messages of one's own that were given to be sent, with their number once they are stored.
    pub(super) sends: BTreeMap<ClientMsgId, Seq>,
    /// Those of them that were shown once.
    seen: BTreeSet<ClientMsgId>,
    pub(super) outbox: BTreeMap<ClientMsgId, (String, SendState)>,
}

impl Sim {
    pub(super) fn new(seed: u64, root: Option<Seq>) -> Self {
        let mut dice = Dice::new(seed);
        let mut server = Server::default();
        // The root of the thread, should one be shown.
        server.act(Op::Send { from: 1, thread: None, reply_to: None, name: None });
        for _ in 0..dice.below(30) {
            server.random(&mut dice);
        }
        let now = server.now();
        let options = TimelineOptions { page: 1 + dice.below(6) as u32, max_items: 1_000 };
        let line = Line::new(me(), room(), root, options);
        Self {
            dice,
            server,
            line,
            told: VecDeque::new(),
            room_at: now,
            user_at: now,
            answered: now,
            asked: Vec::new(),
            sends: BTreeMap::new(),
            seen: BTreeSet::new(),
            outbox: BTreeMap::new(),
        }
    }

    pub(super) fn step(&mut self) {
        match self.dice.below(24) {
            0..=5 => self.server.random(&mut self.dice),
            6..=8 => self.tell(),
            9..=12 => _ = self.apply(),
            13..=14 => self.ask(),
            15..=17 => self.answer_one(),
            18 => self.fill(),
            19..=20 => self.send(),
            21 => self.go_on(),
            22 if self.dice.below(4) == 0 => self.snapshot(),
            23 if self.dice.below(6) == 0 => self.lag(),
            23 if self.dice.below(4) == 0 => self.fail(),
            _ => {}
        }
        self.check();
    }

    /// The session hears the next entry of one of the logs.
    fn tell(&mut self) {
        let now = self.server.now();
        let room = self.dice.below(3) > 0;
        let (at, concerns): (&mut usize, fn(&Op) -> bool) = match room {
            true => (&mut self.room_at, Op::is_of_room),
            false => (&mut self.user_at, |op| !op.is_of_room()),
        };
        while *at < now {
            *at += 1;
            let at = *at;
            if concerns(&self.server.ops[at - 1]) {
                let event = self.server.event(at, now);
                // One's own message in the log is as good as an ack.
                if let Op::Send { name: Some(name), .. } = &self.server.ops[at - 1] {
                    self.outbox.remove(name);
                }
                self.told.push_back(event);
                return;
            }
        }
    }

    fn apply(&mut self) -> bool {
        let Some(told) = self.told.pop_front() else { return false };
        self.line.apply(&told);
        true
    }

    fn ask(&mut self) {
        if let Some(request) = self.line.next_request() {
            // Questions go through the session: the server knows what that has heard, and what it has answered before.
            let least = self.answered.max(self.room_at).max(self.user_at);
            self.asked.push((request, least));
        }
    }

    fn answer_one(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        let place = self.dice.below(self.asked.len());
        let (request, least) = self.asked.remove(place);
        let now = self.server.now();
        let time = least + self.dice.below(now - least + 1);
        self.answered = self.answered.max(time);
        self.answer(&request, time);
    }

    fn answer(&mut self, request: &Request, time: usize) {
        let answer = match request.ask() {
            // The session's own: it knows what it has told.
            Ask::State => Answer::State(Some(Box::new(self.server.state(self.room_at.max(1))))),
            Ask::Outbox => {
                while self.apply() {}
                let waiting = self.outbox.iter();
                let waiting =
                    waiting.map(|(name, (text, state))| queued(name, text, self.line.root, state.clone()));
                Answer::Outbox(waiting.collect())
            }
            Ask::Members(_) => Answer::Members(self.server.members()),
            Ask::Blocks(_) => Answer::Blocks(self.server.blocks(time)),
            Ask::History(query) => Answer::Page(self.server.page(time, None, *query)),
            Ask::Thread(query) => Answer::Page(self.server.page(time, self.line.root, *query)),
        };
        self.line.answer(request, answer);
    }

    fn fail(&mut self) {
        if let Some((request, _)) = self.asked.pop() {
            self.line.fail(&request);
        }
        self.told.push_back(ClientEvent::Connected);
    }

    fn fill(&mut self) {
        let gaps: Vec<Gap> = self.line.items().iter().filter_map(|item| item.gap()).collect();
        if !gaps.is_empty() {
            let gap = gaps[self.dice.below(gaps.len())];
            match self.dice.below(2) {
                0 => self.line.fill(&gap),
                _ => self.line.fill_after(&gap),
            }
        }
    }

    fn send(&mut self) {
        let name = ClientMsgId::new(format!("m{}", self.sends.len())).unwrap();
        self.outbox.insert(name.clone(), (format!("own {name}"), SendState::Queued));
        self.sends.insert(name.clone(), Seq::ZERO);
        self.told.push_back(update(name, SendState::Queued));
    }

    /// A send goes on: it leaves, or the server stores it, or an ack tells so.
    fn go_on(&mut self) {
        let names: Vec<ClientMsgId> = self.outbox.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = names[self.dice.below(names.len())].clone();
        let state = self.outbox[&name].1.clone();
        let stored = self.sends[&name];
        match state {
            SendState::Queued => {
                self.outbox.get_mut(&name).unwrap().1 = SendState::InFlight;
                self.told.push_back(update(name, SendState::InFlight));
            }
            SendState::InFlight if stored == Seq::ZERO => {
                let thread = self.line.root;
                self.server.act(Op::Send { from: 0, thread, reply_to: None, name: Some(name.clone()) });
                *self.sends.get_mut(&name).unwrap() = self.server.head(self.server.now());
            }
            _ => {
                self.outbox.remove(&name);
                self.told.push_back(update(name, SendState::Acked(acked(stored))));
            }
        }
    }

    /// The connection was away, and the server does not tell what happened meanwhile.
    fn snapshot(&mut self) {
        let now = self.server.now();
        if self.dice.below(2) == 0 {
            let state = Some(Box::new(self.server.state(now)));
            self.outbox.retain(|name, _| self.sends[name] == Seq::ZERO);
            self.resumed(Some(room()), Recovery::Snapshot { missed: None, state });
            self.room_at = now;
        } else {
            self.resumed(None, Recovery::Snapshot { missed: None, state: None });
            self.user_at = now;
        }
    }

    fn resumed(&mut self, room: Option<chat_protocol::RoomId>, recovery: Recovery) {
        let (pointers, delivered) = (BTreeMap::new(), BTreeMap::new());
        let event = ClientEvent::Resumed { room, recovery, pointers, delivered };
        self.told.push_back(event);
    }

    /// The application was too slow to take what the session told.
    fn lag(&mut self) {
        let missed = self.dice.below(self.told.len() + 1);
        if missed > 0 {
            self.told.drain(..missed);
            let event = ClientEvent::Lagged { missed: missed as u64 };
            self.told.push_front(event);
        }
    }

    /// What holds at any time.
    fn check(&mut self) {
        let items = self.line.items();
        let keys: BTreeSet<Key> = items.iter().map(|item| item.key()).collect();
        assert_eq!(keys.len(), items.len(), "no two items have one key: {items:#?}");
        let shown: Vec<Seq> = items.iter().filter_map(|item| item.message()).map(MessageItem::seq).collect();
        assert!(shown.is_sorted(), "{shown:?}");
        for seq in self.server.alive(self.line.root) {
            let loaded = self.line.spans.contains(seq);
            assert!(!loaded || shown.contains(&seq), "{seq} is neither shown nor in a gap");
        }
        let own = |key: &Key| match key {
            Key::Own(name) => Some(name.clone()),
            _ => None,
        };
        self.seen.extend(keys.iter().filter_map(own));
        for name in self.seen.iter().filter(|name| !keys.contains(&Key::Own((*name).clone()))) {
            let seq = self.sends[name];
            let gap = |(after, before): &(Seq, Seq)| *after < seq && seq < *before;
            let there = !self.server.alive(self.line.root).contains(&seq) || self.line.gaps().iter().any(gap);
            assert!(seq > Seq::ZERO && there, "{name} was shown, and is not: {items:#?}");
        }
        let echo = items.iter().position(|item| item.echo().is_some()).unwrap_or(items.len());
        assert!(items[echo..].iter().all(|item| item.echo().is_some()), "echoes are last");
    }

    /// What is not stored is taken back.
    pub(super) fn cancel(&mut self) {
        self.outbox.clear();
        let (unsent, sends) =
            std::mem::take(&mut self.sends).into_iter().partition(|(_, seq)| *seq == Seq::ZERO);
        let unsent: BTreeMap<ClientMsgId, Seq> = unsent;
        self.sends = sends;
        for name in unsent.into_keys() {
            self.seen.remove(&name);
            self.told.push_back(update(name, SendState::Cancelled));
        }
        while self.apply() {}
    }

    /// Everything is told and everything asked is answered.
    pub(super) fn settle(&mut self) {
        let now = self.server.now();
        for _ in 0..2_000 {
            self.told.push_back(ClientEvent::Connected);
            while self.room_at < now || self.user_at < now {
                self.tell();
            }
            while self.apply() {
                self.check();
            }
            self.ask();
            while let Some((request, _)) = self.asked.pop() {
                self.answer(&request, now);
                self.check();
            }
            let gap = self.line.items().iter().find_map(|item| item.gap());
            match gap {
                Some(gap) if gap.state != GapState::Loading => self.line.fill(&gap),
                Some(_) => {}
                None if self.line.questions.open().next().is_none() => {
                    // A thread may still have to be counted again.
                    match self.line.next_request() {
                        Some(request) => self.answer(&request, now),
                        None => return,
                    }
                }
                None => {}
            }
        }
        panic!("it never ends: {:?} {:?}", self.line.questions, self.line.items());
    }
}
