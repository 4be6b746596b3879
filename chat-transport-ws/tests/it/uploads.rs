//! Files in and out over HTTP.

mod resumable;

use std::time::Duration;

use chat_protocol::reply::Uploaded;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::edge::{Answer, Edge, command};
use crate::raw::soon;

const PNG: &str = "\u{1}PNG";

/// A server that takes files of 1,000 bytes, and a room `r` of users `a` (owner) and `b`.
async fn start(config: WsConfig, server: ServerConfig) -> Edge {
    start_large(config, ServerConfig { max_upload: 1_000, ..server }).await
}

/// The same for files as large as the settings say.
async fn start_large(config: WsConfig, server: ServerConfig) -> Edge {
    let edge = Edge::start_with(config, Providers::default(), server).await;
    let mut a = edge.login("a").await;
    let room = r#"{"create":{"id":"1","room":"r","kind":"group","access":"open"}}"#;
    let created = command(&mut a, room).await;
    assert_eq!(created.status, 200, "{created:?}");
    let mut b = edge.login("b").await;
    assert_eq!(command(&mut b, r#"{"join":{"id":"1","room":"r"}}"#).await.status, 200);
    edge
}

async fn usual() -> Edge {
    start(WsConfig::default(), ServerConfig::default()).await
}

fn request(user: &str, query: &str, kind: &str, length: usize) -> String {
    format!(
        "POST /v1/uploads?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer dev-{user}\r\n\
         Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
}

async fn post(edge: &Edge, user: &str, query: &str, kind: &str, body: &[u8]) -> Answer {
    let mut bytes = request(user, query, kind, body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Answer::parse(&edge.raw(bytes).await)
}

async fn put(edge: &Edge, kind: &str, body: &[u8]) -> Uploaded {
    let answer = post(edge, "a", "room=r&name=pl%C3%A4n%22.txt", kind, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

async fn get(edge: &Edge, user: &str, url: &str, headers: &str) -> Answer {
    edge.ask(&format!("GET {url} HTTP/1.1\r\nAuthorization: Bearer dev-{user}{headers}")).await
}

#[tokio::test]
async fn members_read_what_a_member_uploaded() {
    let edge = usual().await;
    let body = "x".repeat(1_000);
    let uploaded = put(&edge, "text/plain; charset=utf-8", body.as_bytes()).await;
    assert_eq!(
        (uploaded.name.as_str(), uploaded.size, uploaded.kind.as_str()),
        ("plän\".txt", 1_000, "text/plain")
    );
    for user in ["a", "b"] {
        let answer = get(&edge, user, &uploaded.url, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body.as_str()));
        let name = uploaded.url.rsplit('/').next().unwrap();
        for (header, value) in [
            ("content-type", "text/plain"),
            ("content-length", "1000"),
            ("content-disposition", "attachment; filename*=UTF-8''pl%C3%A4n%22.txt"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cache-control", "private, no-cache"),
            ("accept-ranges", "bytes"),
            ("etag", &format!("\"{name}\"")),
        ] {
            assert_eq!(answer.header(header), Some(value), "{header}");
        }
    }
}

#[tokio::test]
async fn strangers_cannot_tell_a_file_from_none() {
    let edge = usual().await;
    let uploaded = put(&edge, "text/plain", b"secret").await;
    let none = format!("/v1/uploads/{}", "0".repeat(32));
    let stranger = get(&edge, "c", &uploaded.url, "").await;
    let missing = get(&edge, "c", &none, "").await;
    assert_eq!(stranger.refusal(), "ERR_FORBIDDEN_ACCESS");
    assert_eq!((missing.status, missing.refusal()), (stranger.status, stranger.refusal()));
    for name in ["x", "..%2f..%2fetc%2fpasswd", "..", "%00"] {
        assert_eq!(
            get(&edge, "a", &format!("/v1/uploads/{name}"), "").await.refusal(),
            "ERR_FORBIDDEN_ACCESS",
            "{name}"
        );
    }
    assert_eq!(edge.get(&uploaded.url).await.refusal(), "ERR_NOT_AUTHENTICATED");
    let mut b = edge.login("b").await;
    assert_eq!(command(&mut b, r#"{"leave":{"id":"1","room":"r"}}"#).await.status, 200);
    assert_eq!(get(&edge, "b", &uploaded.url, "").await.refusal(), "ERR_FORBIDDEN_ACCESS", "a former member");
    assert_eq!(post(&edge, "b", "room=r", "text/plain", b"x").await.refusal(), "ERR_FORBIDDEN_ACCESS");
    assert_eq!(post(&edge, "b", "room=nowhere", "text/plain", b"x").await.refusal(), "ERR_FORBIDDEN_ACCESS");
}

#[tokio::test]
async fn no_file_is_run_in_the_servers_name() {
    let edge = usual().await;
    for (kind, body, found) in [
        ("text/html", &b"<!DOCTYPE html><script>x</script>"[..], "application/octet-stream"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream"),
        ("text/plain", b"<!DOCTYPE html><script>x</script>", "application/octet-stream"),
        ("application/pdf", b"%PDF-1.7", "application/pdf"),
    ] {
        let uploaded = put(&edge, kind, body).await;
        assert_eq!(uploaded.kind, found, "{kind}");
        let answer = get(&edge, "b", &uploaded.url, "").await;
        assert_eq!(answer.header("content-type"), Some(found));
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment"), "{kind}");
    }
    let gif = put(&edge, "image/png", b"GIF89a").await;
    assert_eq!(gif.kind, "image/gif", "the bytes count");
    let shown = get(&edge, "b", &gif.url, "").await;
    assert!(shown.header("content-disposition").unwrap().starts_with("inline"));
}

#[tokio::test]
async fn what_is_not_taken_is_refused_by_name() {
    let only = vec!["image/*".to_owned()];
    let edge =
        start(WsConfig::default(), ServerConfig { upload_types: only, ..ServerConfig::default() }).await;
    let large = "x".repeat(1_001);
    for (query, kind, body, code) in [
        ("room=r", "image/png", PNG, "ERR_UNSUPPORTED_MEDIA_TYPE"),
        ("room=r", "image/png", "<!DOCTYPE html>", "ERR_UNSUPPORTED_MEDIA_TYPE"),
        ("room=r", "image/svg+xml", "<svg/>", "ERR_UNSUPPORTED_MEDIA_TYPE"),
        ("room=r", "text/plain", "hi", "ERR_UNSUPPORTED_MEDIA_TYPE"),
        ("room=r", "multipart/form-data; boundary=x", "--x", "ERR_UNSUPPORTED_MEDIA_TYPE"),
        ("room=r", "image/gif", large.as_str(), "ERR_TOO_LARGE"),
        ("", "image/gif", "GIF89a", "ERR_BAD_REQUEST"),
        ("room=", "image/gif", "GIF89a", "ERR_BAD_REQUEST"),
    ] {
        let answer = post(&edge, "a", query, kind, body.as_bytes()).await;
        assert_eq!(answer.refusal(), code, "{query} {kind}");
    }
    let name = format!("room=r&name={}", "x".repeat(256));
    assert_eq!(post(&edge, "a", &name, "image/gif", b"GIF89a").await.refusal(), "ERR_BAD_REQUEST");
    // No length is announced: what comes is counted.
    let chunked = format!(
        "POST /v1/uploads?room=r HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer dev-a\r\n\
         Content-Type: image/gif\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nGIF89a\r\n3e9\r\n{large}\r\n0\r\n\r\n"
    );
    assert_eq!(Answer::parse(&edge.raw(chunked).await).refusal(), "ERR_TOO_LARGE");
}

#[tokio::test]
async fn a_range_gives_its_bytes() {
    let edge = usual().await;
    let url = put(&edge, "text/plain", b"0123456789").await.url;
    let tag = format!("\"{}\"", url.rsplit('/').next().unwrap());
    for (headers, status, body, range) in [
        ("Range: bytes=2-4".to_owned(), 206, "234", Some("bytes 2-4/10")),
        ("Range: bytes=-3".to_owned(), 206, "789", Some("bytes 7-9/10")),
        ("Range: bytes=8-99".to_owned(), 206, "89", Some("bytes 8-9/10")),
        ("Range: bytes=10-".to_owned(), 416, "", Some("bytes */10")),
        ("Range: bytes=0-1,3-4".to_owned(), 200, "0123456789", None),
        (format!("Range: bytes=0-0\r\nIf-Range: {tag}"), 206, "0", Some("bytes 0-0/10")),
        ("Range: bytes=0-0\r\nIf-Range: \"other\"".to_owned(), 200, "0123456789", None),
        (format!("If-None-Match: \"other\", W/{tag}"), 304, "", None),
        ("If-None-Match: \"other\"".to_owned(), 200, "0123456789", None),
    ] {
        let answer = get(&edge, "b", &url, &format!("\r\n{headers}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{headers}");
        assert_eq!(answer.header("content-range"), range, "{headers}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{headers}");
    }
    let head = edge.ask(&format!("HEAD {url} HTTP/1.1\r\nAuthorization: Bearer dev-b")).await;
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", Some("10")));
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_uploads_under_way_and_a_cut_one_gives_its_place_back() {
    let edge =
        start(WsConfig::default(), ServerConfig { max_uploads_per_user: 1, ..ServerConfig::default() }).await;
    let mut slow = edge.connect().await;
    slow.write_all(request("a", "room=r", "text/plain", 9).as_bytes()).await.unwrap();
    slow.write_all(b"half").await.unwrap();
    soon(async {
        while post(&edge, "a", "room=r", "text/plain", b"x").await.status != 429 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(post(&edge, "b", "room=r", "text/plain", b"x").await.status, 200, "others are not concerned");
    drop(slow);
    soon(async {
        while post(&edge, "a", "room=r", "text/plain", b"x").await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_pauses_or_trickles_is_given_up() {
    let short = Duration::from_millis(50);
    let pausing = WsConfig { request_timeout: short, ..WsConfig::default() };
    let trickling = WsConfig { upload_timeout: short, ..WsConfig::default() };
    for config in [pausing, trickling] {
        let edge = start(config, ServerConfig::default()).await;
        let mut slow = edge.connect().await;
        slow.write_all(request("a", "room=r", "text/plain", 9).as_bytes()).await.unwrap();
        slow.write_all(b"half").await.unwrap();
        let mut answer = Vec::new();
        soon(slow.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(Answer::parse(&answer).refusal(), "ERR_HEARTBEAT_TIMEOUT");
    }
}

#[tokio::test]
async fn a_server_without_a_blob_store_says_so() {
    let providers = Providers { blobs: None, ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, ServerConfig::default()).await;
    assert_eq!(post(&edge, "a", "room=r", "text/plain", b"x").await.refusal(), "ERR_NOT_SUPPORTED");
    assert_eq!(get(&edge, "a", "/v1/uploads/x", "").await.refusal(), "ERR_NOT_SUPPORTED");
}
