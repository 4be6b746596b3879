//! What becomes of messages after they were written.

use chat_protocol::event::{Deleted, ReactionAction};
use chat_protocol::{Content, MAX_SAFE, Mentions, MyReactions, Replies, limits};

use super::Subject;
use super::scene::*;
use super::tour::{holds, numbers};
use crate::storage::{LogEntry, Marks, Refusal};

/// The content is another one, everything else of the message stays.
pub async fn an_edit_replaces_the_text(subject: Subject) {
    let scene = Scene::new(&subject);
    let mentions = Some(Mentions { users: vec![user("b")], room: false });
    let full = message("r", "a", "one", |new| {
        (new.mentions, new.injected, new.reply_to) = (mentions.clone(), true, Some(seq(1)));
    });
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "b", "zero"), full, text("r", "a", "two")]).await;
    let before = scene.messages("r").await;
    assert_eq!(before[1].message.mentions, mentions);
    assert_eq!((before[1].message.injected, before[1].message.reply_to), (true, Some(seq(1))));

    let edited = scene.stored(then(5, edit("r", "a", 2, "uno"))).await;
    assert_eq!((edited.num, edited.key, edited.seq), (0, 0, seq(3)), "an edit is no message");
    let mut expected = before.clone();
    expected[1].message.content = Content::plain("uno");
    expected[1].message.edited_at = Some(at(5));
    assert_eq!(scene.messages("r").await, expected);

    scene.repeated(then(9, edit("r", "a", 2, "uno"))).await;
    assert_eq!(scene.messages("r").await, expected, "the same content again is no edit");
    assert_eq!(scene.refused(edit("r", "b", 2, "mine")).await, Refusal::NotAllowed);
    assert_eq!(
        scene.refused(edit("r", "b", 2, "uno")).await,
        Refusal::NotAllowed,
        "also with the same content"
    );
    for missing in [0, 4, MAX_SAFE] {
        assert_eq!(scene.refused(edit("r", "a", missing, "x")).await, Refusal::NoMessage);
    }
    scene.stored(delete("r", "a", 2)).await;
    assert_eq!(scene.refused(edit("r", "a", 2, "back")).await, Refusal::NoMessage);
    assert_eq!(body(&scene.message("r", 2).await), "", "what is deleted stays so");
}

/// A number, an author and a time stay; what was written and what others did to it does not.
pub async fn a_deletion_forgets_the_text(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), call("r", "a", &["b"], false), text("r", "a", "one")]).await;
    scene.all(&[react("r", "b", 1, "+"), edit("r", "a", 1, "hear, hear"), text("r", "b", "mine")]).await;
    let before = scene.messages("r").await;
    assert_eq!(scene.refused(delete("r", "b", 1)).await, Refusal::NotAllowed, "another's");
    for missing in [0, 4, MAX_SAFE] {
        assert_eq!(scene.refused(delete_any("r", "a", missing)).await, Refusal::NoMessage);
    }
    let deleted = scene.stored(then(7, delete_any("r", "b", 1))).await;
    let entry = |at_offset, number, by: Option<&str>, mentions, ts| {
        LogEntry::Deleted(Deleted {
            room: room("r"),
            offset: at_offset,
            seq: seq(number),
            from: user("a"),
            by: by.map(user),
            thread: None,
            mentions,
            ts,
        })
    };
    let mentions = before[0].message.mentions.clone();
    assert_eq!(deleted.entries, [entry(deleted.offset, 1, Some("b"), mentions, at(7))]);
    let own = scene.stored(then(8, delete("r", "a", 2))).await;
    assert_eq!(own.entries, [entry(own.offset, 2, None, None, at(8))]);

    let after = scene.messages("r").await;
    assert_eq!(numbers(&after), [1, 2, 3], "a deleted message keeps its number");
    for (index, when) in [(0, 7), (1, 8)] {
        let (gone, was) = (&after[index].message, &before[index].message);
        assert_eq!((gone.content.clone(), gone.deleted_at), (Content::plain(""), Some(at(when))));
        assert_eq!((&gone.from, gone.ts, gone.offset), (&was.from, was.ts, was.offset));
        assert_eq!((after[index].num, after[index].key), (before[index].num, before[index].key));
        assert_eq!(gone.reactions, [], "reactions go with it");
    }
    assert_eq!(after[2], before[2], "others stay as they are");
    assert!(!holds(&after, "hear"));
    scene.repeated(delete("r", "a", 2)).await;
    scene.repeated(delete_any("r", "b", 1)).await;
    assert_eq!(scene.marks("b", "r", 1, 3).await, Marks::default(), "whose reaction it was is forgotten too");
}

/// A user has a reaction or not, however often it says so.
pub async fn reactions_come_and_go(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "one"), text("r", "a", "gone")]).await;
    scene.stored(delete("r", "a", 2)).await;
    let mut actions = Vec::new();
    for step in [react("r", "b", 1, "+"), react("r", "a", 1, "+"), unreact("r", "b", 1, "+")] {
        let answer = scene.stored(then(3, step)).await;
        assert_eq!((answer.num, answer.key, answer.seq), (0, 0, seq(2)));
        let [LogEntry::Reaction(told)] = answer.entries.as_slice() else {
            panic!("one reaction is told: {answer:?}");
        };
        assert_eq!(
            (&told.emoji, told.seq, told.offset, told.ts),
            (&emoji("+"), seq(1), answer.offset, at(3))
        );
        actions.push((told.from.to_string(), told.action.clone(), told.count));
    }
    let expected =
        [("b", ReactionAction::Added, 1), ("a", ReactionAction::Added, 2), ("b", ReactionAction::Removed, 1)];
    assert_eq!(actions, expected.map(|(from, action, count)| (from.to_owned(), action.into(), count)));

    scene.repeated(react("r", "a", 1, "+")).await;
    scene.repeated(unreact("r", "b", 1, "+")).await;
    scene.repeated(unreact("r", "a", 1, "-")).await;
    for missing in [0, 2, 3, MAX_SAFE] {
        assert_eq!(scene.refused(react("r", "a", missing, "+")).await, Refusal::NoMessage, "to {missing}");
        assert_eq!(scene.refused(unreact("r", "a", missing, "+")).await, Refusal::NoMessage, "to {missing}");
    }
    // Texts are compared as bytes.
    scene.stored(react("r", "a", 1, "\u{e1}")).await;
    assert!(!scene.stored(react("r", "a", 1, "a\u{301}")).await.duplicate);
    assert_eq!(scene.message("r", 1).await.message.reactions.len(), 3);
}

/// So many different ones and no more; more of those that are there do no harm.
pub async fn reactions_have_a_bound(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "one"), text("r", "a", "two")]).await;
    let all: Vec<_> = (0..limits::MAX_REACTIONS).map(|number| number.to_string()).collect();
    scene.all(&all.iter().map(|name| react("r", "a", 1, name)).collect::<Vec<_>>()).await;
    for by in ["a", "b"] {
        assert_eq!(scene.refused(react("r", by, 1, "one more")).await, Refusal::Full);
    }
    scene.repeated(react("r", "a", 1, "0")).await;
    assert!(!scene.stored(react("r", "b", 1, "0")).await.duplicate, "of one that is there");
    assert!(!scene.stored(react("r", "b", 2, "one more")).await.duplicate, "to another message");
    scene.stored(unreact("r", "a", 1, "0")).await;
    assert_eq!(scene.refused(react("r", "a", 1, "one more")).await, Refusal::Full, "the other still has it");
    scene.stored(unreact("r", "b", 1, "0")).await;
    assert!(!scene.stored(react("r", "a", 1, "one more")).await.duplicate, "there is a place again");
    assert_eq!(scene.message("r", 1).await.message.reactions.len(), limits::MAX_REACTIONS);
}

/// Reactions and replies are summed up in pages of every kind, and only there.
pub async fn history_sums_reactions_and_replies(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), text("r", "a", "one"), text("r", "b", "two")]).await;
    for (by, with) in [("z", "first"), ("c", "+"), ("b", "-"), ("a", "+"), ("a", "-"), ("b", "+")] {
        scene.stored(react("r", by, 1, with)).await;
    }
    for by in ["x4", "x3", "x2", "x1"] {
        scene.stored(react("r", by, 1, "+")).await;
    }
    // Both come back, behind what is there.
    scene.all(&[unreact("r", "z", 1, "first"), react("r", "z", 1, "first")]).await;
    scene.all(&[unreact("r", "c", 1, "+"), react("r", "c", 1, "+")]).await;
    let sums = |stored: &crate::storage::StoredMessage| -> Vec<(String, u64, String)> {
        let users = |users: &[chat_protocol::UserId]| {
            users.iter().map(chat_protocol::UserId::as_str).collect::<Vec<_>>().join(" ")
        };
        let reactions = stored.message.reactions.iter();
        reactions.map(|sum| (sum.emoji.to_string(), sum.count, users(&sum.users))).collect()
    };
    let expected = [("-", 2, "b a"), ("+", 7, "a b x4 x3 x2"), ("first", 1, "z")]
        .map(|(emoji, count, users)| (emoji.to_owned(), count, users.to_owned()));
    assert_eq!(sums(&scene.message("r", 1).await), expected, "in the order of the oldest that is there");

    scene.all(&[reply("r", "b", 1, "three"), reply("r", "a", 1, "four"), reply("r", "a", 2, "five")]).await;
    scene.stored(react("r", "a", 3, "+")).await;
    let replies = async || -> Vec<_> {
        let page = scene.messages("r").await;
        page.iter().map(|stored| stored.message.replies.map(|r| (r.count, r.last_seq.get()))).collect()
    };
    assert_eq!(replies().await, [Some((2, 4)), Some((1, 5)), None, None, None]);
    let thread = scene.replies("r", 1).await;
    assert_eq!(thread, scene.messages("r").await[2..4], "pages of a thread are pages");
    assert_eq!(thread[0].message.reactions.len(), 1);
    let newest = scene.newest(&["r"]).await.remove(0).expect("there are messages");
    assert_eq!(newest.message.replies, Some(Replies { count: 1, last_seq: seq(5) }));

    scene.stored(delete("r", "a", 4)).await;
    assert_eq!(replies().await, [Some((1, 3)), Some((1, 5)), None, None, None], "deleted ones do not count");
    scene.all(&[delete("r", "b", 3), delete_any("r", "a", 2)]).await;
    assert_eq!(replies().await, [None, Some((1, 5)), None, None, None], "a thread outlives its message");
    for entry in scene.log("r").await {
        if let LogEntry::Message(stored) = entry {
            assert_eq!(
                (stored.message.reactions, stored.message.replies),
                (Vec::new(), None),
                "not in the log"
            );
        }
    }
}

/// What one user did to some messages, and nobody else to no others.
pub async fn marks_are_of_one_user(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a", "b"])).await;
    for number in 1..=5 {
        scene.stored(text("r", "a", &number.to_string())).await;
    }
    assert_eq!(scene.marks("a", "r", 1, 5).await, Marks::default());
    scene.all(&[react("r", "b", 4, "-"), react("r", "a", 4, "+"), react("r", "a", 2, "z")]).await;
    scene.all(&[react("r", "a", 2, "y"), react("r", "b", 2, "+"), react("r", "a", 2, "x")]).await;
    scene.stored(unreact("r", "a", 2, "y")).await;
    for number in [5, 1, 2] {
        scene.own(hide("r", "a", number)).await;
    }
    let reacted = |number: u64, with: &[&str]| MyReactions {
        seq: seq(number),
        emoji: with.iter().map(|text| emoji(text)).collect(),
    };
    let hidden = |numbers: &[u64]| numbers.iter().map(|number| seq(*number)).collect();
    let (second, fourth) = (reacted(2, &["z", "x"]), reacted(4, &["+"]));
    let all = Marks { reactions: vec![second.clone(), fourth.clone()], hidden: hidden(&[1, 2, 5]) };
    assert_eq!(scene.marks("a", "r", 1, 5).await, all);
    assert_eq!(scene.marks("a", "r", 0, MAX_SAFE).await, all);
    let inner = Marks { reactions: vec![second], hidden: hidden(&[2]) };
    assert_eq!(scene.marks("a", "r", 2, 3).await, inner, "both ends are included");
    let last = Marks { reactions: vec![fourth], hidden: hidden(&[5]) };
    assert_eq!(scene.marks("a", "r", 3, 5).await, last);
    assert_eq!(scene.marks("a", "r", 5, 1).await, Marks::default());
    let others = Marks { reactions: vec![reacted(2, &["+"]), reacted(4, &["-"])], hidden: Vec::new() };
    assert_eq!(scene.marks("b", "r", 1, 5).await, others);
    assert_eq!(scene.marks("a", "nowhere", 1, 5).await, Marks::default());
    for of in ["a", "b"] {
        assert!(scene.standing("r", of).await.marked, "somebody with marks may have some");
    }
}
