//! Reading what rooms are to users.

use chat_protocol::reply::InboxTotals;
use chat_protocol::unread::{Counts, ReadState};
use chat_protocol::{
    Access, HistoryVisibility, Offset, Role, RoomId, RoomKind, RoomNumber, RoomState, Seq, Timestamp, UserId,
};
use chat_server_core::storage::{Bar, Place, Relation, RoomView, RoomsQuery};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::agents;
use crate::codec::Code;
use crate::counts::{self, Line};
use crate::error::Result;
use crate::head::Head;
use crate::number::{Id, Number};
use crate::own::settings;
use crate::room_data::{RoomData, data_columns};
use crate::standings::Own;

/// What `user` is to `room`.
pub(crate) fn standing(db: &Connection, id: &RoomId, user: &UserId) -> Result<Option<(Head, Own)>> {
    let Some(head) = Head::read(db, id)? else { return Ok(None) };
    const MEMBER: &str = "SELECT role, joined_seq, marked FROM members WHERE room_ref = ?1 AND user_ref = ?2";
    // Whoever is no member may have done something before: `marked` only ever spares a question.
    let bar = bar(db, head.room, id, user)?;
    let mut own = Own { member: None, bar, agent: false, client: false, marked: true };
    if let Some(user) = user_ref(db, user)? {
        let mut select = db.prepare_cached(MEMBER)?;
        let mut rows = select.query([head.room, user])?;
        if let Some(row) = rows.next()? {
            own.member = Some((Role::decode(row.get(0)?)?, Seq::read(row.get(1)?)?));
            own.marked = row.get(2)?;
        }
        if head.kind == RoomKind::Desk {
            own.agent = agents::is_agent(db, head.room, user)?;
            own.client = agents::is_client(db, head.room, user)?;
        }
    }
    Ok(Some((head, own)))
}

/// What stands in a user's way in a room.
fn bar(db: &Connection, room: i64, id: &RoomId, user: &UserId) -> Result<Option<Bar>> {
    const BAN: &str = "SELECT until FROM bans WHERE room_ref = ?1 AND user_id = ?2";
    let ban = db.prepare_cached(BAN)?.query_row(params![room, user.as_str()], |row| row.get(0)).optional()?;
    if let Some(until) = ban {
        let until: Option<i64> = until;
        return Ok(Some(Bar::Banned { until: until.map(Timestamp::from_micros) }));
    }
    let Some(other) = id.peer_of(user) else { return Ok(None) };
    if blocks(db, user, &other)? {
        return Ok(Some(Bar::Blocks));
    }
    Ok(blocks(db, &other, user)?.then_some(Bar::Blocked))
}

/// Whether `by` blocks `user`.
fn blocks(db: &Connection, by: &UserId, user: &UserId) -> Result<bool> {
    const SELECT: &str =
        "SELECT 1 FROM users u JOIN blocks b ON b.user_ref = u.ref AND b.blocked_id = ?2 WHERE u.id = ?1";
    Ok(db.prepare_cached(SELECT)?.exists([by.as_str(), user.as_str()])?)
}

/// A user's rooms with their places. Looks at all of them: a message leaves no trace but itself.
pub(crate) fn rooms_of(
    db: &Connection,
    user: &UserId,
    query: RoomsQuery,
    limit: usize,
) -> Result<Vec<(RoomId, Place)>> {
    let Some(user) = user_ref(db, user)? else { return Ok(Vec::new()) };
    // The view would read every room's newest message; its two numbers are in the index.
    const SELECT: &str = "SELECT (SELECT id FROM rooms WHERE ref = room_ref), pinned, active FROM (
            SELECT m.room_ref, m.pinned AND ?2 AS pinned,
                m.archived IS NOT NULL AND m.archived >= max(r.seq, ifnull((SELECT seq FROM messages x
                    WHERE x.room_ref = m.room_ref ORDER BY x.seq DESC LIMIT 1), 0)) AS archived,
                max(r.active, ifnull((SELECT num FROM messages x
                    WHERE x.room_ref = m.room_ref ORDER BY x.seq DESC LIMIT 1), 0)) AS active
            FROM members m CROSS JOIN rooms r ON r.ref = m.room_ref WHERE m.user_ref = ?1)
        WHERE (?3 IS NULL OR archived = ?3) AND (?4 IS NULL OR (pinned, active) < (?4, ?5))
        ORDER BY pinned DESC, active DESC LIMIT ?6";
    let (pinned, active) = query.after.map(|after| (after.pinned, after.active)).unzip();
    let mut select = db.prepare_cached(SELECT)?;
    let asked = params![user, query.pinned_first, query.archived, pinned, active, sql_limit(limit)];
    let mut rows = select.query(asked)?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        let place = Place { pinned: row.get(1)?, active: row.get(2)? };
        rooms.push((RoomId::read(row.get_ref(0)?.as_str()?)?, place));
    }
    Ok(rooms)
}

/// The rooms as the user sees them.
pub(crate) fn views(db: &Connection, id: &UserId, rooms: &[RoomId]) -> Result<Vec<Option<RoomView>>> {
    if id.is_system() {
        return rooms.iter().map(|room| view_of_system(db, id, room)).collect();
    }
    let Some(user) = user_ref(db, id)? else { return Ok(vec![None; rooms.len()]) };
    rooms.iter().map(|room| view(db, user, id, room)).collect()
}

/// What a member's counts depend on: columns of `heads r` and `members m`.
macro_rules! stand_columns {
    () => {
        "r.ref, r.seq, r.ordinal, m.read, m.read_private, m.unread_from, m.muted_until, m.pinned, m.archived"
    };
}

/// How far a member has read, of a row that begins with `stand_columns!`.
fn read_state(row: &Row<'_>) -> Result<ReadState> {
    Ok(ReadState {
        read: Seq::read(row.get(3)?)?,
        read_private: Seq::read(row.get(4)?)?,
        unread_from: row.get::<_, Option<u64>>(5)?.map(Seq::read).transpose()?,
    })
}

/// What is unread for a member, of such a row. What was before its time can be marked unread, and is nothing that it could
/// read: with `history` `joined` only messages after `joined_seq` count.
fn counts_of(
    db: &Connection,
    row: &Row<'_>,
    user: i64,
    history: HistoryVisibility,
    joined_seq: u64,
) -> Result<Counts> {
    let first = if history == HistoryVisibility::Joined { joined_seq } else { 0 };
    let (head, base): (u64, _) = (row.get(1)?, read_state(row)?.base().get().max(first));
    if base >= head {
        return Ok(Counts::default());
    }
    counts::main_line(db, &Line { room: row.get(0)?, user, thread: None, base }, row.get(2)?)
}

/// The select of what [`view_from`] takes; `$members` is where `m` comes from.
macro_rules! view {
    ($members:literal) => {
        concat!(
            "SELECT ",
            stand_columns!(),
            ", r.kind, r.access, r.history, m.role, r.offset, r.oldest_seq, r.oldest_offset, m.joined_seq,
            m.joined_offset, r.members, r.ts, r.access_version, r.number, m.split, ",
            data_columns!(),
            " FROM heads r JOIN ",
            $members,
            " WHERE r.id = ?2"
        )
    };
}

/// One room as a member sees it.
fn view(db: &Connection, user: i64, me: &UserId, id: &RoomId) -> Result<Option<RoomView>> {
    view_from(db, view!("members m ON m.room_ref = r.ref AND m.user_ref = ?1"), user, me, id)
}

/// One room as the system sees it: an owner who has read all of it, whatever there will be.
fn view_of_system(db: &Connection, me: &UserId, id: &RoomId) -> Result<Option<RoomView>> {
    const SELECT: &str = view!(
        "(SELECT 9007199254740991 AS read, 0 AS read_private, NULL AS unread_from, NULL AS muted_until,
            0 AS pinned, NULL AS archived, 1 AS role, 0 AS joined_seq, 0 AS joined_offset,
            NULL AS split) m"
    );
    let mut view = view_from(db, SELECT, 0, me, id)?;
    if let Some(RoomView { state, .. }) = &mut view {
        state.read = state.seq;
    }
    Ok(view)
}

fn view_from(db: &Connection, select: &str, user: i64, me: &UserId, id: &RoomId) -> Result<Option<RoomView>> {
    let mut select = db.prepare_cached(select)?;
    let mut rows = select.query(params![user, id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (kind, access) = (RoomKind::decode(row.get(9)?)?, Access::decode(row.get(10)?)?);
    let (history, role) = (HistoryVisibility::decode(row.get(11)?)?, Role::decode(row.get(12)?)?);
    let mut oldest_seq = Seq::read(row.get(14)?)?;
    let mut oldest_offset = Offset::read(row.get(15)?)?;
    if history == HistoryVisibility::Joined {
        oldest_seq = oldest_seq.max(Seq::read(row.get(16)?)?.next());
        oldest_offset = oldest_offset.max(Offset::read(row.get(17)?)?);
    }
    let ReadState { read, read_private, unread_from } = read_state(row)?;
    let (counts, data) = (counts_of(db, row, user, history, row.get(16)?)?, RoomData::read(row, 23)?);
    let state = RoomState {
        history: history.into(),
        info: data.info,
        seq: Seq::read(row.get(1)?)?,
        offset: Offset::read(row.get(13)?)?,
        oldest_seq,
        members: row.get(18)?,
        read,
        unread: counts.unread,
        mentions: counts.mentions,
        read_private: (read_private > read).then_some(read_private),
        unread_from,
        settings: settings(row, 6, row.get(1)?)?,
        desk: data.desk,
        number: row.get::<_, Option<u64>>(21)?.map(RoomNumber::read).transpose()?,
        ts: Timestamp::from_micros(row.get(19)?),
        ..RoomState::new(id.clone(), me, kind, access, role)
    };
    let (access_version, joined_seq) = (row.get(20)?, Seq::read(row.get(16)?)?);
    let split = row.get::<_, Option<u64>>(22)?.map(Seq::read).transpose()?;
    Ok(Some(RoomView { state, access_version, oldest_offset, joined_seq, split }))
}

/// Counts over all rooms of a user that are not archived, and of unread messages those that are not muted.
pub(crate) fn totals(db: &Connection, user: &UserId, now: Timestamp) -> Result<InboxTotals> {
    let mut totals = InboxTotals { unread: 0, mentions: 0, rooms: 0 };
    let Some(user) = user_ref(db, user)? else { return Ok(totals) };
    const SELECT: &str = concat!(
        "SELECT ",
        stand_columns!(),
        ", r.history, m.joined_seq FROM members m CROSS JOIN heads r ON r.ref = m.room_ref WHERE m.user_ref = ?1"
    );
    let mut select = db.prepare_cached(SELECT)?;
    let mut rows = select.query([user])?;
    while let Some(row) = rows.next()? {
        let settings = settings(row, 6, row.get(1)?)?;
        if settings.archived {
            continue;
        }
        let history = HistoryVisibility::decode(row.get(9)?)?;
        let counts = counts_of(db, row, user, history, row.get(10)?)?;
        totals.mentions += counts.mentions;
        if settings.mute_until.is_none_or(|until| until <= now) {
            totals.unread += counts.unread;
            totals.rooms += u64::from(counts.unread > 0);
        }
    }
    Ok(totals)
}

/// What two users are to each other.
pub(crate) fn relation(db: &Connection, a: &UserId, b: &UserId) -> Result<Relation> {
    const SHARED: &str =
        "SELECT 1 FROM members x JOIN members y ON y.room_ref = x.room_ref AND y.user_ref = ?2
        WHERE x.user_ref = ?1 LIMIT 1";
    let shared = match (user_ref(db, a)?, user_ref(db, b)?) {
        (Some(a), Some(b)) => db.prepare_cached(SHARED)?.exists([a, b])?,
        _ => false,
    };
    let direct = room_ref(db, &RoomId::direct(a, b))?.is_some();
    Ok(Relation { direct, shared, blocks: blocks(db, a, b)?, blocked: blocks(db, b, a)? })
}

/// The number of a room.
pub(crate) fn room_ref(db: &Connection, id: &RoomId) -> Result<Option<i64>> {
    let mut select = db.prepare_cached("SELECT ref FROM rooms WHERE id = ?1")?;
    Ok(select.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

/// The number of a user.
pub(crate) fn user_ref(db: &Connection, user: &UserId) -> Result<Option<i64>> {
    let mut select = db.prepare_cached("SELECT ref FROM users WHERE id = ?1")?;
    Ok(select.query_row([user.as_str()], |row| row.get(0)).optional()?)
}

/// A limit as SQLite takes it.
pub(crate) fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
