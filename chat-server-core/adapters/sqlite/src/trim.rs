//! Forgetting the oldest messages of a room.

use chat_protocol::event::{RoomAction, RoomChanged};
use chat_protocol::{Seq, short_digest};
use chat_server_core::storage::{Append, LogEntry};
use rusqlite::{OptionalExtension, params};

use crate::append::Answer;
use crate::client_ids::ClientId;
use crate::entry::Told;
use crate::error::Result;
use crate::head::Head;
use crate::sent::{BLOCK, FIRST_IN_BLOCK, FORGOTTEN};
use crate::writer::Batch;

impl Batch<'_> {
    /// Costs what it deletes. Running numbers of what stays are what they were: they are only ever compared.
    pub(crate) fn trim(&mut self, append: &Append, oldest: Seq, mut head: Head) -> Result<Answer> {
        let oldest = oldest.get().min(head.seq + 1);
        if oldest <= head.oldest_seq {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        let num = self.step(append, &mut head);
        self.keep_answers(head.room, oldest)?;
        self.delete_below(head.room, oldest)?;
        self.mark_first_in_block(head.room, oldest)?;
        self.forget_sent(head.room);
        const FIRST: &str = "SELECT offset FROM messages WHERE room_ref = ?1 ORDER BY seq LIMIT 1";
        let first = self.statement(FIRST)?.query_row([head.room], |row| row.get(0)).optional()?;
        head.oldest_seq = oldest;
        // Nothing is left: the log begins with the entry that says so.
        head.oldest_offset = first.unwrap_or(head.offset);
        self.statement("DELETE FROM changes WHERE room_ref = ?1 AND offset < ?2")?
            .execute(params![head.room, head.oldest_offset])?;
        let entry = self.room_data(&head)?.entry(append, &head, RoomAction::Trimmed);
        let entry = LogEntry::Room(RoomChanged { oldest_seq: Some(head.oldest_seq()), ..entry });
        let mut told = Told::default();
        self.tell(append, &head, num, entry, &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// What was answered to messages with a `client_msg_id` outlives them.
    fn keep_answers(&mut self, room: i64, oldest: u64) -> Result<()> {
        const SELECT: &str = "SELECT num, sender_ref, client_msg_id FROM messages
            WHERE room_ref = ?1 AND seq < ?2 AND client_msg_id IS NOT NULL";
        const INSERT: &str =
            "INSERT INTO idempotency (room_ref, sender_ref, id_hash, digest, num, key, seq, offset, ts)
            SELECT room_ref, sender_ref, ?2, digest, num, key, seq, offset, ts FROM messages WHERE num = ?1";
        let mut gone = Vec::new();
        {
            let (mut select, mut insert) = (self.statement(SELECT)?, self.statement(INSERT)?);
            let mut rows = select.query(params![room, oldest])?;
            while let Some(row) = rows.next()? {
                let id: Box<str> = row.get(2)?;
                insert.execute(params![row.get::<_, u64>(0)?, short_digest(id.as_bytes())])?;
                gone.push(ClientId { room, sender: row.get(1)?, id });
            }
        }
        gone.into_iter().for_each(|id| self.drop_id(id));
        Ok(())
    }

    /// Messages and what users did to them.
    fn delete_below(&mut self, room: i64, oldest: u64) -> Result<()> {
        for below in [
            "DELETE FROM messages WHERE room_ref = ?1 AND seq < ?2",
            "DELETE FROM mentions WHERE room_ref = ?1 AND seq < ?2",
            "DELETE FROM reactions WHERE room_ref = ?1 AND seq < ?2",
            "DELETE FROM reaction_counts WHERE room_ref = ?1 AND seq < ?2",
            "DELETE FROM hidden WHERE room_ref = ?1 AND seq < ?2",
            "DELETE FROM thread_pointers WHERE room_ref = ?1 AND thread < ?2",
        ] {
            self.statement(below)?.execute(params![room, oldest])?;
        }
        Ok(())
    }

    /// Of a block that is begun anew, each sender's first message is another one.
    fn mark_first_in_block(&mut self, room: i64, oldest: u64) -> Result<()> {
        const MARK: &str = "UPDATE messages SET flags = flags | ?4
            WHERE num IN (SELECT num FROM (SELECT num, min(seq) FROM messages
                WHERE room_ref = ?1 AND seq BETWEEN ?2 AND ?3 AND NOT flags & ?5 GROUP BY sender_ref))
            AND NOT flags & ?4";
        let last = oldest | (BLOCK - 1);
        self.statement(MARK)?.execute(params![room, oldest, last, FIRST_IN_BLOCK, FORGOTTEN])?;
        Ok(())
    }
}
