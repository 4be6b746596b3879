//! What `append` does with changes that are no repeats.

use std::collections::BTreeSet;

use chat_protocol::{Content, MAX_SAFE, Role, Timestamp, limits};

use super::Subject;
use super::scene::*;
use crate::storage::{LogEntry, Refusal};

/// Eight tasks write messages and memberships into two rooms at once.
pub async fn concurrent_appends_leave_no_gap(subject: Subject) {
    const TASKS: u64 = 8;
    const ROUNDS: u64 = 20;
    let scene = Scene::new(&subject);
    scene.append(&[create("a", "u", &["u"]), create("b", "u", &["u"])]).await;
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let scene = Scene { store: scene.store.clone() };
        tasks.push(tokio::spawn(async move {
            let me = format!("u{task}");
            let mut seen = Vec::new();
            for round in 0..ROUNDS {
                let change =
                    if round % 5 == 0 { join("a", &format!("{me}-{round}")) } else { text("a", &me, "x") };
                let answers = scene.append(&[change, text("b", &me, "y")]).await;
                seen.push(answers.into_iter().map(|answer| answer.expect("accepted")).collect::<Vec<_>>());
            }
            seen
        }));
    }
    let mut offsets = [BTreeSet::new(), BTreeSet::new()];
    let mut seqs = [BTreeSet::new(), BTreeSet::new()];
    for task in tasks {
        let seen = task.await.expect("the task ends well");
        for pair in seen.windows(2) {
            assert!(pair[0][0].offset < pair[1][0].offset, "one caller's changes keep their order");
        }
        for (index, answer) in seen.iter().flat_map(|answers| answers.iter().enumerate()) {
            assert!(offsets[index].insert(answer.offset.get()), "an offset was given twice");
            assert!(answer.num == 0 || seqs[index].insert(answer.seq.get()), "a seq was given twice");
        }
    }
    // Before the tasks each log had the room and its first member.
    let changes = TASKS * ROUNDS;
    assert_eq!(offsets, [(3..=changes + 2).collect(), (3..=changes + 2).collect()]);
    assert_eq!(seqs, [(1..=changes * 4 / 5).collect(), (1..=changes).collect()]);
    for id in ["a", "b"] {
        let log: Vec<_> = scene.log(id).await.iter().map(|entry| entry.offset().get()).collect();
        assert_eq!(log, (1..=changes + 2).collect::<Vec<_>>());
    }
}

/// Every kind of change in one batch, in two rooms.
pub async fn a_batch_is_stored_in_order(subject: Subject) {
    let scene = Scene::new(&subject);
    let batch = [
        create("a", "u", &["u", "v"]),
        text("a", "u", "one"),
        create("b", "v", &[]),
        text("b", "v", "other"),
        join("b", "u"),
        text("a", "v", "two"),
        leave("a", "v"),
        text("a", "u", "three"),
        text("b", "u", "another"),
    ];
    let answers = scene.append(&batch).await;
    let places: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.expect("accepted"))
        .map(|answer| (answer.room.to_string(), answer.offset.get(), answer.seq.get()))
        .collect();
    let expected = [
        ("a", 3, 0),
        ("a", 4, 1),
        ("b", 1, 0),
        ("b", 2, 1),
        ("b", 3, 1),
        ("a", 5, 2),
        ("a", 6, 2),
        ("a", 7, 3),
        ("b", 4, 2),
    ];
    assert_eq!(places, expected.map(|(room, offset, seq)| (room.to_owned(), offset, seq)));
    let bodies: Vec<_> = scene.messages("a").await.iter().map(body).collect();
    assert_eq!(bodies, ["one", "two", "three"]);
}

/// A decision made on what is not true any more stores nothing; a version that fits, or none, does.
pub async fn an_old_access_version_is_refused(subject: Subject) {
    let scene = Scene::new(&subject);
    let old = scene.stored(create("r", "a", &["a", "b", "c"])).await.access_version;
    assert_eq!(scene.stored(on(old, text("r", "b", "in time"))).await.seq, seq(1));

    // The leaving counts for the rest of its own batch already.
    let answers = scene.append(&[on(old, leave("r", "b")), on(old, text("r", "a", "late"))]).await;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refusal::AccessChanged));
    for late in [text("r", "b", "late"), join("r", "d"), leave("r", "c")] {
        assert_eq!(scene.answer(on(old, late)).await, Err(Refusal::AccessChanged));
    }
    let made = create("new", "a", &["a"]);
    assert_eq!(scene.answer(on(1, made)).await, Err(Refusal::AccessChanged), "a new room has none");
    assert_eq!(scene.log("r").await.len(), 6, "a refused change leaves no entry");
    assert_eq!(scene.view("c", "r").await.map(|view| view.state.members), Some(2));

    let new = answers[0].as_ref().map(|answer| answer.access_version).expect("accepted");
    assert_eq!(scene.answer(on(new + 1, text("r", "a", "early"))).await, Err(Refusal::AccessChanged));
    assert_eq!(scene.stored(on(new, text("r", "a", "again"))).await.seq, seq(2));
    assert_eq!(scene.stored(text("r", "a", "whatever")).await.seq, seq(3));
}

/// Every refusal in one batch, with accepted changes before, between and after.
pub async fn a_refusal_spares_the_rest(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.append(&[create("r", "a", &["a"]), text_as("r", "a", "first", "id")]).await;
    for number in 0..limits::MAX_REACTIONS {
        scene.stored(react("r", "a", 1, &number.to_string())).await;
    }
    let batch = [
        text("r", "a", "before"),
        text("nowhere", "a", "lost"),
        join("nowhere", "a"),
        leave("r", "stranger"),
        create("r", "b", &["b"]),
        text("r", "a", "between"),
        text_as("r", "a", "second", "id"),
        on(99, text("r", "a", "old")),
        remove("r", "a", "stranger", Role::Owner),
        edit("r", "a", 9, "missing"),
        edit("r", "stranger", 1, "another's"),
        react("r", "a", 1, "one more"),
        text("r", "a", "after"),
    ];
    let answers: Vec<_> =
        scene.append(&batch).await.into_iter().map(|answer| answer.map(|a| a.seq.get())).collect();
    let expected = [
        Ok(2),
        Err(Refusal::NoRoom),
        Err(Refusal::NoRoom),
        Err(Refusal::NotMember),
        Err(Refusal::Exists),
        Ok(3),
        Err(Refusal::Conflict),
        Err(Refusal::AccessChanged),
        Err(Refusal::NoUser),
        Err(Refusal::NoMessage),
        Err(Refusal::NotAllowed),
        Err(Refusal::Full),
        Ok(4),
    ];
    assert_eq!(answers, expected);
    let bodies: Vec<_> = scene.messages("r").await.iter().map(body).collect();
    assert_eq!(bodies, ["first", "before", "between", "after"]);
    assert_eq!(scene.rooms_of("b").await, [""; 0], "a refused creation makes no member");
}

/// A clock that jumps back an hour.
pub async fn time_never_runs_backwards(subject: Subject) {
    let scene = Scene::new(&subject);
    const HOUR: i64 = 3_600_000_000;
    let mut times = Vec::new();
    for append in [
        then(HOUR + 7, create("r", "a", &["a"])),
        then(HOUR + 9, text("r", "a", "one")),
        then(0, text("r", "a", "two")),
        then(1, join("r", "b")),
        then(2, edit("r", "a", 1, "uno")),
        then(3, react("r", "b", 1, "+")),
        then(4, leave("r", "b")),
        then(HOUR + 11, text("r", "a", "three")),
    ] {
        times.push(scene.stored(append).await.ts);
    }
    let expected: Vec<Timestamp> = [7, 9, 9, 9, 9, 9, 9, 11].map(|micros| at(HOUR + micros)).into();
    assert_eq!(times, expected, "max(now, the previous change's time), to the microsecond");
    assert_eq!(scene.view("a", "r").await.map(|view| view.state.ts), Some(at(HOUR + 11)));
    let logged: Vec<_> = scene.log("r").await.iter().map(time).collect();
    // The room and its first member are one creation.
    assert_eq!(logged, [&expected[..1], &expected[..]].concat());
    // One room's time is nothing to another's.
    assert_eq!(scene.stored(then(5, create("other", "a", &[]))).await.ts, at(5));
}

fn time(entry: &LogEntry) -> Timestamp {
    match entry {
        LogEntry::Message(stored) => stored.message.ts,
        LogEntry::Edited(edited) => edited.ts,
        LogEntry::Deleted(deleted) => deleted.ts,
        LogEntry::Reaction(reaction) => reaction.ts,
        LogEntry::Member(changed) => changed.ts,
        LogEntry::Room(changed) => changed.ts,
    }
}

/// A message's other two names are the same wherever it is read, and no two messages share one.
pub async fn names_are_unique(subject: Subject) {
    let scene = Scene::new(&subject);
    for change in [create("a", "u", &["u"]), create("b", "u", &["u"]), join("a", "v"), leave("a", "v")] {
        let answer = scene.stored(change).await;
        assert_eq!((answer.num, answer.key), (0, 0), "only messages have these names");
    }
    let (mut nums, mut highs, mut lows) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..8 {
        let batch =
            [text("a", "u", "same"), text("b", "u", "same"), text("b", "u", "same"), text("a", "u", "same")];
        for answer in scene.append(&batch).await {
            let answer = answer.expect("accepted");
            nums.push((answer.room.to_string(), answer.num));
            highs.insert((answer.key >> 64) as u64);
            lows.insert(answer.key as u64);
            let page = scene.messages(answer.room.as_str()).await;
            let stored = &page[usize::try_from(answer.seq.get()).expect("small") - 1];
            assert_eq!((stored.num, stored.key), (answer.num, answer.key), "history tells the same names");
            let log = scene.log(answer.room.as_str()).await;
            assert!(log.contains(&LogEntry::Message(stored.clone())), "the log tells the same names");
        }
    }
    assert!(nums.iter().all(|(_, num)| (1..=MAX_SAFE).contains(num)));
    assert_eq!(nums.iter().map(|(_, num)| num).collect::<BTreeSet<_>>().len(), 32, "a num was given twice");
    for id in ["a", "b"] {
        let of_room: Vec<_> = nums.iter().filter(|(room, _)| room == id).map(|(_, num)| num).collect();
        assert!(of_room.is_sorted(), "num grows within a room");
    }
    // A counter in either half would be guessed.
    assert_eq!((highs.len(), lows.len()), (32, 32), "each half of a key is random");
}

/// Whatever a text holds comes back unchanged, also ids that only differ in what eyes do not see.
pub async fn texts_are_kept_byte_for_byte(subject: Subject) {
    let scene = Scene::new(&subject);
    let odd = [
        "a\u{301}",
        "á",
        "\u{202e}abc\u{200b}",
        "'; DROP TABLE rooms; --",
        "%_\\",
        "\u{fffe}\u{10ffff}",
        "A",
        "a",
    ];
    for id in odd {
        scene.stored(create(id, id, &[id])).await;
        for body in odd {
            scene.stored(text_as(id, id, body, body)).await;
        }
        scene.stored(text(id, id, "zero \0 byte")).await;
    }
    for id in odd {
        let page = scene.messages(id).await;
        let bodies: Vec<_> = page.iter().map(body).collect();
        assert_eq!(bodies, [&odd[..], &["zero \0 byte"]].concat());
        for (stored, body) in page.iter().zip(odd) {
            assert_eq!(stored.message.client_msg_id.as_ref().map(|id| id.as_str()), Some(body));
            assert_eq!((stored.message.from.as_str(), stored.message.room.as_str()), (id, id));
        }
        assert_eq!(scene.state(id, id).await.info.name, Some(format!("room {id}")));
    }
    let json = r#"{"type":"application/x; v=1","payload":{ "b" : 1e2, "a":[ ] , "a":"\u0000\/" }}"#;
    let content = serde_json::from_str::<Content>(json).expect("valid content");
    scene.stored(message(odd[0], odd[0], "", |new| new.content = content.clone())).await;
    let last = scene.messages(odd[0]).await.pop().expect("just stored");
    assert_eq!(last.message.content, content);
}
