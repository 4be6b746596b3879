//! What only this index does: accents, a file that is made anew, and what a search costs.

use rusqlite::StatementStatus;
use tempfile::tempdir;

use super::*;

fn epoch() -> Epoch {
    Epoch::new("e").unwrap()
}

fn room(name: &str) -> RoomId {
    RoomId::new(name).unwrap()
}

fn put(num: u64, of: &str, text: &str) -> IndexChange {
    let from = UserId::new("1").unwrap();
    IndexChange::Put { num, room: room(of), seq: Seq::new(num).unwrap(), from, text: text.to_owned() }
}

fn query(text: &str, of: &str) -> SearchQuery {
    let phrases = chat_server_core::search::phrases(text);
    SearchQuery { phrases, rooms: vec![room(of)], from: None, before: None, limit: 50 }
}

async fn found(index: &SqliteSearch, text: &str) -> usize {
    index.search(&query(text, "r")).await.unwrap().len()
}

#[tokio::test]
async fn accents_and_case_are_the_same() {
    let dir = tempdir().unwrap();
    let index = SqliteSearch::open(dir.path()).unwrap();
    index.position(&epoch()).await.unwrap();
    index.index(&[put(1, "r", "Crème BRÛLÉE, größe, ПРИВЕТ, cafe\u{301} हिन्दी น้ำ")], 1).await.unwrap();
    for text in ["creme", "CRÈME", "\"creme brulee\"", "GRÖßE", "привет", "café", "cafe", "हिन्दी"]
    {
        assert_eq!(found(&index, text).await, 1, "{text}");
    }
    for text in ["grosse", "हन्दी", "ह", "นำ"] {
        assert_eq!(found(&index, text).await, 0, "{text}");
    }
}

#[tokio::test]
async fn a_broken_or_foreign_file_is_made_anew() {
    let dir = tempdir().unwrap();
    for content in [&b"no database"[..], b"", &[7; 9_000]] {
        std::fs::write(dir.path().join(NAME), content).unwrap();
        let index = SqliteSearch::open(dir.path()).unwrap();
        assert_eq!(index.position(&epoch()).await.unwrap(), 0);
        index.index(&[put(1, "r", "lunch")], 1).await.unwrap();
        assert_eq!(found(&index, "lunch").await, 1);
        drop(index);
        let index = SqliteSearch::open(dir.path()).unwrap();
        assert_eq!(index.position(&epoch()).await.unwrap(), 1, "and kept then");
    }
}

#[tokio::test]
async fn all_rooms_of_a_user_are_searched_at_once() {
    let dir = tempdir().unwrap();
    let index = SqliteSearch::open(dir.path()).unwrap();
    index.position(&epoch()).await.unwrap();
    let rooms: Vec<_> = (1..=1_000).map(|num| format!("room {num}")).collect();
    let changes: Vec<_> = (1..).zip(&rooms).map(|(num, of)| put(num, of, "lunch")).collect();
    index.index(&changes, 1_000).await.unwrap();
    let all = rooms.iter().skip(1).map(|name| room(name)).collect();
    let hits = index.search(&SearchQuery { rooms: all, limit: 2_000, ..query("lunch", "r") }).await.unwrap();
    assert_eq!(hits.len(), 999, "and no other");
}

/// Steps of SQLite's virtual machine that a search takes. What the full-text index does inside is not counted; it meets the
/// list of the word with that of the room, newest first, and stops at the limit.
fn steps(index: &SqliteSearch, query: &SearchQuery) -> (usize, i32) {
    let db = index.0.reader.try_lock().unwrap();
    let expression = expression(&db, query).unwrap().unwrap();
    let mut find = db.prepare(FIND).unwrap();
    let found =
        find.query_map(params![expression, i64::MAX, query.limit as i64], |_| Ok(())).unwrap().count();
    (found, find.get_status(StatementStatus::VmStep))
}

/// The word is in every message, and nine of ten are in a room that is not asked for: the cost is that of a page.
#[tokio::test]
async fn a_search_costs_no_more_when_there_is_more_to_be_found() {
    let mut costs = Vec::new();
    for size in [1_000, 30_000] {
        let dir = tempdir().unwrap();
        let index = SqliteSearch::open(dir.path()).unwrap();
        index.position(&epoch()).await.unwrap();
        let of = |num| if num % 10 == 0 { "r" } else { "other" };
        let changes: Vec<_> = (1..=size).map(|num| put(num, of(num), &format!("lunch {num}"))).collect();
        for batch in changes.chunks(5_000) {
            index.index(batch, size).await.unwrap();
        }
        let (found, cost) = steps(&index, &query("lunch", "r"));
        assert_eq!(found, 50);
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1], "{costs:?}");
    assert!(costs[0] < 2_000, "{costs:?}");
}

/// Damage that no look at the file finds before it is read.
#[tokio::test]
async fn a_file_that_turns_out_to_be_damaged_is_made_anew_while_it_is_used() {
    for first in ["search", "index"] {
        let dir = tempdir().unwrap();
        let index = SqliteSearch::open(dir.path()).unwrap();
        index.position(&epoch()).await.unwrap();
        let changes: Vec<_> = (1..=2_000).map(|num| put(num, "r", &format!("lunch {num}"))).collect();
        index.index(&changes, 2_000).await.unwrap();
        drop(index);
        let path = dir.path().join(NAME);
        let mut bytes = std::fs::read(&path).unwrap();
        // The first pages say what there is, and where.
        bytes.chunks_mut(4_096).skip(16).for_each(|page| page[..8].fill(0xff));
        std::fs::write(&path, bytes).unwrap();
        let index = SqliteSearch::open(dir.path()).unwrap();
        assert_eq!(index.position(&epoch()).await.unwrap(), 2_000);
        let failed = match first {
            "search" => index.search(&query("lunch", "r")).await.map(drop),
            _ => index.index(&[put(2_001, "r", "lunch")], 2_001).await,
        };
        assert_eq!(failed.unwrap_err().kind, StorageErrorKind::Corrupt, "{first}");
        let behind = index.index(&[put(2_001, "r", "lunch")], 2_001).await.unwrap_err();
        assert_eq!(behind.kind, StorageErrorKind::Unavailable, "what was there before would be missing");
        assert_eq!(index.position(&epoch()).await.unwrap(), 0);
        index.index(&changes, 2_000).await.unwrap();
        assert_eq!(found(&index, "lunch").await, 50, "{first}");
    }
}
