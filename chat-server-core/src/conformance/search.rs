//! The suite of [`SearchIndex`]: one test per guarantee, run as that of [`storage`](super::storage) is.
//!
//! ```
//! mod conformance {
//!     use chat_server_core::search::memory::MemoryIndex;
//!     chat_server_core::search_conformance!(MemoryIndex::default());
//! }
//! ```

use std::sync::Arc;

use chat_protocol::{Epoch, RoomId, Seq, UserId};

use super::{Opens, skip, suite};
use crate::search::{IndexChange, SearchHit, SearchIndex, SearchQuery, SharedIndex, phrases};

/// The index under test: opened the first time a fresh one, afterwards with the same data, if it can be opened again.
pub type Subject = Opens<dyn SearchIndex>;

/// An index that lives at `place`; `again` when the same data can be opened there again.
pub fn subject<P, S>(place: P, open: impl Fn(&P) -> S + Send + Sync + 'static, again: bool) -> Subject
where
    P: Send + Sync + 'static,
    S: SearchIndex + 'static,
{
    Opens::new(again, move || -> SharedIndex { Arc::new(open(&place)) })
}

suite! { $
    /// Proves a [`SearchIndex`](crate::search::SearchIndex) with one line: see [the suite](crate::conformance::search).
    search_conformance in search {
        ($index:expr) => subject((), |()| $index, false);
        ($place:expr, $open:expr) => subject($place, $open, true);
        docs { "../search/mod.rs" }
        cases {
            all_words_must_occur
            words_without_spaces_are_found
            no_sign_means_anything
            rooms_and_authors_are_respected
            pages_of_results_meet
            edits_and_removals_are_followed
            a_repeated_batch_changes_nothing
            the_position_is_that_of_the_words
            an_index_survives_reopen
            another_epoch_empties_the_index
        }
    }
}

fn room(name: &str) -> RoomId {
    RoomId::new(name).expect("an id")
}

fn seq(number: u64) -> Seq {
    Seq::new(number).expect("a number of a message")
}

fn epoch(name: &str) -> Epoch {
    Epoch::new(name).expect("an epoch")
}

/// The `num`-th message, whose number in its room is the same.
fn put(num: u64, of: &str, from: &str, text: &str) -> IndexChange {
    let from = UserId::new(from).expect("an id");
    IndexChange::Put { num, room: room(of), seq: seq(num), from, text: text.to_owned() }
}

async fn fresh(subject: &Subject) -> SharedIndex {
    let index = subject.open();
    assert_eq!(index.position(&epoch("e")).await.expect("it can be read"), 0, "a fresh index knows nothing");
    index
}

async fn take(index: &SharedIndex, changes: &[IndexChange], position: u64) {
    index.index(changes, position).await.expect("changes are taken");
}

fn query(text: &str, rooms: &[&str]) -> SearchQuery {
    let rooms = rooms.iter().map(|name| room(name)).collect();
    SearchQuery { phrases: phrases(text), rooms, from: None, before: None, limit: 100 }
}

async fn hits(index: &SharedIndex, query: &SearchQuery) -> Vec<SearchHit> {
    index.search(query).await.expect("it can be searched")
}

/// The numbers of what is found in room `r`.
async fn found(index: &SharedIndex, text: &str) -> Vec<u64> {
    hits(index, &query(text, &["r"])).await.iter().map(|hit| hit.num).collect()
}

async fn all_words_must_occur(subject: Subject) {
    let index = fresh(&subject).await;
    let texts = ["Lunch at noon", "noon: no lunch!", "lunches", "dinner", "", "\u{c4}pfel um 12:30"];
    let changes: Vec<_> = (1..).zip(texts).map(|(num, text)| put(num, "r", "1", text)).collect();
    take(&index, &changes, 6).await;
    for (text, expected) in [
        ("lunch", &[2, 1][..]),
        ("LUNCH noon", &[2, 1]),
        ("noon lunch at", &[1]),
        ("\"at noon\"", &[1]),
        ("\"noon at\"", &[]),
        ("\"no lunch\" noon", &[2]),
        ("lun", &[]),
        ("supper", &[]),
        ("\u{e4}PFEL", &[6]),
        ("30", &[6]),
        ("3", &[]),
    ] {
        assert_eq!(found(&index, text).await, expected, "{text}");
    }
}

async fn words_without_spaces_are_found(subject: Subject) {
    let index = fresh(&subject).await;
    let texts = [
        "我们明天在东京大学见面",
        "京东到了",
        "東京都に行きます",
        "ขอน้ำแข็งด้วย",
        "iPhone手机 in 东京",
        "大东、大京",
    ];
    let changes: Vec<_> = (1..).zip(texts).map(|(num, text)| put(num, "r", "1", text)).collect();
    take(&index, &changes, 6).await;
    for (text, expected) in [
        ("东京", &[5, 1][..]),
        ("东", &[6, 5, 2, 1]),
        ("大学", &[1]),
        ("东京大学", &[1]),
        ("东京大学见面了", &[]),
        ("大学 明天", &[1]),
        ("学大", &[]),
        ("行きます", &[3]),
        ("น้ำ", &[4]),
        ("น้ำแข็ง", &[4]),
        ("手机", &[5]),
        ("iphone手机", &[5]),
        ("\"手机 in\"", &[5]),
    ] {
        assert_eq!(found(&index, text).await, expected, "{text}");
    }
}

async fn no_sign_means_anything(subject: Subject) {
    let index = fresh(&subject).await;
    take(&index, &[put(1, "r", "1", "lunch noon near lunch"), put(2, "r", "1", "or lunch")], 2).await;
    for (text, expected) in [
        ("lunch*", &[2, 1][..]),
        ("lun*", &[]),
        ("^lunch", &[2, 1]),
        ("lunch OR dinner", &[]),
        ("NOT lunch", &[]),
        ("NEAR(lunch)", &[1]),
        ("text:lunch", &[]),
        ("-lunch", &[2, 1]),
        ("(lunch)) AND (", &[]),
        ("lunch\0", &[2, 1]),
        ("{lunch} ; --", &[2, 1]),
        ("' lunch", &[2, 1]),
    ] {
        assert_eq!(found(&index, text).await, expected, "{text:?}");
    }
    let nothing = SearchQuery { phrases: vec!["!?".to_owned(), "\"\"".to_owned()], ..query("", &["r"]) };
    assert_eq!(hits(&index, &nothing).await, [], "no word is nothing to be found");
}

async fn rooms_and_authors_are_respected(subject: Subject) {
    let index = fresh(&subject).await;
    let changes = [
        put(1, "r", "1", "lunch"),
        put(2, "s", "1", "lunch"),
        put(3, "r", "2", "lunch"),
        // Neither a room nor an author is a word of the text.
        put(4, "r", "lunch", "r 1"),
        put(5, "lunch", "1", "nothing"),
    ];
    take(&index, &changes, 5).await;
    for (rooms, from, expected) in [
        (&["r"][..], None, &[3, 1][..]),
        (&["s"], None, &[2]),
        (&["r", "s", "unknown", "lunch"], None, &[3, 2, 1]),
        (&["r", "s"], Some("1"), &[2, 1]),
        (&["r"], Some("nobody"), &[]),
        (&["unknown"], None, &[]),
        (&[], None, &[]),
    ] {
        let from = from.map(|name| UserId::new(name).expect("an id"));
        let query = SearchQuery { from, ..query("lunch", rooms) };
        let found: Vec<_> = hits(&index, &query).await.iter().map(|hit| hit.num).collect();
        assert_eq!(found, expected, "{rooms:?} {:?}", query.from);
    }
}

async fn pages_of_results_meet(subject: Subject) {
    let index = fresh(&subject).await;
    let rooms = ["r", "s"];
    let changes: Vec<_> =
        (1..=50).map(|num| put(num, rooms[num as usize % 2], "1", &format!("lunch {num}"))).collect();
    take(&index, &changes, 50).await;
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = hits(&index, &SearchQuery { before, limit: 7, ..query("lunch", &rooms) }).await;
        assert!(page.len() <= 7, "a page has at most as many as asked for");
        let Some(last) = page.last() else { break };
        before = Some(last.num);
        all.extend(page);
    }
    let expected: Vec<_> = (1..=50)
        .rev()
        .map(|num| SearchHit { num, room: room(rooms[num as usize % 2]), seq: seq(num) })
        .collect();
    assert_eq!(all, expected, "pages meet");
}

async fn edits_and_removals_are_followed(subject: Subject) {
    let index = fresh(&subject).await;
    let changes: Vec<_> = (1..=6).map(|num| put(num, "r", "1", "lunch")).collect();
    take(&index, &changes, 6).await;
    let edit =
        |number, text: &str| IndexChange::Edit { room: room("r"), seq: seq(number), text: text.to_owned() };
    let changes = [
        edit(5, "dinner"),
        edit(9, "lunch"),
        put(7, "r", "1", ""),
        edit(7, "lunch"),
        IndexChange::Remove { room: room("r"), seq: seq(6) },
        IndexChange::Remove { room: room("unknown"), seq: seq(1) },
        IndexChange::Trim { room: room("r"), oldest: seq(3) },
        IndexChange::Trim { room: room("unknown"), oldest: seq(9) },
    ];
    take(&index, &changes, 20).await;
    assert_eq!(found(&index, "lunch").await, [7, 4, 3]);
    assert_eq!(found(&index, "dinner").await, [5]);
    take(&index, &[put(8, "s", "1", "lunch"), put(9, "r", "1", "lunch")], 21).await;
    assert_eq!(found(&index, "lunch").await, [9, 7, 4, 3], "what was forgotten does not come back");
}

async fn a_repeated_batch_changes_nothing(subject: Subject) {
    let index = fresh(&subject).await;
    let removed = IndexChange::Remove { room: room("r"), seq: seq(2) };
    let changes = [put(1, "r", "1", "lunch"), put(2, "r", "1", "lunch"), put(3, "r", "1", "lunch"), removed];
    for _ in 0..3 {
        take(&index, &changes, 4).await;
        assert_eq!(found(&index, "lunch").await, [3, 1]);
    }
    take(&index, &[put(3, "r", "1", "dinner")], 5).await;
    assert_eq!(found(&index, "lunch").await, [1], "a message says what it said last");
}

async fn the_position_is_that_of_the_words(subject: Subject) {
    let index = fresh(&subject).await;
    for num in 1..=3 {
        take(&index, &[put(num, "r", "1", "lunch")], num * 10).await;
        assert_eq!(index.position(&epoch("e")).await.expect("it can be read"), num * 10);
        assert_eq!(found(&index, "lunch").await.len() as u64, num);
    }
    take(&index, &[], 99).await;
    assert_eq!(index.position(&epoch("e")).await.expect("it can be read"), 99, "a batch may be empty");
}

async fn an_index_survives_reopen(subject: Subject) {
    if !subject.again() {
        return skip("what it keeps cannot be opened again");
    }
    let index = fresh(&subject).await;
    take(&index, &[put(1, "r", "1", "lunch")], 7).await;
    drop(index);
    let index = subject.open();
    assert_eq!(index.position(&epoch("e")).await.expect("it can be read"), 7, "after reopening");
    assert_eq!(found(&index, "lunch").await, [1], "after reopening");
}

async fn another_epoch_empties_the_index(subject: Subject) {
    let index = fresh(&subject).await;
    take(&index, &[put(1, "r", "1", "lunch")], 7).await;
    assert_eq!(index.position(&epoch("f")).await.expect("it can be read"), 0);
    assert_eq!(found(&index, "lunch").await, [0; 0], "what another epoch said is forgotten");
    take(&index, &[put(1, "s", "1", "dinner"), put(2, "r", "1", "lunch")], 2).await;
    assert_eq!(index.position(&epoch("f")).await.expect("it can be read"), 2);
    assert_eq!(found(&index, "lunch").await, [2]);
}
