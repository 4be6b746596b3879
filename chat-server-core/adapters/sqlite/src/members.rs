//! Who comes into a room, goes, and is what there.

use chat_protocol::event::{MemberAction, MemberChanged};
use chat_protocol::{Role, RoomKind, Timestamp, UserId};
use chat_server_core::storage::{Append, LogEntry, Refusal};
use rusqlite::{OptionalExtension, params};

use crate::append::{Answer, of_room};
use crate::codec::Code;
use crate::entry::Told;
use crate::error::Result;
use crate::head::Head;
use crate::number::Id;
use crate::standings::Own;
use crate::writer::Batch;

/// What only some changes of membership say.
#[derive(Clone, Copy, Default)]
struct Details<'a> {
    role: Option<Role>,
    until: Option<Timestamp>,
    reason: Option<&'a str>,
}

impl Batch<'_> {
    pub(crate) fn join(&mut self, append: &Append, role: Role, max: u64, mut head: Head) -> Result<Answer> {
        if self.role(&head, &append.by)?.is_some() {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        if head.kind == RoomKind::Desk && !self.belongs_to_desk(head.room, &append.by)? {
            return Ok(Err(Refusal::NotAllowed));
        }
        if head.members >= max {
            return Ok(Err(Refusal::RoomFull));
        }
        let mut told = Told::default();
        self.enter(append, &mut head, &append.by, role, &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    pub(crate) fn add_all(
        &mut self,
        append: &Append,
        users: &[UserId],
        (role, max): (Role, u64),
        mut head: Head,
    ) -> Result<Answer> {
        for user in users {
            if self.is_forgetting(user)? {
                return Ok(Err(Refusal::Forgotten));
            }
        }
        let mut fresh = Vec::with_capacity(users.len());
        for user in users {
            if self.is_banned(&head, user, append.now)? || self.blocks(user, &append.by)? {
                return Ok(Err(Refusal::NotAllowed));
            }
            if self.role(&head, user)?.is_none() && !fresh.contains(&user) {
                fresh.push(user);
            }
        }
        if fresh.is_empty() {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        if head.members + fresh.len() as u64 > max {
            return Ok(Err(Refusal::RoomFull));
        }
        let mut told = Told::default();
        for user in fresh {
            self.enter(append, &mut head, user, role, &mut told)?;
        }
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// Makes `user` a member whose pointers start at the head.
    pub(crate) fn enter(
        &mut self,
        append: &Append,
        head: &mut Head,
        user: &UserId,
        role: Role,
        told: &mut Told,
    ) -> Result<()> {
        let row = self.user_or_new(user, append.now)?;
        let num = self.step(append, head);
        head.members += 1;
        self.statement("DELETE FROM bans WHERE room_ref = ?1 AND user_id = ?2")?
            .execute(params![head.room, user.as_str()])?;
        // What a user did before it left stays.
        const INSERT: &str = "INSERT INTO members
            (room_ref, user_ref, user_id, role, joined_seq, joined_offset, joined_at, delivered, read, marked)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?5,
                EXISTS (SELECT 1 FROM reactions WHERE user_ref = ?2 AND room_ref = ?1)
                OR EXISTS (SELECT 1 FROM hidden WHERE user_ref = ?2 AND room_ref = ?1))
            RETURNING marked";
        let ts = head.ts.as_micros();
        let member = params![head.room, row.user, user.as_str(), role.code(), head.seq, head.offset, ts];
        let marked = self.statement(INSERT)?.query_row(member, |row| row.get(0))?;
        let own = Own { member: Some((role, head.seq())), bar: None, agent: false, client: false, marked };
        // In a direct room one may block the other, a desk has agents: whoever asks is told by the database.
        let plain = matches!(head.kind, RoomKind::Group | RoomKind::Channel);
        self.tell_own(&append.room, user, plain.then_some(own));
        let details = Details { role: Some(role), ..Details::default() };
        self.tell_member(append, head, num, user, (MemberAction::Joined, details), told)?;
        let change = of_room(&append.room, true);
        let changed = self.tell_user(user, row, Some(head.room), change, head.ts)?;
        told.users.push((user.clone(), changed));
        Ok(())
    }

    pub(crate) fn leave(&mut self, append: &Append, heir: Role, mut head: Head) -> Result<Answer> {
        let Some(role) = self.role(&head, &append.by)? else { return Ok(Err(Refusal::NotMember)) };
        let mut told = Told::default();
        self.go(append, &mut head, &append.by, (MemberAction::Left, None), &mut told)?;
        if role == Role::Owner {
            self.pass_on(append, &mut head, heir, &mut told)?;
        }
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// Ends a membership.
    fn go(
        &mut self,
        append: &Append,
        head: &mut Head,
        user: &UserId,
        (action, reason): (MemberAction, Option<&str>),
        told: &mut Told,
    ) -> Result<()> {
        let row = self.user_or_new(user, append.now)?;
        let num = self.step(append, head);
        head.members -= 1;
        head.access_version += 1;
        self.statement("DELETE FROM members WHERE room_ref = ?1 AND user_ref = ?2")?
            .execute([head.room, row.user])?;
        self.statement("DELETE FROM thread_pointers WHERE room_ref = ?1 AND user_ref = ?2")?
            .execute([head.room, row.user])?;
        self.tell_own(&append.room, user, None);
        self.tell_member(append, head, num, user, (action, Details { reason, ..Details::default() }), told)?;
        let change = of_room(&append.room, false);
        let changed = self.tell_user(user, row, Some(head.room), change, head.ts)?;
        told.users.push((user.clone(), changed));
        Ok(())
    }

    /// The owner is gone: the longest member of the highest role becomes owner, if that is at least `heir`.
    fn pass_on(&mut self, append: &Append, head: &mut Head, heir: Role, told: &mut Told) -> Result<()> {
        for role in Role::ALL.into_iter().filter(|role| role.rank() >= heir.rank()) {
            // Leaving is rare, and so is a role with many members above `heir`: no index for it.
            const FIRST: &str = "SELECT user_id FROM members WHERE room_ref = ?1 AND role = ?2
                ORDER BY joined_offset LIMIT 1";
            let first = self
                .statement(FIRST)?
                .query_row(params![head.room, role.code()], |row| row.get::<_, String>(0))
                .optional()?;
            if let Some(user) = first {
                return self.give(append, head, &UserId::read(&user)?, (role, Role::Owner), told);
            }
        }
        Ok(())
    }

    pub(crate) fn remove(
        &mut self,
        append: &Append,
        user: &UserId,
        below: Role,
        reason: Option<&str>,
        mut head: Head,
    ) -> Result<Answer> {
        let Some(role) = self.role(&head, user)? else { return Ok(Err(Refusal::NoUser)) };
        if role.rank() >= below.rank() {
            return Ok(Err(Refusal::NotAllowed));
        }
        let mut told = Told::default();
        self.go(append, &mut head, user, (MemberAction::Kicked, reason), &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    pub(crate) fn ban(
        &mut self,
        append: &Append,
        user: &UserId,
        below: Role,
        (until, reason): (Option<Timestamp>, Option<&str>),
        mut head: Head,
    ) -> Result<Answer> {
        let role = self.role(&head, user)?;
        if role.is_some_and(|role| role.rank() >= below.rank()) {
            return Ok(Err(Refusal::NotAllowed));
        }
        let until_micros = until.map(Timestamp::as_micros);
        const SAME: &str =
            "SELECT 1 FROM bans WHERE room_ref = ?1 AND user_id = ?2 AND until IS ?3 AND reason IS ?4";
        let same = params![head.room, user.as_str(), until_micros, reason];
        if self.statement(SAME)?.exists(same)? {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        let mut told = Told::default();
        if role.is_some() {
            self.go(append, &mut head, user, (MemberAction::Kicked, reason), &mut told)?;
        }
        let by = self.user_or_new(&append.by, append.now)?.user;
        let num = self.step(append, &mut head);
        head.access_version += 1;
        const INSERT: &str = "INSERT OR REPLACE INTO bans (room_ref, user_id, by_ref, until, reason, ts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let ban = params![head.room, user.as_str(), by, until_micros, reason, head.ts.as_micros()];
        self.statement(INSERT)?.execute(ban)?;
        self.tell_own(&append.room, user, None);
        let details = Details { until, reason, role: None };
        self.tell_member(append, &head, num, user, (MemberAction::Banned, details), &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    pub(crate) fn unban(&mut self, append: &Append, user: &UserId, mut head: Head) -> Result<Answer> {
        const DELETE: &str = "DELETE FROM bans WHERE room_ref = ?1 AND user_id = ?2";
        if self.statement(DELETE)?.execute(params![head.room, user.as_str()])? == 0 {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        let mut told = Told::default();
        let num = self.step(append, &mut head);
        self.tell_own(&append.room, user, None);
        self.tell_member(append, &head, num, user, (MemberAction::Unbanned, Details::default()), &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    pub(crate) fn set_role(
        &mut self,
        append: &Append,
        user: &UserId,
        role: Role,
        below: Role,
        mut head: Head,
    ) -> Result<Answer> {
        let Some(before) = self.role(&head, user)? else { return Ok(Err(Refusal::NoUser)) };
        if before == role {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        if before.rank() >= below.rank() {
            return Ok(Err(Refusal::NotAllowed));
        }
        let mut told = Told::default();
        self.give(append, &mut head, user, (before, role), &mut told)?;
        if role == Role::Owner {
            for former in self.other_owners(&head, user)? {
                self.give(append, &mut head, &former, (Role::Owner, Role::Admin), &mut told)?;
            }
        }
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// Who is an owner beside `user`, in order of ids.
    fn other_owners(&mut self, head: &Head, user: &UserId) -> Result<Vec<UserId>> {
        const SELECT: &str = "SELECT user_id FROM members INDEXED BY members_place
            WHERE room_ref = ?1 AND role = ?2 AND user_id <> ?3 ORDER BY user_id";
        let mut select = self.statement(SELECT)?;
        let mut rows = select.query(params![head.room, Role::Owner.code(), user.as_str()])?;
        let mut owners = Vec::new();
        while let Some(row) = rows.next()? {
            owners.push(UserId::read(row.get_ref(0)?.as_str()?)?);
        }
        Ok(owners)
    }

    /// Gives a member another role.
    fn give(
        &mut self,
        append: &Append,
        head: &mut Head,
        user: &UserId,
        (before, role): (Role, Role),
        told: &mut Told,
    ) -> Result<()> {
        let row = self.user_or_new(user, append.now)?;
        let num = self.step(append, head);
        // Only what takes a right away has to be decided again.
        head.access_version += u64::from(role.rank() < before.rank());
        self.statement("UPDATE members SET role = ?3 WHERE room_ref = ?1 AND user_ref = ?2")?
            .execute(params![head.room, row.user, role.code()])?;
        self.tell_own(&append.room, user, None);
        let details = Details { role: Some(role), ..Details::default() };
        self.tell_member(append, head, num, user, (MemberAction::Role, details), told)
    }

    /// Writes a change of membership to the room's log.
    fn tell_member(
        &mut self,
        append: &Append,
        head: &Head,
        num: u64,
        user: &UserId,
        (action, details): (MemberAction, Details<'_>),
        told: &mut Told,
    ) -> Result<()> {
        let entry = MemberChanged {
            role: details.role.map(Into::into),
            by: (*user != append.by).then(|| append.by.clone()),
            until: details.until,
            reason: details.reason.map(str::to_owned),
            ..MemberChanged::new(append.room.clone(), head.offset(), user.clone(), action, head.ts)
        };
        self.tell(append, head, num, LogEntry::Member(entry), told)
    }

    /// The role of a member.
    pub(crate) fn role(&mut self, head: &Head, user: &UserId) -> Result<Option<Role>> {
        let Some(row) = self.user(user)? else { return Ok(None) };
        const SELECT: &str = "SELECT role FROM members WHERE room_ref = ?1 AND user_ref = ?2";
        let role: Option<u8> =
            self.statement(SELECT)?.query_row([head.room, row.user], |row| row.get(0)).optional()?;
        role.map(Role::decode).transpose()
    }

    fn is_banned(&mut self, head: &Head, user: &UserId, now: Timestamp) -> Result<bool> {
        const SELECT: &str = "SELECT 1 FROM bans WHERE room_ref = ?1 AND user_id = ?2
            AND (until IS NULL OR until > ?3)";
        Ok(self.statement(SELECT)?.exists(params![head.room, user.as_str(), now.as_micros()])?)
    }

    /// Whether `by` blocks `user`.
    pub(crate) fn blocks(&mut self, by: &UserId, user: &UserId) -> Result<bool> {
        let Some(row) = self.user(by)? else { return Ok(false) };
        const SELECT: &str = "SELECT 1 FROM blocks WHERE user_ref = ?1 AND blocked_id = ?2";
        Ok(self.statement(SELECT)?.exists(params![row.user, user.as_str()])?)
    }
}
