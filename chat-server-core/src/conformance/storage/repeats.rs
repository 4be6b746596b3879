//! What `append` does with repeats, and what is left after the store was closed.

use chat_protocol::{Epoch, HistoryQuery, Offset, UserOffset};

use super::Subject;
use super::scene::*;
use crate::storage::{
    Append, Appended, LogPage, PointerMoved, Refusal, RoomView, Standing, StoredMessage, UserLogPage,
};

/// The first answer comes back whenever the same body is sent again, and nothing is stored.
pub async fn a_repeat_gives_the_first_answer(subject: Subject) {
    let scene = Scene::new(&subject);
    let again = |first: &Appended| Appended { duplicate: true, users: Vec::new(), ..first.clone() };
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
    assert!(joined.duplicate && joined.users.is_empty());
    assert_eq!((joined.offset, joined.seq, joined.num), (head.offset, head.seq, 0));

    let first = scene.stored(create_as("c1", "c", &["c", "d"], "my room", "x")).await;
    assert!(!first.duplicate && first.users.len() == 2);
    let head = scene.stored(text("c1", "c", "head")).await;
    let repeat = scene.stored(create_as("c2", "c", &["c", "d"], "my room", "x")).await;
    assert!(repeat.duplicate && repeat.users.is_empty());
    assert_eq!((repeat.room, repeat.offset, repeat.seq), (room("c1"), head.offset, head.seq));
    assert_eq!(scene.rooms_of("d").await, ["c1"]);
    assert_eq!(scene.answer(text("c2", "c", "x")).await, Err(Refusal::NoRoom));

    // The name belongs to one creator; within a batch too.
    let batch = [
        create_as("d1", "d", &["d"], "my room", "x"),
        create_as("d2", "d", &["d"], "my room", "x"),
        create_as("d1", "d", &["d"], "my room", "x"),
    ];
    let answers: Vec<_> =
        scene.append(&batch).await.into_iter().map(|answer| answer.expect("accepted")).collect();
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
    assert_eq!(scene.answer(text_as("r", "a", "two", "id")).await, Err(Refusal::Conflict));
    assert_eq!(scene.messages("r").await.len(), 1);

    scene.stored(create_as("c1", "a", &["a"], "my room", "x")).await;
    assert_eq!(scene.answer(create_as("c2", "a", &["a"], "my room", "y")).await, Err(Refusal::Conflict));
    assert_eq!(scene.answer(create_as("c1", "a", &["a"], "my room", "y")).await, Err(Refusal::Conflict));
    assert_eq!(scene.rooms_of("a").await.len(), 2, "a conflict makes no room");
}

/// All that a store can be asked.
#[derive(Debug, PartialEq)]
struct Everything {
    epoch: Epoch,
    logs: Vec<Option<LogPage>>,
    histories: Vec<Option<Vec<StoredMessage>>>,
    user_logs: Vec<UserLogPage>,
    rooms: Vec<Vec<String>>,
    views: Vec<Option<RoomView>>,
    standings: Vec<Option<Standing>>,
    pointers: Vec<Vec<(String, u64)>>,
}

async fn everything(scene: &Scene, rooms: &[&str], users: &[&str]) -> Everything {
    let store = &scene.store;
    let mut all = Everything {
        epoch: store.epoch(),
        logs: Vec::new(),
        histories: Vec::new(),
        user_logs: Vec::new(),
        rooms: Vec::new(),
        views: Vec::new(),
        standings: Vec::new(),
        pointers: Vec::new(),
    };
    for id in rooms {
        all.logs.push(store.log(&room(id), Offset::ZERO, ALL).await.expect("log works"));
        all.histories
            .push(store.history(&room(id), HistoryQuery::default(), ALL).await.expect("history works"));
        all.pointers.push(scene.pointers(id).await);
        for of in users {
            all.views.push(scene.view(of, id).await);
            all.standings.push(store.standing(&room(id), &user(of)).await.expect("standing works"));
        }
    }
    for of in users {
        all.user_logs.push(store.user_log(&user(of), UserOffset::ZERO, ALL).await.expect("user_log works"));
        all.rooms.push(scene.rooms_of(of).await);
    }
    all
}

/// Everything is there after the store was closed and opened, and it goes on where it was.
pub async fn appended_survives_reopen(subject: Subject) {
    let scene = Scene::new(&subject);
    if !scene.store.capabilities().durable {
        return;
    }
    assert!(
        subject.reopens(),
        "a durable store needs the two-part form: storage_conformance!(place, |place| ..)"
    );
    let (rooms, users) = (["r", "s", "nowhere"], ["a", "b", "c", "nobody"]);
    let batch = [
        create_as("r", "a", &["a", "b"], "my room", "x"),
        text_as("r", "a", "one", "id"),
        create("s", "b", &["b"]),
        text("s", "b", "two"),
        join("s", "c"),
        text_as("r", "b", "three", "id"),
        leave("r", "b"),
        join("r", "c"),
        text("r", "c", "four"),
    ];
    let answers: Vec<_> =
        scene.append(&batch).await.into_iter().map(|answer| answer.expect("accepted")).collect();
    assert!(matches!(scene.advance(read("r", "a", 2)).await, PointerMoved::Moved { .. }));
    let before = everything(&scene, &rooms, &users).await;
    drop(scene);

    let scene = Scene::new(&subject);
    assert_eq!(everything(&scene, &rooms, &users).await, before);
    let repeat = scene.stored(text_as("r", "a", "one", "id")).await;
    assert_eq!(
        repeat,
        Appended { duplicate: true, access_version: repeat.access_version, ..answers[1].clone() }
    );
    assert_eq!(scene.answer(text_as("r", "b", "five", "id")).await, Err(Refusal::Conflict));
    assert_eq!(scene.stored(create_as("t", "a", &["a"], "my room", "x")).await.room, room("r"));
    let next = scene.stored(text("r", "a", "five")).await;
    let last = &answers[8];
    assert_eq!((next.seq, next.offset), (last.seq.next(), last.offset.next()));
    assert!(next.num > answers.iter().map(|answer| answer.num).max().expect("not empty"));
    assert_eq!(
        scene.advance(read("r", "a", 3)).await,
        PointerMoved::Moved { read: seq(3), user_offset: before.user_logs[0].head.next() }
    );
}
