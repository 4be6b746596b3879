//! The one writing connection and its transactions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chat_protocol::{MAX_SAFE, RoomId, Timestamp, UserId};
use chat_server_core::storage::{StorageError, StorageErrorKind};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::cache::Recent;
use crate::client_ids::{self, ClientId, Merge, Tail};
use crate::database::{self, Identity};
use crate::error::{Fault, Result};
use crate::head::Head;
use crate::key::Keys;
use crate::sent::{self, Sent};
use crate::standings::Own;

/// A user's number, and the head of its log once that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserRow {
    pub(crate) user: i64,
    pub(crate) log_head: Option<u64>,
    /// It is being forgotten: nothing of it is added.
    pub(crate) forgetting: bool,
}

/// What is known of rows that were read or written lately. This process owns the database, so it is always true; it
/// changes only after a commit, from the working copies in a [`Batch`].
struct Known {
    rooms: Recent<RoomId, Head>,
    users: Recent<UserId, UserRow>,
    /// By sender and room.
    sent: Recent<(i64, i64), Sent>,
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
    /// Client ids that are no message's any more.
    dropped: Vec<ClientId>,
    /// What users are to rooms now, in order.
    owns: Vec<(RoomId, UserId, Option<Own>)>,
    /// Users are something else to rooms that nobody has counted.
    all_owns: bool,
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
    /// What users are to rooms, in order; `None`: something else than before, to be read when it is asked for.
    pub(crate) owns: Vec<(RoomId, UserId, Option<Own>)>,
    /// Whatever users are to rooms is to be read again.
    pub(crate) all_owns: bool,
}

impl Writer {
    pub(crate) fn new(db: Connection, identity: &Identity, tail: Tail, remembered: usize) -> Self {
        let known = Known {
            rooms: Recent::new(remembered),
            users: Recent::new(remembered),
            sent: Recent::new(remembered),
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

    #[cfg(test)]
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        self.db.as_mut().expect("not closed")
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
    let mut batch = Batch {
        db,
        known,
        keys,
        last_num,
        rooms: HashMap::new(),
        users: HashMap::new(),
        sent: HashMap::new(),
        ids: HashMap::new(),
        dropped: Vec::new(),
        owns: Vec::new(),
        all_owns: false,
    };
    let done = work(&mut batch)?;
    batch.write_heads()?;
    let merge = batch.known.tail.merge(db, batch.last_num)?;
    client_ids::delete(db, &batch.dropped)?;
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
            None => Head::read(self.db, id)?,
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
                const SELECT: &str = "SELECT ref, forgetting_since IS NOT NULL FROM users WHERE id = ?1";
                let row = |row: &rusqlite::Row<'_>| {
                    Ok(UserRow { user: row.get(0)?, log_head: None, forgetting: row.get(1)? })
                };
                self.statement(SELECT)?.query_row([id.as_str()], row).optional()?
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
        let row = UserRow { user, log_head: Some(0), forgetting: false };
        self.users.insert(id.clone(), row);
        Ok(row)
    }

    /// Whether nothing is added to what is kept of a user.
    pub(crate) fn is_forgetting(&mut self, id: &UserId) -> Result<bool> {
        Ok(self.user(id)?.is_some_and(|row| row.forgetting))
    }

    /// Notes what is known of a user now.
    pub(crate) fn set_user(&mut self, id: &UserId, row: UserRow) {
        let log_head = self.users.get(id).and_then(|known| known.log_head).or(row.log_head);
        self.users.insert(id.clone(), UserRow { log_head, ..row });
    }

    /// Takes the next position in a user's log.
    pub(crate) fn next_user_offset(&mut self, id: &UserId, row: UserRow) -> Result<u64> {
        let head = self.log_head(id, row)?;
        self.users.insert(id.clone(), UserRow { log_head: Some(head + 1), ..row });
        Ok(head + 1)
    }

    /// The head of a user's log. `row` may be older than the last entry: what the batch has noted counts.
    pub(crate) fn log_head(&mut self, id: &UserId, row: UserRow) -> Result<u64> {
        let row = self.users.get(id).copied().unwrap_or(row);
        if let Some(head) = row.log_head {
            return Ok(head);
        }
        const HEAD: &str =
            "SELECT coalesce((SELECT max(offset) FROM user_log WHERE user_ref = ref), log_oldest - 1)
            FROM users WHERE ref = ?1";
        let head = self.statement(HEAD)?.query_row([row.user], |row| row.get(0))?;
        self.users.insert(id.clone(), UserRow { log_head: Some(head), ..row });
        Ok(head)
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

    /// The id is no message's any more.
    pub(crate) fn drop_id(&mut self, id: ClientId) {
        self.dropped.push(id);
    }

    /// Forgets what a sender has written in a room: it is read again.
    pub(crate) fn forget_sent_by(&mut self, sender: i64, room: i64) {
        self.sent.remove(&(sender, room));
        self.known.sent.remove(&(sender, room));
    }

    /// Forgets what senders have written in a room: messages were deleted, and it is read again.
    pub(crate) fn forget_sent(&mut self, room: i64) {
        self.sent.retain(|(_, of), _| *of != room);
        self.known.sent.retain(|(_, of)| *of != room);
    }

    /// Notes what a user is to a room now; `None`: something else than before.
    pub(crate) fn tell_own(&mut self, room: &RoomId, user: &UserId, own: Option<Own>) {
        self.owns.push((room.clone(), user.clone(), own));
    }

    /// Notes that users are something else to rooms than before, whichever they are. Rare: all is read again.
    pub(crate) fn forget_standings(&mut self) {
        self.all_owns = true;
    }

    /// One update per room whose row changed, however many changes it saw.
    fn write_heads(&mut self) -> Result<()> {
        let mut changed = self.rooms.values().filter(|(_, touched)| *touched == Touched::Row);
        changed.try_for_each(|(head, _)| head.write(self.db))
    }

    /// After the commit: the working copies are what is known.
    fn remember(self, merge: Merge) -> Committed {
        let Batch { known, rooms, users, sent, ids, dropped, owns, all_owns, .. } = self;
        known.tail.committed(merge, ids);
        known.tail.forget(&dropped);
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
        Committed { rooms: changed.map(|(id, (head, _))| (id, head)).collect(), owns, all_owns }
    }
}
