//! Files that nothing names go.
//!
//! The store knows what names each file, because that is written in the same step as the message that does. A file is due when
//! the last message of its room that names it is deleted, edited or forgotten, and one that nothing ever named at the time that
//! was set when it was uploaded. What is due is *doomed*, deleted and struck off the accounts, each step durable before the
//! next begins: who dies in between leaves rows that come up again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{UserId, WireError};

use super::Hub;
use super::worker::{Next, Work, micros, shifted, tell_failure};
use crate::blob::{BlobName, BlobStore};

/// How many files are deleted in one go.
const FILES: usize = 64;

/// How long it waits when there is nothing to do: about as long as a file outlives its message.
const PAUSE: Duration = Duration::from_secs(5);

impl Hub {
    /// Deletes files and then their accounts. Those that cannot be deleted keep theirs, and the others are not kept waiting.
    pub(super) async fn delete_files(
        &self,
        blobs: &dyn BlobStore,
        names: Vec<BlobName>,
    ) -> Result<(), WireError> {
        let (mut gone, mut failure) = (Vec::with_capacity(names.len()), None);
        for name in names {
            match blobs.delete(&name).await {
                Ok(_) => gone.push(name),
                Err(error) => failure = Some(self.blobs_failed(&error)),
            }
        }
        if !gone.is_empty() {
            metrics::counter!("chat_uploads_deleted_total").increment(gone.len() as u64);
            self.write(move |storage| async move { storage.remove_uploads(&gone).await }).await?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Says how many files there are and how large they are.
    async fn gauge_uploads(&self) -> Result<(), WireError> {
        let bytes = self.providers.storage.upload_bytes(&UserId::system()).await;
        let bytes = bytes.map_err(|error| self.storage_failed(error))?;
        metrics::gauge!("chat_upload_stored_bytes").set(bytes.all as f64);
        metrics::gauge!("chat_upload_files").set(bytes.files as f64);
        Ok(())
    }
}

/// Deletes files that nothing names.
pub(super) struct Sweep {
    pub(super) blobs: Arc<dyn BlobStore>,
}

#[async_trait]
impl Work for Sweep {
    const NAME: &'static str = "uploads";

    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError> {
        let now = hub.providers.clock.now();
        hub.unfinished.expire(now);
        let doomed = hub.write(move |storage| async move { storage.doom_uploads(now, FILES).await }).await?;
        let all = doomed.len() < FILES;
        // Those that cannot be deleted come up again by themselves, behind the others.
        if let Err(error) = hub.delete_files(&*self.blobs, doomed).await {
            tell_failure(Self::NAME, &error);
        }
        hub.gauge_uploads().await?;
        Ok(if all { Next::At(shifted(hub.providers.clock.now(), micros(PAUSE))) } else { Next::Now })
    }
}
