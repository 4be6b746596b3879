//! What needs a hand on the connection: a disk that is full for a while, and a sync that failed.

use chat_protocol::{Access, ClientMsgId, Content, HistoryQuery, Role, RoomId, RoomKind, Timestamp, UserId};
use chat_server_core::storage::{
    Append, Change, MessageStore, NewMessage, NewRoom, PointerMove, PointerStore, StorageErrorKind,
};

use crate::{SqliteConfig, SqliteStore, database};

fn change(change: Change) -> Append {
    let (room, by) = (RoomId::new("r").unwrap(), UserId::new("a").unwrap());
    Append { room, by, access_version: None, now: Timestamp::from_micros(1), change }
}

fn create() -> Append {
    let members = vec![(UserId::new("a").unwrap(), Role::Owner)];
    let (kind, access) = (RoomKind::Group, Access::Open);
    change(Change::Create(NewRoom { kind, access, name: None, members, request: None }))
}

fn text(id: usize) -> Append {
    let content = Content::plain(format!("{id:0>5000}"));
    let (digest, client_msg_id) = (content.digest(), Some(ClientMsgId::new(format!("{id}")).unwrap()));
    change(Change::Message(NewMessage { content, reply_to: None, client_msg_id, digest }))
}

async fn numbers(store: &SqliteStore) -> Vec<u64> {
    let page = store.history(&RoomId::new("r").unwrap(), HistoryQuery::default(), 10_000).await.unwrap();
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
        let read =
            PointerMove { room, user, read: chat_protocol::Seq::ZERO.next(), now: Timestamp::from_micros(1) };
        assert_eq!(store.advance(&[read]).await.unwrap_err().kind, StorageErrorKind::Lost);
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
