//! Answers outlive their messages.

use chat_protocol::short_digest;
use chat_server_core::storage::{Change, MessageStore, Refusal};

use crate::support::*;

/// What a purge does: it deletes the room's first message and keeps its answer.
fn purge_first(dir: &std::path::Path, client_msg_id: &str) {
    let mut db = rusqlite::Connection::open(dir.join("chat.db")).unwrap();
    let tx = db.transaction().unwrap();
    let keep = "INSERT INTO idempotency
        SELECT room_ref, sender_ref, ?1, digest, num, key, seq, offset, ts FROM messages WHERE seq = 1";
    assert_eq!(tx.execute(keep, [short_digest(client_msg_id.as_bytes())]).unwrap(), 1);
    assert_eq!(tx.execute("DELETE FROM messages WHERE seq = 1", []).unwrap(), 1);
    tx.commit().unwrap();
}

#[tokio::test]
async fn a_purged_message_is_answered_as_before_and_never_stored_again() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    let first = stored(&store, &[create("r"), text("r", "one"), text("r", "two")]).await.remove(1);
    store.close().unwrap();
    purge_first(dir.path(), "one");

    let store = open(dir.path()).unwrap();
    assert_eq!(texts(&store, "r").await.unwrap(), ["two"]);
    let answers = stored(&store, &[text("r", "one"), text("r", "two"), text("r", "three")]).await;
    assert!(answers[0].duplicate && answers[1].duplicate && !answers[2].duplicate);
    let names = |answer: &chat_server_core::storage::Appended| {
        (answer.num, answer.key, answer.seq, answer.offset, answer.ts)
    };
    assert_eq!(names(&answers[0]), names(&first));
    // The same id with another body is refused, also when the right to write is gone: it was told before.
    let mut other = text("r", "one");
    let Change::Message(new) = &mut other.change else { unreachable!("a message") };
    new.digest = [0; 16];
    for access_version in [None, Some(99)] {
        other.access_version = access_version;
        let answer = store.append(std::slice::from_ref(&other)).await.unwrap().remove(0);
        assert_eq!(answer, Err(Refusal::Conflict));
    }
    let mut late = text("r", "one");
    late.access_version = Some(99);
    assert!(stored(&store, &[late]).await[0].duplicate);
    assert_eq!(texts(&store, "r").await.unwrap(), ["two", "three"]);
}
