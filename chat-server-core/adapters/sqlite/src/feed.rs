//! All rooms' logs as one: `messages` and `changes` merged by `num`, which both have as their row number.
//!
//! What is damaged is named in the log and passed over: whoever reads the feed serves all rooms, and one flipped bit must not
//! keep all others from being pushed, posted and indexed.
//!
//! There is one writer, and it numbers and commits one transaction after the other: no number ever becomes visible after a
//! greater one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chat_protocol::{RoomId, RoomKind};
use chat_server_core::storage::{ChangeFeed, FeedEntry, LogEntry, StorageError};
use rusqlite::{Connection, OptionalExtension, params};

use crate::codec::Code;
use crate::entry;
use crate::error::{Fault, Result};
use crate::message::{self, Senders, columns};
use crate::number::Id;
use crate::store::{ANYWHERE, SqliteStore};

/// The rooms of one page, each looked up once.
struct Rooms<'c> {
    db: &'c Connection,
    known: BTreeMap<i64, (RoomId, RoomKind)>,
}

impl Rooms<'_> {
    fn get(&mut self, room: i64) -> Result<(RoomId, RoomKind)> {
        if let Some((id, kind)) = self.known.get(&room) {
            return Ok((id.clone(), *kind));
        }
        let mut select = self.db.prepare_cached("SELECT id, kind FROM rooms WHERE ref = ?1")?;
        let (id, kind): (String, u8) = select.query_row([room], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (id, kind) = (RoomId::read(&id)?, RoomKind::decode(kind)?);
        self.known.insert(room, (id.clone(), kind));
        Ok((id, kind))
    }
}

fn feed(db: &Connection, after: u64, limit: usize) -> Result<Vec<FeedEntry>> {
    let mut rooms = Rooms { db, known: BTreeMap::new() };
    let mut entries = changes(db, &mut rooms, after, limit)?;
    entries.extend(messages(db, &mut rooms, after, limit)?);
    // Two sorted runs: the sort finds them and merges.
    entries.sort_by_key(|entry| entry.num);
    entries.truncate(limit);
    Ok(entries)
}

fn messages(db: &Connection, rooms: &mut Rooms<'_>, after: u64, limit: usize) -> Result<Vec<FeedEntry>> {
    const SELECT: &str =
        concat!("SELECT ", columns!(), ", room_ref FROM messages WHERE num > ?1 ORDER BY num");
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([after])?;
    let (mut page, mut senders) = (Vec::new(), Senders::new(db));
    while page.len() < limit
        && let Some(row) = rows.next()?
    {
        let mut read = || {
            let room_ref = row.get("room_ref")?;
            let (room, _) = rooms.get(room_ref)?;
            let stored = message::read(row, room_ref, &room, &mut senders)?;
            Ok(FeedEntry { num: stored.num, room, entry: LogEntry::Message(stored) })
        };
        page.extend(sound(read())?);
    }
    Ok(page)
}

/// What was read, or nothing if it is damaged: it is named then.
fn sound(read: Result<FeedEntry>) -> Result<Option<FeedEntry>> {
    match read {
        Err(fault @ Fault::Corrupt(_)) => {
            tracing::error!(%fault, "an entry is damaged; whoever reads all rooms goes on without it");
            Ok(None)
        }
        read => read.map(Some),
    }
}

fn changes(db: &Connection, rooms: &mut Rooms<'_>, after: u64, limit: usize) -> Result<Vec<FeedEntry>> {
    const SELECT: &str = "SELECT c.offset, c.kind, c.role, c.seq, c.body, c.ts, b.id, u.id, c.num, c.room_ref
        FROM changes c JOIN users b ON b.ref = c.by_ref LEFT JOIN users u ON u.ref = c.user_ref
        WHERE c.num > ?1 ORDER BY c.num";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([after])?;
    let mut page = Vec::new();
    while page.len() < limit
        && let Some(row) = rows.next()?
    {
        let mut read = || {
            let (num, room_ref) = (row.get(8)?, row.get(9)?);
            let (room, kind) = rooms.get(room_ref)?;
            let entry = entry::decode(db, row, (room_ref, &room, kind))?;
            Ok(FeedEntry { num, room, entry })
        };
        page.extend(sound(read())?);
    }
    Ok(page)
}

fn head(db: &Connection) -> Result<u64> {
    const HEAD: &str = "SELECT max(coalesce((SELECT max(num) FROM messages), 0),
        coalesce((SELECT max(num) FROM changes), 0))";
    Ok(db.prepare_cached(HEAD)?.query_row([], |row| row.get(0))?)
}

fn position(db: &Connection, reader: &str) -> Result<Option<u64>> {
    let mut select = db.prepare_cached("SELECT num FROM positions WHERE reader = ?1")?;
    Ok(select.query_row([reader], |row| row.get(0)).optional()?)
}

#[async_trait]
impl ChangeFeed for SqliteStore {
    async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedEntry>, StorageError> {
        self.readers.read("feed", ANYWHERE, move |db| feed(db, after, limit)).await
    }

    async fn feed_head(&self) -> Result<u64, StorageError> {
        self.readers.read("feed_head", 2, head).await
    }

    async fn position(&self, reader: &str) -> Result<Option<u64>, StorageError> {
        let reader = reader.to_owned();
        self.readers.read("position", 1, move |db| position(db, &reader)).await
    }

    async fn set_position(&self, reader: &str, num: u64) -> Result<(), StorageError> {
        const UPSERT: &str = "INSERT INTO positions (reader, num) VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET num = excluded.num";
        self.write("set_position", |tx| Ok(tx.statement(UPSERT)?.execute(params![reader, num])?))?;
        Ok(())
    }
}
