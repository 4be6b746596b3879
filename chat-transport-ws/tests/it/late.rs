//! Requests that take longer than they may: what they are told, and what is done all the same.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{Answers, Append, Appended, MessageStore, StorageError, StorageLayer};
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use reqwest::Client;
use serde_json::Value;
use tokio::sync::watch;

use crate::edge::Edge;
use crate::stream::{Events, answer};

/// A store that stores nothing while its door is shut.
struct Shut(MemoryStore, watch::Receiver<bool>);

#[async_trait]
impl StorageLayer for Shut {
    type Inner = MemoryStore;

    fn inner(&self) -> &MemoryStore {
        &self.0
    }

    async fn store(&self, batch: &[Append]) -> Result<Answers<Appended>, StorageError> {
        self.1.clone().wait_for(|open| *open).await.expect("the test holds the door");
        self.0.append(batch).await
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_that_nobody_knows_and_repeating_its_name_does_it_once() {
    let (door, wait) = watch::channel(false);
    let storage = Arc::new(Shut(MemoryStore::default(), wait));
    let config = WsConfig { request_timeout: Duration::from_millis(100), ..WsConfig::default() };
    let providers = Providers { storage, ..Providers::default() };
    let edge = Edge::start_with(config, providers, ServerConfig::default()).await;
    let base = format!("http://{}", edge.address);
    let create = || {
        let body = r#"{"kind":"group","client_room_id":"c1"}"#;
        answer(Client::new().post(format!("{base}/v1/rooms")).bearer_auth("dev-a").body(body))
    };
    let unknown = |(status, body): (u16, String)| {
        let reply: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, reply["err"].as_str()), (503, Some("ERR_STORAGE_UNAVAILABLE")), "{body}");
        assert!(reply["detail"].as_str().is_some_and(|detail| detail.contains("nobody knows")), "{body}");
    };
    unknown(create().await);
    let events = Events::open(&base, "a", "?follow=false").await;
    unknown(events.post(r#"{"create":{"id":"1","kind":"group","client_room_id":"c2"}}"#).await);
    door.send(true).unwrap();
    let (status, body) = create().await;
    let data: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &data["created"]), (200, &Value::Bool(false)), "the first one made it: {body}");
}
