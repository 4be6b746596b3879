//! Each case of the storage suite fails on a store that breaks its guarantee and nothing else: no case is empty.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{Content, Epoch, HistoryQuery, Offset, RoomId, Seq, UserId, UserOffset};
use chat_server_core::conformance::storage::{CASES, run};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Append, Appended, Capabilities, Change, LogEntry, LogPage, MessageStore, PointerMove, PointerMoved,
    PointerStore, Refusal, RoomStore, RoomView, Standing, StorageError, StoredMessage, UserLog, UserLogPage,
};

#[test]
fn every_case_fails_on_a_store_that_breaks_it() {
    for (name, case) in CASES {
        let open = |_: &()| Broken { fault: name, ..Broken::default() };
        let outcome = catch_unwind(AssertUnwindSafe(|| run((), open, true, *case)));
        assert!(outcome.is_err(), "{name} passes on a store that breaks it");
    }
}

/// The memory store with one fault, named like the case that must find it.
#[derive(Default)]
struct Broken {
    inner: MemoryStore,
    fault: &'static str,
    /// For a fault: the first answers of `standing`, given for ever.
    remembered: Mutex<BTreeMap<(RoomId, UserId), Option<Standing>>>,
}

impl Broken {
    fn has(&self, fault: &str) -> bool {
        assert!(CASES.iter().any(|(name, _)| *name == fault), "no case {fault}");
        self.fault == fault
    }

    /// A change as it is stored.
    fn spoil(&self, append: &Append) -> Append {
        let mut append = append.clone();
        if self.has("an_old_access_version_is_refused") {
            append.access_version = None;
        }
        if let Change::Message(new) = &mut append.change {
            if self.has("a_repeat_gives_the_first_answer") {
                new.client_msg_id = None;
            }
            if self.has("another_body_is_a_conflict") {
                new.digest = [0; 16];
            }
            if self.has("texts_are_kept_byte_for_byte") {
                let value = serde_json::from_str(new.content.payload.get()).unwrap();
                new.content = Content::new(new.content.kind.clone(), &value);
            }
        }
        append
    }

    /// An answer as it is told.
    fn told(&self, append: &Append, answer: Appended) -> Appended {
        let mut answer = answer;
        if self.has("concurrent_appends_leave_no_gap") && answer.seq.get().is_multiple_of(7) {
            answer.seq = answer.seq.previous();
        }
        if self.has("time_never_runs_backwards") {
            answer.ts = append.now;
        }
        if self.has("names_are_unique") {
            answer.key &= u128::from(u64::MAX);
        }
        if self.has("leaving_bumps_the_access_version") {
            answer.access_version = 1;
        }
        answer
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

    async fn append(&self, batch: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError> {
        let mut answers = Vec::new();
        let mut order: Vec<usize> = (0..batch.len()).collect();
        if self.has("a_batch_is_stored_in_order") {
            order.reverse();
        }
        let mut refused = false;
        for index in order {
            let answer = if refused && self.has("a_refusal_spares_the_rest") {
                Err(Refusal::AccessChanged)
            } else {
                self.inner.append(&[self.spoil(&batch[index])]).await?.remove(0)
            };
            refused |= answer.is_err();
            answers.push((index, answer.map(|answer| self.told(&batch[index], answer))));
        }
        answers.sort_by_key(|(index, _)| *index);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    async fn history(
        &self,
        room: &RoomId,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError> {
        let mut query = query;
        if self.has("history_pages_meet") {
            query.before = query.before.map(Seq::next);
        }
        self.inner.history(room, query, limit).await
    }

    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError> {
        let mut page = self.inner.log(room, after, limit).await?;
        if let (Some(page), true) = (&mut page, self.has("the_log_has_every_change")) {
            page.entries.retain(|entry| !matches!(entry, LogEntry::Member(_)));
        }
        Ok(page)
    }
}

#[async_trait]
impl RoomStore for Broken {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError> {
        let standing = self.inner.standing(room, user).await?;
        if !self.has("views_follow_appends") {
            return Ok(standing);
        }
        let mut remembered = self.remembered.lock().unwrap();
        Ok(*remembered.entry((room.clone(), user.clone())).or_insert(standing))
    }

    async fn rooms_of(&self, user: &UserId) -> Result<Vec<RoomId>, StorageError> {
        let mut rooms = self.inner.rooms_of(user).await?;
        if self.has("rooms_come_by_activity") {
            rooms.sort();
        }
        Ok(rooms)
    }

    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError> {
        let mut views = self.inner.views(user, rooms).await?;
        if self.has("unread_counts_others_after_the_pointer") {
            for view in views.iter_mut().flatten() {
                view.state.unread = view.state.seq.get() - view.state.read.get();
            }
        }
        Ok(views)
    }

    async fn share_room(&self, a: &UserId, b: &UserId) -> Result<bool, StorageError> {
        self.inner.share_room(a, b).await
    }
}

#[async_trait]
impl UserLog for Broken {
    async fn user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError> {
        let mut page = self.inner.user_log(user, after, limit).await?;
        if self.has("the_user_log_has_every_change") {
            page.entries.retain(|entry| !matches!(entry.change, UserChange::Read { .. }));
        }
        Ok(page)
    }
}

#[async_trait]
impl PointerStore for Broken {
    async fn advance(&self, moves: &[PointerMove]) -> Result<Vec<PointerMoved>, StorageError> {
        let mut answers = self.inner.advance(moves).await?;
        if self.has("pointers_only_advance") {
            for (step, answer) in moves.iter().zip(&mut answers) {
                if *answer == PointerMoved::BeyondHead {
                    *answer = PointerMoved::Unchanged { read: step.read };
                }
            }
        }
        Ok(answers)
    }

    async fn pointers(&self, room: &RoomId, limit: usize) -> Result<Vec<(UserId, Seq)>, StorageError> {
        self.inner.pointers(room, limit).await
    }
}
