//! The one writing connection and its transactions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chat_protocol::{Access, MAX_SAFE, Role, RoomId, RoomKind, Timestamp, UserId};
use chat_server_core::storage::{StorageError, StorageErrorKind};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::cache::Recent;
use crate::client_ids::{self, ClientId, Merge, Tail};
use crate::codec::Code;
use crate::database::{self, Identity};
use crate::error::{Fault, Result};
use crate::key::Keys;
use crate::sent::{self, Sent};

/// The row of a room, without what only readers need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) room: i64,
    pub(crate) kind: RoomKind,
    pub(crate) access: Access,
    pub(crate) access_version: u64,
    pub(crate) seq: u64,
    pub(crate) offset: u64,
    pub(crate) ordinal: u64,
    pub(crate) changes: u64,
    pub(crate) members: u64,
    pub(crate) ts: Timestamp,
    pub(crate) active: u64,
}

/// A user's number, and the head of its log once that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserRow {
    pub(crate) user: i64,
    pub(crate) log_head: Option<u64>,
}

/// What is known of rows that were read or written lately. This process owns the database, so it is always true; it
/// changes only after a commit, from the working copies in a [`Batch`].
struct Known {
    rooms: Recent<RoomId, Head>,
    users: Recent<UserId, UserRow>,
    /// By sender and room.
    sent: Recent<(i64, i64), Sent>,
    /// Whether `idempotency` may hold something. Whatever purges messages must set it before it does; that it stays
    /// set when the purge is taken back costs a look-up per message and nothing else.
    purged: bool,
    /// Client ids that are not in the database yet. Unlike the rest, never forgotten.
    tail: Tail,
}

/// The writing connection.
pub(crate) struct Writer {
    /// `None` once the store is closed.
    db: Option<Connection>,
    known: Known,
    keys: Keys,
    /// The greatest number that a change has.
    last_num: u64,
    /// A write may or may not have reached the disk: nothing more is written by this process.
    lost: bool,
}

/// One transaction: the connection, and working copies of the rows that it touches. Nothing of it is remembered unless
/// it is committed.
pub(crate) struct Batch<'w> {
    pub(crate) db: &'w Connection,
    known: &'w mut Known,
    keys: &'w mut Keys,
    last_num: u64,
    /// Rooms that the batch looked at, and what it did to them.
    rooms: HashMap<RoomId, (Head, Touched)>,
    users: HashMap<UserId, UserRow>,
    sent: HashMap<(i64, i64), Sent>,
    /// Client ids of the batch's own messages.
    ids: HashMap<ClientId, u64>,
    /// Memberships that changed, in order.
    pub(crate) roles: Vec<(RoomId, UserId, Option<Role>)>,
}

/// What a batch did to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    /// It looked at it.
    No,
    /// It stored messages, which hold the room's new head themselves.
    Messages,
    /// It changed what only the room's row holds.
    Row,
}

/// What others must be told after a commit.
pub(crate) struct Committed {
    pub(crate) rooms: Vec<(RoomId, Head)>,
    pub(crate) roles: Vec<(RoomId, UserId, Option<Role>)>,
}

impl Writer {
    pub(crate) fn new(db: Connection, identity: &Identity, tail: Tail, remembered: usize) -> Self {
        let known = Known {
            rooms: Recent::new(remembered),
            users: Recent::new(remembered),
            sent: Recent::new(remembered),
            purged: identity.purged,
            tail,
        };
        let keys = Keys::new(identity.secret);
        Self { db: Some(db), known, keys, last_num: identity.last_num, lost: false }
    }

    /// Runs `work` in one transaction and commits it.
    pub(crate) fn transact<T>(
        &mut self,
        operation: &'static str,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T>,
    ) -> Result<(T, Committed), StorageError> {
        let refuse = |kind, why: &str| StorageError::new(kind, operation, why.to_owned());
        if self.lost {
            return Err(refuse(StorageErrorKind::Lost, "an earlier write may be lost: restart"));
        }
        let Some(db) = &self.db else {
            return Err(refuse(StorageErrorKind::Unavailable, "the store is closed"));
        };
        match attempt(db, &mut self.known, &mut self.keys, self.last_num, work) {
            Ok((done, committed, last_num)) => {
                self.last_num = last_num;
                Ok((done, committed))
            }
            Err(fault) => Err(self.failed(operation, fault)),
        }
    }

    /// Takes everything back. What cannot be taken back makes the writer stop for good.
    fn failed(&mut self, operation: &'static str, fault: Fault) -> StorageError {
        let mut kind = fault.kind_of_write();
        self.known.rooms.clear();
        self.known.users.clear();
        self.known.sent.clear();
        if self.db.as_ref().is_some_and(|db| roll_back(db).is_err()) {
            kind = StorageErrorKind::Lost;
        }
        self.lost |= kind == StorageErrorKind::Lost;
        StorageError::new(kind, operation, fault)
    }

    /// Something outside of a transaction showed that writes may be lost.
    pub(crate) fn lose(&mut self) {
        self.lost = true;
    }

    /// Gives the connection up; all is noted to be well unless a write may be lost.
    pub(crate) fn close(&mut self) -> rusqlite::Result<()> {
        match self.db.take() {
            Some(db) if !self.lost => database::mark_closed(&db, &self.known.tail, self.last_num),
            Some(_) | None => Ok(()),
        }
    }

    #[cfg(test)]
    pub(crate) fn tail(&self) -> &Tail {
        &self.known.tail
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        self.db.as_ref().expect("not closed")
    }
}

fn attempt<T>(
    db: &Connection,
    known: &mut Known,
    keys: &mut Keys,
    last_num: u64,
    work: impl FnOnce(&mut Batch<'_>) -> Result<T>,
) -> Result<(T, Committed, u64)> {
    // A panic in an earlier transaction may have left it open.
    roll_back(db)?;
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let (rooms, users, sent, ids) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
    let mut batch = Batch { db, known, keys, last_num, rooms, users, sent, ids, roles: Vec::new() };
    let done = work(&mut batch)?;
    batch.write_heads()?;
    let merge = batch.known.tail.merge(db, batch.last_num)?;
    db.prepare_cached("COMMIT")?.execute([])?;
    let last_num = batch.last_num;
    Ok((done, batch.remember(merge), last_num))
}

fn roll_back(db: &Connection) -> rusqlite::Result<()> {
    // Many errors have rolled back by themselves.
    if db.is_autocommit() { Ok(()) } else { db.execute_batch("ROLLBACK") }
}

impl Batch<'_> {
    pub(crate) fn statement(&self, sql: &str) -> Result<CachedStatement<'_>> {
        Ok(self.db.prepare_cached(sql)?)
    }

    /// Whether there may be answers to messages that were purged.
    pub(crate) fn purged(&self) -> bool {
        self.known.purged
    }

    /// The next number of a change, for a message its `num`.
    pub(crate) fn next_num(&mut self) -> u64 {
        self.last_num += 1;
        assert!(self.last_num <= MAX_SAFE, "the last number was reached");
        self.last_num
    }

    pub(crate) fn key_of(&mut self, num: u64) -> Result<u128> {
        self.keys.of(num)
    }

    /// The room as the batch has left it so far.
    pub(crate) fn room(&mut self, id: &RoomId) -> Result<Option<Head>> {
        if let Some((head, _)) = self.rooms.get(id) {
            return Ok(Some(*head));
        }
        let head = match self.known.rooms.get(id) {
            Some(head) => Some(head),
            None => read_head(self.db, id)?,
        };
        if let Some(head) = head {
            self.rooms.insert(id.clone(), (head, Touched::No));
        }
        Ok(head)
    }

    /// Notes the head after a message.
    pub(crate) fn move_head(&mut self, id: &RoomId, head: Head) {
        self.touch(id, head, Touched::Messages);
    }

    /// Notes a change of the room, to be written once at the end of the batch.
    pub(crate) fn change_room(&mut self, id: &RoomId, head: Head) {
        self.touch(id, head, Touched::Row);
    }

    fn touch(&mut self, id: &RoomId, head: Head, touched: Touched) {
        match self.rooms.get_mut(id) {
            Some(room) => *room = (head, room.1.max(touched)),
            None => drop(self.rooms.insert(id.clone(), (head, touched))),
        }
    }

    /// The user, if it was ever heard of.
    pub(crate) fn user(&mut self, id: &UserId) -> Result<Option<UserRow>> {
        if let Some(row) = self.users.get(id) {
            return Ok(Some(*row));
        }
        let row = match self.known.users.get(id) {
            Some(row) => Some(row),
            None => {
                let found = self.statement("SELECT ref FROM users WHERE id = ?1")?;
                let user = { found }.query_row([id.as_str()], |row| row.get(0)).optional()?;
                user.map(|user| UserRow { user, log_head: None })
            }
        };
        if let Some(row) = row {
            self.users.insert(id.clone(), row);
        }
        Ok(row)
    }

    /// The user, who gets a row now if there was none.
    pub(crate) fn user_or_new(&mut self, id: &UserId, now: Timestamp) -> Result<UserRow> {
        if let Some(row) = self.user(id)? {
            return Ok(row);
        }
        const INSERT: &str = "INSERT INTO users (id, created_at, updated_at) VALUES (?1, ?2, ?2)";
        let user = self.statement(INSERT)?.insert(params![id.as_str(), now.as_micros()])?;
        let row = UserRow { user, log_head: Some(0) };
        self.users.insert(id.clone(), row);
        Ok(row)
    }

    /// Takes the next position in a user's log.
    pub(crate) fn next_user_offset(&mut self, id: &UserId, row: UserRow) -> Result<u64> {
        let head = match row.log_head {
            Some(head) => head,
            None => {
                const HEAD: &str = "SELECT coalesce(max(offset), 0) FROM user_log WHERE user_ref = ?1";
                self.statement(HEAD)?.query_row([row.user], |row| row.get(0))?
            }
        };
        self.users.insert(id.clone(), UserRow { log_head: Some(head + 1), ..row });
        Ok(head + 1)
    }

    /// What a sender has written in a room so far, to be kept up to date.
    pub(crate) fn sent_by(&mut self, sender: i64, room: i64) -> Result<&mut Sent> {
        let place = (sender, room);
        Ok(match self.sent.entry(place) {
            Entry::Occupied(sent) => sent.into_mut(),
            Entry::Vacant(empty) => empty.insert(match self.known.sent.get(&place) {
                Some(sent) => sent,
                None => sent::read(self.db, &self.known.tail, sender, room)?,
            }),
        })
    }

    /// The message that has this id, in the batch, in memory or in the database.
    pub(crate) fn num_of(&self, id: &ClientId) -> Result<Option<u64>> {
        match self.ids.get(id).copied().or_else(|| self.known.tail.get(id)) {
            Some(num) => Ok(Some(num)),
            None => Ok(client_ids::merged(self.db, id)?),
        }
    }

    /// Notes the id of a message of the batch.
    pub(crate) fn set_num_of(&mut self, id: ClientId, num: u64) {
        self.ids.insert(id, num);
    }

    /// One update per room whose row changed, however many changes it saw.
    fn write_heads(&mut self) -> Result<()> {
        const UPDATE: &str = "UPDATE rooms SET access_version = ?2, seq = ?3, offset = ?4, ordinal = ?5,
            changes = ?6, members = ?7, ts = ?8, active = ?9 WHERE ref = ?1";
        for (head, _) in self.rooms.values().filter(|(_, touched)| *touched == Touched::Row) {
            let Head { room, access_version, seq, offset, ordinal, changes, members, ts, active, .. } = head;
            let ts = ts.as_micros();
            self.statement(UPDATE)?.execute(params![
                room,
                access_version,
                seq,
                offset,
                ordinal,
                changes,
                members,
                ts,
                active
            ])?;
        }
        Ok(())
    }

    /// After the commit: the working copies are what is known.
    fn remember(self, merge: Merge) -> Committed {
        let Batch { known, rooms, users, sent, ids, roles, .. } = self;
        known.tail.committed(merge, ids);
        for (id, row) in users {
            known.users.insert(id, row);
        }
        for (place, count) in sent {
            known.sent.insert(place, count);
        }
        for (id, (head, _)) in &rooms {
            known.rooms.insert(id.clone(), *head);
        }
        let changed = rooms.into_iter().filter(|(_, (_, touched))| *touched > Touched::No);
        Committed { rooms: changed.map(|(id, (head, _))| (id, head)).collect(), roles }
    }
}

fn read_head(db: &Connection, id: &RoomId) -> Result<Option<Head>> {
    const SELECT: &str =
        "SELECT ref, kind, access, access_version, seq, offset, ordinal, changes, members, ts, active
        FROM heads WHERE id = ?1";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Head {
        room: row.get(0)?,
        kind: RoomKind::decode(row.get(1)?)?,
        access: Access::decode(row.get(2)?)?,
        access_version: row.get(3)?,
        seq: row.get(4)?,
        offset: row.get(5)?,
        ordinal: row.get(6)?,
        changes: row.get(7)?,
        members: row.get(8)?,
        ts: Timestamp::from_micros(row.get(9)?),
        active: row.get(10)?,
    }))
}
