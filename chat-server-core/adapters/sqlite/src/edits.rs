//! What happens to messages after they were written.

use chat_protocol::event::{Deleted, Edited, Reaction, ReactionAction};
use chat_protocol::{Content, Emoji, RoomId, Seq, limits};
use chat_server_core::storage::{Append, LogEntry, Refusal, StoredMessage};
use rusqlite::{OptionalExtension, params};

use crate::append::Answer;
use crate::entry::{self, Told};
use crate::error::{Fault, Result};
use crate::head::Head;
use crate::message;
use crate::writer::Batch;

impl Batch<'_> {
    pub(crate) fn edit(
        &mut self,
        append: &Append,
        seq: Seq,
        content: &Content,
        mut head: Head,
    ) -> Result<Answer> {
        let Some(StoredMessage { message, .. }) = self.live(append, &head, seq)? else {
            return Ok(Err(Refusal::NoMessage));
        };
        if message.from != append.by {
            return Ok(Err(Refusal::NotAllowed));
        }
        if message.content == *content {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        let num = self.step(append, &mut head);
        message::rewrite(self.db, head.room, seq, content, Some(head.ts), None)?;
        let entry = Edited {
            room: append.room.clone(),
            offset: head.offset(),
            seq,
            from: append.by.clone(),
            content: Some(content.clone()),
            thread: message.thread,
            ts: head.ts,
        };
        self.edited(append, head, num, LogEntry::Edited(entry))
    }

    pub(crate) fn delete(&mut self, append: &Append, seq: Seq, own: bool, mut head: Head) -> Result<Answer> {
        let Some(StoredMessage { message, .. }) = self.find(&append.room, head.room, seq)? else {
            return Ok(Err(Refusal::NoMessage));
        };
        if own && message.from != append.by {
            return Ok(Err(Refusal::NotAllowed));
        }
        if message.deleted_at.is_some() {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        let num = self.step(append, &mut head);
        let empty = Content::plain("");
        message::rewrite(self.db, head.room, seq, &empty, message.edited_at, Some(head.ts))?;
        let entry = Deleted {
            room: append.room.clone(),
            offset: head.offset(),
            seq,
            by: (message.from != append.by).then(|| append.by.clone()),
            from: message.from,
            thread: message.thread,
            mentions: message.mentions,
            ts: head.ts,
        };
        self.tell_deleted(append, head, num, entry)
    }

    /// Tells that a message of the asker's is deleted that cannot be read, for its words and files are to go by that. What
    /// it answered and whom it mentioned nobody knows any more.
    pub(crate) fn delete_damaged(&mut self, append: &Append, seq: Seq, mut head: Head) -> Result<Answer> {
        let num = self.step(append, &mut head);
        let (room, from) = (append.room.clone(), append.by.clone());
        let (offset, ts) = (head.offset(), head.ts);
        let entry = Deleted { room, offset, seq, by: None, from, thread: None, mentions: None, ts };
        self.tell_deleted(append, head, num, entry)
    }

    fn tell_deleted(&mut self, append: &Append, head: Head, num: u64, entry: Deleted) -> Result<Answer> {
        for reactions in [
            "DELETE FROM reactions WHERE room_ref = ?1 AND seq = ?2",
            "DELETE FROM reaction_counts WHERE room_ref = ?1 AND seq = ?2",
        ] {
            self.statement(reactions)?.execute(params![head.room, entry.seq.get()])?;
        }
        self.edited(append, head, num, LogEntry::Deleted(entry))
    }

    pub(crate) fn react(
        &mut self,
        append: &Append,
        seq: Seq,
        emoji: &Emoji,
        mut head: Head,
    ) -> Result<Answer> {
        if self.live(append, &head, seq)?.is_none() {
            return Ok(Err(Refusal::NoMessage));
        }
        if self.reaction_of(append, &head, seq, emoji)?.is_some() {
            return Ok(Ok(head.unchanged(&append.room)));
        }
        if entry::reacted(self.db, head.room, seq, emoji)? == 0 {
            const DIFFERENT: &str = "SELECT count(*) FROM reaction_counts WHERE room_ref = ?1 AND seq = ?2";
            let different: usize =
                self.statement(DIFFERENT)?.query_row(params![head.room, seq.get()], |row| row.get(0))?;
            if different >= limits::MAX_REACTIONS {
                return Ok(Err(Refusal::Full));
            }
        }
        let user = self.user_or_new(&append.by, append.now)?.user;
        let num = self.step(append, &mut head);
        const INSERT: &str =
            "INSERT INTO reactions (room_ref, seq, reaction, num, user_ref) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.statement(INSERT)?.execute(params![head.room, seq.get(), emoji.as_str(), num, user])?;
        const COUNT: &str =
            "INSERT INTO reaction_counts (room_ref, seq, reaction, count) VALUES (?1, ?2, ?3, 1)
            ON CONFLICT DO UPDATE SET count = count + 1";
        self.statement(COUNT)?.execute(params![head.room, seq.get(), emoji.as_str()])?;
        self.mark(&append.room, &append.by, head.room, user)?;
        self.tell_reaction(append, head, num, (seq, emoji, ReactionAction::Added))
    }

    pub(crate) fn unreact(
        &mut self,
        append: &Append,
        seq: Seq,
        emoji: &Emoji,
        mut head: Head,
    ) -> Result<Answer> {
        if self.live(append, &head, seq)?.is_none() {
            return Ok(Err(Refusal::NoMessage));
        }
        let Some(reaction) = self.reaction_of(append, &head, seq, emoji)? else {
            return Ok(Ok(head.unchanged(&append.room)));
        };
        let num = self.step(append, &mut head);
        self.take_reaction(head.room, seq, emoji, reaction)?;
        self.tell_reaction(append, head, num, (seq, emoji, ReactionAction::Removed))
    }

    /// Takes a reaction away from a message that cannot be read, and of which nobody can be told.
    pub(crate) fn unreact_damaged(
        &mut self,
        append: &Append,
        seq: Seq,
        emoji: &Emoji,
        head: &Head,
    ) -> Result<()> {
        match self.reaction_of(append, head, seq, emoji)? {
            Some(reaction) => self.take_reaction(head.room, seq, emoji, reaction),
            None => Ok(()),
        }
    }

    fn take_reaction(&self, room: i64, seq: Seq, emoji: &Emoji, reaction: u64) -> Result<()> {
        const DELETE: &str =
            "DELETE FROM reactions WHERE room_ref = ?1 AND seq = ?2 AND reaction = ?3 AND num = ?4";
        self.statement(DELETE)?.execute(params![room, seq.get(), emoji.as_str(), reaction])?;
        let place = params![room, seq.get(), emoji.as_str()];
        const COUNT: &str = "UPDATE reaction_counts SET count = count - 1
            WHERE room_ref = ?1 AND seq = ?2 AND reaction = ?3";
        self.statement(COUNT)?.execute(place)?;
        const NONE: &str = "DELETE FROM reaction_counts
            WHERE room_ref = ?1 AND seq = ?2 AND reaction = ?3 AND count = 0";
        self.statement(NONE)?.execute(place)?;
        Ok(())
    }

    fn tell_reaction(
        &mut self,
        append: &Append,
        head: Head,
        num: u64,
        (seq, emoji, action): (Seq, &Emoji, ReactionAction),
    ) -> Result<Answer> {
        let entry = Reaction {
            room: append.room.clone(),
            offset: head.offset(),
            seq,
            from: append.by.clone(),
            emoji: emoji.clone(),
            action: action.into(),
            count: entry::reacted(self.db, head.room, seq, emoji)?,
            ts: head.ts,
        };
        self.edited(append, head, num, LogEntry::Reaction(entry))
    }

    /// Tells the one entry of a change, and answers.
    fn edited(&mut self, append: &Append, head: Head, num: u64, entry: LogEntry) -> Result<Answer> {
        let mut told = Told::default();
        self.tell(append, &head, num, entry, &mut told)?;
        self.change_room(&append.room, head);
        Ok(Ok(head.changed(&append.room, told)))
    }

    /// The message, if it is there and not deleted.
    fn live(&self, append: &Append, head: &Head, seq: Seq) -> Result<Option<StoredMessage>> {
        let found = self.find(&append.room, head.room, seq)?;
        Ok(found.filter(|stored| stored.message.deleted_at.is_none()))
    }

    /// The message, if it is there and whole. A damaged one must not cost the others of the batch anything.
    pub(crate) fn find(&self, id: &RoomId, room: i64, seq: Seq) -> Result<Option<StoredMessage>> {
        match message::find(self.db, room, id, seq) {
            Err(Fault::Corrupt(what)) => {
                tracing::error!(room = %id, %what, "a change of a damaged message is refused");
                Ok(None)
            }
            found => found,
        }
    }

    /// The number of the change by which its author has the reaction.
    fn reaction_of(&mut self, append: &Append, head: &Head, seq: Seq, emoji: &Emoji) -> Result<Option<u64>> {
        let Some(user) = self.user(&append.by)? else { return Ok(None) };
        const SELECT: &str = "SELECT num FROM reactions INDEXED BY reactions_user
            WHERE user_ref = ?1 AND room_ref = ?2 AND seq = ?3 AND reaction = ?4";
        let place = params![user.user, head.room, seq.get(), emoji.as_str()];
        Ok(self.statement(SELECT)?.query_row(place, |row| row.get(0)).optional()?)
    }
}
