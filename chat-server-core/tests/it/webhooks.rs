//! Webhooks through a whole server of in-memory parts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::Event;
use chat_protocol::hooks::WebhookBody;
use chat_server_core::push::{WebhookOutcome, WebhookSink};
use chat_server_core::storage::ChangeFeed;
use chat_server_core::{ChatServer, Providers};

use crate::peer::{Peer, quick, send};

const PATIENCE: Duration = Duration::from_secs(10);

/// A webhook that answers as it is told, and then takes all.
#[derive(Default)]
struct Hook {
    answers: Mutex<Vec<WebhookOutcome>>,
    /// It takes no body with a message of this text.
    refuses: Option<&'static str>,
    posted: Mutex<Vec<(String, WebhookBody)>>,
}

#[async_trait]
impl WebhookSink for Hook {
    async fn post(&self, id: &str, body: &WebhookBody) -> WebhookOutcome {
        self.posted.lock().unwrap().push((id.to_owned(), body.clone()));
        if body.events.iter().filter_map(|event| text(&event.event)).any(|text| self.refuses == Some(&*text))
        {
            return WebhookOutcome::Refused;
        }
        self.answers.lock().unwrap().pop().unwrap_or(WebhookOutcome::Delivered)
    }
}

fn text(event: &Event) -> Option<String> {
    match event {
        Event::Message(message) => Some(message.content.text().unwrap().into_owned()),
        _ => None,
    }
}

impl Hook {
    fn posted(&self) -> Vec<(String, WebhookBody)> {
        self.posted.lock().unwrap().clone()
    }

    /// All texts of messages, repeats included.
    fn texts(&self) -> Vec<String> {
        let posted = self.posted();
        let events = posted.iter().flat_map(|(_, body)| &body.events);
        events.filter_map(|event| text(&event.event)).collect()
    }

    async fn until(&self, count: usize) -> Vec<String> {
        let enough = async {
            while self.texts().len() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.unwrap_or_else(|_| panic!("only {:?}", self.texts()));
        self.texts()
    }
}

#[tokio::test]
async fn a_webhook_is_told_everything_in_order() {
    let hook = Arc::new(Hook::default());
    let providers = Providers { webhook: Some(hook.clone()), ..Providers::default() };
    let server = ChatServer::start(providers, quick());
    let mut alice = Peer::log_in(&server, "alice").await;
    for room in ["r", "s"] {
        alice.ok(&format!(r#"{{"create":{{"id":"c{room}","kind":"group","room":"{room}"}}}}"#)).await;
    }
    for n in 1..=40 {
        let room = if n % 3 == 0 { "s" } else { "r" };
        alice.ok(&send(&n.to_string(), room, &n.to_string())).await;
    }
    let texts = hook.until(40).await;
    assert_eq!(texts, (1..=40).map(|n| n.to_string()).collect::<Vec<_>>());
    let posted = hook.posted();
    let numbers: Vec<u64> = posted.iter().flat_map(|(_, body)| &body.events).map(|event| event.num).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(
        posted.iter().flat_map(|(_, body)| &body.events).any(|event| matches!(event.event, Event::Room(_)))
    );
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_webhook_that_is_busy_is_told_again_from_the_same_event() {
    let hook = Arc::new(Hook::default());
    *hook.answers.lock().unwrap() = vec![WebhookOutcome::Retry(Some(Duration::from_millis(20))); 2];
    let providers = Providers { webhook: Some(hook.clone()), ..Providers::default() };
    let server = ChatServer::start(providers, quick());
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    alice.ok(&send("1", "r", "one")).await;
    let often = async {
        while hook.posted().len() < 3 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, often).await.unwrap();
    let posted = hook.posted();
    let firsts: Vec<u64> = posted.iter().map(|(_, body)| body.events[0].num).collect();
    assert!(firsts[..3].iter().all(|num| *num == firsts[0]), "{firsts:?}");
    server.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn an_event_that_a_webhook_refuses_costs_no_other() {
    let storage = Arc::new(chat_server_core::storage::memory::MemoryStore::default());
    let silent = ChatServer::start(Providers { storage: storage.clone(), ..Providers::default() }, quick());
    let mut alice = Peer::log_in(&silent, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    for n in 1..=30 {
        alice.ok(&send(&n.to_string(), "r", &n.to_string())).await;
    }
    silent.shutdown(PATIENCE).await;
    storage.set_position("webhook", 0).await.unwrap();
    let hook = Arc::new(Hook { refuses: Some("13"), ..Hook::default() });
    let providers = Providers { storage, webhook: Some(hook.clone()), ..Providers::default() };
    let server = ChatServer::start(providers, quick());
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(&send("31", "r", "31")).await;
    let is_last =
        |body: &WebhookBody| body.events.iter().any(|event| text(&event.event).as_deref() == Some("31"));
    let all = async {
        while !hook.posted().iter().any(|(_, body)| is_last(body)) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // The last body may have been refused.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    let posted = hook.posted();
    let taken = posted.iter().map(|(_, body)| body.events.iter().filter_map(|event| text(&event.event)));
    let taken = taken.map(Iterator::collect::<Vec<_>>).filter(|texts| !texts.contains(&"13".to_owned()));
    let expected = (1..=31).filter(|n| *n != 13).map(|n| n.to_string());
    assert_eq!(taken.flatten().collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "each once, in order");
    let ids: std::collections::BTreeSet<&str> = posted.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids.len(), posted.len(), "every page has its own name");
    assert!(posted.len() < 20, "{} posts", posted.len());
    server.shutdown(PATIENCE).await;
}
