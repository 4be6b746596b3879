//! One concrete error for every store: the room logic decides on its kind, never on its text.

use std::error::Error as StdError;

/// What a failure of a store means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// Not now: busy, out of space, out of connections. Later it may work again without a restart.
    Unavailable,
    /// The store gave something that cannot be right.
    Corrupt,
    /// A write may or may not have reached the disk, and nobody can know: no further write is accepted until a
    /// restart has read what is there.
    Lost,
    /// A fault of the implementation.
    Bug,
}

/// A failure of a store.
#[derive(Debug, thiserror::Error)]
#[error("storage {operation}: {source}")]
pub struct StorageError {
    /// What it means.
    pub kind: StorageErrorKind,
    /// Which operation failed, for example `append`.
    pub operation: &'static str,
    /// What the driver said.
    pub source: Box<dyn StdError + Send + Sync>,
}

impl StorageError {
    /// A failure of `operation`.
    pub fn new(
        kind: StorageErrorKind,
        operation: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind, operation, source: source.into() }
    }

    /// Whether it may be the fault of one change of a batch: the others can be stored without it.
    pub(crate) fn may_be_of_one(&self) -> bool {
        matches!(self.kind, StorageErrorKind::Corrupt | StorageErrorKind::Bug)
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.kind == StorageErrorKind::Unavailable
    }
}
