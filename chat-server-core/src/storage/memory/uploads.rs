//! Accounts of files in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chat_protocol::{RoomId, Seq, Timestamp, UserId};

use super::MemoryStore;
use crate::blob::BlobName;
use crate::storage::{Quota, Refusal, StorageError, UploadBytes, UploadChange, UploadEntry, UploadStore};

/// All accounts, and what names files.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    by_name: BTreeMap<BlobName, UploadEntry>,
    references: BTreeSet<(RoomId, Seq, BlobName)>,
}

impl Uploads {
    fn bytes(&self, user: &UserId) -> UploadBytes {
        let of = |wanted: &dyn Fn(&&UploadEntry) -> bool| {
            self.by_name.values().filter(wanted).map(|upload| upload.size).sum()
        };
        UploadBytes { user: of(&|upload| upload.by == *user), all: of(&|_| true) }
    }

    fn is_named(&self, name: &BlobName) -> bool {
        self.references.iter().any(|(_, _, named)| named == name)
    }

    /// Forgets references; what they were the last of is due.
    fn forget(&mut self, now: Timestamp, gone: Vec<(RoomId, Seq, BlobName)>) {
        for reference in gone {
            self.references.remove(&reference);
            if !self.is_named(&reference.2)
                && let Some(upload) = self.by_name.get_mut(&reference.2)
            {
                upload.due = now;
            }
        }
    }

    fn take(&mut self, now: Timestamp, change: &UploadChange) {
        let of_room = |upload: &&mut UploadEntry, room: &RoomId| upload.room == *room;
        match change {
            UploadChange::Refer { room, seq, names } => {
                let known = |name: &&BlobName| self.by_name.get(*name).is_some_and(|it| it.room == *room);
                let names: BTreeSet<_> = names.iter().filter(known).cloned().collect();
                let others =
                    |of: &&(RoomId, Seq, BlobName)| of.0 == *room && of.1 == *seq && !names.contains(&of.2);
                let gone = self.references.iter().filter(others).cloned().collect();
                self.references.extend(names.iter().map(|name| (room.clone(), *seq, name.clone())));
                self.forget(now, gone);
            }
            UploadChange::Trim { room, oldest } => {
                let older =
                    |of: &&(RoomId, Seq, BlobName)| of.0 == *room && of.1 > Seq::ZERO && of.1 < *oldest;
                let gone = self.references.iter().filter(older).cloned().collect();
                self.forget(now, gone);
            }
            UploadChange::Keep { room, names, until } => {
                for name in names.iter().filter(|name| !self.references.iter().any(|of| of.2 == **name)) {
                    let upload = self.by_name.get_mut(name).filter(|upload| of_room(upload, room));
                    upload.into_iter().for_each(|upload| upload.due = upload.due.max(*until));
                }
            }
        }
    }
}

#[async_trait]
impl UploadStore for MemoryStore {
    async fn add_upload(
        &self,
        _: Timestamp,
        upload: &UploadEntry,
        quota: Quota,
    ) -> Result<Result<(), Refusal>, StorageError> {
        let mut state = self.state();
        if !state.rooms.contains_key(&upload.room) {
            return Ok(Err(Refusal::NoRoom));
        }
        if state.uploads.by_name.contains_key(&upload.name) {
            return Ok(Ok(()));
        }
        let used = state.uploads.bytes(&upload.by);
        if used.user + upload.size > quota.user || used.all + upload.size > quota.all {
            return Ok(Err(Refusal::Full));
        }
        state.uploads.by_name.insert(upload.name.clone(), upload.clone());
        Ok(Ok(()))
    }

    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes, StorageError> {
        Ok(self.state().uploads.bytes(user))
    }

    async fn refer(&self, now: Timestamp, changes: &[UploadChange]) -> Result<(), StorageError> {
        let mut state = self.state();
        changes.iter().for_each(|change| state.uploads.take(now, change));
        Ok(())
    }

    async fn due_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError> {
        let state = self.state();
        let uploads = &state.uploads;
        let due = |upload: &&UploadEntry| upload.due <= now && !uploads.is_named(&upload.name);
        let mut due: Vec<_> = uploads.by_name.values().filter(due).collect();
        due.sort_by_key(|upload| (upload.due, upload.name.clone()));
        Ok(due.into_iter().take(limit).map(|upload| upload.name.clone()).collect())
    }

    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError> {
        let uploads = &mut self.state().uploads;
        uploads.by_name.retain(|name, _| !names.contains(name));
        uploads.references.retain(|(_, _, name)| !names.contains(name));
        Ok(())
    }
}
