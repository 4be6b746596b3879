//! SIGKILL while a user is forgotten: nothing of it stays, nothing of others goes, and nothing is told twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chat_protocol::event::{Deleted, Outcome};
use chat_protocol::reply::{ForgetData, Uploaded};
use chat_protocol::{Event, HistoryPage};
use chat_tests::server::{Server, Start};
use chat_tests::socket::{Socket, send};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const OPERATOR: &str = "op-secret";
const ROOMS: usize = 40;
/// Messages of the one who goes in each room; the other has one more.
const EACH: usize = 100;

/// How long it may take to go on, a lease that has to run out included.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start(data: &Path, listen: Option<SocketAddr>) -> Server {
    let env = vec![("CHAT_OPERATOR__TOKEN".to_owned(), OPERATOR.into())];
    Server::start(data, &Start { listen, env, ..Start::default() }).await
}

/// Status and body of a request.
pub(crate) async fn ask(server: &Server, method: &str, path: &str, token: &str, body: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
    );
    let rest = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    socket.write_all((head + &rest).as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn room(n: usize) -> String {
    format!("r{n}")
}

/// Ann owns all rooms and writes much, Bob is in all of them and writes once in each; Ann's file.
async fn fill(server: &Server) -> Uploaded {
    let (mut ann, mut bob) =
        (Socket::log_in(&server.url(), "ann").await, Socket::log_in(&server.url(), "bob").await);
    for n in 0..ROOMS {
        let room = room(n);
        let create = format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}","members":["bob"]}}}}"#);
        ann.ok(&create).await;
        bob.ok(&send("b", &room, "stays")).await;
        for m in 0..EACH {
            ann.say(&send(&format!("m{m}"), &room, "goes")).await;
        }
        for _ in 0..EACH {
            assert_eq!(ann.any_reply().await.status, 200);
        }
    }
    let stored = ask(server, "POST", "/v1/uploads?room=r0&name=a.txt", "dev-ann", "text").await;
    assert_eq!(stored.0, 200, "{stored:?}");
    serde_json::from_str(&stored.1).unwrap()
}

/// A session that is told of all rooms; the epoch.
async fn follow(server: &Server) -> (Socket, String) {
    let mut bob = Socket::open(&server.url()).await;
    let data = bob.ok(r#"{"auth":{"id":"auth","token":"dev-bob"}}"#).await;
    (bob, data["epoch"].as_str().unwrap().to_owned())
}

async fn deleted(bob: &mut Socket) -> Deleted {
    let wait = async {
        loop {
            if let Event::Deleted(deleted) = bob.event().await.expect("still open") {
                return deleted;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it goes on")
}

/// How many messages of the one who goes are still there.
async fn left(server: &Server) -> usize {
    let mut left = 0;
    for n in 0..ROOMS {
        for message in history(server, n).await {
            left += usize::from(message.from.as_str() == "ann" && message.deleted_at.is_none());
        }
    }
    left
}

async fn history(server: &Server, n: usize) -> Vec<chat_protocol::Message> {
    let mut messages = Vec::new();
    loop {
        let path = format!("/v1/rooms/{}/messages?limit=100&after={}", room(n), messages.len());
        let (status, body) = ask(server, "GET", &path, OPERATOR, "").await;
        assert_eq!(status, 200, "{body}");
        let page: HistoryPage = serde_json::from_str(&body).unwrap();
        messages.extend(page.messages);
        if !page.more {
            return messages;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_is_killed_twice_goes_on_to_its_end() {
    let data = tempfile::tempdir().unwrap();
    let mut server = start(data.path(), None).await;
    let upload = fill(&server).await;
    let (mut bob, _) = follow(&server).await;
    let (status, body) = ask(&server, "DELETE", "/v1/users/ann", "dev-ann", "").await;
    assert_eq!(status, 202, "{body}");
    let begun: ForgetData = serde_json::from_str(&body).unwrap();
    let mut before = ROOMS * EACH;
    for kill in 1..=2 {
        deleted(&mut bob).await;
        let address = server.address();
        server.kill().await;
        server = start(data.path(), Some(address)).await;
        let still = left(&server).await;
        println!("kill {kill}: {still} messages of {before} are left");
        assert!(0 < still && still < before, "it was in the middle");
        before = still;
        bob = follow(&server).await.0;
        let (status, body) = ask(&server, "GET", "/v1/inbox", "dev-ann", "").await;
        assert!(status == 403 && body.contains("being deleted"), "it does not come back halfway: {body}");
        let again = ask(&server, "DELETE", "/v1/users/ann", "dev-ann", "").await;
        assert_eq!((again.0, serde_json::from_str(&again.1).unwrap()), (202, begun.clone()));
    }
    let done = async {
        while ask(&server, "DELETE", "/v1/users/ann", OPERATOR, "").await.0 != 204 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("it ends");
    assert_eq!(ask(&server, "GET", &upload.url, OPERATOR, "").await.0, 403, "the file is gone");
    for n in 0..ROOMS {
        check_room(&server, n).await;
    }
    check_log(&server).await;
    server.kill().await;
}

/// Every number is there, and only what Bob wrote says something.
async fn check_room(server: &Server, n: usize) {
    let messages = history(server, n).await;
    let seqs: Vec<u64> = messages.iter().map(|message| message.seq.get()).collect();
    assert_eq!(seqs, (1..=EACH as u64 + 1).collect::<Vec<_>>());
    for message in &messages {
        let (mine, text) = (message.from.as_str() == "bob", message.content.text().unwrap());
        assert_eq!((message.deleted_at.is_none(), &*text), (mine, if mine { "stays" } else { "" }));
        assert_eq!(message.client_msg_id.is_some(), mine);
    }
    let (_, body) = ask(server, "GET", &format!("/v1/rooms/{}", room(n)), OPERATOR, "").await;
    let state: chat_protocol::RoomState = serde_json::from_str(&body).unwrap();
    assert_eq!(state.members, 1, "it has left");
}

/// The whole log of a room: no hole, and each message deleted once.
async fn check_log(server: &Server) {
    let (mut bob, epoch) = follow(server).await;
    bob.say(&format!(
        r#"{{"resume":{{"id":"again","epoch":"{epoch}","user_offset":0,"rooms":{{"r0":0}}}}}}"#
    ))
    .await;
    let (mut next, mut deletions) = (1, BTreeMap::<u64, usize>::new());
    loop {
        let event = bob.event().await.expect("still open");
        let offset = match &event {
            Event::Message(message) => message.offset,
            Event::Deleted(deleted) => deleted.offset,
            Event::Member(changed) => changed.offset,
            Event::Room(changed) => changed.offset,
            Event::Resumed(resumed)
                if resumed.id.is_some() && resumed.room.as_ref().is_some_and(|of| of.as_str() == "r0") =>
            {
                assert_eq!(resumed.outcome, Outcome::Recovered);
                break;
            }
            _ => continue,
        };
        assert_eq!(offset.get(), next, "{event:?}");
        next += 1;
        if let Event::Deleted(deleted) = event {
            *deletions.entry(deleted.seq.get()).or_default() += 1;
        }
    }
    assert_eq!(deletions, (2..=EACH as u64 + 1).map(|seq| (seq, 1)).collect());
}
