//! Faults of messages and room logs.

use async_trait::async_trait;
use chat_protocol::event::ReactionAction;
use chat_protocol::{Content, Epoch, HistoryQuery, Offset, Role, RoomId, Seq, ThreadState, UserId, limits};
use chat_server_core::storage::{
    Append, Appended, Capabilities, Change, LogEntry, LogPage, Marks, MessageStore, Refusal, StorageError,
    StoredMessage,
};

use super::Broken;

type Answer = Result<Appended, Refusal>;

impl Broken {
    /// A change as it is stored.
    async fn spoil(&self, append: &Append) -> Append {
        let mut append = append.clone();
        match &mut append.change {
            Change::Join { .. } | Change::Leave { .. } if self.has("an_old_access_version_is_refused") => {
                append.access_version = None;
            }
            Change::Leave { heir } if self.has("the_owner_passes_the_room_on") => *heir = Role::Owner,
            Change::Message(new) => {
                if self.has("a_repeat_survives_edit_delete_and_trim")
                    && self.memory.lock().unwrap().trimmed.contains(&append.room)
                {
                    new.client_msg_id = None;
                }
                if self.has("repeats_at_once_are_stored_once")
                    && let Some(id) = new.client_msg_id.take_if(|id| id.as_str().starts_with("at once"))
                    && self.memory.lock().unwrap().sent.insert(id.clone())
                {
                    new.client_msg_id = Some(id);
                }
                if self.has("texts_are_kept_byte_for_byte") {
                    let value = serde_json::from_str(new.content.payload.get()).unwrap();
                    new.content = Content::new(new.content.kind.clone(), &value);
                }
                if let Some(root) = new.thread
                    && self.has("threads_hang_on_the_main_line")
                {
                    let reply = self.message(&append.room, root).await;
                    new.thread = reply.and_then(|stored| stored.message.thread).or(Some(root));
                }
            }
            _ => {}
        }
        append
    }

    /// A refusal that comes too early.
    async fn refused(&self, append: &Append) -> Option<Refusal> {
        if let Change::React { seq, .. } = &append.change
            && self.has("reactions_have_a_bound")
        {
            let different = self.message(&append.room, *seq).await?.message.reactions.len();
            let marks = self.inner.marks(&append.room, &append.by, *seq, *seq).await.unwrap();
            let full = different >= limits::MAX_REACTIONS && marks.reactions.is_empty();
            return full.then_some(Refusal::Full);
        }
        self.refused_direct(append).await
    }

    async fn store(&self, append: &Append) -> Result<Answer, StorageError> {
        if let Some(refusal) = self.refused(append).await {
            return Ok(Err(refusal));
        }
        let mut spoilt = self.spoil(append).await;
        self.spoil_forgetting(&mut spoilt);
        self.broken_alias(&mut spoilt).await;
        let stored = self.inner.append(&[spoilt]).await?.remove(0);
        match stored {
            Ok(answer) => Ok(self.told(append, answer)),
            Err(refusal) => self.spared(append, refusal).await,
        }
    }

    /// A refusal that is not kept to.
    async fn spared(&self, append: &Append, refusal: Refusal) -> Result<Answer, StorageError> {
        let mut again = append.clone();
        match (&mut again.change, refusal) {
            (Change::Create(_), Refusal::Conflict) if self.has("another_body_is_a_conflict") => {
                return Ok(Err(Refusal::Exists));
            }
            (change @ Change::Join { .. }, Refusal::NotAllowed) if self.has("only_agents_join_desks") => {
                *change = Change::Add { users: vec![append.by.clone()], role: Role::Admin, max: u64::MAX };
            }
            (Change::Join { max, .. } | Change::Add { max, .. }, Refusal::RoomFull)
                if self.has("members_have_a_bound") =>
            {
                *max = u64::MAX;
            }
            (Change::Add { users, .. }, Refusal::NotAllowed)
                if self.has("adding_spares_members_and_refuses_the_barred") =>
            {
                users.truncate(1);
            }
            (Change::Remove { below, .. }, Refusal::NotAllowed)
                if self.has("removing_needs_a_lower_role") =>
            {
                *below = Role::Owner;
            }
            (Change::SetRole { below, .. }, Refusal::NotAllowed)
                if self.has("roles_are_given_from_above") =>
            {
                *below = Role::Owner;
            }
            _ => return Ok(Err(refusal)),
        }
        Ok(self.inner.append(&[again]).await?.remove(0))
    }

    /// An answer as it is told.
    fn told(&self, append: &Append, answer: Appended) -> Answer {
        let mut answer = answer;
        let decided_before = append.access_version.is_some_and(|version| version != answer.access_version);
        match &append.change {
            Change::Message(new) => {
                if self.has("a_repeat_gives_the_first_answer") && answer.duplicate && decided_before {
                    return Err(Refusal::AccessChanged);
                }
                if self.has("time_never_runs_backwards") {
                    answer.ts = append.now;
                }
                if self.has("concurrent_appends_leave_no_gap") && answer.seq.get() == 100 {
                    answer.seq = answer.seq.previous();
                }
                let place = (append.room.clone(), answer.seq);
                self.memory.lock().unwrap().texts.insert(place, new.content.clone());
            }
            Change::Trim { .. } => _ = self.memory.lock().unwrap().trimmed.insert(append.room.clone()),
            Change::Leave { .. } if self.has("names_are_unique") => answer.num = answer.offset.get(),
            Change::Remove { .. } if self.has("a_lost_right_bumps_the_access_version") => {
                answer.access_version = 1;
            }
            Change::Unreact { .. } if self.has("reactions_come_and_go") => answer.duplicate = false,
            Change::Set(_) if self.has("only_what_is_different_is_set") => answer.duplicate = false,
            _ => {}
        }
        Ok(answer)
    }

    /// In which order a batch is stored.
    fn order(&self, batch: &[Append]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..batch.len()).collect();
        let joins = |index: usize| batch[index..].iter().any(|a| matches!(a.change, Change::Join { .. }));
        let last = |index: usize| {
            let leaves = matches!(batch[index].change, Change::Leave { .. });
            leaves && batch[index].access_version.is_none() && !joins(index)
        };
        if self.has("a_batch_is_stored_in_order") {
            order.sort_by_key(|index| last(*index));
        }
        order
    }

    /// A message of a page of history.
    fn shown(&self, mut stored: StoredMessage) -> StoredMessage {
        let message = &mut stored.message;
        if self.has("an_edit_replaces_the_text") {
            message.edited_at = None;
        }
        if self.has("a_deletion_forgets_the_text") {
            message.deleted_at = None;
        }
        if self.has("history_sums_reactions_and_replies") {
            message.reactions.iter_mut().for_each(|sum| sum.users.reverse());
        }
        stored
    }

    fn logged(&self, entry: &mut LogEntry) {
        match entry {
            LogEntry::Message(stored)
                if self.has("the_log_never_revives_a_text") && stored.message.edited_at.is_some() =>
            {
                let place = (stored.message.room.clone(), stored.message.seq);
                let first = self.memory.lock().unwrap().texts.get(&place).cloned();
                stored.message.content =
                    first.filter(|_| stored.message.deleted_at.is_none()).unwrap_or(Content::plain(""));
            }
            LogEntry::Reaction(reaction)
                if self.has("the_log_counts_present_reactions")
                    && reaction.action == ReactionAction::Removed =>
            {
                reaction.count = reaction.count.max(1);
            }
            _ => {}
        }
    }
}

#[async_trait]
impl MessageStore for Broken {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.inner.capabilities();
        capabilities.durable = self.has("appended_survives_reopen");
        capabilities
    }

    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }

    async fn append(&self, batch: &[Append]) -> Result<Vec<Answer>, StorageError> {
        let mut answers = Vec::new();
        let mut lost = false;
        for index in self.order(batch) {
            let answer = match lost && self.has("a_refusal_spares_the_rest") {
                true => Err(Refusal::NoRoom),
                false => self.store(&batch[index]).await?,
            };
            lost |= answer == Err(Refusal::NoRoom);
            answers.push((index, answer));
        }
        answers.sort_by_key(|(index, _)| *index);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    async fn history(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError> {
        let mut query = query;
        let window = query.before.is_some() && query.after.is_some();
        let newest_first = window && self.has("history_pages_meet");
        let after = query.after.filter(|_| newest_first);
        if newest_first {
            query.after = None;
        }
        let page = self.inner.history(room, thread, query, limit).await?;
        let inside = |stored: &StoredMessage| after.is_none_or(|after| stored.message.seq > after);
        Ok(page.map(|page| page.into_iter().filter(inside).map(|stored| self.shown(stored)).collect()))
    }

    async fn newest(&self, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>, StorageError> {
        let mut newest = self.inner.newest(rooms).await?;
        if self.has("newest_is_of_the_main_line") {
            for found in &mut newest {
                *found = found.take().filter(|stored| stored.message.deleted_at.is_none());
            }
        }
        Ok(newest)
    }

    async fn marks(
        &self,
        room: &RoomId,
        user: &UserId,
        first: Seq,
        last: Seq,
    ) -> Result<Marks, StorageError> {
        let last = if self.has("marks_are_of_one_user") { last.previous() } else { last };
        let mut marks = self.inner.marks(room, user, first, last).await?;
        if self.has("a_trim_forgets_what_is_older") {
            let hidden = &self.memory.lock().unwrap().hidden;
            let mine = hidden
                .iter()
                .filter(|(of, by, seq)| of == room && by == user && (first..=last).contains(seq));
            marks.hidden = mine.map(|(_, _, seq)| *seq).collect();
        }
        Ok(marks)
    }

    async fn thread(
        &self,
        room: &RoomId,
        root: Seq,
        user: &UserId,
    ) -> Result<Option<ThreadState>, StorageError> {
        self.inner.thread(room, root, user).await
    }

    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError> {
        let mut page = self.inner.log(room, after, limit).await?;
        if let Some(page) = &mut page {
            page.entries.iter_mut().for_each(|entry| self.logged(entry));
            if let Some(last) = page.entries.last().filter(|_| self.has("the_log_has_every_change")) {
                page.head = last.offset();
            }
        }
        Ok(page)
    }
}
