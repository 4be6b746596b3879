//! A whole server before an address that takes its time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use chat_protocol::command::PushService;
use chat_protocol::hooks::PushBody;
use chat_protocol::{Command, Message, UserId, decode};
use chat_push_http::{HttpPush, PushConfig};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::peer::config;

/// How long each post takes.
const LATENCY: Duration = Duration::from_millis(100);

const USERS: usize = 200;

type Told = Arc<Mutex<Vec<(String, u64)>>>;

/// Takes posts, and notes whom each tells of which message.
async fn address(told: Told) -> String {
    async fn take(State(told): State<Told>, body: axum::body::Bytes) {
        tokio::time::sleep(LATENCY).await;
        let body: PushBody = serde_json::from_slice(&body).expect("pushes");
        let mut told = told.lock().unwrap();
        for push in body.pushes {
            let message: Message = serde_json::from_value(push.payload["message"].clone()).expect("a packet");
            told.push((push.token, message.seq.get()));
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/push", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(told);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn command(server: &ChatServer, user: &str, json: String) {
    let command: Command = decode(json.as_bytes()).unwrap();
    server.command(&Caller::User(UserId::new(user).unwrap()), command).await.unwrap();
}

fn send(room: &str, text: &str) -> String {
    let content = format!(r#"{{"type":"text/plain","payload":{{"text":"{text}"}}}}"#);
    format!(r#"{{"send":{{"id":"s","room":"{room}","content":{content}}}}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_one_post_holds_up_no_other() {
    let told = Told::default();
    let url = address(told.clone()).await;
    let push = HttpPush::new(PushConfig::new(config(&url))).unwrap();
    let providers = Providers { push: Some(Arc::new(push)), ..Providers::default() };
    let server = ChatServer::start(providers, ServerConfig::default());
    let service = serde_json::to_value(PushService::Webhook).unwrap();
    for user in 0..USERS {
        let device =
            format!(r#"{{"id":"d","device_id":"d","push":{{"service":{service},"token":"{user}"}}}}"#);
        command(&server, &user.to_string(), format!(r#"{{"device":{device}}}"#)).await;
        let create = format!(r#"{{"id":"c","kind":"group","room":"r{user}","members":["{user}"]}}"#);
        command(&server, "alice", format!(r#"{{"create":{create}}}"#)).await;
    }
    let began = Instant::now();
    // One to each, and all of another twenty to the last: those come one after the other.
    for user in 0..USERS {
        command(&server, "alice", send(&format!("r{user}"), "hi")).await;
    }
    for _ in 0..20 {
        command(&server, "alice", send(&format!("r{}", USERS - 1), "hi")).await;
    }
    while told.lock().unwrap().len() < USERS + 20 {
        assert!(began.elapsed() < Duration::from_secs(10), "{} in time", told.lock().unwrap().len());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let told = told.lock().unwrap().clone();
    let last: Vec<u64> = told.iter().filter(|(token, _)| *token == "199").map(|(_, seq)| *seq).collect();
    assert_eq!(last, (1..=21).collect::<Vec<_>>(), "each once, in its order");
    server.shutdown(Duration::from_secs(5)).await;
}
