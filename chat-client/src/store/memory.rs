//! The outbox in memory: it outlives the client, not the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::UserId;
use futures::future::{BoxFuture, FutureExt, ready};

use super::{Change, ClientStore, StoreError, Stored, StoredSend};

/// Keeps the outbox in memory. Clones share it, so that the next client of a test or of an application that signs out and in again
/// finds what the last one left.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    /// A lock, because clones may be used by clients in different tasks; it is held for a copy only.
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    user: Option<UserId>,
    sends: BTreeMap<u64, StoredSend>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        f(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientStore for MemoryStore {
    fn load(&self) -> BoxFuture<'_, Result<Stored, StoreError>> {
        let stored = self
            .with(|kept| Stored { user: kept.user.clone(), sends: kept.sends.values().cloned().collect() });
        ready(Ok(stored)).boxed()
    }

    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.with(|kept| {
            for change in changes {
                match change.clone() {
                    Change::User(user) => kept.user = Some(user),
                    Change::Put(send) => _ = kept.sends.insert(send.order, send),
                    Change::Remove(order) => _ = kept.sends.remove(&order),
                }
            }
        });
        ready(Ok(())).boxed()
    }
}
