//! Sessions that are ended from elsewhere.

use chat_client::TokenError;
use chat_client::protocol::SessionId;
use chat_tests::socket::Socket;
use serde_json::json;

use super::*;
use crate::forget::ask;

async fn own_session(client: &Client) -> SessionId {
    let sessions = client.sessions().await.unwrap();
    sessions.into_iter().find(|session| session.current).unwrap().session_id
}

const REVOKED: &str = "closed: the server did not accept the token (ERR_SESSION_REVOKED)";
const REVOKING: &str = "a session is revoked";
const AWAY: &str = "disconnected: closed by the server (ERR_SESSION_REVOKED)";

#[tokio::test]
async fn a_revoked_session_ends_its_client_without_a_source() {
    let scene = Scene::new().await;
    let (phone, laptop) = (scene.client("ann").await, scene.client("ann").await);
    let lobby = open(&phone, "r").await;
    let mut events = phone.events();
    story(&mut events, "resumed r: snapshot").await;
    assert_eq!(laptop.revoke(own_session(&phone).await).await, Ok(1));
    let told = rest(&mut events).await;
    assert_eq!(told.last().unwrap(), REVOKED);
    assert!(!told.iter().any(|event| event.starts_with("disconnected")), "{told:?}");
    let error = unauthenticated(ErrorCode::SessionRevoked);
    assert_eq!(lobby.send_text("late").await, Err(error.clone()));
    // The token is still good: that is for whoever gives tokens.
    let again = scene.client("ann").await;
    assert_eq!(again.revoke(own_session(&again).await).await, Err(error), "the end is the answer");
    assert_eq!(laptop.sessions().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_revoked_session_is_followed_by_another_when_the_source_gives_a_token() {
    let scene = Scene::new().await;
    let refused = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = refused.clone();
    let source = move |refused| {
        noted.lock().unwrap().push(refused);
        async { Ok("dev-ann".to_owned()) }
    };
    let phone = scene.builder().token_source(source).connect().await.unwrap();
    let lobby = open(&phone, "r").await;
    let mut events = phone.events();
    story(&mut events, "resumed r: snapshot").await;
    phone.rooms().await.unwrap();
    so_far(&mut events).await;
    let laptop = scene.client("ann").await;
    let before = own_session(&phone).await;
    assert_eq!(laptop.revoke(before.clone()).await, Ok(1));
    let told = story(&mut events, "connected").await;
    let expected = match told.iter().position(|event| event == REVOKING) {
        // The user's log tells what happened: before the connection ends if that is quick enough, and otherwise on the next.
        Some(0) => [REVOKING, AWAY, "resumed r: 0 missed", "resumed user: 0 missed", "connected"],
        _ => [AWAY, "resumed r: 0 missed", REVOKING, "resumed user: 1 missed", "connected"],
    };
    assert_eq!(told, expected);
    assert_ne!(own_session(&phone).await, before);
    assert_eq!(*refused.lock().unwrap(), [None, Some(ErrorCode::SessionRevoked.into())]);
    assert_eq!(lobby.send_text("still here").await.unwrap().seq.get(), 1);
}

#[tokio::test]
async fn a_revoked_session_ends_its_client_when_the_source_takes_it_for_a_sign_out() {
    let scene = Scene::new().await;
    let source = |refused: Option<chat_client::protocol::ErrorText>| async move {
        match refused.and_then(|code| code.known()) {
            Some(ErrorCode::SessionRevoked) => Err(TokenError::SignedOut),
            _ => Ok("dev-ann".to_owned()),
        }
    };
    let phone = scene.builder().token_source(source).connect().await.unwrap();
    let mut events = phone.events();
    story(&mut events, "connected").await;
    let laptop = scene.client("ann").await;
    assert_eq!(laptop.revoke_others().await, Ok(1));
    let told = rest(&mut events).await;
    assert!(told.ends_with(&[AWAY.to_owned(), REVOKED.to_owned()]), "{told:?}");
}

#[tokio::test]
async fn a_session_that_is_taken_over_ends_its_client() {
    let scene = Scene::new().await;
    let phone = scene.client("ann").await;
    let mut events = phone.events();
    story(&mut events, "connected").await;
    let session = own_session(&phone).await;
    let mut thief = Socket::open(&scene.server.url()).await;
    let auth = json!({"auth": {"id": "auth", "token": "dev-ann", "session_id": session}});
    assert_eq!(thief.ok(&auth.to_string()).await["session_id"], json!(session));
    let end = "closed: the server refuses this session for good (ERR_SESSION_REPLACED)";
    assert_eq!(rest(&mut events).await, [end], "two that take it from each other would never end");
    assert_eq!(phone.sessions().await.unwrap_err(), ended(ErrorCode::SessionReplaced));
}

#[tokio::test]
async fn a_user_whom_the_operator_deletes_is_signed_out_everywhere() {
    let scene = Scene::new().await;
    let (ann, bob) = (scene.client("ann").await, scene.client("bob").await);
    open(&ann, "r").await;
    let mut events = ann.events();
    story(&mut events, "resumed r: snapshot").await;
    let (status, body) = ask(&scene.server, "DELETE", "/v1/users/ann", OPERATOR, "").await;
    assert_eq!(status, 202, "{body}");
    let told = rest(&mut events).await;
    assert_eq!(told.last().unwrap(), REVOKED, "{told:?}");
    assert!(!told.iter().any(|event| event.starts_with("disconnected")), "{told:?}");
    assert!(bob.sessions().await.is_ok(), "others notice nothing");
}
