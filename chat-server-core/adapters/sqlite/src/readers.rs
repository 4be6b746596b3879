//! The connections that only read. Each read is one transaction, so that it sees whole batches, on a thread where
//! waiting for the disk holds nobody else up.

use std::sync::{Arc, Mutex, PoisonError};

use chat_server_core::storage::{StorageError, StorageErrorKind};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::error::Result;

/// A bounded set of reading connections.
pub(crate) struct Readers {
    /// Those not in use. Locked only to take one out and to put it back.
    idle: Arc<Mutex<Vec<Connection>>>,
    /// As many as there are idle connections; closed with the store.
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), permits }
    }

    /// Runs `work` on one of the connections.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        let unavailable =
            |why: &str| StorageError::new(StorageErrorKind::Unavailable, operation, why.to_owned());
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| unavailable("the store is closed"))?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            // Fields drop in order: the connection is back before the permit allows to take it.
            let lease = Lease { db: pop(&idle), idle, _permit: permit };
            lease.db.as_ref().map(|db| in_transaction(db, work))
        });
        match task.await {
            Ok(Some(done)) => done.map_err(|fault| fault.into_read_error(operation)),
            Ok(None) => Err(unavailable("the store is closed")),
            Err(error) if error.is_panic() => {
                Err(StorageError::new(StorageErrorKind::Bug, operation, "the reading thread panicked"))
            }
            Err(_) => Err(unavailable("the runtime stops")),
        }
    }

    /// Runs `work` on the calling thread; `None` when no connection is idle. For work that waits for no disk: two
    /// changes of threads cost more than most of it.
    pub(crate) fn read_here<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T>,
    ) -> Option<Result<T, StorageError>> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let lease = Lease { db: pop(&self.idle), idle: Arc::clone(&self.idle), _permit: permit };
        let done = in_transaction(lease.db.as_ref()?, work);
        Some(done.map_err(|fault| fault.into_read_error(operation)))
    }

    /// Closes the idle connections, and the others when they come back.
    pub(crate) fn close(&self) {
        self.permits.close();
        lock(&self.idle).clear();
    }
}

fn in_transaction<T>(db: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    // Kept compiled: rusqlite's own transactions compile both words each time.
    db.prepare_cached("BEGIN")?.execute([])?;
    let snapshot = Snapshot { db };
    let done = work(db)?;
    drop(snapshot);
    Ok(done)
}

/// Ends the transaction, also when the work fails or panics.
struct Snapshot<'c> {
    db: &'c Connection,
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // Some errors have ended it already. What has only read cannot fail to commit; should it, the next use of the
        // connection says so.
        if !self.db.is_autocommit() {
            self.db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).ok();
        }
    }
}

/// A connection in use. It goes back also when the work panics.
struct Lease {
    db: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            lock(&self.idle).push(db);
        }
    }
}

fn pop(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    lock(idle).pop()
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
