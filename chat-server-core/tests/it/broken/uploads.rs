//! Faults of accounts of files.

use async_trait::async_trait;
use chat_protocol::{Timestamp, UserId};
use chat_server_core::blob::BlobName;
use chat_server_core::storage::{
    Quota, Refusal, StorageError, UploadBytes, UploadChange, UploadEntry, UploadStore,
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
        // All users together may have as much as they like.
        let all = if self.has("bytes_of_uploads_are_counted") { u64::MAX } else { quota.all };
        self.inner.add_upload(now, upload, Quota { all, ..quota }).await
    }

    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes, StorageError> {
        self.inner.upload_bytes(user).await
    }

    async fn refer(&self, now: Timestamp, changes: &[UploadChange]) -> Result<(), StorageError> {
        let mut changes = changes.to_vec();
        changes.retain(|change| match change {
            UploadChange::Refer { .. } => true,
            UploadChange::Trim { .. } => !self.has("an_upload_lasts_as_long_as_it_is_named"),
            UploadChange::Keep { .. } => !self.has("a_kept_upload_comes_up_later"),
        });
        self.inner.refer(now, &changes).await
    }

    async fn due_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError> {
        self.inner.due_uploads(now, limit).await
    }

    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError> {
        self.inner.remove_uploads(names).await
    }
}
