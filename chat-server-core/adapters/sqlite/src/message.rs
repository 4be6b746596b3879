//! A message as a row: its checksum, and how it is read back.

use std::collections::BTreeMap;

use chat_protocol::{ClientMsgId, Content, Message, Offset, RoomId, Seq, Timestamp, UserId};
use chat_server_core::storage::StoredMessage;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::value::RawValue;

use crate::entry::from_json;
use crate::error::{Fault, Result};
use crate::number::{Id, Number};
use crate::sent::{FIRST_IN_BLOCK, FORGOTTEN};

/// What readers are told of a message, as the row holds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) num: u64,
    pub(crate) room: i64,
    pub(crate) seq: u64,
    pub(crate) offset: u64,
    pub(crate) sender: i64,
    pub(crate) ts: i64,
    pub(crate) key: [u8; 16],
    pub(crate) kind: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) client_msg_id: Option<&'a str>,
    pub(crate) reply_to: Option<u64>,
    pub(crate) thread: Option<u64>,
    pub(crate) mentions: Option<&'a str>,
    pub(crate) injected: bool,
    pub(crate) edited_at: Option<i64>,
    pub(crate) deleted_at: Option<i64>,
}

/// CRC-32 of all fields: it finds every single flipped bit (F8), at about 50 ns per message. SQLite itself has
/// checksums only in its write-ahead log.
pub(crate) fn checksum(fields: &Fields<'_>) -> u32 {
    let texts = [Some(fields.kind), Some(fields.payload), fields.client_msg_id, fields.mentions];
    // The lengths keep the texts apart; that of an absent one is none that a text has.
    let length = |text: Option<&str>| text.map_or(u64::MAX, |text| text.len() as u64);
    let [kind_length, payload_length, id_length, mentions_length] = texts.map(length);
    let time = |time: Option<i64>| time.unwrap_or(i64::MIN).cast_unsigned();
    let numbers = [
        fields.num,
        fields.room.cast_unsigned(),
        fields.seq,
        fields.offset,
        fields.sender.cast_unsigned(),
        fields.ts.cast_unsigned(),
        fields.reply_to.unwrap_or(0),
        fields.thread.unwrap_or(0),
        u64::from(fields.injected),
        time(fields.edited_at),
        time(fields.deleted_at),
        kind_length,
        payload_length,
        id_length,
        mentions_length,
    ];
    let mut crc = crc32fast::Hasher::new();
    // Once for all of them: the checksum is fast on long input only.
    crc.update(numbers.map(u64::to_le_bytes).as_flattened());
    crc.update(&fields.key);
    for text in texts.into_iter().flatten() {
        crc.update(text.as_bytes());
    }
    crc.finalize()
}

/// The columns of `messages` that [`read`] takes.
macro_rules! columns {
    () => {
        "num, seq, offset, sender_ref, ts, key, kind, payload, client_msg_id, reply_to, checksum, thread, mentions, \
         flags & 1, edited_at, deleted_at"
    };
}
pub(crate) use columns;

/// The senders of one page, each looked up once: a join would look each up once per message.
pub(crate) struct Senders<'c> {
    db: &'c Connection,
    known: BTreeMap<i64, UserId>,
}

impl<'c> Senders<'c> {
    pub(crate) fn new(db: &'c Connection) -> Self {
        Self { db, known: BTreeMap::new() }
    }

    pub(crate) fn id(&mut self, sender: i64) -> Result<UserId> {
        if let Some(id) = self.known.get(&sender) {
            return Ok(id.clone());
        }
        let mut select = self.db.prepare_cached("SELECT id FROM users WHERE ref = ?1")?;
        let id = UserId::read(&select.query_row([sender], |row| row.get::<_, String>(0))?)?;
        self.known.insert(sender, id.clone());
        Ok(id)
    }
}

/// A row of `columns!`, whole or an error that names it.
fn fields<'r>(row: &'r Row<'_>, room: i64) -> Result<Fields<'r>> {
    let fields = unchecked(row, room)?;
    if checksum(&fields) == row.get::<_, u32>(10)? { Ok(fields) } else { Err(fields.damaged()) }
}

/// The same, whether it is whole or not.
fn unchecked<'r>(row: &'r Row<'_>, room: i64) -> Result<Fields<'r>> {
    let text = |index| -> Result<Option<&str>> {
        let text = row.get_ref(index)?.as_str_or_null();
        text.map_err(|error| Fault::Corrupt(format!("column {index} of a message: {error}")))
    };
    Ok(Fields {
        num: row.get(0)?,
        room,
        seq: row.get(1)?,
        offset: row.get(2)?,
        sender: row.get(3)?,
        ts: row.get(4)?,
        key: row.get(5)?,
        kind: text(6)?.unwrap_or_default(),
        payload: text(7)?.unwrap_or_default(),
        client_msg_id: text(8)?,
        reply_to: row.get(9)?,
        thread: row.get(11)?,
        mentions: text(12)?,
        injected: row.get(13)?,
        edited_at: row.get(14)?,
        deleted_at: row.get(15)?,
    })
}

impl Fields<'_> {
    fn damaged(&self) -> Fault {
        Fault::Corrupt(format!("message {} with num {} is damaged", self.seq, self.num))
    }
}

/// A message of a row of `columns!`.
pub(crate) fn read(
    row: &Row<'_>,
    room: i64,
    id: &RoomId,
    senders: &mut Senders<'_>,
) -> Result<StoredMessage> {
    let fields = fields(row, room)?;
    let payload = RawValue::from_string(fields.payload.to_owned()).map_err(|_| fields.damaged())?;
    let client_msg_id =
        fields.client_msg_id.map(ClientMsgId::new).transpose().map_err(|_| fields.damaged())?;
    let message = Message {
        client_msg_id,
        reply_to: fields.reply_to.map(Seq::read).transpose()?,
        thread: fields.thread.map(Seq::read).transpose()?,
        mentions: fields.mentions.map(from_json).transpose()?,
        injected: fields.injected,
        edited_at: fields.edited_at.map(Timestamp::from_micros),
        deleted_at: fields.deleted_at.map(Timestamp::from_micros),
        ..Message::new(
            id.clone(),
            Offset::read(fields.offset)?,
            Seq::read(fields.seq)?,
            senders.id(fields.sender)?,
            Content { kind: fields.kind.to_owned(), payload },
            Timestamp::from_micros(fields.ts),
        )
    };
    Ok(StoredMessage { message, num: fields.num, key: u128::from_be_bytes(fields.key) })
}

/// One message, if it is there.
pub(crate) fn find(db: &Connection, room: i64, id: &RoomId, seq: Seq) -> Result<Option<StoredMessage>> {
    let mut select = db.prepare_cached(FIND)?;
    let mut rows = select.query(params![room, seq.get()])?;
    rows.next()?.map(|row| read(row, room, id, &mut Senders::new(db))).transpose()
}

const FIND: &str = concat!("SELECT ", columns!(), " FROM messages WHERE room_ref = ?1 AND seq = ?2");

/// Whether a message is there that a thread may hang on.
pub(crate) fn is_root(db: &Connection, room: i64, seq: Seq) -> Result<Root> {
    const SELECT: &str =
        "SELECT deleted_at IS NULL FROM messages WHERE room_ref = ?1 AND seq = ?2 AND thread IS NULL";
    let live = db.prepare_cached(SELECT)?.query_row(params![room, seq.get()], |row| row.get(0)).optional()?;
    Ok(match live {
        None => Root::None,
        Some(false) => Root::Deleted,
        Some(true) => Root::Live,
    })
}

/// What a thread hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// No message of the main line.
    None,
    Deleted,
    Live,
}

/// Gives a message other content, and says that it was edited or deleted.
pub(crate) fn rewrite(
    db: &Connection,
    room: i64,
    seq: Seq,
    content: &Content,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
) -> Result<()> {
    let mut select = db.prepare_cached(FIND)?;
    let mut rows = select.query(params![room, seq.get()])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let (kind, payload) = (content.kind.as_str(), content.payload.get());
    let [edited_at, deleted_at] = [edited_at, deleted_at].map(|time| time.map(Timestamp::as_micros));
    let fields = Fields { kind, payload, edited_at, deleted_at, ..fields(row, room)? };
    const UPDATE: &str =
        "UPDATE messages SET kind = ?2, payload = ?3, edited_at = ?4, deleted_at = ?5, checksum = ?6
        WHERE num = ?1";
    let (num, checksum) = (fields.num, checksum(&fields));
    drop(rows);
    db.prepare_cached(UPDATE)?.execute(params![num, kind, payload, edited_at, deleted_at, checksum])?;
    Ok(())
}

/// Empties a message, damaged or not, and makes it one that is not found by its sender nor by its name.
pub(crate) fn erase(db: &Connection, room: i64, seq: Seq) -> Result<()> {
    let mut select = db.prepare_cached(FIND)?;
    let mut rows = select.query(params![room, seq.get()])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let empty = Content::plain("");
    let (kind, payload) = (empty.kind.as_str(), empty.payload.get());
    let before = unchecked(row, room)?;
    // What is damaged was not deleted before.
    let deleted_at = before.deleted_at.or(Some(before.ts));
    let fields = Fields { kind, payload, client_msg_id: None, deleted_at, ..before };
    const UPDATE: &str = "UPDATE messages SET kind = ?2, payload = ?3, client_msg_id = NULL, digest = NULL,
        deleted_at = ?4, checksum = ?5, flags = (flags | ?6) & ~?7 WHERE num = ?1";
    let (num, checksum) = (fields.num, checksum(&fields));
    drop(rows);
    let row = params![num, kind, payload, deleted_at, checksum, FORGOTTEN, FIRST_IN_BLOCK];
    db.prepare_cached(UPDATE)?.execute(row)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f08_every_field_counts_in_the_checksum() {
        let first = Fields {
            num: 1,
            room: 2,
            seq: 3,
            offset: 4,
            sender: 5,
            ts: 6,
            key: [7; 16],
            kind: "text/plain",
            payload: "{}",
            client_msg_id: Some("id"),
            reply_to: None,
            thread: None,
            mentions: None,
            injected: false,
            edited_at: None,
            deleted_at: None,
        };
        let others = [
            Fields { num: 9, ..first },
            Fields { room: 9, ..first },
            Fields { seq: 9, ..first },
            Fields { offset: 9, ..first },
            Fields { sender: 9, ..first },
            Fields { ts: 9, ..first },
            Fields { key: [9; 16], ..first },
            Fields { kind: "text/plaim", ..first },
            Fields { payload: "{} ", ..first },
            Fields { client_msg_id: None, ..first },
            Fields { reply_to: Some(9), ..first },
            Fields { thread: Some(9), ..first },
            Fields { mentions: Some("{}"), ..first },
            Fields { injected: true, ..first },
            Fields { edited_at: Some(9), ..first },
            Fields { deleted_at: Some(9), ..first },
        ];
        for other in others {
            assert_ne!(checksum(&first), checksum(&other), "{other:?}");
        }
    }
}
