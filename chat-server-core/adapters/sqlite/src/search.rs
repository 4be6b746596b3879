//! The words of messages, in a database of their own.
//!
//! Not in that of the messages: a commit of words would keep the one writer there from storing messages, and what can be
//! made again needs no sync. The file may be deleted while the server is stopped; the next start makes it anew. One that is
//! found to be damaged is made anew at once, and filled from the feed again.
//!
//! Rooms and authors are words too, in columns of their own: so the full-text index itself finds the common ones of room
//! and text, and a search costs what it finds, not what other rooms say.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chat_protocol::{Epoch, RoomId, Seq, UserId};
use chat_server_core::search::{IndexChange, SearchHit, SearchIndex, SearchQuery, spaced};
use chat_server_core::storage::{StorageError, StorageErrorKind};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::Mutex;

use crate::error::{Fault, OpenError, Result};

/// Name of the database in the data directory.
const NAME: &str = "search.db";

/// Shape of the tables: another number in the file, and all is made anew.
const SHAPE: i32 = 2;

/// `words` keeps no text, only where words are; `detail=full` for phrases. Marks belong to words: without them the vowels of
/// Thai and Hindi would separate letters.
const TABLES: &str = r#"
CREATE TABLE state (epoch TEXT NOT NULL, position INTEGER NOT NULL);
INSERT INTO state VALUES ('', 0);
-- Rooms and users under small numbers.
CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- All messages, also those without words: an edit may give them some.
CREATE TABLE messages (num INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL, user INTEGER NOT NULL);
CREATE UNIQUE INDEX messages_place ON messages (room, seq);
CREATE VIRTUAL TABLE words USING fts5 (
    room, author, text,
    content = '', contentless_delete = 1, detail = full,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
"#;

const FIND: &str = "
SELECT words.rowid, rooms.name, messages.seq
FROM words JOIN messages ON messages.num = words.rowid JOIN rooms ON rooms.id = messages.room
WHERE words MATCH ?1 AND words.rowid < ?2
ORDER BY words.rowid DESC LIMIT ?3";

/// An index of words in SQLite's FTS5. A word is a run of letters and digits, without regard to case and accents; of what is
/// written without spaces, as Chinese is, each character is a word ([`spaced`]).
#[derive(Debug, Clone)]
pub struct SqliteSearch(Arc<Index>);

/// Connections are locked before a thread that may block is taken: those who wait for one must not hold all such threads, which
/// the store needs too.
#[derive(Debug)]
struct Index {
    path: PathBuf,
    /// Written to by the one task that feeds the index.
    writer: Arc<Mutex<Connection>>,
    /// Searched with, so that a search does not wait for a batch.
    reader: Arc<Mutex<Connection>>,
    /// It was made anew, and who feeds it has not asked yet where to begin.
    is_new: AtomicBool,
}

impl SqliteSearch {
    /// Opens the index in a data directory, next to the messages that it is of; an index of another shape, or a broken one,
    /// is made anew and empty.
    ///
    /// Open the [`SqliteStore`](crate::SqliteStore) of the directory before: it keeps other processes away.
    ///
    /// # Errors
    /// [`OpenError::Database`] when the file cannot be made or written.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = dir.as_ref().join(NAME);
        let failed = |source: Fault| OpenError::Database { path: path.clone(), source: source.into() };
        std::fs::create_dir_all(&dir)
            .map_err(|source| OpenError::Directory { path: dir.as_ref().to_owned(), source })?;
        let writer = match open_writer(&path) {
            Ok(Some(writer)) => writer,
            stale => {
                if let Err(error) = stale {
                    tracing::warn!(%error, path = %path.display(), "the index of words is broken and made anew");
                }
                make(&path).map_err(failed)?
            }
        };
        let reader = connect(&path).map_err(failed)?;
        let [writer, reader] = [writer, reader].map(|db| Arc::new(Mutex::new(db)));
        Ok(Self(Arc::new(Index { path, writer, reader, is_new: AtomicBool::new(false) })))
    }
}

impl Index {
    /// Does the work on a thread that may block.
    async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        db: &Arc<Mutex<Connection>>,
        operation: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        let mut db = db.clone().lock_owned().await;
        let done = tokio::task::spawn_blocking(move || work(&mut db)).await;
        let done = done.map_err(|error| StorageError::new(StorageErrorKind::Bug, operation, error))?;
        let failure = match done {
            Ok(done) => return Ok(done),
            Err(fault) => fault.into_read_error(operation),
        };
        if failure.kind == StorageErrorKind::Corrupt {
            tracing::error!(error = %failure, path = %self.path.display(), "the index of words is damaged and made anew");
            self.make_anew().await?;
        }
        Err(failure)
    }

    /// Puts an empty index in the place of a damaged one.
    async fn make_anew(self: &Arc<Self>) -> Result<(), StorageError> {
        let mut writer = self.writer.clone().lock_owned().await;
        let mut reader = self.reader.clone().lock_owned().await;
        let index = self.clone();
        let made = move || -> Result<()> {
            // Both let go of the file before it is deleted.
            (*writer, *reader) = (Connection::open_in_memory()?, Connection::open_in_memory()?);
            *writer = make(&index.path)?;
            *reader = connect(&index.path)?;
            index.is_new.store(true, Ordering::Release);
            Ok(())
        };
        let made = tokio::task::spawn_blocking(made).await;
        let made = made.map_err(|error| StorageError::new(StorageErrorKind::Bug, "make", error))?;
        made.map_err(|fault| fault.into_read_error("make"))
    }
}

/// The database, when it is there in the present shape.
fn open_writer(path: &Path) -> Result<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let db = connect(path)?;
    let shape: i32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    db.query_row("SELECT count(*) FROM state", [], |_| Ok(()))?;
    Ok((shape == SHAPE).then_some(db))
}

/// An empty one, in place of what is there.
fn make(path: &Path) -> Result<Connection> {
    for ending in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{ending}", path.display())).ok();
    }
    let mut db = connect(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    let made = db.transaction()?;
    made.execute_batch(TABLES)?;
    made.pragma_update(None, "user_version", SHAPE)?;
    made.commit()?;
    Ok(db)
}

fn connect(path: &Path) -> Result<Connection> {
    let db = Connection::open(path)?;
    // A power cut may take the last batches, with the position that says so.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "foreign_keys", false)?;
    Ok(db)
}

#[async_trait]
impl SearchIndex for SqliteSearch {
    async fn position(&self, epoch: &Epoch) -> Result<u64, StorageError> {
        let epoch = epoch.to_string();
        self.0.is_new.store(false, Ordering::Release);
        self.0.with(&self.0.writer, "position", move |db| position(db, &epoch)).await
    }

    async fn index(&self, changes: &[IndexChange], position: u64) -> Result<(), StorageError> {
        let (changes, index) = (changes.to_vec(), self.0.clone());
        let take_all = move |db: &mut Connection| {
            if index.is_new.load(Ordering::Acquire) {
                return Err(Fault::Busy("it was made anew: ask where to begin"));
            }
            let tx = db.transaction()?;
            let indexed = tx.query_row("SELECT position FROM state", [], |row| row.get(0))?;
            let mut batch = Batch { db: &tx, indexed, rooms: HashMap::new(), users: HashMap::new() };
            changes.iter().try_for_each(|change| batch.take(change))?;
            tx.execute("UPDATE state SET position = ?1", [position])?;
            Ok(tx.commit()?)
        };
        self.0.with(&self.0.writer, "index", take_all).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, StorageError> {
        let query = query.clone();
        self.0.with(&self.0.reader, "search", move |db| search(db, &query)).await
    }
}

fn position(db: &mut Connection, epoch: &str) -> Result<u64> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    let (of, position) = db.query_row("SELECT epoch, position FROM state", [], read)?;
    if of == epoch {
        return Ok(position);
    }
    let emptied = db.transaction()?;
    emptied.execute_batch("INSERT INTO words (words) VALUES ('delete-all'); DELETE FROM messages;")?;
    emptied.execute("UPDATE state SET epoch = ?1, position = 0", [epoch])?;
    emptied.commit()?;
    Ok(0)
}

/// What is indexed with one commit.
struct Batch<'b> {
    db: &'b Transaction<'b>,
    /// What is behind this number has no words yet.
    indexed: u64,
    rooms: HashMap<&'b str, i64>,
    users: HashMap<&'b str, i64>,
}

impl<'b> Batch<'b> {
    fn take(&mut self, change: &'b IndexChange) -> Result<()> {
        match change {
            IndexChange::Put { num, room, seq, from, text } => {
                let room = number(self.db, &mut self.rooms, "rooms", room.as_str())?;
                let user = number(self.db, &mut self.users, "users", from.as_str())?;
                let mut put =
                    self.db.prepare_cached("INSERT OR REPLACE INTO messages VALUES (?1, ?2, ?3, ?4)")?;
                put.execute(params![num, room, seq.get(), user])?;
                if *num <= self.indexed {
                    self.unsay(*num)?;
                }
                self.say(*num, room, user, text)
            }
            IndexChange::Edit { room, seq, text } => match self.find(room, *seq)? {
                Some((num, room, user)) => {
                    self.unsay(num)?;
                    self.say(num, room, user, text)
                }
                None => Ok(()),
            },
            IndexChange::Remove { room, seq } => match self.find(room, *seq)? {
                Some((num, ..)) => self.forget(num),
                None => Ok(()),
            },
            IndexChange::Trim { room, oldest } => self.trim(room, *oldest),
        }
    }

    fn trim(&self, room: &RoomId, oldest: Seq) -> Result<()> {
        let mut older = self.db.prepare_cached(
            "SELECT num FROM messages WHERE room = (SELECT id FROM rooms WHERE name = ?1) AND seq < ?2",
        )?;
        let nums = older.query_map(params![room.as_str(), oldest.get()], |row| row.get(0))?;
        let nums: Vec<u64> = nums.collect::<Result<_, _>>()?;
        nums.into_iter().try_for_each(|num| self.forget(num))
    }

    /// Number, room and author of a message.
    fn find(&self, room: &RoomId, seq: Seq) -> Result<Option<(u64, i64, i64)>> {
        let mut found = self.db.prepare_cached(
            "SELECT num, room, user FROM messages WHERE room = (SELECT id FROM rooms WHERE name = ?1) AND seq = ?2",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        Ok(found.query_row(params![room.as_str(), seq.get()], read).optional()?)
    }

    fn say(&self, num: u64, room: i64, user: i64, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut said = self
            .db
            .prepare_cached("INSERT INTO words (rowid, room, author, text) VALUES (?1, ?2, ?3, ?4)")?;
        said.execute(params![num, format!("r{room}"), format!("u{user}"), spaced(text)])?;
        Ok(())
    }

    fn unsay(&self, num: u64) -> Result<()> {
        self.db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([num])?;
        Ok(())
    }

    fn forget(&self, num: u64) -> Result<()> {
        self.unsay(num)?;
        self.db.prepare_cached("DELETE FROM messages WHERE num = ?1")?.execute([num])?;
        Ok(())
    }
}

/// The number that stands for a room or a user.
fn number<'b>(
    db: &Transaction<'_>,
    numbers: &mut HashMap<&'b str, i64>,
    table: &str,
    name: &'b str,
) -> Result<i64> {
    if let Some(id) = numbers.get(name) {
        return Ok(*id);
    }
    let id = match known(db, table, name)? {
        Some(id) => id,
        None => {
            db.prepare_cached(&format!("INSERT INTO {table} (name) VALUES (?1)"))?.execute([name])?;
            db.last_insert_rowid()
        }
    };
    numbers.insert(name, id);
    Ok(id)
}

fn search(db: &mut Connection, query: &SearchQuery) -> Result<Vec<SearchHit>> {
    let Some(expression) = expression(db, query)? else { return Ok(Vec::new()) };
    let before = query.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut found = db.prepare_cached(FIND)?;
    let rows = found.query_map(params![expression, before, limit], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, u64>(2)?))
    })?;
    let hit = |(num, room, seq): (u64, String, u64)| {
        let corrupt = || Fault::Corrupt(format!("message {num} of the index has no place"));
        let room = RoomId::new(room).map_err(|_| corrupt())?;
        Ok(SearchHit { num, room, seq: Seq::new(seq).ok_or_else(corrupt)? })
    };
    rows.map(|row| hit(row?)).collect()
}

/// The query in the language of FTS5; `None` when nothing can be found. Whatever a user typed stands in quotes, where only
/// the quote itself means something, and that is doubled.
fn expression(db: &Connection, query: &SearchQuery) -> Result<Option<String>> {
    let rooms = query.rooms.iter().map(|room| known(db, "rooms", room.as_str()));
    let rooms: Vec<_> =
        rooms.filter_map(Result::transpose).map(|id| Ok(format!("r{}", id?))).collect::<Result<_>>()?;
    let phrases = query.phrases.iter().map(|phrase| spaced(phrase).replace('"', "\"\"").replace('\0', " "));
    let phrases: Vec<_> = phrases.map(|phrase| format!("\"{phrase}\"")).collect();
    if rooms.is_empty() || !query.phrases.iter().any(|phrase| phrase.chars().any(char::is_alphanumeric)) {
        return Ok(None);
    }
    // Side by side means `AND`, and what has no word is left out then.
    let mut expression = format!("text : ({}) AND room : ({})", phrases.join(" "), rooms.join(" OR "));
    if let Some(from) = &query.from {
        let Some(author) = author(db, from)? else { return Ok(None) };
        expression.push_str(&format!(" AND author : u{author}"));
    }
    Ok(Some(expression))
}

fn author(db: &Connection, user: &UserId) -> Result<Option<i64>> {
    known(db, "users", user.as_str())
}

fn known(db: &Connection, table: &str, name: &str) -> Result<Option<i64>> {
    let mut known = db.prepare_cached(&format!("SELECT id FROM {table} WHERE name = ?1"))?;
    Ok(known.query_row([name], |row| row.get(0)).optional()?)
}

#[cfg(test)]
#[path = "search/tests.rs"]
mod tests;
