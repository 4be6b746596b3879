//! Accounts of files in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chat_protocol::{RoomId, Seq, Timestamp, UserId};

use super::MemoryStore;
use super::state::State;
use crate::blob::BlobName;
use crate::storage::{
    Append, Appended, DOOMED_AGAIN, Quota, Refusal, StorageError, UploadBytes, UploadChange, UploadEntry,
    UploadStore,
};

/// All accounts, and what names files.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    by_name: BTreeMap<BlobName, UploadEntry>,
    references: BTreeSet<(RoomId, Seq, BlobName)>,
    /// Those that go.
    doomed: BTreeSet<BlobName>,
}

impl Uploads {
    fn bytes(&self, user: &UserId) -> UploadBytes {
        let of = |wanted: &dyn Fn(&&UploadEntry) -> bool| {
            self.by_name.values().filter(wanted).map(|upload| upload.size).sum()
        };
        let files = self.by_name.len() as u64;
        UploadBytes { user: of(&|upload| upload.by == *user), all: of(&|_| true), files }
    }

    fn is_named(&self, name: &BlobName) -> bool {
        self.references.iter().any(|(_, _, named)| named == name)
    }

    /// Forgets references; what they were the last of is due.
    fn forget(&mut self, now: Timestamp, gone: Vec<(RoomId, Seq, BlobName)>) {
        for reference in gone {
            self.references.remove(&reference);
            if !self.is_named(&reference.2)
                && !self.doomed.contains(&reference.2)
                && let Some(upload) = self.by_name.get_mut(&reference.2)
            {
                upload.due = now;
            }
        }
    }

    /// Takes what a change of a room means.
    pub(super) fn take(&mut self, append: &Append, answer: &Appended) {
        let (room, now) = (&answer.room, append.now);
        for change in UploadChange::of(append, answer) {
            match change {
                UploadChange::Names { seq, names } => {
                    let lasts = |it: &UploadEntry| it.room == *room && !self.doomed.contains(&it.name);
                    let known = |name: &BlobName| self.by_name.get(name).is_some_and(lasts);
                    let names: BTreeSet<_> = names.into_iter().filter(known).collect();
                    let other = |of: &&(RoomId, Seq, BlobName)| {
                        of.0 == *room && of.1 == seq && !names.contains(&of.2)
                    };
                    let gone = self.references.iter().filter(other).cloned().collect();
                    self.references.extend(names.into_iter().map(|name| (room.clone(), seq, name)));
                    self.forget(now, gone);
                }
                UploadChange::Trim { oldest } => {
                    let older =
                        |of: &&(RoomId, Seq, BlobName)| of.0 == *room && of.1 > Seq::ZERO && of.1 < oldest;
                    let gone = self.references.iter().filter(older).cloned().collect();
                    self.forget(now, gone);
                }
            }
        }
    }
}

impl State {
    fn doom(&mut self, now: Timestamp, limit: usize) -> Vec<BlobName> {
        let (uploads, jobs) = (&mut self.uploads, &self.jobs);
        let goes = |upload: &&UploadEntry| {
            let is_kept = || uploads.is_named(&upload.name) || jobs.name(&upload.room, &upload.name);
            upload.due <= now && (uploads.doomed.contains(&upload.name) || !is_kept())
        };
        let mut doomed: Vec<_> = uploads.by_name.values().filter(goes).collect();
        doomed.sort_by_key(|upload| (upload.due, upload.name.clone()));
        let doomed: Vec<_> = doomed.into_iter().take(limit).map(|upload| upload.name.clone()).collect();
        for name in &doomed {
            uploads.doomed.insert(name.clone());
            if let Some(upload) = uploads.by_name.get_mut(name) {
                let again = now.as_micros().saturating_add_unsigned(DOOMED_AGAIN.as_micros() as u64);
                upload.due = Timestamp::from_micros(again);
            }
        }
        doomed
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
        if state.forgetting.contains_key(&upload.by) {
            return Ok(Err(Refusal::Forgotten));
        }
        if state.uploads.by_name.contains_key(&upload.name) {
            return Ok(Ok(()));
        }
        let used = state.uploads.bytes(&upload.by);
        if used.user.saturating_add(upload.size) > quota.user
            || used.all.saturating_add(upload.size) > quota.all
        {
            return Ok(Err(Refusal::Full));
        }
        state.uploads.by_name.insert(upload.name.clone(), upload.clone());
        Ok(Ok(()))
    }

    async fn upload_bytes(&self, user: &UserId) -> Result<UploadBytes, StorageError> {
        Ok(self.state().uploads.bytes(user))
    }

    async fn uploads_of(
        &self,
        user: &UserId,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<Vec<BlobName>, StorageError> {
        let state = self.state();
        let wanted =
            |upload: &&UploadEntry| upload.by == *user && after.is_none_or(|after| upload.name > *after);
        let uploads = state.uploads.by_name.values().filter(wanted);
        Ok(uploads.take(limit).map(|upload| upload.name.clone()).collect())
    }

    async fn doom_uploads(&self, now: Timestamp, limit: usize) -> Result<Vec<BlobName>, StorageError> {
        Ok(self.state().doom(now, limit))
    }

    async fn remove_uploads(&self, names: &[BlobName]) -> Result<(), StorageError> {
        let uploads = &mut self.state().uploads;
        uploads.by_name.retain(|name, _| !names.contains(name));
        uploads.references.retain(|(_, _, name)| !names.contains(name));
        uploads.doomed.retain(|name| !names.contains(name));
        Ok(())
    }
}
