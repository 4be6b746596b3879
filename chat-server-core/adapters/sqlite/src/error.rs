//! Why a store cannot be opened, and what failures of SQLite mean to the server.

use std::io;
use std::path::PathBuf;

use chat_server_core::storage::{StorageError, StorageErrorKind};
use rusqlite::types::FromSqlError;
use rusqlite::{Error as SqlError, ErrorCode, ffi};

/// Why a store cannot be opened. Every text names the path, because it is read by the person who starts the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory cannot be made, or nothing can be written into it.
    #[error("data directory {path} cannot be used: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process has the store open, or this one has it open a second time.
    #[error("data directory {path} is in use by process {}", pid.map_or("unknown".to_owned(), |pid| pid.to_string()))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other process, if it could be read.
        pid: Option<u32>,
    },
    /// The file is no database, or a broken one: restore it from a backup.
    #[error("database {path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file is a database of another program.
    #[error("database {path} belongs to another program")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer release has written the database: start that one.
    #[error("database {path} has version {found}, but this program knows versions up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version known.
        known: u32,
    },
    /// SQLite failed for another reason: no space, no permission, too many open files.
    #[error("database {path} cannot be opened: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A failure inside the store, before it is known which operation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// What was read cannot be right.
    #[error("{0}")]
    Corrupt(String),
    /// Not now.
    #[error("{0}")]
    Busy(&'static str),
    #[error("no random bits: {0}")]
    Random(#[from] getrandom::Error),
}

pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

impl From<FromSqlError> for Fault {
    /// A column that holds another type than the schema lets in, or no text.
    fn from(error: FromSqlError) -> Self {
        Fault::Corrupt(error.to_string())
    }
}

impl Fault {
    /// What it means when it happened while reading.
    pub(crate) fn kind_of_read(&self) -> StorageErrorKind {
        match self {
            Fault::Random(_) | Fault::Busy(_) => StorageErrorKind::Unavailable,
            Fault::Corrupt(_) => StorageErrorKind::Corrupt,
            Fault::Sql(SqlError::SqliteFailure(failure, _)) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageErrorKind::Corrupt,
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure => StorageErrorKind::Unavailable,
                _ => StorageErrorKind::Bug,
            },
            // A column that holds another type than the schema lets in.
            Fault::Sql(SqlError::FromSqlConversionFailure(..) | SqlError::IntegralValueOutOfRange(..)) => {
                StorageErrorKind::Corrupt
            }
            Fault::Sql(_) => StorageErrorKind::Bug,
        }
    }

    /// What it means when it happened while writing.
    ///
    /// After a failed write or sync the operating system may have thrown the data away and call the next sync a
    /// success: nobody can know what is on the disk. A failed *read* changes nothing, and a full disk is noticed
    /// before anything is committed.
    pub(crate) fn kind_of_write(&self) -> StorageErrorKind {
        match self {
            Fault::Sql(SqlError::SqliteFailure(failure, _))
                if failure.code == ErrorCode::SystemIoFailure && !is_read(failure.extended_code) =>
            {
                StorageErrorKind::Lost
            }
            other => other.kind_of_read(),
        }
    }

    pub(crate) fn into_read_error(self, operation: &'static str) -> StorageError {
        StorageError::new(self.kind_of_read(), operation, self)
    }
}

fn is_read(extended_code: i32) -> bool {
    matches!(extended_code, ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_NOMEM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: i32, read: StorageErrorKind, write: StorageErrorKind) {
        let fault = Fault::Sql(SqlError::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!((fault.kind_of_read(), fault.kind_of_write()), (read, write), "{fault}");
    }

    #[test]
    fn f07_a_failed_sync_is_a_lost_write() {
        use StorageErrorKind::{Bug, Corrupt, Lost, Unavailable};
        for code in
            [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR]
        {
            check(code, Unavailable, Lost);
        }
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_READONLY, ffi::SQLITE_IOERR_READ] {
            check(code, Unavailable, Unavailable);
        }
        check(ffi::SQLITE_CORRUPT, Corrupt, Corrupt);
        check(ffi::SQLITE_NOTADB, Corrupt, Corrupt);
        check(ffi::SQLITE_CONSTRAINT_UNIQUE, Bug, Bug);
    }
}
