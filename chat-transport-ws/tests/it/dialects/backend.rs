//! hipochat's two addresses of the operator's backend, played by a real server: who a token is, and whom a message did not
//! reach.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chat_auth_http::{Form, HttpAuth, HttpConfig, IdKey};
use chat_protocol::dialect::hipochat::{Hipochat, PushForm};
use chat_push_http::{EndpointConfig, HipochatPush, HipochatPushConfig};
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{NUMBER, OPERATOR, Socket, TEXT, alike, open};
use crate::edge::{Answer, Edge};
use crate::raw::soon;

const ROOM: &str = "e598c2a9-317a-4577-8cbd-7fd5f0cddbdf";
const OTHER: &str = "0b1c2d3e-317a-4577-8cbd-7fd5f0cddbdf";

/// Stands in place of the path when a push is answered.
const ANSWERED: &str = "answered";

/// What the backend was asked: path, `Authorization`, content type, body.
type Asked = (String, String, String, String);

/// The operator's backend.
struct Backend {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// The statuses of the next pushes; 200 when there is none left.
    statuses: Arc<Mutex<Vec<u16>>>,
    /// One is needed for each push that is answered.
    answers: Arc<Semaphore>,
}

impl Backend {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let backend = Self {
            url,
            asked: Arc::default(),
            statuses: Arc::default(),
            answers: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        };
        let (asked, statuses, answers) =
            (backend.asked.clone(), backend.statuses.clone(), backend.answers.clone());
        let router = Router::new().fallback(move |request: Request| {
            let (asked, statuses, answers) = (asked.clone(), statuses.clone(), answers.clone());
            async move {
                let (parts, body) = request.into_parts();
                let header = |name| {
                    parts.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
                };
                let (path, token) = (parts.uri.path().to_owned(), header("authorization"));
                let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
                let kind = header("content-type");
                asked.lock().unwrap().push((path.clone(), token.clone(), kind.clone(), body.clone()));
                if path == "/profile" {
                    return profile(&token);
                }
                answers.acquire().await.unwrap().forget();
                asked.lock().unwrap().push((ANSWERED.to_owned(), token, kind, body));
                let status = statuses.lock().unwrap().pop().unwrap_or(200);
                StatusCode::from_u16(status).unwrap().into_response()
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        backend
    }

    /// A server that asks it; `set` decides how it is told of messages.
    async fn server(&self, set: impl FnOnce(&mut HipochatPushConfig)) -> Edge {
        let form = Form::Profile(IdKey([7; 32]));
        let config = HttpConfig { form, ..HttpConfig::new(format!("{}/profile", self.url)) };
        let profiles = Arc::new(HttpAuth::new(config).unwrap());
        let mut config = HipochatPushConfig::new(format!("{}/push", self.url));
        config.endpoint = EndpointConfig { backoff: Duration::from_millis(1), ..config.endpoint };
        set(&mut config);
        let push = Arc::new(HipochatPush::new(config).unwrap());
        let auth = Some(push.remembering(profiles.clone()));
        let port = Port { open_rooms: true, read_on_entry: true, auth, ..Port::new(Hipochat::default()) };
        let providers = Providers {
            dialects: vec![port],
            directory: profiles,
            absence: Some(push),
            ..Providers::default()
        };
        let config = WsConfig { operator_token: Some(OPERATOR.to_owned()), ..WsConfig::default() };
        Edge::start_with(config, providers, ServerConfig::default()).await
    }

    fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| asked.0 == path).cloned().collect()
    }

    /// The push with this number, from 1.
    async fn push(&self, number: usize) -> (String, String, String) {
        let pushes = async {
            while self.asked("/push").len() < number {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon(pushes).await;
        let (_, token, kind, body) = self.asked("/push").swap_remove(number - 1);
        (token, kind, body)
    }
}

/// What is said of the users of the tokens.
fn profile(token: &str) -> Response {
    match token.strip_prefix("Token tok-") {
        Some("ann@example.org") => {
            r#"{"user_id":1,"name":"Ann","surname":"Lee","city":"Izmir","token":"tok-ann@example.org"}"#
                .into_response()
        }
        Some("bob") => r#"{"user_id":"2","name":"Bob"}"#.into_response(),
        Some("anybody") => "OK".into_response(),
        Some("broken") => StatusCode::BAD_GATEWAY.into_response(),
        _ => StatusCode::FORBIDDEN.into_response(),
    }
}

async fn join(edge: &Edge, token: &str) -> Socket {
    enter(edge, ROOM, token).await
}

async fn enter(edge: &Edge, room: &str, token: &str) -> Socket {
    open(edge, &format!("/talk/chat/{room}/?token=tok-{token}")).await
}

async fn call(edge: &Edge, line: &str, token: &str, body: &str) -> Answer {
    super::calls::ask(edge, line, Some(token), ("application/json", body)).await
}

fn ann() -> Value {
    json!({"user_id": 1, "name": "Ann", "surname": "Lee", "city": "Izmir"})
}

#[tokio::test]
async fn a_profile_says_who_a_token_is_and_who_wrote() {
    let backend = Backend::start().await;
    let edge = backend.server(|_| {}).await;
    let (mut ann_socket, mut other) = (join(&edge, "ann@example.org").await, join(&edge, "anybody").await);
    ann_socket.say(json!({"message": "hi"})).await;
    let told = json!({"message": "hi", "author": ann(), "timestamp": NUMBER, "token": ROOM});
    other.hears(told.clone()).await;
    ann_socket.hears(told).await;
    other.say(json!({"message": "me"})).await;
    let author = json!({"user_id": TEXT});
    let frame =
        other.hears(json!({"message": "me", "author": author, "timestamp": NUMBER, "token": ROOM})).await;
    let id = frame["author"]["user_id"].as_str().unwrap();
    assert!(id.len() == 32 && !id.contains("tok"), "a hash of the token: {id}");
    assert_eq!(backend.asked("/profile").len(), 2, "each token once");
    let (wrong, broken) = ("authentication error", "not available, try again later");
    for (token, why) in [("wrong", wrong), ("broken", broken), ("", wrong)] {
        let mut socket = join(&edge, token).await;
        socket.hears(json!({"ERROR": why})).await;
        assert_eq!(socket.closed().await, Some(1008));
    }
    let old = format!("GET /talk/old/{ROOM}/");
    for (token, status) in [("tok-wrong", 400), ("tok-broken", 503), ("tok-bob", 200)] {
        assert_eq!(call(&edge, &old, token, "").await.status, status, "{token}");
    }
    let answer = call(&edge, &old, "tok-bob", "").await;
    let old: Value = serde_json::from_str(&answer.body).unwrap();
    let first = json!({"message": "hi", "author": ann(), "timestamp": NUMBER});
    assert!(alike(&old["oldy"][0], &first), "{old}");
    assert!(!answer.body.contains("tok-"), "{answer:?}");
}

#[tokio::test]
async fn the_backend_is_told_whom_a_message_did_not_reach() {
    let backend = Backend::start().await;
    let edge = backend.server(|config| config.token = Some("of-ours".to_owned())).await;
    let (mut ann_socket, bob) = (join(&edge, "ann@example.org").await, join(&edge, "bob").await);
    drop(join(&edge, "anybody").await);
    until_open(&edge, 2).await;
    ann_socket.say(json!({"message": "bob is here"})).await;
    let push: Value = serde_json::from_str(&backend.push(1).await.2).unwrap();
    let away = push["receivers"].as_array().unwrap().clone();
    assert!(away.len() == 1 && away[0] != "2", "nobody but who is away: {push}");
    drop(bob);
    until_open(&edge, 1).await;
    let mut away = [away[0].clone(), json!("2")];
    away.sort_by_key(ToString::to_string);
    *backend.statuses.lock().unwrap() = vec![503];
    ann_socket.say(json!({"message": "hello", "author": "ann", "token": "tok-ann@example.org"})).await;
    // The first attempt was not taken.
    let (token, kind, body) = backend.push(3).await;
    assert_eq!((token.as_str(), kind.as_str()), ("Token tok-ann@example.org", "application/json"));
    let push = json!({
        "chat_token": ROOM, "type": "message", "receivers": away, "body": "hello", "author": ann(),
    });
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), push);
    assert!(!body.contains("tok-"), "{body}");

    let line = format!("POST /talk/item/{ROOM}/");
    assert_eq!(call(&edge, &line, OPERATOR, r#"{"sold":true}"#).await.status, 200);
    let (token, _, body) = backend.push(4).await;
    assert_eq!(token, "Token of-ours", "the operator is none of the backend's users");
    let push: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&push["type"], &push["body"]), (&json!("item"), &json!({"sold": true})));
    assert_eq!(push["receivers"], json!(away));

    // Of a token that the backend does not know any more ours takes the place, until its user comes again. That one is tried
    // again like any other post that is not taken: somebody will mend it.
    *backend.statuses.lock().unwrap() = vec![200, 401, 401];
    for text in ["stale", "next"] {
        ann_socket.say(json!({"body": {"message": text}})).await;
    }
    let (ours, theirs) = ("Token of-ours", "Token tok-ann@example.org");
    for (number, token, text) in
        [(5, theirs, "stale"), (6, ours, "stale"), (7, ours, "stale"), (8, ours, "next")]
    {
        let (with, _, body) = backend.push(number).await;
        assert!(with == token && body.contains(text), "{number}: {with} {body}");
    }
    let mut ann_socket = join(&edge, "ann@example.org").await;
    ann_socket.say(json!({"message": "again"})).await;
    assert_eq!(backend.push(9).await.0, theirs);
}

/// Waits until the server has noticed that all other sockets are gone.
async fn until_open(edge: &Edge, connections: usize) {
    while edge.server.connections() > connections {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn without_a_token_of_ours_one_that_is_not_good_any_more_is_final() {
    let backend = Backend::start().await;
    let edge = backend.server(|_| {}).await;
    drop(join(&edge, "bob").await);
    until_open(&edge, 0).await;
    let mut ann_socket = join(&edge, "ann@example.org").await;
    *backend.statuses.lock().unwrap() = vec![401];
    for text in ["refused", "next"] {
        ann_socket.say(json!({"message": text})).await;
    }
    for (number, text) in [(1, "refused"), (2, "next")] {
        let (token, _, body) = backend.push(number).await;
        assert!(token == "Token tok-ann@example.org" && body.contains(text), "{token} {body}");
    }
    assert_eq!(backend.asked("/push").len(), 2);
}

#[tokio::test]
async fn a_backend_that_does_not_answer_delays_nobody() {
    let backend = Backend::start().await;
    let edge = backend.server(|_| {}).await;
    drop((join(&edge, "bob").await, enter(&edge, OTHER, "bob").await));
    until_open(&edge, 0).await;
    let (mut ann_socket, mut elsewhere) =
        (join(&edge, "ann@example.org").await, enter(&edge, OTHER, "ann@example.org").await);
    backend.answers.forget_permits(Semaphore::MAX_PERMITS);
    for text in ["one", "two", "three"] {
        ann_socket.say(json!({"message": text})).await;
        assert_eq!(ann_socket.hear().await["message"], text);
    }
    elsewhere.say(json!({"message": "elsewhere"})).await;
    assert_eq!(elsewhere.hear().await["message"], "elsewhere");
    // What is told of another room comes while the first one hangs, and was begun behind all of this room.
    backend.push(2).await;
    backend.answers.add_permits(4);
    backend.push(4).await;
    while backend.asked(ANSWERED).len() < 4 {
        tokio::task::yield_now().await;
    }
    let asked = backend.asked.lock().unwrap().clone();
    let here = asked.iter().filter(|asked| asked.3.contains(ROOM));
    let here: Vec<(&str, Value)> = here
        .map(|(path, .., body)| (path.as_str(), serde_json::from_str::<Value>(body).unwrap()["body"].clone()))
        .collect();
    let each = |text: &str| [("/push", json!(text)), (ANSWERED, json!(text))];
    assert_eq!(here, ["one", "two", "three"].map(each).concat(), "one after the other");
}

#[tokio::test]
async fn the_form_of_the_first_version_names_the_room_alone() {
    let backend = Backend::start().await;
    let edge = backend.server(|config| config.form = PushForm::Form).await;
    drop(join(&edge, "bob").await);
    until_open(&edge, 0).await;
    join(&edge, "ann@example.org").await.say(json!({"message": "hi"})).await;
    let (token, kind, body) = backend.push(1).await;
    assert_eq!(
        (token.as_str(), kind.as_str()),
        ("Token tok-ann@example.org", "application/x-www-form-urlencoded")
    );
    assert_eq!(body, format!("chat_token={ROOM}&type=message"));
}
