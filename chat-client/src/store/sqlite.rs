//! The outbox in a file of SQLite.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_protocol::UserId;
use futures::future::{BoxFuture, FutureExt};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Change, ClientStore, StoreError, Stored, StoredSend};

/// How long opening waits for another process that lets go of the file.
const BUSY: Duration = Duration::from_secs(2);

/// What the file holds, told by its `user_version`: a file of a newer version is not touched.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE owner (one INTEGER PRIMARY KEY CHECK (one = 1), user TEXT NOT NULL);
    CREATE TABLE sends (place INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
";

/// Keeps the outbox in one file, which is made if it does not exist. What [`apply`](ClientStore::apply) has written outlives a
/// killed process and a power cut.
///
/// One client at a time: the file is locked while it is open, because two that send the same messages would be told different
/// things about them. Messages are in it as they are, unencrypted: put it where only the user reads.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use chat_client::Client;
/// use chat_client::store::sqlite::SqliteStore;
/// let store = SqliteStore::open("outbox.sqlite")?;
/// let client = Client::builder("ws://127.0.0.1:8080/v1/ws").token("dev-alice").store(store).start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    /// Used by one blocking task at a time; the lock is held for one transaction.
    connection: Arc<Mutex<Connection>>,
}

impl SqliteStore {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened or made, is no such file or damaged, belongs to a newer version, or is open
    /// elsewhere.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let told = |error: rusqlite::Error| StoreError(format!("cannot open {}: {error}", path.display()));
        let mut connection = Connection::open(path).map_err(told)?;
        connection.busy_timeout(BUSY).map_err(told)?;
        // One process, one writer: the lock keeps others out, and one file is easier to move than three.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(told)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(told)?;
        let version: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(told)?;
        match version {
            VERSION => {}
            0 if !is_empty(&connection).map_err(told)? => {
                return Err(StoreError(format!("{} is another application's", path.display())));
            }
            0 => make(&mut connection).map_err(told)?,
            newer => {
                let text = format!("{} is of version {newer}, and this is {VERSION}", path.display());
                return Err(StoreError(text));
            }
        }
        check(&connection).map_err(told)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Does something with the file where blocking is allowed.
    fn with<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let connection = self.connection.clone();
        let task = move || work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner));
        async move {
            let done = tokio::task::spawn_blocking(task).await;
            done.unwrap_or_else(|error| Err(StoreError(format!("cannot {what}: {error}"))))
        }
        .boxed()
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_master)", [], |row| row.get(0))
}

fn make(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Takes the lock, and finds out whether the file can be read.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(code, Some(format!("the file is damaged: {found}"))))
}

impl ClientStore for SqliteStore {
    fn load(&self) -> BoxFuture<'_, Result<Stored, StoreError>> {
        self.with("read", |connection| {
            read(connection).map_err(|error| StoreError(format!("cannot read: {error}")))
        })
    }

    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), StoreError>> {
        let changes = changes.to_vec();
        self.with("write", move |connection| {
            write(connection, &changes).map_err(|error| StoreError(format!("cannot write: {error}")))
        })
    }
}

/// A row that cannot be understood.
fn odd(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

fn read(connection: &Connection) -> rusqlite::Result<Stored> {
    let user: Option<String> =
        connection.query_row("SELECT user FROM owner", [], |row| row.get(0)).optional()?;
    let user = user.map(UserId::new).transpose().map_err(odd)?;
    let mut rows = connection.prepare("SELECT body FROM sends ORDER BY place")?;
    let sends = rows.query_map([], |row| {
        let body: String = row.get(0)?;
        serde_json::from_str::<StoredSend>(&body).map_err(odd)
    })?;
    Ok(Stored { user, sends: sends.collect::<rusqlite::Result<_>>()? })
}

fn write(connection: &mut Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for change in changes {
        match change {
            Change::User(user) => {
                transaction.execute("INSERT OR REPLACE INTO owner VALUES (1, ?1)", [user.as_str()])?;
            }
            Change::Put(send) => {
                let body = serde_json::to_string(send).map_err(odd)?;
                let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO sends VALUES (?1, ?2)")?;
                put.execute(params![send.order, body])?;
            }
            Change::Remove(order) => {
                transaction.prepare_cached("DELETE FROM sends WHERE place = ?1")?.execute([order])?;
            }
        }
    }
    transaction.commit()
}
