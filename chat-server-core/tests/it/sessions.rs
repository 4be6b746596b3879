//! Sessions: listed, tied to devices, replaced, revoked, refreshed and expired.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{Command, ErrorCode, Event, Frame, Timestamp, UserId, decode};
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};
use serde_json::{Value, json};

use crate::peer::{Peer, quick, server, server_of, shared};

/// A connection that says `auth` with these fields beside the id; the data of the reply.
async fn log_in(server: &ChatServer, fields: Value) -> (Peer, Value) {
    let mut peer = Peer::connect(server);
    let data = peer.ok(&auth(fields)).await;
    (peer, data)
}

fn auth(mut fields: Value) -> String {
    fields["id"] = json!("auth");
    json!({"auth": fields}).to_string()
}

fn alice(device: &str) -> Value {
    json!({"token": "dev-alice", "device_id": device})
}

/// The code of the close frame; packets before it are passed over.
pub(crate) async fn closed(peer: &mut Peer) -> u16 {
    loop {
        match peer.frame().await.expect("a close frame before the end") {
            Frame::Close(close) => return close.code,
            Frame::Text(_) | Frame::Ping => {}
            other => panic!("{other:?}"),
        }
    }
}

fn named(session: &Value) -> String {
    format!(r#"{{"revoke":{{"id":"v","session_id":{session}}}}}"#)
}

const SESSIONS: &str = r#"{"sessions":{"id":"s"}}"#;

#[tokio::test]
async fn own_sessions_are_listed_with_their_devices_the_most_recently_heard_first() {
    let server = server();
    let (mut phone, on_phone) = log_in(&server, alice("phone")).await;
    let (mut laptop, on_laptop) = log_in(&server, alice("laptop")).await;
    let (_bob, _) = log_in(&server, json!({"token": "dev-bob"})).await;
    let list = phone.ok(SESSIONS).await;
    let shown = |list: &Value| -> Vec<Value> {
        let sessions = list["sessions"].as_array().unwrap().iter();
        sessions.map(|s| json!([s["session_id"], s["device_id"], s["connected"], s["current"]])).collect()
    };
    let entry =
        |data: &Value, device: &str, current: bool| json!([data["session_id"], device, true, current]);
    assert_eq!(shown(&list), [entry(&on_phone, "phone", true), entry(&on_laptop, "laptop", false)]);
    let list = laptop.ok(SESSIONS).await;
    assert_eq!(shown(&list), [entry(&on_laptop, "laptop", true), entry(&on_phone, "phone", false)]);
    assert_eq!(list["sessions"][0]["dialect"], "native");
    let caller = Caller::User(UserId::new("alice").unwrap());
    let over_http =
        server.command(&caller, decode::<Command>(SESSIONS.as_bytes()).unwrap()).await.unwrap().unwrap();
    let over_http: Value = serde_json::from_str(over_http.get()).unwrap();
    assert_eq!(over_http["sessions"].as_array().unwrap().len(), 2);
    assert!(shown(&over_http).iter().all(|session| session[3] == false), "a request has no session");
}

#[tokio::test]
async fn sessions_have_the_names_that_their_devices_were_given() {
    let server = server();
    let (mut phone, _) = log_in(&server, alice("phone")).await;
    let (_laptop, _) = log_in(&server, alice("laptop")).await;
    let (mut nameless, _) = log_in(&server, json!({"token": "dev-alice"})).await;
    let (mut bob, _) = log_in(&server, json!({"token": "dev-bob", "device_id": "laptop"})).await;
    // The installation is the one that `auth` named, or another one of the user's.
    phone.ok(r#"{"device":{"id":"d","name":"Alice's phone"}}"#).await;
    phone.ok(r#"{"device":{"id":"d","device_id":"laptop","name":"Old one"}}"#).await;
    bob.ok(r#"{"device":{"id":"d","name":"Bob's"}}"#).await;
    assert_eq!(nameless.refused(r#"{"device":{"id":"d","name":"x"}}"#).await, "ERR_BAD_REQUEST");
    let names = |list: &Value| -> std::collections::BTreeMap<String, Value> {
        let sessions = list["sessions"].as_array().unwrap().iter();
        sessions.map(|s| (s["device_id"].as_str().unwrap_or("none").to_owned(), s["name"].clone())).collect()
    };
    let expected = json!({"phone": "Alice's phone", "laptop": "Old one", "none": null});
    assert_eq!(json!(names(&phone.ok(SESSIONS).await)), expected);
    assert_eq!(json!(names(&bob.ok(SESSIONS).await)), json!({"laptop": "Bob's"}));
    phone.ok(r#"{"device":{"id":"d","name":null}}"#).await;
    assert_eq!(names(&phone.ok(SESSIONS).await)["phone"], Value::Null);
}

#[tokio::test]
async fn after_a_restart_each_device_has_a_new_session_once_it_is_back() {
    let parts = shared();
    let first = server_of(parts.clone());
    let (mut phone, before) = log_in(&first, alice("phone")).await;
    let (laptop, _) = log_in(&first, alice("laptop")).await;
    phone.ok(r#"{"device":{"id":"d","name":"Alice's phone"}}"#).await;
    drop((phone, laptop));
    first.shutdown(Duration::from_secs(5)).await;
    let second = server_of(parts);
    let with_old = json!({"token": "dev-alice", "device_id": "phone", "session_id": before["session_id"]});
    let (mut phone, after) = log_in(&second, with_old).await;
    assert_ne!(after["session_id"], before["session_id"], "sessions are not stored");
    let list = phone.ok(SESSIONS).await;
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 1, "the laptop did not come back yet");
    assert_eq!(
        (&sessions[0]["session_id"], &sessions[0]["name"]),
        (&after["session_id"], &json!("Alice's phone"))
    );
}

#[tokio::test]
async fn a_revoked_session_is_closed_at_once_and_its_id_is_never_taken_again() {
    let server = server();
    let (mut lost, data) = log_in(&server, alice("lost")).await;
    let mut here = Peer::log_in(&server, "alice").await;
    assert_eq!(here.ok(&named(&json!("no such session"))).await["revoked"], 0, "it counts as ended");
    assert_eq!(here.ok(&named(&data["session_id"])).await["revoked"], 1);
    assert_eq!(closed(&mut lost).await, ErrorCode::SessionRevoked.close_code());
    let list = here.ok(SESSIONS).await;
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);

    let again = json!({"token": "dev-alice", "session_id": data["session_id"]});
    let (_peer, other) = log_in(&server, again).await;
    assert_ne!(other["session_id"], data["session_id"]);
    assert_eq!(other["user_offset"], 1, "the log has it");
}

#[tokio::test]
async fn other_devices_hear_in_the_user_log_which_session_was_revoked() {
    let server = server();
    let (_lost, data) = log_in(&server, alice("lost")).await;
    let mut here = Peer::log_in(&server, "alice").await;
    here.say(&named(&data["session_id"])).await;
    let events = here.until(|event| matches!(event, Event::User(_))).await;
    let Some(Event::User(changed)) = events.last() else { panic!() };
    let UserChange::SessionRevoked { session_id } = &changed.change else { panic!("{changed:?}") };
    assert_eq!(json!(session_id), data["session_id"]);
}

#[tokio::test]
async fn all_other_sessions_are_revoked_together_and_the_own_one_by_its_id_alone() {
    let server = server();
    let (mut one, _) = log_in(&server, alice("1")).await;
    let (mut two, _) = log_in(&server, alice("2")).await;
    let (mut bob, _) = log_in(&server, json!({"token": "dev-bob"})).await;
    let (mut here, data) = log_in(&server, alice("here")).await;
    assert_eq!(here.ok(r#"{"revoke":{"id":"v","others":true}}"#).await["revoked"], 2);
    for peer in [&mut one, &mut two] {
        assert_eq!(closed(peer).await, 4414);
    }
    here.say(&named(&data["session_id"])).await;
    assert_eq!(closed(&mut here).await, 4414, "the close is the answer");
    bob.ok(SESSIONS).await;
}

#[tokio::test]
async fn nobody_revokes_the_session_of_another_user() {
    let server = server();
    let (mut alice, data) = log_in(&server, alice("phone")).await;
    let mut eve = Peer::log_in(&server, "eve").await;
    assert_eq!(eve.ok(&named(&data["session_id"])).await["revoked"], 0);
    alice.ok(SESSIONS).await;
}

#[tokio::test]
async fn a_session_that_lives_at_another_node_is_revoked_there() {
    let parts = shared();
    let (here, there) = (server_of(parts.clone()), server_of(parts));
    let (mut lost, data) = log_in(&there, alice("lost")).await;
    let mut peer = Peer::log_in(&here, "alice").await;
    assert_eq!(peer.ok(&named(&data["session_id"])).await["revoked"], 1);
    assert_eq!(closed(&mut lost).await, 4414);
}

#[tokio::test]
async fn the_operator_ends_all_sessions_of_a_user() {
    let server = server();
    let (mut phone, _) = log_in(&server, alice("phone")).await;
    let (mut bob, _) = log_in(&server, json!({"token": "dev-bob"})).await;
    assert_eq!(server.end_sessions(&UserId::new("alice").unwrap()).await.unwrap(), 1);
    assert_eq!(closed(&mut phone).await, 4414);
    bob.ok(SESSIONS).await;
}

#[tokio::test]
async fn a_session_is_gone_on_with_by_its_own_device_only() {
    let server = server();
    let (mut old, first) = log_in(&server, alice("phone")).await;
    let with =
        |device: &str| json!({"token": "dev-alice", "device_id": device, "session_id": first["session_id"]});
    let (_other, other) = log_in(&server, with("laptop")).await;
    assert_ne!(other["session_id"], first["session_id"], "another device has a session of its own");
    old.ok(SESSIONS).await;
    let (mut new, again) = log_in(&server, with("phone")).await;
    assert_eq!(again["session_id"], first["session_id"]);
    assert_eq!(closed(&mut old).await, ErrorCode::SessionReplaced.close_code());
    assert_eq!(new.refused(&auth(alice("laptop"))).await, "ERR_BAD_REQUEST", "it never changes its device");
    new.ok(&auth(alice("phone"))).await;
}

#[tokio::test]
async fn beyond_the_greatest_number_of_sessions_the_one_that_was_silent_longest_ends() {
    let config = ServerConfig { max_sessions: 2, presence_grace: Duration::from_secs(60), ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let (mut one, _) = log_in(&server, alice("1")).await;
    let (mut two, _) = log_in(&server, alice("2")).await;
    one.ok(SESSIONS).await;
    let (mut three, _) = log_in(&server, alice("3")).await;
    assert_eq!(closed(&mut two).await, ErrorCode::LimitReached.close_code(), "the newest one works");
    drop(three);
    while three_is_connected(&mut one).await {}
    (three, _) = log_in(&server, alice("4")).await;
    three.ok(SESSIONS).await;
    let list = one.ok(SESSIONS).await;
    let devices: Vec<_> = list["sessions"].as_array().unwrap().iter().map(|s| &s["device_id"]).collect();
    assert_eq!(devices, ["1", "4"], "one without a connection goes first");
}

async fn three_is_connected(peer: &mut Peer) -> bool {
    let list = peer.ok(SESSIONS).await;
    list["sessions"].as_array().unwrap().iter().all(|session| session["connected"] == true)
}

/// Token `short` lives for 300 ms, `long` for ever, `gone` no longer; they are alice's. `bob` is bob's, and `system` claims to
/// be the server's.
struct Tokens;

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        let after = |ms: i64| Timestamp::from_micros(SystemClock.now().as_micros() + ms * 1_000);
        let expires_at = match token {
            "short" => Some(after(300)),
            "long" | "bob" => None,
            "system" => return Ok(Principal { user: UserId::system(), expires_at: None }),
            _ => return Err(AuthError::Invalid),
        };
        let user = if token == "bob" { "bob" } else { "alice" };
        Ok(Principal { user: UserId::new(user).unwrap(), expires_at })
    }
}

fn with_tokens() -> ChatServer {
    server_of(Providers { auth: Arc::new(Tokens), ..Providers::default() })
}

#[tokio::test]
async fn a_token_that_never_expires_is_shown_again_where_the_operator_says_so() {
    let config = ServerConfig { recheck: Some(Duration::from_millis(500)), ..quick() };
    let server = ChatServer::start(Providers { auth: Arc::new(Tokens), ..Providers::default() }, config);
    let (mut forgetful, data) = log_in(&server, json!({"token": "long"})).await;
    assert!(data["expires_at"].is_string(), "it is told by when");
    let (mut careful, _) = log_in(&server, json!({"token": "long"})).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    careful.ok(&auth(json!({"token": "long"}))).await;
    assert_eq!(closed(&mut forgetful).await, ErrorCode::TokenExpired.close_code());
    careful.ok(SESSIONS).await;
    assert_eq!(closed(&mut careful).await, ErrorCode::TokenExpired.close_code());
}

#[tokio::test]
async fn an_expired_token_closes_the_open_session_unless_it_was_refreshed() {
    let server = with_tokens();
    let (mut forgetful, data) = log_in(&server, json!({"token": "short"})).await;
    assert!(data["expires_at"].is_string());
    let (mut careful, _) = log_in(&server, json!({"token": "short"})).await;
    let refreshed = careful.ok(&auth(json!({"token": "long"}))).await;
    assert_eq!(refreshed["expires_at"], Value::Null);
    assert_eq!(closed(&mut forgetful).await, ErrorCode::TokenExpired.close_code());
    tokio::time::sleep(Duration::from_millis(400)).await;
    careful.ok(SESSIONS).await;
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_ends_the_session_that_refreshes_with_it() {
    let server = with_tokens();
    let (mut peer, _) = log_in(&server, json!({"token": "long"})).await;
    assert_eq!(peer.refused(&auth(json!({"token": "gone"}))).await, "ERR_INVALID_ACCESS_TOKEN");
    assert_eq!(closed(&mut peer).await, ErrorCode::InvalidToken.close_code());
}

#[tokio::test]
async fn the_token_of_another_user_refreshes_nothing_and_ends_nothing() {
    let server = with_tokens();
    let (mut peer, data) = log_in(&server, json!({"token": "short"})).await;
    assert_eq!(peer.refused(&auth(json!({"token": "bob"}))).await, "ERR_FORBIDDEN_ACCESS");
    let list = peer.ok(SESSIONS).await;
    assert_eq!(list["sessions"][0]["session_id"], data["session_id"], "it is alice's still");
    let bob = Caller::User(UserId::new("bob").unwrap());
    let none = server.command(&bob, decode::<Command>(SESSIONS.as_bytes()).unwrap()).await.unwrap().unwrap();
    assert_eq!(none.get(), r#"{"sessions":[]}"#);
    assert_eq!(closed(&mut peer).await, ErrorCode::TokenExpired.close_code(), "and expires with her token");
}

#[tokio::test]
async fn no_token_is_the_servers_own() {
    let server = with_tokens();
    let mut peer = Peer::connect(&server);
    assert_eq!(peer.refused(&auth(json!({"token": "system"}))).await, "ERR_INVALID_ACCESS_TOKEN");
    assert_eq!(server.authenticate("system").await.unwrap_err().wire().code, ErrorCode::InvalidToken);
}
