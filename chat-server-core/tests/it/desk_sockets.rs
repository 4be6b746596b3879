//! What sockets that hear of all support cases of an organization cost everybody else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{StorageError, StorageLayer};
use chat_server_core::{ChatServer, Providers, Rate, ServerConfig};
use serde_json::json;

use crate::dialects::{ask, heard_until, native, open, operate, ports, say, set_agent};

/// A store that counts what it is asked.
#[derive(Default)]
struct Counting {
    inner: MemoryStore,
    calls: Mutex<BTreeMap<&'static str, usize>>,
}

impl Counting {
    fn count(&self, call: &str) -> usize {
        self.calls.lock().unwrap().get(call).copied().unwrap_or_default()
    }
}

#[async_trait]
impl StorageLayer for Counting {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.inner
    }

    async fn before(&self, call: &'static str) -> Result<(), StorageError> {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
        Ok(())
    }
}

fn start(config: ServerConfig) -> (ChatServer, Arc<Counting>) {
    let storage = Arc::new(Counting::default());
    let providers = Providers { storage: storage.clone(), dialects: ports(), ..Providers::default() };
    (ChatServer::start(providers, config), storage)
}

#[tokio::test]
async fn of_a_room_that_is_no_case_only_that_is_looked_up() {
    let (server, storage) = start(ServerConfig::default());
    let desk = json!({"organization": "acme", "client": "1"});
    operate(&server, json!({"create": {"id": "c", "kind": "desk", "room": "d", "desk": desk}})).await;
    operate(&server, json!({"create": {"id": "c", "kind": "group", "room": "r", "owner": "1"}})).await;
    set_agent(&server, "7", true).await;
    let mut agent = open(&server, "/ws/chat/acme/", Some("dev-7")).await;
    let mut ann = native(&server, "1").await;
    ask(&mut ann, say("d", "first")).await;
    heard_until(&mut agent, "first").await;
    ask(&mut ann, say("r", "warm")).await;
    let (members, records) = (storage.count("members"), storage.count("records"));
    for n in 0..10 {
        ask(&mut ann, say("r", &n.to_string())).await;
        // One after the other, so that each is told of by itself.
        tokio::time::timeout(Duration::from_secs(10), async {
            while storage.count("records") <= records + n {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("whether it is a case is looked up");
    }
    ask(&mut ann, say("d", "last")).await;
    let heard = heard_until(&mut agent, "last").await;
    assert!(!heard.contains("warm"), "{heard}");
    // Of the one case, once or twice, and of the other room never.
    assert!(storage.count("members") <= members + 2, "{members} and then {}", storage.count("members"));
}

#[tokio::test]
async fn a_frame_for_everybody_is_paid_before_anything_is_looked_up() {
    let rate = Rate { per_second: 1, burst: 20 };
    let (server, storage) = start(ServerConfig { connection_rate: rate, ..ServerConfig::default() });
    set_agent(&server, "7", true).await;
    set_agent(&server, "8", true).await;
    let mut agent = open(&server, "/ws/chat/acme/", Some("dev-7")).await;
    let mut other = open(&server, "/ws/chat/acme/", Some("dev-8")).await;
    other.say(json!({"type": "new_message", "data": "ready"})).await;
    heard_until(&mut agent, "ready").await;
    let before = storage.count("agents");
    for n in 0..50 {
        agent.say(json!({"type": "new_message", "data": n})).await;
    }
    agent.end().await;
    let asked = storage.count("agents") - before;
    assert!((1..=6).contains(&asked), "20 points are 4 frames, and not 50: {asked}");
}

#[tokio::test]
async fn the_newest_message_of_a_case_is_found_behind_many_that_were_deleted() {
    let (server, _) = start(ServerConfig::default());
    let desk = json!({"organization": "acme", "client": "1"});
    operate(&server, json!({"create": {"id": "c", "kind": "desk", "room": "d", "desk": desk}})).await;
    set_agent(&server, "7", true).await;
    let mut client = native(&server, "1").await;
    ask(&mut client, say("d", "kept")).await;
    for n in 0..40 {
        ask(&mut client, say("d", &format!("gone {n}"))).await;
        ask(&mut client, json!({"delete": {"id": format!("d{n}"), "room": "d", "seq": n + 2}})).await;
    }
    let mut agent = open(&server, "/ws/chat/acme/", Some("dev-7")).await;
    agent.say(json!({"type": "new_message", "data": "ready"})).await;
    heard_until(&mut agent, "ready").await;
    operate(&server, json!({"set": {"id": "s", "room": "d", "data": {"status": "closed"}}})).await;
    loop {
        let told = agent.hear().await;
        if told["type"] == "update_helpdesk" {
            break assert!(told["data"].as_str().unwrap().contains("kept"), "{told}");
        }
    }
}
