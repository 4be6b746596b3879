//! What a batch of changes does to the database. Every refusal is decided before the change's first write, so that
//! nothing ever has to be taken back for one of them; the model is
//! [`MemoryStore`](chat_server_core::storage::memory::MemoryStore).

use chat_protocol::{ClientMsgId, Offset, Role, RoomId, Seq, Timestamp, UserId, UserOffset, short_digest};
use chat_server_core::storage::{Append, Appended, Change, NewMessage, NewRoom, Refusal};
use rusqlite::{OptionalExtension, Row, params};

use crate::client_ids::ClientId;
use crate::codec::{ChangeKind, Code, UserAction};
use crate::error::Result;
use crate::message::{Fields, checksum};
use crate::number::{Id, Number};
use crate::sent::FIRST_IN_BLOCK;
use crate::writer::{Batch, Head, UserRow};

type Answer = Result<Appended, Refusal>;

impl Batch<'_> {
    /// Stores one change or refuses it.
    pub(crate) fn append(&mut self, append: &Append) -> Result<Answer> {
        if let Change::Create(new) = &append.change {
            return self.create(append, new);
        }
        let Some(head) = self.room(&append.room)? else { return Ok(Err(Refusal::NoRoom)) };
        let current = append.access_version.is_none_or(|version| version == head.access_version);
        match &append.change {
            Change::Message(new) if current => self.message(append, new, head),
            // A repeat stores nothing, so it needs no right: it is told what happened before.
            Change::Message(new) => {
                Ok(self.repeated(append, new, head)?.unwrap_or(Err(Refusal::AccessChanged)))
            }
            _ if !current => Ok(Err(Refusal::AccessChanged)),
            Change::Join { role } => self.join(append, *role, head),
            Change::Leave | Change::Create(_) => self.leave(append, head),
        }
    }

    fn create(&mut self, append: &Append, new: &NewRoom) -> Result<Answer> {
        let request =
            new.request.as_ref().map(|(id, digest)| (short_digest(id.as_str().as_bytes()), *digest));
        if let Some((name, digest)) = &request
            && let Some((first, room)) = self.requested(&append.by, name)?
        {
            return if first == *digest { self.created_before(room) } else { Ok(Err(Refusal::Conflict)) };
        }
        if self.room(&append.room)?.is_some() {
            return Ok(Err(Refusal::Exists));
        }
        let creator = self.user_or_new(&append.by, append.now)?;
        let mut head = self.insert_room(append, new, creator)?;
        self.log_change(append, &mut head, ChangeKind::Created, None, None, new.name.as_deref())?;
        if let Some((name, digest)) = request {
            const INSERT: &str =
                "INSERT INTO room_requests (creator_ref, id_hash, digest, room_ref) VALUES (?1, ?2, ?3, ?4)";
            self.statement(INSERT)?.execute(params![creator.user, name, digest, head.room])?;
        }
        let mut users = Vec::with_capacity(new.members.len());
        for (index, (user, role)) in new.members.iter().enumerate() {
            if new.members[..index].iter().all(|(earlier, _)| earlier != user) {
                users.push((user.clone(), self.add(append, &mut head, user, *role)?));
            }
        }
        self.change_room(&append.room, head);
        Ok(Ok(Appended { users, ..changed(&append.room, &head) }))
    }

    fn insert_room(&mut self, append: &Append, new: &NewRoom, creator: UserRow) -> Result<Head> {
        const INSERT: &str = "INSERT INTO rooms
            (id, kind, access, access_version, ts, created_by, created_at, updated_at, name)
            VALUES (?1, ?2, ?3, 1, ?4, ?5, ?4, ?4, ?6)";
        let now = append.now.as_micros();
        let row =
            params![append.room.as_str(), new.kind.code(), new.access.code(), now, creator.user, new.name];
        let room = self.statement(INSERT)?.insert(row)?;
        Ok(Head {
            room,
            kind: new.kind,
            access: new.access,
            access_version: 1,
            seq: 0,
            offset: 0,
            ordinal: 0,
            changes: 0,
            members: 0,
            ts: append.now,
            active: 0,
        })
    }

    /// The digest of an earlier request of that name, and the room that it made.
    fn requested(&mut self, creator: &UserId, name: &[u8; 16]) -> Result<Option<([u8; 16], RoomId)>> {
        let Some(creator) = self.user(creator)? else { return Ok(None) };
        const SELECT: &str = "SELECT q.digest, r.id FROM room_requests q JOIN rooms r ON r.ref = q.room_ref
            WHERE q.creator_ref = ?1 AND q.id_hash = ?2";
        let mut select = self.statement(SELECT)?;
        let found =
            select.query_row(params![creator.user, name], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
        match found.optional()? {
            Some((digest, room)) => Ok(Some((digest, RoomId::read(&room)?))),
            None => Ok(None),
        }
    }

    fn created_before(&mut self, room: RoomId) -> Result<Answer> {
        let head = self.room(&room)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(Ok(unchanged(&room, &head)))
    }

    fn join(&mut self, append: &Append, role: Role, mut head: Head) -> Result<Answer> {
        let user = self.user_or_new(&append.by, append.now)?;
        if self.is_member(head.room, user.user)? {
            return Ok(Ok(unchanged(&append.room, &head)));
        }
        let users = vec![(append.by.clone(), self.add(append, &mut head, &append.by, role)?)];
        self.change_room(&append.room, head);
        Ok(Ok(Appended { users, ..changed(&append.room, &head) }))
    }

    /// Makes `user` a member whose pointers start at the head.
    fn add(&mut self, append: &Append, head: &mut Head, user: &UserId, role: Role) -> Result<UserOffset> {
        let row = self.user_or_new(user, append.now)?;
        self.log_change(append, head, ChangeKind::Joined, Some(row), Some(role), None)?;
        head.members += 1;
        const INSERT: &str = "INSERT INTO members
            (room_ref, user_ref, role, joined_seq, joined_at, delivered, read, read_private)
            VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?4, ?4)";
        let member = params![head.room, row.user, role.code(), head.seq, head.ts.as_micros()];
        self.statement(INSERT)?.execute(member)?;
        self.roles.push((append.room.clone(), user.clone(), Some(role)));
        self.log_user(user, row, UserAction::RoomJoined, head.room, None, head.ts)
    }

    fn leave(&mut self, append: &Append, mut head: Head) -> Result<Answer> {
        let Some(row) = self.user(&append.by)? else { return Ok(Err(Refusal::NotMember)) };
        const DELETE: &str = "DELETE FROM members WHERE room_ref = ?1 AND user_ref = ?2";
        if self.statement(DELETE)?.execute([head.room, row.user])? == 0 {
            return Ok(Err(Refusal::NotMember));
        }
        self.log_change(append, &mut head, ChangeKind::Left, Some(row), None, None)?;
        head.members -= 1;
        head.access_version += 1;
        self.roles.push((append.room.clone(), append.by.clone(), None));
        let offset = self.log_user(&append.by, row, UserAction::RoomLeft, head.room, None, head.ts)?;
        self.change_room(&append.room, head);
        Ok(Ok(Appended { users: vec![(append.by.clone(), offset)], ..changed(&append.room, &head) }))
    }

    fn message(&mut self, append: &Append, new: &NewMessage, mut head: Head) -> Result<Answer> {
        if let Some(answer) = self.repeated(append, new, head)? {
            return Ok(answer);
        }
        let sender = self.user_or_new(&append.by, append.now)?.user;
        let num = self.next_num();
        head.touch(num, append.now);
        head.seq += 1;
        head.ordinal += 1;
        let key = self.key_of(num)?;
        let sent = self.sent_by(sender, head.room)?;
        let flags = if sent.has_in_block_of(head.seq) { 0 } else { FIRST_IN_BLOCK };
        sent.add(head.seq, new.client_msg_id.as_ref());
        let count = sent.count;
        let fields = Fields {
            num,
            room: head.room,
            seq: head.seq,
            offset: head.offset,
            sender,
            ts: head.ts.as_micros(),
            key: key.to_be_bytes(),
            kind: &new.content.kind,
            payload: new.content.payload.get(),
            client_msg_id: new.client_msg_id.as_ref().map(|id| id.as_str()),
            reply_to: new.reply_to.map(Seq::get),
        };
        self.insert_message(&fields, new.digest, flags, head.ordinal, count)?;
        if let Some(id) = &new.client_msg_id {
            self.set_num_of(client_id(head.room, sender, id), num);
        }
        self.move_head(&append.room, head);
        Ok(Ok(Appended { num, key, ..changed(&append.room, &head) }))
    }

    fn insert_message(
        &mut self,
        fields: &Fields<'_>,
        digest: [u8; 16],
        flags: u8,
        ordinal: u64,
        sent: u64,
    ) -> Result<()> {
        const INSERT: &str = "INSERT INTO messages
            (num, room_ref, seq, offset, sender_ref, ts, ordinal, sender_ordinal, key, checksum, kind, payload,
             client_msg_id, digest, reply_to, flags)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        let Fields { num, room, seq, offset, sender, ts, key, kind, payload, client_msg_id, reply_to } =
            fields;
        self.statement(INSERT)?.execute(params![
            num,
            room,
            seq,
            offset,
            sender,
            ts,
            ordinal,
            sent,
            key,
            checksum(fields),
            kind,
            payload,
            client_msg_id,
            client_msg_id.map(|_| digest),
            reply_to,
            flags
        ])?;
        Ok(())
    }

    /// The answer to a message whose `client_msg_id` was used before.
    fn repeated(&mut self, append: &Append, new: &NewMessage, head: Head) -> Result<Option<Answer>> {
        let (Some(id), Some(sender)) = (&new.client_msg_id, self.user(&append.by)?) else { return Ok(None) };
        if !self.purged() && self.sent_by(sender.user, head.room)?.is_new(id) {
            return Ok(None);
        }
        const STORED: &str = "SELECT digest, num, key, seq, offset, ts FROM messages WHERE num = ?1";
        const PURGED: &str = "SELECT digest, num, key, seq, offset, ts FROM idempotency
            WHERE room_ref = ?1 AND sender_ref = ?2 AND id_hash = ?3";
        let answer = |row: &Row<'_>| -> Result<Answer> {
            if row.get::<_, [u8; 16]>(0)? != new.digest {
                return Ok(Err(Refusal::Conflict));
            }
            Ok(Ok(Appended {
                num: row.get(1)?,
                key: u128::from_be_bytes(row.get(2)?),
                seq: Seq::read(row.get(3)?)?,
                offset: Offset::read(row.get(4)?)?,
                ts: Timestamp::from_micros(row.get(5)?),
                ..unchanged(&append.room, &head)
            }))
        };
        if let Some(num) = self.num_of(&client_id(head.room, sender.user, id))? {
            let mut select = self.statement(STORED)?;
            if let Some(row) = select.query([num])?.next()? {
                return answer(row).map(Some);
            }
        }
        if !self.purged() {
            return Ok(None);
        }
        let mut select = self.statement(PURGED)?;
        let mut rows = select.query(params![head.room, sender.user, short_digest(id.as_str().as_bytes())])?;
        rows.next()?.map(answer).transpose()
    }

    fn is_member(&mut self, room: i64, user: i64) -> Result<bool> {
        const SELECT: &str = "SELECT 1 FROM members WHERE room_ref = ?1 AND user_ref = ?2";
        Ok(self.statement(SELECT)?.exists([room, user])?)
    }

    /// Writes an entry that is no message to the room's log.
    fn log_change(
        &mut self,
        append: &Append,
        head: &mut Head,
        kind: ChangeKind,
        user: Option<UserRow>,
        role: Option<Role>,
        body: Option<&str>,
    ) -> Result<()> {
        let by = self.user_or_new(&append.by, append.now)?.user;
        let num = self.next_num();
        head.touch(num, append.now);
        head.changes += 1;
        const INSERT: &str = "INSERT INTO changes
            (num, room_ref, offset, ordinal, kind, by_ref, user_ref, role, body, ts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let (user, role) = (user.map(|row| row.user), role.map(Code::code));
        let (offset, ordinal, ts) = (head.offset, head.changes, head.ts.as_micros());
        let row = params![num, head.room, offset, ordinal, kind.code(), by, user, role, body, ts];
        self.statement(INSERT)?.execute(row)?;
        Ok(())
    }

    /// Writes an entry to a user's own log.
    pub(crate) fn log_user(
        &mut self,
        id: &UserId,
        row: UserRow,
        action: UserAction,
        room: i64,
        value: Option<u64>,
        ts: Timestamp,
    ) -> Result<UserOffset> {
        let offset = self.next_user_offset(id, row)?;
        const INSERT: &str = "INSERT INTO user_log (user_ref, offset, kind, room_ref, value, ts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let entry = params![row.user, offset, action.code(), room, value, ts.as_micros()];
        self.statement(INSERT)?.execute(entry)?;
        UserOffset::read(offset)
    }
}

fn client_id(room: i64, sender: i64, id: &ClientMsgId) -> ClientId {
    ClientId { room, sender, id: id.as_str().into() }
}

impl Head {
    /// Takes the next position of the log for the change `num`.
    fn touch(&mut self, num: u64, now: Timestamp) {
        self.offset += 1;
        self.active = num;
        self.ts = self.ts.max(now);
    }
}

/// The answer to a change that was stored just now, for all but messages.
fn changed(room: &RoomId, head: &Head) -> Appended {
    Appended {
        room: room.clone(),
        offset: Offset::new(head.offset).expect("counted up one by one"),
        seq: Seq::new(head.seq).expect("counted up one by one"),
        ts: head.ts,
        duplicate: false,
        num: 0,
        key: 0,
        access_version: head.access_version,
        users: Vec::new(),
    }
}

/// The answer to a change that was there before.
fn unchanged(room: &RoomId, head: &Head) -> Appended {
    Appended { duplicate: true, ..changed(room, head) }
}
