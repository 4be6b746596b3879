//! Blobs in memory: the model of the trait, for tests and trials.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;

use super::{BlobBytes, BlobMeta, BlobName, BlobStore, BlobWriter};
use crate::storage::{StorageError, StorageErrorKind};

/// Greatest size of all blobs together, in bytes: enough to try things out, and no client fills the machine's memory.
const CAPACITY: usize = 64 * 1024 * 1024;

/// Blobs in memory, 64 MiB of them at most, those under way included.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    whole: BTreeMap<BlobName, (BlobMeta, Bytes)>,
    /// Bytes of what is whole and of what is under way.
    used: usize,
}

impl MemoryBlobs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct MemoryWriter {
    blobs: MemoryBlobs,
    name: BlobName,
    bytes: Vec<u8>,
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn create(&self, name: &BlobName) -> Result<Box<dyn BlobWriter>, StorageError> {
        Ok(Box::new(MemoryWriter { blobs: self.clone(), name: name.clone(), bytes: Vec::new() }))
    }

    async fn meta(&self, name: &BlobName) -> Result<Option<BlobMeta>, StorageError> {
        Ok(self.state().whole.get(name).map(|(meta, _)| meta.clone()))
    }

    async fn read(&self, name: &BlobName, range: Range<u64>) -> Result<Option<BlobBytes>, StorageError> {
        let Some((_, bytes)) = self.state().whole.get(name).cloned() else { return Ok(None) };
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let (start, end) = (place(range.start), place(range.end));
        let piece = bytes.slice(start..end.max(start));
        Ok(Some(futures::stream::iter([Ok(piece)]).boxed()))
    }

    async fn delete(&self, name: &BlobName) -> Result<bool, StorageError> {
        let mut state = self.state();
        let Some((_, bytes)) = state.whole.remove(name) else { return Ok(false) };
        state.used -= bytes.len();
        Ok(true)
    }
}

#[async_trait]
impl BlobWriter for MemoryWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        let mut state = self.blobs.state();
        if state.used + bytes.len() > CAPACITY {
            return Err(StorageError::new(StorageErrorKind::Unavailable, "write", "no room for more blobs"));
        }
        state.used += bytes.len();
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn finish(mut self: Box<Self>, meta: BlobMeta) -> Result<(), StorageError> {
        let mut state = self.blobs.state();
        if state.whole.contains_key(&self.name) {
            return Err(StorageError::new(StorageErrorKind::Bug, "finish", "the name is taken"));
        }
        let bytes = Bytes::from(std::mem::take(&mut self.bytes));
        state.whole.insert(self.name.clone(), (meta, bytes));
        drop(state);
        Ok(())
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        // Nothing after `finish`, which took the bytes.
        self.blobs.state().used -= self.bytes.len();
    }
}
