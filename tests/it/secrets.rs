//! Tokens and texts are nobody's but their owners': whatever is logged and measured, and whatever is refused, they are in none
//! of it; and tokens are in nothing that any socket is told, nor in what the debug panel shows of all of them.

use std::time::Duration;

use chat_tests::server::{Server, Start};
use chat_tests::socket::Socket;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What must not come out: tokens that are taken, tokens that are not, the operator's, one for pushes, and what people write.
const SECRETS: [&str; 6] =
    ["dev-seymour", "wrong-kestrel", "op-albatross", "push-cormorant", "text-heron", "query-egret"];

/// Sends a request and reads all of the answer.
async fn http(server: &Server, head: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request =
        format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A stream of events has no end, and is left after a while.
    let reading = socket.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(2), reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Opens WebSockets whose handshake carries a token in each of the ways that there are, and one in a refused one.
async fn handshakes(server: &Server) {
    for token in ["dev-seymour", "wrong-kestrel"] {
        for (query, header) in [
            (String::new(), Some(("authorization", format!("Bearer {token}")))),
            (String::new(), Some(("sec-websocket-protocol", format!("chat.v1, bearer.{token}")))),
            (format!("?token={token}"), None),
            (String::new(), Some(("authorization", format!("Basic {token}")))),
            (format!("?token={token}"), Some(("sec-websocket-protocol", format!("mqtt.{token}")))),
            (format!("?token={token}"), Some(("origin", "https://evil.example".to_owned()))),
        ] {
            let mut request = format!("{}{query}", server.url()).into_client_request().unwrap();
            if let Some((name, value)) = header {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            if let Ok((mut socket, _)) = connect_async(request).await {
                socket.send(r#"{"auth":{"id":"1","follow":false}}"#.into()).await.unwrap();
                let _ = socket.next().await;
            }
        }
    }
}

/// What is known by those who have it and by nobody else: unlike a text, it is told to nobody at all.
const TOKENS: [&str; 5] = ["dev-seymour", "wrong-kestrel", "op-albatross", "push-cormorant", "query-egret"];

/// Opens sockets of existing systems, whose tokens stand in the address, in headers, in a cookie and in frames; gives all that
/// they are told.
async fn foreign_sockets(server: &Server) -> Vec<String> {
    let mut told = Vec::new();
    let base = server.url();
    let base = base.strip_suffix("/v1/ws").unwrap();
    for token in ["dev-seymour", "wrong-kestrel"] {
        for (path, header) in [
            (format!("/chat/2/?token={token}"), None),
            ("/?room=wrong-kestrel".to_owned(), Some(("authorization", format!("token {token}")))),
            ("/chat/2/".to_owned(), Some(("cookie", format!("sessionid={token}")))),
            (format!("/ws/chats/?token={token}"), None),
            ("/ws/chat/".to_owned(), Some(("sec-websocket-protocol", format!("Bearer, {token}")))),
            (format!("/talk/chat/query-egret/?token={token}"), None),
            (format!("/ws/chat/acme/?token={token}"), None),
            (format!("/nothing/{token}"), None),
            ("/chat/ws".to_owned(), None),
        ] {
            let mut request = format!("{base}{path}").into_client_request().unwrap();
            if let Some((name, value)) = header {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            let (mut socket, answer) = match connect_async(request).await {
                Ok(opened) => opened,
                Err(Error::Http(refused)) => {
                    told.push(format!("{refused:?}"));
                    continue;
                }
                Err(error) => panic!("{path}: {error}"),
            };
            told.push(format!("{answer:?}"));
            for frame in [
                format!(r#"{{"auth":{{"id":"a","access_token":"{token}"}}}}"#),
                format!(r#"{{"auth":{{"id":"a","access_token":["{token}"],"{token}":1}}}}"#),
                r#"{"listen":{"id":"l","peer_id":2}}"#.to_owned(),
                r#"{"received":"584d07235fb9e4f2ab2a2c0c24142180"}"#.to_owned(),
                format!(r#"{{"text":"text-heron","message":"text-heron","from":1,"token":"{token}"}}"#),
                format!(r#"{{"type":"new_message","content":{DIRECT},"data":"{{\"token\":\"{token}\"}}"}}"#),
                format!(r#"{{"type":"new_message","content":{{"chat_type":"direct","token":"{token}"}}}}"#),
                format!(r#"{{"type":"set_online","content":{{"token":"{token}"}}}}"#),
                format!(r#"{{"auth":{{"access_token":"{token}"#),
                format!(r#"{{"type":"{token}","content":{{"text":"text-heron"}}}}"#),
            ] {
                // Whatever stands in an object of hipochat is its client's own and told as it is, but for `token`.
                if path.starts_with("/talk") && !frame.starts_with(r#"{"text":"#) {
                    continue;
                }
                // One that was told and closed takes nothing more.
                let _ = socket.send(frame.into()).await;
            }
            let heard = async {
                while let Some(Ok(frame)) = socket.next().await {
                    told.push(frame.to_string());
                }
            };
            // What is told comes at once, and nothing says that it is all.
            let _ = tokio::time::timeout(Duration::from_millis(100), heard).await;
        }
    }
    told
}

/// A message to another user.
const DIRECT: &str =
    r#"{"chat_type":"direct","chat_id":"2_seymour","text":"text-heron","reply_to":null,"file_urls":[]}"#;

/// Looks at the debug panel until the server ends, and gives all that it showed.
async fn look(server: &Server) -> tokio::task::JoinHandle<String> {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let request =
        "GET /chat/debug/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer op-albatross\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    tokio::spawn(async move {
        let mut shown = Vec::new();
        let _ = socket.read_to_end(&mut shown).await;
        String::from_utf8_lossy(&shown).into_owned()
    })
}

/// Says things over a socket, some of which are taken; gives the refusals.
async fn frames(server: &Server) -> Vec<String> {
    let mut told = Vec::new();
    let mut socket = Socket::open(&server.url()).await;
    for frame in [
        r#"{"auth":{"id":"1","token":"wrong-kestrel"}}"#,
        r#"{"auth":{"id":"1","token":["wrong-kestrel"]}}"#,
        r#"{"auth":["1","wrong-kestrel"]}"#,
        r#"{"auth":{"id":"1","wrong-kestrel":1,"wrong-kestrel":1,"token":7}}"#,
        r#"{"auth":{"id":"1","token":"wrong-kestrel"#,
        r#"{"wrong-kestrel":{"id":"1"}}"#,
        r#"{"auth":{"id":"1","token":"dev-seymour","follow":false}}"#,
        r#"{"auth":{"id":"1","token":"dev-seymour","device_id":7}}"#,
        r#"{"create":{"id":"1","kind":"group","room":"r","name":"text-heron"}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"text/plain","payload":{"text":"text-heron"}}}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"text-heron","payload":{"text":"text-heron"}}}}"#,
        r#"{"send":{"id":"1","room":"r","content":{"type":"text/plain","payload":{"text-heron":"text-heron"}}}}"#,
        r#"{"edit":{"id":"1","room":"r","seq":1,"content":{"type":"text/plain","payload":{"text":"text-heron"}}}}"#,
        r#"{"search":{"id":"1","query":"text-heron"}}"#,
        r#"{"device":{"id":"1","device_id":"d","push":{"service":"fcm","token":"push-cormorant"}}}"#,
        r#"{"device":{"id":"1","device_id":"d","push":{"service":"push-cormorant","token":["push-cormorant"]}}}"#,
    ] {
        socket.say(frame).await;
        let reply = socket.any_reply().await;
        told.extend((reply.status >= 400).then(|| format!("{reply:?}")));
    }
    socket.say(&format!(r#"{{"auth":{{"id":"1","token":"wrong-kestrel{}"}}}}"#, "x".repeat(1 << 20))).await;
    socket.close_code().await;
    told
}

/// Asks over HTTP, with tokens that are taken and others; gives the refusals.
async fn requests(server: &Server) -> Vec<String> {
    let mut told = Vec::new();
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    let send = r#"{"content":{"type":"text/plain","payload":{"text":"text-heron"}}}"#;
    let haraj_send =
        r#"{"content":{"type":"text/plain","payload":{"text":"text-heron"}},"session_id":"wrong-kestrel"}"#;
    let haraj_device = r#"{"what":"update_device","device":{"token":"push-cormorant","platform":"iOS"}}"#;
    for token in ["dev-seymour", "wrong-kestrel", "op-albatross"] {
        for (line, body) in [
            ("GET /v1/inbox?token=wrong-kestrel", ""),
            ("GET /v1/search?query=query-egret", ""),
            ("GET /v1/events?follow=false", ""),
            ("POST /v1/commands?session_id=none", r#"{"auth":{"id":"1","token":"wrong-kestrel"}}"#),
            ("POST /v1/rooms/r/messages", send),
            ("POST /v1/rooms/r/messages", r#"{"content":["text-heron"]}"#),
            ("POST /v1/uploads?room=r&name=query-egret", "text-heron"),
            ("GET /v1/nothing/wrong-kestrel", ""),
            ("GET /api/chat/?token=wrong-kestrel&page=2", ""),
            ("GET /api/chat/wrong-kestrel/", ""),
            ("GET /api/chat/history/?room=query-egret&size=wrong-kestrel", ""),
            ("PUT /api/chat/read/", r#"{"room":"text-heron"}"#),
            ("DELETE /api/chat/wrong-kestrel/", ""),
            ("GET /talk/old/wrong-kestrel/?token=wrong-kestrel", ""),
            ("GET /talk/old/query-egret/?token=wrong-kestrel", ""),
            (
                "POST /talk/item/query-egret/?token=dev-seymour",
                r#"{"message":"text-heron","token":"dev-seymour"}"#,
            ),
            ("POST /talk/item/query-egret/?token=wrong-kestrel", r#"{"message":"text-heron"}"#),
            ("GET /talk/notification/query-egret/?token=dev-seymour&type=wrong-kestrel", ""),
            ("GET /talk/history/query-egret?token=wrong-kestrel&limit=text-heron", ""),
            (
                "POST /talk/new-chat-room/query-egret?token=dev-seymour",
                "tokens=wrong-kestrel&tokens=dev-seymour",
            ),
            ("POST /talk/unsubscribe/query-egret?token=wrong-kestrel", "tokens=dev-seymour"),
            ("POST /api/chat?token=wrong-kestrel", r#"{"users":["text-heron"]}"#),
            ("POST /api/chat?token=dev-seymour", r#"{"users":"text-heron"}"#),
            ("POST /chat/sessions", r#"{"auth_type":"basic","username":"ann","password":"wrong-kestrel"}"#),
            ("POST /chat/sessions", r#"{"auth_type":"wrong-kestrel","session_value":"wrong-kestrel"}"#),
            ("PUT /chat/sessions/seymour", ""),
            ("PUT /chat/users/seymour", haraj_device),
            ("PUT /chat/users/wrong-kestrel", haraj_device),
            ("POST /chat/users/seymour/topics/p2p1_2/messages", haraj_send),
            ("POST /chat/uploads", r#"{"mime_type":"text-heron","file_size":1}"#),
            ("PUT /chat/uploads/wrong-kestrel", "text-heron"),
            ("GET /chat/uploads/query-egret", ""),
            ("GET /metrics", ""),
        ] {
            let answer = http(server, &format!("{line} HTTP/1.1\r\n{}", bearer(token)), body).await;
            told.extend((!answer.starts_with("HTTP/1.1 2")).then_some(answer));
        }
    }
    told.push(http(server, "BREW wrong-kestrel HTCPCP/1.0", "wrong-kestrel").await);
    told
}

/// Method and path of every call of every existing system, as published.
fn calls() -> Vec<(&'static str, String)> {
    use chat_protocol::dialect::{chats, haraj, helpdesk, hipochat, tndata};
    let mut calls = Vec::new();
    macro_rules! calls_of {
        ($($format:ident)*) => {$(
            calls.extend($format::ROUTES.iter().map(|route| (route.method, route.path.to_owned())));
        )*};
    }
    calls_of!(tndata chats hipochat haraj helpdesk);
    for (_, path) in &mut calls {
        // Whatever a path names, here it is named by a secret.
        while let Some((before, after)) =
            path.split_once('{').map(|(before, rest)| (before, rest.split_once('}')))
        {
            *path = format!("{before}wrong-kestrel{}", after.map_or("", |(_, after)| after));
        }
    }
    calls
}

/// Asks for everything that existing systems have over HTTP, with tokens wherever their clients put them; gives the refusals.
async fn foreign_requests(server: &Server) -> Vec<String> {
    let mut told = Vec::new();
    let body =
        r#"{"auth_type":"basic","username":"text-heron","password":"wrong-kestrel","message":"text-heron"}"#;
    for token in ["dev-seymour", "wrong-kestrel"] {
        for (method, path) in calls() {
            for (query, header) in [
                (String::new(), format!("Authorization: Token {token}\r\nAuthentication: Token {token}")),
                (format!("?token={token}&page={token}&limit={token}"), "Accept: */*".to_owned()),
            ] {
                let head =
                    format!("{method} {path}{query} HTTP/1.1\r\n{header}\r\nContent-Type: application/json");
                let answer = http(server, &head, body).await;
                told.extend((!answer.starts_with("HTTP/1.1 2")).then_some(answer));
            }
        }
    }
    let page = "GET /api/chat/?token=dev-seymour&page_size=1 HTTP/1.1\r\nAccept: */*";
    let answer = http(server, page, "").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""next":"http"#), "{answer}");
    assert!(!answer.contains("dev-seymour"), "the address of the next page is without the token: {answer}");
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_and_no_text_is_logged_measured_or_repeated() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let env = [
        ("CHAT_LOG__FILTER", "trace"),
        ("CHAT_AUTH__QUERY_TOKEN", "true"),
        ("CHAT_OPERATOR__TOKEN", "op-albatross"),
        ("CHAT_DEBUG_PANEL__ENABLED", "true"),
        ("CHAT_DEBUG_PANEL__BODIES", "true"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.into())).to_vec();
    let start = Start { env, log: Some(log.clone()), ..Start::default() };
    let server = Server::start(&data.path().join("data"), &start).await;
    let panel = look(&server).await;
    handshakes(&server).await;
    let heard = foreign_sockets(&server).await;
    let mut told = frames(&server).await;
    told.extend(requests(&server).await);
    told.extend(foreign_requests(&server).await);
    assert!(told.len() > 20, "{told:#?}");
    let metrics = http(&server, "GET /metrics HTTP/1.1\r\nAuthorization: Bearer op-albatross", "").await;
    assert!(metrics.contains("chat_refused_total"), "{metrics}");
    assert_eq!(server.terminate().await, Some(0));
    let shown = panel.await.unwrap();
    for format in ["native", "native events", "tndata", "chats", "haraj", "hipochat"] {
        assert!(shown.contains(&format!(r#""format":"{format}""#)), "nothing of {format} is shown");
    }
    assert!(shown.contains("text-heron") && shown.contains("•••"), "bodies are shown, tokens are not");
    assert!(heard.iter().any(|frame| frame.contains("text-heron")), "somebody was told something");
    for token in TOKENS {
        let of_panel = shown.lines().filter(|line| line.contains(token)).collect::<Vec<_>>();
        assert!(of_panel.is_empty(), "{token} is shown in {of_panel:#?}");
        // The name of a room of hipochat is told to those who are in it, and is a secret to others.
        let heard = heard.iter().find(|frame| frame.contains(token) && token != "query-egret");
        assert_eq!(heard, None, "{token} is told");
    }
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("TRACE") && log.contains("/v1/inbox") && log.contains("tndata /api/chat/{id}/"),
        "everything was logged that anybody would: {log:.2000}"
    );
    for secret in SECRETS {
        let found: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(
            found.is_empty(),
            "{secret} is in {} lines of the log, such as {:.500}",
            found.len(),
            found[0]
        );
        assert!(!metrics.contains(secret), "{secret} is among the metrics");
        let told = told.iter().find(|told| told.contains(secret));
        assert_eq!(told, None, "{secret} is repeated");
    }
}
