//! Haraj Chat at the real binary, started from its example: passwords, sessions of the site, tokens and pushes that outlive the
//! process.

use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_tests::server::{Server, Start};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Another server: what it was sent, head and body in one, and what it answers.
struct Peer {
    url: String,
    heard: Arc<Mutex<Vec<(String, String)>>>,
    status: Arc<AtomicU16>,
}

impl Peer {
    async fn start(status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let peer = Self { url, heard: Arc::default(), status: Arc::new(status.into()) };
        let (heard, status) = (peer.heard.clone(), peer.status.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (heard, status) = (heard.clone(), status.clone());
                tokio::spawn(async move {
                    let mut socket = BufReader::new(socket);
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if socket.read_line(&mut head).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let length = head.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
                    });
                    let mut said = vec![0; length.unwrap_or(0)];
                    socket.read_exact(&mut said).await.unwrap();
                    heard.lock().unwrap().push((head, String::from_utf8(said).unwrap()));
                    let (status, length) = (status.load(Ordering::Relaxed), body.len());
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
                    );
                    let _ = socket.write_all(answer.as_bytes()).await;
                });
            }
        });
        peer
    }

    /// Waits until it heard so much.
    async fn hears(&self, number: usize) -> (String, String) {
        let heard = async {
            loop {
                if let Some(heard) = self.heard.lock().unwrap().get(number - 1) {
                    return heard.clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), heard).await.expect("it is told in time")
    }
}

/// A call; its status and body.
async fn call(server: &Server, line: &str, token: &str, body: Value) -> (u64, Value) {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {answer}")).1;
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{line}: {answer}"));
    (body["status"].as_u64().unwrap(), body)
}

async fn log_in(server: &Server, login: Value) -> String {
    let (status, body) = call(server, "POST /chat/sessions", "none", login).await;
    assert_eq!(status, 200, "{body}");
    body["data"]["access_token"].as_str().unwrap().to_owned()
}

fn basic(username: &str, password: &str) -> Value {
    json!({"auth_type": "basic", "username": username, "password": password})
}

fn example(push: &Peer, log: &Path) -> Start {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/config/haraj.toml");
    let env = vec![
        ("CHAT_CONFIG".to_owned(), config.into_os_string()),
        ("CHAT_DIALECTS__HARAJ__PUSH_URL".to_owned(), format!("{}send", push.url).into()),
        ("CHAT_DIALECTS__HARAJ__PUSH_TOKEN".to_owned(), "key-of-the-service".into()),
        ("CHAT_LOG__FILTER".to_owned(), "trace".into()),
    ];
    Start { env, log: Some(log.to_owned()), ..Start::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_lets_users_in_and_its_pushes_outlive_the_process() {
    let data = tempfile::tempdir().unwrap();
    let (log, store) = (data.path().join("log"), data.path().join("data"));
    let service = Peer::start(503, "").await;
    let start = example(&service, &log);
    let server = Server::start(&store, &start).await;
    let ann = log_in(&server, basic("ann", "ann-s-password")).await;
    let bob = log_in(&server, basic("bob", "password")).await;
    for wrong in [basic("ann", "password"), basic("1", "ann-s-password"), basic("eve", "password")] {
        let (status, body) = call(&server, "POST /chat/sessions", "none", wrong).await;
        assert_eq!((status, &body["err"]), (409, &json!("ERR_MISMATCH_CREDENTIALS")));
    }
    let device = json!({"what": "update_device", "device": {"token": "device-of-bob", "platform": "iOS"}});
    assert_eq!(call(&server, "PUT /chat/users/2", &bob, device).await.0, 200);
    let topic = json!({"type": "p2p", "with_id": 2});
    assert_eq!(call(&server, "POST /chat/users/1/topics", &ann, topic).await.0, 200);
    let hello = json!({"content": {"type": "text/plain", "payload": {"text": "hello!"}}});
    let sent = call(&server, "POST /chat/users/1/topics/p2p1_2/messages", &ann, hello).await;
    assert_eq!(sent.1["data"]["message"]["name"], "Ann");
    service.hears(1).await;
    server.kill().await;

    service.status.store(200, Ordering::Relaxed);
    let heard = service.heard.lock().unwrap().len();
    let again = data.path().join("log-2");
    let server = Server::start(&store, &Start { log: Some(again.clone()), ..start }).await;
    let (head, body) = service.hears(heard + 1).await;
    assert!(head.starts_with("POST /send HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("authorization: bearer key-of-the-service"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["message"]["token"], "device-of-bob");
    assert_eq!(body["message"]["apns"]["payload"]["xdata"]["content"]["payload"]["text"], "hello!");
    assert_eq!(body["message"]["apns"]["payload"]["xto"], json!([2]));
    let (status, renewed) = call(&server, "PUT /sessions/2", &bob, Value::Null).await;
    assert_eq!(status, 200, "a signed token outlives the process, too");
    let renewed = renewed["data"]["access_token"].as_str().unwrap().to_owned();
    assert_ne!(renewed, bob);
    assert_eq!(call(&server, "GET /chat/users/2/topics", &renewed, Value::Null).await.0, 200);
    assert_eq!(server.terminate().await, Some(0));

    let log = std::fs::read_to_string(log).unwrap() + &std::fs::read_to_string(again).unwrap();
    assert!(log.contains("TRACE") && log.contains("haraj /chat/sessions"), "{log:.2000}");
    for secret in [&*ann, &*bob, &*renewed, "ann-s-password", "device-of-bob", "key-of-the-service", "hello!"]
    {
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} is logged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_the_site_is_asked_about_there_and_becomes_a_token() {
    let data = tempfile::tempdir().unwrap();
    let site = Peer::start(200, r#"{"user_id":7}"#).await;
    let env = [
        ("CHAT_AUTH__KIND", "http"),
        ("CHAT_AUTH__URL", &site.url),
        ("CHAT_DIALECTS__HARAJ__AUTH__KIND", "jwt"),
        ("CHAT_DIALECTS__HARAJ__AUTH__SECRET", "0123456789abcdef0123456789abcdef"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.into())).to_vec();
    let server = Server::start(&data.path().join("data"), &Start { env, ..Start::default() }).await;
    let session = json!({"auth_type": "haraj_session", "session_value": "s-7"});
    let token = log_in(&server, session).await;
    assert!(site.hears(1).await.0.to_ascii_lowercase().contains("authorization: bearer s-7"));
    assert_eq!(call(&server, "GET /chat/users/7/topics", &token, Value::Null).await.0, 200);
    assert_eq!(call(&server, "GET /chat/users/7/topics", "s-7", Value::Null).await.0, 401, "it is no token");
    site.status.store(401, Ordering::Relaxed);
    let session = json!({"auth_type": "haraj_session", "session_value": "s-8"});
    let (status, body) = call(&server, "POST /chat/sessions", "none", session).await;
    assert_eq!((status, &body["err"]), (409, &json!("ERR_MISMATCH_CREDENTIALS")));
    assert_eq!(server.terminate().await, Some(0));
}
