//! Which `client_msg_id` a sender has used in a room: the table `client_ids`, and in memory those of the newest changes.
//!
//! An entry that is written with its message lies at a random place of the table: a page of the log per message. So the
//! entries of some ten thousand changes are gathered, and then written in the order of the table, where the entries of
//! one sender in one room share a page. The messages hold their ids themselves, so nothing is lost with the memory: the
//! fact `ids_merged` is a num up to which all are in the table, and the messages after it are read at the start.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, Error as SqlError, OptionalExtension, params};

use crate::database::{meta, set_meta};

/// The fact in `meta`.
const MERGED: &str = "ids_merged";

/// What a sender called a message in a room. The order is the table's: texts compare as bytes in both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId {
    pub(crate) room: i64,
    pub(crate) sender: i64,
    pub(crate) id: Box<str>,
}

/// The ids of the newest changes, in two generations. While the younger one gathers, the older one is written bit by
/// bit: as much of it as the younger one is full, so that no commit has more to write than others.
#[derive(Debug)]
pub(crate) struct Tail {
    /// What is not yet in the table of the changes up to `split`.
    old: BTreeMap<ClientId, u64>,
    /// How many `old` held when it began to be written.
    old_size: usize,
    /// The ids of the changes after `split`.
    young: BTreeMap<ClientId, u64>,
    split: u64,
    /// Changes, of any kind, in a generation. Changes and not ids: the start reads messages without an id too.
    generation: u64,
}

/// What a transaction has merged, to be told to the tail once it is committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merge {
    /// The first so many of the older generation.
    count: usize,
    /// The younger generation ends with this num and becomes the older one.
    turn: Option<u64>,
}

impl Tail {
    /// Reads what the last run left in memory only. At most `bound` messages are held; when more are not merged, as
    /// after several kills in a row, the first ones are merged now.
    pub(crate) fn restore(db: &mut Connection, last_num: u64, bound: usize) -> Result<Self, SqlError> {
        const NEWEST: &str = "SELECT num, room_ref, sender_ref, client_msg_id FROM messages WHERE num > ?1
            ORDER BY num LIMIT ?2";
        let generation = u64::try_from(bound / 2).unwrap_or(u64::MAX).max(1);
        let bound = bound.max(2);
        loop {
            let merged: u64 = meta(db, MERGED)?.unwrap_or(0);
            let (mut old, mut messages, mut last) = (BTreeMap::new(), 0, merged);
            let mut newest = db.prepare(NEWEST)?;
            let mut rows = newest.query(params![merged, bound])?;
            while let Some(row) = rows.next()? {
                (messages, last) = (messages + 1, row.get(0)?);
                if let Some(id) = row.get(3)? {
                    old.insert(ClientId { room: row.get(1)?, sender: row.get(2)?, id }, last);
                }
            }
            drop(rows);
            drop(newest);
            if messages < bound {
                return Ok(Self {
                    old_size: old.len(),
                    old,
                    young: BTreeMap::new(),
                    split: last_num,
                    generation,
                });
            }
            let tx = db.transaction()?;
            write(&tx, &old)?;
            set_meta(&tx, MERGED, last)?;
            tx.commit()?;
        }
    }

    /// The message of that name, if it is among the newest.
    pub(crate) fn get(&self, id: &ClientId) -> Option<u64> {
        self.young.get(id).or_else(|| self.old.get(id)).copied()
    }

    /// The greatest id of a sender in a room.
    pub(crate) fn greatest(&self, room: i64, sender: i64) -> Option<Box<str>> {
        let first = |sender| ClientId { room, sender, id: "".into() };
        let last = |ids: &BTreeMap<ClientId, u64>| {
            ids.range(first(sender)..first(sender + 1)).next_back().map(|(id, _)| id.id.clone())
        };
        last(&self.old).max(last(&self.young))
    }

    /// Writes a part of the older generation, in a transaction that ends with `last_num`.
    pub(crate) fn merge(&self, db: &Connection, last_num: u64) -> Result<Merge, SqlError> {
        let gathered = (last_num - self.split).min(self.generation);
        let due = u128::from(gathered) * self.old_size as u128 / u128::from(self.generation);
        let before = self.old_size - self.old.len();
        let count = usize::try_from(due).unwrap_or(usize::MAX).saturating_sub(before);
        write(db, self.old.iter().take(count))?;
        let turn = (gathered == self.generation).then_some(last_num);
        if turn.is_some() {
            set_meta(db, MERGED, self.split)?;
        }
        Ok(Merge { count, turn })
    }

    /// The transaction of a merge is committed; `fresh` are the ids of its own messages.
    pub(crate) fn committed(&mut self, merge: Merge, fresh: HashMap<ClientId, u64>) {
        for _ in 0..merge.count {
            self.old.pop_first();
        }
        self.young.extend(fresh);
        if let Some(last_num) = merge.turn {
            debug_assert!(self.old.is_empty(), "all of it was due");
            self.old = std::mem::take(&mut self.young);
            self.old_size = self.old.len();
            self.split = last_num;
        }
    }

    /// Forgets ids that are no message's any more. Of the older generation they count as merged.
    pub(crate) fn forget(&mut self, ids: &[ClientId]) {
        for id in ids {
            self.old.remove(id);
            self.young.remove(id);
        }
    }

    /// Writes everything, so that the next start need not read any message.
    pub(crate) fn merge_all(&self, db: &Connection, last_num: u64) -> Result<(), SqlError> {
        db.execute_batch("BEGIN IMMEDIATE")?;
        write(db, &self.old)?;
        write(db, &self.young)?;
        set_meta(db, MERGED, last_num)?;
        db.execute_batch("COMMIT")
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.old.len() + self.young.len()
    }
}

/// The message of that name in the table.
pub(crate) fn merged(db: &Connection, id: &ClientId) -> Result<Option<u64>, SqlError> {
    const SELECT: &str =
        "SELECT num FROM client_ids WHERE room_ref = ?1 AND sender_ref = ?2 AND client_msg_id = ?3";
    db.prepare_cached(SELECT)?.query_row(params![id.room, id.sender, id.id], |row| row.get(0)).optional()
}

/// The greatest id of a sender in a room that is in the table.
pub(crate) fn greatest_merged(db: &Connection, room: i64, sender: i64) -> Result<Option<Box<str>>, SqlError> {
    const SELECT: &str = "SELECT client_msg_id FROM client_ids WHERE room_ref = ?1 AND sender_ref = ?2
        ORDER BY client_msg_id DESC LIMIT 1";
    db.prepare_cached(SELECT)?.query_row([room, sender], |row| row.get(0)).optional()
}

/// Takes entries out of the table, as far as they are in it.
pub(crate) fn delete(db: &Connection, ids: &[ClientId]) -> Result<(), SqlError> {
    const DELETE: &str =
        "DELETE FROM client_ids WHERE room_ref = ?1 AND sender_ref = ?2 AND client_msg_id = ?3";
    for id in ids {
        db.prepare_cached(DELETE)?.execute(params![id.room, id.sender, id.id])?;
    }
    Ok(())
}

/// Puts entries into the table. Some may be there: those that a killed run had written of a generation, for only a whole
/// one moves `ids_merged`.
fn write<'a>(
    db: &Connection,
    entries: impl IntoIterator<Item = (&'a ClientId, &'a u64)>,
) -> Result<(), SqlError> {
    const INSERT: &str =
        "INSERT OR IGNORE INTO client_ids (room_ref, sender_ref, client_msg_id, num) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = db.prepare_cached(INSERT)?;
    for (id, num) in entries {
        insert.execute(params![id.room, id.sender, id.id, num])?;
    }
    Ok(())
}
