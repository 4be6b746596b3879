//! A page in a real browser, which has nothing but `fetch`. It needs Chromium, so it runs on demand:
//! `cargo test -p chat-transport-ws --test it browser -- --ignored`. `CHAT_BROWSER` names the program.

use std::process::Stdio;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use chat_protocol::Event;
use chat_server_core::{ChatServer, Providers, ServerConfig};
use chat_transport_ws::{WsConfig, bind, router, serve, serve_router};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::raw::soon;
use crate::stream::Events;

/// Opens a stream, joins, greets, waits for the answer and tells the test what it heard.
const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><script type="module">
const base = "$BASE";
const headers = { authorization: "Bearer dev-page" };
const tell = (text) => fetch("/told", { method: "POST", body: text });
try {
  const response = await fetch(`${base}/v1/events?follow=false`, { headers });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const packets = (async function* () {
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (text += value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data: "));
        if (data.length) yield JSON.parse(data.map((line) => line.slice(6)).join("\n"));
      }
    }
  })();
  const opened = (await packets.next()).value;
  const session = opened.reply.data.session_id;
  const say = async (command) => {
    const address = `${base}/v1/commands?session_id=${session}`;
    const typed = { ...headers, "content-type": "application/json" };
    const answer = await fetch(address, { method: "POST", headers: typed, body: JSON.stringify(command) });
    return answer.status;
  };
  const content = { type: "text/plain", payload: { text: "from the page" } };
  const join = await say({ join: { id: "1", room: "r" } });
  const send = await say({ send: { id: "2", room: "r", client_msg_id: "2", content } });
  for await (const packet of packets) {
    if (packet.message && packet.message.from !== "page") {
      await tell(`${opened.reply.id} ${join} ${send} ${packet.message.content.payload.text}`);
      break;
    }
  }
} catch (error) {
  await tell(`${error}`);
}
</script>"#;

type Told = mpsc::Receiver<String>;

/// Serves the page, and takes what it tells the test.
fn page(base: &str) -> (Router, Told) {
    let (told, hear) = mpsc::channel(1);
    let take = async move |text: String| _ = told.send(text).await;
    let html = PAGE.replace("$BASE", base);
    let show = async move || Html(html.clone());
    (Router::new().route("/", get(show)).route("/told", post(take)), hear)
}

async fn listen() -> (TcpListener, String) {
    let listener = bind(&["127.0.0.1:0"]).await.unwrap().remove(0);
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

/// Opens the page in a browser and chats with it.
async fn chat(server: &str, page: &str, mut hear: Told) {
    let mut other = Events::open(server, "other", "").await;
    let create = r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#;
    assert_eq!(other.post(create).await.0, 200);
    let profile = tempfile::tempdir().unwrap();
    let program = std::env::var("CHAT_BROWSER").unwrap_or_else(|_| "chromium".to_owned());
    let _browser = Command::new(program)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // It finds nobody but this machine.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(page)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("a browser");
    let heard = tokio::select! {
        event = other.until(|event| matches!(event, Event::Message(_))) => event,
        told = hear.recv() => panic!("the page gave up: {told:?}"),
    };
    let Event::Message(heard) = heard else { unreachable!() };
    assert_eq!(heard.content.text().as_deref(), Some("from the page"));
    let content = r#"{"type":"text/plain","payload":{"text":"to the page"}}"#;
    let send = format!(r#"{{"send":{{"id":"1","room":"r","client_msg_id":"1","content":{content}}}}}"#);
    assert_eq!(other.post(&send).await.0, 200);
    assert_eq!(soon(hear.recv()).await.as_deref(), Some("events 200 200 to the page"));
}

#[tokio::test]
#[ignore = "needs Chromium: cargo test -p chat-transport-ws --all-features --test it browser -- --ignored"]
async fn a_page_without_sockets_chats() {
    let server = ChatServer::start(Providers::default(), ServerConfig::default());
    let (page, hear) = page("");
    let app = page.merge(router(server.clone(), WsConfig::default()));
    let (listener, origin) = listen().await;
    tokio::spawn(serve_router(vec![listener], app, server, WsConfig::default(), CancellationToken::new()));
    chat(&origin, &origin, hear).await;
}

#[tokio::test]
#[ignore = "needs Chromium: cargo test -p chat-transport-ws --all-features --test it browser -- --ignored"]
async fn a_page_of_an_allowed_origin_chats_from_there() {
    let server = ChatServer::start(Providers::default(), ServerConfig::default());
    let ((chat_at, base), (page_at, origin)) = (listen().await, listen().await);
    let config = WsConfig { allowed_origins: vec![origin.clone()], ..WsConfig::default() };
    tokio::spawn(serve(vec![chat_at], server, config, CancellationToken::new()));
    let (page, hear) = page(&base);
    tokio::spawn(async move { axum::serve(page_at, page).await });
    chat(&base, &origin, hear).await;
}
