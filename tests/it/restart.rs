//! What a restart must not change, and how a server ends.

use chat_tests::server::{Server, Start, binary};
use chat_tests::socket::{Socket, send};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_a_retry_gives_the_first_answer_and_another_body_a_conflict() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let mut socket = Socket::log_in(&server.url(), "me").await;
    socket.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    let first = socket.ok(&send("m1", "r", "hi")).await;
    assert_eq!((&first["seq"], &first["duplicate"]), (&json!(1), &json!(false)));
    server.kill().await;

    let server = Server::start(data.path(), &Start::default()).await;
    let mut socket = Socket::log_in(&server.url(), "me").await;
    let again = socket.ok(&send("m1", "r", "hi")).await;
    assert_eq!(
        (&again["seq"], &again["offset"], &again["ts"]),
        (&first["seq"], &first["offset"], &first["ts"])
    );
    assert_eq!(again["duplicate"], true);
    let reply = socket.ask(&send("m1", "r", "another body")).await;
    assert_eq!((reply.status, reply.error().unwrap().code.text()), (409, "ERR_CLIENT_ID_CONFLICT"));
    let page = socket.ok(r#"{"history":{"id":"h","room":"r"}}"#).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 1);
}

/// Asks, and gives the answer as it came.
async fn ask(server: &Server, line: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_messages_of_hipochat_are_kept_over_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    for (user, text) in [("1", "first"), ("2", "second")] {
        let item = json!({"message": text, "author": {"user_id": user}}).to_string();
        let answer = ask(&server, &format!("POST /talk/item/some-room/?token=dev-{user}"), &item).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    server.kill().await;
    let server = Server::start(data.path(), &Start::default()).await;
    let answer = ask(&server, "GET /talk/old/some-room/?token=dev-2", "").await;
    let (first, second) = (answer.find(r#""message":"first""#), answer.find(r#""message":"second""#));
    assert!(answer.starts_with("HTTP/1.1 200") && first.is_some() && first < second, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_server_says_1001_and_exits_cleanly_during_traffic() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let mut socket = Socket::log_in(&server.url(), "me").await;
    socket.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    for n in 0..200 {
        socket.say(&send(&format!("m{n}"), "r", "x")).await;
    }
    let ended = tokio::spawn(server.terminate());
    assert_eq!(socket.close_code().await, 1001);
    assert_eq!(ended.await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_data_is_refused_with_its_reason() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let second = tokio::process::Command::new(binary())
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .await
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let reason = String::from_utf8_lossy(&second.stderr);
    assert!(reason.contains(&format!("in use by process {}", server.pid())), "{reason}");
    let mut socket = Socket::log_in(&server.url(), "me").await;
    socket.ok(r#"{"create":{"id":"c","kind":"group"}}"#).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn development_auth_says_so_and_never_leaves_this_machine() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    assert!(server.greeting.iter().any(|line| line.contains("development auth")), "{:?}", server.greeting);
    let exposed = tokio::process::Command::new(binary())
        .args(["--listen", "0.0.0.0:0", "--data"])
        .arg(data.path())
        .output()
        .await
        .unwrap();
    assert_eq!(exposed.status.code(), Some(2));
    let reason = String::from_utf8_lossy(&exposed.stderr);
    assert!(reason.contains("auth.kind") && reason.contains("static"), "{reason}");
}
