//! What happens to the state when a change is appended or a pointer moves. Every check comes before the first write.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chat_protocol::event::{MemberAction, MemberChanged, RoomAction, RoomChanged, UserChange, UserChanged};
use chat_protocol::{
    ClientRoomId, MAX_SAFE, Message, Role, RoomId, RoomInfo, Seq, Timestamp, UserId, UserOffset,
};

use super::room::{Member, Room, Sent};
use crate::storage::{
    Append, Appended, Change, LogEntry, NewMessage, NewRoom, PointerMove, PointerMoved, Refusal,
    StoredMessage,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) rooms: BTreeMap<RoomId, Room>,
    /// Users' own logs.
    pub(super) users: BTreeMap<UserId, Vec<UserChanged>>,
    /// Rooms by their creators' names for them, with the digest of the request.
    requests: BTreeMap<(UserId, ClientRoomId), ([u8; 16], RoomId)>,
    /// Number of changes so far; that of a message is its `num`.
    changes: u64,
}

impl State {
    pub(super) fn append(&mut self, append: &Append) -> Result<Appended, Refusal> {
        if let Change::Create(new) = &append.change {
            return self.create(append, new);
        }
        let room = self.rooms.get(&append.room).ok_or(Refusal::NoRoom)?;
        // A repeat stores nothing, so it needs no right: it is told what happened before.
        if let Change::Message(new) = &append.change
            && let Some(first) = repeated(room, &append.by, new)
        {
            return first;
        }
        if append.access_version.is_some_and(|version| version != room.access_version) {
            return Err(Refusal::AccessChanged);
        }
        match &append.change {
            Change::Create(_) => unreachable!("answered above"),
            Change::Join { role } => self.join(append, *role),
            Change::Leave => self.leave(append),
            Change::Message(new) => Ok(self.message(append, new)),
        }
    }

    fn create(&mut self, append: &Append, new: &NewRoom) -> Result<Appended, Refusal> {
        let request = new.request.as_ref().map(|(id, digest)| ((append.by.clone(), id.clone()), *digest));
        if let Some((name, digest)) = &request
            && let Some((first, room)) = self.requests.get(name)
        {
            return if first == digest {
                Ok(unchanged(&self.rooms[room], room))
            } else {
                Err(Refusal::Conflict)
            };
        }
        let Entry::Vacant(place) = self.rooms.entry(append.room.clone()) else { return Err(Refusal::Exists) };
        let room = place.insert(Room {
            kind: new.kind,
            access: new.access,
            access_version: 1,
            name: new.name.clone(),
            members: BTreeMap::new(),
            entries: Vec::new(),
            messages: Vec::new(),
            seq: Seq::ZERO,
            ts: append.now,
            active: 0,
            sent: BTreeMap::new(),
        });
        room.entries.push(LogEntry::Room(RoomChanged {
            room: append.room.clone(),
            offset: room.head().next(),
            action: RoomAction::Created.into(),
            kind: new.kind.into(),
            access: None,
            history: None,
            info: RoomInfo { name: new.name.clone(), ..RoomInfo::default() },
            desk: None,
            by: append.by.clone(),
            ts: append.now,
        }));
        self.touch(&append.room, append.now);
        if let Some((name, digest)) = request {
            self.requests.insert(name, (digest, append.room.clone()));
        }
        let mut users = Vec::new();
        for (user, role) in &new.members {
            if self.rooms[&append.room].members.contains_key(user) {
                continue;
            }
            users.push((user.clone(), self.add(append, user, *role)));
        }
        Ok(Appended { users, ..changed(&self.rooms[&append.room], &append.room) })
    }

    fn join(&mut self, append: &Append, role: Role) -> Result<Appended, Refusal> {
        let room = &self.rooms[&append.room];
        if room.members.contains_key(&append.by) {
            return Ok(unchanged(room, &append.room));
        }
        let users = vec![(append.by.clone(), self.add(append, &append.by, role))];
        Ok(Appended { users, ..changed(&self.rooms[&append.room], &append.room) })
    }

    /// Makes `user` a member whose pointers start at the head.
    fn add(&mut self, append: &Append, user: &UserId, role: Role) -> UserOffset {
        let room = self.touch(&append.room, append.now);
        room.members.insert(user.clone(), Member { role, read: room.seq });
        self.tell_member(append, user, MemberAction::Joined, Some(role))
    }

    fn leave(&mut self, append: &Append) -> Result<Appended, Refusal> {
        if !self.rooms[&append.room].members.contains_key(&append.by) {
            return Err(Refusal::NotMember);
        }
        let room = self.touch(&append.room, append.now);
        room.members.remove(&append.by);
        room.access_version += 1;
        let offset = self.tell_member(append, &append.by, MemberAction::Left, None);
        let users = vec![(append.by.clone(), offset)];
        Ok(Appended { users, ..changed(&self.rooms[&append.room], &append.room) })
    }

    fn message(&mut self, append: &Append, new: &NewMessage) -> Appended {
        let room = self.touch(&append.room, append.now);
        room.seq = room.seq.next();
        let (id, content) = (append.room.clone(), new.content.clone());
        let message = Message {
            client_msg_id: new.client_msg_id.clone(),
            reply_to: new.reply_to,
            ..Message::new(id, room.head().next(), room.seq, append.by.clone(), content, room.ts)
        };
        let stored = StoredMessage { message, num: room.active, key: rand::random() };
        let (num, key) = (stored.num, stored.key);
        room.messages.push(room.entries.len());
        room.entries.push(LogEntry::Message(stored));
        let answer = Appended { num, key, ..changed(room, &append.room) };
        if let Some(id) = &new.client_msg_id {
            let sent = Sent { digest: new.digest, answer: answer.clone() };
            room.sent.insert((append.by.clone(), id.clone()), sent);
        }
        answer
    }

    pub(super) fn advance(&mut self, step: &PointerMove) -> PointerMoved {
        let Some(room) = self.rooms.get_mut(&step.room) else { return PointerMoved::NotMember };
        let Some(member) = room.members.get_mut(&step.user) else { return PointerMoved::NotMember };
        if step.read > room.seq {
            return PointerMoved::BeyondHead;
        }
        if step.read <= member.read {
            return PointerMoved::Unchanged { read: member.read };
        }
        member.read = step.read;
        let change = UserChange::Read { room: step.room.clone(), read: step.read, thread: None };
        let user_offset = self.tell_user(&step.user, change, step.now);
        PointerMoved::Moved { read: step.read, user_offset }
    }

    /// Counts a change of a room and sets its time.
    fn touch(&mut self, id: &RoomId, now: Timestamp) -> &mut Room {
        self.changes += 1;
        assert!(self.changes <= MAX_SAFE, "the last number was reached");
        let room = self.rooms.get_mut(id).expect("the caller found it under the same lock");
        room.active = self.changes;
        room.ts = room.ts.max(now);
        room
    }

    /// Writes a change of membership to the room's log and the user's.
    fn tell_member(
        &mut self,
        append: &Append,
        user: &UserId,
        action: MemberAction,
        role: Option<Role>,
    ) -> UserOffset {
        let room = self.rooms.get_mut(&append.room).expect("the caller found it under the same lock");
        let ts = room.ts;
        let (id, offset) = (append.room.clone(), room.head().next());
        room.entries.push(LogEntry::Member(MemberChanged {
            role: role.map(Into::into),
            by: (*user != append.by).then(|| append.by.clone()),
            ..MemberChanged::new(id.clone(), offset, user.clone(), action, ts)
        }));
        let change = match role {
            Some(_) => UserChange::RoomJoined { room: id },
            None => UserChange::RoomLeft { room: id },
        };
        self.tell_user(user, change, ts)
    }

    /// Writes to a user's own log.
    fn tell_user(&mut self, user: &UserId, change: UserChange, ts: Timestamp) -> UserOffset {
        let log = self.users.entry(user.clone()).or_default();
        let user_offset = log.last().map_or(UserOffset::ZERO, |entry| entry.user_offset).next();
        log.push(UserChanged { user_offset, change, ts });
        user_offset
    }
}

/// The answer to a message whose `client_msg_id` was used before.
fn repeated(room: &Room, by: &UserId, new: &NewMessage) -> Option<Result<Appended, Refusal>> {
    let id = new.client_msg_id.clone()?;
    let sent = room.sent.get(&(by.clone(), id))?;
    if sent.digest != new.digest {
        return Some(Err(Refusal::Conflict));
    }
    Some(Ok(Appended { duplicate: true, access_version: room.access_version, ..sent.answer.clone() }))
}

/// The answer to a change that was stored just now, for all but messages.
fn changed(room: &Room, id: &RoomId) -> Appended {
    Appended {
        room: id.clone(),
        offset: room.head(),
        seq: room.seq,
        ts: room.ts,
        duplicate: false,
        num: 0,
        key: 0,
        access_version: room.access_version,
        users: Vec::new(),
    }
}

/// The answer to a change that was there before.
fn unchanged(room: &Room, id: &RoomId) -> Appended {
    Appended { duplicate: true, ..changed(room, id) }
}
