//! Searching: the suite on the memory index and on broken ones, and who finds what.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chat_protocol::Epoch;
use chat_server_core::conformance::search::{SUITE, subject};
use chat_server_core::search::memory::MemoryIndex;
use chat_server_core::search::{IndexChange, SearchHit, SearchIndex, SearchQuery};
use chat_server_core::storage::StorageError;
use chat_server_core::{ChatServer, Providers};

use crate::peer::{Peer, send, server_of, shared};
use crate::suites::each_fault_fails_its_case;

mod memory {
    chat_server_core::search_conformance!(chat_server_core::search::memory::MemoryIndex::default());
}

#[test]
fn every_case_fails_on_the_index_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &[], |fault| {
        subject(Arc::default(), move |kept: &Arc<MemoryIndex>| Broken::new(kept, fault), true)
    });
}

/// The memory index with one fault, named like the case that must find it.
struct Broken {
    inner: Arc<MemoryIndex>,
    fault: &'static str,
}

impl Broken {
    fn new(kept: &Arc<MemoryIndex>, fault: &'static str) -> Self {
        let inner = if fault == "an_index_survives_reopen" { Arc::default() } else { kept.clone() };
        Self { inner, fault }
    }

    fn has(&self, fault: &str) -> bool {
        assert!(SUITE.names().any(|name| name == fault), "no case {fault}");
        self.fault == fault
    }
}

#[async_trait]
impl SearchIndex for Broken {
    async fn position(&self, epoch: &Epoch) -> Result<u64, StorageError> {
        let only = "e".parse().expect("an epoch");
        let position =
            self.inner.position(if self.has("another_epoch_empties_the_index") { &only } else { epoch });
        let position = position.await?;
        Ok(if self.has("the_position_is_that_of_the_words") { position.min(20) } else { position })
    }

    async fn index(&self, changes: &[IndexChange], position: u64) -> Result<(), StorageError> {
        let mut changes = changes.to_vec();
        if self.has("edits_and_removals_are_followed") {
            changes.retain(|change| !matches!(change, IndexChange::Trim { .. }));
        }
        if self.has("a_repeated_batch_changes_nothing") {
            // What is there already stays as it is.
            let all = SearchQuery {
                phrases: vec!["lunch".to_owned()],
                rooms: vec!["r".parse().expect("an id")],
                from: None,
                before: None,
                limit: 100,
            };
            let known: BTreeSet<_> = self.inner.search(&all).await?.into_iter().map(|hit| hit.num).collect();
            changes.retain(|change| !matches!(change, IndexChange::Put { num, .. } if known.contains(num)));
        }
        self.inner.index(&changes, position).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, StorageError> {
        let mut query = query.clone();
        if self.has("all_words_must_occur") {
            query
                .phrases
                .iter_mut()
                .for_each(|phrase| phrase.truncate(phrase.find(' ').unwrap_or(phrase.len())));
        }
        if self.has("words_without_spaces_are_found") {
            // Only whole runs.
            let spaced = |phrase: &str| phrase.chars().all(|c| c < '\u{e00}');
            query.phrases.retain(|phrase| spaced(phrase) || phrase.chars().count() > 8);
        }
        if self.has("no_sign_means_anything") {
            query.phrases.retain(|phrase| !phrase.starts_with('-'));
        }
        if self.has("rooms_and_authors_are_respected") {
            query.from = None;
        }
        if self.has("pages_of_results_meet") {
            query.before = query.before.map(|before| before + 1).filter(|_| query.limit < 100);
            query.limit += usize::from(query.limit < 100);
        }
        self.inner.search(&query).await
    }
}

fn server() -> ChatServer {
    server_of(Providers { search: Some(Arc::new(MemoryIndex::default())), ..Providers::default() })
}

/// Searches until what is found is what is expected, because the index follows behind; fails when that takes too long.
async fn finds(peer: &mut Peer, search: &str, expected: &[&str]) {
    let command = format!(r#"{{"search":{{"id":"s",{search}}}}}"#);
    let mut found = Vec::new();
    for _ in 0..200 {
        let page = peer.ok(&command).await;
        let text = |hit: &serde_json::Value| hit["content"]["payload"]["text"].as_str().unwrap().to_owned();
        found = page["hits"].as_array().unwrap().iter().map(text).collect::<Vec<_>>();
        if found == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{search}: found {found:?}, expected {expected:?}");
}

#[tokio::test]
async fn members_find_the_newest_first_page_by_page() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"s"}}"#).await;
    for (id, room, text) in
        [("1", "r", "lunch one"), ("2", "s", "lunch two"), ("3", "r", "dinner"), ("4", "r", "lunch three")]
    {
        alice.ok(&send(id, room, text)).await;
    }
    finds(&mut alice, r#""query":"lunch""#, &["lunch three", "lunch two", "lunch one"]).await;
    finds(&mut alice, r#""query":"lunch","room":"r""#, &["lunch three", "lunch one"]).await;
    finds(&mut alice, r#""query":"lunch","from":"bob""#, &[]).await;
    let mut bob = Peer::log_in(&server, "bob").await;
    finds(&mut bob, r#""query":"LUNCH","from":"alice""#, &["lunch three", "lunch one"]).await;
    let page = alice.ok(r#"{"search":{"id":"s","query":"lunch","limit":2}}"#).await;
    assert_eq!(page["hits"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let page =
        alice.ok(&format!(r#"{{"search":{{"id":"s","query":"lunch","limit":2,"cursor":"{next}"}}}}"#)).await;
    assert_eq!(page["hits"].as_array().unwrap().len(), 1);
    assert_eq!(page["next"], serde_json::Value::Null);
    assert_eq!(alice.refused(r#"{"search":{"id":"s","query":"x","cursor":"x"}}"#).await, "ERR_BAD_REQUEST");
}

#[tokio::test]
async fn what_was_edited_deleted_or_hidden_is_not_found() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    for (id, text) in [("1", "lunch one"), ("2", "lunch two"), ("3", "lunch three"), ("4", "lunch four")] {
        alice.ok(&send(id, "r", text)).await;
    }
    finds(&mut alice, r#""query":"lunch""#, &["lunch four", "lunch three", "lunch two", "lunch one"]).await;
    alice.ok(r#"{"delete":{"id":"x","room":"r","seq":1}}"#).await;
    let gone = alice.ok(r#"{"search":{"id":"s","query":"lunch one"}}"#).await;
    assert_eq!(gone["hits"].as_array().unwrap().len(), 0, "at once, whatever the index holds");
    alice.ok(r#"{"edit":{"id":"x","room":"r","seq":2,"content":{"type":"text/plain","payload":{"text":"dinner"}}}}"#).await;
    alice.ok(r#"{"delete":{"id":"x","room":"r","seq":3,"for_me":true}}"#).await;
    finds(&mut alice, r#""query":"lunch""#, &["lunch four"]).await;
    finds(&mut alice, r#""query":"dinner""#, &["dinner"]).await;
    let mut bob = Peer::log_in(&server, "bob").await;
    finds(&mut bob, r#""query":"lunch""#, &["lunch four", "lunch three"]).await;
}

#[tokio::test]
async fn nobody_finds_what_nobody_lets_them_read() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open","history":"joined"}}"#).await;
    alice.ok(&send("1", "r", "lunch before")).await;
    let mut bob = Peer::log_in(&server, "bob").await;
    finds(&mut alice, r#""query":"lunch""#, &["lunch before"]).await;
    finds(&mut bob, r#""query":"lunch""#, &[]).await;
    for room in ["r", "nowhere"] {
        let json = format!(r#"{{"search":{{"id":"s","query":"lunch","room":"{room}"}}}}"#);
        assert_eq!(bob.refused(&json).await, "ERR_FORBIDDEN_ACCESS", "a stranger in {room}");
    }
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    alice.ok(&send("2", "r", "lunch after")).await;
    finds(&mut bob, r#""query":"lunch""#, &["lunch after"]).await;
    bob.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    finds(&mut bob, r#""query":"lunch""#, &[]).await;
    finds(&mut alice, r#""query":"lunch""#, &["lunch after", "lunch before"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_index_that_was_lost_is_filled_again() {
    let parts = shared();
    let index = || Arc::new(MemoryIndex::default());
    let first = server_of(Providers { search: Some(index()), ..parts.clone() });
    let mut alice = Peer::log_in(&first, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    alice.ok(&send("1", "r", "lunch one")).await;
    finds(&mut alice, r#""query":"lunch""#, &["lunch one"]).await;
    first.shutdown(std::time::Duration::from_secs(5)).await;
    // Between two starts.
    let index = index();
    let second = server_of(Providers { search: Some(index.clone()), ..parts });
    let mut alice = Peer::log_in(&second, "alice").await;
    finds(&mut alice, r#""query":"lunch""#, &["lunch one"]).await;
    // And while it is used, although nothing new is written.
    index.position(&"another".parse().unwrap()).await.unwrap();
    assert_eq!(
        alice.ok(r#"{"search":{"id":"s","query":"lunch"}}"#).await["hits"].as_array().unwrap().len(),
        0
    );
    tokio::time::sleep(std::time::Duration::from_secs(15)).await;
    finds(&mut alice, r#""query":"lunch""#, &["lunch one"]).await;
}
