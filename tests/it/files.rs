//! SIGKILL while files go, and a directory that takes none: no file is left that nothing names, and none is lost that
//! something does.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chat_protocol::reply::Uploaded;
use chat_tests::server::{Server, Start};
use chat_tests::socket::Socket;

use crate::forget::ask;

/// Files that go in one round, and files that stay.
const GO: usize = 200;
const STAY: usize = 10;

/// Rounds in which a kill has to meet a server that has deleted some of the files and not all.
const ROUNDS: usize = 6;

/// How long it may take until all that is due is gone.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start(data: &Path, listen: Option<SocketAddr>) -> Server {
    Server::start(data, &Start { listen, ..Start::default() }).await
}

/// The names of the files that are there, wherever in the directory.
pub(crate) fn on_disk(data: &Path) -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![data.join("uploads")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => _ = found.insert(path.file_name().unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    found.remove("LOCK");
    found
}

/// Waits until a number of files is there.
async fn until(data: &Path, what: impl Fn(usize) -> bool) {
    let wait = async {
        while !what(on_disk(data).len()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("in time");
}

async fn upload(server: &Server) -> (u16, String) {
    ask(server, "POST", "/v1/uploads?room=r&name=a.txt", "dev-ann", "text").await
}

async fn url(server: &Server) -> String {
    let (status, body) = upload(server).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Uploaded>(&body).unwrap().url
}

fn name(url: &str) -> String {
    url.rsplit('/').next().unwrap().to_owned()
}

/// Sends a message that names a file; its number.
async fn post(ann: &mut Socket, url: &str) -> u64 {
    let content = format!(r#"{{"type":"image/png","payload":{{"url":"{url}"}}}}"#);
    let name = name(url);
    let send = format!(r#"{{"send":{{"id":"s","room":"r","client_msg_id":"{name}","content":{content}}}}}"#);
    ann.ok(&send).await["seq"].as_u64().unwrap()
}

/// Names files in messages, deletes these, and kills the server as soon as it has begun to delete files, or before. How many
/// files were there then.
async fn round(data: &Path, server: Server, early: bool) -> (usize, SocketAddr) {
    let mut ann = Socket::log_in(&server.url(), "ann").await;
    let mut numbers = Vec::with_capacity(GO);
    for _ in 0..GO {
        let url = url(&server).await;
        numbers.push(post(&mut ann, &url).await);
    }
    for seq in &numbers {
        ann.say(&format!(r#"{{"delete":{{"id":"d","room":"r","seq":{seq}}}}}"#)).await;
    }
    for _ in &numbers {
        assert_eq!(ann.any_reply().await.status, 200);
    }
    if !early {
        until(data, |files| files < GO + STAY).await;
    }
    let address = server.address();
    server.kill().await;
    (on_disk(data).len(), address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_no_file_that_nothing_names_and_takes_none_that_is_named() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let mut server = start(data, None).await;
    let mut ann = Socket::log_in(&server.url(), "ann").await;
    ann.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    let mut stay = Vec::new();
    for _ in 0..STAY {
        stay.push(url(&server).await);
        post(&mut ann, stay.last().unwrap()).await;
    }
    drop(ann);
    let (mut before, mut between) = (0, 0);
    for number in 0..ROUNDS {
        let (files, address) = round(data, server, number % 2 == 0).await;
        println!("killed with {files} files of {}", GO + STAY);
        before += usize::from(files == GO + STAY);
        between += usize::from(files < GO + STAY && files > STAY);
        server = start(data, Some(address)).await;
        until(data, |files| files == STAY).await;
    }
    assert!(before > 0 && between > 0, "a kill met each step");
    assert_eq!(on_disk(data), stay.iter().map(|url| name(url)).collect());
    for url in &stay {
        assert_eq!(ask(&server, "GET", url, "dev-bob", "").await, (200, "text".to_owned()));
    }
    let metrics = async || ask(&server, "GET", "/metrics", "", "").await.1;
    let wait = async {
        while !metrics().await.contains(&format!("chat_upload_files {STAY}\n")) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("those that are gone count no more");
    let bytes = format!("chat_upload_stored_bytes {}\n", STAY * 4_096);
    assert!(metrics().await.contains(&bytes), "and neither do their bytes");
    server.kill().await;
}

#[tokio::test]
async fn a_directory_that_takes_no_files_is_told_and_gets_none() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let server = Server::start(data.path(), &Start { log: Some(log.clone()), ..Start::default() }).await;
    let mut ann = Socket::log_in(&server.url(), "ann").await;
    ann.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    // Rights would not stop a test that is run by root.
    let under_way = data.path().join("uploads/under-way");
    std::fs::remove_dir(&under_way).unwrap();
    let (status, body) = upload(&server).await;
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("ERR_STORAGE_UNAVAILABLE") && body.contains("files cannot be kept now"), "{body}");
    assert!(std::fs::read_to_string(&log).unwrap().contains("the store of files failed"), "the log says why");
    assert_eq!(on_disk(data.path()), BTreeSet::new());
    std::fs::create_dir(&under_way).unwrap();
    let url = url(&server).await;
    assert_eq!(on_disk(data.path()), BTreeSet::from([name(&url)]), "without a restart");
    // The last step fails: the folder of the next name is a file, whichever it is.
    for first in 0..=255_u8 {
        let folder = data.path().join(format!("uploads/{first:02x}"));
        if !folder.exists() {
            std::fs::write(folder, "").unwrap();
        }
    }
    let (status, body) = loop {
        let answer = upload(&server).await;
        if answer.0 != 200 {
            break answer;
        }
    };
    assert_eq!(status, 503, "{body}");
    assert_eq!(std::fs::read_dir(&under_way).unwrap().count(), 0, "no half file");
    server.kill().await;
}
