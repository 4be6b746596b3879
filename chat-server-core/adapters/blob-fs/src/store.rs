//! The store: names become paths, and files appear whole or not at all.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chat_server_core::blob::{BlobBytes, BlobMeta, BlobName, BlobStore, BlobWriter};
use chat_server_core::storage::{StorageError, StorageErrorKind};
use futures::{StreamExt, TryStreamExt};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use crate::error::{OpenError, failed};
use crate::file::{footer, read_meta};

/// Where blobs are written before they get their names. On the same file system, so that a rename is one step.
const UNDER_WAY: &str = "under-way";

/// Name of the lock file; it stays when the store is closed.
const LOCK: &str = "LOCK";

/// How many bytes are read from a file at once: few calls for a film, little memory for a reader that stalls.
const PIECE: usize = 64 * 1024;

/// Blobs in a directory.
#[derive(Debug, Clone)]
pub struct FsBlobs {
    dir: Arc<PathBuf>,
    _lock: Arc<fs::File>,
}

impl FsBlobs {
    /// Opens a directory, made if it is missing, and deletes what was under way when it was used last.
    ///
    /// Blocks while it does so; call it before the server starts.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it open, [`OpenError::Directory`] when it cannot be used.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let dir = dir.into();
        match prepare(&dir) {
            Ok(Some(lock)) => Ok(Self { dir: Arc::new(dir), _lock: Arc::new(lock) }),
            Ok(None) => Err(OpenError::InUse { path: dir }),
            Err(source) => Err(OpenError::Directory { path: dir, source }),
        }
    }

    /// The only place where a name becomes a path: 32 digits, nothing that a client chose.
    fn path(&self, name: &BlobName) -> PathBuf {
        self.dir.join(&name.as_str()[..2]).join(name.as_str())
    }

    async fn find(&self, name: &BlobName) -> Result<Option<File>, StorageError> {
        match File::open(self.path(name)).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("open")(error)),
        }
    }
}

/// Makes, locks and sweeps the directory; `None` when another process has the lock.
fn prepare(dir: &Path) -> io::Result<Option<fs::File>> {
    let under_way = dir.join(UNDER_WAY);
    fs::create_dir_all(&under_way)?;
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(dir.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut swept = 0_u64;
    for entry in fs::read_dir(under_way)? {
        fs::remove_file(entry?.path())?;
        swept += 1;
    }
    if swept > 0 {
        tracing::info!(swept, "uploads that a process left unfinished were deleted");
    }
    Ok(Some(lock))
}

#[async_trait]
impl BlobStore for FsBlobs {
    async fn create(&self, name: &BlobName) -> Result<Box<dyn BlobWriter>, StorageError> {
        let under_way = self.dir.join(UNDER_WAY).join(name.as_str());
        let file = File::options().write(true).create_new(true).open(&under_way).await;
        let file = file.map_err(failed("create"))?;
        Ok(Box::new(FsWriter { file: Some(file), under_way, place: self.path(name), placed: false }))
    }

    async fn meta(&self, name: &BlobName) -> Result<Option<BlobMeta>, StorageError> {
        let Some(mut file) = self.find(name).await? else { return Ok(None) };
        read_meta(&mut file).await.map(Some)
    }

    async fn read(&self, name: &BlobName, range: Range<u64>) -> Result<Option<BlobBytes>, StorageError> {
        let Some(mut file) = self.find(name).await? else { return Ok(None) };
        let size = read_meta(&mut file).await?.size;
        let (start, end) = (range.start.min(size), range.end.min(size));
        file.seek(SeekFrom::Start(start)).await.map_err(failed("read"))?;
        let bytes = ReaderStream::with_capacity(file.take(end.saturating_sub(start)), PIECE);
        Ok(Some(bytes.map_err(failed("read")).boxed()))
    }

    async fn delete(&self, name: &BlobName) -> Result<bool, StorageError> {
        let path = self.path(name);
        let removed = tokio::task::spawn_blocking(move || remove(&path)).await;
        removed.unwrap_or_else(|_| Err(ErrorKind::Interrupted.into())).map_err(failed("delete"))
    }
}

struct FsWriter {
    /// `None` while it rests.
    file: Option<File>,
    /// Where it is written.
    under_way: PathBuf,
    place: PathBuf,
    placed: bool,
}

impl FsWriter {
    /// The file, opened again if it was closed for a rest.
    async fn open(&mut self) -> Result<&mut File, StorageError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::options().append(true).open(&self.under_way).await.map_err(failed("open"))?,
        };
        Ok(self.file.insert(file))
    }
}

#[async_trait]
impl BlobWriter for FsWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.open().await?.write_all(bytes).await.map_err(failed("write"))
    }

    async fn rest(&mut self) -> Result<(), StorageError> {
        // Said here or never: closing a file tells nobody what failed.
        if let Some(mut file) = self.file.take() {
            file.flush().await.map_err(failed("rest"))?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>, meta: BlobMeta) -> Result<(), StorageError> {
        let bug = |error| StorageError::new(StorageErrorKind::Bug, "finish", error);
        self.write(&footer(&meta).map_err(bug)?).await?;
        let file = self.open().await?;
        // Says what writes before it failed to say.
        file.flush().await.map_err(failed("finish"))?;
        file.sync_all().await.map_err(failed("finish"))?;
        let (left, place) = (self.under_way.clone(), self.place.clone());
        let placed = tokio::task::spawn_blocking(move || put(&left, &place)).await;
        let placed = placed.unwrap_or_else(|_| Err(ErrorKind::Interrupted.into()));
        self.placed = placed.is_ok();
        placed.map_err(failed("finish"))
    }
}

/// Gives a synced file its place, durably.
fn put(left: &Path, place: &Path) -> io::Result<()> {
    let folder = place.parent().ok_or(ErrorKind::InvalidInput)?;
    match fs::create_dir(folder) {
        // The name of a new folder is durable when the one around it is synced.
        Ok(()) => sync_folder(folder.parent().ok_or(ErrorKind::InvalidInput)?)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // A rename replaces what has the name. Nobody else can give it in between: the file under way was made as a new
    // one, in a directory that no other process uses.
    if place.try_exists()? {
        return Err(ErrorKind::AlreadyExists.into());
    }
    fs::rename(left, place)?;
    if let Err(error) = sync_folder(folder) {
        // Nobody was told of it: better no blob than one that a power cut may take.
        fs::remove_file(place).ok();
        return Err(error);
    }
    Ok(())
}

/// Removes a file, durably: who hears of it strikes it off, and nobody would ever look for it again.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path.parent().ok_or(ErrorKind::InvalidInput)?).map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // Where a folder cannot be opened as a file, its names are durable by themselves.
    fs::File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

impl Drop for FsWriter {
    fn drop(&mut self) {
        if self.placed {
            return;
        }
        // One call of the system; there is no waiting in a drop, and the file must not stay until the next start.
        match fs::remove_file(&self.under_way) {
            // It had its place for a moment.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, path = %self.under_way.display(), "an unfinished upload stays until the next start");
            }
            Ok(()) => {}
        }
    }
}
