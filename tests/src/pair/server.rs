//! The server of a run: the real one, over a store that outlives it and an authenticator that changes its mind once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{ClientMsgId, Epoch, RoomId, UserId};
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Answers, Append, Appended, Change, StorageError, StorageErrorKind, StorageLayer,
};
use chat_server_core::{ChatServer, Providers, ServerConfig};

use super::clock::SimClock;
use super::fault::{Fault, Hits};

/// What survives a server.
pub(super) struct Disk {
    pub(super) store: Arc<MemoryStore>,
    stored: Mutex<BTreeSet<(RoomId, ClientMsgId)>>,
    /// The life of the logs.
    life: AtomicU64,
    /// Until when nothing can be stored, in milliseconds of the run.
    fails_until: AtomicU64,
    hits: Arc<Hits>,
    clock: Arc<SimClock>,
    /// How long each write takes.
    write_time: Duration,
}

impl Disk {
    pub(super) fn new(hits: Arc<Hits>, clock: Arc<SimClock>, write_time: Duration) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::default(),
            stored: Mutex::default(),
            life: AtomicU64::new(1),
            fails_until: AtomicU64::new(0),
            hits,
            clock,
            write_time,
        })
    }

    fn stored(&self) -> MutexGuard<'_, BTreeSet<(RoomId, ClientMsgId)>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message of this name is stored.
    pub(super) fn has(&self, room: &RoomId, name: &ClientMsgId) -> bool {
        self.stored().contains(&(room.clone(), name.clone()))
    }

    pub(super) fn begin_new_life(&self) {
        self.life.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fail_until(&self, until: Duration) {
        self.fails_until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn fails(&self) -> bool {
        self.clock.elapsed().as_millis() < u128::from(self.fails_until.load(Ordering::Relaxed))
    }
}

/// The store as one server sees it, until it is killed.
pub(super) struct Mount {
    disk: Arc<Disk>,
    epoch: Epoch,
    dead: AtomicBool,
}

impl Mount {
    pub(super) fn new(disk: &Arc<Disk>) -> Arc<Self> {
        let life = disk.life.load(Ordering::Relaxed);
        let epoch = Epoch::new(format!("life-{life}")).expect("letters and digits are an id");
        Arc::new(Self { disk: disk.clone(), epoch, dead: AtomicBool::new(false) })
    }

    /// Its server is killed: nothing that it still does reaches the store.
    pub(super) fn kill(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    fn alive(&self, call: &'static str) -> Result<(), StorageError> {
        match self.dead.load(Ordering::Relaxed) {
            true => Err(StorageError::new(StorageErrorKind::Unavailable, call, "the server was killed")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl StorageLayer for Mount {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.disk.store
    }

    fn life(&self) -> Epoch {
        self.epoch.clone()
    }

    async fn before(&self, call: &'static str) -> Result<(), StorageError> {
        self.alive(call)
    }

    async fn store(&self, batch: &[Append]) -> Result<Answers<Appended>, StorageError> {
        if !self.disk.write_time.is_zero() {
            tokio::time::sleep(self.disk.write_time).await;
        }
        self.alive("append")?;
        if self.disk.fails() {
            self.disk.hits.hit(Fault::StoreFailed);
            return Err(StorageError::new(StorageErrorKind::Unavailable, "append", "not now"));
        }
        let answers = chat_server_core::storage::MessageStore::append(self.inner(), batch).await?;
        let mut stored = self.disk.stored();
        for (append, answer) in batch.iter().zip(&answers) {
            if let (Change::Message(message), Ok(_)) = (&append.change, answer) {
                stored.extend(message.client_msg_id.clone().map(|name| (append.room.clone(), name)));
            }
        }
        drop(stored);
        Ok(answers)
    }
}

/// Knows the tokens `<user>.<number>`, and takes each user's none once when told to.
pub(super) struct Tokens {
    refusing: Mutex<BTreeSet<UserId>>,
    /// How long it takes to find out.
    time: Duration,
}

impl Tokens {
    pub(super) fn new(time: Duration) -> Self {
        Self { refusing: Mutex::default(), time }
    }

    /// The next token of this user is refused.
    pub(super) fn refuse(&self, user: &UserId) {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner).insert(user.clone());
    }

    pub(super) fn heal(&self) {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        if !self.time.is_zero() {
            tokio::time::sleep(self.time).await;
        }
        let user = token.split('.').next().and_then(|user| UserId::new(user.to_owned()).ok());
        let user = user.ok_or(AuthError::Invalid)?;
        match self.refusing.lock().unwrap_or_else(PoisonError::into_inner).remove(&user) {
            true => Err(AuthError::Invalid),
            false => Ok(Principal { user, expires_at: None }),
        }
    }
}

/// A server that runs.
pub(super) struct Running {
    pub(super) server: ChatServer,
    pub(super) mount: Arc<Mount>,
}

impl Running {
    pub(super) fn start(
        disk: &Arc<Disk>,
        tokens: &Arc<Tokens>,
        clock: &Arc<SimClock>,
        config: &ServerConfig,
    ) -> Self {
        let mount = Mount::new(disk);
        let providers = Providers {
            storage: mount.clone(),
            auth: tokens.clone(),
            clock: clock.clone(),
            blobs: None,
            ..Providers::default()
        };
        Self { server: ChatServer::start(providers, config.clone()), mount }
    }
}
