//! What happens to what belongs to one user alone.

use chat_protocol::command::SettingsPatch;
use chat_protocol::event::{UserChange, UserChanged};
use chat_protocol::unread::ReadState;
use chat_protocol::{Mentions, RoomId, RoomSettings, Seq, UserId, UserOffset, limits};

use super::room::{Member, Room};
use super::state::State;
use crate::storage::{OwnAppend, OwnAppended, OwnChange, Pointer, Refusal};

pub(super) type Answer = Result<OwnAppended, Refusal>;

impl State {
    pub(super) fn append_own(&mut self, append: &OwnAppend) -> Answer {
        if append.change.adds() && self.forgetting.contains_key(&append.user) {
            return Err(Refusal::Forgotten);
        }
        match &append.change {
            OwnChange::Move { room, pointer, thread, seq } => {
                self.move_pointer(append, room, *pointer, *thread, *seq)
            }
            OwnChange::MarkUnread { room, from } => self.mark_unread(append, room, *from),
            OwnChange::Settings { room, patch } => self.settings(append, room, patch),
            OwnChange::Split { room, at } => self.split(append, room, *at),
            OwnChange::Hide { room, seq } => self.hide(append, room, *seq),
            OwnChange::Block { user } => self.block(append, user),
            OwnChange::Unblock { user } => self.unblock(append, user),
            OwnChange::Seen { at } => {
                let own = self.users.entry(append.user.clone()).or_default();
                if own.seen >= Some(*at) {
                    return Ok(self.nothing_told(append));
                }
                own.seen = Some(*at);
                Ok(self.tell_own(append, None, Seq::ZERO))
            }
            OwnChange::Agent { organization, agent } => self.set_agent(append, organization, *agent),
            OwnChange::Revoked { session } => {
                let change = UserChange::SessionRevoked { session_id: session.clone() };
                Ok(self.tell_own(append, Some(change), Seq::ZERO))
            }
            OwnChange::Schedule(new) => self.schedule(append, new),
            OwnChange::Unschedule { room, client_msg_id, leased } => {
                self.unschedule(append, room, client_msg_id, *leased)
            }
            OwnChange::Device { device, push, name } => self.register(append, device, push, name),
            OwnChange::ForgetPush { device, target } => self.forget_push(append, device, target),
            OwnChange::Forget => Ok(self.begin_forgetting(append)),
            OwnChange::Erase { limit } => Ok(self.erase(append, *limit)),
            OwnChange::Forgotten => Ok(self.end_forgetting(append)),
        }
    }

    fn move_pointer(
        &mut self,
        append: &OwnAppend,
        id: &RoomId,
        pointer: Pointer,
        thread: Option<Seq>,
        seq: Seq,
    ) -> Answer {
        let of_main_line = |root: &Seq| {
            let message = self.rooms.get(id).and_then(|room| room.messages.get(root));
            message.is_some_and(|stored| stored.stored.message.thread.is_none())
        };
        let no_thread = pointer != Pointer::Delivered && thread.is_some_and(|root| !of_main_line(&root));
        let (head, member) = self.member(id, &append.user)?;
        if seq > head || no_thread {
            return Err(Refusal::NoMessage);
        }
        let mut told = None;
        let joined = if thread.is_some() { member.joined_seq } else { Seq::ZERO };
        let (before, at) = match pointer {
            Pointer::Delivered => {
                if seq <= member.delivered {
                    return Ok(self.stays(append, id, pointer, thread));
                }
                (std::mem::replace(&mut member.delivered, seq), seq)
            }
            Pointer::Read | Pointer::ReadPrivate => {
                let state = match thread {
                    None => &mut member.read,
                    Some(root) => member.threads.entry(root).or_default(),
                };
                let before = *state;
                let (stands, start) = match pointer {
                    Pointer::Read => (&mut state.read, joined),
                    _ => (&mut state.read_private, Seq::ZERO),
                };
                let stood = start.max(*stands);
                if seq > stood {
                    *stands = seq;
                }
                let at = stood.max(seq);
                state.unread_from = None;
                if *state == before {
                    return Ok(self.stays(append, id, pointer, thread));
                }
                if pointer == Pointer::Read && thread.is_none() {
                    member.delivered = member.delivered.max(at);
                }
                let room = id.clone();
                told = Some(match pointer {
                    Pointer::ReadPrivate => UserChange::ReadPrivate { room, read: at, thread },
                    _ => UserChange::Read { room, read: at, thread },
                });
                (stood, at)
            }
        };
        Ok(OwnAppended { before, ..self.tell_own(append, told, at) })
    }

    fn mark_unread(&mut self, append: &OwnAppend, id: &RoomId, from: Seq) -> Answer {
        let (head, member) = self.member(id, &append.user)?;
        if from > head || from == Seq::ZERO {
            return Err(Refusal::NoMessage);
        }
        if member.read.unread_from == Some(from) {
            return Ok(self.nothing_told(append));
        }
        member.read.unread_from = Some(from);
        let change = UserChange::MarkedUnread { room: id.clone(), unread_from: from };
        Ok(self.tell_own(append, Some(change), Seq::ZERO))
    }

    fn settings(&mut self, append: &OwnAppend, id: &RoomId, patch: &SettingsPatch) -> Answer {
        let (head, member) = self.member(id, &append.user)?;
        let before = member.settings_at(head);
        let mut after = before.clone();
        patch.mute_until.apply(&mut after.mute_until);
        after.pinned = patch.pinned.unwrap_or(after.pinned);
        after.archived = patch.archived.unwrap_or(after.archived);
        if before == after {
            return Ok(self.nothing_told(append));
        }
        member.archived_at = after.archived.then_some(head);
        member.settings = after.clone();
        let change = UserChange::Settings { room: id.clone(), settings: after };
        Ok(self.tell_own(append, Some(change), Seq::ZERO))
    }

    fn split(&mut self, append: &OwnAppend, id: &RoomId, at: Option<Seq>) -> Answer {
        let (head, member) = self.member(id, &append.user)?;
        if at.is_some_and(|at| at > head) {
            return Err(Refusal::NoMessage);
        }
        if member.split == at {
            return Ok(self.nothing_told(append));
        }
        member.split = at;
        Ok(self.tell_own(append, None, Seq::ZERO))
    }

    fn hide(&mut self, append: &OwnAppend, id: &RoomId, seq: Seq) -> Answer {
        self.member(id, &append.user)?;
        let message = &self.rooms[id].messages.get(&seq).ok_or(Refusal::NoMessage)?.stored.message;
        let change = UserChange::Hidden {
            room: id.clone(),
            seq,
            from: message.from.clone(),
            thread: message.thread,
            mentions: message.mentions.clone().filter(|mentions| *mentions != Mentions::default()),
        };
        let hidden = &mut self.users.entry(append.user.clone()).or_default().hidden;
        if !hidden.entry(id.clone()).or_default().insert(seq) {
            return Ok(self.nothing_told(append));
        }
        Ok(self.tell_own(append, Some(change), Seq::ZERO))
    }

    fn set_agent(&mut self, append: &OwnAppend, organization: &str, agent: bool) -> Answer {
        let agents = self.agents.entry(organization.to_owned()).or_default();
        if agents.contains(&append.user) == agent {
            return Ok(self.nothing_told(append));
        }
        if agent && agents.len() >= limits::MAX_AGENTS {
            return Err(Refusal::Full);
        }
        match agent {
            true => agents.insert(append.user.clone()),
            false => agents.remove(&append.user),
        };
        Ok(self.tell_own(append, None, Seq::ZERO))
    }

    fn block(&mut self, append: &OwnAppend, user: &UserId) -> Answer {
        let blocked = &mut self.users.entry(append.user.clone()).or_default().blocked;
        if blocked.contains_key(user) {
            return Ok(self.nothing_told(append));
        }
        if blocked.len() >= limits::MAX_BLOCKED {
            return Err(Refusal::Full);
        }
        blocked.insert(user.clone(), append.now);
        self.bump_direct(&append.user, user);
        Ok(self.tell_own(append, Some(UserChange::Blocked { user: user.clone() }), Seq::ZERO))
    }

    fn unblock(&mut self, append: &OwnAppend, user: &UserId) -> Answer {
        let blocked = &mut self.users.entry(append.user.clone()).or_default().blocked;
        if blocked.remove(user).is_none() {
            return Ok(self.nothing_told(append));
        }
        self.bump_direct(&append.user, user);
        Ok(self.tell_own(append, Some(UserChange::Unblocked { user: user.clone() }), Seq::ZERO))
    }

    /// What was decided in the direct room of two is decided again.
    fn bump_direct(&mut self, a: &UserId, b: &UserId) {
        if let Some(room) = self.rooms.get_mut(&RoomId::direct(a, b)) {
            room.access_version += 1;
        }
    }

    /// The user's membership, and the newest message of the room.
    fn member(&mut self, id: &RoomId, user: &UserId) -> Result<(Seq, &mut Member), Refusal> {
        let room: &mut Room = self.rooms.get_mut(id).ok_or(Refusal::NotMember)?;
        let member = room.members.get_mut(user).ok_or(Refusal::NotMember)?;
        Ok((room.seq, member))
    }

    /// Writes to the user's log and answers.
    pub(super) fn tell_own(
        &mut self,
        append: &OwnAppend,
        change: Option<UserChange>,
        at: Seq,
    ) -> OwnAppended {
        let entry: Option<UserChanged> =
            change.map(|change| self.tell_user(&append.user, change, append.now));
        let members = match &append.change {
            OwnChange::Move { room, .. } => self.rooms.get(room).map_or(0, |room| room.members.len() as u64),
            _ => 0,
        };
        let user_offset = self.user_head(&append.user);
        OwnAppended { duplicate: false, at, before: Seq::ZERO, entry, user_offset, members }
    }

    /// The answer to what is stored and in no log.
    pub(super) fn stored_own(&self, append: &OwnAppend) -> OwnAppended {
        OwnAppended { duplicate: false, ..self.nothing_told(append) }
    }

    pub(super) fn nothing_told(&self, append: &OwnAppend) -> OwnAppended {
        let user_offset = self.user_head(&append.user);
        OwnAppended {
            duplicate: true,
            at: Seq::ZERO,
            before: Seq::ZERO,
            entry: None,
            user_offset,
            members: 0,
        }
    }

    /// The answer for a pointer that stays where it is.
    fn stays(
        &mut self,
        append: &OwnAppend,
        id: &RoomId,
        pointer: Pointer,
        thread: Option<Seq>,
    ) -> OwnAppended {
        let member = self.rooms.get(id).and_then(|room| room.members.get(&append.user));
        let state = |member: &Member| match thread {
            None => member.read,
            Some(root) => member.in_thread(root),
        };
        let at = member.map_or(Seq::ZERO, |member| match pointer {
            Pointer::Delivered => member.delivered,
            Pointer::Read => state(member).read,
            Pointer::ReadPrivate => state(member).read_private,
        });
        OwnAppended { at, before: at, ..self.nothing_told(append) }
    }

    pub(super) fn user_head(&self, user: &UserId) -> UserOffset {
        let head = self.users.get(user).map_or(0, |own| own.log_gone + own.log.len() as u64);
        UserOffset::new(head).unwrap_or_default()
    }
}

impl Member {
    /// Its settings while the room's newest message is `head`: one that came after archiving ends that.
    pub(super) fn settings_at(&self, head: Seq) -> RoomSettings {
        let archived = self.archived_at.is_some_and(|at| at >= head);
        RoomSettings { archived, ..self.settings.clone() }
    }

    /// How far it has read in a thread: what was said before it joined is not unread there either.
    pub(super) fn in_thread(&self, root: Seq) -> ReadState {
        let own = self.threads.get(&root).copied().unwrap_or_default();
        ReadState { read: own.read.max(self.joined_seq), ..own }
    }
}
