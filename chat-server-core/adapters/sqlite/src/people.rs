//! Reading who is in rooms, who may not be, and how far they have read.

use chat_protocol::{Role, RoomId, Seq, Timestamp, UserId};
use chat_server_core::storage::{BanEntry, Blocked, MemberEntry, Pointers};
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use crate::codec::Code;
use crate::error::Result;
use crate::number::{Id, Number};
use crate::rooms::{room_ref, sql_limit, user_ref};

/// Members of a room from the highest role down and then by id.
pub(crate) fn members(
    db: &Connection,
    room: &RoomId,
    after: Option<(Role, &UserId)>,
    limit: usize,
) -> Result<Vec<MemberEntry>> {
    let Some(room) = room_ref(db, room)? else { return Ok(Vec::new()) };
    const SELECT: &str =
        "SELECT user_id, role, joined_at, delivered, read FROM members INDEXED BY members_place
        WHERE room_ref = ?1 AND (role, user_id) > (?2, ?3) ORDER BY role, user_id LIMIT ?4";
    let (role, user) = after.map_or((0, ""), |(role, user)| (role.code(), user.as_str()));
    let mut select = db.prepare_cached(SELECT)?;
    let rows = params![room, role, user, sql_limit(limit)];
    all(&mut select, rows, |row| {
        Ok(MemberEntry {
            user: UserId::read(row.get_ref(0)?.as_str()?)?,
            role: Role::decode(row.get(1)?)?,
            joined_at: Timestamp::from_micros(row.get(2)?),
            delivered: Seq::read(row.get(3)?)?,
            read: Seq::read(row.get(4)?)?,
        })
    })
}

/// Bans of a room in the order of ids.
pub(crate) fn bans(
    db: &Connection,
    room: &RoomId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<BanEntry>> {
    let Some(room) = room_ref(db, room)? else { return Ok(Vec::new()) };
    const SELECT: &str = "SELECT b.user_id, u.id, b.until, b.reason, b.ts
        FROM bans b CROSS JOIN users u ON u.ref = b.by_ref
        WHERE b.room_ref = ?1 AND b.user_id > ?2 ORDER BY b.user_id LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let rows = params![room, after.map_or("", UserId::as_str), sql_limit(limit)];
    all(&mut select, rows, |row| {
        Ok(BanEntry {
            user: UserId::read(row.get_ref(0)?.as_str()?)?,
            by: UserId::read(row.get_ref(1)?.as_str()?)?,
            until: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_micros),
            reason: row.get(3)?,
            ts: Timestamp::from_micros(row.get(4)?),
        })
    })
}

/// Whom a user blocks, in the order of ids.
pub(crate) fn blocked(
    db: &Connection,
    user: &UserId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<Blocked>> {
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    const SELECT: &str = "SELECT blocked_id, ts FROM blocks WHERE user_ref = ?1 AND blocked_id > ?2
        ORDER BY blocked_id LIMIT ?3";
    let mut select = db.prepare_cached(SELECT)?;
    let rows = params![user, after.map_or("", UserId::as_str), sql_limit(limit)];
    all(&mut select, rows, |row| {
        let user = UserId::read(row.get_ref(0)?.as_str()?)?;
        Ok(Blocked { user, ts: Timestamp::from_micros(row.get(1)?) })
    })
}

/// When a user's last session ended.
pub(crate) fn last_seen(db: &Connection, user: &UserId) -> Result<Option<Timestamp>> {
    let mut select = db.prepare_cached("SELECT last_seen FROM users WHERE id = ?1")?;
    let seen: Option<Option<i64>> = select.query_row([user.as_str()], |row| row.get(0)).optional()?;
    Ok(seen.flatten().map(Timestamp::from_micros))
}

/// Pointers of a room's members, or of those who read in a thread, furthest first.
pub(crate) fn pointers(
    db: &Connection,
    room: &RoomId,
    thread: Option<Seq>,
    limit: usize,
) -> Result<Pointers> {
    let Some(room) = room_ref(db, room)? else { return Ok(Pointers::default()) };
    const MAIN: &str = "SELECT user_id, read, delivered FROM members INDEXED BY members_read
        WHERE room_ref = ?1 AND delivered > 0 AND ?2 IS NULL ORDER BY read DESC, delivered DESC LIMIT ?3";
    const THREAD: &str = "SELECT u.id, p.read, 0 FROM thread_pointers p INDEXED BY thread_pointers_read
            CROSS JOIN users u ON u.ref = p.user_ref
        WHERE p.room_ref = ?1 AND p.thread = ?2 AND p.read > 0 ORDER BY p.read DESC LIMIT ?3";
    let mut select = db.prepare_cached(if thread.is_none() { MAIN } else { THREAD })?;
    let rows = params![room, thread.map(Seq::get), sql_limit(limit)];
    let found = all(&mut select, rows, |row| {
        let user = UserId::read(row.get_ref(0)?.as_str()?)?;
        Ok((user, Seq::read(row.get(1)?)?, Seq::read(row.get(2)?)?))
    })?;
    let mut pointers = Pointers::default();
    for (user, read, delivered) in found {
        if delivered > read {
            pointers.delivered.insert(user.clone(), delivered);
        }
        if read > Seq::ZERO {
            pointers.read.insert(user, read);
        }
    }
    Ok(pointers)
}

/// All rows, each taken by `take`.
pub(crate) fn all<T>(
    select: &mut Statement<'_>,
    asked: &[&dyn rusqlite::ToSql],
    take: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = select.query(asked)?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        page.push(take(row)?);
    }
    Ok(page)
}
