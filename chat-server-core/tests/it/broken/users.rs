//! Faults of what belongs to one user alone.

use async_trait::async_trait;
use chat_protocol::{RoomId, Seq, Timestamp, UserId, UserOffset, limits};
use chat_server_core::storage::{
    Blocked, OwnAppend, OwnAppended, OwnChange, Pointer, Pointers, Refusal, RoomStore, StorageError,
    TraceStore, UserLog, UserLogPage,
};

use super::Broken;

type Answer = Result<OwnAppended, Refusal>;

impl Broken {
    /// An answer that is given without storing anything.
    async fn own_refused(&self, append: &OwnAppend) -> Option<Answer> {
        let user_offset = self.inner.user_log(&append.user, UserOffset::ZERO, 0).await.unwrap().head;
        let unchanged =
            |at| OwnAppended { duplicate: true, at, before: at, entry: None, user_offset, members: 0 };
        match &append.change {
            OwnChange::Move { room, pointer: Pointer::Read, thread: None, seq }
                if self.has("reading_clears_the_mark") =>
            {
                let state = self.state(room, &append.user).await?;
                let needless = state.unread_from.is_some() && *seq <= state.read;
                needless.then(|| Ok(unchanged(state.read)))
            }
            OwnChange::Move { room, pointer: Pointer::ReadPrivate, thread: None, seq }
                if self.has("pointers_only_advance") =>
            {
                let state = self.state(room, &append.user).await?;
                (*seq > state.seq).then(|| Ok(unchanged(state.read)))
            }
            OwnChange::Hide { room, seq } if self.has("hidden_messages_are_one_users") => {
                let message = self.message(room, *seq).await?.message;
                message.deleted_at.map(|_| Err(Refusal::NoMessage))
            }
            OwnChange::Agent { organization, agent: true } if self.has("agents_have_a_bound") => {
                let agents = self.inner.agents(organization).await.unwrap();
                (agents.len() >= limits::MAX_AGENTS).then_some(Err(Refusal::Full))
            }
            OwnChange::Seen { .. } if self.has("who_is_being_forgotten_does_nothing_new") => {
                let forgetting = self.inner.forgetting(&append.user).await.unwrap();
                forgetting.map(|_| Ok(unchanged(Seq::ZERO)))
            }
            OwnChange::Block { .. } if self.has("blocks_have_a_bound") => {
                let blocked = self.inner.blocked(&append.user, None, limits::MAX_BLOCKED).await.unwrap();
                (blocked.len() >= limits::MAX_BLOCKED).then_some(Err(Refusal::Full))
            }
            OwnChange::Device { device, .. } if self.has("the_oldest_device_makes_room") => {
                let answer = OwnAppended { duplicate: false, ..unchanged(Seq::ZERO) };
                self.has_no_room(&append.user, device).await.then_some(Ok(answer))
            }
            _ => None,
        }
    }

    /// A change as it is stored.
    fn spoil_own(&self, append: &OwnAppend) -> OwnAppend {
        let mut append = append.clone();
        match &mut append.change {
            OwnChange::Schedule(new) if self.has("a_scheduled_message_waits_once") => new.digest = [0; 16],
            OwnChange::Schedule(new) if self.has("a_message_that_waits_keeps_its_uploads") => {
                new.body = new.body.replace("/uploads/0", "/uploads/1");
            }
            OwnChange::Schedule(new) if self.has("messages_that_wait_have_a_bound") => new.max += 1,
            OwnChange::Erase { limit } => *limit = self.more("who_is_forgotten_is_new", *limit),
            OwnChange::Unschedule { leased, .. } if self.has("what_waits_can_be_taken_back") => {
                *leased = true;
            }
            _ => {}
        }
        append
    }

    async fn store_own(&self, append: &OwnAppend) -> Result<Answer, StorageError> {
        if let Some(answer) = self.own_refused(append).await {
            return Ok(answer);
        }
        let append = &self.broken_device(append).await;
        let mut answer = self.inner.append_own(&[self.spoil_own(append)]).await?.remove(0);
        if let Ok(answer) = &mut answer {
            match &append.change {
                OwnChange::Hide { room, seq } => {
                    let place = (room.clone(), append.user.clone(), *seq);
                    self.memory.lock().unwrap().hidden.insert(place);
                }
                OwnChange::Seen { at } => self.memory.lock().unwrap().seen = Some(*at),
                OwnChange::Block { .. }
                    if append.user.as_str() == "crowd"
                        && self.has("concurrent_changes_of_a_user_leave_no_gap") =>
                {
                    answer.user_offset = answer.user_offset.min(UserOffset::new(50).unwrap());
                }
                OwnChange::Revoked { .. } if self.has("answers_are_what_the_logs_hold") => {
                    answer.entry = None;
                }
                _ => {}
            }
        }
        Ok(answer)
    }
}

#[async_trait]
impl UserLog for Broken {
    async fn append_own(&self, batch: &[OwnAppend]) -> Result<Vec<Answer>, StorageError> {
        let mut answers = Vec::with_capacity(batch.len());
        for append in batch {
            answers.push(self.store_own(append).await?);
        }
        Ok(answers)
    }

    async fn user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError> {
        let mut page = self.inner.user_log(user, after, limit).await?;
        if let Some(last) = page.entries.last().filter(|_| self.has("the_user_log_has_every_change")) {
            page.head = last.user_offset;
        }
        Ok(page)
    }

    async fn blocked(
        &self,
        user: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<Blocked>, StorageError> {
        self.inner.blocked(user, after, self.more("pages_of_blocks_meet", limit)).await
    }

    async fn pointers(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        limit: usize,
    ) -> Result<Pointers, StorageError> {
        let of_thread = thread.is_some();
        let limit = if of_thread { self.more("threads_have_pointers_of_their_own", limit) } else { limit };
        let mut pointers = self.inner.pointers(room, thread, limit).await?;
        if self.has("delivered_follows_read") && !of_thread {
            for (user, read) in &pointers.read {
                pointers.delivered.entry(user.clone()).or_insert(*read);
            }
        }
        Ok(pointers)
    }

    async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError> {
        let seen = self.inner.last_seen(user).await?;
        // The last word counts, whoever said it and however old it is.
        Ok(if self.has("last_seen_is_kept") { seen.and(self.memory.lock().unwrap().seen) } else { seen })
    }
}
