//! How far users have read, and who is told.

use chat_protocol::MAX_SAFE;
use chat_protocol::event::UserChange;

use super::Subject;
use super::scene::*;
use crate::storage::{Pointers, Refusal};

/// A pointer stands at the furthest place it was ever moved to.
pub async fn pointers_only_advance(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b", "c"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    scene.all(&[text("r", "a", "3"), join("r", "late"), text("r", "a", "4")]).await;
    let all = async || scene.pointers("r", None, ALL).await.read;
    assert_eq!(plain(&all().await), [("late", 3)], "a new member's pointer starts at the head");

    let moved = scene.own(read("r", "b", 2)).await;
    assert_eq!((moved.duplicate, moved.before, moved.at, moved.members), (false, seq(0), seq(2), 4));
    for back in [0, 1, 2] {
        scene.own_repeated(read("r", "b", back)).await;
        let stays = scene.own(read("r", "b", back)).await;
        assert_eq!((stays.before, stays.at, stays.members), (seq(2), seq(2), 0), "it tells where it stands");
    }
    for beyond in [5, MAX_SAFE] {
        for step in
            [read("r", "b", beyond), read_privately("r", "b", None, beyond), delivered("r", "b", beyond)]
        {
            assert_eq!(scene.own_answer(step).await, Err(Refusal::NoMessage));
        }
    }
    for (id, by) in [("r", "stranger"), ("nowhere", "b")] {
        for step in [read(id, by, 1), delivered(id, by, 1), mark_unread(id, by, 1), hide(id, by, 1)] {
            assert_eq!(scene.own_answer(step).await, Err(Refusal::NotMember));
        }
        assert_eq!(scene.own_answer(archive(id, by, true)).await, Err(Refusal::NotMember));
    }
    let steps = [
        read("r", "c", 4),
        read("r", "c", 3),
        read("r", "stranger", 1),
        read("r", "a", 1),
        read("r", "a", 1),
    ];
    let answers = scene
        .append_own(&steps)
        .await
        .into_iter()
        .map(|answer| answer.map(|answer| (answer.duplicate, answer.at.get(), answer.user_offset.get())));
    let expected =
        [Ok((false, 4, 2)), Ok((true, 4, 2)), Err(Refusal::NotMember), Ok((false, 1, 2)), Ok((true, 1, 2))];
    assert_eq!(answers.collect::<Vec<_>>(), expected);
    assert_eq!(plain(&all().await), [("a", 1), ("b", 2), ("c", 4), ("late", 3)]);
    assert_eq!(plain(&scene.pointers("r", None, 2).await.read), [("c", 4), ("late", 3)], "the furthest");
    assert_eq!(scene.pointers("nowhere", None, ALL).await, Pointers::default());
    scene.stored(leave("r", "c")).await;
    assert_eq!(plain(&all().await), [("a", 1), ("b", 2), ("late", 3)], "who left has no pointer");
    assert_eq!(scene.state("b", "r").await.read, seq(2));
}

/// What is read has arrived; what arrived is told where that is further.
pub async fn delivered_follows_read(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b", "c"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    scene.all(&[text("r", "a", "3"), reply("r", "a", 1, "4"), text("r", "a", "5")]).await;
    let pointers = async || {
        let found = scene.pointers("r", None, ALL).await;
        let owned = |pairs: Vec<(&str, u64)>| -> Vec<_> {
            pairs.into_iter().map(|(user, seq)| (user.to_owned(), seq)).collect()
        };
        (owned(plain(&found.read)), owned(plain(&found.delivered)))
    };
    let pairs = |pairs: &[(&str, u64)]| -> Vec<_> {
        pairs.iter().map(|(user, seq)| ((*user).to_owned(), *seq)).collect()
    };
    let arrived = scene.own(delivered("r", "b", 2)).await;
    assert_eq!((arrived.duplicate, arrived.at, arrived.members), (false, seq(2), 3));
    assert_eq!((arrived.entry, arrived.user_offset), (None, user_offset(1)), "it is in no log");
    assert_eq!(pointers().await, (pairs(&[]), pairs(&[("b", 2)])));
    scene.own_repeated(delivered("r", "b", 1)).await;
    assert_eq!(scene.own(delivered("r", "b", 1)).await.at, seq(2));
    assert_eq!(scene.counts("b", "r").await, (4, 0), "what arrived is not read");

    scene.own(read("r", "b", 1)).await;
    assert_eq!(pointers().await, (pairs(&[("b", 1)]), pairs(&[("b", 2)])));
    scene.own(read("r", "b", 3)).await;
    assert_eq!(pointers().await, (pairs(&[("b", 3)]), pairs(&[])), "what is read has arrived");
    scene.own_repeated(delivered("r", "b", 3)).await;
    let furthest = scene.members("r").await.into_iter().find(|entry| entry.user == user("b"));
    assert_eq!(furthest.map(|entry| (entry.delivered, entry.read)), Some((seq(3), seq(3))));
    scene.own(read_thread("r", "b", 1, 5)).await;
    scene.own(read_privately("r", "b", None, 5)).await;
    scene.own(read_privately("r", "c", None, 5)).await;
    assert_eq!(pointers().await, (pairs(&[("b", 3)]), pairs(&[])), "only the main line, read openly");
    scene.own(delivered("r", "b", 5)).await;
    assert_eq!(pointers().await, (pairs(&[("b", 3)]), pairs(&[("b", 5)])));
    assert_eq!(scene.user_log("b").await.len(), 5, "joined, read twice, a thread, in private");
}

/// Others see the open pointer alone; one's own counts follow whichever is further.
pub async fn private_reads_are_not_told(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    scene.all(&[text("r", "a", "3"), reply("r", "a", 1, "4"), reply("r", "a", 1, "5")]).await;
    let stands = async || {
        let state = scene.state("b", "r").await;
        (state.read.get(), state.read_private.map(chat_protocol::Seq::get), state.unread)
    };
    scene.own(read("r", "b", 1)).await;
    assert_eq!(stands().await, (1, None, 2));
    let moved = scene.own(read_privately("r", "b", None, 2)).await;
    assert_eq!((moved.duplicate, moved.at), (false, seq(2)));
    assert_eq!(stands().await, (1, Some(2), 1));
    scene.own_repeated(read_privately("r", "b", None, 1)).await;
    assert_eq!(scene.own(read_privately("r", "b", None, 1)).await.at, seq(2));
    assert_eq!(plain(&scene.pointers("r", None, ALL).await.read), [("b", 1)], "others are not told");
    assert_eq!(scene.members("r").await[1].read, seq(1), "nowhere");
    scene.own(read("r", "b", 2)).await;
    assert_eq!(stands().await, (2, None, 1), "told when it is further than what is open");
    scene.own(read("r", "b", 3)).await;
    assert_eq!(stands().await, (3, None, 0));

    scene.own(read_privately("r", "b", Some(1), 4)).await;
    let thread = scene.thread("b", "r", 1).await.expect("a thread");
    assert_eq!((thread.read, thread.unread), (seq(4), 1), "a thread is read in private too");
    assert_eq!(scene.pointers("r", Some(1), ALL).await, Pointers::default());
    let last = scene.user_log("b").await.pop().map(|entry| entry.change);
    let expected = UserChange::ReadPrivate { room: room("r"), read: seq(4), thread: Some(seq(1)) };
    assert_eq!(last, Some(expected));
}

/// What was marked unread is so until the next read, wherever that goes.
pub async fn reading_clears_the_mark(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    scene.all(&[text("r", "b", "3"), reply("r", "a", 1, "4"), text("r", "a", "5")]).await;
    let stands = async || {
        let state = scene.state("b", "r").await;
        (state.read.get(), state.unread_from.map(chat_protocol::Seq::get), state.unread)
    };
    scene.own(read("r", "b", 5)).await;
    let marked = scene.own(mark_unread("r", "b", 2)).await;
    assert_eq!((marked.duplicate, marked.at, marked.members), (false, seq(0), 0));
    assert_eq!(stands().await, (5, Some(2), 2), "others' messages of the main line from there on");
    scene.own_repeated(mark_unread("r", "b", 2)).await;
    scene.own(mark_unread("r", "b", 1)).await;
    assert_eq!(stands().await, (5, Some(1), 3));
    assert_eq!(plain(&scene.pointers("r", None, ALL).await.read), [("b", 5)], "others are not told");
    for beyond in [0, 6, MAX_SAFE] {
        assert_eq!(scene.own_answer(mark_unread("r", "b", beyond)).await, Err(Refusal::NoMessage));
    }
    scene.own(read_thread("r", "b", 1, 4)).await;
    scene.own(delivered("r", "b", 5)).await;
    assert_eq!(stands().await, (5, Some(1), 3), "neither a thread nor a delivery is a read of it");

    let clearing = scene.own(read("r", "b", 2)).await;
    assert_eq!((clearing.duplicate, clearing.at), (false, seq(5)), "no duplicate, though it does not move");
    assert_eq!(stands().await, (5, None, 0));
    scene.own_repeated(read("r", "b", 2)).await;
    scene.own(mark_unread("r", "b", 5)).await;
    assert!(!scene.own(read_privately("r", "b", None, 1)).await.duplicate);
    assert_eq!(stands().await, (5, None, 0), "reading in private clears it too");
    // A mark never makes fewer unread than there were.
    scene.all(&[text("r", "a", "6"), text("r", "a", "7")]).await;
    scene.own(mark_unread("r", "b", 7)).await;
    assert_eq!(stands().await, (5, Some(7), 2));
}
