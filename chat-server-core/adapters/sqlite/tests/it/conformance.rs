//! The suite of the storage traits, for every way to sync.

use std::path::Path;

use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use tempfile::TempDir;

fn place() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn open(dir: &Path, synchronous: Synchronous) -> SqliteStore {
    SqliteStore::open(dir, SqliteConfig { synchronous, ..SqliteConfig::default() }).expect("the store opens")
}

mod search {
    use chat_store_sqlite::SqliteSearch;
    chat_server_core::search_conformance!(super::place(), |dir: &tempfile::TempDir| {
        SqliteSearch::open(dir.path()).expect("the index opens")
    });
}

mod full {
    use super::*;
    chat_server_core::storage_conformance!(place(), |dir| open(dir.path(), Synchronous::Full));
}

mod normal {
    use super::*;
    chat_server_core::storage_conformance!(place(), |dir| open(dir.path(), Synchronous::Normal));
}

/// Nothing is remembered, ids are merged at once, one reader, and the log is copied after every commit.
mod tiny {
    use super::*;
    chat_server_core::storage_conformance!(place(), |dir: &TempDir| {
        let config = SqliteConfig {
            synchronous: Synchronous::Off,
            remembered: 0,
            unmerged: 0,
            readers: 1,
            writer_cache: 0,
            checkpoint_pages: 1,
            wal_limit_pages: 2,
            ..SqliteConfig::default()
        };
        SqliteStore::open(dir.path(), config).expect("the store opens")
    });
}
