//! Server-sent events and the commands beside them, by a real HTTP client.

use std::time::Duration;

use chat_protocol::Event;
use chat_protocol::event::Outcome;
use chat_transport_ws::WsConfig;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::edge::{Edge, command};
use crate::raw::{self, soon};
use crate::stream::{Events, answer};

fn base(edge: &Edge) -> String {
    format!("http://{}", edge.address)
}

async fn open(edge: &Edge, user: &str) -> Events {
    Events::open(&base(edge), user, "?follow=false").await
}

fn lines(commands: &[Value]) -> String {
    commands.iter().map(|command| format!("{command}\n")).collect()
}

fn send(id: &str, text: &str) -> Value {
    let content = json!({"type": "text/plain", "payload": {"text": text}});
    json!({"send": {"id": id, "room": "r", "client_msg_id": id, "content": content}})
}

/// The code of a refusal.
fn refusal((status, body): (u16, String)) -> (u16, String) {
    let reply: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("no reply: {body}"));
    assert_eq!(reply["status"], status);
    (status, reply["err"].as_str().unwrap().to_owned())
}

/// Texts of the next messages that a socket of the user hears.
async fn heard(socket: &mut TcpStream, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        let (first, payload) = soon(raw::read_frame(socket)).await.expect("still open");
        assert_eq!(first, raw::TEXT);
        let packet: Value = serde_json::from_slice(&payload).unwrap();
        if let Some(text) = packet["message"]["content"]["payload"]["text"].as_str() {
            texts.push(text.to_owned());
        }
    }
    texts
}

#[tokio::test]
async fn a_stream_tells_caches_and_proxies_to_keep_away() {
    let edge = Edge::start(WsConfig::default()).await;
    let events = open(&edge, "a").await;
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(events.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn each_command_is_answered_in_the_body_and_on_the_stream() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut events = open(&edge, "a").await;
    let create = json!({"create": {"id": "1", "kind": "group", "room": "r"}});
    let body = lines(&[create, send("2", "hi"), json!({"ping": {}}), json!({"fly": {"id": "3"}})]);
    let (status, answers) = events.post(&format!("{body}\n{{not json\n")).await;
    assert_eq!(status, 200);
    let mut found: Vec<(Value, Value)> = Vec::new();
    for line in answers.lines() {
        let packet: Value = serde_json::from_str(line).unwrap();
        assert!(packet["pong"].is_object() || packet["reply"].is_object(), "{line}");
        found.push((packet["reply"]["id"].clone(), packet["reply"]["status"].clone()));
    }
    let expected = [(json!("1"), json!(200)), (json!("2"), json!(200)), (json!("3"), json!(400))];
    assert!(expected.iter().all(|answer| found.contains(answer)), "{found:?}");
    assert!(found.contains(&(Value::Null, json!(400))) && found.contains(&(Value::Null, Value::Null)));
    assert_eq!(found.len(), 5, "{answers}");
    let is_two = |event: &Event| matches!(event, Event::Reply(reply) if reply.id.as_ref().is_some_and(|id| id.as_str() == "2"));
    events.until(is_two).await;
}

#[tokio::test]
async fn one_command_may_be_a_document_with_line_breaks() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut events = open(&edge, "a").await;
    let create = json!({"create": {"id": "1", "kind": "group", "room": "r"}});
    assert_eq!(events.post(&create.to_string()).await.0, 200);
    let content = "{\n\"type\":\"application/x.note\",\n\"payload\":{\r\n\"n\": 1}}";
    let send =
        format!("{{\"send\":{{\"id\":\"2\",\"room\":\"r\",\"client_msg_id\":\"2\",\"content\":{content}}}}}");
    let request = events.request().header("content-type", "application/json; charset=utf-8").body(send);
    let (status, body) = answer(request).await;
    assert_eq!((status, body.lines().count()), (200, 1), "{body}");
    let Event::Message(message) = events.until(|event| matches!(event, Event::Message(_))).await else {
        unreachable!()
    };
    assert!(serde_json::to_string(&message.content).unwrap().contains("application/x.note"));
}

#[tokio::test]
async fn people_on_sockets_and_on_streams_are_in_one_room() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut socket = edge.login("a").await;
    let create = r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#;
    assert_eq!(command(&mut socket, create).await.status, 200);
    let mut events = open(&edge, "b").await;
    assert_eq!(events.post(r#"{"join":{"id":"j","room":"r"}}"#).await.0, 200);

    let hello = send("1", "hello").to_string();
    soon(socket.write_all(&raw::frame(raw::TEXT, hello))).await.unwrap();
    let Event::Message(message) = events.until(|event| matches!(event, Event::Message(_))).await else {
        unreachable!()
    };
    assert_eq!((message.from.as_str(), message.seq.get()), ("a", 1));
    assert_eq!(events.post(&lines(&[send("2", "two"), send("3", "three")])).await.0, 200);
    assert_eq!(heard(&mut socket, 3).await, ["hello", "two", "three"]);
}

#[tokio::test]
async fn commands_are_for_open_streams_of_ones_own() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut events = open(&edge, "a").await;
    let ping = r#"{"ping":{"id":"1"}}"#;
    let not_found = (404, String::from("ERR_NOT_FOUND"));

    let other = events.request().header("authorization", "Bearer dev-b").body(ping);
    let foreign = Client::new().post(format!("{}/v1/commands?session_id={}", base(&edge), events.session));
    assert_eq!(refusal(answer(foreign.bearer_auth("dev-b").body(ping)).await), not_found);
    drop(other);

    // Another stream takes the session over, and its commands.
    let again = format!("?follow=false&session_id={}", events.session);
    let newer = Events::open(&base(&edge), "a", &again).await;
    assert_eq!(newer.session, events.session);
    assert_eq!(events.close_code().await, Some(4410));
    assert_eq!(events.post(ping).await.0, 200);

    let session = newer.session.clone();
    drop((newer, events));
    let url = format!("{}/v1/commands?session_id={session}", base(&edge));
    let gone = soon(async {
        loop {
            let told = answer(Client::new().post(&url).bearer_auth("dev-a").body(ping)).await;
            if told.0 != 200 {
                return told;
            }
        }
    });
    assert_eq!(refusal(gone.await), not_found);
    assert_eq!(edge.server.connections(), 0, "who closes the stream ends the connection");
}

/// There are no ids of events: where a client stands is one position for each room.
#[tokio::test]
async fn a_stream_that_was_lost_is_gone_on_with_by_resume() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut events = open(&edge, "a").await;
    let create = r#"{"create":{"id":"1","kind":"group","room":"r","members":["b"]}}"#;
    assert_eq!(events.post(create).await.0, 200);
    let Event::Resumed(stood) = events.until(|event| matches!(event, Event::Resumed(_))).await else {
        unreachable!()
    };
    let session = events.session.clone();
    drop(events);
    let other = open(&edge, "b").await;
    assert_eq!(other.post(&lines(&[send("1", "one"), send("2", "two")])).await.0, 200);

    let mut events = Events::open(&base(&edge), "a", &format!("?follow=false&session_id={session}")).await;
    assert_eq!(events.session, session, "the session is the same");
    let rooms = json!({"r": stood.offset});
    let resume = json!({"resume": {"id": "2", "epoch": stood.epoch, "user_offset": 0, "rooms": rooms}});
    assert_eq!(events.post(&resume.to_string()).await.0, 200);
    let mut texts = Vec::new();
    let word = loop {
        match events.event().await {
            Event::Message(message) => texts.extend(message.content.text().map(|text| text.into_owned())),
            Event::Resumed(word) if word.room.is_some() => break word,
            _ => {}
        }
    };
    assert_eq!((word.outcome.read(), texts), (Outcome::Recovered, vec!["one".to_owned(), "two".to_owned()]));
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_as_a_whole() {
    let edge = Edge::start(WsConfig::default()).await;
    let (http, base) = (Client::new(), base(&edge));
    let get = |query: &str| http.get(format!("{base}/v1/events{query}"));
    for (request, expected) in [
        (get(""), (401, "ERR_NOT_AUTHENTICATED")),
        (get("").bearer_auth("wrong"), (401, "ERR_INVALID_ACCESS_TOKEN")),
        (get("?token=dev-a"), (401, "ERR_NOT_AUTHENTICATED")),
        (get("?follow=perhaps").bearer_auth("dev-a"), (400, "ERR_BAD_REQUEST")),
        (get("").bearer_auth("dev-a").header("origin", "https://evil.example"), (403, "ERR_ORIGIN_REFUSED")),
    ] {
        let (status, code) = refusal(answer(request).await);
        assert_eq!((status, code.as_str()), expected);
    }
    assert_eq!(answer(http.head(format!("{base}/v1/events")).bearer_auth("dev-a")).await.0, 405);
    assert_eq!(edge.server.connections(), 0, "no refused stream is left open");

    let events = open(&edge, "a").await;
    let post = || events.request();
    let ping = r#"{"ping":{"id":"1"}}"#;
    let long = format!("{ping}\n{{\"ping\":{{\"id\":\"{}\"}}}}", "x".repeat(64 * 1024));
    for (request, expected) in [
        (post().body(ping).header("origin", "https://evil.example"), (403, "ERR_ORIGIN_REFUSED")),
        (post().body(ping).header("content-type", "text/plain"), (415, "ERR_UNSUPPORTED_MEDIA_TYPE")),
        (post().body("\n\n"), (400, "ERR_BAD_REQUEST")),
        (post().body(&b"{\"ping\":{\"id\":\"\xff\"}}"[..]), (400, "ERR_INVALID_UTF8")),
        (post().body(long), (413, "ERR_TOO_LARGE")),
        (post().body(vec![b'\n'; 1024 * 1024]), (413, "ERR_TOO_LARGE")),
        (http.post(format!("{base}/v1/commands")).bearer_auth("dev-a").body(ping), (400, "ERR_BAD_REQUEST")),
        (http.post(format!("{base}/v1/commands")).body(ping), (401, "ERR_NOT_AUTHENTICATED")),
    ] {
        let (status, code) = refusal(answer(request).await);
        assert_eq!((status, code.as_str()), expected);
    }
    assert_eq!(events.post(ping).await.0, 200, "the stream is as it was");
}

#[tokio::test]
async fn a_server_that_goes_away_says_so_last() {
    let edge = Edge::start(WsConfig::default()).await;
    let mut events = open(&edge, "a").await;
    edge.stop();
    assert_eq!(events.close_code().await, Some(1001));
    soon(tokio::time::timeout(Duration::from_secs(8), edge.stopped())).await.expect("nothing is left to cut");
}
