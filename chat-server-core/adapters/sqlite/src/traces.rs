//! What one user has left behind, found by indexes that begin with the user: whatever others wrote costs nothing.

use async_trait::async_trait;
use chat_protocol::{RoomId, Seq, Timestamp, UserId};
use chat_server_core::storage::{StorageError, StoredMessage, TraceStore};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Fault, Result};
use crate::message::{self, Senders, columns};
use crate::number::Id;
use crate::people::all;
use crate::rooms::{room_ref, sql_limit, user_ref};
use crate::sent::BLOCK;
use crate::store::{ANYWHERE, SqliteStore};

/// The next room after a number that has something of a user's; each of the four is one step down an index.
pub(crate) const NEXT_TRACE: &str = "SELECT min(room_ref) FROM (
    SELECT (SELECT room_ref FROM members INDEXED BY members_user
        WHERE user_ref = ?1 AND room_ref > ?2 ORDER BY room_ref LIMIT 1) AS room_ref
    UNION ALL SELECT (SELECT room_ref FROM messages INDEXED BY messages_sender
        WHERE sender_ref = ?1 AND room_ref > ?2 AND flags & 4 ORDER BY room_ref LIMIT 1)
    UNION ALL SELECT (SELECT room_ref FROM reactions INDEXED BY reactions_user
        WHERE user_ref = ?1 AND room_ref > ?2 ORDER BY room_ref LIMIT 1)
    UNION ALL SELECT (SELECT room_ref FROM hidden
        WHERE user_ref = ?1 AND room_ref > ?2 ORDER BY room_ref LIMIT 1))";

fn traces_of(db: &Connection, user: &UserId, after: Option<&RoomId>, limit: usize) -> Result<Vec<RoomId>> {
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    let mut last = match after {
        Some(room) => room_ref(db, room)?.unwrap_or(0),
        None => 0,
    };
    let mut next = db.prepare_cached(NEXT_TRACE)?;
    let mut name = db.prepare_cached("SELECT id FROM rooms WHERE ref = ?1")?;
    let mut rooms = Vec::new();
    while rooms.len() < limit {
        let Some(room) = next.query_row([user, last], |row| row.get(0))? else { break };
        last = room;
        rooms.push(RoomId::read(&name.query_row([room], |row| row.get::<_, String>(0))?)?);
    }
    Ok(rooms)
}

/// Messages of a user after one of them. The index has the first of each block only; the others of a block are side by side
/// with it in the room, among at most fifteen of others.
fn written_by(
    db: &Connection,
    user: &UserId,
    after: Option<(&RoomId, Seq)>,
    limit: usize,
) -> Result<Vec<StoredMessage>> {
    const BLOCKS: &str = "SELECT room_ref, seq, (SELECT id FROM rooms WHERE ref = room_ref)
        FROM messages INDEXED BY messages_sender
        WHERE sender_ref = ?1 AND (room_ref, seq) >= (?2, ?3) AND flags & 4 ORDER BY room_ref, seq";
    const MESSAGES: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM messages INDEXED BY messages_seq
        WHERE room_ref = ?1 AND seq BETWEEN ?2 AND ?3 AND sender_ref = ?4 AND NOT flags & 8 ORDER BY seq"
    );
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    let (room, seq) = match after {
        Some((room, seq)) => (room_ref(db, room)?.unwrap_or(0), seq.get()),
        None => (0, 0),
    };
    let (mut written, mut senders) = (Vec::new(), Senders::new(db));
    let (mut blocks, mut messages) = (db.prepare_cached(BLOCKS)?, db.prepare_cached(MESSAGES)?);
    let mut blocks = blocks.query(params![user, room, seq / BLOCK * BLOCK])?;
    while written.len() < limit {
        let Some(block) = blocks.next()? else { break };
        let (of, first) = (block.get::<_, i64>(0)?, block.get::<_, u64>(1)?);
        let id = RoomId::read(block.get_ref(2)?.as_str()?)?;
        let from = if of == room { first.max(seq + 1) } else { first };
        let mut rows = messages.query(params![of, from, first | (BLOCK - 1), user])?;
        while let Some(row) = rows.next()?.filter(|_| written.len() < limit) {
            match message::read(row, of, &id, &mut senders) {
                Err(fault @ Fault::Corrupt(_)) => {
                    tracing::error!(%fault, room = %id, "a message is damaged; what its user wrote is read without it");
                }
                read => written.push(read?),
            }
        }
    }
    Ok(written)
}

fn blockers_of(db: &Connection, user: &UserId, limit: usize) -> Result<Vec<UserId>> {
    const SELECT: &str =
        "SELECT u.id FROM blocks b INDEXED BY blocks_blocked CROSS JOIN users u ON u.ref = b.user_ref
        WHERE b.blocked_id = ?1 LIMIT ?2";
    let mut select = db.prepare_cached(SELECT)?;
    all(&mut select, params![user.as_str(), sql_limit(limit)], |row| UserId::read(row.get_ref(0)?.as_str()?))
}

fn forgetting(db: &Connection, user: &UserId) -> Result<Option<Timestamp>> {
    let mut select = db.prepare_cached("SELECT forgetting_since FROM users WHERE id = ?1")?;
    let since: Option<Option<i64>> = select.query_row([user.as_str()], |row| row.get(0)).optional()?;
    Ok(since.flatten().map(Timestamp::from_micros))
}

#[async_trait]
impl TraceStore for SqliteStore {
    async fn written_by(
        &self,
        user: &UserId,
        after: Option<(&RoomId, Seq)>,
        limit: usize,
    ) -> std::result::Result<Vec<StoredMessage>, StorageError> {
        let (user, after) = (user.clone(), after.map(|(room, seq)| (room.clone(), seq)));
        let page = move |db: &Connection| {
            written_by(db, &user, after.as_ref().map(|(room, seq)| (room, *seq)), limit)
        };
        self.readers.read("written_by", ANYWHERE, page).await
    }

    async fn traces_of(
        &self,
        user: &UserId,
        after: Option<&RoomId>,
        limit: usize,
    ) -> std::result::Result<Vec<RoomId>, StorageError> {
        let (user, after) = (user.clone(), after.cloned());
        let page = move |db: &Connection| traces_of(db, &user, after.as_ref(), limit);
        self.readers.read("traces_of", ANYWHERE, page).await
    }

    async fn blockers_of(
        &self,
        user: &UserId,
        limit: usize,
    ) -> std::result::Result<Vec<UserId>, StorageError> {
        let user = user.clone();
        self.readers.read("blockers_of", ANYWHERE, move |db| blockers_of(db, &user, limit)).await
    }

    async fn forgetting(&self, user: &UserId) -> std::result::Result<Option<Timestamp>, StorageError> {
        let user = user.clone();
        self.readers.read("forgetting", 1, move |db| forgetting(db, &user)).await
    }
}
