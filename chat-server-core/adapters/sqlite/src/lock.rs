//! One process per data directory (F12): two would number the same messages differently.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Name of the lock file. It stays behind when the store is closed: removing it would let two processes lock two
/// files of the same name.
const NAME: &str = "LOCK";

/// The right to use a data directory, held until dropped. The operating system takes it from a killed process.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory if it is missing and locks it.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Directory { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(unusable)?;
        // The name of a new directory is durable only when its parent is synced. Where a directory cannot be
        // opened, that is not needed.
        if let Some(parent) = dir.canonicalize().ok().as_deref().and_then(Path::parent)
            && let Ok(parent) = File::open(parent)
        {
            parent.sync_all().ok();
        }
        let path = dir.join(NAME);
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(dir.to_owned(), &mut file)),
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(unusable)?;
        writeln!(file, "{}", std::process::id()).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn in_use(path: PathBuf, file: &mut File) -> OpenError {
    let mut text = String::new();
    // Longer than any process id: who knows what is in the file.
    let pid = file.take(32).read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
    OpenError::InUse { path, pid }
}
