//! Unread counts, which are found by way of the few messages of a sender that are indexed.

use chat_protocol::Role;
use chat_server_core::storage::{Append, Change, RoomStore, UserLog};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

use crate::support::*;

const USERS: [&str; 3] = ["a", "b", "c"];

/// Who wrote each message: turns, long runs of one, long silences of another, and the edges of the blocks of 16.
fn senders() -> Vec<&'static str> {
    let turns = (0..40).map(|n| USERS[n % 2]);
    let silence = std::iter::repeat_n("a", 45);
    let edges = (86..=150).map(|seq| if seq % 16 == 0 || seq % 16 == 15 { "c" } else { "b" });
    turns.chain(silence).chain(edges).collect()
}

async fn check(remembered: usize) {
    let dir = place();
    let config = SqliteConfig { synchronous: Synchronous::Off, remembered, ..SqliteConfig::default() };
    let store = SqliteStore::open(dir.path(), config).unwrap();
    let as_user = |by: &str, append: Append| Append { by: user(by), ..append };
    let join = |by| {
        as_user(by, Append { change: Change::Join { role: Role::Member, max: u64::MAX }, ..create("r") })
    };
    stored(&store, &[create("r"), join("b"), join("c")]).await;
    let senders = senders();
    for (seq, sender) in (1..).zip(&senders) {
        stored(&store, &[as_user(sender, text("r", &format!("{seq}")))]).await;
    }
    for read in 1..=senders.len() {
        store.append_own(&USERS.map(|id| self::read("r", id, read as u64))).await.unwrap();
        for id in USERS {
            let view = store.views(&user(id), &[room("r")]).await.unwrap().remove(0).unwrap();
            let expected = senders[read..].iter().filter(|sender| **sender != id).count() as u64;
            assert_eq!(view.state.unread, expected, "{id} has read up to {read}");
        }
    }
}

#[tokio::test]
async fn unread_is_right_wherever_the_pointer_is() {
    check(1_000).await;
}

#[tokio::test]
async fn unread_is_right_when_the_writer_remembers_nothing() {
    check(0).await;
}
