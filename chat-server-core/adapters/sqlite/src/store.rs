//! The store: parts put together, and the traits handed on to them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat_protocol::reply::InboxTotals;
use chat_protocol::{
    Epoch, HistoryQuery, Offset, Role, RoomId, Seq, ThreadState, Timestamp, UserId, UserOffset,
};
use chat_server_core::storage::{
    Append, Appended, BanEntry, Blocked, Capabilities, Device, DeviceStore, LogPage, MAX_DEVICES, Marks,
    MemberEntry, MessageStore, OwnAppend, OwnAppended, Place, Pointers, Refusal, Relation, RoomStore,
    RoomView, RoomsQuery, Standing, StorageError, StorageErrorKind, StoredMessage, UserLog, UserLogPage,
};
use rusqlite::Connection;

use crate::ahead::Ahead;
use crate::checkpoint::{Checkpointer, WalLength};
use crate::config::{SqliteConfig, Synchronous};
use crate::error::{OpenError, Result};
use crate::lock::DirectoryLock;
use crate::readers::Readers;
use crate::standings::{self, Found, Standings};
use crate::writer::{Batch, Writer};
use crate::{agents, database, devices, log, pages, people, rooms};

/// Rows that may lie anywhere on the disk, or nobody knows how many.
pub(crate) const ANYWHERE: usize = usize::MAX;

/// A view of a room looks at so many rows, see `rooms.rs`.
const STEPS_OF_A_VIEW: usize = 8;

/// Rooms, messages, logs and pointers in one SQLite database.
///
/// What writes blocks the calling thread until the commit is on the disk, see
/// [`Capabilities::blocking_writes`]; reads run on tokio's blocking threads, except short
/// ones as long as reads are quick. Dropping the store closes it.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use chat_server_core::storage::{MessageStore, RoomStore};
/// use chat_store_sqlite::{OpenError, SqliteConfig, SqliteStore};
/// # let parent = tempfile::tempdir().unwrap();
/// # let dir = parent.path().join("data");
/// let store = SqliteStore::open(&dir, SqliteConfig::default()).unwrap();
/// assert!(store.capabilities().durable);
/// // A second one over the same data would number the same messages differently.
/// let second = SqliteStore::open(&dir, SqliteConfig::default());
/// assert!(matches!(second, Err(OpenError::InUse { pid: Some(_), .. })));
/// store.close().unwrap();
/// assert!(store.newest(&[]).await.is_err());
/// # });
/// ```
pub struct SqliteStore {
    epoch: Epoch,
    max_batch: usize,
    pub(crate) secret: [u8; 16],
    path: PathBuf,
    /// Locked for the length of a transaction, by whoever appends, and by the checkpointer when the
    /// log has grown too long.
    writer: Arc<Mutex<Writer>>,
    pub(crate) readers: Readers,
    /// One more connection, for what the server must know before it can store: a flood of history must not hold up
    /// everybody's messages.
    pub(crate) deciders: Readers,
    standings: Standings,
    /// Locked when the store is closed, and for a moment after each commit.
    checkpointer: Mutex<Checkpointer>,
    /// Given up last, when the database is closed.
    lock: Mutex<Option<DirectoryLock>>,
}

impl SqliteStore {
    /// Opens the store in `dir`, which is made if it is missing. It belongs to this process until it is closed.
    ///
    /// What is noticed here: another process, a directory or file that cannot be written, a file that is no database
    /// or another program's, a damaged header or schema, a newer release's database, and after a kill a damaged page
    /// among the newest messages, whose client ids must be known. With [`SqliteConfig::verify`] also every damaged
    /// page; without it those are noticed when they are read.
    ///
    /// # Errors
    /// One [`OpenError`] per cause.
    pub fn open(dir: &Path, config: SqliteConfig) -> Result<Self, OpenError> {
        let lock = DirectoryLock::acquire(dir)?;
        let path = database::path_in(dir);
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let (mut db, identity, tail) = database::open(&path, &config)?;
        let length = Arc::new(WalLength::default());
        length.watch(&mut db).map_err(|error| failed(error.into()))?;
        let readers: Result<Vec<_>, _> =
            (0..config.readers.max(1)).map(|_| database::open_reader(&path, config.reader_cache)).collect();
        let decider = database::open_reader(&path, config.reader_cache)?;
        let writer = Writer::new(db, &identity, tail, config.remembered);
        let writer = Arc::new(Mutex::new(writer));
        let db = database::open_checkpointer(&path, config.synchronous)?;
        let ahead = (config.synchronous == Synchronous::Full).then(|| ahead_of(&db)).flatten();
        let checkpointer = Checkpointer::start(db, ahead, Arc::clone(&writer), length, &config)
            .map_err(|error| failed(error.into()))?;
        Ok(Self {
            epoch: identity.epoch,
            max_batch: config.max_batch,
            secret: identity.secret,
            path,
            writer,
            readers: Readers::new(readers?),
            deciders: Readers::new(vec![decider]),
            standings: Standings::new(config.remembered),
            checkpointer: Mutex::new(checkpointer),
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Writes what is gathered in memory, copies the write-ahead log into the database, notes that all is well, and
    /// gives the directory up. Every call after it fails; closing twice does nothing.
    ///
    /// # Errors
    /// [`StorageError`] when the database could not be brought to rest. It is closed all the same; nothing acked is
    /// lost, but the next start treats this one as unclean.
    pub fn close(&self) -> Result<(), StorageError> {
        self.checkpointer.lock().unwrap_or_else(PoisonError::into_inner).stop();
        self.readers.close();
        self.deciders.close();
        let closed = self.writer().close();
        self.standings.clear();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        closed.map_err(|error| StorageError::new(StorageErrorKind::Unavailable, "close", error))
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        // After a panic the next transaction rolls back what it left.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction; others see it before it is answered.
    pub(crate) fn write<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T>,
    ) -> Result<T, StorageError> {
        let mut writer = self.writer();
        let (done, committed) = writer.transact(operation, work)?;
        // Still under the writer's lock: commits are told in their order.
        self.standings.tell(committed);
        drop(writer);
        self.checkpointer.lock().unwrap_or_else(PoisonError::into_inner).look();
        Ok(done)
    }
}

/// The database's log, to be made longer ahead of the commits; without it they are slower and nothing else.
fn ahead_of(db: &Connection) -> Option<Ahead> {
    let file = db.path().map(Path::new)?;
    let ahead = Ahead::open(file);
    ahead.inspect_err(|error| tracing::warn!(%error, "the write-ahead log is not found")).ok()
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl MessageStore for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.durable = true;
        capabilities.blocking_writes = true;
        capabilities.max_batch = self.max_batch;
        capabilities
    }

    fn epoch(&self) -> Epoch {
        self.epoch.clone()
    }

    async fn append(&self, batch: &[Append]) -> Result<Vec<Result<Appended, Refusal>>, StorageError> {
        self.write("append", |tx| batch.iter().map(|append| tx.append(append)).collect())
    }

    async fn history(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        query: HistoryQuery,
        limit: usize,
    ) -> Result<Option<Vec<StoredMessage>>, StorageError> {
        let asked = room.clone();
        let page = move |db: &Connection| pages::history(db, &asked, thread, query, limit);
        self.readers.read("history", ANYWHERE, page).await
    }

    async fn newest(&self, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>, StorageError> {
        let asked = rooms.to_vec();
        self.readers.read("newest", ANYWHERE, move |db| pages::newest(db, &asked)).await
    }

    async fn marks(
        &self,
        room: &RoomId,
        user: &UserId,
        first: Seq,
        last: Seq,
    ) -> Result<Marks, StorageError> {
        let (room, user) = (room.clone(), user.clone());
        let marks = move |db: &Connection| pages::marks(db, &room, &user, first, last);
        self.readers.read("marks", ANYWHERE, marks).await
    }

    async fn thread(
        &self,
        room: &RoomId,
        root: Seq,
        user: &UserId,
    ) -> Result<Option<ThreadState>, StorageError> {
        let (room, user) = (room.clone(), user.clone());
        let thread = move |db: &Connection| pages::thread(db, &room, root, &user);
        self.readers.read("thread", STEPS_OF_A_VIEW, thread).await
    }

    async fn log(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Option<LogPage>, StorageError> {
        let room = room.clone();
        let page = move |db: &Connection| log::log(db, &room, after, limit);
        self.readers.read("log", ANYWHERE, page).await
    }
}

#[async_trait]
impl RoomStore for SqliteStore {
    async fn standing(&self, room: &RoomId, user: &UserId) -> Result<Option<Standing>, StorageError> {
        let commits = match self.standings.get(room, user) {
            Found::Known(standing) => return Ok(Some(standing)),
            Found::Unknown(commits) => commits,
        };
        let (asked, of) = (room.clone(), user.clone());
        let found = self.deciders.read("standing", 4, move |db| rooms::standing(db, &asked, &of)).await?;
        Ok(found.map(|(head, own)| {
            self.standings.learn(room, user, head, own, commits);
            standings::standing(&head, own)
        }))
    }

    async fn rooms_of(
        &self,
        user: &UserId,
        query: RoomsQuery,
        limit: usize,
    ) -> Result<Vec<(RoomId, Place)>, StorageError> {
        let user = user.clone();
        let rooms = move |db: &Connection| rooms::rooms_of(db, &user, query, limit);
        self.readers.read("rooms_of", ANYWHERE, rooms).await
    }

    async fn views(&self, user: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>, StorageError> {
        let (user, asked) = (user.clone(), rooms.to_vec());
        let views = move |db: &Connection| rooms::views(db, &user, &asked);
        self.readers.read("views", rooms.len().saturating_mul(STEPS_OF_A_VIEW), views).await
    }

    async fn totals(&self, user: &UserId, now: Timestamp) -> Result<InboxTotals, StorageError> {
        let user = user.clone();
        self.readers.read("totals", ANYWHERE, move |db| rooms::totals(db, &user, now)).await
    }

    async fn members(
        &self,
        room: &RoomId,
        after: Option<(Role, &UserId)>,
        limit: usize,
    ) -> Result<Vec<MemberEntry>, StorageError> {
        let (room, after) = (room.clone(), after.map(|(role, user)| (role, user.clone())));
        let page = move |db: &Connection| {
            let after = after.as_ref().map(|(role, user)| (*role, user));
            people::members(db, &room, after, limit)
        };
        self.readers.read("members", limit, page).await
    }

    async fn bans(
        &self,
        room: &RoomId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<BanEntry>, StorageError> {
        let (room, after) = (room.clone(), after.cloned());
        let page = move |db: &Connection| people::bans(db, &room, after.as_ref(), limit);
        self.readers.read("bans", limit, page).await
    }

    async fn relation(&self, a: &UserId, b: &UserId) -> Result<Relation, StorageError> {
        let (a, b) = (a.clone(), b.clone());
        self.readers.read("relation", ANYWHERE, move |db| rooms::relation(db, &a, &b)).await
    }

    async fn agents(&self, organization: &str) -> Result<Vec<UserId>, StorageError> {
        let organization = organization.to_owned();
        self.readers.read("agents", ANYWHERE, move |db| agents::agents(db, &organization)).await
    }

    async fn desks_of(
        &self,
        organization: &str,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let (organization, user) = (organization.to_owned(), user.clone());
        let desks = move |db: &Connection| agents::desks_of(db, &organization, &user, limit);
        self.readers.read("desks_of", ANYWHERE, desks).await
    }
}

#[async_trait]
impl UserLog for SqliteStore {
    async fn append_own(
        &self,
        batch: &[OwnAppend],
    ) -> Result<Vec<Result<OwnAppended, Refusal>>, StorageError> {
        self.write("append_own", |tx| batch.iter().map(|append| tx.append_own(append)).collect())
    }

    async fn user_log(
        &self,
        user: &UserId,
        after: UserOffset,
        limit: usize,
    ) -> Result<UserLogPage, StorageError> {
        let user = user.clone();
        let page = move |db: &Connection| log::user_log(db, &user, after, limit);
        self.readers.read("user_log", limit, page).await
    }

    async fn blocked(
        &self,
        user: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<Blocked>, StorageError> {
        let (user, after) = (user.clone(), after.cloned());
        let page = move |db: &Connection| people::blocked(db, &user, after.as_ref(), limit);
        self.readers.read("blocked", limit, page).await
    }

    async fn pointers(
        &self,
        room: &RoomId,
        thread: Option<Seq>,
        limit: usize,
    ) -> Result<Pointers, StorageError> {
        let room = room.clone();
        let pointers = move |db: &Connection| people::pointers(db, &room, thread, limit);
        self.readers.read("pointers", limit, pointers).await
    }

    async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>, StorageError> {
        let user = user.clone();
        self.readers.read("last_seen", 1, move |db| people::last_seen(db, &user)).await
    }
}

#[async_trait]
impl DeviceStore for SqliteStore {
    async fn devices(&self, users: &[UserId]) -> Result<Vec<Device>, StorageError> {
        let (rows, users) = (users.len().saturating_mul(MAX_DEVICES), users.to_vec());
        self.readers.read("devices", rows, move |db| devices::devices(db, &users)).await
    }
}
