//! A store that keeps an audit log: every change of a room is one line of JSON, the packet that tells of it.
//!
//! The data themselves are in memory and end with the process; the log is written before anybody hears of a change.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chat_protocol::{Event, encode};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{
    Answers, Append, Appended, Capabilities, LogEntry, MessageStore, StorageError, StorageErrorKind,
    StorageLayer,
};

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

    fn write(&self, entries: impl Iterator<Item = LogEntry>) -> std::io::Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            log.write_all(encode(&Event::from(entry)).as_bytes())?;
            log.write_all(b"\n")?;
        }
        log.flush()
    }
}

/// Says only what it does differently; all else goes to the inner store.
#[async_trait]
impl<W: Write + Send> StorageLayer for AuditedStore<W> {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    fn able(&self) -> Capabilities {
        let mut capabilities = self.inner.capabilities();
        capabilities.blocking_writes = true;
        capabilities
    }

    async fn store(&self, batch: &[Append]) -> Result<Answers<Appended>, StorageError> {
        let answers = self.inner.append(batch).await?;
        let stored =
            batch.iter().zip(&answers).filter_map(|(change, answer)| Some((change, answer.as_ref().ok()?)));
        let entries = stored.flat_map(|(change, answer)| change.entries(answer));
        // What is stored without a line in the log must not be told: the server stores nothing more until a restart.
        self.write(entries).map_err(|error| StorageError::new(StorageErrorKind::Lost, "audit", error))?;
        Ok(answers)
    }
}
