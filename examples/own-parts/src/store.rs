//! A store that keeps an audit log: every change of a room is one line of JSON, the packet that tells of it.
//!
//! The data themselves are in memory and end with the process; the log is written before anybody hears of a change.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{
    Epoch, Event, HistoryQuery, Offset, Role, RoomId, Seq, ThreadState, Timestamp, UserId, UserOffset, encode,
};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Append, Appended, BanEntry, Blocked, Capabilities, ChangeFeed, Device, DeviceStore, FeedEntry, Job,
    JobKind, JobStore, LogEntry, LogPage, Marks, MemberEntry, MessageStore, NewJob, OwnAppend, OwnAppended,
    Place, Pointers, Refusal, Relation, RoomStore, RoomView, RoomsQuery, Standing, StorageError,
    StorageErrorKind, StoredMessage, UserLog, UserLogPage,
};

type Result<T> = std::result::Result<T, StorageError>;

/// The in-memory store with an audit log.
#[derive(Debug)]
pub struct AuditedStore<W> {
    inner: MemoryStore,
    log: Mutex<W>,
}

impl<W: Write> AuditedStore<W> {
    /// An empty store that writes its log there.
    pub fn new(log: W) -> Self {
        Self { inner: MemoryStore::default(), log: Mutex::new(log) }
    }

    fn write(&self, entries: Vec<LogEntry>) -> std::io::Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            log.write_all(encode(&Event::from(entry)).as_bytes())?;
            log.write_all(b"\n")?;
        }
        log.flush()
    }
}

#[async_trait]
impl<W: Write + Send> MessageStore for AuditedStore<W> {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.inner.capabilities();
        capabilities.blocking_writes = true;
        capabilities
    }
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }
    async fn append(&self, batch: &[Append]) -> Result<Vec<std::result::Result<Appended, Refusal>>> {
        let answers = self.inner.append(batch).await?;
        let mut entries = Vec::new();
        for appended in answers.iter().flatten().filter(|appended| !appended.duplicate) {
            entries.extend(appended.entries.iter().cloned());
            if appended.entries.is_empty() {
                // A message: who stored it has it already, so that it comes without its entry.
                let page = self.inner.log(&appended.room, appended.offset.previous(), 1).await?;
                entries.extend(page.into_iter().flat_map(|page| page.entries));
            }
        }
        // What is stored without a line in the log must not be told: the server stores nothing more until a restart.
        self.write(entries).map_err(|error| StorageError::new(StorageErrorKind::Lost, "audit", error))?;
        Ok(answers)
    }
    async fn history(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>> {
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
        self.inner.log(room, after, limit).await
    }
}

#[async_trait]
impl<W: Write + Send> RoomStore for AuditedStore<W> {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>> {
        self.inner.standing(room, user).await
    }
    async fn rooms_of(&self, user: &UserId, query: RoomsQuery, limit: usize) -> Result<Vec<(RoomId, Place)>> {
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
impl<W: Write + Send> UserLog for AuditedStore<W> {
    async fn append_own(
        &self,
        batch: &[OwnAppend],
    ) -> Result<Vec<std::result::Result<OwnAppended, Refusal>>> {
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
impl<W: Write + Send> ChangeFeed for AuditedStore<W> {
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
impl<W: Write + Send> JobStore for AuditedStore<W> {
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
impl<W: Write + Send> DeviceStore for AuditedStore<W> {
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>> {
        self.inner.devices(users).await
    }
}
