//! What needs a hand on the connection: a disk that is full for a while, and a sync that failed.

use chat_protocol::{
    Access, ClientMsgId, Content, HistoryQuery, HistoryVisibility, Role, RoomId, RoomInfo, RoomKind,
    Timestamp, UserId,
};
use chat_server_core::storage::{
    Append, Change, MessageStore, NewMessage, NewRoom, OwnAppend, OwnChange, Pointer, StorageErrorKind,
    UserLog,
};

use crate::{SqliteConfig, SqliteStore, database};

mod steps;

fn change(change: Change) -> Append {
    let (room, by) = (RoomId::new("r").unwrap(), UserId::new("a").unwrap());
    Append { room, by, access_version: None, now: Timestamp::from_micros(1), change }
}

fn create() -> Append {
    let members = vec![(UserId::new("a").unwrap(), Role::Owner)];
    let (kind, access, history) = (RoomKind::Group, Access::Open, HistoryVisibility::All);
    let (info, desk, number, request) = (RoomInfo::default(), None, None, None);
    let new = NewRoom { kind, access, history, info, desk, number, alias: None, members, request };
    change(Change::Create(Box::new(new)))
}

fn text(id: usize) -> Append {
    let content = Content::plain(format!("{id:0>5000}"));
    let (digest, client_msg_id) = (content.digest(), Some(ClientMsgId::new(format!("{id}")).unwrap()));
    change(Change::Message(NewMessage { client_msg_id, ..NewMessage::new(content, digest) }))
}

async fn numbers(store: &SqliteStore) -> Vec<u64> {
    let page =
        store.history(&RoomId::new("r").unwrap(), None, HistoryQuery::default(), 10_000).await.unwrap();
    page.unwrap().iter().map(|stored| stored.message.seq.get()).collect()
}

#[tokio::test]
async fn f05_a_full_disk_stores_nothing_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), SqliteConfig::default()).unwrap();
    store.append(&[create(), text(0)]).await.unwrap();
    // SQLite reports the bound like a file system without space.
    database::limit_size(store.writer().connection(), 600_000).unwrap();
    let mut stored = 1;
    let error = loop {
        let batch: Vec<_> = (stored..stored + 10).map(text).collect();
        match store.append(&batch).await {
            Ok(answers) => stored += answers.iter().filter(|answer| answer.is_ok()).count(),
            Err(error) => break error,
        }
        assert!(stored < 1_000, "the bound holds");
    };
    assert_eq!(error.kind, StorageErrorKind::Unavailable, "{error}");
    assert!(error.is_retryable());
    assert_eq!(numbers(&store).await, (1..=stored as u64).collect::<Vec<_>>(), "all of a batch or nothing");

    database::limit_size(store.writer().connection(), 1 << 30).unwrap();
    let answers = store.append(&[text(stored), text(stored - 1)]).await.unwrap();
    let [fresh, repeat] = &answers[..] else { panic!("one answer per change") };
    assert!(fresh.as_ref().is_ok_and(|answer| !answer.duplicate && answer.seq.get() == stored as u64 + 1));
    assert!(repeat.as_ref().is_ok_and(|answer| answer.duplicate));
}

#[tokio::test]
async fn f07_after_a_lost_write_nothing_is_written_until_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), SqliteConfig::default()).unwrap();
    store.append(&[create(), text(0)]).await.unwrap();
    store.writer().lose();
    for _ in 0..2 {
        assert_eq!(store.append(&[text(1)]).await.unwrap_err().kind, StorageErrorKind::Lost);
        let (room, user) = (RoomId::new("r").unwrap(), UserId::new("a").unwrap());
        let (seq, pointer) = (chat_protocol::Seq::ZERO.next(), Pointer::Read);
        let change = OwnChange::Move { room, pointer, thread: None, seq };
        let read = OwnAppend { user, now: Timestamp::from_micros(1), change };
        assert_eq!(store.append_own(&[read]).await.unwrap_err().kind, StorageErrorKind::Lost);
    }
    assert_eq!(numbers(&store).await, [1], "what is there can be read");
    drop(store);
    let store = SqliteStore::open(dir.path(), SqliteConfig::default()).unwrap();
    assert!(store.append(&[text(1)]).await.unwrap()[0].is_ok());
}

#[tokio::test]
async fn a_panic_in_a_transaction_takes_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), SqliteConfig::default()).unwrap();
    store.append(&[create()]).await.unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let work = |batch: &mut crate::writer::Batch<'_>| -> crate::error::Result<()> {
            batch.append(&text(0))?.unwrap();
            panic!("on purpose")
        };
        store.writer().transact("test", work).map(drop)
    }));
    assert!(panicked.is_err());
    let answer = store.append(&[text(1)]).await.unwrap().remove(0).unwrap();
    assert_eq!(answer.seq.get(), 1);
    assert_eq!(numbers(&store).await, [1]);
}

/// A store that keeps few client ids in memory, with a room.
async fn small(dir: &std::path::Path) -> SqliteStore {
    let store = open_small(dir);
    store.append(&[create()]).await.unwrap();
    store
}

fn open_small(dir: &std::path::Path) -> SqliteStore {
    SqliteStore::open(dir, SqliteConfig { unmerged: 64, ..SqliteConfig::default() }).unwrap()
}

/// The copy of a store's files that a kill at this moment would leave.
fn killed(dir: &std::path::Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["chat.db", "chat.db-wal"] {
        std::fs::copy(dir.join(name), copy.path().join(name)).unwrap();
    }
    copy
}

async fn assert_repeated(store: &SqliteStore, ids: std::ops::Range<usize>) {
    let again: Vec<_> = ids.map(text).collect();
    let answers = store.append(&again).await.unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.duplicate)), "{answers:?}");
}

#[tokio::test]
async fn client_ids_in_memory_are_bounded_and_a_start_reads_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = small(dir.path()).await;
    for n in (0..500).step_by(10) {
        store.append(&(n..n + 10).map(text).collect::<Vec<_>>()).await.unwrap();
        let held = store.writer().tail().len();
        assert!(held < 64 + 20, "{held} after {n}: two generations, each longer by less than a batch");
        let copy = killed(dir.path());
        let again = open_small(copy.path());
        let read = again.writer().tail().len();
        assert!(read < 64 && (n == 0 || read > 0), "{read} after {n}");
    }
    store.close().unwrap();
    let store = open_small(dir.path());
    assert_eq!(store.writer().tail().len(), 0, "after a close all are in the database");
    assert_repeated(&store, 0..500).await;
}

#[tokio::test]
async fn messages_without_client_ids_do_not_make_a_start_longer() {
    let dir = tempfile::tempdir().unwrap();
    let store = small(dir.path()).await;
    store.append(&[text(0)]).await.unwrap();
    for n in 1..300_u64 {
        let mut nameless = text(0);
        let Change::Message(new) = &mut nameless.change else { unreachable!("a message") };
        new.client_msg_id = None;
        store.append(&[nameless]).await.unwrap();
        let merged: Option<u64> = database::meta(store.writer().connection(), "ids_merged").unwrap();
        // The creation of the room has two nums.
        assert!(n + 3 - merged.unwrap_or(0) <= 64, "{merged:?} after {n}");
    }
    assert_repeated(&store, 0..1).await;
}

#[tokio::test]
async fn a_transaction_that_is_taken_back_leaves_the_client_ids_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let store = small(dir.path()).await;
    let mut stored = 0;
    for _ in 0..30 {
        let fail = |batch: &mut crate::writer::Batch<'_>| -> crate::error::Result<()> {
            for id in stored..stored + 7 {
                assert!(!batch.append(&text(id))?.unwrap().duplicate);
            }
            Err(rusqlite::Error::InvalidQuery.into())
        };
        let before = store.writer().tail().len();
        assert!(store.writer().transact("test", fail).is_err());
        assert_eq!(store.writer().tail().len(), before);
        let batch: Vec<_> = (stored..stored + 7).map(text).collect();
        let answers = store.append(&batch).await.unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.duplicate)));
        stored += 7;
        assert_repeated(&store, 0..stored).await;
    }
}

#[tokio::test]
async fn a_merge_that_is_taken_back_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = small(dir.path()).await;
    let fill: Vec<_> = (0..40).map(text).collect();
    store.append(&fill).await.unwrap();
    // The message is stored and then, at the end of the transaction, its share of the merge is not.
    let refuse =
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON client_ids BEGIN SELECT raise(ABORT, 'no'); END";
    store.writer().connection().execute_batch(refuse).unwrap();
    for _ in 0..3 {
        store.append(&(40..45).map(text).collect::<Vec<_>>()).await.unwrap_err();
        assert_eq!(store.writer().tail().len(), 40);
        assert_eq!(numbers(&store).await.len(), 40);
    }
    store.writer().connection().execute_batch("DROP TRIGGER refuse").unwrap();
    for n in (40..200).step_by(5) {
        let answers = store.append(&(n..n + 5).map(text).collect::<Vec<_>>()).await.unwrap();
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.duplicate)));
        assert_repeated(&store, 0..n + 5).await;
    }
    let copy = killed(dir.path());
    assert_repeated(&open_small(copy.path()), 0..200).await;
}
