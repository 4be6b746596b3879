//! What can go wrong with a directory.

use std::io;
use std::path::PathBuf;

use chat_server_core::storage::{StorageError, StorageErrorKind};

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be made, read or written.
    #[error("{path}: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process uses it: it would lose what is under way there.
    #[error("{path} is in use by another process")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}

/// A failed operation. Nothing of a blob is relied on before all of it is synced, so that every failure may pass.
pub(crate) fn failed(operation: &'static str) -> impl Fn(io::Error) -> StorageError {
    move |error| StorageError::new(StorageErrorKind::Unavailable, operation, error)
}

/// A file that cannot be a blob.
pub(crate) fn corrupt(operation: &'static str, why: &'static str) -> StorageError {
    StorageError::new(StorageErrorKind::Corrupt, operation, why)
}
