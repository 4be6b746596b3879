//! The heads of rooms: what a change needs to know of its room, kept in memory between transactions.

use chat_protocol::{Access, HistoryVisibility, Offset, RoomId, RoomKind, Seq, Timestamp};
use chat_server_core::storage::Appended;
use rusqlite::{Connection, params};

use crate::codec::Code;
use crate::entry::Told;
use crate::error::Result;

/// The row of a room, without what only readers need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) room: i64,
    pub(crate) kind: RoomKind,
    pub(crate) access: Access,
    pub(crate) history: HistoryVisibility,
    pub(crate) access_version: u64,
    pub(crate) seq: u64,
    pub(crate) offset: u64,
    pub(crate) ordinal: u64,
    /// The newest message of the main line; means nothing while there are no messages.
    pub(crate) main_seq: u64,
    pub(crate) changes: u64,
    pub(crate) members: u64,
    pub(crate) oldest_seq: u64,
    pub(crate) oldest_offset: u64,
    pub(crate) ts: Timestamp,
    pub(crate) active: u64,
}

impl Head {
    /// A room that comes to be.
    pub(crate) fn new(
        room: i64,
        kind: RoomKind,
        access: Access,
        history: HistoryVisibility,
        ts: Timestamp,
    ) -> Self {
        Self {
            room,
            kind,
            access,
            history,
            access_version: 1,
            seq: 0,
            offset: 0,
            ordinal: 0,
            main_seq: 0,
            changes: 0,
            members: 0,
            oldest_seq: 1,
            oldest_offset: 1,
            ts,
            active: 0,
        }
    }

    /// Takes the next position of the log for the change `num`.
    pub(crate) fn touch(&mut self, num: u64, now: Timestamp) {
        self.offset += 1;
        self.active = num;
        self.ts = self.ts.max(now);
    }

    pub(crate) fn offset(&self) -> Offset {
        Offset::new(self.offset).expect("counted up one by one")
    }

    pub(crate) fn seq(&self) -> Seq {
        Seq::new(self.seq).expect("counted up one by one")
    }

    pub(crate) fn oldest_seq(&self) -> Seq {
        Seq::new(self.oldest_seq).expect("at most one more than the newest")
    }

    /// The answer to a change that was stored just now.
    pub(crate) fn changed(&self, room: &RoomId, told: Told) -> Appended {
        Appended {
            room: room.clone(),
            offset: self.offset(),
            seq: self.seq(),
            ts: self.ts,
            duplicate: false,
            num: 0,
            key: 0,
            access_version: self.access_version,
            entries: told.entries,
            users: told.users,
        }
    }

    /// The answer to a change that was there before.
    pub(crate) fn unchanged(&self, room: &RoomId) -> Appended {
        Appended { duplicate: true, ..self.changed(room, Told::default()) }
    }

    pub(crate) fn read(db: &Connection, id: &RoomId) -> Result<Option<Self>> {
        const SELECT: &str =
            "SELECT ref, kind, access, history, access_version, seq, offset, ordinal, main_seq,
                changes, members, oldest_seq, oldest_offset, ts, active
            FROM heads WHERE id = ?1";
        let mut select = db.prepare_cached(SELECT)?;
        let mut rows = select.query([id.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Self {
            room: row.get(0)?,
            kind: RoomKind::decode(row.get(1)?)?,
            access: Access::decode(row.get(2)?)?,
            history: HistoryVisibility::decode(row.get(3)?)?,
            access_version: row.get(4)?,
            seq: row.get(5)?,
            offset: row.get(6)?,
            ordinal: row.get(7)?,
            main_seq: row.get(8)?,
            changes: row.get(9)?,
            members: row.get(10)?,
            oldest_seq: row.get(11)?,
            oldest_offset: row.get(12)?,
            ts: Timestamp::from_micros(row.get(13)?),
            active: row.get(14)?,
        }))
    }

    /// Writes the room's row.
    pub(crate) fn write(&self, db: &Connection) -> Result<()> {
        const UPDATE: &str =
            "UPDATE rooms SET access = ?2, history = ?3, access_version = ?4, seq = ?5, offset = ?6,
                ordinal = ?7, changes = ?8, members = ?9, oldest_seq = ?10, oldest_offset = ?11, ts = ?12,
                active = ?13
            WHERE ref = ?1";
        db.prepare_cached(UPDATE)?.execute(params![
            self.room,
            self.access.code(),
            self.history.code(),
            self.access_version,
            self.seq,
            self.offset,
            self.ordinal,
            self.changes,
            self.members,
            self.oldest_seq,
            self.oldest_offset,
            self.ts.as_micros(),
            self.active
        ])?;
        Ok(())
    }
}
