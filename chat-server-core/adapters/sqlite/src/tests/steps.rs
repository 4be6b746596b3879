//! What nothing may cost more of because a room is old: steps of SQLite's virtual machine, the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use chat_protocol::{
    Emoji, HistoryQuery, HistoryVisibility, Mentions, Offset, Role, RoomId, RoomInfo, RoomKind, Seq, UserId,
    UserOffset,
};
use chat_server_core::storage::{
    Append, Change, ListStore, Listed, MessageStore, NewRoom, OwnAppend, OwnChange, Pointer, RoomStore,
    RoomsQuery, TraceStore, UserLog,
};
use rusqlite::Connection;

use super::{change, text};
use crate::{SqliteConfig, SqliteStore, Synchronous};

const USERS: [&str; 4] = ["a", "b", "c", "d"];

/// The other rooms of an inbox.
const SMALL: usize = 19;

fn user(n: usize) -> UserId {
    UserId::new(USERS[n % USERS.len()]).unwrap()
}

fn room(n: usize) -> RoomId {
    RoomId::new(if n == 0 { "r".to_owned() } else { format!("small {n}") }).unwrap()
}

fn seq(n: usize) -> Seq {
    Seq::new(n as u64).unwrap()
}

fn create(n: usize) -> Append {
    let new = NewRoom {
        kind: RoomKind::Group,
        access: chat_protocol::Access::Open,
        history: HistoryVisibility::All,
        info: RoomInfo::default(),
        desk: None,
        number: None,
        alias: None,
        members: (0..USERS.len()).map(|n| (user(n), Role::Member)).collect(),
        request: None,
    };
    Append { room: room(n), ..change(Change::Create(Box::new(new))) }
}

/// The n-th message of a room: every tenth is a reply in one thread, others call somebody or everybody.
fn message(n: usize) -> Append {
    let mut append = Append { by: user(n), ..text(n) };
    let Change::Message(new) = &mut append.change else { unreachable!("a message") };
    new.content = chat_protocol::Content::plain(format!("{n}"));
    match n % 10 {
        3 => new.thread = (n > 10).then(|| seq(1)),
        5 => new.mentions = Some(Mentions { users: vec![user(n + 1)], room: false }),
        7 => new.mentions = Some(Mentions { users: Vec::new(), room: true }),
        _ => {}
    }
    append
}

/// A store with a room of `size` messages, and the steps that its connections take.
async fn prepare(dir: &std::path::Path, size: usize) -> (SqliteStore, Arc<AtomicU64>) {
    let config =
        SqliteConfig { synchronous: Synchronous::Off, readers: 1, unmerged: 64, ..SqliteConfig::default() };
    let store = SqliteStore::open(dir, config).unwrap();
    for n in 0..=SMALL {
        let hello = Append { room: room(n), ..text(0) };
        store.append(&[create(n), hello]).await.unwrap();
    }
    // The first message of the room is the hello.
    for begin in (2..=size).step_by(1_000) {
        let mut batch: Vec<_> = (begin..=size.min(begin + 999)).map(message).collect();
        let reacted = (begin..=size.min(begin + 999)).step_by(25);
        let emoji = Emoji::new("+1").unwrap();
        batch.extend(reacted.map(|n| change(Change::React { seq: seq(n), emoji: emoji.clone() })));
        let answers = store.append(&batch).await.unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
    let deleted = (1..=5).map(|n| change(Change::Delete { seq: seq(size - n), own: false }));
    store.append(&deleted.collect::<Vec<_>>()).await.unwrap();
    let (room, thread) = (room(0), None);
    let read = OwnChange::Move { room, pointer: Pointer::Read, thread, seq: seq(size / 2) };
    let own = OwnAppend { user: user(1), now: create(0).now, change: read };
    store.append_own(&[own]).await.unwrap().remove(0).unwrap();
    for begin in (100..=size).step_by(10_000) {
        let moves = (begin..=size.min(begin + 9_999)).step_by(100).map(|n| {
            let pointer = Pointer::Read;
            let change = OwnChange::Move { room: self::room(0), pointer, thread, seq: seq(n) };
            OwnAppend { user: user(2), now: create(0).now, change }
        });
        store.append_own(&moves.collect::<Vec<_>>()).await.unwrap();
    }
    let steps = Arc::new(AtomicU64::new(0));
    count(store.writer().connection_mut(), &steps);
    store.readers.connections().iter_mut().for_each(|db| count(db, &steps));
    store.deciders.connections().iter_mut().for_each(|db| count(db, &steps));
    (store, steps)
}

/// Lets a connection count its steps.
fn count(db: &mut Connection, steps: &Arc<AtomicU64>) {
    let steps = Arc::clone(steps);
    let handler = move || {
        steps.fetch_add(1, Relaxed);
        false
    };
    db.progress_handler(1, Some(handler)).unwrap();
}

/// The steps of each operation on a room of `size` messages.
async fn measure(size: usize) -> Vec<(&'static str, u64)> {
    let dir = tempfile::tempdir().unwrap();
    let (store, steps) = prepare(dir.path(), size).await;
    let took = |name| (name, steps.swap(0, Relaxed));
    let (big, reader) = (room(0), user(1));
    let rooms: Vec<_> = (0..=SMALL).map(room).collect();
    let mut measured = Vec::new();

    // Whole tens of messages, so that there are as many of each kind.
    let batch: Vec<_> = (size * 10..size * 10 + 200).map(message).collect();
    store.append(&batch).await.unwrap();
    measured.push(took("append 200"));
    let newest = store.history(&big, None, HistoryQuery::default(), 50).await.unwrap().unwrap();
    assert_eq!(newest.len(), 50);
    measured.push(took("newest 50"));
    let query = HistoryQuery { before: Some(seq(size / 2)), ..HistoryQuery::default() };
    store.history(&big, None, query, 50).await.unwrap();
    measured.push(took("any 50"));
    let list = store.listed(&reader, Listed::In(&big), 50..100, 2 * size).await.unwrap();
    assert!(list.count >= size && list.messages.len() == 50, "{}", list.count);
    measured.push(took("50 of a list"));
    store.history(&big, Some(seq(1)), query, 20).await.unwrap();
    measured.push(took("20 of a thread"));
    let view = store.views(&reader, &rooms[..1]).await.unwrap().remove(0).unwrap();
    assert!(view.state.unread > size as u64 / 4 && view.state.mentions > 0, "{view:?}");
    measured.push(took("unread view"));
    store.thread(&big, seq(1), &reader).await.unwrap().unwrap();
    measured.push(took("thread"));
    let inbox = store.rooms_of(&reader, RoomsQuery::default(), 20).await.unwrap();
    assert_eq!((inbox.len(), &inbox[0].0), (20, &big));
    store.views(&reader, &rooms).await.unwrap();
    store.newest(&rooms).await.unwrap();
    measured.push(took("inbox of 20"));
    store.totals(&reader, create(0).now).await.unwrap();
    measured.push(took("totals of 20"));
    let after = Offset::new(size as u64 / 2).unwrap();
    assert_eq!(store.log(&big, after, 50).await.unwrap().unwrap().entries.len(), 50);
    measured.push(took("50 of the log"));
    let from = view.state.offset.get() - 10;
    store.log(&big, Offset::new(from).unwrap(), 50).await.unwrap();
    measured.push(took("last 10 of the log"));
    // The rest of a resume: what became of the own log.
    let own = store.user_log(&user(2), UserOffset::new(size as u64 / 200).unwrap(), 5).await.unwrap();
    assert!(own.entries.len() == 5 && own.head.get() >= size as u64 / 100);
    measured.push(took("5 of the user log"));
    store.marks(&big, &user(0), newest[0].message.seq, newest[49].message.seq).await.unwrap();
    measured.push(took("marks of 50"));
    store.pointers(&big, None, 10).await.unwrap();
    measured.push(took("pointers"));
    measured
}

/// The steps of each operation in a room of `size` members.
async fn measure_members(size: usize) -> Vec<(&'static str, u64)> {
    let dir = tempfile::tempdir().unwrap();
    // Nothing is remembered, so that every look is one at the database.
    let config =
        SqliteConfig { synchronous: Synchronous::Off, readers: 1, remembered: 0, ..SqliteConfig::default() };
    let store = SqliteStore::open(dir.path(), config).unwrap();
    let named = |n: usize| UserId::new(format!("user {n:06}")).unwrap();
    store.append(&[create(0)]).await.unwrap();
    for begin in (0..size).step_by(1_000) {
        let users = (begin..size.min(begin + 1_000)).map(named).collect();
        store.append(&[change(Change::Add { users, role: Role::Member, max: u64::MAX })]).await.unwrap();
    }
    store.append(&(0..size / 10).map(message).collect::<Vec<_>>()).await.unwrap();
    let bans = (0..size / 10).map(|n| UserId::new(format!("x{n:06}")).unwrap());
    let bans = bans.map(|user| change(Change::Ban { user, below: Role::Owner, until: None, reason: None }));
    store.append(&bans.collect::<Vec<_>>()).await.unwrap();
    let steps = Arc::new(AtomicU64::new(0));
    count(store.writer().connection_mut(), &steps);
    store.readers.connections().iter_mut().for_each(|db| count(db, &steps));
    store.deciders.connections().iter_mut().for_each(|db| count(db, &steps));
    let took = |name| (name, steps.swap(0, Relaxed));
    let (big, middle) = (room(0), named(size / 2));
    let mut measured = Vec::new();
    let batch: Vec<_> = (size..size + 20).map(message).collect();
    store.append(&batch).await.unwrap();
    measured.push(took("append 20"));
    store.standing(&big, &middle).await.unwrap().unwrap();
    measured.push(took("standing"));
    store.views(&middle, std::slice::from_ref(&big)).await.unwrap().remove(0).unwrap();
    measured.push(took("unread view"));
    let page = store.members(&big, Some((Role::Member, &middle)), 20).await.unwrap();
    assert_eq!(page[0].user, named(size / 2 + 1));
    measured.push(took("20 of the members"));
    let after = UserId::new(format!("x{:06}", size / 30)).unwrap();
    assert!(!store.bans(&big, Some(&after), 5).await.unwrap().is_empty());
    measured.push(took("5 of the bans"));
    store.pointers(&big, None, 20).await.unwrap();
    measured.push(took("pointers"));
    store.relation(&middle, &user(0)).await.unwrap();
    measured.push(took("relation"));
    let leave = Append { by: middle.clone(), ..change(Change::Leave { heir: Role::Admin }) };
    store.append(&[leave]).await.unwrap().remove(0).unwrap();
    measured.push(took("leave"));
    measured
}

/// The steps of what concerns one user, who wrote some messages among `size` of others.
async fn measure_traces(size: usize) -> Vec<(&'static str, u64)> {
    let dir = tempfile::tempdir().unwrap();
    let (store, steps) = prepare(dir.path(), size).await;
    let rare = UserId::new("rare").unwrap();
    let own = |change| OwnAppend { user: rare.clone(), now: create(0).now, change };
    let by = |append: Append| Append { by: rare.clone(), ..append };
    store
        .append(&[by(change(Change::Join { role: Role::Member, max: u64::MAX }))])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    for n in 0..40 {
        store.append(&[by(message(10 * n)), message(10 * n + 1), message(10 * n + 2)]).await.unwrap();
    }
    let blocks =
        (0..USERS.len()).map(|n| OwnAppend { user: user(n), ..own(OwnChange::Block { user: rare.clone() }) });
    store.append_own(&blocks.collect::<Vec<_>>()).await.unwrap();
    steps.swap(0, Relaxed);
    let took = |name| (name, steps.swap(0, Relaxed));
    let mut measured = Vec::new();
    assert_eq!(store.written_by(&rare, None, 20).await.unwrap().len(), 20);
    measured.push(took("20 messages of a user"));
    assert_eq!(store.listed(&rare, Listed::Written, 0..20, 30).await.unwrap().count, 30);
    measured.push(took("20 in the list of a user"));
    assert_eq!(store.traces_of(&rare, None, 8).await.unwrap(), [room(0)]);
    measured.push(took("traces"));
    assert_eq!(store.blockers_of(&rare, 8).await.unwrap().len(), USERS.len());
    measured.push(took("blockers"));
    store.append_own(&[own(OwnChange::Forget)]).await.unwrap().remove(0).unwrap();
    measured.push(took("forgetting begins"));
    for name in ["a step in a room", "the last step in a room"] {
        let forget = Change::Forget { user: rare.clone(), heir: Role::Admin, limit: 32 };
        let told = store.append(&[change(forget)]).await.unwrap().remove(0).unwrap();
        assert!(told.entries.len() > 8, "{told:?}");
        measured.push(took(name));
    }
    store.append_own(&[own(OwnChange::Erase { limit: 256 })]).await.unwrap().remove(0).unwrap();
    measured.push(took("what is the user's alone"));
    measured
}

#[tokio::test]
async fn nothing_of_one_user_costs_more_because_others_wrote_much() {
    let (small, large) = (measure_traces(1_000).await, measure_traces(50_000).await);
    println!("1000: {small:?}\n50000: {large:?}");
    for ((name, least), (_, steps)) in small.iter().zip(&large) {
        assert!(
            *least > 0 && steps * 2 <= least * 3,
            "{name}: {steps} among 50,000 messages, {least} among 1,000"
        );
    }
}

#[tokio::test]
async fn nothing_costs_more_because_a_room_has_many_members() {
    let (small, large) = (measure_members(100).await, measure_members(10_000).await);
    println!("100: {small:?}\n10000: {large:?}");
    for ((name, least), (_, steps)) in small.iter().zip(&large) {
        assert!(
            *least > 0 && steps * 2 <= least * 3,
            "{name}: {steps} with 10,000 members, {least} with 100"
        );
    }
}

/// Nothing takes half as many steps more than in the smallest room.
async fn check(sizes: &[usize]) {
    let mut first = Vec::new();
    for size in sizes {
        let measured = measure(*size).await;
        println!("{size}: {measured:?}");
        if first.is_empty() {
            first.clone_from(&measured);
        }
        for ((name, steps), (_, least)) in measured.iter().zip(&first) {
            assert!(*least > 0 && steps * 2 <= least * 3, "{name}: {steps} with {size} messages, {least}");
        }
    }
}

#[tokio::test]
async fn nothing_costs_more_because_a_room_is_old() {
    check(&[1_000, 10_000, 100_000]).await;
}

#[tokio::test]
#[ignore = "takes minutes without optimisation: cargo test --release -p chat-store-sqlite --lib steps -- --ignored"]
async fn nothing_costs_more_with_a_million_messages() {
    check(&[1_000, 1_000_000]).await;
}
