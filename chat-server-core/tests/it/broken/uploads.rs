//! Faults of accounts of files.

use async_trait::async_trait;
use chat_protocol::{Timestamp, UserId};
use chat_server_core::blob::BlobName;
use chat_server_core::storage::{
    DOOMED_AGAIN, Quota, Refusal, StorageError, UploadBytes, UploadEntry, UploadStore,
};

use super::Broken;

#[async_trait]
impl UploadStore for Broken {
    async fn add_upload(
        &self,
        now: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<Result<(), Refusal>, StorageError> {
        self.memory.lock().unwrap().uploads.insert(upload.name.clone(), upload.clone());
        // All users together may have as much as they like.
        let all = if self.has("bytes_of_uploads_are_counted") { u64::MAX } else { quota.all };
        self.inner.add_upload(now, upload, Quota { all, ..quota }).await
    }

    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes, StorageError> {
        self.inner.upload_bytes(user).await
    }

    async fn uploads_of(
        &self,
        user: &UserId,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<Vec<BlobName>, StorageError> {
        let limit = self.more("uploads_are_found_by_their_user", limit);
        self.inner.uploads_of(user, after, limit).await
    }

    async fn doom_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError> {
        let limit = self.more("an_upload_lasts_as_long_as_it_is_named", limit);
        let doomed = self.inner.doom_uploads(now, limit).await?;
        if self.has("a_doomed_upload_goes") {
            // They are given once, and may be named again.
            let entries = self.memory.lock().unwrap().uploads.clone();
            self.inner.remove_uploads(&doomed).await?;
            let again = now.as_micros() + DOOMED_AGAIN.as_micros() as i64;
            for entry in doomed.iter().map(|name| &entries[name]) {
                let due = Timestamp::from_micros(again);
                let (entry, plenty) =
                    (UploadEntry { due, ..entry.clone() }, Quota { user: u64::MAX, all: u64::MAX });
                self.inner.add_upload(now, &entry, plenty).await?.unwrap();
            }
        }
        Ok(doomed)
    }

    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError> {
        self.inner.remove_uploads(names).await
    }
}
