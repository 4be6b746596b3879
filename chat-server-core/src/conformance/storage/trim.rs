//! What is left when old messages are forgotten.

use chat_protocol::event::{RoomAction, RoomChanged};
use chat_protocol::{HistoryQuery, MAX_SAFE, Offset};

use super::Subject;
use super::scene::*;
use super::tour::numbers;
use crate::storage::{LogEntry, Marks, Refusal};

async fn oldest(scene: &Scene) -> (u64, u64) {
    let page =
        scene.store.log(&room("r"), Offset::ZERO, 1).await.expect("log works").expect("the room exists");
    let first = page.entries.first().map(LogEntry::offset);
    assert_eq!(first, Some(page.oldest), "the log begins where it says");
    let view = scene.view("b", "r").await.expect("a member");
    assert_eq!(view.oldest_offset, page.oldest, "a member is told the same");
    assert_eq!(scene.standing("r", "b").await.oldest_seq, view.state.oldest_seq);
    (view.state.oldest_seq.get(), page.oldest.get())
}

/// Messages, their part of the log, and what was done to them.
pub async fn a_trim_forgets_what_is_older(subject: Subject) {
    let scene = Scene::new(&subject);
    // Offsets: 1 to 3 for the creation, then one for each.
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), call("r", "a", &["b"], false)]).await;
    scene.all(&[text("r", "b", "3"), text("r", "a", "4"), reply("r", "a", 1, "5")]).await;
    scene.all(&[edit("r", "a", 1, "uno"), react("r", "b", 1, "+"), react("r", "b", 4, "+")]).await;
    scene.own(read_thread("r", "b", 1, 5)).await;
    scene.own(hide("r", "b", 1)).await;
    scene.own(hide("r", "b", 4)).await;
    assert_eq!((oldest(&scene).await, scene.counts("b", "r").await), ((1, 1), (1, 1)));
    scene.repeated(trim("r", 0)).await;
    scene.repeated(trim("r", 1)).await;

    let rights = scene.standing("r", "a").await.access_version;
    let trimmed = scene.stored(then(9, trim("r", 3))).await;
    let [LogEntry::Room(told)] = trimmed.entries.as_slice() else { panic!("one entry: {trimmed:?}") };
    assert_eq!((told.action.clone(), told.oldest_seq), (RoomAction::Trimmed.into(), Some(seq(3))));
    assert_eq!(told.info.name.as_deref(), Some("room r"), "a room's entry says all of its data");
    assert_eq!((trimmed.offset, trimmed.seq, trimmed.access_version), (offset(12), seq(5), rights));
    assert_eq!(oldest(&scene).await, (3, 6));
    assert_eq!(numbers(&scene.messages("r").await), [3, 4, 5]);
    let log: Vec<_> = scene.log("r").await.iter().map(|entry| entry.offset().get()).collect();
    assert_eq!(log, [6, 7, 8, 9, 10, 11, 12], "the rest has no holes");
    of_what_is_forgotten(&scene).await;

    scene.repeated(trim("r", 3)).await;
    scene.repeated(trim("r", 2)).await;
    assert_eq!(scene.counts("b", "r").await, (0, 0), "forgotten messages are not unread");
    scene.all(&[text("r", "a", "6"), call("r", "a", &["b"], false)]).await;
    assert_eq!(scene.counts("b", "r").await, (2, 1), "what comes after is");
    assert_eq!(scene.state("b", "r").await.read, seq(0), "pointers stay where they are");

    let last = scene.stored(trim("r", MAX_SAFE)).await;
    let told = last.entries.iter().find_map(|entry| match entry {
        LogEntry::Room(RoomChanged { oldest_seq, .. }) => *oldest_seq,
        _ => None,
    });
    assert_eq!(told, Some(seq(8)), "nothing stays: one more than the newest");
    assert_eq!(oldest(&scene).await, (8, last.offset.get()), "the log begins with that");
    assert_eq!((scene.messages("r").await, scene.counts("b", "r").await), (Vec::new(), (0, 0)));
    assert_eq!(scene.newest(&["r"]).await, [None]);
    scene.repeated(trim("r", 8)).await;
    assert_eq!(scene.stored(text("r", "a", "8")).await.seq, seq(8), "numbers go on");
    assert_eq!((oldest(&scene).await.0, scene.counts("b", "r").await), (8, (1, 0)));
}

async fn of_what_is_forgotten(scene: &Scene) {
    let log = scene.log("r").await;
    let [.., LogEntry::Edited(edited), LogEntry::Reaction(old), LogEntry::Reaction(present), _] =
        log.as_slice()
    else {
        panic!("an edit, two reactions and the trim end the log: {log:?}");
    };
    assert_eq!((&edited.content, old.count, present.count), (&None, 0, 1), "entries about it are empty");
    let before = HistoryQuery { before: Some(seq(3)), ..HistoryQuery::default() };
    assert_eq!(scene.history("r", before, ALL).await, []);
    assert_eq!(scene.thread("b", "r", 1).await, None);
    assert_eq!(numbers(&scene.replies("r", 1).await), [5], "replies stay");
    assert_eq!(scene.pointers("r", Some(1), ALL).await, Default::default());
    let marks = scene.marks("b", "r", 1, 9).await;
    assert_eq!(marks.hidden, [seq(4)]);
    assert_eq!(marks.reactions.iter().map(|mine| mine.seq).collect::<Vec<_>>(), [seq(4)]);
    assert_eq!(scene.marks("b", "r", 1, 3).await, Marks::default());
    for refused in [
        edit("r", "a", 1, "x"),
        delete("r", "a", 1),
        react("r", "a", 1, "+"),
        unreact("r", "b", 1, "+"),
        reply("r", "a", 1, "x"),
    ] {
        assert_eq!(scene.refused(refused).await, Refusal::NoMessage);
    }
    assert_eq!(scene.own_answer(hide("r", "a", 1)).await, Err(Refusal::NoMessage));
    assert_eq!(scene.own_answer(read_thread("r", "a", 1, 5)).await, Err(Refusal::NoMessage));
}
