//! Other names of rooms and messages.

use async_trait::async_trait;
use chat_protocol::dialect::RoomName;
use chat_protocol::{Access, Open, RoomId, RoomKind, RoomNumber, Seq, Timestamp};
use chat_server_core::storage::{
    AliasStore, DesksQuery, MessageAlias, RoomRecord, StorageError, StoredMessage, key_of_name,
};
use rusqlite::{Connection, OptionalExtension, Params, params};

use crate::codec::Code;
use crate::entry::json_of;
use crate::error::Result;
use crate::key;
use crate::message::{self, Senders, columns};
use crate::number::{Id, Number};
use crate::people::all;
use crate::room_data::{RoomData, data_columns};
use crate::rooms::{room_ref, sql_limit};
use crate::store::{ANYWHERE, SqliteStore};

/// The id of the one room that fits.
fn one(db: &Connection, select: &str, values: impl Params) -> Result<Option<RoomId>> {
    let id: Option<String> = db.prepare_cached(select)?.query_row(values, |row| row.get(0)).optional()?;
    id.map(|id| RoomId::read(&id)).transpose()
}

/// The room that has this alias, or whose key it is.
pub(crate) fn of_alias(db: &Connection, alias: &str) -> Result<Option<RoomId>> {
    if let Some(room) = one(db, "SELECT id FROM rooms WHERE alias = ?1", [alias])? {
        return Ok(Some(room));
    }
    match key_of_name(alias) {
        Some(key) => one(db, "SELECT id FROM rooms WHERE key = ?1", [key.to_be_bytes()]),
        None => Ok(None),
    }
}

fn room_named(db: &Connection, name: &RoomName) -> Result<Option<RoomId>> {
    match name {
        RoomName::Id(id) => one(db, "SELECT id FROM rooms WHERE id = ?1", [id.as_str()]),
        RoomName::Number(number) => one(db, "SELECT id FROM rooms WHERE number = ?1", [number.get()]),
        RoomName::Alias(alias) => of_alias(db, alias),
    }
}

fn record(db: &Connection, id: &RoomId) -> Result<Option<RoomRecord>> {
    const SELECT: &str = concat!(
        "SELECT h.kind, h.access, h.number, r.key, r.alias, h.members, h.seq, r.created_at, r.updated_at, ",
        data_columns!(),
        " FROM rooms r JOIN heads h ON h.ref = r.ref WHERE r.id = ?1"
    );
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let RoomData { info, desk } = RoomData::read(row, 9)?;
    Ok(Some(RoomRecord {
        room: id.clone(),
        kind: RoomKind::decode(row.get(0)?)?,
        access: Access::decode(row.get(1)?)?,
        number: row.get::<_, Option<u64>>(2)?.map(RoomNumber::read).transpose()?,
        key: u128::from_be_bytes(row.get(3)?),
        alias: row.get(4)?,
        info,
        desk,
        members: row.get(5)?,
        seq: Seq::read(row.get(6)?)?,
        created_at: Timestamp::from_micros(row.get(7)?),
        updated_at: Timestamp::from_micros(row.get(8)?),
    }))
}

/// The message with this `num`.
fn message_of_num(db: &Connection, num: u64) -> Result<Option<StoredMessage>> {
    const ROOM: &str =
        "SELECT r.ref, r.id FROM messages m JOIN rooms r ON r.ref = m.room_ref WHERE m.num = ?1";
    let Ok(num) = i64::try_from(num) else { return Ok(None) };
    let found = db.prepare_cached(ROOM)?.query_row([num], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    let Some((room, id)) = found.optional()? else { return Ok(None) };
    const SELECT: &str = concat!("SELECT ", columns!(), " FROM messages WHERE num = ?1");
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([num])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    message::read(row, room, &RoomId::read(&id)?, &mut Senders::new(db)).map(Some)
}

/// Looks at as many messages as a number has bits: what was stored later has a later time, or the same.
fn seq_at(db: &Connection, id: &RoomId, ts: Timestamp) -> Result<Option<Seq>> {
    let Some(room) = room_ref(db, id)? else { return Ok(None) };
    const ENDS: &str = "SELECT oldest_seq, seq FROM heads WHERE ref = ?1";
    let (mut low, head): (u64, u64) =
        db.prepare_cached(ENDS)?.query_row([room], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut select = db.prepare_cached("SELECT ts FROM messages WHERE room_ref = ?1 AND seq = ?2")?;
    // Everything before `low` is older, what is at `high` and beyond is not.
    let mut high = head + 1;
    while low < high {
        let middle = low + (high - low) / 2;
        let written: i64 = select.query_row(params![room, middle], |row| row.get(0))?;
        if written < ts.as_micros() { low = middle + 1 } else { high = middle }
    }
    if low > head { Ok(None) } else { Seq::read(low).map(Some) }
}

fn desks(db: &Connection, organization: &str, query: &DesksQuery, limit: usize) -> Result<Vec<RoomId>> {
    const ALL: &str = "SELECT id FROM rooms
        WHERE organization = ?1 AND ?2 IS NULL AND ref < ?3 ORDER BY ref DESC LIMIT ?4";
    const OF_STATUS: &str = "SELECT id FROM rooms INDEXED BY rooms_desks
        WHERE organization = ?1 AND status = ?2 AND ref < ?3 ORDER BY ref DESC LIMIT ?4";
    let before = match &query.before {
        Some(room) => room_ref(db, room)?.unwrap_or(0),
        None => i64::MAX,
    };
    let status = query.status.map(|status| json_of(&Open::from(status))).transpose()?;
    let mut select = db.prepare_cached(if status.is_some() { OF_STATUS } else { ALL })?;
    let asked = params![organization, status, before, sql_limit(limit)];
    all(&mut select, asked, |row| RoomId::read(row.get_ref(0)?.as_str()?))
}

#[async_trait]
impl AliasStore for SqliteStore {
    async fn room_named(&self, name: &RoomName) -> Result<Option<RoomId>, StorageError> {
        let name = name.clone();
        self.readers.read("room_named", 4, move |db| room_named(db, &name)).await
    }

    async fn records(&self, rooms: &[RoomId]) -> Result<Vec<Option<RoomRecord>>, StorageError> {
        let rooms = rooms.to_vec();
        let records = move |db: &Connection| rooms.iter().map(|room| record(db, room)).collect();
        self.readers.read("records", ANYWHERE, records).await
    }

    async fn message_named(&self, name: MessageAlias) -> Result<Option<StoredMessage>, StorageError> {
        let (num, key) = match name {
            MessageAlias::Num(num) => (num, None),
            MessageAlias::Key(key) => (key::num_in(self.secret, key), Some(key)),
        };
        let found = self.readers.read("message_named", 4, move |db| message_of_num(db, num)).await?;
        Ok(found.filter(|found| key.is_none_or(|key| found.key == key)))
    }

    async fn seq_at(&self, room: &RoomId, ts: Timestamp) -> Result<Option<Seq>, StorageError> {
        let room = room.clone();
        self.readers.read("seq_at", ANYWHERE, move |db| seq_at(db, &room, ts)).await
    }

    async fn desks(
        &self,
        organization: &str,
        query: &DesksQuery,
        limit: usize,
    ) -> Result<Vec<RoomId>, StorageError> {
        let (organization, query) = (organization.to_owned(), query.clone());
        self.readers.read("desks", limit, move |db| desks(db, &organization, &query, limit)).await
    }
}
