//! Lists whose pages are counted from the newest message.

use std::collections::BinaryHeap;
use std::ops::Range;

use async_trait::async_trait;
use chat_protocol::{HistoryVisibility, RoomId, UserId};
use chat_server_core::storage::{ListStore, Listed, ListedPage, StorageError, StoredMessage};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::codec::Code;
use crate::error::Result;
use crate::message::{self, Senders, columns};
use crate::number::Id;
use crate::rooms::{room_ref, user_ref};
use crate::sent::BLOCK;
use crate::store::{ANYWHERE, SqliteStore};

/// What of a member's message is shown: `?1` is the room and `?2` the member.
macro_rules! shown {
    () => {
        " AND deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM hidden h
            WHERE h.user_ref = ?2 AND h.room_ref = ?1 AND h.seq = messages.seq)"
    };
}

/// The oldest message that a member of a room can read, of `members m` and `rooms r`; `$joined` is the code of
/// [`HistoryVisibility::Joined`].
macro_rules! oldest {
    ($joined:literal) => {
        concat!("max(r.oldest_seq, CASE r.history WHEN ", $joined, " THEN m.joined_seq + 1 ELSE 0 END)")
    };
}

/// Messages of a user in one room, taken one after the other from the newest.
struct Own {
    room: i64,
    oldest: u64,
    /// All at this number and beyond were found.
    found: u64,
    /// Number in the server and in the room of those that were found and not taken, the newest last.
    waiting: Vec<(u64, u64)>,
}

/// Finds a user's messages block by block: the index has the first of each, see `messages_sender`.
struct Blocks<'c> {
    user: i64,
    before: CachedStatement<'c>,
    inside: CachedStatement<'c>,
}

impl<'c> Blocks<'c> {
    fn new(db: &'c Connection, user: i64) -> Result<Self> {
        const BEFORE: &str = "SELECT seq FROM messages INDEXED BY messages_sender
            WHERE sender_ref = ?1 AND room_ref = ?2 AND seq < ?3 AND flags & 4 ORDER BY seq DESC LIMIT 1";
        const INSIDE: &str = concat!(
            "SELECT num, seq FROM messages INDEXED BY messages_seq
            WHERE room_ref = ?1 AND seq BETWEEN ?3 AND ?4 AND sender_ref = ?2",
            shown!(),
            " ORDER BY seq"
        );
        Ok(Self { user, before: db.prepare_cached(BEFORE)?, inside: db.prepare_cached(INSIDE)? })
    }

    /// The number of the newest message that was not taken; `None`: there is none.
    fn newest(&mut self, own: &mut Own) -> Result<Option<u64>> {
        while own.waiting.is_empty() && own.found > own.oldest {
            let before = params![self.user, own.room, own.found];
            let first: Option<u64> = self.before.query_row(before, |row| row.get(0)).optional()?;
            let Some(first) = first.filter(|first| first | (BLOCK - 1) >= own.oldest) else {
                own.found = 0;
                break;
            };
            let inside = params![own.room, self.user, first.max(own.oldest), first | (BLOCK - 1)];
            let rows = self.inside.query_map(inside, |row| Ok((row.get(0)?, row.get(1)?)))?;
            own.waiting = rows.collect::<std::result::Result<_, _>>()?;
            own.found = first;
        }
        Ok(own.waiting.last().map(|(num, _)| *num))
    }
}

/// What a user wrote in all its rooms: the newest of each room compete, as many times as the list is long.
fn written(db: &Connection, user: i64, page: Range<usize>, most: usize) -> Result<ListedPage> {
    const ROOMS: &str = concat!(
        "SELECT m.room_ref, ",
        oldest!("?2"),
        " FROM members m INDEXED BY members_user CROSS JOIN rooms r ON r.ref = m.room_ref
        WHERE m.user_ref = ?1"
    );
    let mut rooms = db.prepare_cached(ROOMS)?;
    let (mut rooms, mut blocks) =
        (rooms.query(params![user, HistoryVisibility::Joined.code()])?, Blocks::new(db, user)?);
    let (mut owns, mut newest) = (Vec::new(), BinaryHeap::new());
    while let Some(row) = rooms.next()? {
        let mut own =
            Own { room: row.get(0)?, oldest: row.get(1)?, found: i64::MAX as u64, waiting: Vec::new() };
        if let Some(num) = blocks.newest(&mut own)? {
            newest.push((num, owns.len()));
            owns.push(own);
        }
    }
    let (mut count, mut nums) = (0, Vec::new());
    while count < most {
        let Some((num, place)) = newest.pop() else { break };
        if page.contains(&count) {
            nums.push((num, owns[place].room));
        }
        count += 1;
        owns[place].waiting.pop();
        newest.extend(blocks.newest(&mut owns[place])?.map(|num| (num, place)));
    }
    Ok(ListedPage { count, messages: by_num(db, &nums)? })
}

/// Messages by their numbers in the server, with their rooms.
fn by_num(db: &Connection, nums: &[(u64, i64)]) -> Result<Vec<StoredMessage>> {
    const SELECT: &str = concat!("SELECT ", columns!(), " FROM messages WHERE num = ?1");
    let (mut select, mut senders) = (db.prepare_cached(SELECT)?, Senders::new(db));
    let mut name = db.prepare_cached("SELECT id FROM rooms WHERE ref = ?1")?;
    let mut messages = Vec::with_capacity(nums.len());
    for (num, room) in nums {
        let id = RoomId::read(&name.query_row([room], |row| row.get::<_, String>(0))?)?;
        let mut rows = select.query([num])?;
        if let Some(row) = rows.next()? {
            messages.push(message::read(row, *room, &id, &mut senders)?);
        }
    }
    Ok(messages)
}

/// What a member can read of a room. Its numbers have no holes, so that what is not shown is counted alone.
fn of_room(db: &Connection, user: i64, id: &RoomId, page: Range<usize>, most: usize) -> Result<ListedPage> {
    const ENDS: &str = concat!(
        "SELECT ",
        oldest!("?3"),
        ", r.seq FROM heads r JOIN members m ON m.room_ref = r.ref AND m.user_ref = ?2 WHERE r.ref = ?1"
    );
    const GONE: &str = "SELECT
        (SELECT count(*) FROM messages INDEXED BY messages_deleted
            WHERE room_ref = ?1 AND deleted_at IS NOT NULL AND seq >= ?3)
        + (SELECT count(*) FROM hidden h CROSS JOIN messages m ON m.room_ref = ?1 AND m.seq = h.seq
            WHERE h.user_ref = ?2 AND h.room_ref = ?1 AND h.seq >= ?3 AND m.deleted_at IS NULL)";
    const MESSAGES: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM messages INDEXED BY messages_seq WHERE room_ref = ?1 AND seq >= ?3",
        shown!(),
        " ORDER BY seq DESC LIMIT ?4 OFFSET ?5"
    );
    let Some(room) = room_ref(db, id)? else { return Ok(ListedPage::default()) };
    let joined = HistoryVisibility::Joined.code();
    let ends = db
        .prepare_cached(ENDS)?
        .query_row(params![room, user, joined], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?)));
    let Some((oldest, head)) = ends.optional()? else { return Ok(ListedPage::default()) };
    let gone: u64 = db.prepare_cached(GONE)?.query_row(params![room, user, oldest], |row| row.get(0))?;
    let all = (head + 1).saturating_sub(oldest).saturating_sub(gone);
    let count = usize::try_from(all).unwrap_or(usize::MAX).min(most);
    let (mut messages, mut senders) = (Vec::new(), Senders::new(db));
    let part = page.start.min(count)..page.end.min(count);
    let mut select = db.prepare_cached(MESSAGES)?;
    let mut rows = select.query(params![room, user, oldest, part.len() as u64, part.start as u64])?;
    while let Some(row) = rows.next()? {
        messages.push(message::read(row, room, id, &mut senders)?);
    }
    Ok(ListedPage { count, messages })
}

#[async_trait]
impl ListStore for SqliteStore {
    async fn listed(
        &self,
        user: &UserId,
        list: Listed<'_>,
        page: Range<usize>,
        most: usize,
    ) -> std::result::Result<ListedPage, StorageError> {
        let (user, room) = (
            user.clone(),
            match list {
                Listed::Written => None,
                Listed::In(room) => Some(room.clone()),
            },
        );
        let read = move |db: &Connection| {
            let Some(user) = user_ref(db, &user)? else { return Ok(ListedPage::default()) };
            match &room {
                None => written(db, user, page, most),
                Some(room) => of_room(db, user, room, page, most),
            }
        };
        self.readers.read("listed", ANYWHERE, read).await
    }
}
