//! Pages of messages, with what belongs to them: reactions, threads, and what one user did to them.

use chat_protocol::unread::ReadState;
use chat_protocol::{
    Emoji, HistoryQuery, MAX_SAFE, MyReactions, ReactionCount, Replies, RoomId, Seq, ThreadState, UserId,
    limits,
};
use chat_server_core::storage::{Marks, StoredMessage};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::counts::{self, Line};
use crate::error::{Fault, Result};
use crate::message::{self, Root, Senders, columns};
use crate::number::Number;
use crate::rooms::{room_ref, sql_limit, user_ref};

/// Messages that a page makes room for at once; a longer one grows.
const PAGE: usize = 100;

macro_rules! page {
    ($and:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM messages INDEXED BY ",
            $and,
            " AND room_ref = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq ",
            $order,
            " LIMIT ?4"
        )
    };
}
const ASCENDING: &str = page!("messages_seq WHERE ?5 IS NULL", "ASC");
const DESCENDING: &str = page!("messages_seq WHERE ?5 IS NULL", "DESC");
const ASCENDING_IN_THREAD: &str = page!("messages_thread WHERE thread = ?5", "ASC");
const DESCENDING_IN_THREAD: &str = page!("messages_thread WHERE thread = ?5", "DESC");

/// Which messages of a room: those with `after < seq < before`, from the one end or the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) thread: Option<Seq>,
    pub(crate) after: u64,
    pub(crate) before: u64,
    pub(crate) ascending: bool,
}

/// The messages that `query` chooses, ascending; `None` when there is no such room.
pub(crate) fn history(
    db: &Connection,
    id: &RoomId,
    thread: Option<Seq>,
    query: HistoryQuery,
    limit: usize,
) -> Result<Option<Vec<StoredMessage>>> {
    let Some(room) = room_ref(db, id)? else { return Ok(None) };
    let before = query.before.map_or(MAX_SAFE + 1, Seq::get);
    let (after, ascending) = (query.after.map_or(0, Seq::get), query.after.is_some());
    let mut page = messages(db, (room, id), Range { thread, after, before, ascending }, limit)?;
    if !ascending {
        page.reverse();
    }
    sum_up(db, room, &mut page)?;
    Ok(Some(page))
}

/// Messages as they were stored.
pub(crate) fn messages(
    db: &Connection,
    (room, id): (i64, &RoomId),
    range: Range,
    limit: usize,
) -> Result<Vec<StoredMessage>> {
    let mut select = db.prepare_cached(match (range.thread, range.ascending) {
        (None, true) => ASCENDING,
        (None, false) => DESCENDING,
        (Some(_), true) => ASCENDING_IN_THREAD,
        (Some(_), false) => DESCENDING_IN_THREAD,
    })?;
    let thread = range.thread.map(Seq::get);
    let mut rows = select.query(params![room, range.after, range.before, sql_limit(limit), thread])?;
    let (mut page, mut senders) = (Vec::with_capacity(limit.min(PAGE)), Senders::new(db));
    while let Some(row) = rows.next()? {
        page.push(message::read(row, room, id, &mut senders)?);
    }
    Ok(page)
}

/// Adds reactions and replies to the messages of a page.
fn sum_up(db: &Connection, room: i64, page: &mut [StoredMessage]) -> Result<()> {
    const REACTED: &str =
        "SELECT seq FROM reaction_counts WHERE room_ref = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1";
    const ANSWERED: &str = "SELECT thread FROM messages INDEXED BY messages_thread
        WHERE room_ref = ?1 AND thread >= ?2 ORDER BY thread LIMIT 1";
    let mut senders = Senders::new(db);
    at_each(db, room, page, REACTED, |stored| {
        stored.message.reactions = reactions(db, room, stored.message.seq, &mut senders)?;
        Ok(())
    })?;
    at_each(db, room, page, ANSWERED, |stored| {
        let replies = counts::replies(db, room, stored.message.seq.get())?;
        let replies =
            replies.map(|(count, last)| Ok::<_, Fault>(Replies { count, last_seq: Seq::read(last)? }));
        stored.message.replies = replies.transpose()?;
        Ok(())
    })
}

/// Runs `work` on the messages of an ascending page that `next` finds. It gives the first that there is from a number on,
/// so that a page without any is one look-up and not one per message.
fn at_each(
    db: &Connection,
    room: i64,
    page: &mut [StoredMessage],
    next: &str,
    mut work: impl FnMut(&mut StoredMessage) -> Result<()>,
) -> Result<()> {
    let (mut next, mut at) = (db.prepare_cached(next)?, 0);
    while let Some(first) = page.get(at) {
        let found = next.query_row(params![room, first.message.seq.get()], |row| row.get(0)).optional()?;
        let Some(found) = found.map(Seq::read).transpose()? else { return Ok(()) };
        at += page[at..].partition_point(|stored| stored.message.seq < found);
        if let Some(stored) = page.get_mut(at).filter(|stored| stored.message.seq == found) {
            work(stored)?;
            at += 1;
        }
    }
    Ok(())
}

/// The reactions to a message, each where its oldest stands.
fn reactions(db: &Connection, room: i64, seq: Seq, senders: &mut Senders<'_>) -> Result<Vec<ReactionCount>> {
    const COUNTS: &str = "SELECT c.reaction, c.count, (SELECT num FROM reactions r
            WHERE r.room_ref = ?1 AND r.seq = ?2 AND r.reaction = c.reaction ORDER BY num LIMIT 1) AS first
        FROM reaction_counts c WHERE c.room_ref = ?1 AND c.seq = ?2 ORDER BY first";
    const USERS: &str = "SELECT user_ref FROM reactions
        WHERE room_ref = ?1 AND seq = ?2 AND reaction = ?3 ORDER BY num LIMIT ?4";
    let (mut counts, mut first) = (db.prepare_cached(COUNTS)?, db.prepare_cached(USERS)?);
    let mut rows = counts.query(params![room, seq.get()])?;
    let mut reactions = Vec::new();
    while let Some(row) = rows.next()? {
        let emoji = row.get_ref(0)?.as_str()?;
        let mut found = first.query(params![room, seq.get(), emoji, limits::MAX_REACTION_USERS])?;
        let mut users = Vec::new();
        while let Some(user) = found.next()? {
            users.push(senders.id(user.get(0)?)?);
        }
        reactions.push(ReactionCount { emoji: emoji_of(emoji)?, count: row.get(1)?, users });
    }
    Ok(reactions)
}

fn emoji_of(text: &str) -> Result<Emoji> {
    Emoji::new(text).map_err(|error| Fault::Corrupt(error.to_string()))
}

/// The newest message of the main line of each room.
pub(crate) fn newest(db: &Connection, rooms: &[RoomId]) -> Result<Vec<Option<StoredMessage>>> {
    const SELECT: &str = "SELECT ref, main_seq FROM heads WHERE id = ?1";
    let mut select = db.prepare_cached(SELECT)?;
    let mut newest = Vec::with_capacity(rooms.len());
    for id in rooms {
        let found = select.query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((room, seq)) = found else {
            newest.push(None);
            continue;
        };
        let mut message = message::find(db, room, id, Seq::read(seq)?)?;
        sum_up(db, room, message.as_mut_slice())?;
        newest.push(message);
    }
    Ok(newest)
}

/// What `user` did to the messages from `first` to `last`.
pub(crate) fn marks(db: &Connection, id: &RoomId, user: &UserId, first: Seq, last: Seq) -> Result<Marks> {
    let (Some(room), Some(user)) = (room_ref(db, id)?, user_ref(db, user)?) else {
        return Ok(Marks::default());
    };
    const REACTIONS: &str = "SELECT seq, reaction FROM reactions INDEXED BY reactions_user
        WHERE user_ref = ?1 AND room_ref = ?2 AND seq BETWEEN ?3 AND ?4 ORDER BY seq, num";
    const HIDDEN: &str =
        "SELECT seq FROM hidden WHERE user_ref = ?1 AND room_ref = ?2 AND seq BETWEEN ?3 AND ?4 ORDER BY seq";
    let range = params![user, room, first.get(), last.get()];
    let mut marks = Marks::default();
    let mut select = db.prepare_cached(REACTIONS)?;
    let mut rows = select.query(range)?;
    while let Some(row) = rows.next()? {
        let (seq, emoji) = (Seq::read(row.get(0)?)?, emoji_of(row.get_ref(1)?.as_str()?)?);
        match marks.reactions.last_mut() {
            Some(mine) if mine.seq == seq => mine.emoji.push(emoji),
            _ => marks.reactions.push(MyReactions { seq, emoji: vec![emoji] }),
        }
    }
    let mut select = db.prepare_cached(HIDDEN)?;
    let mut rows = select.query(range)?;
    while let Some(row) = rows.next()? {
        marks.hidden.push(Seq::read(row.get(0)?)?);
    }
    Ok(marks)
}

/// A thread as `user` sees it; `None` when nothing can hang there.
pub(crate) fn thread(db: &Connection, id: &RoomId, root: Seq, user: &UserId) -> Result<Option<ThreadState>> {
    let Some(room) = room_ref(db, id)? else { return Ok(None) };
    if message::is_root(db, room, root)? == Root::None {
        return Ok(None);
    }
    // Who was never heard of has written nothing: no user has the number 0.
    let user = user_ref(db, user)?.unwrap_or(0);
    let state = read_in_thread(db, room, user, root)?;
    let line = Line { room, user, thread: Some(root.get()), base: state.base().get() };
    let count = counts::replies(db, room, root.get())?.map_or(0, |(count, _)| count);
    let unread = counts::in_thread(db, &line)?;
    Ok(Some(ThreadState { root, count, read: state.base(), unread, pointers: Default::default() }))
}

/// How far a user has read in a thread: what was said before it joined is not unread there either.
pub(crate) fn read_in_thread(db: &Connection, room: i64, user: i64, root: Seq) -> Result<ReadState> {
    const SELECT: &str = "SELECT max(m.joined_seq, ifnull(p.read, 0)), ifnull(p.read_private, 0)
        FROM members m LEFT JOIN thread_pointers p
            ON p.room_ref = m.room_ref AND p.user_ref = m.user_ref AND p.thread = ?3
        WHERE m.room_ref = ?1 AND m.user_ref = ?2";
    let stand = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let stands = db.prepare_cached(SELECT)?.query_row(params![room, user, root.get()], stand).optional()?;
    let (read, read_private) = stands.unwrap_or((0, 0));
    Ok(ReadState { read: Seq::read(read)?, read_private: Seq::read(read_private)?, unread_from: None })
}
