//! What the cases are written with: a store, and answers that must be there.

use std::collections::BTreeMap;

use chat_protocol::event::UserChanged;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{
    HistoryQuery, Offset, Role, RoomId, RoomState, Seq, ThreadState, Timestamp, UserId, UserOffset,
};

use super::Subject;
pub(super) use super::words::*;
use crate::storage::{
    Append, Appended, BanEntry, LogEntry, Marks, MemberEntry, OwnAppend, OwnAppended, Pointers, Refusal,
    Relation, RoomView, RoomsQuery, SharedStorage, Standing, StoredMessage,
};

/// More entries than any case writes.
pub(super) const ALL: usize = 10_000;

/// The text of a stored message.
pub(super) fn body(stored: &StoredMessage) -> String {
    stored.message.content.text().expect("the cases write text").into_owned()
}

/// Pointers by the text of their user.
pub(super) fn plain(pointers: &BTreeMap<UserId, Seq>) -> Vec<(&str, u64)> {
    pointers.iter().map(|(user, seq)| (user.as_str(), seq.get())).collect()
}

/// The store under test; every method fails the case when the store itself fails.
pub(super) struct Scene {
    pub(super) store: SharedStorage,
}

impl Scene {
    pub(super) fn new(subject: &Subject) -> Self {
        Self { store: subject.open() }
    }

    pub(super) async fn append(&self, batch: &[Append]) -> Vec<Result<Appended, Refusal>> {
        let answers = self.store.append(batch).await.expect("append works");
        assert_eq!(answers.len(), batch.len(), "one answer per change");
        answers
    }

    /// Appends changes, which must be accepted.
    pub(super) async fn all(&self, batch: &[Append]) -> Vec<Appended> {
        self.append(batch).await.into_iter().map(|answer| answer.expect("the change is accepted")).collect()
    }

    /// Appends one change, which must be accepted.
    pub(super) async fn stored(&self, append: Append) -> Appended {
        self.answer(append).await.expect("the change is accepted")
    }

    /// Appends one change, which must be accepted and have been so before.
    pub(super) async fn repeated(&self, append: Append) {
        let room = append.room.clone();
        let head = self.head(room.as_str()).await;
        let answer = self.stored(append).await;
        assert!(answer.duplicate, "nothing is different");
        assert_eq!((answer.entries, answer.users), (Vec::new(), Vec::new()), "nothing is told");
        assert_eq!((answer.offset, self.head(room.as_str()).await), (head, head), "nothing is stored");
    }

    /// Appends one change.
    pub(super) async fn answer(&self, append: Append) -> Result<Appended, Refusal> {
        self.append(&[append]).await.remove(0)
    }

    /// Appends one change, which must be refused and leave no trace in the room's log.
    pub(super) async fn refused(&self, append: Append) -> Refusal {
        let room = append.room.clone();
        let head = self.head(room.as_str()).await;
        let refusal = self.answer(append).await.expect_err("the change is refused");
        assert_eq!(self.head(room.as_str()).await, head, "a refused change leaves no entry");
        refusal
    }

    pub(super) async fn append_own(&self, batch: &[OwnAppend]) -> Vec<Result<OwnAppended, Refusal>> {
        let answers = self.store.append_own(batch).await.expect("append_own works");
        assert_eq!(answers.len(), batch.len(), "one answer per change");
        answers
    }

    /// Stores one change of a user's own, which must be accepted.
    pub(super) async fn own(&self, append: OwnAppend) -> OwnAppended {
        self.own_answer(append).await.expect("the change is accepted")
    }

    /// Stores one change of a user's own.
    pub(super) async fn own_answer(&self, append: OwnAppend) -> Result<OwnAppended, Refusal> {
        self.append_own(&[append]).await.remove(0)
    }

    /// Stores one change of a user's own, which must be accepted and have been so before.
    pub(super) async fn own_repeated(&self, append: OwnAppend) {
        let user = append.user.clone();
        let head =
            async || self.store.user_log(&user, UserOffset::ZERO, 0).await.expect("user_log works").head;
        let before = head().await;
        let answer = self.own(append).await;
        assert!(answer.duplicate && answer.entry.is_none(), "nothing is different");
        assert_eq!(answer.user_offset, before, "the head is told");
        assert_eq!(head().await, before, "nothing is stored");
    }

    /// Head of a room's log; nothing where there is no room.
    async fn head(&self, id: &str) -> Offset {
        let page = self.store.log(&room(id), Offset::ZERO, 0).await.expect("log works");
        page.map_or(Offset::ZERO, |page| page.head)
    }

    /// The whole log of a room that exists.
    pub(super) async fn log(&self, id: &str) -> Vec<LogEntry> {
        let page = self.store.log(&room(id), Offset::ZERO, ALL).await.expect("log works");
        page.expect("the room exists").entries
    }

    /// The whole log of a user.
    pub(super) async fn user_log(&self, of: &str) -> Vec<UserChanged> {
        self.store.user_log(&user(of), UserOffset::ZERO, ALL).await.expect("user_log works").entries
    }

    /// A piece of the history of a room that exists.
    pub(super) async fn history(&self, id: &str, query: HistoryQuery, limit: usize) -> Vec<StoredMessage> {
        let page = self.store.history(&room(id), None, query, limit).await.expect("history works");
        page.expect("the room exists")
    }

    /// All messages of a room that exists.
    pub(super) async fn messages(&self, id: &str) -> Vec<StoredMessage> {
        self.history(id, HistoryQuery::default(), ALL).await
    }

    /// All replies of a thread in a room that exists.
    pub(super) async fn replies(&self, id: &str, root: u64) -> Vec<StoredMessage> {
        let all = HistoryQuery::default();
        let page = self.store.history(&room(id), Some(seq(root)), all, ALL).await.expect("history works");
        page.expect("the room exists")
    }

    /// One message that is there.
    pub(super) async fn message(&self, id: &str, number: u64) -> StoredMessage {
        let query = HistoryQuery { before: Some(seq(number + 1)), ..HistoryQuery::default() };
        let found = self.history(id, query, 1).await.pop().expect("the message is there");
        assert_eq!(found.message.seq, seq(number), "the message is there");
        found
    }

    pub(super) async fn newest(&self, ids: &[&str]) -> Vec<Option<StoredMessage>> {
        let rooms: Vec<RoomId> = ids.iter().map(|id| room(id)).collect();
        let newest = self.store.newest(&rooms).await.expect("newest works");
        assert_eq!(newest.len(), ids.len(), "one answer per room");
        newest
    }

    pub(super) async fn marks(&self, of: &str, id: &str, first: u64, last: u64) -> Marks {
        self.store.marks(&room(id), &user(of), seq(first), seq(last)).await.expect("marks works")
    }

    pub(super) async fn thread(&self, of: &str, id: &str, root: u64) -> Option<ThreadState> {
        self.store.thread(&room(id), seq(root), &user(of)).await.expect("thread works")
    }

    pub(super) async fn rooms_of(&self, of: &str) -> Vec<String> {
        self.rooms(of, RoomsQuery::default()).await
    }

    pub(super) async fn rooms(&self, of: &str, query: RoomsQuery) -> Vec<String> {
        let rooms = self.store.rooms_of(&user(of), query, ALL).await.expect("rooms_of works");
        rooms.iter().map(|(room, _)| room.to_string()).collect()
    }

    pub(super) async fn view(&self, of: &str, id: &str) -> Option<RoomView> {
        let mut views = self.store.views(&user(of), &[room(id)]).await.expect("views works");
        assert_eq!(views.len(), 1, "one view per room");
        views.remove(0)
    }

    /// A room as one of its members sees it.
    pub(super) async fn state(&self, of: &str, id: &str) -> RoomState {
        self.view(of, id).await.expect("a member").state
    }

    /// What is unread for a member, and how much of it calls it.
    pub(super) async fn counts(&self, of: &str, id: &str) -> (u64, u64) {
        let state = self.state(of, id).await;
        (state.unread, state.mentions)
    }

    pub(super) async fn totals(&self, of: &str, now: Timestamp) -> InboxTotals {
        self.store.totals(&user(of), now).await.expect("totals works")
    }

    /// What a user is to a room that exists.
    pub(super) async fn standing(&self, id: &str, of: &str) -> Standing {
        let standing = self.store.standing(&room(id), &user(of)).await.expect("standing works");
        standing.expect("the room exists")
    }

    pub(super) async fn members(&self, id: &str) -> Vec<MemberEntry> {
        self.store.members(&room(id), None, ALL).await.expect("members works")
    }

    /// Members with their roles, in the order of the list.
    pub(super) async fn roles(&self, id: &str) -> Vec<(String, Role)> {
        let members = self.members(id).await;
        members.into_iter().map(|member| (member.user.to_string(), member.role)).collect()
    }

    pub(super) async fn bans(&self, id: &str) -> Vec<BanEntry> {
        self.store.bans(&room(id), None, ALL).await.expect("bans works")
    }

    /// Whom a user blocks.
    pub(super) async fn blocked(&self, of: &str) -> Vec<String> {
        let blocked = self.store.blocked(&user(of), None, ALL).await.expect("blocked works");
        blocked.into_iter().map(|blocked| blocked.user.to_string()).collect()
    }

    pub(super) async fn relation(&self, a: &str, b: &str) -> Relation {
        self.store.relation(&user(a), &user(b)).await.expect("relation works")
    }

    /// Pointers of a room, or of a thread in it.
    pub(super) async fn pointers(&self, id: &str, thread: Option<u64>, limit: usize) -> Pointers {
        self.store.pointers(&room(id), thread.map(seq), limit).await.expect("pointers works")
    }
}
