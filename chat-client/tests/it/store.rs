//! The outbox in a file: what was applied is there after a crash, and damage is told.

use std::path::{Path, PathBuf};

use chat_client::protocol::{ClientMsgId, Content, RoomId, Timestamp, UserId};
use chat_client::store::sqlite::SqliteStore;
use chat_client::store::{Change, ClientStore, MemoryStore, Stored, StoredSend};

fn send(order: u64, text: &str) -> StoredSend {
    StoredSend {
        order,
        room: RoomId::new("r").unwrap(),
        client_msg_id: ClientMsgId::new(format!("m{order}")).unwrap(),
        content: Content::plain(text),
        reply_to: None,
        thread: None,
        mentions: None,
        created_at: Timestamp::from_micros(1_000_000),
        expires_at: None,
        attempted: false,
        refused: None,
    }
}

/// The guarantees of the trait, over a store and the same one opened again.
async fn keeps_its_promises(
    store: impl ClientStore,
    again: impl AsyncFnOnce(Box<dyn ClientStore>) -> Stored,
) {
    let user = UserId::new("me").unwrap();
    assert_eq!(store.load().await, Ok(Stored::default()));
    let second = StoredSend { attempted: true, ..send(2, "two") };
    let changes = [
        Change::Put(send(10, "ten")),
        Change::User(user.clone()),
        Change::Put(send(2, "2")),
        Change::Put(send(3, "three")),
    ];
    store.apply(&changes).await.unwrap();
    store.apply(&[Change::Put(second.clone()), Change::Remove(3), Change::Remove(77)]).await.unwrap();
    let stored = again(Box::new(store)).await;
    assert_eq!(stored, Stored { user: Some(user), sends: vec![second, send(10, "ten")] });
}

#[tokio::test]
async fn in_memory() {
    let store = MemoryStore::new();
    keeps_its_promises(store.clone(), async |old| {
        drop(old);
        store.load().await.unwrap()
    })
    .await;
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.sqlite");
    (directory, path)
}

#[tokio::test]
async fn in_a_file() {
    let (_directory, path) = file();
    keeps_its_promises(SqliteStore::open(&path).unwrap(), async |old| {
        drop(old);
        SqliteStore::open(&path).unwrap().load().await.unwrap()
    })
    .await;
}

fn refusal(path: &Path) -> String {
    SqliteStore::open(path).unwrap_err().to_string()
}

#[tokio::test]
async fn a_file_that_is_open_elsewhere_is_not_shared() {
    let (_directory, path) = file();
    let first = SqliteStore::open(&path).unwrap();
    first.apply(&[Change::Put(send(1, "x"))]).await.unwrap();
    let error = refusal(&path);
    assert!(error.contains("outbox.sqlite") && error.contains("locked"), "{error}");
    drop(first);
    assert_eq!(SqliteStore::open(&path).unwrap().load().await.unwrap().sends.len(), 1);
}

#[test]
fn what_is_no_outbox_or_of_a_newer_version_is_not_touched() {
    let (directory, path) = file();
    std::fs::write(&path, "this is a diary, and a long one. ".repeat(100)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(refusal(&path).contains("not a database"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let newer = directory.path().join("newer.sqlite");
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    drop(connection);
    assert!(refusal(&newer).contains("of version 9"));
    let other = directory.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute("CREATE TABLE recipes (cake TEXT)", []).unwrap();
    assert!(refusal(&other).contains("another application's"));
    assert!(refusal(directory.path()).contains("cannot open"));
}

#[tokio::test]
async fn a_damaged_file_is_told_and_nothing_of_it_is_sent() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).unwrap();
    for order in 0..200 {
        store.apply(&[Change::Put(send(order, &"x".repeat(500)))]).await.unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let (from, to) = (bytes.len() / 2, bytes.len() / 2 + 4_096);
    bytes[from..to].fill(0xee);
    std::fs::write(&path, bytes).unwrap();
    let error = refusal(&path);
    assert!(error.contains("damaged") || error.contains("malformed"), "{error}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_and_no_loss() {
    let (_directory, path) = file();
    let store = SqliteStore::open(&path).unwrap();
    store.apply(&[Change::Put(send(1, "x"))]).await.unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE sends SET body = '{'", []).unwrap();
    drop(connection);
    let error = SqliteStore::open(&path).unwrap().load().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot read"), "{error}");
}
