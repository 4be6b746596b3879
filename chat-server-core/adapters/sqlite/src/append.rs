//! What a batch of changes does to the database. Every refusal is decided before the change's first write, so that
//! nothing ever has to be taken back for one of them; the model is
//! [`MemoryStore`](chat_server_core::storage::memory::MemoryStore).

use std::collections::BTreeSet;

use chat_protocol::event::{UserChange, UserChanged};
use chat_protocol::{
    ClientMsgId, Mentions, Offset, RoomId, Seq, Timestamp, UserId, UserOffset, short_digest,
};
use chat_server_core::storage::{Append, Appended, Change, LogEntry, NewMessage, Refusal};
use rusqlite::{OptionalExtension, Row, params};

use crate::client_ids::ClientId;
use crate::codec::Code;
use crate::entry::{self, ChangeRow, Told, json_of};
use crate::error::Result;
use crate::head::Head;
use crate::message::{self, Fields, Root, checksum};
use crate::number::Number;
use crate::sent::FIRST_IN_BLOCK;
use crate::writer::{Batch, UserRow};

pub(crate) type Answer = Result<Appended, Refusal>;

/// Entries of a user's log that are kept, and how many more there may be before the oldest are deleted at once.
const LOG_KEPT: u64 = 10_000;
const LOG_SLACK: u64 = 1_000;

/// The flag of a message that a backend wrote.
const INJECTED: u8 = 1;

/// What only a reply in a thread has.
#[derive(Default)]
struct InThread {
    ordinal: Option<u64>,
    sender_ordinal: Option<u64>,
    main_seq: Option<u64>,
}

impl Batch<'_> {
    /// Stores one change or refuses it.
    pub(crate) fn append(&mut self, append: &Append) -> Result<Answer> {
        let answer = self.change(append)?;
        if let Ok(appended) = &answer {
            self.take_upload_changes(append, appended)?;
        }
        Ok(answer)
    }

    fn change(&mut self, append: &Append) -> Result<Answer> {
        if let Change::Create(new) = &append.change {
            return self.create(append, new);
        }
        let Some(head) = self.room(&append.room)? else { return Ok(Err(Refusal::NoRoom)) };
        // A repeat stores nothing, so it needs no right: it is told what happened before.
        if let Change::Message(new) = &append.change
            && let Some(answer) = self.repeated(append, new, &head)?
        {
            return Ok(answer);
        }
        if append.access_version.is_some_and(|version| version != head.access_version) {
            return Ok(Err(Refusal::AccessChanged));
        }
        if self.is_forgetting(&append.by)? {
            return Ok(Err(Refusal::Forgotten));
        }
        match &append.change {
            Change::Create(_) => unreachable!("answered above"),
            Change::Join { role, max } => self.join(append, *role, *max, head),
            Change::Leave { heir } => self.leave(append, *heir, head),
            Change::Add { users, role, max } => self.add_all(append, users, (*role, *max), head),
            Change::Remove { user, below, reason } => {
                self.remove(append, user, *below, reason.as_deref(), head)
            }
            Change::Ban { user, below, until, reason } => {
                self.ban(append, user, *below, (*until, reason.as_deref()), head)
            }
            Change::Unban { user } => self.unban(append, user, head),
            Change::SetRole { user, role, below } => self.set_role(append, user, *role, *below, head),
            Change::Set(patch) => self.set(append, patch, head),
            Change::Message(new) => self.message(append, new, head),
            Change::Edit { seq, content } => self.edit(append, *seq, content, head),
            Change::Delete { seq, own } => self.delete(append, *seq, *own, head),
            Change::React { seq, emoji } => self.react(append, *seq, emoji, head),
            Change::Unreact { seq, emoji } => self.unreact(append, *seq, emoji, head),
            Change::Trim { oldest } => self.trim(append, *oldest, head),
            Change::Forget { user, heir, limit } => self.forget_in(append, user, *heir, *limit, head),
        }
    }

    fn message(&mut self, append: &Append, new: &NewMessage, mut head: Head) -> Result<Answer> {
        if new.reply_to.is_some_and(|seq| seq > head.seq() || seq == Seq::ZERO) {
            return Ok(Err(Refusal::NoMessage));
        }
        if let Some(root) = new.thread
            && message::is_root(self.db, head.room, root)? != Root::Live
        {
            return Ok(Err(Refusal::NoMessage));
        }
        let sender = self.user_or_new(&append.by, append.now)?.user;
        let in_thread = match new.thread {
            Some(root) => self.place_in_thread(&head, root, sender)?,
            None => InThread::default(),
        };
        let num = self.next_num();
        head.touch(num, append.now);
        head.seq += 1;
        if new.thread.is_none() {
            (head.ordinal, head.main_seq) = (head.ordinal + 1, head.seq);
        }
        let key = self.key_of(num)?;
        let sent = self.sent_by(sender, head.room)?;
        let mut flags = if sent.has_in_block_of(head.seq) { 0 } else { FIRST_IN_BLOCK };
        flags |= if new.injected { INJECTED } else { 0 };
        sent.add(head.seq, new.client_msg_id.as_ref(), new.thread.is_some());
        let count = sent.count;
        let mentions = new.mentions.as_ref().map(json_of).transpose()?;
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
            thread: new.thread.map(Seq::get),
            mentions: mentions.as_deref(),
            injected: new.injected,
            edited_at: None,
            deleted_at: None,
        };
        self.insert_message(&fields, new.digest, flags, (head.ordinal, count), &in_thread)?;
        if let Some(mentions) = &new.mentions
            && new.thread.is_none()
        {
            self.mention(append, &head, sender, mentions)?;
        }
        if let Some(id) = &new.client_msg_id {
            self.set_num_of(client_id(head.room, sender, id), num);
        }
        self.move_head(&append.room, head);
        Ok(Ok(Appended { num, key, ..head.changed(&append.room, Told::default()) }))
    }

    fn insert_message(
        &mut self,
        fields: &Fields<'_>,
        digest: [u8; 16],
        flags: u8,
        (ordinal, sent): (u64, u64),
        in_thread: &InThread,
    ) -> Result<()> {
        const INSERT: &str = "INSERT INTO messages
            (num, room_ref, seq, offset, sender_ref, ts, ordinal, sender_ordinal, key, checksum, kind, payload,
             client_msg_id, digest, reply_to, flags, thread, mentions, thread_ordinal, thread_sender_ordinal,
             main_seq)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
        self.statement(INSERT)?.execute(params![
            fields.num,
            fields.room,
            fields.seq,
            fields.offset,
            fields.sender,
            fields.ts,
            ordinal,
            sent,
            fields.key,
            checksum(fields),
            fields.kind,
            fields.payload,
            fields.client_msg_id,
            fields.client_msg_id.map(|_| digest),
            fields.reply_to,
            flags,
            fields.thread,
            fields.mentions,
            in_thread.ordinal,
            in_thread.sender_ordinal,
            in_thread.main_seq
        ])?;
        Ok(())
    }

    /// The counts of the next reply of a sender in a thread.
    fn place_in_thread(&mut self, head: &Head, root: Seq, sender: i64) -> Result<InThread> {
        const LAST: &str = "SELECT thread_ordinal FROM messages INDEXED BY messages_thread
            WHERE room_ref = ?1 AND thread = ?2 ORDER BY seq DESC LIMIT 1";
        const OWN: &str = "SELECT thread_sender_ordinal FROM messages INDEXED BY messages_thread_sender
            WHERE room_ref = ?1 AND thread = ?2 AND sender_ref = ?3 ORDER BY seq DESC LIMIT 1";
        let (room, root) = (head.room, root.get());
        let last: Option<u64> =
            self.statement(LAST)?.query_row(params![room, root], |row| row.get(0)).optional()?;
        let own: Option<u64> =
            self.statement(OWN)?.query_row(params![room, root, sender], |row| row.get(0)).optional()?;
        Ok(InThread {
            ordinal: Some(last.unwrap_or(0) + 1),
            sender_ordinal: Some(own.unwrap_or(0) + 1),
            main_seq: Some(head.main_seq),
        })
    }

    /// Notes whom a message of the main line calls.
    fn mention(&mut self, append: &Append, head: &Head, sender: i64, mentions: &Mentions) -> Result<()> {
        let mut targets = BTreeSet::new();
        if mentions.room {
            targets.extend([0, -sender]);
        } else {
            for user in mentions.users.iter().filter(|user| **user != append.by) {
                targets.insert(self.user_or_new(user, append.now)?.user);
            }
        }
        const INSERT: &str = "INSERT INTO mentions (room_ref, target, seq, ordinal) VALUES (?1, ?2, ?3,
            1 + coalesce((SELECT ordinal FROM mentions WHERE room_ref = ?1 AND target = ?2
                ORDER BY seq DESC LIMIT 1), 0))";
        let mut insert = self.statement(INSERT)?;
        for target in targets {
            insert.execute(params![head.room, target, head.seq])?;
        }
        Ok(())
    }

    /// The answer to a message whose `client_msg_id` was used before.
    fn repeated(&mut self, append: &Append, new: &NewMessage, head: &Head) -> Result<Option<Answer>> {
        let (Some(id), Some(sender)) = (&new.client_msg_id, self.user(&append.by)?) else { return Ok(None) };
        self.sent_before((&append.room, head), sender.user, id, new.digest)
    }

    /// The answer to a message of a sender that was sent under this name.
    pub(crate) fn sent_before(
        &mut self,
        (room, head): (&RoomId, &Head),
        sender: i64,
        id: &ClientMsgId,
        digest: [u8; 16],
    ) -> Result<Option<Answer>> {
        let sent = self.sent_by(sender, head.room)?;
        let purged = sent.purged;
        if !purged && sent.is_new(id) {
            return Ok(None);
        }
        // What was forgotten with its sender has none.
        const STORED: &str =
            "SELECT digest, num, key, seq, offset, ts FROM messages WHERE num = ?1 AND digest IS NOT NULL";
        const PURGED: &str = "SELECT digest, num, key, seq, offset, ts FROM idempotency
            WHERE room_ref = ?1 AND sender_ref = ?2 AND id_hash = ?3";
        let answer = |row: &Row<'_>| -> Result<Answer> {
            if row.get::<_, [u8; 16]>(0)? != digest {
                return Ok(Err(Refusal::Conflict));
            }
            Ok(Ok(Appended {
                num: row.get(1)?,
                key: u128::from_be_bytes(row.get(2)?),
                seq: Seq::read(row.get(3)?)?,
                offset: Offset::read(row.get(4)?)?,
                ts: Timestamp::from_micros(row.get(5)?),
                ..head.unchanged(room)
            }))
        };
        if let Some(num) = self.num_of(&client_id(head.room, sender, id))? {
            let mut select = self.statement(STORED)?;
            if let Some(row) = select.query([num])?.next()? {
                return answer(row).map(Some);
            }
        }
        if !purged {
            return Ok(None);
        }
        let mut select = self.statement(PURGED)?;
        let mut rows = select.query(params![head.room, sender, short_digest(id.as_str().as_bytes())])?;
        rows.next()?.map(answer).transpose()
    }

    /// Counts a change that is no message, and sets the room's time: its entry must be told next.
    pub(crate) fn step(&mut self, append: &Append, head: &mut Head) -> u64 {
        let num = self.next_num();
        head.touch(num, append.now);
        head.changes += 1;
        num
    }

    /// Writes the entry of the change `num` to the room's log.
    pub(crate) fn tell(
        &mut self,
        append: &Append,
        head: &Head,
        num: u64,
        entry: LogEntry,
        told: &mut Told,
    ) -> Result<()> {
        debug_assert_eq!(entry.offset(), head.offset(), "entries are made for the present position");
        let ChangeRow { kind, user, role, seq, body } = entry::encode(&entry)?;
        let by = self.user_or_new(&append.by, append.now)?.user;
        let user = user.map(|user| self.user_or_new(user, append.now)).transpose()?.map(|row| row.user);
        const INSERT: &str = "INSERT INTO changes
            (num, room_ref, offset, ordinal, kind, by_ref, user_ref, role, seq, body, ts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let (kind, role, seq, ts) =
            (kind.code(), role.map(Code::code), seq.map(Seq::get), head.ts.as_micros());
        let (room, offset, ordinal) = (head.room, head.offset, head.changes);
        let row = params![num, room, offset, ordinal, kind, by, user, role, seq, body, ts];
        self.statement(INSERT)?.execute(row)?;
        told.entries.push(entry);
        Ok(())
    }

    /// Writes to a user's own log.
    pub(crate) fn tell_user(
        &mut self,
        id: &UserId,
        row: UserRow,
        room: Option<i64>,
        change: UserChange,
        ts: Timestamp,
    ) -> Result<UserChanged> {
        let offset = self.next_user_offset(id, row)?;
        let (action, value, body) = entry::encode_own(&change)?;
        const INSERT: &str = "INSERT INTO user_log (user_ref, offset, kind, room_ref, value, body, ts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let entry = params![row.user, offset, action.code(), room, value, body, ts.as_micros()];
        self.statement(INSERT)?.execute(entry)?;
        if offset > LOG_KEPT && offset.is_multiple_of(LOG_SLACK) {
            self.trim_user_log(row.user, offset - LOG_KEPT)?;
        }
        Ok(UserChanged { user_offset: UserOffset::read(offset)?, change, ts })
    }

    /// Deletes a user's oldest entries, up to `last`.
    fn trim_user_log(&mut self, user: i64, last: u64) -> Result<()> {
        const DELETE: &str = "DELETE FROM user_log WHERE user_ref = ?1 AND offset <= ?2";
        self.statement(DELETE)?.execute(params![user, last])?;
        const MOVE: &str = "UPDATE users SET log_oldest = ?2 WHERE ref = ?1";
        self.statement(MOVE)?.execute(params![user, last + 1])?;
        Ok(())
    }
}

fn client_id(room: i64, sender: i64, id: &ClientMsgId) -> ClientId {
    ClientId { room, sender, id: id.as_str().into() }
}

/// What an entry of a user's log about a room says.
pub(crate) fn of_room(room: &RoomId, joined: bool) -> UserChange {
    let room = room.clone();
    if joined { UserChange::RoomJoined { room } } else { UserChange::RoomLeft { room } }
}
