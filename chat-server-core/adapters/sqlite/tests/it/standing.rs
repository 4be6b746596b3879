//! Standings are remembered in memory; what was answered must be seen all the same, whoever looks at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use chat_protocol::Role;
use chat_server_core::storage::{Append, Change, RoomStore};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_reader_does_not_bring_an_old_standing_back() {
    let dir = place();
    // So little is remembered that looking at others makes the store forget the one that matters.
    let config = SqliteConfig { synchronous: Synchronous::Off, remembered: 4, ..SqliteConfig::default() };
    let store = Arc::new(SqliteStore::open(dir.path(), config).unwrap());
    for id in ["r", "s", "t", "u"] {
        stored(&store, &[create(id)]).await;
    }
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for _ in 0..4 {
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        readers.push(tokio::spawn(async move {
            while !done.load(Relaxed) {
                for id in ["r", "s", "t", "u"] {
                    store.standing(&room(id), &user("b")).await.unwrap();
                }
            }
        }));
    }
    for turn in 0..2_000 {
        let change = if turn % 2 == 0 {
            Change::Join { role: Role::Member, max: u64::MAX }
        } else {
            Change::Leave { heir: Role::Owner }
        };
        let role = if turn % 2 == 0 { Some(Role::Member) } else { None };
        let answer = stored(&store, &[Append { by: user("b"), change, ..create("r") }]).await.remove(0);
        for _ in 0..3 {
            let standing = store.standing(&room("r"), &user("b")).await.unwrap().unwrap();
            assert_eq!(
                (standing.role, standing.access_version),
                (role, answer.access_version),
                "turn {turn}"
            );
        }
    }
    done.store(true, Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}
