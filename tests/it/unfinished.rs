//! SIGKILL while a file comes in several requests: it is whole or gone, nothing of it stays on the disk, and its sender is told
//! which.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use chat_protocol::reply::Uploaded;
use chat_tests::server::{Server, Start};
use chat_tests::socket::Socket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::files::on_disk;
use crate::forget::ask;

const SIZE: usize = 3_000_000;

/// How often the server is killed in each place.
const ROUNDS: usize = 4;

const PATIENCE: Duration = Duration::from_secs(60);

/// Where the server is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// While nothing comes.
    Between,
    /// While bytes come.
    Inside,
    /// When the last byte has come and the file has no place yet.
    AtTheEnd,
    /// As soon as it has its place, answered or not.
    Placed,
    /// After the last byte was answered.
    After,
}

fn file() -> Vec<u8> {
    (0..).flat_map(|n: u32| format!("{n} ").into_bytes()).take(SIZE).collect()
}

/// Sends the head of a request, with the bytes of a file from one place on, up to another.
async fn say(server: &Server, line: &str, headers: &str, bytes: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer dev-ann\r\n\
         Tus-Resumable: 1.0.0\r\n{headers}\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    // A server that is killed takes no more.
    _ = socket.write_all(bytes).await;
    socket
}

async fn patch(server: &Server, url: &str, from: usize, bytes: &[u8], announced: usize) -> TcpStream {
    let kind = "Content-Type: application/offset+octet-stream";
    let headers = format!("{kind}\r\nUpload-Offset: {from}\r\nContent-Length: {announced}\r\n");
    say(server, &format!("PATCH {url}"), &headers, bytes).await
}

/// Status, head and body of the answer; 0 when there is none.
async fn heard(mut socket: TcpStream) -> (u16, String, String) {
    let mut answer = String::new();
    _ = socket.read_to_string(&mut answer).await;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return (0, String::new(), String::new()) };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
}

async fn announce(server: &Server) -> String {
    let headers = format!("Upload-Length: {SIZE}\r\nContent-Length: 0\r\n");
    let line = "POST /v1/uploads/resumable?room=r&name=a.txt&type=text/plain";
    let (status, head, body) = heard(say(server, line, &headers, b"").await).await;
    assert_eq!(status, 201, "{body}");
    header(&head, "location").unwrap()
}

/// Waits until so many bytes of a file have come, or it is whole.
async fn until(data: &Path, name: &str, bytes: u64) {
    let place = data.join("uploads/under-way").join(name);
    let wait = async {
        while std::fs::metadata(&place).is_ok_and(|meta| meta.len() < bytes) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("in time");
}

/// Sends a file and kills the server in between; its address.
async fn cut(data: &Path, server: Server, kill: Kill, file: &[u8]) -> String {
    let url = announce(&server).await;
    let name = url.rsplit('/').next().unwrap();
    let half = SIZE / 2;
    let (status, ..) = heard(patch(&server, &url, 0, &file[..half], half).await).await;
    assert_eq!(status, 204);
    match kill {
        Kill::Between => {}
        Kill::Inside => {
            let rest = patch(&server, &url, half, &file[half..SIZE - 1], half).await;
            until(data, name, half as u64 + 1).await;
            drop(rest);
        }
        Kill::AtTheEnd | Kill::Placed => {
            let _rest = patch(&server, &url, half, &file[half..], half).await;
            let placed = matches!(kill, Kill::Placed);
            until(data, name, if placed { u64::MAX } else { SIZE as u64 }).await;
            server.kill().await;
            return url;
        }
        Kill::After => {
            let (status, _, body) = heard(patch(&server, &url, half, &file[half..], half).await).await;
            assert_eq!(status, 200, "{body}");
        }
    }
    server.kill().await;
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_a_file_whole_or_gone_and_its_sender_is_told_which() {
    let data = tempfile::tempdir().unwrap();
    let (data, file) = (data.path(), file());
    let mut server = Server::start(data, &Start::default()).await;
    let mut ann = Socket::log_in(&server.url(), "ann").await;
    ann.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    drop(ann);
    let mut kept = BTreeSet::new();
    let kills = [Kill::Between, Kill::Inside, Kill::AtTheEnd, Kill::Placed, Kill::After];
    for kill in std::iter::repeat_n(kills, ROUNDS).flatten() {
        let mut url = cut(data, server, kill, &file).await;
        server = Server::start(data, &Start::default()).await;
        assert_eq!(std::fs::read_dir(data.join("uploads/under-way")).unwrap().count(), 0, "{kill:?}");
        let (status, head, _) = heard(say(&server, &format!("HEAD {url}"), "", b"").await).await;
        println!("{kill:?}: {status}");
        match kill {
            Kill::Between | Kill::Inside => assert_eq!(status, 404),
            Kill::AtTheEnd => assert!(matches!(status, 200 | 404), "{status}"),
            Kill::Placed | Kill::After => assert_eq!(status, 200, "it is whole"),
        }
        if status == 404 {
            url = announce(&server).await;
            let (status, _, body) = heard(patch(&server, &url, 0, &file, SIZE).await).await;
            assert_eq!(status, 200, "{body}");
            let uploaded: Uploaded = serde_json::from_str(&body).unwrap();
            assert_eq!(uploaded.url.rsplit('/').next(), url.rsplit('/').next());
        } else {
            assert_eq!(header(&head, "upload-offset"), Some(SIZE.to_string()));
            assert_eq!(header(&head, "content-location"), Some(url.replace("/resumable", "")));
        }
        let (status, bytes) = ask(&server, "GET", &url.replace("/resumable", ""), "dev-ann", "").await;
        assert!(status == 200 && bytes.as_bytes() == file, "{kill:?}: not the bytes that were sent");
        kept.insert(url.rsplit('/').next().unwrap().to_owned());
        assert_eq!(on_disk(data), kept, "{kill:?}");
    }
    server.kill().await;
}
