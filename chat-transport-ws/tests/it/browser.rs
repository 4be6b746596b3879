//! A page in a real browser, which has nothing but `fetch`. It needs Chromium, so it runs on demand:
//! `cargo test -p chat-transport-ws --test it browser -- --ignored`. `CHAT_BROWSER` names the program.

use std::process::Stdio;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use chat_protocol::Event;
use chat_server_core::{ChatServer, Providers, ServerConfig};
use chat_transport_ws::{WsConfig, bind, router, serve_router};
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::raw::soon;
use crate::stream::Events;

/// Opens a stream, joins, greets, waits for the answer and tells the test what it heard.
const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><script type="module">
const headers = { authorization: "Bearer dev-page" };
const tell = (text) => fetch("/told", { method: "POST", body: text });
try {
  const response = await fetch("/v1/events?follow=false", { headers });
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
    const address = `/v1/commands?session_id=${session}`;
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

#[tokio::test]
#[ignore = "needs Chromium: cargo test -p chat-transport-ws --all-features --test it browser -- --ignored"]
async fn a_page_without_sockets_chats() {
    let server = ChatServer::start(Providers::default(), ServerConfig::default());
    let (told, mut hear) = mpsc::channel(1);
    let take = async move |text: String| _ = told.send(text).await;
    let app = Router::new().route("/", get(async || Html(PAGE))).route("/told", post(take));
    let app = app.merge(router(server.clone(), WsConfig::default()));
    let listeners = bind(&["127.0.0.1:0"]).await.unwrap();
    let base = format!("http://{}", listeners[0].local_addr().unwrap());
    tokio::spawn(serve_router(listeners, app, server, WsConfig::default(), CancellationToken::new()));

    let mut other = Events::open(&base, "other", "").await;
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
        .arg(&base)
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
