//! What the fake server keeps, and what it answers.

use std::collections::{BTreeMap, VecDeque};

use chat_protocol::command::{Auth, Create, Listen, MarkRead, Resume, SendMessage, Typing};
use chat_protocol::event::{Outcome, Pong, Presence, PresenceState, Reads, Resumed, UserChange, UserChanged};
use chat_protocol::reply::{AuthData, ChangeData, Limits, ListenData, ReadData, RoomData};
use chat_protocol::{
    Close, Command, Content, Epoch, ErrorCode, Event, Frame, Message, Offset, Reply, RequestId, RoomId,
    SessionId, Timestamp, UserId, UserOffset, WireError, encode, limits,
};
use serde::Serialize;

use super::room::Room;
use super::script::Script;

/// What a command is answered with: data or nothing, or a refusal.
type Answer = Result<Option<Box<dyn FnOnce(Option<RequestId>, Timestamp) -> Reply>>, ErrorCode>;

#[derive(Debug)]
pub(super) struct World {
    pub(super) script: Script,
    rooms: BTreeMap<RoomId, Room>,
    users: BTreeMap<UserId, Vec<UserChange>>,
    connections: BTreeMap<u64, Connection>,
    next: u64,
    life: u64,
    clock: i64,
}

/// One connection: who is at its end, and what there is to say.
#[derive(Debug, Default)]
struct Connection {
    user: Option<UserId>,
    frames: VecDeque<Frame>,
    over: bool,
}

/// What a connection does next.
#[derive(Debug)]
pub(super) enum Next {
    Say(Frame),
    Wait,
    End,
}

fn data(data: impl Serialize + 'static) -> Answer {
    Ok(Some(Box::new(move |id, ts| Reply::ok(id, &data, ts))))
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            script: Script::default(),
            rooms: BTreeMap::new(),
            users: BTreeMap::new(),
            connections: BTreeMap::new(),
            next: 0,
            life: 1,
            // 20 November 2026, so that times look like times.
            clock: 1_795_000_000_000_000,
        }
    }

    /// A time after all before.
    fn tick(&mut self) -> Timestamp {
        self.clock += 1_000;
        Timestamp::from_micros(self.clock)
    }

    fn epoch(&self) -> Epoch {
        Epoch::new(format!("fake-{}", self.life)).expect("letters and digits are an epoch")
    }

    // Connections.

    /// A new connection; `None`: nobody answers.
    pub(super) fn open(&mut self) -> Option<u64> {
        if self.script.offline {
            return None;
        }
        self.next += 1;
        self.connections.insert(self.next, Connection::default());
        Some(self.next)
    }

    pub(super) fn next(&mut self, number: u64) -> Next {
        let Some(connection) = self.connections.get_mut(&number) else { return Next::End };
        if connection.over {
            return Next::End;
        }
        if self.script.held {
            return Next::Wait;
        }
        connection.frames.pop_front().map_or(Next::Wait, Next::Say)
    }

    pub(super) fn gone(&mut self, number: u64) {
        self.connections.remove(&number);
    }

    pub(super) fn cut(&mut self) {
        for connection in self.connections.values_mut() {
            connection.over = true;
        }
    }

    pub(super) fn close(&mut self, code: ErrorCode) {
        for connection in self.connections.values_mut() {
            let close = Close { code: code.close_code(), reason: code.text().to_owned() };
            connection.frames.push_back(Frame::Close(close));
        }
    }

    fn say_to(&mut self, number: u64, event: &Event) {
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.frames.push_back(Frame::Text(encode(event)));
        }
    }

    /// Tells everyone in a room, but for one connection.
    fn tell(&mut self, room: &RoomId, event: &Event, but: Option<u64>) {
        let Some(members) = self.rooms.get(room).map(|room| &room.members) else { return };
        let hears = |(number, connection): &(&u64, &mut Connection)| {
            Some(**number) != but && connection.user.as_ref().is_some_and(|user| members.contains(user))
        };
        let frame = Frame::Text(encode(event));
        for (_, connection) in self.connections.iter_mut().filter(hears) {
            connection.frames.push_back(frame.clone());
        }
    }

    fn tell_user(&mut self, user: &UserId, change: UserChange) {
        let ts = self.tick();
        let log = self.users.entry(user.clone()).or_default();
        log.push(change.clone());
        let user_offset = UserOffset::new(log.len() as u64).unwrap_or_default();
        let event = Event::from(UserChanged { user_offset, change, ts });
        let of_user = |connection: &&mut Connection| connection.user.as_ref() == Some(user);
        for connection in self.connections.values_mut().filter(of_user) {
            connection.frames.push_back(Frame::Text(encode(&event)));
        }
    }

    // What a test does.

    pub(super) fn make(&mut self, id: RoomId, members: Vec<UserId>) {
        self.rooms.entry(id.clone()).or_insert_with(|| Room::new(id.clone()));
        for user in members {
            self.enter(&id, user);
        }
    }

    /// Makes a user a member, and shows it the room.
    fn enter(&mut self, id: &RoomId, user: UserId) {
        let ts = self.tick();
        let Some(entry) = self.rooms.get_mut(id).and_then(|room| room.join(user.clone(), ts)) else { return };
        self.tell(id, &entry, None);
        self.tell_user(&user, UserChange::RoomJoined { room: id.clone() });
        let here: Vec<u64> = self
            .connections
            .iter()
            .filter(|(_, of)| of.user.as_ref() == Some(&user))
            .map(|(n, _)| *n)
            .collect();
        for number in here {
            self.resume_room(number, &user, id, None, None);
        }
    }

    pub(super) fn say(&mut self, from: UserId, room: &RoomId, content: Content) -> Option<Message> {
        let send = SendMessage::new(RequestId::new("0").expect("a digit is an id"), room.clone(), content);
        let ts = self.tick();
        let (_, entry) = self.rooms.get_mut(room)?.store(from, send, ts).ok()?;
        self.tell(room, &entry?, None);
        self.rooms[room].messages.last().cloned()
    }

    pub(super) fn messages(&self, room: &RoomId) -> Vec<Message> {
        self.rooms.get(room).map(|room| room.messages.clone()).unwrap_or_default()
    }

    pub(super) fn begin_anew(&mut self) {
        self.life += 1;
        self.users.values_mut().for_each(Vec::clear);
        self.rooms.values_mut().for_each(Room::begin_anew);
        self.cut();
    }

    pub(super) fn forget_log(&mut self, room: &RoomId) {
        self.rooms.get_mut(room).into_iter().for_each(Room::forget_log);
    }

    // What a client says.

    pub(super) fn take(&mut self, number: u64, command: Command) {
        self.script.hear(&command);
        let (kind, id) = (command.kind().to_owned(), command.id().cloned());
        let lost = self.script.lost(&kind);
        if lost && let Some(connection) = self.connections.get_mut(&number) {
            // What comes of it is not said any more.
            connection.over = true;
        }
        let follows =
            matches!(&command, Command::Auth(auth) if auth.follow && self.user_of(number).is_none());
        let answer = match self.script.refused(&kind) {
            Some(code) => Err(code),
            None => self.carry_out(number, command),
        };
        let follows = follows && answer.is_ok();
        let ts = self.tick();
        let reply = match answer {
            Ok(Some(data)) => data(id.clone(), ts),
            Ok(None) => Reply::done(id.clone(), ts),
            Err(code) => {
                Reply::refused(id.clone(), &WireError::new(code, "as the test asked, or as it must be"), ts)
            }
        };
        if id.is_some() || reply.err.is_some() {
            self.say_to(number, &reply.into());
        }
        if let Some(user) = self.user_of(number).filter(|_| follows) {
            self.resume_others(number, &user, &BTreeMap::new(), None);
            self.user_resumed(number, &user, Outcome::Snapshot, None);
        }
    }

    fn user_of(&self, number: u64) -> Option<UserId> {
        self.connections.get(&number)?.user.clone()
    }

    fn carry_out(&mut self, number: u64, command: Command) -> Answer {
        if let Command::Auth(auth) = command {
            return self.auth(number, &auth);
        }
        let user = self.user_of(number).ok_or(ErrorCode::NotAuthenticated)?;
        match command {
            Command::Resume(resume) => self.resume(number, &user, &resume),
            Command::Follow(follow) => {
                let from = follow.offset.filter(|_| follow.epoch.is_none_or(|epoch| epoch == self.epoch()));
                self.member(&user, &follow.room)?;
                self.resume_room(number, &user, &follow.room, from, Some(&follow.id));
                Ok(None)
            }
            Command::Create(create) => self.create(&user, *create),
            Command::Join(join) => {
                if !self.rooms.contains_key(&join.room) {
                    return Err(ErrorCode::Forbidden);
                }
                self.enter(&join.room, user.clone());
                self.room_data(&user, &join.room, false)
            }
            Command::Leave(leave) => self.leave(&user, &leave.room),
            Command::Send(send) => self.send(&user, send),
            Command::Edit(edit) => {
                let ts = self.tick();
                let entry = self.member(&user, &edit.room)?.edit(edit.seq, edit.content, ts)?;
                self.changed(&edit.room, &entry, ts)
            }
            Command::Delete(delete) if !delete.for_me => {
                let ts = self.tick();
                let entry = self.member(&user, &delete.room)?.delete(delete.seq, &user, ts)?;
                self.changed(&delete.room, &entry, ts)
            }
            Command::Read(read) if read.thread.is_none() => self.read(number, &user, &read),
            Command::History(history) => {
                let page = self.member(&user, &history.room)?.history(history.query);
                data(page)
            }
            Command::Typing(typing) => self.typing(number, &user, typing),
            Command::Listen(Listen { user, .. }) => {
                let online =
                    self.connections.values().any(|connection| connection.user.as_ref() == Some(&user));
                data(ListenData { user, online, last_seen: None })
            }
            Command::Unlisten(_) | Command::Delivered(_) | Command::Away(_) => Ok(None),
            Command::Ping(ping) => {
                let ts = self.tick();
                self.say_to(number, &Pong { id: ping.id, ts }.into());
                Ok(None)
            }
            _ => Err(ErrorCode::NotSupported),
        }
    }

    fn member(&mut self, user: &UserId, room: &RoomId) -> Result<&mut Room, ErrorCode> {
        let room = self.rooms.get_mut(room).filter(|room| room.members.contains(user));
        room.ok_or(ErrorCode::Forbidden)
    }

    fn changed(&mut self, room: &RoomId, entry: &Event, ts: Timestamp) -> Answer {
        self.tell(room, entry, None);
        data(ChangeData { offset: self.rooms[room].offset(), ts })
    }

    fn room_data(&mut self, user: &UserId, room: &RoomId, created: bool) -> Answer {
        let ts = self.tick();
        data(RoomData { room: self.rooms[room].state(user, ts), created })
    }

    fn auth(&mut self, number: u64, auth: &Auth) -> Answer {
        let token = auth.token.as_deref().unwrap_or_default();
        let user_id = UserId::new(token).map_err(|_| ErrorCode::InvalidToken)?;
        let connection = self.connections.get_mut(&number).ok_or(ErrorCode::ShuttingDown)?;
        connection.user = Some(user_id.clone());
        data(AuthData {
            session_id: SessionId::new(format!("fake-{number}")).expect("letters and digits are an id"),
            epoch: self.epoch(),
            user_offset: self.user_offset(&user_id),
            expires_at: None,
            limits: fake_limits(),
            user_id,
        })
    }

    fn user_offset(&self, user: &UserId) -> UserOffset {
        UserOffset::new(self.users.get(user).map_or(0, Vec::len) as u64).unwrap_or_default()
    }

    fn resume(&mut self, number: u64, user: &UserId, resume: &Resume) -> Answer {
        let known = resume.epoch == self.epoch();
        for (room, offset) in &resume.rooms {
            if self.member(user, room).is_ok() {
                self.resume_room(number, user, room, Some(*offset).filter(|_| known), Some(&resume.id));
            } else {
                let gone = self.resumed(Some(room), Outcome::Gone, Some(&resume.id));
                self.say_to(number, &gone.into());
            }
        }
        if !resume.more {
            self.resume_others(number, user, &resume.rooms, Some(&resume.id));
            let missed = usize::try_from(resume.user_offset.get()).ok();
            let log = self.users.get(user).cloned().unwrap_or_default();
            match missed.filter(|_| known).and_then(|from| log.get(from..)) {
                Some(changes) => self.replay_user(number, user, resume, changes.to_vec()),
                None => self.user_resumed(number, user, Outcome::Snapshot, Some(&resume.id)),
            }
        }
        Ok(None)
    }

    fn replay_user(&mut self, number: u64, user: &UserId, resume: &Resume, changes: Vec<UserChange>) {
        let ts = self.tick();
        for (change, at) in changes.into_iter().zip(resume.user_offset.get() + 1..) {
            let user_offset = UserOffset::new(at).unwrap_or_default();
            self.say_to(number, &UserChanged { user_offset, change, ts }.into());
        }
        self.user_resumed(number, user, Outcome::Recovered, Some(&resume.id));
    }

    /// The rooms of a user that were not named.
    fn resume_others(
        &mut self,
        number: u64,
        user: &UserId,
        named: &BTreeMap<RoomId, Offset>,
        id: Option<&RequestId>,
    ) {
        let other = |room: &&Room| room.members.contains(user) && !named.contains_key(&room.id);
        let others: Vec<RoomId> = self.rooms.values().filter(other).map(|room| room.id.clone()).collect();
        for room in others {
            self.resume_room(number, user, &room, None, id);
        }
    }

    fn resume_room(
        &mut self,
        number: u64,
        user: &UserId,
        room: &RoomId,
        from: Option<Offset>,
        id: Option<&RequestId>,
    ) {
        let missed = from.and_then(|from| self.rooms[room].after(from)).map(<[Event]>::to_vec);
        let mut resumed = self.resumed(Some(room), Outcome::Recovered, id);
        match missed {
            Some(missed) => missed.iter().for_each(|entry| self.say_to(number, entry)),
            None => {
                let ts = self.tick();
                resumed.outcome = Outcome::Snapshot.into();
                resumed.state = Some(Box::new(self.rooms[room].state(user, ts)));
            }
        }
        resumed.offset = Some(self.rooms[room].offset());
        resumed.pointers = self.rooms[room].read.clone();
        self.say_to(number, &resumed.into());
    }

    fn resumed(&self, room: Option<&RoomId>, outcome: Outcome, id: Option<&RequestId>) -> Resumed {
        Resumed {
            id: id.cloned(),
            room: room.cloned(),
            outcome: outcome.into(),
            epoch: self.epoch(),
            offset: None,
            user_offset: None,
            oldest: None,
            state: None,
            pointers: BTreeMap::new(),
            delivered: BTreeMap::new(),
        }
    }

    fn user_resumed(&mut self, number: u64, user: &UserId, outcome: Outcome, id: Option<&RequestId>) {
        let mut resumed = self.resumed(None, outcome, id);
        resumed.user_offset = Some(self.user_offset(user));
        self.say_to(number, &resumed.into());
    }

    fn create(&mut self, user: &UserId, create: Create) -> Answer {
        let id = create.room.unwrap_or_else(|| {
            let name = format!("room-{}", self.rooms.len() + 1);
            RoomId::new(name).expect("letters and digits are an id")
        });
        if self.rooms.contains_key(&id) {
            return Err(ErrorCode::AlreadyExists);
        }
        let members = std::iter::once(user.clone()).chain(create.members).collect();
        self.make(id.clone(), members);
        self.room_data(user, &id, true)
    }

    fn leave(&mut self, user: &UserId, id: &RoomId) -> Answer {
        let ts = self.tick();
        let entry = self.member(user, id)?.leave(user, ts).ok_or(ErrorCode::Forbidden)?;
        self.tell(id, &entry, None);
        self.tell_user(user, UserChange::RoomLeft { room: id.clone() });
        Ok(None)
    }

    fn send(&mut self, user: &UserId, send: SendMessage) -> Answer {
        let (ts, id) = (self.tick(), send.room.clone());
        let (stored, entry) = self.member(user, &id)?.store(user.clone(), send, ts)?;
        if let Some(entry) = entry {
            self.tell(&id, &entry, None);
        }
        data(stored)
    }

    fn read(&mut self, number: u64, user: &UserId, read: &MarkRead) -> Answer {
        let room = self.member(user, &read.room)?;
        let pointer = room.read.entry(user.clone()).or_default();
        let news = read.seq > *pointer;
        *pointer = read.seq.max(*pointer);
        let at = *pointer;
        if news {
            let (room, ts) = (read.room.clone(), self.tick());
            self.tell_user(user, UserChange::Read { room: room.clone(), read: at, thread: None });
            if !read.private {
                let from = user.clone();
                let reads =
                    Reads { room: room.clone(), from, read: Some(at), delivered: None, thread: None, ts };
                self.tell(&room, &reads.into(), Some(number));
            }
        }
        data(ReadData { read: at })
    }

    fn typing(&mut self, number: u64, user: &UserId, typing: Typing) -> Answer {
        self.member(user, &typing.room)?;
        let (from, room, thread, ts) = (user.clone(), typing.room.clone(), typing.thread, self.tick());
        let state = match typing.stop {
            true => PresenceState::StopTyping { from, room, thread },
            false => PresenceState::Typing { from, room, thread, ttl_ms: fake_limits().typing_ttl_ms },
        };
        self.tell(&typing.room, &Presence { state, ts }.into(), Some(number));
        Ok(None)
    }
}

/// Those of the real server by default.
fn fake_limits() -> Limits {
    Limits {
        max_frame: limits::MAX_FRAME as u64,
        max_content: limits::MAX_CONTENT as u64,
        max_history_page: limits::MAX_HISTORY_PAGE,
        max_rooms_followed: limits::MAX_ROOMS_FOLLOWED as u32,
        max_in_flight: 64,
        typing_ttl_ms: limits::TYPING_TTL.as_millis() as u64,
    }
}
