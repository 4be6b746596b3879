//! Files that are not what they should be: each is named, none is served.

use std::path::Path;

use chat_protocol::{HistoryQuery, Offset, Seq};
use chat_server_core::storage::{
    Append, Change, ChangeFeed, LogEntry, MessageStore, Refusal, StorageErrorKind,
};
use chat_store_sqlite::{OpenError, SqliteConfig, SqliteStore};
use rusqlite::Connection;

use crate::support::*;

fn database(dir: &Path) -> std::path::PathBuf {
    dir.join("chat.db")
}

/// A closed store with a room of two messages.
async fn prepared() -> tempfile::TempDir {
    let dir = place();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r"), text("r", "needle in a haystack"), text("r", "another")]).await;
    stored(&store, &[create("s"), text("s", "elsewhere")]).await;
    dir
}

fn change(dir: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(database(dir)).unwrap();
    change(&mut bytes);
    std::fs::write(database(dir), bytes).unwrap();
}

#[tokio::test]
async fn f08_a_flipped_bit_in_a_message_is_named_and_not_served() {
    let dir = prepared().await;
    change(dir.path(), |bytes| {
        let place = bytes.windows(6).position(|window| window == b"needle").expect("the text is in the file");
        bytes[place] ^= 1;
    });
    let store = open(dir.path()).unwrap();
    let error = texts(&store, "r").await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Corrupt);
    assert!(error.to_string().contains("message 1 with num"), "{error}");
    assert!(!error.to_string().contains("eedle"), "{error}");
    let log = store.log(&room("r"), Offset::ZERO, 10).await;
    assert_eq!(log.unwrap_err().kind, StorageErrorKind::Corrupt);
    // The rest of the room, and other rooms, are not affected.
    let after = HistoryQuery { after: Seq::new(1), ..HistoryQuery::default() };
    assert_eq!(store.history(&room("r"), None, after, 10).await.unwrap().map(|page| page.len()), Some(1));
    assert_eq!(texts(&store, "s").await.unwrap(), ["elsewhere"]);
    stored(&store, &[text("r", "life goes on")]).await;
}

#[tokio::test]
async fn f08_a_damaged_message_does_not_keep_readers_of_all_rooms_from_what_comes_after_it() {
    let (_dir, store) = tampered("payload = '{\"text\":\"forged\"}'").await;
    let feed = store.feed(0, 100).await.unwrap();
    let told: Vec<_> = feed
        .iter()
        .filter_map(|entry| match &entry.entry {
            LogEntry::Message(stored) => Some(stored.message.content.text().unwrap().into_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["another", "elsewhere"]);
    // Pages still meet, and only the last one is short.
    let (mut after, mut numbers) = (0, Vec::new());
    while let [entry] = &store.feed(after, 1).await.unwrap()[..] {
        after = entry.num;
        numbers.push(entry.num);
    }
    assert_eq!(numbers, feed.iter().map(|entry| entry.num).collect::<Vec<_>>());
}

/// A store whose first message in room `r` was changed behind its back.
async fn tampered(assignment: &str) -> (tempfile::TempDir, SqliteStore) {
    let dir = prepared().await;
    let db = Connection::open(database(dir.path())).unwrap();
    let sql =
        format!("UPDATE messages SET {assignment} WHERE seq = 1 AND num = (SELECT min(num) FROM messages)");
    assert_eq!(db.execute(&sql, []).unwrap(), 1);
    drop(db);
    let store = open(dir.path()).unwrap();
    (dir, store)
}

#[tokio::test]
async fn f08_what_readers_are_told_beside_the_text_is_checked_too() {
    for assignment in [
        "reply_to = 1",
        "thread = 1",
        "mentions = '{}'",
        "flags = flags | 1",
        "edited_at = 1",
        "deleted_at = 1",
        "ts = ts + 1",
        "sender_ref = sender_ref + 1",
        "kind = 'text/html'",
        "client_msg_id = 'other'",
        "key = zeroblob(16)",
    ] {
        let (_dir, store) = tampered(assignment).await;
        let error = texts(&store, "r").await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Corrupt, "{assignment}");
        assert!(error.to_string().contains("message 1 with num"), "{assignment}: {error}");
    }
}

#[tokio::test]
async fn f08_a_change_of_a_damaged_message_costs_the_rest_of_its_batch_nothing() {
    let (_dir, store) = tampered("payload = '{\"text\":\"forged\"}'").await;
    let seq = Seq::ZERO.next();
    let content = chat_protocol::Content::plain("new");
    let changes = [Change::Edit { seq, content }, Change::Delete { seq, own: true }];
    for change in changes {
        let batch = [text("r", &format!("{change:?}")), Append { change, ..create("r") }, text("s", "more")];
        let answers = store.append(&batch).await.unwrap();
        assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
        assert_eq!(answers[1], Err(Refusal::NoMessage));
        assert!(texts(&store, "r").await.is_err(), "it stays named");
    }
    // It can still be forgotten.
    stored(&store, &[Append { change: Change::Trim { oldest: Seq::new(2).unwrap() }, ..create("r") }]).await;
    assert_eq!(texts(&store, "r").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let zeroes: fn(&mut Vec<u8>) = |bytes| bytes[..100].fill(0);
    let first_byte: fn(&mut Vec<u8>) = |bytes| bytes[0] ^= 1;
    let garbage: fn(&mut Vec<u8>) = |bytes| *bytes = b"not a database ".repeat(1_000);
    let schema: fn(&mut Vec<u8>) = |bytes| bytes[100..110].fill(0xff);
    for damage in [zeroes, first_byte, garbage, schema] {
        let dir = prepared().await;
        change(dir.path(), damage);
        let error = open(dir.path()).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("chat.db"), "{error}");
        // The lock is given back: once the file is right again, so is everything.
        std::fs::remove_file(database(dir.path())).unwrap();
        open(dir.path()).unwrap();
    }
}

#[tokio::test]
async fn verify_finds_a_broken_page_before_it_is_read() {
    let dir = prepared().await;
    // The last page of messages is read at every start; the broken one shall be another.
    let store = open(dir.path()).unwrap();
    let more: Vec<_> = (0..20).map(|n| text("s", &format!("{n} {}", "x".repeat(1_000)))).collect();
    stored(&store, &more).await;
    drop(store);
    change(dir.path(), |bytes| {
        // The last copy: where the page was before the table grew, its bytes may still be.
        let mut copies = bytes.windows(6).enumerate().filter(|(_, window)| window == b"needle");
        let (place, _) = copies.next_back().expect("the text is in the file");
        let page = place / 4096 * 4096;
        bytes[page..page + 8].fill(0xff);
    });
    let verify = SqliteConfig { verify: true, ..SqliteConfig::default() };
    let error = SqliteStore::open(dir.path(), verify).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    // Without it the store opens, and says so when the page is read.
    let store = open(dir.path()).unwrap();
    assert_eq!(texts(&store, "r").await.unwrap_err().kind, StorageErrorKind::Corrupt);
}

#[tokio::test]
async fn a_newer_database_and_one_of_others_are_refused() {
    let dir = prepared().await;
    let db = Connection::open(database(dir.path())).unwrap();
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        VALUES (9, 'future', '2030-01-01T00:00:00Z', '1')";
    db.execute(newer, []).unwrap();
    drop(db);
    let error = open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 9, known: 1, .. }), "{error:?}");

    let dir = place();
    let db = Connection::open(database(dir.path())).unwrap();
    db.execute("CREATE TABLE recipes (name TEXT)", []).unwrap();
    drop(db);
    let error = open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    let db = Connection::open(database(dir.path())).unwrap();
    assert_eq!(
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).unwrap(),
        1
    );
}

#[test]
fn f11_a_directory_that_cannot_be_used_is_named() {
    let dir = place();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = open(&path).unwrap_err();
        assert!(matches!(&error, OpenError::Directory { path: named, .. } if *named == path), "{error:?}");
    }
    let closed = dir.path().join("read-only");
    std::fs::create_dir(&closed).unwrap();
    let mut permissions = std::fs::metadata(&closed).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&closed, permissions).unwrap();
    // The superuser may write everywhere; there the case cannot occur.
    if std::fs::write(closed.join("probe"), "").is_err() {
        let error = open(&closed).unwrap_err();
        assert!(matches!(&error, OpenError::Directory { path, .. } if *path == closed), "{error:?}");
    }
}
