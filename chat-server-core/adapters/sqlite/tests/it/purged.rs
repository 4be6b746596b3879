//! Answers outlive their messages.

use chat_protocol::Seq;
use chat_server_core::storage::{Append, Appended, Change, MessageStore, Refusal};

use crate::support::*;

fn trim(oldest: u64) -> Append {
    Append { change: Change::Trim { oldest: Seq::new(oldest).unwrap() }, ..create("r") }
}

fn names(answer: &Appended) -> (u64, u128, Seq, chat_protocol::Offset, chat_protocol::Timestamp) {
    (answer.num, answer.key, answer.seq, answer.offset, answer.ts)
}

#[tokio::test]
async fn a_forgotten_message_is_answered_as_before_and_never_stored_again() {
    let dir = place();
    let mut store = open(dir.path()).unwrap();
    let first = stored(&store, &[create("r"), text("r", "one"), text("r", "two")]).await.remove(1);
    stored(&store, &[trim(2)]).await;
    let mut expected = vec!["two".to_owned()];
    for round in 0..3 {
        assert_eq!(texts(&store, "r").await.unwrap(), expected, "round {round}");
        let next = format!("next {round}");
        let answers = stored(&store, &[text("r", "one"), text("r", "two"), text("r", &next)]).await;
        assert!(answers[0].duplicate && answers[1].duplicate && !answers[2].duplicate, "round {round}");
        assert_eq!(names(&answers[0]), names(&first), "round {round}");
        expected.push(next);
        // The same id with another body is refused, also when the right to write is gone: it was told before.
        let mut other = text("r", "one");
        let Change::Message(new) = &mut other.change else { unreachable!("a message") };
        new.digest = [0; 16];
        for access_version in [None, Some(99)] {
            other.access_version = access_version;
            let answer = store.append(std::slice::from_ref(&other)).await.unwrap().remove(0);
            assert_eq!(answer, Err(Refusal::Conflict), "round {round}");
        }
        drop(store);
        store = open(dir.path()).unwrap();
    }
}

#[tokio::test]
async fn a_message_that_is_forgotten_in_its_own_batch_is_answered_in_it() {
    let dir = place();
    let store = open(dir.path()).unwrap();
    let batch =
        [create("r"), text("r", "one"), trim(2), text("r", "one"), text("r", "two"), text("r", "two")];
    let answers = stored(&store, &batch).await;
    assert_eq!(names(&answers[3]), names(&answers[1]));
    assert_eq!(answers.iter().map(|answer| answer.duplicate).filter(|duplicate| *duplicate).count(), 2);
    assert_eq!(texts(&store, "r").await.unwrap(), ["two"]);
}

#[tokio::test]
async fn numbers_go_on_after_all_messages_are_forgotten() {
    let dir = place();
    for round in 1..4 {
        let store = open(dir.path()).unwrap();
        if round == 1 {
            stored(&store, &[create("r")]).await;
        }
        let answers = stored(&store, &[text("r", &format!("{round}")), trim(100)]).await;
        assert_eq!(answers[0].seq.get(), round);
        assert!(answers[0].num > 2 * round, "never given twice");
        let log = store.log(&room("r"), chat_protocol::Offset::ZERO, 100).await.unwrap().unwrap();
        assert_eq!((log.entries.len(), log.oldest, log.head), (1, answers[1].offset, answers[1].offset));
    }
}
