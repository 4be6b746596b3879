//! A message that is sent again is answered as before, wherever its client id is by then: in the batch, in memory, on
//! its way into the database, or there.

use chat_server_core::storage::{Append, Appended, Change, MessageStore, Refusal};
use chat_store_sqlite::{SqliteConfig, SqliteStore};
use tempfile::TempDir;

use crate::support::*;

/// So few ids are kept in memory that a test meets every stage.
const UNMERGED: usize = 12;

const ROOMS: [&str; 3] = ["r", "s", "t"];

fn open_small(dir: &TempDir) -> SqliteStore {
    let config = SqliteConfig { unmerged: UNMERGED, ..SqliteConfig::default() };
    SqliteStore::open(dir.path(), config).unwrap()
}

/// The n-th message, in one room after the other; the ids do not come in their order.
fn message(n: usize) -> Append {
    text(ROOMS[n % 3], &format!("{} {n}", n * 7 % 10))
}

fn other_body(mut append: Append) -> Append {
    let Change::Message(new) = &mut append.change else { unreachable!("a message") };
    new.digest = [0; 16];
    append
}

/// Each message again, all in one batch, and in another one each with another body.
async fn check(store: &SqliteStore, first: &[Appended]) {
    let again: Vec<_> = (0..first.len()).map(message).collect();
    let names = |answer: &Appended| (answer.num, answer.key, answer.seq, answer.offset, answer.ts);
    for (n, (answer, first)) in stored(store, &again).await.iter().zip(first).enumerate() {
        assert!(answer.duplicate, "message {n} of {}", again.len());
        assert_eq!(names(answer), names(first), "message {n} of {}", again.len());
    }
    let others: Vec<_> = again.into_iter().map(other_body).collect();
    for (n, answer) in store.append(&others).await.unwrap().into_iter().enumerate() {
        assert_eq!(answer, Err(Refusal::Conflict), "message {n} of {}", others.len());
    }
}

async fn fill(store: &SqliteStore, first: &mut Vec<Appended>, count: usize) {
    let batch: Vec<_> = (first.len()..first.len() + count).map(message).collect();
    let answers = stored(store, &batch).await;
    assert!(answers.iter().all(|answer| !answer.duplicate));
    first.extend(answers);
}

#[tokio::test]
async fn a_repeat_is_known_at_every_stage_and_after_a_kill_there() {
    let (dir, mut first) = (place(), Vec::new());
    let store = open_small(&dir);
    stored(&store, &ROOMS.map(create)).await;
    for step in 0..40 {
        fill(&store, &mut first, 1 + step % 4).await;
        let copy = killed(dir.path());
        check(&store, &first).await;
        let again = open_small(&copy);
        check(&again, &first).await;
        // What was killed goes on: its generations begin elsewhere.
        let mut longer = first.clone();
        fill(&again, &mut longer, 5).await;
        let copy = killed(copy.path());
        check(&again, &longer).await;
        check(&open_small(&copy), &longer).await;
    }
}

#[tokio::test]
async fn a_repeat_is_known_after_many_kills_in_a_row_and_after_a_close() {
    let (mut dir, mut first) = (place(), Vec::new());
    stored(&open_small(&dir), &ROOMS.map(create)).await;
    for step in 0..20 {
        let store = open_small(&dir);
        check(&store, &first).await;
        fill(&store, &mut first, 5).await;
        if step % 7 == 6 {
            store.close().unwrap();
        } else {
            dir = killed(dir.path());
        }
    }
    check(&open_small(&dir), &first).await;
}

#[tokio::test]
async fn a_repeat_in_its_own_batch_is_known() {
    let dir = place();
    let store = open_small(&dir);
    stored(&store, &ROOMS.map(create)).await;
    let batch = [message(0), message(1), message(0), other_body(message(1)), message(2)];
    let answers = store.append(&batch).await.unwrap();
    let [first, second, repeat, conflict, third] = &answers[..] else { panic!("one answer per change") };
    assert!(
        [first, second, third].iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.duplicate))
    );
    let (first, repeat) = (first.as_ref().unwrap(), repeat.as_ref().unwrap());
    assert!(repeat.duplicate && (repeat.num, repeat.seq) == (first.num, first.seq));
    assert_eq!(*conflict, Err(Refusal::Conflict));
    assert_eq!(texts(&store, "r").await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_id_in_another_room_or_of_another_sender_is_another_message() {
    let dir = place();
    let store = open_small(&dir);
    stored(&store, &ROOMS.map(create)).await;
    let by_other = |to| Append { by: user("b"), ..text(to, "same") };
    let batch = [text("r", "same"), text("s", "same"), by_other("r"), by_other("s")];
    for round in 0..6 {
        let answers = stored(&store, &batch).await;
        assert!(answers.iter().all(|answer| answer.duplicate == (round > 0)), "round {round}");
        let others: Vec<_> = (0..4).map(|n| text("t", &format!("{round} {n}"))).collect();
        stored(&store, &others).await;
    }
}
