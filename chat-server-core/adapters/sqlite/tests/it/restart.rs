//! What is there after the store was closed, killed, or opened twice.

use std::path::Path;
use std::process::Command;

use chat_server_core::storage::{AliasStore, MessageAlias, MessageStore, RoomStore};
use chat_store_sqlite::{OpenError, SqliteConfig, SqliteStore, Synchronous};

use crate::support::*;

#[tokio::test]
async fn f01_a_killed_store_has_all_that_was_acked() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    let mut first = stored(&store, &[create("r")]).await;
    for n in 0..50 {
        first = stored(&store, &[text("r", &n.to_string())]).await;
        // Killed again shortly after its own start (F2).
        let once = killed(dir.path());
        let twice = killed_again(&once);
        let again = open(twice.path()).unwrap();
        assert_eq!(again.epoch(), store.epoch(), "every commit was synced: nothing is in doubt");
        assert_eq!(texts(&again, "r").await.unwrap().len(), n + 1);
    }
    let copy = killed(dir.path());
    let again = open(copy.path()).unwrap();
    let repeat = stored(&again, &[text("r", "49")]).await.remove(0);
    assert!(repeat.duplicate);
    assert_eq!((repeat.seq, repeat.num, repeat.key), (first[0].seq, first[0].num, first[0].key));
    assert!(stored(&again, &[text("r", "50")]).await[0].num > first[0].num);
}

/// The directory after a store was opened there and killed at once.
fn killed_again(dir: &tempfile::TempDir) -> tempfile::TempDir {
    let _store = open(dir.path()).unwrap();
    killed(dir.path())
}

#[tokio::test]
async fn f06_a_torn_log_loses_whole_commits_from_its_end_only() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r")]).await;
    for n in 0..20 {
        stored(&store, &[text("r", &format!("{n}-1")), text("r", &format!("{n}-2"))]).await;
    }
    let whole = killed(dir.path());
    // Behind the last commit there are zeros.
    let log = std::fs::read(whole.path().join("chat.db-wal")).unwrap();
    let length = log.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1;
    let mut seen = std::collections::BTreeSet::new();
    for cut in (1..length).step_by(7_001) {
        let torn = killed(dir.path());
        let wal = std::fs::File::options().write(true).open(torn.path().join("chat.db-wal")).unwrap();
        wal.set_len(length - cut).unwrap();
        let Ok(store) = open(torn.path()) else { continue };
        let found = texts(&store, "r").await.unwrap();
        let all = (0..20).flat_map(|n| [format!("{n}-1"), format!("{n}-2")]);
        assert!(found.len() % 2 == 0 && found.iter().eq(all.take(found.len()).collect::<Vec<_>>().iter()));
        seen.insert(found.len());
        if store.standing(&room("r"), &user("a")).await.unwrap().is_some() {
            let next = stored(&store, &[text("r", "next")]).await;
            assert_eq!(next[0].seq.get() as usize, found.len() + 1);
        }
    }
    assert!(seen.len() > 5, "the cuts were at different commits: {seen:?}");
}

#[tokio::test]
async fn an_epoch_ends_when_commits_may_be_gone() {
    for synchronous in [Synchronous::Full, Synchronous::Normal, Synchronous::Off] {
        let dir = place();
        let store = open_with(dir.path(), synchronous);
        let epoch = store.epoch();
        drop(store);
        let store = open_with(dir.path(), synchronous);
        assert_eq!(store.epoch(), epoch, "{synchronous:?}, closed");
        stored(&store, &[create("r"), text("r", "one")]).await;

        let copy = killed(dir.path());
        let again = open_with(copy.path(), Synchronous::Full);
        assert_eq!(again.epoch() == epoch, synchronous == Synchronous::Full, "{synchronous:?}, killed");
        let settled = again.epoch();
        let copy = killed(copy.path());
        let third = open_with(copy.path(), Synchronous::Full);
        assert_eq!(third.epoch(), settled, "{synchronous:?}, killed, then again with FULL");

        store.close().unwrap();
        drop(store);
        let restored = SqliteConfig { new_epoch: true, ..SqliteConfig::default() };
        let store = SqliteStore::open(dir.path(), restored).unwrap();
        assert_ne!(store.epoch(), epoch, "a restored backup");
        assert_eq!(texts(&store, "r").await.unwrap(), ["one"]);
    }
}

#[test]
fn f12_a_second_process_is_refused() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    match open(dir.path()) {
        Err(OpenError::InUse { path, pid }) => {
            assert_eq!((path.as_path(), pid), (dir.path(), Some(std::process::id())));
        }
        other => panic!("{other:?}"),
    }
    let second = || {
        let me = std::env::current_exe().unwrap();
        let mut command = Command::new(me);
        command.args(["--exact", "restart::opens_what_the_environment_names", "--nocapture"]);
        command.env("CHAT_TEST_DIRECTORY", dir.path()).output().unwrap()
    };
    let refused = String::from_utf8(second().stdout).unwrap();
    let expected = format!("{} is in use by process {}", dir.path().display(), std::process::id());
    assert!(refused.contains(&expected), "{refused}");
    drop(store);
    let opened = String::from_utf8(second().stdout).unwrap();
    assert!(opened.contains("it opened"), "{opened}");
    open(dir.path()).unwrap();
}

/// The second process of the test above; by itself it does nothing.
#[test]
fn opens_what_the_environment_names() {
    let Ok(dir) = std::env::var("CHAT_TEST_DIRECTORY") else { return };
    match open(dir.as_ref()) {
        Ok(_) => println!("it opened"),
        Err(error) => println!("{error}"),
    }
}

#[tokio::test]
async fn a_closed_store_refuses_everything() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r")]).await;
    assert!(store.standing(&room("r"), &user("a")).await.is_ok());
    store.close().unwrap();
    store.close().unwrap();
    assert!(store.append(&[text("r", "late")]).await.unwrap_err().is_retryable());
    assert!(store.standing(&room("r"), &user("a")).await.is_err());
    // All is in one file, and the directory is free although the value lives.
    assert_eq!(std::fs::metadata(dir.path().join("chat.db-wal")).map_or(0, |wal| wal.len()), 0);
    let again = open(dir.path()).unwrap();
    assert_eq!(texts(&again, "r").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_log_of_writes_is_bounded_under_steady_writing() {
    let dir = place();
    let config = SqliteConfig {
        synchronous: Synchronous::Off,
        checkpoint_pages: 50,
        wal_limit_pages: 200,
        ..SqliteConfig::default()
    };
    let store = SqliteStore::open(dir.path(), config).unwrap();
    stored(&store, &[create("r")]).await;
    let body = "x".repeat(8_000);
    for n in 0..1_500 {
        stored(&store, &[text("r", &format!("{n} {body}"))]).await;
    }
    // Some 3 pages per message would be 18 MB. The checkpointer runs beside the writer, so the bound is soft.
    let wal = std::fs::metadata(dir.path().join("chat.db-wal")).unwrap().len();
    assert!(wal < 8_000_000, "{wal} bytes");
    assert_eq!(texts(&store, "r").await.unwrap().len(), 1_500);
}

#[tokio::test]
async fn a_message_is_found_by_its_key() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    let answers = stored(&store, &[create("r"), text("r", "one"), text("r", "two")]).await;
    let keys: Vec<_> = answers[1..].iter().map(|answer| (answer.key, answer.num)).collect();
    drop(store);
    let store = open(dir.path()).unwrap();
    let found = async |key| {
        let message = store.message_named(MessageAlias::Key(key)).await.unwrap();
        message.map(|stored| (stored.key, stored.num))
    };
    for (key, num) in &keys {
        assert_eq!(found(*key).await, Some((*key, *num)));
        assert_eq!(found(key ^ 1).await, None);
    }
    for foreign in [0, 1, u128::MAX] {
        assert_eq!(found(foreign).await, None);
    }
}

fn log_length(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("chat.db-wal")).unwrap().len()
}

/// Stores some messages, which take a small part of a mebibyte, and waits until the log's file is longer than that; how
/// many it stored.
async fn fill_until_longer(store: &SqliteStore, log: &Path) -> usize {
    const MESSAGES: usize = 10;
    for n in 0..MESSAGES {
        stored(store, &[text("r", &n.to_string())]).await;
    }
    for _ in 0..500 {
        if log_length(log) > 1 << 20 {
            return MESSAGES;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the log's file is {} bytes long", log_length(log));
}

#[tokio::test]
async fn the_log_is_longer_than_its_contents_and_that_changes_nothing() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r")]).await;
    let mut count = fill_until_longer(&store, dir.path()).await;
    for _ in 0..3 {
        let copy = killed(dir.path());
        let again = open(copy.path()).unwrap();
        assert_eq!(texts(&again, "r").await.unwrap().len(), count);
        // What is killed again, right behind what it found.
        stored(&again, &[text("r", "more")]).await;
        let third = killed(copy.path());
        assert_eq!(texts(&open(third.path()).unwrap(), "r").await.unwrap().len(), count + 1);
        stored(&store, &[text("r", &format!("number {count}"))]).await;
        count += 1;
    }
    store.close().unwrap();
    assert_eq!(texts(&open(dir.path()).unwrap(), "r").await.unwrap().len(), count);
}

#[tokio::test]
async fn a_log_of_nothing_but_zeros_is_an_empty_one() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r"), text("r", "one")]).await;
    store.close().unwrap();
    std::fs::write(dir.path().join("chat.db-wal"), vec![0; 100_000]).unwrap();
    let store = open(dir.path()).unwrap();
    assert_eq!(texts(&store, "r").await.unwrap(), ["one"]);
    stored(&store, &[text("r", "two")]).await;
    assert_eq!(texts(&open(killed(dir.path()).path()).unwrap(), "r").await.unwrap(), ["one", "two"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_behind_a_link_has_its_log_beside_it() {
    let (dir, disk) = (place(), place());
    std::fs::write(disk.path().join("chat.db"), "").unwrap();
    std::os::unix::fs::symlink(disk.path().join("chat.db"), dir.path().join("chat.db")).unwrap();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r")]).await;
    fill_until_longer(&store, disk.path()).await;
}
