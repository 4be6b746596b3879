//! Files of helpdesk.

use chat_server_core::{Providers, ServerConfig};
use tokio::io::AsyncWriteExt;

use super::*;
use crate::raw::soon;

const GIF: &str = "GIF89a-not-much-of-a-picture";

/// Sends a file; its path, as events have it.
async fn upload(edge: &Edge, socket: &mut Socket, parts: &[(&str, &str)]) -> String {
    created(&post(edge, Some("dev-amy"), (MULTIPART, &form(parts))).await);
    let told = event(socket, "new_message").await;
    event(socket, "update_message").await;
    told["file"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
}

async fn read(edge: &Edge, path: &str, token: Option<&str>, more: &str) -> Answer {
    let token = token.map(|token| format!("\r\nAuthorization: Token {token}")).unwrap_or_default();
    edge.ask(&format!("GET {path} HTTP/1.1{token}{more}")).await
}

#[tokio::test]
async fn a_file_is_read_by_those_who_may_read_its_desk() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    operate(&edge, "PUT /v1/organizations/acme/agents/ann", "").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    let parts =
        [("message", "the plan"), ("help_desk", &*uuid), ("file:C:\\tmp\\the plan.gif|image/gif", GIF)];
    let path = upload(&edge, &mut socket, &parts).await;
    let name = path.strip_prefix("/media/uploads/the_plan_").and_then(|rest| rest.strip_suffix(".gif"));
    assert_eq!(name.map(str::len), Some(32), "{path}");
    let listed = &history(&edge, &uuid).await[0];
    let url = format!("http://chat.example{path}");
    same(listed, &message(json!("the plan"), json!(url), "sent", "sent", &uuid));
    let desks = get(&edge, "/api/help-desks/?organization=acme").await;
    assert_eq!(desks[0]["last_message"]["file"], json!(path), "a path in lists of desks");

    // An agent who is no member, the client, and a token in the address, as pictures of pages bring it.
    for (token, path) in [
        (Some("dev-ann"), path.clone()),
        (Some("dev-cli"), path.clone()),
        (None, format!("{path}?token=dev-amy")),
    ] {
        let answer = read(&edge, &path, token, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, GIF), "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("image/gif"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-disposition").unwrap().starts_with("inline"), "{answer:?}");
    }
    let part = read(&edge, &path, Some("dev-amy"), "\r\nRange: bytes=3-5").await;
    assert_eq!((part.status, part.body.as_str()), (206, &GIF[3..6]));
    let tag = format!("\r\nIf-None-Match: {}", part.header("etag").unwrap());
    assert_eq!(read(&edge, &path, Some("dev-amy"), &tag).await.status, 304);
    for (token, status) in [(None, 401), (Some("wrong"), 401), (Some("dev-eve"), 404)] {
        assert_eq!(read(&edge, &path, token, "").await.status, status, "{token:?}");
    }
    let native = format!("/v1/uploads/{}", name.unwrap());
    let answer = edge.get_as("dev-cli", &native).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, GIF), "the same file natively");
}

#[tokio::test]
async fn what_a_file_is_says_its_content_and_no_page_is_shown() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    for (file, bytes, kind, how) in [
        (
            "file:x.html|text/html",
            "<!DOCTYPE html><script>x</script>",
            "application/octet-stream",
            "attachment",
        ),
        ("file:x.png|image/png", "<svg/>", "application/octet-stream", "attachment"),
        ("file:x.txt|text/plain", "hello", "text/plain", "attachment"),
        ("file:x.ogg|audio/ogg", "OggS\0\u{2}\0\0\0\0\0\0\0\0vorbis", "audio/ogg", "attachment"),
        ("file:x.bin|image/gif", GIF, "image/gif", "inline"),
    ] {
        let path = upload(&edge, &mut socket, &[("help_desk", &uuid), (file, bytes)]).await;
        let answer = read(&edge, &path, Some("dev-amy"), "").await;
        assert_eq!((answer.header("content-type"), answer.body.as_str()), (Some(kind), bytes), "{file}");
        assert!(answer.header("content-disposition").unwrap().starts_with(how), "{file}");
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; sandbox"));
        assert_eq!(history(&edge, &uuid).await[0]["message"], Value::Null, "a file alone has no text");
    }
}

#[tokio::test]
async fn parts_come_in_any_order_and_names_of_files_are_harmless() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    let parts =
        [("file:../../etc/passwd", "root"), ("extra", "ignored"), ("message", "m"), ("help_desk", &*uuid)];
    let path = upload(&edge, &mut socket, &parts).await;
    assert!(path.starts_with("/media/uploads/passwd_"), "{path}");
    let long = format!("file:{}.pdf", "x".repeat(400));
    let path = upload(&edge, &mut socket, &[(&long, "a"), ("help_desk", &uuid)]).await;
    assert!(path.ends_with(".pdf") && path.len() == "/media/uploads/".len() + 100, "{path}");
    let parts = [("message", "no file was chosen"), ("file:", ""), ("help_desk", &*uuid)];
    created(&post(&edge, Some("dev-amy"), (MULTIPART, &form(&parts))).await);
    assert_eq!(event(&mut socket, "new_message").await["file"], Value::Null);

    let digits = "ab".repeat(16);
    for name in [
        "..%2f..%2fetc%2fpasswd".to_owned(),
        "%2e%2e".to_owned(),
        "..".to_owned(),
        "%00".to_owned(),
        digits.clone(),
        format!("x_{digits}.png"),
        format!("..%2fx_{digits}.png"),
        path.rsplit('/').next().unwrap().to_uppercase(),
    ] {
        let answer = read(&edge, &format!("/media/uploads/{name}"), Some("dev-amy"), "").await;
        assert_eq!(answer.status, 404, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn files_of_other_rooms_are_not_there() {
    let edge = start(Helpdesk::default()).await;
    let mut amy = edge.login("amy").await;
    let create = r#"{"create":{"id":"1","room":"r","kind":"group","access":"open"}}"#;
    assert_eq!(crate::edge::command(&mut amy, create).await.status, 200);
    let request = "POST /v1/uploads?room=r&name=a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                   Authorization: Bearer dev-amy\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx";
    let answer = Answer::parse(&edge.raw(request).await);
    let uploaded: Value = serde_json::from_str(&answer.body).unwrap();
    let digits = uploaded["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let answer = read(&edge, &format!("/media/uploads/a_{digits}.txt"), Some("dev-amy"), "").await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[tokio::test]
async fn what_was_uploaded_natively_is_shown_here() {
    let edge = start(Helpdesk::default()).await;
    desk(&edge, "cli").await;
    let room = get_room(&edge, "cli").await;
    let mut socket = open(&edge, "/ws/chat/acme/?token=dev-amy").await;
    let request = format!(
        "POST /v1/uploads?room={room}&name=the%20plan.gif HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer dev-cli\r\nContent-Type: image/gif\r\nContent-Length: {}\r\n\r\n{GIF}",
        GIF.len()
    );
    let uploaded: Value = serde_json::from_str(&Answer::parse(&edge.raw(request).await).body).unwrap();
    let content = json!({"type": "image/gif", "payload": uploaded});
    let send = json!({"send": {"id": "s", "room": room, "content": content}});
    let mut native = edge.login("cli").await;
    assert_eq!(crate::edge::command(&mut native, &send.to_string()).await.status, 200);
    let path = event(&mut socket, "new_message").await["file"].as_str().unwrap().to_owned();
    assert!(path.starts_with("/media/uploads/the_plan_") && path.ends_with(".gif"), "{path}");
    assert_eq!(read(&edge, &path, Some("dev-amy"), "").await.body, GIF);
}

#[tokio::test]
async fn a_sender_that_pauses_or_trickles_is_given_up() {
    let short = Duration::from_millis(50);
    let pausing = WsConfig { request_timeout: short, ..WsConfig::default() };
    let trickling = WsConfig { upload_timeout: short, ..WsConfig::default() };
    for config in [pausing, trickling] {
        let edge = start_with(port(Helpdesk::default()), config, ServerConfig::default()).await;
        let head = format!(
            "POST /api/send-message/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token dev-amy\r\n\
             Content-Type: {MULTIPART}\r\nContent-Length: 1000\r\n\r\n--XX\r\n"
        );
        assert_eq!(edge.one_answer(&head).await.status, 400);
    }
}

/// A server whose user may have one upload under way, and files of 100 kB.
async fn narrow() -> (Edge, String) {
    let core = ServerConfig { max_uploads_per_user: 1, ..ServerConfig::default() };
    let helpdesk = Helpdesk { max_upload: 100_000, ..Helpdesk::default() };
    let edge = start_with(port(helpdesk), WsConfig::default(), core).await;
    let uuid = desk(&edge, "cli").await;
    (edge, uuid)
}

#[tokio::test]
async fn an_upload_that_is_cut_leaves_nothing() {
    let (edge, uuid) = narrow().await;
    let mut slow = edge.connect().await;
    let body = form(&[("help_desk", &uuid), ("file:a.txt", &"x".repeat(50_000))]);
    let head = format!(
        "POST /api/send-message/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token dev-amy\r\n\
         Content-Type: {MULTIPART}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&body.as_bytes()[..20_000]).await.unwrap();
    let whole = form(&[("help_desk", &uuid), ("file:b.txt", "b")]);
    soon(async {
        while post(&edge, Some("dev-amy"), (MULTIPART, &whole)).await.status != 429 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let before = history(&edge, &uuid).await.len();
    drop(slow);
    soon(async {
        while post(&edge, Some("dev-amy"), (MULTIPART, &whole)).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(history(&edge, &uuid).await.len(), before + 1, "no message of the one that was cut");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_and_the_server_goes_on() {
    let edge = start(Helpdesk::default()).await;
    let uuid = desk(&edge, "cli").await;
    let large = "x".repeat(20_000_000);
    for parts in [[("help_desk", &*uuid), ("file:a", &*large)], [("file:a", &*large), ("help_desk", &*uuid)]]
    {
        let answer = post(&edge, Some("dev-amy"), (MULTIPART, &form(&parts))).await;
        super::super::refused(&answer, 413, json!({"detail": "Request entity too large."}));
    }
    let body = form(&[("help_desk", &uuid), ("file:a", &large)]);
    let chunked = format!(
        "POST /api/send-message/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Token dev-amy\r\n\
         Content-Type: {MULTIPART}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert_eq!(Answer::parse(&edge.raw(chunked).await).status, 413, "what comes is counted");
    // Who asks before it sends is told before it does.
    let expects = format!(
        "POST /api/send-message/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Token dev-amy\r\n\
         Content-Type: {MULTIPART}\r\nContent-Length: 20000000\r\nExpect: 100-continue\r\n\r\n"
    );
    assert_eq!(Answer::parse(&edge.raw(expects).await).status, 413);
    assert_eq!(history(&edge, &uuid).await, [Value::Null; 0]);
    edge.assert_serving().await;
    let (edge, uuid) = narrow().await;
    for (size, status) in [(100_000, 200), (100_001, 413)] {
        let body = form(&[("help_desk", &uuid), ("file:a", &"x".repeat(size))]);
        assert_eq!(post(&edge, Some("dev-amy"), (MULTIPART, &body)).await.status, status, "{size}");
    }
}

#[tokio::test]
async fn without_a_place_for_files_only_texts_are_taken() {
    let config = WsConfig { operator_token: Some(OPERATOR.to_owned()), ..WsConfig::default() };
    let providers =
        Providers { dialects: vec![port(Helpdesk::default())], blobs: None, ..Providers::default() };
    let edge = Edge::start_with(config, providers, ServerConfig::default()).await;
    operate(&edge, "PUT /v1/organizations/acme/agents/amy", "").await;
    let uuid = desk(&edge, "cli").await;
    let body = form(&[("help_desk", &uuid), ("file:a", "x")]);
    assert_eq!(post(&edge, Some("dev-amy"), (MULTIPART, &body)).await.status, 503);
    created(
        &post(&edge, Some("dev-amy"), (MULTIPART, &form(&[("help_desk", &uuid), ("message", "m")]))).await,
    );
}
