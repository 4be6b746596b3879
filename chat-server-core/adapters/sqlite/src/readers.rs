//! The connections that only read. Each read is one transaction, so that it sees whole batches.
//!
//! A read of many rows, or of rows that may lie anywhere on the disk, runs on a thread where waiting holds nobody else
//! up. A short one runs on its caller's thread as long as such reads are quick: two changes of threads cost more than
//! most of them, and what is read again and again is in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_server_core::storage::{StorageError, StorageErrorKind};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Result;

/// A short read that takes longer has waited for the disk, or for its turn on a very busy machine.
const SLOW: Duration = Duration::from_millis(10);

/// So many rows at most are read on the caller's thread: about 200 us of processor time, to another thread and back
/// would be 20 more for any number.
const SHORT: usize = 200;

const CLOSED: &str = "the store is closed";

/// After a slow one so many short reads must be quick on other threads, until they are done at once again.
const PROBATION: u32 = 16;

/// A bounded set of reading connections.
pub(crate) struct Readers {
    pool: Arc<Pool>,
    /// As many as there are idle connections; closed with the store.
    permits: Arc<Semaphore>,
}

struct Pool {
    /// Those not in use. Locked only to take one out and to put it back.
    idle: Mutex<Vec<Connection>>,
    /// How many more short reads must be quick before short ones are done on their caller's thread.
    probation: AtomicU32,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self { pool: Arc::new(Pool { idle: Mutex::new(connections), probation: AtomicU32::new(0) }), permits }
    }

    /// Runs `work`, which looks at `rows` rows at most, on one of the connections: on the calling thread when they are
    /// few, a connection is idle, and reads are quick.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        rows: usize,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        let lease = if rows <= SHORT { self.lease_now() } else { None };
        let done = match lease {
            Some(lease) => {
                // As on another thread, a bug in one read ends that read and not its connection.
                let run = AssertUnwindSafe(|| lease.run(rows, work));
                let done = catch_unwind(run).map_err(|_| panicked(operation))?;
                // A task that reads and reads lets others have their turn, as if it had waited.
                tokio::task::coop::consume_budget().await;
                done
            }
            None => self.read_elsewhere(operation, rows, work).await?,
        };
        let done = done.ok_or_else(|| unavailable(operation, CLOSED))?;
        done.map_err(|fault| fault.into_read_error(operation))
    }

    async fn read_elsewhere<T: Send + 'static>(
        &self,
        operation: &'static str,
        rows: usize,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<Option<Result<T>>, StorageError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| unavailable(operation, CLOSED))?;
        let pool = Arc::clone(&self.pool);
        let task = tokio::task::spawn_blocking(move || Lease::new(pool, permit)?.run(rows, work));
        task.await.map_err(|error| match error.is_panic() {
            true => panicked(operation),
            false => unavailable(operation, "the runtime stops"),
        })
    }

    fn lease_now(&self) -> Option<Lease> {
        if self.pool.probation.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Lease::new(Arc::clone(&self.pool), permit)
    }

    #[cfg(test)]
    pub(crate) fn connections(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.pool.idle()
    }

    /// Lets nobody read any more. The connections not in use are closed now, the others with the last of this.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.pool.idle().clear();
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how long a short read took.
    fn took(&self, time: Duration) {
        if time > SLOW {
            self.probation.store(PROBATION, Ordering::Relaxed);
        } else if self.probation.load(Ordering::Relaxed) > 0 {
            let one_less = |left: u32| left.checked_sub(1);
            // Nothing to count down is what is hoped for.
            _ = self.probation.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        }
    }
}

fn panicked(operation: &'static str) -> StorageError {
    StorageError::new(StorageErrorKind::Bug, operation, "the read panicked")
}

fn unavailable(operation: &'static str, why: &str) -> StorageError {
    StorageError::new(StorageErrorKind::Unavailable, operation, why.to_owned())
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
    /// Taken out when it goes back.
    db: Option<Connection>,
    pool: Arc<Pool>,
    /// Given up after the connection is back: fields are dropped after [`Drop::drop`].
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    fn new(pool: Arc<Pool>, permit: OwnedSemaphorePermit) -> Option<Self> {
        let db = pool.idle().pop()?;
        Some(Self { db: Some(db), pool, _permit: permit })
    }

    fn run<T>(&self, rows: usize, work: impl FnOnce(&Connection) -> Result<T>) -> Option<Result<T>> {
        let began = Instant::now();
        let done = in_transaction(self.db.as_ref()?, work);
        if rows <= SHORT {
            self.pool.took(began.elapsed());
        }
        Some(done)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            self.pool.idle().push(db);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a read of so many rows runs on the thread that asks for it.
    async fn is_here(readers: &Readers, rows: usize) -> bool {
        let asking = std::thread::current().id();
        readers.read("test", rows, move |_| Ok(std::thread::current().id() == asking)).await.unwrap()
    }

    fn readers(count: usize) -> Readers {
        Readers::new((0..count).map(|_| Connection::open_in_memory().unwrap()).collect())
    }

    #[tokio::test]
    async fn short_reads_run_on_the_callers_thread_while_reads_are_quick() {
        let readers = readers(1);
        assert!(is_here(&readers, SHORT).await);
        assert!(!is_here(&readers, SHORT + 1).await);
        let slow = |_: &Connection| {
            std::thread::sleep(SLOW + Duration::from_millis(1));
            Ok(())
        };
        readers.read("test", 1, slow).await.unwrap();
        for _ in 0..PROBATION {
            assert!(!is_here(&readers, 1).await, "on probation");
        }
        assert!(is_here(&readers, 1).await);
        readers.read("test", SHORT + 1, slow).await.unwrap();
        assert!(is_here(&readers, 1).await, "a long read may take its time");
    }

    #[tokio::test]
    async fn a_short_read_waits_for_a_connection_elsewhere() {
        let readers = Arc::new(readers(1));
        let (go, wait) = std::sync::mpsc::sync_channel(1);
        let long = tokio::spawn({
            let readers = readers.clone();
            async move { readers.read("test", usize::MAX, move |_| Ok(wait.recv().is_ok())).await }
        });
        while readers.permits.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let short = tokio::spawn({
            let readers = readers.clone();
            async move { is_here(&readers, 1).await }
        });
        tokio::task::yield_now().await;
        assert!(!short.is_finished());
        go.send(()).unwrap();
        assert!(long.await.unwrap().unwrap());
        assert!(!short.await.unwrap());
    }

    #[tokio::test]
    async fn a_panic_gives_the_connection_back() {
        let readers = readers(1);
        for rows in [1, usize::MAX] {
            let failed = readers.read("test", rows, |_| -> Result<()> { panic!("on purpose") }).await;
            assert_eq!(failed.unwrap_err().kind, StorageErrorKind::Bug);
        }
        assert!(is_here(&readers, 1).await);
        readers.close();
        let closed = readers.read("test", 1, |_| Ok(())).await;
        assert_eq!(closed.unwrap_err().kind, StorageErrorKind::Unavailable);
    }
}
