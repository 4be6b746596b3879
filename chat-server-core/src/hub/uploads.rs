//! Files on their way in and out: who may, how large, of which type, and how much of them there may be.

mod incoming;
mod places;
mod unfinished;

use std::io::ErrorKind;
use std::ops::Range;
use std::sync::Arc;

use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, RoomId, UserId, WireError};

use super::{Asking, Hub, unavailable, unsupported};
use crate::blob::{BlobBytes, BlobMeta, BlobName, BlobStore};
use crate::room::policy;
use crate::storage::{Quota, Refusal, SharedStorage, StorageError, UploadEntry};

use incoming::Incoming;
use places::Place;
pub(super) use places::UnderWay;
pub(super) use unfinished::Unfinished;
pub use unfinished::{Resumed, UploadTurn};

/// Greatest length of a file's name in bytes, as published.
const MAX_FILE_NAME: usize = 255;

/// So many bytes a file counts at least: what it takes of a disk, however small it is.
const MIN_COUNTED: u64 = 4_096;

/// Where uploads are read; the name follows.
const PATH: &str = "/v1/uploads/";

/// How many files of a user who is forgotten are deleted at once.
const DELETED: usize = 16;

/// Where a file is read.
pub(super) fn url(name: &BlobName) -> String {
    format!("{PATH}{name}")
}

/// A file that somebody wants to upload.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The room whose members will read it.
    pub room: RoomId,
    /// Name of the file, for people; only what follows its last slash is kept.
    pub file_name: String,
    /// Media type that the sender claims.
    pub kind: Option<String>,
    /// Size in bytes that the sender announces. What it sends is counted all the same.
    pub size: Option<u64>,
}

/// A file of which it is not said yet which room it is for; the fields are those of [`NewUpload`].
#[derive(Debug, Clone, Default)]
pub struct NewFile {
    /// Name of the file, for people.
    pub file_name: String,
    /// Media type that the sender claims.
    pub kind: Option<String>,
    /// Size in bytes that the sender announces.
    pub size: Option<u64>,
}

/// A file while it comes in. Dropped, nothing of it is left.
pub struct Upload {
    hub: Arc<Hub>,
    file: Incoming,
    _place: Place,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Incoming { name, size, .. } = &self.file;
        f.debug_struct("Upload").field("name", name).field("size", size).finish_non_exhaustive()
    }
}

impl Upload {
    /// Takes the next bytes. Not cancel-safe: drop the upload after a dropped call.
    ///
    /// # Errors
    /// `TooLarge` beyond [`ServerConfig::max_upload`](crate::ServerConfig::max_upload) or what was promised, `MediaType` as
    /// soon as it is known, `StorageUnavailable`, also when the disk is full. Drop the upload then.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), crate::Error> {
        Ok(self.file.write(&self.hub, bytes).await?)
    }

    /// Says which room the file is for, where that was not said before.
    pub fn place(&mut self, room: RoomId) {
        self.file.room = Some(room);
    }

    /// Keeps the file, if whoever sent it may still write in the room.
    ///
    /// # Errors
    /// `Forbidden`, also without a room, `MediaType`, `TooLarge` beyond what the user may have, `BadRequest` when bytes are
    /// missing that were promised, `StorageUnavailable`: nothing is kept.
    pub async fn finish(mut self) -> Result<Uploaded, crate::Error> {
        let room = self.file.check(&self.hub).await?;
        // By itself: who goes away between the account and the file must not leave the two apart.
        let Self { hub, file, _place: place } = self;
        let runtime = hub.runtime.clone();
        let kept = async move {
            let kept = file.keep(&hub, room).await;
            drop(place);
            kept
        };
        runtime.spawn(kept).await.map_err(|_| unavailable())?
    }

    /// The same for a file that must have exactly the size that was announced.
    pub(super) fn exact(mut self) -> Self {
        self.file.exact = self.file.new.size;
        self
    }
}

/// A file that the asker may read.
pub struct Download {
    /// Its name.
    pub name: BlobName,
    /// What is known of it.
    pub meta: BlobMeta,
    blobs: Arc<dyn BlobStore>,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("name", &self.name).field("meta", &self.meta).finish_non_exhaustive()
    }
}

impl Download {
    /// Its bytes from `range.start` to before `range.end`, at most to its end.
    ///
    /// # Errors
    /// `NotFound` when it was deleted meanwhile, `StorageUnavailable`.
    pub async fn read(&self, range: Range<u64>) -> Result<BlobBytes, crate::Error> {
        Ok(self.blobs.read(&self.name, range).await?.ok_or(ErrorCode::NotFound)?)
    }
}

impl Hub {
    /// Begins an upload for a room.
    pub(crate) async fn start_upload(
        self: &Arc<Self>,
        asking: Asking,
        new: NewUpload,
    ) -> Result<Upload, crate::Error> {
        let name = BlobName::from_bits(self.providers.clock.random());
        self.start_upload_as(asking, new, name).await
    }

    /// The same under a name that was drawn before.
    pub(super) async fn start_upload_as(
        self: &Arc<Self>,
        asking: Asking,
        new: NewUpload,
        name: BlobName,
    ) -> Result<Upload, crate::Error> {
        self.blobs()?;
        let NewUpload { room, file_name, kind, size } = new;
        self.check_uploader(&asking, &room).await?;
        self.begin_upload(asking, NewFile { file_name, kind, size }, Some(room), name).await
    }

    /// Begins an upload; a room that is not said yet is judged at its end.
    pub(crate) async fn begin_upload(
        self: &Arc<Self>,
        asking: Asking,
        mut new: NewFile,
        room: Option<RoomId>,
        name: BlobName,
    ) -> Result<Upload, crate::Error> {
        let blobs = self.blobs()?;
        if self.config.max_upload == 0 {
            return Err(unsupported::refused("uploads").into());
        }
        self.check_size(new.size.unwrap_or(0))?;
        self.check_quota(&asking, new.size.unwrap_or(0)).await?;
        new.file_name = clean(&new.file_name)?;
        let place = self.under_way.take(&asking.user, self.config.max_uploads_per_user)?;
        let writer = blobs.create(&name).await.map_err(|error| self.blobs_failed(&error))?;
        let file = Incoming::new(asking, new, room, name, writer);
        Ok(Upload { hub: self.clone(), file, _place: place })
    }

    /// A file for a member of its room. No file and a stranger's file look the same.
    pub(crate) async fn find_upload(&self, asking: &Asking, name: &str) -> Result<Download, crate::Error> {
        let found = self.any_upload(name).await?;
        if !asking.operator {
            self.membership(&found.meta.room, &asking.user).await?;
        }
        Ok(found)
    }

    /// A file that is there, whoever asks.
    pub(crate) async fn any_upload(&self, name: &str) -> Result<Download, crate::Error> {
        let blobs = self.blobs()?;
        let name = BlobName::parse(name).ok_or(ErrorCode::Forbidden)?;
        let meta = blobs.meta(&name).await?.ok_or(ErrorCode::Forbidden)?;
        Ok(Download { name, meta, blobs })
    }

    /// Files of a user after one of them, by their names, and after which one to go on; none where there are no uploads.
    pub(super) async fn uploads_of(
        &self,
        user: &UserId,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<(Vec<(BlobName, BlobMeta)>, Option<BlobName>), WireError> {
        let Some(blobs) = &self.providers.blobs else { return Ok((Vec::new(), None)) };
        let names = self.providers.storage.uploads_of(user, after, limit).await;
        let names = names.map_err(|error| self.storage_failed(error))?;
        let (last, mut found) = (names.last().cloned(), Vec::with_capacity(names.len()));
        for name in names {
            match blobs.meta(&name).await {
                // An account of nothing, which a crash left.
                Ok(None) => {}
                Ok(Some(meta)) => found.push((name, meta)),
                // One that nobody can read must not hide the others.
                Err(error) => tracing::error!(%name, %error, "an upload is passed over"),
            }
        }
        Ok((found, last))
    }

    /// Deletes some files of a user who is being forgotten; false when there was none.
    ///
    /// # Errors
    /// Also while one of them has an account and is no file yet: it would outlive its account.
    pub(super) async fn delete_uploads(&self, user: &UserId) -> Result<bool, WireError> {
        self.unfinished.forget(user);
        // Asked first: what is finished later found its user being forgotten, and what was finished before is found.
        let finishing = self.finishing.has(user);
        let names = self.providers.storage.uploads_of(user, None, DELETED).await;
        let names = names.map_err(|error| self.storage_failed(error))?;
        if finishing {
            let why = "an upload of the user is just being kept";
            return Err(WireError::new(ErrorCode::StorageUnavailable, why));
        }
        if names.is_empty() {
            return Ok(false);
        }
        let Some(blobs) = &self.providers.blobs else {
            tracing::error!("a user cannot be forgotten whose files are kept where no uploads are served");
            return Err(unsupported::refused("uploads"));
        };
        self.delete_files(&**blobs, names).await?;
        Ok(true)
    }

    /// Where files are that were uploaded.
    pub(super) fn blobs(&self) -> Result<Arc<dyn BlobStore>, WireError> {
        self.providers.blobs.clone().ok_or_else(|| unsupported::refused("uploads"))
    }

    /// Whoever may write in a room may put a file there.
    async fn check_uploader(&self, asking: &Asking, room: &RoomId) -> Result<(), WireError> {
        if asking.operator {
            let standing = self.providers.storage.standing(room, &asking.user).await;
            let standing = standing.map_err(|error| self.storage_failed(error))?;
            return standing.map(drop).ok_or(ErrorCode::Forbidden.into());
        }
        let standing = self.membership(room, &asking.user).await?;
        policy::may_write(&standing, standing.role.ok_or(ErrorCode::Forbidden)?)
    }

    /// How many bytes there may be: the operator's own are counted with all others alone.
    fn quota(&self, asking: &Asking) -> Quota {
        let user = if asking.operator { u64::MAX } else { self.config.max_user_bytes };
        Quota { user, all: self.config.max_upload_bytes }
    }

    /// Refuses so many bytes more, if they are beyond what there may be.
    pub(super) async fn check_quota(&self, asking: &Asking, size: u64) -> Result<(), WireError> {
        self.check_quota_with(asking, size, size).await
    }

    /// The same for so many bytes more of the user's and of all.
    async fn check_quota_with(&self, asking: &Asking, own: u64, all: u64) -> Result<(), WireError> {
        let used = self.providers.storage.upload_bytes(&asking.user).await;
        let used = used.map_err(|error| self.storage_failed(error))?;
        let quota = self.quota(asking);
        if used.user.saturating_add(own.max(MIN_COUNTED)) > quota.user {
            let why = format!("your files have {} bytes, at most {} are allowed", used.user, quota.user);
            return Err(WireError::new(ErrorCode::TooLarge, why));
        }
        if used.all.saturating_add(all.max(MIN_COUNTED)) > quota.all {
            tracing::warn!(used = used.all, quota = quota.all, "there is no room for more files");
            return Err(no_room());
        }
        Ok(())
    }

    /// Counts a file that is about to be kept.
    async fn open_account(&self, asking: &Asking, account: UploadEntry) -> Result<(), crate::Error> {
        let (now, quota, size) = (self.providers.clock.now(), self.quota(asking), account.size);
        let add = move |storage: SharedStorage| async move { storage.add_upload(now, &account, quota).await };
        match self.write(add).await? {
            // Says whose bytes they are that are too many; if some went meanwhile it may be tried again.
            Err(Refusal::Full) => {
                self.check_quota(asking, size).await?;
                Err(no_room().into())
            }
            opened => Ok(opened?),
        }
    }

    pub(super) fn check_size(&self, size: u64) -> Result<(), WireError> {
        let most = self.config.max_upload;
        if size <= most {
            return Ok(());
        }
        Err(WireError::new(ErrorCode::TooLarge, format!("more than {most} bytes")))
    }
}

/// There are too many files, or no disk for them.
fn no_room() -> WireError {
    let why = "there is no room for files now";
    WireError::new(ErrorCode::StorageUnavailable, why).retry_after_ms(60_000)
}

/// What a client is told of a failure of the store of files.
pub(super) fn refusal(error: &StorageError) -> WireError {
    match error.source.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => no_room(),
        // Somebody has to look at it, who finds the rest in the log.
        _ => {
            let why = "files cannot be kept now";
            WireError::new(ErrorCode::StorageUnavailable, why).retry_after_ms(60_000)
        }
    }
}

/// A file's name as others may see it: the last part of a path, without what hides or turns around its letters.
fn clean(name: &str) -> Result<String, WireError> {
    if name.len() > MAX_FILE_NAME {
        let detail = format!("name: {} bytes, at most {MAX_FILE_NAME} are allowed", name.len());
        return Err(WireError::new(ErrorCode::BadRequest, detail));
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let name: String = last.chars().filter(|c| !hidden(*c)).collect();
    let name = name.trim();
    Ok(if matches!(name, "" | "." | "..") { "file".to_owned() } else { name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_people_see() {
        for (given, kept) in [
            ("plan.png", "plan.png"),
            ("C:\\temp\\plan.png", "plan.png"),
            ("../../etc/passwd", "passwd"),
            ("a/", "file"),
            ("", "file"),
            (" .. ", "file"),
            ("pic\u{202e}gpj.exe", "picgpj.exe"),
            ("a\r\nb\0.txt", "ab.txt"),
            ("Grüße 👍.txt", "Grüße 👍.txt"),
        ] {
            assert_eq!(clean(given).unwrap(), kept, "{given:?}");
        }
        assert_eq!(clean(&"x".repeat(256)).unwrap_err().code, ErrorCode::BadRequest);
    }
}
