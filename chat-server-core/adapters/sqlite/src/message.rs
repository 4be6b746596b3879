//! A message as a row: its checksum, and how it is read back.

use std::collections::BTreeMap;

use chat_protocol::{ClientMsgId, Content, Message, Offset, RoomId, Seq, Timestamp, UserId};
use chat_server_core::storage::StoredMessage;
use rusqlite::{Connection, Row};
use serde_json::value::RawValue;

use crate::error::{Fault, Result};
use crate::number::{Id, Number};

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
}

/// CRC-32 of all fields: it finds every single flipped bit (F8), at about 50 ns per message. SQLite itself has
/// checksums only in its write-ahead log.
pub(crate) fn checksum(fields: &Fields<'_>) -> u32 {
    let Fields { num, room, seq, offset, sender, ts, key, kind, payload, client_msg_id, reply_to } = fields;
    let texts = [Some(*kind), Some(*payload), *client_msg_id];
    // The lengths keep the texts apart; that of an absent one is none that a text has.
    let length = |text: Option<&str>| text.map_or(u64::MAX, |text| text.len() as u64);
    let [room, sender, ts] = [room, sender, ts].map(|number| number.cast_unsigned());
    let [kind_length, payload_length, id_length] = texts.map(length);
    let reply_to = reply_to.unwrap_or(0);
    let numbers = [*num, room, *seq, *offset, sender, ts, reply_to, kind_length, payload_length, id_length];
    let mut crc = crc32fast::Hasher::new();
    // Once for all of them: the checksum is fast on long input only.
    crc.update(numbers.map(u64::to_le_bytes).as_flattened());
    crc.update(key);
    for text in texts.into_iter().flatten() {
        crc.update(text.as_bytes());
    }
    crc.finalize()
}

/// The columns of `messages` that [`read`] takes.
macro_rules! columns {
    () => {
        "num, seq, offset, sender_ref, ts, key, kind, payload, client_msg_id, reply_to, checksum"
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

    fn id(&mut self, sender: i64) -> Result<UserId> {
        if let Some(id) = self.known.get(&sender) {
            return Ok(id.clone());
        }
        let mut select = self.db.prepare_cached("SELECT id FROM users WHERE ref = ?1")?;
        let id = UserId::read(&select.query_row([sender], |row| row.get::<_, String>(0))?)?;
        self.known.insert(sender, id.clone());
        Ok(id)
    }
}

/// A message of a row of `columns!`.
pub(crate) fn read(
    row: &Row<'_>,
    room: i64,
    id: &RoomId,
    senders: &mut Senders<'_>,
) -> Result<StoredMessage> {
    let text = |index| -> Result<Option<&str>> {
        let text = row.get_ref(index)?.as_str_or_null();
        text.map_err(|error| Fault::Corrupt(format!("column {index} of a message: {error}")))
    };
    let fields = Fields {
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
    };
    let damaged = || Fault::Corrupt(format!("message {} with num {} is damaged", fields.seq, fields.num));
    if checksum(&fields) != row.get::<_, u32>(10)? {
        return Err(damaged());
    }
    let payload = RawValue::from_string(fields.payload.to_owned()).map_err(|_| damaged())?;
    let client_msg_id = fields.client_msg_id.map(ClientMsgId::new).transpose().map_err(|_| damaged())?;
    let message = Message {
        client_msg_id,
        reply_to: fields.reply_to.map(Seq::read).transpose()?,
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
        ];
        for other in others {
            assert_ne!(checksum(&first), checksum(&other), "{other:?}");
        }
    }
}
