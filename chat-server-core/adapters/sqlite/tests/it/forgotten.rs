//! What is in the file of a user who was forgotten: nothing that it said.

use std::path::Path;

use chat_protocol::{Role, Seq, UserId};
use chat_server_core::storage::{
    Append, Appended, Change, LogEntry, MessageStore, OwnAppend, OwnChange, Refusal, RoomStore, TraceStore,
    UserLog,
};
use chat_store_sqlite::{SqliteConfig, SqliteStore};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::*;

fn forget(limit: usize) -> Append {
    let change = Change::Forget { user: user("a"), heir: Role::Member, limit };
    Append { by: UserId::system(), change, ..create("r") }
}

fn own(change: OwnChange) -> OwnAppend {
    OwnAppend { user: user("a"), now: create("r").now, change }
}

fn private(n: usize) -> Append {
    // The ids do not come in their order.
    text("r", &format!("{} private words {n}", n * 7 % 10))
}

/// All texts of all tables.
fn texts_in(dir: &Path) -> Vec<String> {
    let db = Connection::open(dir.join("chat.db")).unwrap();
    let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut texts = Vec::new();
    for table in tables {
        let mut select = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let Value::Text(text) = row.get(column).unwrap() {
                    texts.push(format!("{table}: {text}"));
                }
            }
        }
    }
    texts
}

fn names(answer: &Appended) -> (u64, u128, Seq, chat_protocol::Offset) {
    (answer.num, answer.key, answer.seq, answer.offset)
}

#[tokio::test]
async fn no_text_and_no_name_of_a_message_is_left_and_its_answer_is() {
    for unmerged in [2, 12, 1_000] {
        let dir = place();
        let config = || SqliteConfig { unmerged, ..SqliteConfig::default() };
        let store = SqliteStore::open(dir.path(), config()).unwrap();
        stored(&store, &[create("r")]).await;
        let all: Vec<_> = (0..40).map(private).collect();
        let firsts = stored(&store, &all).await;
        let trim = Change::Trim { oldest: Seq::new(4).unwrap() };
        stored(&store, &[Append { by: UserId::system(), change: trim, ..create("r") }]).await;
        assert!(texts_in(killed(dir.path()).path()).iter().any(|text| text.contains("private")));
        while !stored(&store, &[forget(7)]).await[0].duplicate {}
        let copy = killed(dir.path());
        let check = |dir: &Path, when: &str| {
            let left: Vec<_> = texts_in(dir).into_iter().filter(|text| text.contains("private")).collect();
            assert_eq!(left, [""; 0], "{when}, {unmerged} in memory");
        };
        check(copy.path(), "after a kill");
        // What is gathered in memory is written by what comes, or at the end.
        stored(
            &store,
            &(0..30)
                .map(|n| Append { by: user("b"), ..text("r", &format!("other {n}")) })
                .collect::<Vec<_>>(),
        )
        .await;
        check(killed(dir.path()).path(), "later");
        store.close().unwrap();
        check(dir.path(), "after the end");
        for dir in [&copy, &dir] {
            let store = SqliteStore::open(dir.path(), config()).unwrap();
            let again = stored(&store, &all).await;
            for (again, first) in again.iter().zip(&firsts) {
                assert!(again.duplicate, "{unmerged} in memory");
                assert_eq!(names(again), names(first));
            }
            let mut other = private(3);
            let Change::Message(new) = &mut other.change else { unreachable!("a message") };
            new.digest = [0; 16];
            assert_eq!(store.append(&[other]).await.unwrap(), [Err(Refusal::Conflict)]);
        }
    }
}

#[tokio::test]
async fn a_damaged_message_goes_too() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    stored(&store, &[create("r"), text("r", "one"), text("r", "two"), text("r", "three")]).await;
    store.close().unwrap();
    let db = Connection::open(dir.path().join("chat.db")).unwrap();
    db.execute(r#"UPDATE messages SET payload = '{"text":"private"}' WHERE seq = 2"#, []).unwrap();
    drop(db);
    let store = open(dir.path()).unwrap();
    let forgotten = stored(&store, &[forget(10)]).await.remove(0);
    let [_, LogEntry::Deleted(gone), _, _] = forgotten.entries.as_slice() else {
        panic!("three deletions and a leave: {forgotten:?}");
    };
    assert_eq!((gone.seq.get(), &gone.from), (2, &user("a")), "its words and files go by that");
    assert_eq!(texts(&store, "r").await.unwrap(), ["", "", ""]);
    store.close().unwrap();
    assert!(!texts_in(dir.path()).iter().any(|text| text.contains("private")));
}

#[tokio::test]
async fn f08_a_damaged_message_keeps_nobody_from_being_forgotten_or_read() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    let of_b = |change| Append { by: user("b"), change, ..create("r") };
    let like = |seq| Change::React { seq: Seq::new(seq).unwrap(), emoji: "+".parse().unwrap() };
    let join = Change::Join { role: Role::Member, max: u64::MAX };
    let said = Append { by: user("b"), ..text("r", "mine") };
    let also = Append { by: user("b"), ..text("r", "mine too") };
    stored(&store, &[create("r"), of_b(join), text("r", "one"), said, also]).await;
    stored(&store, &[of_b(like(1))]).await;
    store.close().unwrap();
    let db = Connection::open(dir.path().join("chat.db")).unwrap();
    db.execute(r#"UPDATE messages SET payload = '{"text":"other"}' WHERE seq IN (1, 2)"#, []).unwrap();
    drop(db);
    let store = open(dir.path()).unwrap();
    let written = store.written_by(&user("b"), None, 9).await.unwrap();
    assert_eq!(written.iter().map(|it| it.message.seq.get()).collect::<Vec<_>>(), [3], "all that is whole");
    let change = Change::Forget { user: user("b"), heir: Role::Owner, limit: 10 };
    stored(&store, &[Append { by: UserId::system(), change, ..create("r") }]).await;
    assert_eq!(store.traces_of(&user("b"), None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn it_goes_on_in_the_next_process_and_the_log_keeps_its_head() {
    let dir = place();
    let mut store = open(dir.path()).unwrap();
    stored(&store, &[create("r"), text("r", "one"), text("r", "two"), create("s")]).await;
    let head = store.append_own(&[own(OwnChange::Forget)]).await.unwrap().remove(0).unwrap().user_offset;
    let mut steps = [forget(1), forget(1), forget(1), Append { room: room("s"), ..forget(1) }].into_iter();
    for _ in 0..4 {
        store = SqliteStore::open(killed_keeping(&dir, store), SqliteConfig::default()).unwrap();
        assert!(store.forgetting(&user("a")).await.unwrap().is_some());
        assert_eq!(store.append(&[text("r", "three")]).await.unwrap(), [Err(Refusal::Forgotten)]);
        assert!(!stored(&store, &[steps.next().unwrap()]).await[0].duplicate);
    }
    assert_eq!(store.traces_of(&user("a"), None, 9).await.unwrap(), []);
    store.append_own(&[own(OwnChange::Erase { limit: 100 })]).await.unwrap().remove(0).unwrap();
    assert!(!store.append_own(&[own(OwnChange::Forgotten)]).await.unwrap().remove(0).unwrap().duplicate);
    store.close().unwrap();

    let store = open(dir.path()).unwrap();
    let log = store.user_log(&user("a"), head, 9).await.unwrap();
    // Left two rooms since.
    let now = head.next().next();
    assert_eq!((log.entries.len(), log.head, log.oldest), (0, now, now.next()));
    let joined = Append { change: Change::Join { role: Role::Member, max: u64::MAX }, ..create("r") };
    let told = stored(&store, &[joined]).await.remove(0).users.remove(0).1;
    assert_eq!(told.user_offset, now.next(), "never the same twice");
    assert!(store.standing(&room("r"), &user("a")).await.unwrap().unwrap().role.is_some());
}

/// Closes the store as a kill does, in place.
fn killed_keeping(dir: &tempfile::TempDir, store: SqliteStore) -> &Path {
    let copy = killed(dir.path());
    drop(store);
    for name in ["chat.db", "chat.db-wal"] {
        std::fs::copy(copy.path().join(name), dir.path().join(name)).unwrap();
    }
    dir.path()
}
