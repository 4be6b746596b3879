//! What holds for the calls of all formats: refusals come through, pages of others do nothing, and paths that are not there are
//! refused in the words of whose they would be.

use chat_protocol::dialect::helpdesk::Helpdesk;
use chat_server_core::dialects::Port;
use serde_json::json;

use super::super::{ports, start, start_with};
use super::{ask, get, refused};
use crate::edge::Answer;

/// A client that writes all of its request before it reads.
const LARGE: usize = 20_000_000;

#[tokio::test]
async fn who_writes_all_of_a_large_body_first_still_reads_why_it_is_refused() {
    let edge = start().await;
    for (line, token, status) in [
        ("PUT /chat/uploads/00c2a1b3000045778cbd7fd5f0cddbdf", "", 403),
        ("POST /api/send-message/", "Authorization: Token wrong\r\n", 401),
        ("POST /api/send-message/", "Authorization: Token dev-1\r\n", 413),
        ("POST /talk/item/some-room/", "Authorization: Token wrong\r\n", 400),
        ("POST /talk/item/some-room/", "Authorization: Token dev-1\r\n", 413),
        ("PUT /api/chat/read/", "Authorization: Token wrong\r\n", 401),
        ("PUT /api/chat/read/", "Authorization: Token dev-1\r\n", 413),
        ("POST /chat/sessions", "", 413),
        ("POST /chat/users/1/topics", "Authorization: Bearer wrong\r\n", 401),
        ("POST /chats/", "Authorization: Bearer dev-1\r\n", 404),
        ("POST /chats/directs/", "Authorization: Bearer dev-1\r\n", 405),
        ("POST /chat/sessions", "Origin: https://evil.example\r\n", 403),
    ] {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: x\r\n{token}Content-Type: application/json\r\nContent-Length: {LARGE}\r\n\r\n"
        );
        let answer = edge.one_answer(&(head + &" ".repeat(LARGE))).await;
        assert_eq!(answer.status, status, "{line} {token}: {answer:?}");
    }
}

/// It has sent nothing that could be in the way of the answer.
#[tokio::test]
async fn who_waits_to_be_asked_for_a_body_is_refused_without() {
    let edge = start().await;
    for (line, status) in
        [("POST /api/send-message/", 401), ("PUT /chat/uploads/0", 403), ("POST /chat/sessions", 413)]
    {
        let begun = std::time::Instant::now();
        let head =
            format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE}\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!(edge.one_answer(&head).await.status, status, "{line}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{line} waited for what does not come");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_changes_nothing() {
    let edge = start().await;
    let ask = async |line: &str, origin: &str, body: &str| -> Answer {
        let length = body.len();
        // A form, which a browser posts anywhere without asking first.
        let head = format!(
            "{line} HTTP/1.1\r\nHost: chat.example\r\nOrigin: {origin}\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        edge.one_answer(&head).await
    };
    for (line, body) in [
        ("PUT /api/chat/read/?token=dev-1", r#"{"room":"chat-1-2"}"#),
        ("POST /talk/item/some-room/?token=dev-1", r#"{"message":"m"}"#),
        ("POST /api/chat?token=dev-1", r#"{"users":["2"]}"#),
        ("POST /api/send-message/?token=dev-1", "{}"),
        ("POST /chat/sessions", "{}"),
    ] {
        for origin in ["https://evil.example", "null"] {
            let answer = ask(line, origin, body).await;
            assert_eq!(answer.refusal(), "ERR_ORIGIN_REFUSED", "{line}");
        }
        let own = ask(line, "http://chat.example", body).await;
        assert!(!own.body.contains("ERR_ORIGIN_REFUSED"), "{line}: {own:?}");
    }
    let reads = ask("GET /api/chat/?token=dev-1", "https://evil.example", "").await;
    assert_eq!(reads.status, 200, "its browser does not show it the answer");
}

#[tokio::test]
async fn a_list_without_pages_has_as_many_entries_as_the_operator_says() {
    let few = ports().into_iter().map(|port| Port { unpaged_max: 2, ..port }).collect();
    let edge = start_with(few).await;
    for peer in [2, 3, 4] {
        assert_eq!(edge.get_as("dev-1", &format!("/chats/directs/1_{peer}/")).await.status, 200);
        let item = json!({"message": peer.to_string()}).to_string();
        let line = "POST /talk/item/some-room/?token=dev-1";
        assert_eq!(ask(&edge, line, None, ("application/json", &item)).await.status, 200);
    }
    let directs = get(&edge, "/chats/directs/").await;
    assert_eq!(directs.as_array().unwrap().len(), 2, "{directs}");
    let old = edge.get("/talk/old/some-room/?token=dev-1").await.body;
    assert!(old.contains(r#""message":"4""#) && old.contains(r#""message":"3""#), "{old}");
    assert!(!old.contains(r#""message":"2""#), "the newest two: {old}");
    let unread = edge.get("/api/chat/unread/?token=dev-1").await.body;
    assert!(unread.contains(r#""count":2"#), "{unread}");
}

#[tokio::test]
async fn paths_that_are_not_there_are_refused_in_the_words_of_whose_they_would_be() {
    let edge = start().await;
    let detail = json!({"detail": "Not found."});
    for path in
        ["/chats/nothing/", "/api/chat/a/b", "/api/users/a/b", "/api/help-desks/a/b/c", "/media/uploads/a/b"]
    {
        refused(&edge.get(path).await, 404, detail.clone());
    }
    let talk = edge.get("/talk/nothing/at/all/").await;
    assert_eq!((talk.status, talk.body.as_str()), (404, ""));
    for path in ["/chat/debug/", "/chat/nothing/at/all", "/sessions/1/2"] {
        let answer = edge.get(path).await;
        assert!(answer.body.contains(r#""err":"ERR_FORBIDDEN_ACCESS""#), "{path}: {answer:?}");
    }
    assert_eq!(edge.get("/nothing").await.refusal(), "ERR_NOT_FOUND");
    let alone = start_with(vec![Port::new(Helpdesk::default())]).await;
    assert_eq!(alone.get("/chats/nothing/").await.refusal(), "ERR_NOT_FOUND");
    refused(&alone.get("/api/help-desks/a/b/c").await, 404, detail);
}
