//! What one user has left behind goes, bit by bit; what is left is found by indexes, so that no step needs to know of the
//! one before.

use chat_protocol::{Emoji, Role, Seq, UserId, short_digest};
use chat_server_core::storage::{Append, JobKind, OwnAppend, OwnAppended, Refusal};
use rusqlite::params;

use crate::append::Answer;
use crate::client_ids::ClientId;
use crate::codec::Code;
use crate::entry::Told;
use crate::error::{Fault, Result};
use crate::head::Head;
use crate::message;
use crate::number::Number;
use crate::rooms::sql_limit;
use crate::sent::{BLOCK, FIRST_IN_BLOCK};
use crate::traces::NEXT_TRACE;
use crate::writer::{Batch, UserRow};

type OwnAnswer = std::result::Result<OwnAppended, Refusal>;

/// What is one user's alone, in the order in which it goes: whether anything is there, and at most so much of it gone.
/// A job that somebody has in hand and that has no name is in no index of its user; its worker takes it away.
const OWN: [(&str, &str); 6] = [
    (
        "SELECT 1 FROM devices WHERE user_ref = ?1",
        "DELETE FROM devices WHERE user_ref = ?1 AND device IN
            (SELECT device FROM devices WHERE user_ref = ?1 ORDER BY device LIMIT ?2)",
    ),
    (
        "SELECT 1 FROM blocks WHERE user_ref = ?1",
        "DELETE FROM blocks WHERE user_ref = ?1 AND blocked_id IN
            (SELECT blocked_id FROM blocks WHERE user_ref = ?1 ORDER BY blocked_id LIMIT ?2)",
    ),
    (
        "SELECT 1 FROM agents WHERE user_ref = ?1",
        "DELETE FROM agents WHERE user_ref = ?1 AND organization IN
            (SELECT organization FROM agents INDEXED BY agents_user WHERE user_ref = ?1
            ORDER BY organization LIMIT ?2)",
    ),
    (
        "SELECT 1 FROM room_requests WHERE creator_ref = ?1",
        "DELETE FROM room_requests WHERE creator_ref = ?1 AND id_hash IN
            (SELECT id_hash FROM room_requests WHERE creator_ref = ?1 ORDER BY id_hash LIMIT ?2)",
    ),
    (
        "SELECT 1 FROM (SELECT id FROM jobs INDEXED BY jobs_name WHERE user_ref = ?1 AND kind <> 5 AND name IS NOT NULL
            UNION ALL SELECT id FROM jobs INDEXED BY jobs_user WHERE user_ref = ?1 AND kind <> 5 AND attempts = 0)",
        "DELETE FROM jobs WHERE id IN (
            SELECT id FROM jobs INDEXED BY jobs_name WHERE user_ref = ?1 AND kind <> 5 AND name IS NOT NULL
            UNION SELECT id FROM jobs INDEXED BY jobs_user WHERE user_ref = ?1 AND kind <> 5 AND attempts = 0
            ORDER BY id LIMIT ?2)",
    ),
    (
        "SELECT 1 FROM user_log WHERE user_ref = ?1",
        "DELETE FROM user_log WHERE user_ref = ?1 AND offset IN
            (SELECT offset FROM user_log WHERE user_ref = ?1 ORDER BY offset LIMIT ?2)",
    ),
];

impl Batch<'_> {
    /// A step of what a user left in a room; the model is `forget_in` of the memory store.
    pub(crate) fn forget_in(
        &mut self,
        append: &Append,
        user: &UserId,
        heir: Role,
        limit: usize,
        head: Head,
    ) -> Result<Answer> {
        let Some(row) = self.user(user)? else { return Ok(Ok(head.unchanged(&append.room))) };
        let by = Append { by: user.clone(), ..append.clone() };
        let mut told = Told::default();
        let mut gone = self.erase_messages(&by, row.user, head.room, limit, &mut told)?;
        for (seq, emoji) in self.reactions_by(row.user, head.room, limit - gone)? {
            let head = self.present(&by)?;
            let done = self.unreact(&by, seq, &emoji, head)?;
            if done.is_err() {
                let head = self.present(&by)?;
                self.unreact_damaged(&by, seq, &emoji, &head)?;
            }
            told.take(done);
            gone += 1;
        }
        const UNHIDE: &str = "DELETE FROM hidden WHERE user_ref = ?1 AND room_ref = ?2 AND seq IN
            (SELECT seq FROM hidden WHERE user_ref = ?1 AND room_ref = ?2 ORDER BY seq LIMIT ?3)";
        let left = sql_limit(limit - gone);
        gone += self.statement(UNHIDE)?.execute(params![row.user, head.room, left])?;
        if gone < limit && self.role(&head, user)?.is_some() {
            let head = self.present(&by)?;
            told.take(self.leave(&by, heir, head)?);
            gone += 1;
        }
        let head = self.present(&by)?;
        Ok(Ok(if gone == 0 { head.unchanged(&append.room) } else { head.changed(&append.room, told) }))
    }

    /// The room as the batch has left it so far.
    fn present(&mut self, append: &Append) -> Result<Head> {
        Ok(self.room(&append.room)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
    }

    /// Deletes messages of a user, the oldest first, and what they were found by; how many.
    fn erase_messages(
        &mut self,
        by: &Append,
        sender: i64,
        room: i64,
        limit: usize,
        told: &mut Told,
    ) -> Result<usize> {
        const SELECT: &str = "SELECT x.num, x.seq, x.client_msg_id
            FROM (SELECT seq AS first FROM messages INDEXED BY messages_sender
                WHERE sender_ref = ?1 AND room_ref = ?2 AND flags & 4 ORDER BY seq LIMIT ?3)
            CROSS JOIN messages x INDEXED BY messages_seq ON x.room_ref = ?2 AND x.seq BETWEEN first AND first | 15
            WHERE x.sender_ref = ?1 AND NOT x.flags & 8 ORDER BY x.seq LIMIT ?3";
        let mut found: Vec<(u64, u64, Option<Box<str>>)> = Vec::new();
        {
            let mut select = self.statement(SELECT)?;
            let mut rows = select.query(params![sender, room, sql_limit(limit)])?;
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
        for (num, seq, id) in &found {
            let (head, seq) = (self.present(by)?, Seq::read(*seq)?);
            let mut done = self.delete(by, seq, true, head)?;
            if done.is_err() {
                let head = self.present(by)?;
                done = self.delete_damaged(by, seq, head)?;
            }
            told.take(done);
            if let Some(id) = id {
                self.forget_id(*num, ClientId { room, sender, id: id.clone() })?;
            }
            message::erase(self.db, room, seq)?;
        }
        if let Some((_, last, _)) = found.last() {
            self.mark_next_in_block(sender, room, *last)?;
            self.forget_sent_by(sender, room);
        }
        Ok(found.len())
    }

    /// What was answered to a message outlives its name.
    fn forget_id(&mut self, num: u64, id: ClientId) -> Result<()> {
        const INSERT: &str =
            "INSERT OR IGNORE INTO idempotency (room_ref, sender_ref, id_hash, digest, num, key, seq, offset, ts)
            SELECT room_ref, sender_ref, ?2, digest, num, key, seq, offset, ts FROM messages WHERE num = ?1";
        self.statement(INSERT)?.execute(params![num, short_digest(id.id.as_bytes())])?;
        self.drop_id(id);
        Ok(())
    }

    /// When a step ends within a block, the sender's next message is the first of it that can be found.
    fn mark_next_in_block(&mut self, sender: i64, room: i64, last: u64) -> Result<()> {
        const MARK: &str = "UPDATE messages SET flags = flags | ?5 WHERE num = (SELECT num FROM messages
            WHERE room_ref = ?1 AND seq > ?2 AND seq <= ?3 AND sender_ref = ?4 AND NOT flags & 8
            ORDER BY seq LIMIT 1)";
        self.statement(MARK)?.execute(params![room, last, last | (BLOCK - 1), sender, FIRST_IN_BLOCK])?;
        Ok(())
    }

    fn reactions_by(&mut self, user: i64, room: i64, limit: usize) -> Result<Vec<(Seq, Emoji)>> {
        const SELECT: &str = "SELECT seq, reaction FROM reactions INDEXED BY reactions_user
            WHERE user_ref = ?1 AND room_ref = ?2 ORDER BY seq, num LIMIT ?3";
        let mut select = self.statement(SELECT)?;
        let mut rows = select.query(params![user, room, sql_limit(limit)])?;
        let mut reactions = Vec::new();
        while let Some(row) = rows.next()? {
            let emoji =
                Emoji::new(row.get_ref(1)?.as_str()?).map_err(|error| Fault::Corrupt(error.to_string()))?;
            reactions.push((Seq::read(row.get(0)?)?, emoji));
        }
        Ok(reactions)
    }

    /// From now on nothing is added to what is kept of a user.
    pub(crate) fn begin_forgetting(&mut self, append: &OwnAppend) -> Result<OwnAnswer> {
        let Some(row) = self.user(&append.user)? else { return self.stays(append, Seq::ZERO) };
        const KNOWN: &str =
            "SELECT 1 FROM users WHERE ref = ?1 AND coalesce(last_seen, name, first_name, last_name,
            patronymic, username, email, phone, avatar, data) IS NOT NULL";
        let known = self.statement(KNOWN)?.exists([row.user])?;
        if row.forgetting || !(known || self.keeps(&append.user, row.user)?) {
            return self.stays(append, Seq::ZERO);
        }
        self.statement("UPDATE users SET forgetting_since = ?2 WHERE ref = ?1")?
            .execute(params![row.user, append.now.as_micros()])?;
        self.set_user(&append.user, UserRow { forgetting: true, ..row });
        self.insert_forget_job(row.user, append.now)?;
        self.stored_own(append)
    }

    /// Whether anything of a user's is kept that goes bit by bit.
    fn keeps(&mut self, id: &UserId, user: i64) -> Result<bool> {
        for (any, _) in OWN {
            if self.statement(any)?.exists([user])? {
                return Ok(true);
            }
        }
        let blocked = "SELECT 1 FROM blocks INDEXED BY blocks_blocked WHERE blocked_id = ?1";
        if self.statement(blocked)?.exists([id.as_str()])? {
            return Ok(true);
        }
        let trace: Option<i64> = self.statement(NEXT_TRACE)?.query_row([user, 0], |row| row.get(0))?;
        Ok(trace.is_some())
    }

    pub(crate) fn erase(&mut self, append: &OwnAppend, limit: usize) -> Result<OwnAnswer> {
        let Some(row) = self.user(&append.user)? else { return self.stays(append, Seq::ZERO) };
        // The head of the log is kept by its oldest position, once no entry is left.
        self.log_head(&append.user, row)?;
        let mut left = limit;
        for (_, delete) in OWN {
            left -= self.statement(delete)?.execute(params![row.user, sql_limit(left)])?;
        }
        if left == limit {
            return self.stays(append, Seq::ZERO);
        }
        let head = self.log_head(&append.user, row)?;
        const OLDEST: &str = "UPDATE users SET log_oldest = coalesce(
            (SELECT min(offset) FROM user_log WHERE user_ref = ?1), ?2 + 1) WHERE ref = ?1";
        self.statement(OLDEST)?.execute(params![row.user, head])?;
        // It blocks nobody any more, and is an agent nowhere.
        self.forget_standings();
        self.stored_own(append)
    }

    pub(crate) fn end_forgetting(&mut self, append: &OwnAppend) -> Result<OwnAnswer> {
        let row = self.user(&append.user)?.filter(|row| row.forgetting);
        let Some(row) = row else { return self.stays(append, Seq::ZERO) };
        if self.keeps(&append.user, row.user)? {
            return self.stays(append, Seq::ZERO);
        }
        const CLEAR: &str = "UPDATE users SET forgetting_since = NULL, last_seen = NULL, name = NULL,
            first_name = NULL, last_name = NULL, patronymic = NULL, username = NULL, email = NULL, phone = NULL,
            avatar = NULL, data = NULL WHERE ref = ?1";
        self.statement(CLEAR)?.execute([row.user])?;
        self.statement("DELETE FROM jobs WHERE user_ref = ?1 AND kind = ?2 AND name = ''")?
            .execute(params![row.user, JobKind::Forget.code()])?;
        self.set_user(&append.user, UserRow { forgetting: false, ..row });
        self.stored_own(append)
    }
}

impl Told {
    /// Adds what one more change told.
    fn take(&mut self, answer: Answer) {
        let Ok(answer) = answer else { return };
        self.entries.extend(answer.entries);
        self.users.extend(answer.users);
    }
}
