//! The care of the write-ahead log, on a thread of its own: copying it into the database, which makes the slowest
//! commits slow when the committing thread does it, as in SQLite by itself, and making its file longer.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::ahead::{self, Ahead};
use crate::config::SqliteConfig;
use crate::error::Fault;
use crate::writer::Writer;
use chat_server_core::storage::StorageErrorKind;

/// Pages, 8 MiB of them, after which a log whose file could not be made longer is tried again.
const RETRY: u64 = 2_000;

/// Length of the write-ahead log, told by the writer's connection after each commit.
#[derive(Debug, Default)]
pub(crate) struct WalLength {
    /// Pages that the log holds. Written by the committing thread, read by it and by the checkpointer.
    pages: AtomicU64,
    /// Pages of them that are copied. Written by the checkpointer, and by the writer when the log began anew.
    copied: AtomicU64,
    /// Pages that the log's file holds without being made longer. Written by the checkpointer.
    holds: AtomicU64,
}

impl WalLength {
    /// Lets the connection tell.
    pub(crate) fn watch(self: &Arc<Self>, db: &mut Connection) -> rusqlite::Result<()> {
        let length = Arc::clone(self);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
            let pages = u64::from(pages.unsigned_abs());
            if pages < length.pages.swap(pages, Relaxed) {
                length.copied.store(0, Relaxed);
            }
            Ok(())
        }))
    }

    /// Pages that wait to be copied.
    fn waiting(&self) -> u64 {
        self.pages.load(Relaxed).saturating_sub(self.copied.load(Relaxed))
    }

    /// Whether the log's file should be longer.
    fn is_short(&self) -> bool {
        ahead::is_short(self.pages.load(Relaxed), self.holds.load(Relaxed))
    }
}

/// The thread, and how to wake it.
pub(crate) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    length: Arc<WalLength>,
    threshold: u64,
}

impl Checkpointer {
    pub(crate) fn start(
        db: Connection,
        ahead: Option<Ahead>,
        writer: Arc<Mutex<Writer>>,
        length: Arc<WalLength>,
        config: &SqliteConfig,
    ) -> std::io::Result<Self> {
        if ahead.is_none() {
            length.holds.store(u64::MAX, Relaxed);
        }
        // One pending word is enough: it means "look", not "copy once".
        let (wake, woken) = sync_channel(1);
        let threshold = u64::from(config.checkpoint_pages.max(1));
        let limit = u64::from(config.wal_limit_pages.max(1));
        let work = Work { db, ahead, writer, length: Arc::clone(&length), threshold, limit };
        let thread =
            std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(move || work.run(&woken))?;
        Ok(Self { wake: Some(wake), thread: Some(thread), length, threshold })
    }

    /// Called after each commit: cheap, never waits.
    pub(crate) fn look(&self) {
        if (self.length.waiting() >= self.threshold || self.length.is_short())
            && let Some(wake) = &self.wake
        {
            // Full: it is awake already.
            wake.try_send(()).ok();
        }
    }

    /// Ends the thread, waiting for the copy under way.
    pub(crate) fn stop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

struct Work {
    db: Connection,
    ahead: Option<Ahead>,
    writer: Arc<Mutex<Writer>>,
    length: Arc<WalLength>,
    threshold: u64,
    limit: u64,
}

impl Work {
    fn run(mut self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            if self.length.is_short() {
                self.extend();
            }
            if self.length.waiting() < self.threshold {
                continue;
            }
            if let Err(error) = self.copy() {
                self.failed(error.into());
            }
        }
    }

    /// Makes the log's file longer.
    fn extend(&mut self) {
        let Some(ahead) = &mut self.ahead else { return };
        match ahead.extend(self.length.pages.load(Relaxed)) {
            Ok(holds) => self.length.holds.store(holds, Relaxed),
            Err(error) => {
                // Commits make the file longer themselves, as far as the disk has room. Tried again when they have.
                tracing::warn!(%error, "the write-ahead log cannot be made longer ahead of the commits");
                self.length.holds.store(self.length.pages.load(Relaxed) + RETRY, Relaxed);
            }
        }
    }

    /// Copies beside the writer. Under steady writing the log is never copied to its very end in that way, so it
    /// would never begin anew: beyond the limit the writer pauses for the little that was added meanwhile.
    fn copy(&self) -> rusqlite::Result<()> {
        self.checkpoint("PASSIVE")?;
        if self.length.pages.load(Relaxed) < self.limit {
            return Ok(());
        }
        self.checkpoint("PASSIVE")?;
        let _pause = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Not TRUNCATE: writing over a file is cheaper than making it longer again, and needs no sync of its length.
        self.checkpoint("RESTART")
    }

    fn checkpoint(&self, mode: &str) -> rusqlite::Result<()> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        // Busy, pages in the log, pages copied of them; -1 when it could not begin.
        let copied: i64 = self.db.query_row(&sql, [], |row| row.get(2))?;
        self.length.copied.store(u64::try_from(copied).unwrap_or(0), Relaxed);
        Ok(())
    }

    fn failed(&self, fault: Fault) {
        let kind = fault.kind_of_write();
        tracing::warn!(error = %fault, ?kind, "checkpoint of the database failed");
        // The log still has everything, but a failed sync may have made the operating system forget pages of the
        // database that it calls written. Only a restart knows what is there.
        if kind == StorageErrorKind::Lost {
            self.writer.lock().unwrap_or_else(PoisonError::into_inner).lose();
        }
    }
}
