//! Rooms that come to be, and who is in them.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;

use chat_protocol::dialect::RoomName;
use chat_protocol::event::{MemberAction, MemberChanged, RoomAction, RoomChanged, UserChange};
use chat_protocol::unread::ReadState;
use chat_protocol::{Role, RoomKind, RoomSettings, Seq, Timestamp, UserId};

use super::room::{Member, Room};
use super::state::{Answer, State, Told, changed, unchanged};
use crate::storage::{Append, BanEntry, LogEntry, NewRoom, Refusal};

impl State {
    pub(super) fn create(&mut self, append: &Append, new: &NewRoom) -> Answer {
        let request = new.request.as_ref().map(|(id, digest)| ((append.by.clone(), id.clone()), *digest));
        if let Some((name, digest)) = &request
            && let Some((first, room)) = self.requests.get(name)
        {
            return if first == digest { Ok(unchanged(&self.rooms[room])) } else { Err(Refusal::Conflict) };
        }
        if append.access_version.is_some() {
            return Err(Refusal::AccessChanged);
        }
        let named = || new.members.iter().map(|(user, _)| user).chain([&append.by]);
        if named().any(|user| self.forgetting.contains_key(user)) {
            return Err(Refusal::Forgotten);
        }
        let number = new.number.is_some_and(|number| self.numbers.contains_key(&number));
        let alias = new.alias.clone().is_some_and(|alias| self.named(&RoomName::Alias(alias)).is_some());
        let missing = self.missing(append, new);
        if number || alias || (self.rooms.contains_key(&append.room) && missing.is_empty()) {
            return Err(Refusal::Exists);
        }
        if named().any(|user| self.blocks(user, &append.by)) {
            return Err(Refusal::NotAllowed);
        }
        if !missing.is_empty() {
            let mut told = Told::default();
            for (user, role) in missing {
                self.enter(append, &user, role, &mut told);
            }
            return Ok(changed(self.room(&append.room), told));
        }
        self.insert_room(append, new);
        self.jobs.keep_for(&append.room, new.info.message_ttl_s, append.now);
        if let Some((name, digest)) = request {
            self.requests.insert(name, (digest, append.room.clone()));
        }
        let mut told = Told::default();
        let room = self.touch(&append.room, append.now);
        let created = LogEntry::Room(room_now(room, RoomAction::Created, &append.by));
        self.tell(&append.room, created, &mut told);
        for (user, role) in &new.members {
            if !self.room(&append.room).members.contains_key(user) {
                self.enter(append, user, *role, &mut told);
            }
        }
        Ok(changed(self.room(&append.room), told))
    }

    /// Those of the two of a direct room that are to be its members and are not.
    fn missing(&self, append: &Append, new: &NewRoom) -> Vec<(UserId, Role)> {
        let Some(room) = self.rooms.get(&append.room).filter(|room| room.kind == RoomKind::Direct) else {
            return Vec::new();
        };
        let missing =
            |(user, _): &&(UserId, Role)| room.id.peer_of(user).is_some() && !room.members.contains_key(user);
        let mut missing: Vec<_> = new.members.iter().filter(missing).cloned().collect();
        missing.dedup_by(|(a, _), (b, _)| a == b);
        missing
    }

    fn insert_room(&mut self, append: &Append, new: &NewRoom) {
        if let Some(number) = new.number {
            self.numbers.insert(number, append.room.clone());
        }
        let made = self.rooms.len() as u64;
        let Entry::Vacant(place) = self.rooms.entry(append.room.clone()) else { return };
        place.insert(Room {
            id: append.room.clone(),
            kind: new.kind,
            access: new.access,
            history: new.history,
            access_version: 1,
            info: new.info.clone(),
            desk: new.desk.clone(),
            number: new.number,
            key: rand::random(),
            alias: new.alias.clone(),
            made,
            created_at: append.now,
            updated_at: append.now,
            members: Default::default(),
            bans: Default::default(),
            entries: Default::default(),
            messages: Default::default(),
            offset: Default::default(),
            oldest_offset: chat_protocol::Offset::ZERO.next(),
            seq: Seq::ZERO,
            oldest_seq: Seq::ZERO.next(),
            ts: append.now,
            active: 0,
            sent: Default::default(),
        });
    }

    pub(super) fn join(&mut self, append: &Append, role: Role, max: u64) -> Answer {
        let room = &self.rooms[&append.room];
        if room.members.contains_key(&append.by) {
            return Ok(unchanged(room));
        }
        if room.kind == RoomKind::Desk && !self.is_agent(room, &append.by) && !room.is_client(&append.by) {
            return Err(Refusal::NotAllowed);
        }
        if room.members.len() as u64 >= max {
            return Err(Refusal::RoomFull);
        }
        let mut told = Told::default();
        self.enter(append, &append.by, role, &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn add_all(&mut self, append: &Append, users: &[UserId], role: Role, max: u64) -> Answer {
        let room = &self.rooms[&append.room];
        if users.iter().any(|user| self.forgetting.contains_key(user)) {
            return Err(Refusal::Forgotten);
        }
        let barred = |user: &UserId| {
            let banned =
                room.bans.get(user).is_some_and(|ban| ban.until.is_none_or(|until| until > append.now));
            banned || self.blocks(user, &append.by)
        };
        if users.iter().any(barred) {
            return Err(Refusal::NotAllowed);
        }
        let fresh: Vec<_> = users.iter().filter(|user| !room.members.contains_key(*user)).collect();
        if fresh.is_empty() {
            return Ok(unchanged(room));
        }
        if (room.members.len() + fresh.len()) as u64 > max {
            return Err(Refusal::RoomFull);
        }
        let mut told = Told::default();
        for user in fresh {
            self.enter(append, user, role, &mut told);
        }
        Ok(changed(self.room(&append.room), told))
    }

    /// Makes `user` a member whose pointers start at the head.
    fn enter(&mut self, append: &Append, user: &UserId, role: Role, told: &mut Told) {
        let room = self.touch(&append.room, append.now);
        let (seq, active, ts) = (room.seq, room.active, room.ts);
        let member = Member {
            role,
            joined_at: ts,
            joined: active,
            joined_seq: seq,
            joined_offset: room.offset.next(),
            delivered: seq,
            read: ReadState { read: seq, ..ReadState::default() },
            threads: Default::default(),
            settings: RoomSettings::default(),
            archived_at: None,
            split: None,
        };
        room.bans.remove(user);
        room.members.insert(user.clone(), member);
        self.tell_member(append, user, MemberAction::Joined, Details { role: Some(role), ..NONE }, told);
        let change = UserChange::RoomJoined { room: append.room.clone() };
        told.users.push((user.clone(), self.tell_user(user, change, ts)));
    }

    pub(super) fn leave(&mut self, append: &Append, heir: Role) -> Answer {
        let Some(member) = self.rooms[&append.room].members.get(&append.by) else {
            return Err(Refusal::NotMember);
        };
        let was_owner = member.role == Role::Owner;
        let mut told = Told::default();
        self.go(append, &append.by, MemberAction::Left, None, &mut told);
        if was_owner {
            self.pass_on(append, heir, &mut told);
        }
        Ok(changed(self.room(&append.room), told))
    }

    /// Ends a membership.
    fn go(
        &mut self,
        append: &Append,
        user: &UserId,
        action: MemberAction,
        reason: Option<&str>,
        told: &mut Told,
    ) {
        let room = self.touch(&append.room, append.now);
        room.members.remove(user);
        room.access_version += 1;
        let ts = room.ts;
        self.tell_member(append, user, action, Details { reason, ..NONE }, told);
        let change = UserChange::RoomLeft { room: append.room.clone() };
        told.users.push((user.clone(), self.tell_user(user, change, ts)));
    }

    /// The owner is gone: the longest member of the highest role becomes owner, if that is at least `heir`.
    fn pass_on(&mut self, append: &Append, heir: Role, told: &mut Told) {
        let members = self.rooms[&append.room].members.iter();
        let able = members.filter(|(_, member)| member.role.rank() >= heir.rank());
        let first = able.min_by_key(|(_, member)| (Reverse(member.role.rank()), member.joined));
        if let Some(user) = first.map(|(user, _)| user.clone()) {
            self.give(append, &user, Role::Owner, told);
        }
    }

    pub(super) fn remove(
        &mut self,
        append: &Append,
        user: &UserId,
        below: Role,
        reason: Option<&str>,
    ) -> Answer {
        let member = self.rooms[&append.room].members.get(user).ok_or(Refusal::NoUser)?;
        if member.role.rank() >= below.rank() {
            return Err(Refusal::NotAllowed);
        }
        let mut told = Told::default();
        self.go(append, user, MemberAction::Kicked, reason, &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn ban(
        &mut self,
        append: &Append,
        user: &UserId,
        below: Role,
        until: Option<Timestamp>,
        reason: Option<&str>,
    ) -> Answer {
        let room = &self.rooms[&append.room];
        let member = room.members.get(user);
        if member.is_some_and(|member| member.role.rank() >= below.rank()) {
            return Err(Refusal::NotAllowed);
        }
        let (is_member, mut told) = (member.is_some(), Told::default());
        if room.bans.get(user).is_some_and(|ban| ban.until == until && ban.reason.as_deref() == reason) {
            return Ok(unchanged(room));
        }
        if is_member {
            self.go(append, user, MemberAction::Kicked, reason, &mut told);
        }
        let room = self.touch(&append.room, append.now);
        room.access_version += 1;
        let (by, ts) = (append.by.clone(), room.ts);
        let ban = BanEntry { user: user.clone(), by, until, reason: reason.map(str::to_owned), ts };
        room.bans.insert(user.clone(), ban);
        self.tell_member(append, user, MemberAction::Banned, Details { until, reason, ..NONE }, &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn unban(&mut self, append: &Append, user: &UserId) -> Answer {
        if self.room(&append.room).bans.remove(user).is_none() {
            return Ok(unchanged(self.room(&append.room)));
        }
        let mut told = Told::default();
        self.touch(&append.room, append.now);
        self.tell_member(append, user, MemberAction::Unbanned, NONE, &mut told);
        Ok(changed(self.room(&append.room), told))
    }

    pub(super) fn set_role(&mut self, append: &Append, user: &UserId, role: Role, below: Role) -> Answer {
        let room = &self.rooms[&append.room];
        let member = room.members.get(user).ok_or(Refusal::NoUser)?;
        if member.role == role {
            return Ok(unchanged(room));
        }
        if member.role.rank() >= below.rank() {
            return Err(Refusal::NotAllowed);
        }
        let mut told = Told::default();
        self.give(append, user, role, &mut told);
        if role == Role::Owner {
            let members = self.rooms[&append.room].members.iter();
            let former = members.filter(|(other, member)| member.role == Role::Owner && *other != user);
            for former in former.map(|(other, _)| other.clone()).collect::<Vec<_>>() {
                self.give(append, &former, Role::Admin, &mut told);
            }
        }
        Ok(changed(self.room(&append.room), told))
    }

    /// Gives a member another role.
    fn give(&mut self, append: &Append, user: &UserId, role: Role, told: &mut Told) {
        let room = self.touch(&append.room, append.now);
        let Some(member) = room.members.get_mut(user) else { return };
        // Only what takes a right away has to be decided again.
        let lower = role.rank() < member.role.rank();
        member.role = role;
        room.access_version += u64::from(lower);
        self.tell_member(append, user, MemberAction::Role, Details { role: Some(role), ..NONE }, told);
    }

    /// Writes a change of membership to the room's log.
    fn tell_member(
        &mut self,
        append: &Append,
        user: &UserId,
        action: MemberAction,
        details: Details<'_>,
        told: &mut Told,
    ) {
        let room = self.room(&append.room);
        let entry = MemberChanged {
            role: details.role.map(Into::into),
            by: (*user != append.by).then(|| append.by.clone()),
            until: details.until,
            reason: details.reason.map(str::to_owned),
            ..MemberChanged::new(room.id.clone(), room.offset.next(), user.clone(), action, room.ts)
        };
        self.tell(&append.room, LogEntry::Member(entry), told);
    }
}

/// What only some changes of membership say.
#[derive(Clone, Copy)]
struct Details<'a> {
    role: Option<Role>,
    until: Option<Timestamp>,
    reason: Option<&'a str>,
}

const NONE: Details<'static> = Details { role: None, until: None, reason: None };

/// The next entry of a room's log, that says all of its data.
pub(super) fn room_now(room: &Room, action: RoomAction, by: &UserId) -> RoomChanged {
    RoomChanged {
        room: room.id.clone(),
        offset: room.offset.next(),
        action: action.into(),
        kind: room.kind.into(),
        access: Some(room.access.into()),
        history: Some(room.history.into()),
        info: room.info.clone(),
        desk: room.desk.clone(),
        oldest_seq: None,
        by: by.clone(),
        ts: room.ts,
    }
}
