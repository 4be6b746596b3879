//! Layers: a store around another one, for an audit log, metrics, faults in tests.

use std::ops::Range;

use async_trait::async_trait;
use chat_protocol::dialect::RoomName;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{
    Epoch, HistoryQuery, Offset, Role, RoomId, Seq, ThreadState, Timestamp, UserId, UserOffset,
};

use super::{
    AliasStore, Append, Appended, BanEntry, Blocked, Capabilities, ChangeFeed, DesksQuery, Device,
    DeviceStore, FeedEntry, Job, JobKind, JobStore, ListStore, Listed, ListedPage, LogPage, Marks,
    MemberEntry, MessageAlias, MessageStore, NewJob, OwnAppend, OwnAppended, Place, Pointers, Quota, Refusal,
    Relation, RoomRecord, RoomStore, RoomView, RoomsQuery, Standing, Storage, StorageError, StoredMessage,
    TraceStore, UploadBytes, UploadEntry, UploadStore, UserLog, UserLogPage,
};
use crate::blob::BlobName;

type Result<T> = std::result::Result<T, StorageError>;

/// One answer per change of a batch.
pub type Answers<T> = Vec<std::result::Result<T, Refusal>>;

/// A store around another one: it is a [`Storage`] by saying what it does differently.
///
/// Whatever is not said goes to the inner store as it is.
///
/// ```
/// use async_trait::async_trait;
/// use chat_server_core::storage::memory::MemoryStore;
/// use chat_server_core::storage::{MessageStore, StorageError, StorageLayer};
///
/// /// Says which calls there were.
/// struct Traced(MemoryStore);
///
/// #[async_trait]
/// impl StorageLayer for Traced {
///     type Inner = MemoryStore;
///     fn inner(&self) -> &MemoryStore {
///         &self.0
///     }
///     async fn before(&self, call: &'static str) -> Result<(), StorageError> {
///         println!("{call}");
///         Ok(())
///     }
/// }
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// assert_eq!(Traced(MemoryStore::default()).newest(&[]).await.unwrap(), []);
/// # });
/// ```
#[async_trait]
pub trait StorageLayer: Send + Sync {
    /// The store that it is around.
    type Inner: Storage;

    /// The store that it is around.
    fn inner(&self) -> &Self::Inner;

    /// What it can do. The inner store's answer, if not said otherwise; say so when [`store`](Self::store) blocks.
    fn able(&self) -> Capabilities {
        self.inner().capabilities()
    }

    /// The life of its logs. The inner store's answer, if not said otherwise; say so for a store that was restored.
    fn life(&self) -> Epoch {
        self.inner().epoch()
    }

    /// Comes before every call but `capabilities` and `epoch`, with the name of the method.
    ///
    /// # Errors
    /// The call fails with it, and the inner store is not asked.
    async fn before(&self, call: &'static str) -> Result<()> {
        _ = call;
        Ok(())
    }

    /// Does [`MessageStore::append`].
    ///
    /// # Errors
    /// As there.
    async fn store(&self, batch: &[Append]) -> Result<Answers<Appended>> {
        self.inner().append(batch).await
    }

    /// Does [`UserLog::append_own`].
    ///
    /// # Errors
    /// As there.
    async fn store_own(&self, batch: &[OwnAppend]) -> Result<Answers<OwnAppended>> {
        self.inner().append_own(batch).await
    }

    /// Does [`UserLog::user_log`].
    ///
    /// # Errors
    /// As there.
    async fn read_user_log(&self, user: &UserId, after: UserOffset, limit: usize) -> Result<UserLogPage> {
        self.inner().user_log(user, after, limit).await
    }
}

#[async_trait]
impl<L: StorageLayer> MessageStore for L {
    fn capabilities(&self) -> Capabilities {
        self.able()
    }
    fn epoch(&self) -> Epoch {
        self.life()
    }
    async fn append(&self, batch: &[Append]) -> Result<Answers<Appended>> {
        self.before("append").await?;
        self.store(batch).await
    }
    async fn history(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>> {
        self.before("history").await?;
        self.inner().history(room, thread, query, limit).await
    }
    async fn newest(&self, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>> {
        self.before("newest").await?;
        self.inner().newest(rooms).await
    }
    async fn marks(&self, room: &RoomId, user: &UserId, first: Seq, last: Seq) -> Result<Marks> {
        self.before("marks").await?;
        self.inner().marks(room, user, first, last).await
    }
    async fn thread(&self, room: &RoomId, root: Seq, user: &UserId) -> Result<Option<ThreadState>> {
        self.before("thread").await?;
        self.inner().thread(room, root, user).await
    }
    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>> {
        self.before("log").await?;
        self.inner().log(room, after, limit).await
    }
}

#[async_trait]
impl<L: StorageLayer> RoomStore for L {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>> {
        self.before("standing").await?;
        self.inner().standing(room, user).await
    }
    async fn rooms_of(&self, user: &UserId, query: RoomsQuery, limit: usize) -> Result<Vec<(RoomId, Place)>> {
        self.before("rooms_of").await?;
        self.inner().rooms_of(user, query, limit).await
    }
    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>> {
        self.before("views").await?;
        self.inner().views(user, rooms).await
    }
    async fn totals(&self, user: &UserId, now: Timestamp) -> Result<InboxTotals> {
        self.before("totals").await?;
        self.inner().totals(user, now).await
    }
    async fn members(
        &self,
        room: &RoomId,
        after: Option<(Role, &UserId)>,
        limit: usize,
    ) -> Result<Vec<MemberEntry>> {
        self.before("members").await?;
        self.inner().members(room, after, limit).await
    }
    async fn bans(&self, room: &RoomId, after: Option<&UserId>, limit: usize) -> Result<Vec<BanEntry>> {
        self.before("bans").await?;
        self.inner().bans(room, after, limit).await
    }
    async fn relation(&self, a: &UserId, b: &UserId) -> Result<Relation> {
        self.before("relation").await?;
        self.inner().relation(a, b).await
    }
    async fn agents(&self, organization: &str) -> Result<Vec<UserId>> {
        self.before("agents").await?;
        self.inner().agents(organization).await
    }
    async fn desks_of(&self, organization: &str, user: &UserId, limit: usize) -> Result<Vec<RoomId>> {
        self.before("desks_of").await?;
        self.inner().desks_of(organization, user, limit).await
    }
}

#[async_trait]
impl<L: StorageLayer> AliasStore for L {
    async fn room_named(&self, name: &RoomName) -> Result<Option<RoomId>> {
        self.before("room_named").await?;
        self.inner().room_named(name).await
    }
    async fn records(&self, rooms: &[RoomId]) -> Result<Vec<Option<RoomRecord>>> {
        self.before("records").await?;
        self.inner().records(rooms).await
    }
    async fn message_named(&self, name: MessageAlias) -> Result<Option<StoredMessage>> {
        self.before("message_named").await?;
        self.inner().message_named(name).await
    }
    async fn seq_at(&self, room: &RoomId, ts: Timestamp) -> Result<Option<Seq>> {
        self.before("seq_at").await?;
        self.inner().seq_at(room, ts).await
    }
    async fn desks(&self, organization: &str, query: &DesksQuery, limit: usize) -> Result<Vec<RoomId>> {
        self.before("desks").await?;
        self.inner().desks(organization, query, limit).await
    }
}

#[async_trait]
impl<L: StorageLayer> UserLog for L {
    async fn append_own(&self, batch: &[OwnAppend]) -> Result<Answers<OwnAppended>> {
        self.before("append_own").await?;
        self.store_own(batch).await
    }
    async fn user_log(&self, user: &UserId, after: UserOffset, limit: usize) -> Result<UserLogPage> {
        self.before("user_log").await?;
        self.read_user_log(user, after, limit).await
    }
    async fn blocked(&self, user: &UserId, after: Option<&UserId>, limit: usize) -> Result<Vec<Blocked>> {
        self.before("blocked").await?;
        self.inner().blocked(user, after, limit).await
    }
    async fn pointers(&self, room: &RoomId, thread: Option<Seq>, limit: usize) -> Result<Pointers> {
        self.before("pointers").await?;
        self.inner().pointers(room, thread, limit).await
    }
    async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>> {
        self.before("last_seen").await?;
        self.inner().last_seen(user).await
    }
}

#[async_trait]
impl<L: StorageLayer> ChangeFeed for L {
    async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedEntry>> {
        self.before("feed").await?;
        self.inner().feed(after, limit).await
    }
    async fn feed_head(&self) -> Result<u64> {
        self.before("feed_head").await?;
        self.inner().feed_head().await
    }
    async fn position(&self, reader: &str) -> Result<Option<u64>> {
        self.before("position").await?;
        self.inner().position(reader).await
    }
    async fn set_position(&self, reader: &str, num: u64) -> Result<()> {
        self.before("set_position").await?;
        self.inner().set_position(reader, num).await
    }
}

#[async_trait]
impl<L: StorageLayer> JobStore for L {
    async fn enqueue(&self, now: Timestamp, jobs: &[NewJob]) -> Result<Vec<bool>> {
        self.before("enqueue").await?;
        self.inner().enqueue(now, jobs).await
    }
    async fn cancel(&self, kind: JobKind, user: Option<&UserId>, name: &str) -> Result<bool> {
        self.before("cancel").await?;
        self.inner().cancel(kind, user, name).await
    }
    async fn next_due(&self, kind: JobKind) -> Result<Option<Timestamp>> {
        self.before("next_due").await?;
        self.inner().next_due(kind).await
    }
    async fn lease(&self, kind: JobKind, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Job>> {
        self.before("lease").await?;
        self.inner().lease(kind, now, until, limit).await
    }
    async fn done(&self, ids: &[u64]) -> Result<()> {
        self.before("done").await?;
        self.inner().done(ids).await
    }
    async fn fail(&self, id: u64, retry_at: Option<Timestamp>) -> Result<()> {
        self.before("fail").await?;
        self.inner().fail(id, retry_at).await
    }
    async fn given_up(&self, kind: JobKind) -> Result<u64> {
        self.before("given_up").await?;
        self.inner().given_up(kind).await
    }
    async fn jobs_of(
        &self,
        user: &UserId,
        kind: JobKind,
        room: Option<&RoomId>,
        after: Option<(Timestamp, u64)>,
        limit: usize,
    ) -> Result<Vec<Job>> {
        self.before("jobs_of").await?;
        self.inner().jobs_of(user, kind, room, after, limit).await
    }
}

#[async_trait]
impl<L: StorageLayer> DeviceStore for L {
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>> {
        self.before("devices").await?;
        self.inner().devices(users).await
    }
}

#[async_trait]
impl<L: StorageLayer> UploadStore for L {
    async fn add_upload(
        &self,
        now: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<std::result::Result<(), Refusal>> {
        self.before("add_upload").await?;
        self.inner().add_upload(now, upload, quota).await
    }
    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes> {
        self.before("upload_bytes").await?;
        self.inner().upload_bytes(user).await
    }
    async fn uploads_of(
        &self,
        user: &UserId,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<Vec<BlobName>> {
        self.before("uploads_of").await?;
        self.inner().uploads_of(user, after, limit).await
    }
    async fn doom_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>> {
        self.before("doom_uploads").await?;
        self.inner().doom_uploads(now, limit).await
    }
    async fn remove_uploads(&self, names: &[BlobName]) -> Result<()> {
        self.before("remove_uploads").await?;
        self.inner().remove_uploads(names).await
    }
}

#[async_trait]
impl<L: StorageLayer> TraceStore for L {
    async fn written_by(
        &self,
        user: &UserId,
        after: Option<(&RoomId, Seq)>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>> {
        self.before("written_by").await?;
        self.inner().written_by(user, after, limit).await
    }
    async fn traces_of(&self, user: &UserId, after: Option<&RoomId>, limit: usize) -> Result<Vec<RoomId>> {
        self.before("traces_of").await?;
        self.inner().traces_of(user, after, limit).await
    }
    async fn blockers_of(&self, user: &UserId, limit: usize) -> Result<Vec<UserId>> {
        self.before("blockers_of").await?;
        self.inner().blockers_of(user, limit).await
    }
    async fn forgetting(&self, user: &UserId) -> Result<Option<Timestamp>> {
        self.before("forgetting").await?;
        self.inner().forgetting(user).await
    }
}

#[async_trait]
impl<L: StorageLayer> ListStore for L {
    async fn listed(
        &self,
        user: &UserId,
        list: Listed<'_>,
        page: Range<usize>,
        most: usize,
    ) -> Result<ListedPage> {
        self.before("listed").await?;
        self.inner().listed(user, list, page, most).await
    }
}
