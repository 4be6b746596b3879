//! Reading what rooms are to their members.

use chat_protocol::{Access, Offset, Role, RoomId, RoomInfo, RoomKind, RoomState, Seq, Timestamp, UserId};
use chat_server_core::storage::{RoomView, Standing};
use rusqlite::{Connection, OptionalExtension, params};

use crate::codec::Code;
use crate::error::Result;
use crate::log::{room_ref, sql_limit};
use crate::number::{Id, Number};
use crate::sent::last_sent;

/// What `user` is to `room`.
pub(crate) fn standing(db: &Connection, room: &RoomId, user: &UserId) -> Result<Option<Standing>> {
    const SELECT: &str = "SELECT r.kind, r.access, r.access_version, r.seq, r.offset,
            (SELECT m.role FROM members m JOIN users u ON u.ref = m.user_ref
             WHERE m.room_ref = r.ref AND u.id = ?2)
        FROM heads r WHERE r.id = ?1";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([room.as_str(), user.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Standing {
        kind: RoomKind::decode(row.get(0)?)?,
        access: Access::decode(row.get(1)?)?,
        access_version: row.get(2)?,
        seq: Seq::read(row.get(3)?)?,
        offset: Offset::read(row.get(4)?)?,
        role: row.get::<_, Option<u8>>(5)?.map(Role::decode).transpose()?,
    }))
}

/// A user's rooms, most recently active first.
pub(crate) fn rooms_of(db: &Connection, user: &UserId) -> Result<Vec<RoomId>> {
    // The view would read every room's newest message; its number is in the index.
    const SELECT: &str = "SELECT r.id FROM members m JOIN rooms r ON r.ref = m.room_ref
        WHERE m.user_ref = (SELECT ref FROM users WHERE id = ?1)
        ORDER BY max(r.active, ifnull((SELECT num FROM messages x
            WHERE x.room_ref = r.ref ORDER BY x.seq DESC LIMIT 1), 0)) DESC";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([user.as_str()])?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        rooms.push(RoomId::read(row.get_ref(0)?.as_str().unwrap_or_default())?);
    }
    Ok(rooms)
}

/// The rooms as the user sees them.
pub(crate) fn views(db: &Connection, id: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>> {
    let Some(user) = user_ref(db, id)? else { return Ok(vec![None; rooms.len()]) };
    rooms.iter().map(|room| view(db, user, id, room)).collect()
}

/// One room as a member sees it.
///
/// Unread are the others' messages after the pointer: all that count up to the head, less those up to the pointer,
/// less the member's own in between. Every message holds both running numbers since it was stored, so a few
/// steps down indexes give them, whatever the history (see `sent.rs` for the member's own).
fn view(db: &Connection, user: i64, me: &UserId, room: &RoomId) -> Result<Option<RoomView>> {
    const SELECT: &str = concat!(
        "SELECT r.kind, r.access, r.name, m.role, r.seq, r.offset, r.oldest_seq, r.members, m.read,
            r.ts, r.access_version, CASE WHEN m.read >= r.seq THEN 0 ELSE
                r.ordinal - coalesce((SELECT x.ordinal FROM messages x
                    WHERE x.room_ref = r.ref AND x.seq <= m.read ORDER BY x.seq DESC LIMIT 1), 0)
                - coalesce((",
        last_sent!("max(sender_ordinal)", "?1", "r.ref", ""),
        "), 0) + coalesce((",
        last_sent!("max(sender_ordinal)", "?1", "r.ref", " AND seq <= m.read"),
        "), 0)
            END
        FROM heads r JOIN members m ON m.room_ref = r.ref AND m.user_ref = ?1 WHERE r.id = ?2"
    );
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![user, room.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (kind, access) = (RoomKind::decode(row.get(0)?)?, Access::decode(row.get(1)?)?);
    let role = Role::decode(row.get(3)?)?;
    let state = RoomState {
        info: RoomInfo { name: row.get(2)?, ..RoomInfo::default() },
        seq: Seq::read(row.get(4)?)?,
        offset: Offset::read(row.get(5)?)?,
        oldest_seq: Seq::read(row.get(6)?)?,
        members: row.get(7)?,
        read: Seq::read(row.get(8)?)?,
        unread: row.get(11)?,
        ts: Timestamp::from_micros(row.get(9)?),
        ..RoomState::new(room.clone(), me, kind, access, role)
    };
    Ok(Some(RoomView { state, access_version: row.get(10)? }))
}

/// Whether two users are members of some room together.
pub(crate) fn share_room(db: &Connection, a: &UserId, b: &UserId) -> Result<bool> {
    let (Some(a), Some(b)) = (user_ref(db, a)?, user_ref(db, b)?) else { return Ok(false) };
    const SELECT: &str =
        "SELECT 1 FROM members x JOIN members y ON y.room_ref = x.room_ref AND y.user_ref = ?2
        WHERE x.user_ref = ?1 LIMIT 1";
    Ok(db.prepare_cached(SELECT)?.exists([a, b])?)
}

/// The read pointers of a room, furthest first.
pub(crate) fn pointers(db: &Connection, room: &RoomId, limit: usize) -> Result<Vec<(UserId, Seq)>> {
    let Some(room) = room_ref(db, room)? else { return Ok(Vec::new()) };
    const SELECT: &str = "SELECT u.id, m.read FROM members m JOIN users u ON u.ref = m.user_ref
        WHERE m.room_ref = ?1 AND m.read > 0 ORDER BY m.read DESC LIMIT ?2";
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query(params![room, sql_limit(limit)])?;
    let mut pointers = Vec::new();
    while let Some(row) = rows.next()? {
        pointers.push((UserId::read(row.get_ref(0)?.as_str().unwrap_or_default())?, Seq::read(row.get(1)?)?));
    }
    Ok(pointers)
}

fn user_ref(db: &Connection, user: &UserId) -> Result<Option<i64>> {
    let mut select = db.prepare_cached("SELECT ref FROM users WHERE id = ?1")?;
    Ok(select.query_row([user.as_str()], |row| row.get(0)).optional()?)
}
