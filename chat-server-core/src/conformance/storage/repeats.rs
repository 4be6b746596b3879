//! What `append` does with repeats, and what is left after the store was closed.

use super::Subject;
use super::scene::*;
use super::tour::{everything, own_tour, tour};
use crate::conformance::skip;
use crate::storage::{Append, Appended, DOOMED_AGAIN, Refusal};

fn again(first: &Appended) -> Appended {
    Appended { duplicate: true, entries: Vec::new(), users: Vec::new(), ..first.clone() }
}

/// The first answer comes back whenever the same body is sent again, and nothing is stored.
pub async fn a_repeat_gives_the_first_answer(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b"])).await;
    let long = "i".repeat(128);

    let answers = scene.append(&[text_as("r", "a", "one", "id"), text_as("r", "a", "one", "id")]).await;
    let first = answers[0].clone().expect("accepted");
    assert!(!first.duplicate && first.seq == seq(1));
    assert_eq!(answers[1], Ok(again(&first)), "within one batch");
    let second = scene.stored(text_as("r", "a", "two", &long)).await;
    assert_eq!(scene.stored(text_as("r", "a", "one", "id")).await, again(&first));
    assert_eq!(scene.stored(text_as("r", "a", "two", &long)).await, again(&second));

    // The id belongs to one sender in one room, and what has none is never a repeat.
    scene.stored(create("other", "a", &["a"])).await;
    for fresh in [
        text_as("r", "b", "one", "id"),
        text_as("other", "a", "one", "id"),
        text_as("r", "a", "one", "ID"),
        text("r", "a", "one"),
        text("r", "a", "one"),
    ] {
        assert!(!scene.stored(fresh).await.duplicate);
    }

    // A repeat needs no right any more, and tells the version that is true now.
    let left = scene.stored(leave("r", "a")).await;
    let late = Append { access_version: Some(first.access_version), ..text_as("r", "a", "one", "id") };
    assert_eq!(scene.stored(late).await, Appended { access_version: left.access_version, ..again(&first) });
    assert_eq!(scene.messages("r").await.len(), 6);
    joins_and_creations_repeat(&scene).await;
}

async fn joins_and_creations_repeat(scene: &Scene) {
    let head = scene.stored(text("other", "a", "head")).await;
    let joined = scene.stored(join("other", "a")).await;
    assert_eq!(joined, Appended { num: 0, key: 0, ..again(&head) });

    let first = scene.stored(create_as("c1", "c", &["c", "d"], "my room", "x")).await;
    assert!(!first.duplicate && first.users.len() == 2);
    let head = scene.stored(text("c1", "c", "head")).await;
    let repeat = scene.stored(create_as("c2", "c", &["c", "d"], "my room", "x")).await;
    assert_eq!(repeat, Appended { num: 0, key: 0, ..again(&head) });
    let refused = Append { access_version: Some(7), ..create_as("c2", "c", &["c", "d"], "my room", "x") };
    assert_eq!(scene.stored(refused).await, repeat, "it needs no right either");
    assert_eq!(scene.rooms_of("d").await, ["c1"]);
    assert_eq!(scene.answer(text("c2", "c", "x")).await, Err(Refusal::NoRoom));

    // The name belongs to one creator; within a batch too.
    let batch = [
        create_as("d1", "d", &["d"], "my room", "x"),
        create_as("d2", "d", &["d"], "my room", "x"),
        create_as("d1", "d", &["d"], "my room", "x"),
    ];
    let answers = scene.all(&batch).await;
    let told: Vec<_> = answers.iter().map(|answer| (answer.room.as_str(), answer.duplicate)).collect();
    assert_eq!(told, [("d1", false), ("d1", true), ("d1", true)]);
}

/// One name, two bodies.
pub async fn another_body_is_a_conflict(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a"])).await;
    let batch =
        [text_as("r", "a", "one", "id"), text_as("r", "a", "two", "id"), text_as("r", "a", "one", "id")];
    let answers: Vec<_> =
        scene.append(&batch).await.into_iter().map(|answer| answer.map(|a| a.duplicate)).collect();
    assert_eq!(answers, [Ok(false), Err(Refusal::Conflict), Ok(true)]);
    assert_eq!(scene.refused(text_as("r", "a", "two", "id")).await, Refusal::Conflict);
    assert_eq!(scene.messages("r").await.len(), 1);

    scene.stored(create_as("c1", "a", &["a"], "my room", "x")).await;
    assert_eq!(scene.answer(create_as("c2", "a", &["a"], "my room", "y")).await, Err(Refusal::Conflict));
    assert_eq!(scene.answer(create_as("c1", "a", &["a"], "my room", "y")).await, Err(Refusal::Conflict));
    assert_eq!(scene.rooms_of("a").await.len(), 2, "a conflict makes no room");
}

/// What was sent is known for ever: the body that was sent counts, not what became of it.
pub async fn a_repeat_survives_edit_delete_and_trim(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a"])).await;
    let names = ["edited", "deleted", "trimmed"];
    let firsts = scene.all(&names.map(|name| text_as("r", "a", name, name))).await;
    let repeats = async |version: u64| {
        for (name, first) in names.iter().zip(&firsts) {
            let first = Appended { access_version: version, ..again(first) };
            assert_eq!(scene.stored(text_as("r", "a", name, name)).await, first, "{name}");
            assert_eq!(scene.refused(text_as("r", "a", "other", name)).await, Refusal::Conflict);
        }
    };
    let version = firsts[0].access_version;
    repeats(version).await;
    scene.all(&[edit("r", "a", 1, "other"), delete("r", "a", 2)]).await;
    repeats(version).await;
    scene.stored(trim("r", 4)).await;
    repeats(version).await;
    assert_eq!(scene.messages("r").await, []);
    assert_eq!(scene.stored(text("r", "a", "next")).await.seq, seq(4), "numbers go on");
    repeats(version).await;
}

/// Everything is there after the store was closed and opened, and it goes on where it was.
pub async fn appended_survives_reopen(subject: Subject) {
    let scene = Scene::new(&subject);
    if !scene.store.capabilities().durable {
        return skip("the store is not `durable`");
    }
    assert!(
        subject.again(),
        "a durable store needs the two-part form: storage_conformance!(place, |place| ..)"
    );
    let (rooms, ids) = (["r", "s", "nowhere"], ["a", "b", "c", "d", "e", "nobody"]);
    let answers = scene.all(&tour()).await;
    scene.all(&[create("s", "b", &["b", "a"]), text("s", "b", "two")]).await;
    for answer in scene.append_own(&own_tour()).await {
        answer.expect("accepted");
    }
    scene.set_position("reader", 7).await;
    scene.uploads("s", "a").await;
    let before = everything(&scene, &rooms, &ids).await;
    let doomed = scene.doomed(1_000).await;
    drop(scene);

    let scene = Scene::new(&subject);
    let after = everything(&scene, &rooms, &ids).await;
    for (after, before) in after.iter().zip(&before) {
        assert_eq!(after, before);
    }
    let again = 1_000 + DOOMED_AGAIN.as_micros() as i64;
    assert_eq!((doomed.len(), scene.doomed(again).await), (1, doomed), "what goes comes up again");
    goes_on(&scene, &answers).await;
}

/// After the tour: repeats are known, and numbers go on.
async fn goes_on(scene: &Scene, answers: &[Appended]) {
    let repeat = scene.stored(text_as("r", "b", "one", "id")).await;
    assert_eq!(repeat, Appended { access_version: repeat.access_version, ..again(&answers[1]) });
    assert_eq!(scene.answer(text_as("r", "b", "six", "id")).await, Err(Refusal::Conflict));
    assert_eq!(scene.stored(create_as("t", "a", &["a"], "my room", "x")).await.room, room("r"));
    scene.repeated(react("r", "c", 2, "+")).await;
    let next = scene.stored(text("r", "a", "six")).await;
    let last = answers.last().expect("the tour has answers");
    assert_eq!((next.seq, next.offset), (last.seq.next(), last.offset.next()));
    assert!(next.num > answers.iter().map(|answer| answer.num).max().expect("not empty"));
    let log = scene.user_log("a").await.len() as u64;
    let moved = scene.own(read("r", "a", 6)).await;
    assert_eq!((moved.at, moved.user_offset), (seq(6), user_offset(log + 1)));
}
