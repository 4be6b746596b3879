//! All that is kept of one user over HTTP: given as lines, and deleted.

use std::time::Duration;

use chat_protocol::reply::{ExportLine, ForgetData};
use chat_server_core::{Providers, Rate, ServerConfig};
use chat_transport_ws::WsConfig;

use crate::edge::{Answer, Edge, command};
use crate::raw::{self, soon};

const OPERATOR: &str = "op-secret";

async fn start_with(core: ServerConfig) -> Edge {
    let config = WsConfig { operator_token: Some(OPERATOR.into()), ..WsConfig::default() };
    Edge::start_with(config, Providers::default(), core).await
}

/// Ann and Bob in the group `r`, where each has written.
async fn start() -> Edge {
    let edge = start_with(ServerConfig::default()).await;
    let (mut ann, mut bob) = (edge.login("ann").await, edge.login("bob").await);
    let create = r#"{"create":{"id":"1","kind":"group","room":"r","members":["bob"]}}"#;
    assert_eq!(command(&mut ann, create).await.status, 200);
    for socket in [&mut ann, &mut bob] {
        let send = r#"{"send":{"id":"2","room":"r","client_msg_id":"m","content":{"type":"text/plain","payload":{"text":"hi"}}}}"#;
        assert_eq!(command(socket, send).await.status, 200);
    }
    edge
}

async fn forget(edge: &Edge, token: &str, user: &str) -> Answer {
    edge.ask(&format!("DELETE /v1/users/{user} HTTP/1.1\r\nAuthorization: Bearer {token}")).await
}

/// Asks until nothing is kept of the user.
async fn forgotten(edge: &Edge, token: &str, user: &str) {
    soon(async {
        while forget(edge, token, user).await.status != 204 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// What stands between the sizes of chunks (RFC 9112 section 7.1).
fn unchunked(answer: &Answer) -> String {
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"), "{answer:?}");
    let (mut rest, mut body) = (answer.body.as_str(), String::new());
    loop {
        let (size, after) = rest.split_once("\r\n").expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a number");
        if size == 0 {
            return body;
        }
        body.push_str(&after[..size]);
        rest = after[size..].strip_prefix("\r\n").expect("a chunk ends");
    }
}

async fn export(edge: &Edge, token: &str, user: &str) -> Vec<ExportLine> {
    let answer = edge.get_as(token, &format!("/v1/users/{user}/export")).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/x-ndjson")),
        "{answer:?}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    unchunked(&answer).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_user_is_forgotten_and_its_session_ends() {
    let edge = start().await;
    let mut socket = edge.login("ann").await;
    let answer = forget(&edge, "dev-ann", "ann").await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let begun: ForgetData = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(begun.user.as_str(), "ann");
    assert_eq!(soon(raw::close_code(&mut socket)).await, Some(4414), "the session was revoked");
    forgotten(&edge, "dev-ann", "ann").await;

    let history = edge.get_as("dev-bob", "/v1/rooms/r/messages").await.body;
    let page: chat_protocol::HistoryPage = serde_json::from_str(&history).unwrap();
    let shown: Vec<_> = page
        .messages
        .iter()
        .map(|message| {
            (
                message.from.as_str(),
                message.content.text().unwrap().into_owned(),
                message.deleted_at.is_some(),
            )
        })
        .collect();
    assert_eq!(shown, [("ann", String::new(), true), ("bob", "hi".to_owned(), false)]);
    let room = edge.get_as(OPERATOR, "/v1/rooms/r").await.body;
    assert!(room.contains(r#""members":1"#), "{room}");
    assert_eq!(
        edge.get_as("dev-ann", "/v1/rooms/r").await.refusal(),
        "ERR_FORBIDDEN_ACCESS",
        "no member any more"
    );
    assert_eq!(edge.get_as("dev-ann", "/v1/inbox").await.status, 200, "it is a new user");
    let kept = export(&edge, "dev-ann", "ann").await;
    assert!(matches!(kept.as_slice(), [ExportLine::User(_), ExportLine::End(_)]), "{kept:?}");
}

#[tokio::test]
async fn its_files_are_gone_and_others_stay() {
    let edge = start().await;
    let mut urls = Vec::new();
    for user in ["ann", "bob"] {
        let head =
            format!("POST /v1/uploads?room=r&name={user}.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        let body = format!("Authorization: Bearer dev-{user}\r\nContent-Length: 4\r\n\r\ntext");
        let stored = Answer::parse(&edge.raw(head + &body).await);
        assert_eq!(stored.status, 200, "{stored:?}");
        let stored: chat_protocol::reply::Uploaded = serde_json::from_str(&stored.body).unwrap();
        urls.push(stored.url);
    }
    let lines = export(&edge, "dev-ann", "ann").await;
    let told: Vec<_> = lines
        .iter()
        .filter_map(|line| match line {
            ExportLine::Upload(upload) => Some((upload.url.clone(), upload.name.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(urls[0].clone(), "ann.txt".to_owned())]);
    forget(&edge, OPERATOR, "ann").await;
    forgotten(&edge, OPERATOR, "ann").await;
    assert_eq!(edge.get_as(OPERATOR, &urls[0]).await.refusal(), "ERR_FORBIDDEN_ACCESS");
    assert_eq!(edge.get_as("dev-bob", &urls[1]).await.body, "text");
}

#[tokio::test]
async fn an_export_is_one_thing_per_line_from_the_user_to_the_end() {
    let edge = start().await;
    for token in ["dev-ann", OPERATOR] {
        let lines = export(&edge, token, "ann").await;
        let kinds: Vec<_> = lines.iter().map(ExportLine::kind).filter(|kind| *kind != "session").collect();
        assert_eq!(kinds, ["user", "room", "message", "end"]);
        let Some(ExportLine::End(end)) = lines.last() else { panic!("{lines:?}") };
        assert_eq!(end.lines, lines.len() as u64 - 1);
    }
}

#[tokio::test]
async fn nobody_else_asks_for_it() {
    let edge = start().await;
    for (method, path, token, status, code) in [
        ("DELETE", "ann", "dev-bob", 403, "ERR_FORBIDDEN_ACCESS"),
        ("GET", "ann/export", "dev-bob", 403, "ERR_FORBIDDEN_ACCESS"),
        ("DELETE", "ann", "wrong", 401, "ERR_INVALID_ACCESS_TOKEN"),
        ("GET", "ann/export", "wrong", 401, "ERR_INVALID_ACCESS_TOKEN"),
        ("DELETE", "%00", OPERATOR, 400, "ERR_BAD_REQUEST"),
        ("GET", "%00/export", OPERATOR, 400, "ERR_BAD_REQUEST"),
        ("DELETE", "~system", OPERATOR, 400, "ERR_BAD_REQUEST"),
        ("GET", "~system/export", OPERATOR, 400, "ERR_BAD_REQUEST"),
        ("DELETE", "%ff", OPERATOR, 404, "ERR_NOT_FOUND"),
        ("PUT", "ann", OPERATOR, 405, "ERR_METHOD_NOT_ALLOWED"),
        ("POST", "ann/export", OPERATOR, 405, "ERR_METHOD_NOT_ALLOWED"),
    ] {
        let answer =
            edge.ask(&format!("{method} /v1/users/{path} HTTP/1.1\r\nAuthorization: Bearer {token}")).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{method} {path} {token}");
    }
    let bare = edge.ask("DELETE /v1/users/ann HTTP/1.1").await;
    assert_eq!(bare.refusal(), "ERR_NOT_AUTHENTICATED");
    assert_eq!(edge.get_as("dev-ann", "/v1/rooms/r").await.status, 200, "nothing has happened");
    assert_eq!(forget(&edge, OPERATOR, "nobody").await.status, 204, "nothing is kept of it");
}

#[tokio::test]
async fn both_are_paid_for_by_users_and_free_for_the_operator() {
    let edge =
        start_with(ServerConfig { user_rate: Rate { per_second: 1, burst: 100 }, ..ServerConfig::default() })
            .await;
    export(&edge, "dev-ann", "ann").await;
    let refused = edge.get_as("dev-ann", "/v1/users/ann/export").await;
    assert_eq!(
        (refused.refusal().as_str(), refused.header("retry-after").is_some()),
        ("ERR_TOO_MANY_REQUESTS", true)
    );
    assert_eq!(forget(&edge, "dev-ann", "ann").await.refusal(), "ERR_TOO_MANY_REQUESTS");
    for _ in 0..3 {
        export(&edge, OPERATOR, "ann").await;
        assert_eq!(forget(&edge, OPERATOR, "ann").await.status, 204);
    }
}
