//! The file: how it is opened, brought to the present shape, and told apart from other files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_protocol::Epoch;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error as SqlError, ErrorCode, OpenFlags, OptionalExtension, params};

use crate::client_ids::Tail;
use crate::config::{SqliteConfig, Synchronous};
use crate::error::OpenError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Name of the database in the data directory.
const NAME: &str = "chat.db";

/// What `PRAGMA application_id` says in our databases: "chat".
const APPLICATION: i32 = 0x6368_6174;

/// How long a connection waits for another one's lock. Ours never hold one for long; somebody's `sqlite3` shell may.
const BUSY: Duration = Duration::from_secs(5);

/// The statements of one connection: none is ever compiled twice.
const STATEMENTS: usize = 128;

pub(crate) fn path_in(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// What the database says about itself once it is open.
pub(crate) struct Identity {
    pub(crate) epoch: Epoch,
    /// Secret of the messages' keys.
    pub(crate) secret: [u8; 16],
    /// The greatest `num` that was ever given.
    pub(crate) last_num: u64,
}

/// Opens the writing connection, migrates the database and marks it as in use.
pub(crate) fn open(path: &Path, config: &SqliteConfig) -> Result<(Connection, Identity, Tail), OpenError> {
    let failed = |error| open_error(path, error);
    let mut db = connect(path, config.writer_cache, OpenFlags::default()).map_err(failed)?;
    check_owner(&db, path)?;
    // Full for what follows, whatever the setting: the mark that the store is in use must be durable before the
    // first write that may not be.
    db.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    db.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
    migrate(&mut db, path)?;
    if config.verify {
        verify(&db, path)?;
    }
    let identity = identify(&mut db, config, path)?;
    let tail = Tail::restore(&mut db, identity.last_num, config.unmerged).map_err(failed)?;
    db.pragma_update(None, "synchronous", config.synchronous.pragma()).map_err(failed)?;
    if let Some(bytes) = config.max_size {
        limit_size(&db, bytes).map_err(failed)?;
    }
    Ok((db, identity, tail))
}

/// A connection with the settings that all of ours share.
fn connect(path: &Path, cache: usize, flags: OpenFlags) -> Result<Connection, SqlError> {
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // Negative: KiB instead of pages.
    db.pragma_update(None, "cache_size", -i64::try_from(cache / 1024).unwrap_or(i64::MAX))?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // The build switches it on, but there are no foreign keys to look up.
    db.pragma_update(None, "foreign_keys", false)?;
    // Otherwise the planner looks at the values of parameters, to see whether a partial index would serve, and
    // compiles the statement again whenever they change: measured, 50 us instead of 5 for a view of a room.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // The last connection to be closed would copy the write-ahead log into the database by itself. We do so when all
    // is well; after a failed sync the log must stay as it is for the next start.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(db)
}

/// A connection that only reads.
pub(crate) fn open_reader(path: &Path, cache: usize) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    connect(path, cache, flags).map_err(|error| open_error(path, error))
}

/// A connection for checkpoints. It waits for nobody: a checkpoint that meets a reader is done again later.
pub(crate) fn open_checkpointer(path: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    let failed = |error| open_error(path, error);
    let db = connect(path, 1 << 20, OpenFlags::default()).map_err(failed)?;
    db.busy_timeout(Duration::from_millis(50)).map_err(failed)?;
    db.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
    db.pragma_update(None, "synchronous", synchronous.pragma()).map_err(failed)?;
    Ok(db)
}

/// Bounds the database, in bytes. SQLite never sets the bound below the present size.
pub(crate) fn limit_size(db: &Connection, bytes: u64) -> Result<(), SqlError> {
    let page: u64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    // The pragma answers with the new bound, so it is a query.
    let pages = (bytes / page).clamp(1, u64::from(u32::MAX) - 1);
    db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0)).map(drop)
}

/// Reads the header, and refuses what we have not written.
fn check_owner(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| open_error(path, error);
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if application == APPLICATION {
        return Ok(());
    }
    let tables: u64 =
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application != 0 || tables != 0 {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    db.pragma_update(None, "application_id", APPLICATION).map_err(failed)
}

fn migrate(db: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let runner = embedded::migrations::runner();
    let known = runner.get_migrations().iter().map(|migration| migration.version()).max().unwrap_or(0);
    let known = u32::try_from(known).unwrap_or(0);
    let found = found_version(db).map_err(|error| open_error(path, error))?;
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    match runner.run(db) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            refinery::error::Kind::Connection(..) => {
                Err(OpenError::Database { path: path.to_owned(), source: Box::new(error) })
            }
            _ => Err(OpenError::Damaged { path: path.to_owned(), reason: error.to_string() }),
        },
    }
}

/// The newest migration that the database has seen; 0 for a new one.
fn found_version(db: &Connection) -> Result<u32, SqlError> {
    if !db.table_exists(None, "refinery_schema_history")? {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    db.query_row(newest, [], |row| row.get(0))
}

fn verify(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let found: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| open_error(path, error))?;
    if found == "ok" { Ok(()) } else { Err(OpenError::Damaged { path: path.to_owned(), reason: found }) }
}

/// Reads or makes what is in `meta`, and writes there how this run syncs.
fn identify(db: &mut Connection, config: &SqliteConfig, path: &Path) -> Result<Identity, OpenError> {
    let failed = |error| open_error(path, error);
    let random = || random(path);
    let tx = db.transaction().map_err(failed)?;
    let secret = match meta::<Vec<u8>>(&tx, "key_secret").map_err(failed)? {
        Some(secret) => <[u8; 16]>::try_from(secret).map_err(|_| OpenError::Damaged {
            path: path.to_owned(),
            reason: "the secret of keys is torn".into(),
        })?,
        None => random()?,
    };
    let running: Option<String> = meta(&tx, "running").map_err(failed)?;
    // Commits of a run that was not closed and did not sync each of them may be gone: what clients saw is no
    // longer what is stored. With `FULL` every commit is there.
    let unsure = running.is_some_and(|synchronous| synchronous != Synchronous::Full.pragma());
    let epoch = match meta::<String>(&tx, "epoch").map_err(failed)? {
        Some(epoch) if !unsure && !config.new_epoch => epoch,
        _ => format!("{:016x}", u128::from_be_bytes(random()?) >> 64),
    };
    for (name, value) in [("epoch", epoch.as_str()), ("running", config.synchronous.pragma())] {
        set_meta(&tx, name, value).map_err(failed)?;
    }
    set_meta(&tx, "key_secret", secret).map_err(failed)?;
    let last_num = last_num(&tx).map_err(failed)?;
    tx.commit().map_err(failed)?;
    let epoch = Epoch::new(epoch)
        .map_err(|error| OpenError::Damaged { path: path.to_owned(), reason: format!("epoch: {error}") })?;
    Ok(Identity { epoch, secret, last_num })
}

/// Notes that every commit is on the disk: the next start need not doubt them.
pub(crate) fn mark_closed(db: &Connection, tail: &Tail, last_num: u64) -> Result<(), SqlError> {
    tail.merge_all(db, last_num)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // With other settings the commits so far are only now forced to the disk; the mark must not precede them.
    truncate_wal(db)?;
    db.execute("DELETE FROM meta WHERE name = 'running'", [])?;
    truncate_wal(db)
}

fn truncate_wal(db: &Connection) -> Result<(), SqlError> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn last_num(db: &Connection) -> Result<u64, SqlError> {
    // What a trim deletes is older than its own entry, which stays until the next.
    const GREATEST: &str = "SELECT max(
        coalesce((SELECT max(num) FROM messages), 0),
        coalesce((SELECT max(num) FROM changes), 0))";
    db.query_row(GREATEST, [], |row| row.get(0))
}

pub(crate) fn meta<T: rusqlite::types::FromSql>(db: &Connection, name: &str) -> Result<Option<T>, SqlError> {
    db.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
}

pub(crate) fn set_meta(db: &Connection, name: &str, value: impl rusqlite::ToSql) -> Result<(), SqlError> {
    let upsert =
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
    db.prepare_cached(upsert)?.execute(params![name, value]).map(drop)
}

fn random(path: &Path) -> Result<[u8; 16], OpenError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| OpenError::Database { path: path.to_owned(), source: Box::new(error) })?;
    Ok(bytes)
}

fn open_error(path: &Path, error: SqlError) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path, reason: error.to_string() }
        }
        _ => OpenError::Database { path, source: Box::new(error) },
    }
}
