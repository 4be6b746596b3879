//! The suite of blobs: the memory store passes it, and a store with a fault fails exactly the case of that name.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_server_core::blob::memory::MemoryBlobs;
use chat_server_core::blob::{BlobBytes, BlobMeta, BlobName, BlobStore, BlobWriter};
use chat_server_core::conformance::blob::{SUITE, subject};
use chat_server_core::storage::StorageError;

use crate::suites::each_fault_fails_its_case;

mod memory {
    chat_server_core::blob_conformance!(chat_server_core::blob::memory::MemoryBlobs::default());
}

#[test]
fn every_case_fails_on_the_store_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &[], |fault| {
        subject(MemoryBlobs::default(), move |kept: &MemoryBlobs| Broken::new(kept, fault), true)
    });
}

/// The memory store with one fault, named like the case that must find it.
struct Broken {
    inner: MemoryBlobs,
    fault: &'static str,
    /// Bytes of all writers together, for the store that mixes them.
    mixed: Arc<Mutex<Vec<u8>>>,
}

impl Broken {
    fn new(kept: &MemoryBlobs, fault: &'static str) -> Self {
        let inner = if fault == "finished_survives_reopen" { MemoryBlobs::default() } else { kept.clone() };
        Self { inner, fault, mixed: Arc::default() }
    }

    fn has(&self, fault: &str) -> bool {
        assert!(SUITE.names().any(|name| name == fault), "no case {fault}");
        self.fault == fault
    }
}

#[async_trait]
impl BlobStore for Broken {
    async fn create(&self, name: &BlobName) -> Result<Box<dyn BlobWriter>, StorageError> {
        if self.has("a_finished_blob_never_changes") {
            self.inner.delete(name).await?;
        }
        let inner = Some(self.inner.create(name).await?);
        let early = self.has("an_unfinished_blob_is_nowhere").then(|| (self.inner.clone(), name.clone()));
        let mixed = self.has("blobs_at_once_stay_apart").then(|| self.mixed.clone());
        let rested = self.has("a_writer_that_rested_goes_on").then_some(false);
        Ok(Box::new(BrokenWriter { inner, early, seen: None, mixed, rested }))
    }

    async fn meta(&self, name: &BlobName) -> Result<Option<BlobMeta>, StorageError> {
        let meta = self.inner.meta(name).await?;
        Ok(meta.map(|meta| match self.has("a_finished_blob_is_whole") && meta.size > 200_000 {
            true => BlobMeta { file_name: "file".to_owned(), ..meta },
            false => meta,
        }))
    }

    async fn read(&self, name: &BlobName, range: Range<u64>) -> Result<Option<BlobBytes>, StorageError> {
        let more = u64::from(self.has("ranges_give_their_bytes") && range.end > 0);
        self.inner.read(name, range.start..range.end.saturating_add(more)).await
    }

    async fn delete(&self, name: &BlobName) -> Result<bool, StorageError> {
        if self.has("a_deleted_blob_is_nowhere") {
            return Ok(self.inner.meta(name).await?.is_some());
        }
        self.inner.delete(name).await
    }
}

struct BrokenWriter {
    inner: Option<Box<dyn BlobWriter>>,
    /// Where a blob is to be seen before it is whole.
    early: Option<(MemoryBlobs, BlobName)>,
    /// Where it is seen.
    seen: Option<(MemoryBlobs, BlobName)>,
    mixed: Option<Arc<Mutex<Vec<u8>>>>,
    /// Whether the next bytes come after a rest, for the store that loses these.
    rested: Option<bool>,
}

#[async_trait]
impl BlobWriter for BrokenWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        if let Some(mixed) = &self.mixed {
            mixed.lock().unwrap().extend_from_slice(bytes);
            return Ok(());
        }
        if self.rested == Some(true) {
            self.rested = Some(false);
            return Ok(());
        }
        if let Some((blobs, name)) = self.early.take() {
            // Only the first piece, and only where the name is free.
            let mut writer = blobs.create(&name).await?;
            writer.write(bytes).await?;
            let meta = chat_server_core::conformance::blob::meta(bytes.len() as u64);
            self.seen = writer.finish(meta).await.is_ok().then_some((blobs, name));
        }
        let inner = self.inner.as_mut().expect("not finished");
        inner.write(bytes).await
    }

    async fn rest(&mut self) -> Result<(), StorageError> {
        self.rested = self.rested.map(|_| true);
        Ok(())
    }

    async fn finish(mut self: Box<Self>, meta: BlobMeta) -> Result<(), StorageError> {
        let mut inner = self.inner.take().expect("not finished");
        if let Some(mixed) = &self.mixed {
            let bytes: Vec<u8> = mixed.lock().unwrap().drain(..meta.size as usize).collect();
            inner.write(&bytes).await?;
        }
        if let Some((blobs, name)) = &self.seen {
            blobs.delete(name).await?;
        }
        inner.finish(meta).await
    }
}
