//! The memory store with something done before and after its calls.

use async_trait::async_trait;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{
    Epoch, HistoryQuery, Offset, Role, RoomId, Seq, ThreadState, Timestamp, UserId, UserOffset,
};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Append, Appended, BanEntry, Blocked, Capabilities, ChangeFeed, Device, DeviceStore, FeedEntry, Job,
    JobKind, JobStore, LogPage, Marks, MemberEntry, MessageStore, NewJob, OwnAppend, OwnAppended, Place,
    Pointers, Refusal, Relation, RoomStore, RoomView, RoomsQuery, Standing, StorageError, StoredMessage,
    UserLog, UserLogPage,
};

type Result<T> = std::result::Result<T, StorageError>;

/// What to do around the calls of a store.
#[async_trait]
pub(crate) trait Hooks: Send + Sync {
    async fn before_append(&self, _: &[Append]) -> Result<()> {
        Ok(())
    }
    async fn after_append(&self, _: &[Append]) {}
    async fn before_own(&self, _: &[OwnAppend]) {}
    async fn before_history(&self) {}
    async fn before_log(&self) {}
    async fn before_rooms(&self) -> Result<()> {
        Ok(())
    }
    async fn before_done(&self) -> Result<()> {
        Ok(())
    }
}

/// A memory store with hooks.
#[derive(Default)]
pub(crate) struct Hooked<H> {
    inner: MemoryStore,
    pub(crate) hooks: H,
}

#[async_trait]
impl<H: Hooks> MessageStore for Hooked<H> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }
    async fn append(&self, batch: &[Append]) -> Result<Vec<std::result::Result<Appended, Refusal>>> {
        self.hooks.before_append(batch).await?;
        let answers = self.inner.append(batch).await;
        self.hooks.after_append(batch).await;
        answers
    }
    async fn history(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>> {
        self.hooks.before_history().await;
        self.inner.history(room, thread, query, limit).await
    }
    async fn newest(&self, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>> {
        self.inner.newest(rooms).await
    }
    async fn marks(&self, room: &RoomId, user: &UserId, first: Seq, last: Seq) -> Result<Marks> {
        self.inner.marks(room, user, first, last).await
    }
    async fn thread(&self, room: &RoomId, root: Seq, user: &UserId) -> Result<Option<ThreadState>> {
        self.inner.thread(room, root, user).await
    }
    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>> {
        self.hooks.before_log().await;
        self.inner.log(room, after, limit).await
    }
}

#[async_trait]
impl<H: Hooks> RoomStore for Hooked<H> {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>> {
        self.inner.standing(room, user).await
    }
    async fn rooms_of(&self, user: &UserId, query: RoomsQuery, limit: usize) -> Result<Vec<(RoomId, Place)>> {
        self.hooks.before_rooms().await?;
        self.inner.rooms_of(user, query, limit).await
    }
    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>> {
        self.inner.views(user, rooms).await
    }
    async fn totals(&self, user: &UserId, now: Timestamp) -> Result<InboxTotals> {
        self.inner.totals(user, now).await
    }
    async fn members(
        &self,
        room: &RoomId,
        after: Option<(Role, &UserId)>,
        limit: usize,
    ) -> Result<Vec<MemberEntry>> {
        self.inner.members(room, after, limit).await
    }
    async fn bans(&self, room: &RoomId, after: Option<&UserId>, limit: usize) -> Result<Vec<BanEntry>> {
        self.inner.bans(room, after, limit).await
    }
    async fn relation(&self, a: &UserId, b: &UserId) -> Result<Relation> {
        self.inner.relation(a, b).await
    }
}

#[async_trait]
impl<H: Hooks> UserLog for Hooked<H> {
    async fn append_own(
        &self,
        batch: &[OwnAppend],
    ) -> Result<Vec<std::result::Result<OwnAppended, Refusal>>> {
        self.hooks.before_own(batch).await;
        self.inner.append_own(batch).await
    }
    async fn user_log(&self, user: &UserId, after: UserOffset, limit: usize) -> Result<UserLogPage> {
        self.inner.user_log(user, after, limit).await
    }
    async fn blocked(&self, user: &UserId, after: Option<&UserId>, limit: usize) -> Result<Vec<Blocked>> {
        self.inner.blocked(user, after, limit).await
    }
    async fn pointers(&self, room: &RoomId, thread: Option<Seq>, limit: usize) -> Result<Pointers> {
        self.inner.pointers(room, thread, limit).await
    }
    async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>> {
        self.inner.last_seen(user).await
    }
}

#[async_trait]
impl<H: Hooks> ChangeFeed for Hooked<H> {
    async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedEntry>> {
        self.inner.feed(after, limit).await
    }
    async fn feed_head(&self) -> Result<u64> {
        self.inner.feed_head().await
    }
    async fn position(&self, reader: &str) -> Result<u64> {
        self.inner.position(reader).await
    }
    async fn set_position(&self, reader: &str, num: u64) -> Result<()> {
        self.inner.set_position(reader, num).await
    }
}

#[async_trait]
impl<H: Hooks> JobStore for Hooked<H> {
    async fn enqueue(&self, now: Timestamp, jobs: &[NewJob]) -> Result<Vec<bool>> {
        self.inner.enqueue(now, jobs).await
    }
    async fn cancel(&self, kind: JobKind, user: Option<&UserId>, name: &str) -> Result<bool> {
        self.inner.cancel(kind, user, name).await
    }
    async fn next_due(&self, kind: JobKind) -> Result<Option<Timestamp>> {
        self.inner.next_due(kind).await
    }
    async fn lease(&self, kind: JobKind, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Job>> {
        self.inner.lease(kind, now, until, limit).await
    }
    async fn done(&self, ids: &[u64]) -> Result<()> {
        self.hooks.before_done().await?;
        self.inner.done(ids).await
    }
    async fn fail(&self, id: u64, retry_at: Option<Timestamp>) -> Result<()> {
        self.inner.fail(id, retry_at).await
    }
    async fn given_up(&self, kind: JobKind) -> Result<u64> {
        self.inner.given_up(kind).await
    }
    async fn jobs_of(
        &self,
        user: &UserId,
        kind: JobKind,
        room: Option<&RoomId>,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<Job>> {
        self.inner.jobs_of(user, kind, room, after, limit).await
    }
}

#[async_trait]
impl<H: Hooks> DeviceStore for Hooked<H> {
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>> {
        self.inner.devices(users).await
    }
}
