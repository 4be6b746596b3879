//! What happens to what belongs to one user alone: pointers, settings, blocks.

use chat_protocol::command::SettingsPatch;
use chat_protocol::event::UserChange;
use chat_protocol::unread::ReadState;
use chat_protocol::{Mentions, RoomId, RoomSettings, Seq, Timestamp, UserId, UserOffset, limits};
use chat_server_core::storage::{OwnAppend, OwnAppended, OwnChange, Pointer, Refusal, StoredMessage};
use rusqlite::{Row, params};

use crate::error::Result;
use crate::head::Head;
use crate::message::{self, Root};
use crate::number::Number;
use crate::pages;
use crate::writer::{Batch, UserRow};

pub(crate) type Answer = Result<OwnAppended, Refusal>;

/// A user's membership, to be changed.
struct Membership {
    head: Head,
    row: UserRow,
    delivered: Seq,
    read: Seq,
    read_private: Seq,
    unread_from: Option<Seq>,
    settings: RoomSettings,
}

impl Batch<'_> {
    /// Stores one change of a user's own or refuses it.
    pub(crate) fn append_own(&mut self, append: &OwnAppend) -> Result<Answer> {
        if append.change.adds() && self.is_forgetting(&append.user)? {
            return Ok(Err(Refusal::Forgotten));
        }
        match &append.change {
            OwnChange::Move { room, pointer: Pointer::Delivered, seq, .. } => {
                self.move_delivered(append, room, *seq)
            }
            OwnChange::Move { room, pointer, thread, seq } => {
                self.move_read(append, room, *pointer == Pointer::Read, *thread, *seq)
            }
            OwnChange::MarkUnread { room, from } => self.mark_unread(append, room, *from),
            OwnChange::Settings { room, patch } => self.settings(append, room, patch),
            OwnChange::Split { room, at } => self.split(append, room, *at),
            OwnChange::Hide { room, seq } => self.hide(append, room, *seq),
            OwnChange::Block { user } => self.block(append, user),
            OwnChange::Unblock { user } => self.unblock(append, user),
            OwnChange::Seen { at } => self.seen(append, *at),
            OwnChange::Agent { organization, agent } => self.set_agent(append, organization, *agent),
            OwnChange::Revoked { session } => {
                let row = self.user_or_new(&append.user, append.now)?;
                let change = UserChange::SessionRevoked { session_id: session.clone() };
                self.told(append, row, None, change)
            }
            OwnChange::Schedule(new) => self.schedule(append, new),
            OwnChange::Unschedule { room, client_msg_id, leased } => {
                self.unschedule(append, room, client_msg_id, *leased)
            }
            OwnChange::Device { device, push, name } => self.register(append, device, push, name),
            OwnChange::ForgetPush { device, target } => self.forget_push(append, device, target),
            OwnChange::Forget => self.begin_forgetting(append),
            OwnChange::Erase { limit } => self.erase(append, *limit),
            OwnChange::Forgotten => self.end_forgetting(append),
        }
    }

    fn seen(&mut self, append: &OwnAppend, at: Timestamp) -> Result<Answer> {
        let row = self.user_or_new(&append.user, append.now)?;
        const UPDATE: &str =
            "UPDATE users SET last_seen = ?2 WHERE ref = ?1 AND (last_seen IS NULL OR last_seen < ?2)";
        if self.statement(UPDATE)?.execute(params![row.user, at.as_micros()])? == 0 {
            return self.stays(append, Seq::ZERO);
        }
        self.untold(append)
    }

    fn split(&mut self, append: &OwnAppend, room: &RoomId, at: Option<Seq>) -> Result<Answer> {
        let Some(member) = self.membership(room, &append.user)? else { return Ok(Err(Refusal::NotMember)) };
        if at.is_some_and(|at| at > member.head.seq()) {
            return Ok(Err(Refusal::NoMessage));
        }
        const UPDATE: &str =
            "UPDATE members SET split = ?3 WHERE room_ref = ?1 AND user_ref = ?2 AND split IS NOT ?3";
        let row = params![member.head.room, member.row.user, at.map(Seq::get)];
        if self.statement(UPDATE)?.execute(row)? == 0 {
            return self.stays(append, Seq::ZERO);
        }
        self.untold(append)
    }

    /// Stored, and in no log.
    fn untold(&mut self, append: &OwnAppend) -> Result<Answer> {
        let user_offset = self.user_head(&append.user)?;
        Ok(Ok(OwnAppended {
            duplicate: false,
            at: Seq::ZERO,
            before: Seq::ZERO,
            entry: None,
            user_offset,
            members: 0,
        }))
    }

    fn move_delivered(&mut self, append: &OwnAppend, room: &RoomId, seq: Seq) -> Result<Answer> {
        let Some(member) = self.membership(room, &append.user)? else { return Ok(Err(Refusal::NotMember)) };
        if seq > member.head.seq() {
            return Ok(Err(Refusal::NoMessage));
        }
        if seq <= member.delivered {
            return self.stays(append, member.delivered);
        }
        self.statement("UPDATE members SET delivered = ?3 WHERE room_ref = ?1 AND user_ref = ?2")?
            .execute(params![member.head.room, member.row.user, seq.get()])?;
        let user_offset = self.user_head(&append.user)?;
        let (at, before, members) = (seq, member.delivered, member.head.members);
        Ok(Ok(OwnAppended { duplicate: false, at, before, entry: None, user_offset, members }))
    }

    fn move_read(
        &mut self,
        append: &OwnAppend,
        room: &RoomId,
        told: bool,
        thread: Option<Seq>,
        seq: Seq,
    ) -> Result<Answer> {
        let Some(member) = self.membership(room, &append.user)? else { return Ok(Err(Refusal::NotMember)) };
        if seq > member.head.seq() {
            return Ok(Err(Refusal::NoMessage));
        }
        if let Some(root) = thread
            && message::is_root(self.db, member.head.room, root)? == Root::None
        {
            return Ok(Err(Refusal::NoMessage));
        }
        let before = match thread {
            None => member.stand(),
            Some(root) => pages::read_in_thread(self.db, member.head.room, member.row.user, root)?,
        };
        let mut after = ReadState { unread_from: None, ..before };
        let stood = if told { before.read } else { before.read_private };
        let stands = if told { &mut after.read } else { &mut after.read_private };
        *stands = seq.max(*stands);
        let at = *stands;
        if before == after {
            return self.stays(append, at);
        }
        match thread {
            None => self.stand_at(&member, after)?,
            Some(root) => self.stand_at_in_thread(&member, root, told, at)?,
        }
        let room = room.clone();
        let change = match told {
            true => UserChange::Read { room, read: at, thread },
            false => UserChange::ReadPrivate { room, read: at, thread },
        };
        let answer = self.told(append, member.row, Some(member.head.room), change)?;
        Ok(answer.map(|answer| OwnAppended { at, before: stood, members: member.head.members, ..answer }))
    }

    /// Where pointers stand; what is read was delivered.
    fn stand_at(&mut self, member: &Membership, stand: ReadState) -> Result<()> {
        const UPDATE: &str = "UPDATE members
            SET read = ?3, read_private = ?4, unread_from = ?5, delivered = max(delivered, ?3)
            WHERE room_ref = ?1 AND user_ref = ?2";
        let ReadState { read, read_private, unread_from } = stand;
        let (room, user) = (member.head.room, member.row.user);
        let row = params![room, user, read.get(), read_private.get(), unread_from.map(Seq::get)];
        self.statement(UPDATE)?.execute(row)?;
        Ok(())
    }

    /// A pointer of a thread moves; another that is not told stays where it is.
    fn stand_at_in_thread(&mut self, member: &Membership, root: Seq, told: bool, at: Seq) -> Result<()> {
        const UPSERT: &str = "INSERT INTO thread_pointers (room_ref, user_ref, thread, read, read_private)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE
            SET read = max(read, excluded.read), read_private = max(read_private, excluded.read_private)";
        let (room, user, root) = (member.head.room, member.row.user, root.get());
        let (read, read_private) = if told { (at.get(), 0) } else { (0, at.get()) };
        self.statement(UPSERT)?.execute(params![room, user, root, read, read_private])?;
        Ok(())
    }

    fn mark_unread(&mut self, append: &OwnAppend, room: &RoomId, from: Seq) -> Result<Answer> {
        let Some(member) = self.membership(room, &append.user)? else { return Ok(Err(Refusal::NotMember)) };
        if from > member.head.seq() || from == Seq::ZERO {
            return Ok(Err(Refusal::NoMessage));
        }
        if member.unread_from == Some(from) {
            return self.stays(append, Seq::ZERO);
        }
        self.stand_at(&member, ReadState { unread_from: Some(from), ..member.stand() })?;
        let change = UserChange::MarkedUnread { room: room.clone(), unread_from: from };
        self.told(append, member.row, Some(member.head.room), change)
    }

    fn settings(&mut self, append: &OwnAppend, room: &RoomId, patch: &SettingsPatch) -> Result<Answer> {
        let Some(member) = self.membership(room, &append.user)? else { return Ok(Err(Refusal::NotMember)) };
        let mut after = member.settings.clone();
        patch.mute_until.apply(&mut after.mute_until);
        after.pinned = patch.pinned.unwrap_or(after.pinned);
        after.archived = patch.archived.unwrap_or(after.archived);
        if member.settings == after {
            return self.stays(append, Seq::ZERO);
        }
        const UPDATE: &str = "UPDATE members SET muted_until = ?3, pinned = ?4, archived = ?5
            WHERE room_ref = ?1 AND user_ref = ?2";
        let archived = after.archived.then_some(member.head.seq);
        let muted_until = after.mute_until.map(Timestamp::as_micros);
        let row = params![member.head.room, member.row.user, muted_until, after.pinned, archived];
        self.statement(UPDATE)?.execute(row)?;
        let change = UserChange::Settings { room: room.clone(), settings: after };
        self.told(append, member.row, Some(member.head.room), change)
    }

    fn hide(&mut self, append: &OwnAppend, room: &RoomId, seq: Seq) -> Result<Answer> {
        let Some(member) = self.membership(room, &append.user)? else { return Ok(Err(Refusal::NotMember)) };
        let Some(StoredMessage { message, .. }) = self.find(room, member.head.room, seq)? else {
            return Ok(Err(Refusal::NoMessage));
        };
        const INSERT: &str = "INSERT OR IGNORE INTO hidden (user_ref, room_ref, seq) VALUES (?1, ?2, ?3)";
        let place = params![member.row.user, member.head.room, seq.get()];
        if self.statement(INSERT)?.execute(place)? == 0 {
            return self.stays(append, Seq::ZERO);
        }
        self.mark(room, &append.user, member.head.room, member.row.user)?;
        let change = UserChange::Hidden {
            room: room.clone(),
            seq,
            from: message.from,
            thread: message.thread,
            mentions: message.mentions.filter(|mentions| *mentions != Mentions::default()),
        };
        self.told(append, member.row, Some(member.head.room), change)
    }

    fn block(&mut self, append: &OwnAppend, user: &UserId) -> Result<Answer> {
        if self.blocks(&append.user, user)? {
            return self.stays(append, Seq::ZERO);
        }
        let row = self.user_or_new(&append.user, append.now)?;
        const COUNT: &str = "SELECT count(*) FROM blocks WHERE user_ref = ?1";
        let count: usize = self.statement(COUNT)?.query_row([row.user], |row| row.get(0))?;
        if count >= limits::MAX_BLOCKED {
            return Ok(Err(Refusal::Full));
        }
        self.statement("INSERT INTO blocks (user_ref, blocked_id, ts) VALUES (?1, ?2, ?3)")?
            .execute(params![row.user, user.as_str(), append.now.as_micros()])?;
        self.bump_direct(&append.user, user)?;
        self.told(append, row, None, UserChange::Blocked { user: user.clone() })
    }

    fn unblock(&mut self, append: &OwnAppend, user: &UserId) -> Result<Answer> {
        if !self.blocks(&append.user, user)? {
            return self.stays(append, Seq::ZERO);
        }
        let row = self.user_or_new(&append.user, append.now)?;
        self.statement("DELETE FROM blocks WHERE user_ref = ?1 AND blocked_id = ?2")?
            .execute(params![row.user, user.as_str()])?;
        self.bump_direct(&append.user, user)?;
        self.told(append, row, None, UserChange::Unblocked { user: user.clone() })
    }

    /// What was decided in the direct room of two is decided again.
    fn bump_direct(&mut self, a: &UserId, b: &UserId) -> Result<()> {
        let room = RoomId::direct(a, b);
        for user in [a, b] {
            self.tell_own(&room, user, None);
        }
        if let Some(mut head) = self.room(&room)? {
            head.access_version += 1;
            self.change_room(&room, head);
        }
        Ok(())
    }

    /// Notes that a user, if it is a member, has done something to messages of a room.
    pub(crate) fn mark(&mut self, id: &RoomId, user: &UserId, room: i64, user_ref: i64) -> Result<()> {
        const UPDATE: &str =
            "UPDATE members SET marked = 1 WHERE room_ref = ?1 AND user_ref = ?2 AND marked = 0";
        if self.statement(UPDATE)?.execute([room, user_ref])? > 0 {
            self.tell_own(id, user, None);
        }
        Ok(())
    }

    fn membership(&mut self, room: &RoomId, user: &UserId) -> Result<Option<Membership>> {
        let (Some(head), Some(row)) = (self.room(room)?, self.user(user)?) else { return Ok(None) };
        const SELECT: &str =
            "SELECT delivered, read, read_private, unread_from, muted_until, pinned, archived
            FROM members WHERE room_ref = ?1 AND user_ref = ?2";
        let mut select = self.statement(SELECT)?;
        let mut rows = select.query([head.room, row.user])?;
        let Some(found) = rows.next()? else { return Ok(None) };
        Ok(Some(Membership {
            head,
            row,
            delivered: Seq::read(found.get(0)?)?,
            read: Seq::read(found.get(1)?)?,
            read_private: Seq::read(found.get(2)?)?,
            unread_from: found.get::<_, Option<u64>>(3)?.map(Seq::read).transpose()?,
            settings: settings(found, 4, head.seq)?,
        }))
    }

    /// Writes to the user's log and answers.
    pub(crate) fn told(
        &mut self,
        append: &OwnAppend,
        row: UserRow,
        room: Option<i64>,
        change: UserChange,
    ) -> Result<Answer> {
        let entry = self.tell_user(&append.user, row, room, change, append.now)?;
        let user_offset = entry.user_offset;
        Ok(Ok(OwnAppended {
            duplicate: false,
            at: Seq::ZERO,
            before: Seq::ZERO,
            entry: Some(entry),
            user_offset,
            members: 0,
        }))
    }

    /// The answer when nothing changes; a pointer stays at `at`.
    pub(crate) fn stays(&mut self, append: &OwnAppend, at: Seq) -> Result<Answer> {
        let user_offset = self.user_head(&append.user)?;
        Ok(Ok(OwnAppended { duplicate: true, at, before: at, entry: None, user_offset, members: 0 }))
    }

    fn user_head(&mut self, user: &UserId) -> Result<UserOffset> {
        let row = self.user(user)?;
        row.map_or(Ok(UserOffset::ZERO), |row| UserOffset::read(self.log_head(user, row)?))
    }
}

impl Membership {
    fn stand(&self) -> ReadState {
        let Membership { read, read_private, unread_from, .. } = *self;
        ReadState { read, read_private, unread_from }
    }
}

/// The settings of a row in which `muted_until, pinned, archived` begin with the column `first`. A message that came after
/// archiving ends that.
pub(crate) fn settings(row: &Row<'_>, first: usize, head: u64) -> Result<RoomSettings> {
    let mute_until = row.get::<_, Option<i64>>(first)?.map(Timestamp::from_micros);
    let archived = row.get::<_, Option<u64>>(first + 2)?.is_some_and(|at| at >= head);
    Ok(RoomSettings { mute_until, pinned: row.get(first + 1)?, archived })
}
