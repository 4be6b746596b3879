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

/// What must not come out: tokens that are taken, tokens that are not, the operator's, one for pushes, what people write, and what
/// stands in paths.
const SECRETS: [&str; 8] = [
    "dev-seymour",
    "dev-lynx",
    "wrong-kestrel",
    "op-albatross",
    "push-cormorant",
    "text-heron",
    "query-egret",
    "path-plover",
];

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
const TOKENS: [&str; 6] =
    ["dev-seymour", "dev-lynx", "wrong-kestrel", "op-albatross", "push-cormorant", "query-egret"];

/// What came back.
#[derive(Default)]
struct Told {
    /// To who was refused: none of the secrets is in it.
    refused: Vec<String>,
    /// To who was not: what people write is, and tokens are not.
    answered: Vec<String>,
}

impl Told {
    /// The answer to a request that begins with this line.
    fn add(&mut self, line: &str, answer: String) {
        // A login is answered with a token, and who registers a device with what was registered, as documented.
        let gives_back =
            ["POST /chat/sessions", "PUT /chat/sessions/", "PUT /sessions/", "PUT /chat/users/seymour"];
        match answer.starts_with("HTTP/1.1 2") {
            true if gives_back.iter().any(|call| line.starts_with(call)) => {}
            true => self.answered.push(answer),
            false => self.refused.push(answer),
        }
    }
}

/// Sockets of another user in every format, open until the server ends: the name of the format, and all that it was told.
async fn listen(server: &Server) -> Vec<(&'static str, tokio::task::JoinHandle<String>)> {
    let base = server.url();
    let base = base.strip_suffix("/v1/ws").unwrap();
    let mut listeners = Vec::new();
    for (format, path, first) in [
        ("native", "/v1/ws", r#"{"auth":{"id":"a","token":"dev-lynx"}}"#),
        ("tndata", "/chat/seymour/?token=dev-lynx", ""),
        ("chats", "/ws/chats/?token=dev-lynx", ""),
        ("haraj", "/chat/ws", r#"{"auth":{"id":"a","access_token":"dev-lynx"}}"#),
        ("hipochat", "/talk/chat/query-egret/?token=dev-lynx", ""),
        ("helpdesk", "/ws/chat/acme/?token=dev-lynx", ""),
    ] {
        let (mut socket, _) = connect_async(format!("{base}{path}")).await.unwrap();
        if !first.is_empty() {
            socket.send(first.into()).await.unwrap();
        }
        let listener = tokio::spawn(async move {
            let mut heard = String::new();
            while let Some(Ok(frame)) = socket.next().await {
                heard += &format!("{frame}\n");
            }
            heard
        });
        listeners.push((format, listener));
    }
    listeners
}

/// Two agents of an organization and a desk of it, whose uuid is given.
async fn make_desk(server: &Server) -> String {
    let operator = "Authorization: Bearer op-albatross\r\nContent-Type: application/json";
    for agent in ["seymour", "lynx"] {
        let head = format!("PUT /v1/organizations/acme/agents/{agent} HTTP/1.1\r\n{operator}");
        let answer = http(server, &head, "").await;
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    let desk = r#"{"kind":"desk","desk":{"organization":"acme","client":"cli"}}"#;
    let answer = http(server, &format!("POST /v1/rooms HTTP/1.1\r\n{operator}"), desk).await;
    assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    let list = "GET /api/help-desks/?organization=acme&token=dev-lynx HTTP/1.1\r\nAccept: */*";
    let answer = http(server, list, "").await;
    let desks: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    desks[0]["uuid"].as_str().unwrap().to_owned()
}

/// Opens sockets of existing systems, whose tokens stand in the address, in headers, in a cookie and in frames; gives all that
/// they are told.
async fn foreign_sockets(server: &Server) -> Vec<String> {
    let mut told = Vec::new();
    let base = server.url();
    let base = base.strip_suffix("/v1/ws").unwrap();
    for token in ["dev-seymour", "wrong-kestrel"] {
        for (path, header) in [
            (format!("/chat/lynx/?token={token}"), None),
            ("/?room=wrong-kestrel".to_owned(), Some(("authorization", format!("token {token}")))),
            ("/chat/lynx/".to_owned(), Some(("cookie", format!("sessionid={token}")))),
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
                format!(r#"{{"type":"new_message","token":"{token}","text":"text-heron"}}"#),
            ] {
                // Whatever stands in an object of hipochat is its client's own and told as it is, but for `token`.
                if path.starts_with("/talk") && !frame.starts_with(r#"{"text":"#) {
                    continue;
                }
                // So is `data` of helpdesk.
                if path.starts_with("/ws/chat/acme") && frame.contains(r#""data""#) {
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
    r#"{"chat_type":"direct","chat_id":"lynx_seymour","text":"text-heron","reply_to":null,"file_urls":[]}"#;

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

/// Says things over a socket, some of which are taken.
async fn frames(server: &Server) -> Told {
    let mut told = Told::default();
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
        let list = if reply.status >= 400 { &mut told.refused } else { &mut told.answered };
        list.push(format!("{reply:?}"));
    }
    socket.say(&format!(r#"{{"auth":{{"id":"1","token":"wrong-kestrel{}"}}}}"#, "x".repeat(1 << 20))).await;
    socket.close_code().await;
    told
}

/// Asks over HTTP, with tokens that are taken and others.
async fn requests(server: &Server, desk: &str, told: &mut Told) {
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    let history = format!("GET /api/help-desks/{desk}/history/?token=wrong-kestrel");
    let case = format!(r#"{{"help_desk":"{desk}","message":"text-heron","token":"dev-seymour"}}"#);
    let form = ["help_desk", "message", "token", "file\"; filename=\"plan.txt"];
    let form = form.into_iter().zip([desk, "text-heron", "dev-seymour", "text-heron"]);
    let form = form.map(|(name, value)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let form = form.collect::<String>() + "--XX--\r\n";
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
            ("POST /chat/users/seymour/topics/p2plynx_seymour/messages", haraj_send),
            ("POST /chat/uploads", r#"{"mime_type":"text-heron","file_size":1}"#),
            ("PUT /chat/uploads/wrong-kestrel", "text-heron"),
            ("GET /chat/uploads/query-egret", ""),
            ("GET /api/help-desks/?organization=acme", ""),
            (&history, ""),
            ("POST /api/send-message/?token=wrong-kestrel", &case),
            ("POST /api/send-message/", &form),
            ("GET /media/uploads/query-egret", ""),
            ("GET /metrics", ""),
        ] {
            let kind =
                if body.starts_with("--XX") { "multipart/form-data; boundary=XX" } else { "text/plain" };
            let head = format!("{line} HTTP/1.1\r\n{}\r\nContent-Type: {kind}", bearer(token));
            told.add(line, http(server, &head, body).await);
        }
    }
    told.refused.push(http(server, "BREW wrong-kestrel HTCPCP/1.0", "wrong-kestrel").await);
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
            *path = format!("{before}path-plover{}", after.map_or("", |(_, after)| after));
        }
    }
    calls
}

/// Asks for everything that existing systems have over HTTP, with tokens wherever their clients put them.
async fn foreign_requests(server: &Server, told: &mut Told) {
    let login =
        r#"{"auth_type":"basic","username":"text-heron","password":"wrong-kestrel","message":"text-heron"}"#;
    for token in ["dev-seymour", "wrong-kestrel"] {
        for (method, path) in calls() {
            // Whatever is injected is told as it is, but for `token`.
            let item = r#"{"message":"text-heron","token":"wrong-kestrel"}"#;
            let body = if path.starts_with("/talk/item/") { item } else { login };
            for (query, header) in [
                (String::new(), format!("Authorization: Token {token}\r\nAuthentication: Token {token}")),
                (format!("?token={token}&page={token}&limit={token}"), "Accept: */*".to_owned()),
            ] {
                let head =
                    format!("{method} {path}{query} HTTP/1.1\r\n{header}\r\nContent-Type: application/json");
                told.add(&format!("{method} {path}"), http(server, &head, body).await);
            }
        }
    }
    let page = "GET /api/chat/?token=dev-seymour&page_size=1 HTTP/1.1\r\nAccept: */*";
    let answer = http(server, page, "").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""next":"http"#), "{answer}");
    assert!(!answer.contains("dev-seymour"), "the address of the next page is without the token: {answer}");
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
    let desk = make_desk(&server).await;
    let listeners = listen(&server).await;
    handshakes(&server).await;
    let mut heard = foreign_sockets(&server).await;
    let mut told = frames(&server).await;
    requests(&server, &desk, &mut told).await;
    foreign_requests(&server, &mut told).await;
    assert!(told.refused.len() > 20 && told.answered.len() > 20, "{:#?} {:#?}", told.refused, told.answered);
    let metrics = http(&server, "GET /metrics HTTP/1.1\r\nAuthorization: Bearer op-albatross", "").await;
    assert!(metrics.contains("chat_refused_total"), "{metrics}");
    assert_eq!(server.terminate().await, Some(0));
    let shown = panel.await.unwrap();
    for (format, listener) in listeners {
        let all = listener.await.unwrap();
        assert!(all.contains("text-heron"), "who listens in {format} hears what is said, not only {all}");
        heard.push(all);
    }
    for format in ["native", "native events", "tndata", "chats", "haraj", "hipochat", "helpdesk"] {
        assert!(shown.contains(&format!(r#""format":"{format}""#)), "nothing of {format} is shown");
    }
    assert!(shown.contains("text-heron") && shown.contains("•••"), "bodies are shown, tokens are not");
    assert!(heard.iter().any(|frame| frame.contains("text-heron")), "somebody was told something");
    for token in TOKENS {
        let of_panel = shown.lines().filter(|line| line.contains(token)).collect::<Vec<_>>();
        assert!(of_panel.is_empty(), "{token} is shown in {of_panel:#?}");
        // The name of a room of hipochat is told to those who are in it, and is a secret to others.
        let all = heard.iter().chain(&told.answered).filter(|_| token != "query-egret");
        let told = all.filter(|told| told.contains(token)).collect::<Vec<_>>();
        assert!(told.is_empty(), "{token} is told in {told:#?}");
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
        let told = told.refused.iter().find(|told| told.contains(secret));
        assert_eq!(told, None, "{secret} is repeated");
    }
}
