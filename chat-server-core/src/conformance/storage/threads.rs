//! Threads: what hangs where, and how far it is read.

use chat_protocol::{MAX_SAFE, ThreadState};

use super::Subject;
use super::scene::*;
use super::tour::numbers;
use crate::storage::Refusal;

/// Replies hang on what is there and is no reply itself.
pub async fn threads_hang_on_the_main_line(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    scene.all(&[reply("r", "b", 1, "3"), reply("r", "a", 2, "4"), reply("r", "b", 1, "5")]).await;
    assert_eq!(scene.message("r", 3).await.message.thread, Some(seq(1)));
    for root in [0, 3, 6, MAX_SAFE] {
        assert_eq!(scene.refused(reply("r", "a", root, "x")).await, Refusal::NoMessage, "to {root}");
    }
    scene.stored(delete("r", "a", 2)).await;
    assert_eq!(scene.refused(reply("r", "a", 2, "x")).await, Refusal::NoMessage, "to what is deleted");

    // An answer may be one to anything that ever was.
    let answer = |to: u64| message("r", "a", "x", |new| new.reply_to = Some(seq(to)));
    for never in [0, 6, MAX_SAFE] {
        assert_eq!(scene.refused(answer(never)).await, Refusal::NoMessage, "to {never}");
    }
    scene.all(&[answer(2), answer(3)]).await;
    assert_eq!(scene.message("r", 7).await.message.reply_to, Some(seq(3)));

    assert_eq!(numbers(&scene.replies("r", 1).await), [3, 5]);
    assert_eq!(numbers(&scene.replies("r", 2).await), [4], "they outlive their message");
    for none in [3, 4, 9] {
        assert_eq!(scene.replies("r", none).await, []);
    }
    let state = |root: u64, count: u64, unread: u64| {
        let pointers = Default::default();
        Some(ThreadState { root: seq(root), count, read: seq(0), unread, pointers })
    };
    assert_eq!(scene.thread("a", "r", 1).await, state(1, 2, 2));
    assert_eq!(scene.thread("b", "r", 1).await, state(1, 2, 0), "own replies are not unread");
    assert_eq!(scene.thread("b", "r", 2).await, state(2, 1, 1));
    assert_eq!(scene.thread("b", "r", 7).await, state(7, 0, 0), "a message without replies");
    for none in [0, 3, 9] {
        assert_eq!(scene.thread("a", "r", none).await, None, "at {none}");
    }
    assert_eq!(scene.thread("a", "nowhere", 1).await, None);
    scene.stored(delete("r", "b", 5)).await;
    assert_eq!(scene.thread("a", "r", 1).await, state(1, 1, 1), "deleted ones do not count");
}

/// In the order asked; threads, edits and deletions do not make another message the newest.
pub async fn newest_is_of_the_main_line(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "a", &["a"]), create("empty", "a", &["a"])]).await;
    scene.all(&[text("r", "a", "1"), text("r", "b", "2"), text("s", "a", "other")]).await;
    scene.all(&[reply("r", "b", 1, "3"), edit("r", "a", 1, "uno"), react("r", "a", 2, "+")]).await;
    let newest = scene.newest(&["s", "nowhere", "r", "empty", "s"]).await;
    let bodies: Vec<_> = newest.iter().map(|stored| stored.as_ref().map(body)).collect();
    assert_eq!(bodies, ["other", "", "2", "", "other"].map(|b| (!b.is_empty()).then(|| b.to_owned())));
    assert_eq!(newest[2].as_ref(), Some(&scene.message("r", 2).await), "as history shows it");
    scene.stored(delete("r", "b", 2)).await;
    let gone = scene.newest(&["r"]).await.remove(0).expect("a deleted message is one");
    assert_eq!((gone.message.seq, gone.message.deleted_at.is_some()), (seq(2), true));
    scene.stored(text("r", "a", "4")).await;
    assert_eq!(scene.newest(&["r"]).await[0].as_ref().map(body).as_deref(), Some("4"));
    assert_eq!(scene.newest(&[]).await, []);
}

/// Reading a thread moves nothing but the pointer of that thread.
pub async fn threads_have_pointers_of_their_own(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b", "c"]), text("r", "a", "1"), text("r", "a", "2")]).await;
    for root in [1, 2, 1, 2, 1] {
        scene.stored(reply("r", "a", root, "reply")).await;
    }
    let thread = async |of: &str, root: u64| {
        scene.thread(of, "r", root).await.map(|thread| (thread.read.get(), thread.unread))
    };
    assert_eq!(scene.counts("b", "r").await, (2, 0), "replies do not count in the main line");
    assert_eq!((thread("b", 1).await, thread("b", 2).await), (Some((0, 3)), Some((0, 2))));

    let moved = scene.own(read_thread("r", "b", 1, 5)).await;
    assert_eq!((moved.at, moved.members), (seq(5), 3));
    assert_eq!((thread("b", 1).await, thread("b", 2).await), (Some((5, 1)), Some((0, 2))));
    assert_eq!(thread("c", 1).await, Some((0, 3)), "another's is where it was");
    let state = scene.state("b", "r").await;
    assert_eq!((state.read, state.unread), (seq(0), 2), "the main line is where it was");
    scene.own_repeated(read_thread("r", "b", 1, 4)).await;
    assert_eq!(scene.own(read_thread("r", "b", 1, 4)).await.at, seq(5), "it never goes back");
    scene.own(read("r", "b", 2)).await;
    assert_eq!((thread("b", 1).await, scene.counts("b", "r").await), (Some((5, 1)), (0, 0)));

    for missing in [0, 3, 8] {
        let refused = scene.own_answer(read_thread("r", "b", missing, 5)).await;
        assert_eq!(refused, Err(Refusal::NoMessage), "no thread hangs on {missing}");
    }
    assert_eq!(scene.own_answer(read_thread("r", "b", 1, 8)).await, Err(Refusal::NoMessage));
    scene.own(read_thread("r", "c", 1, 7)).await;
    let of_thread = scene.pointers("r", Some(1), ALL).await;
    assert_eq!((plain(&of_thread.read), plain(&of_thread.delivered)), (vec![("b", 5), ("c", 7)], vec![]));
    assert_eq!(plain(&scene.pointers("r", Some(1), 1).await.read), [("c", 7)], "the furthest first");
    assert_eq!(plain(&scene.pointers("r", Some(2), ALL).await.read), []);
    assert_eq!(plain(&scene.pointers("r", None, ALL).await.read), [("b", 2)]);

    scene.stored(delete("r", "a", 1)).await;
    scene.own(read_thread("r", "b", 1, 7)).await;
    assert_eq!(thread("b", 1).await, Some((7, 0)), "a thread outlives its message");
    scene.all(&[leave("r", "b"), join("r", "b")]).await;
    assert_eq!(thread("b", 1).await, Some((7, 0)), "who comes back starts at the head");
    assert_eq!(plain(&scene.pointers("r", Some(1), ALL).await.read), [("c", 7)], "and has read none of it");
    scene.own_repeated(read_thread("r", "b", 2, 7)).await;
    let stays = scene.own(read_thread("r", "b", 2, 3)).await;
    assert_eq!((stays.at, stays.before), (seq(7), seq(7)));
    scene.own(read_privately("r", "b", Some(2), 6)).await;
    assert_eq!(plain(&scene.pointers("r", Some(2), ALL).await.read), [], "that is told to nobody");
    scene.stored(reply("r", "a", 2, "news")).await;
    assert_eq!((thread("b", 1).await, thread("b", 2).await), (Some((7, 0)), Some((7, 1))));
    assert_eq!(scene.own(read_thread("r", "b", 2, 8)).await.before, seq(7));
    assert_eq!(thread("b", 2).await, Some((8, 0)));
}
