//! The profile form: what is asked, who the user is, and what is known of it then.

use axum::http::header::AUTHORIZATION;
use chat_auth_http::{Form, HttpAuth, HttpConfig, IdKey, LookupError};
use chat_protocol::UserId;
use chat_server_core::auth::{Directory, Profile};
use serde_json::json;

use crate::peer::{Outcome, Peer, ask, response, user};

fn auth(peer: &Peer, key: u8) -> HttpAuth {
    HttpAuth::new(HttpConfig { form: Form::Profile(IdKey([key; 32])), ..peer.config() }).unwrap()
}

async fn known(auth: &HttpAuth, id: &str) -> Option<Profile> {
    auth.profile(&UserId::new(id).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_profile_is_asked_for_by_its_token_and_known_from_then_on() {
    let peer = Peer::new(|_, request| {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
        let body = r#"{"token":"T","user_id":1,"name":"Ann","surname":"Lee","avatar":"https://a/b.png","city":{"id":7}}"#;
        std::future::ready(response(if header == "Token ann@example.org" { 200 } else { 401 }, body))
    })
    .await;
    let auth = auth(&peer, 1);
    assert_eq!(known(&auth, "1").await, None, "nobody has asked yet");
    assert_eq!(ask(&auth, "another").await, Outcome::Invalid);
    for _ in 0..2 {
        assert_eq!(ask(&auth, "ann@example.org").await, user("1"));
    }
    assert_eq!(peer.asked(), 2, "a refusal and one answer");
    let profile = known(&auth, "1").await.unwrap();
    assert_eq!(profile.name.as_deref(), Some("Ann Lee"));
    assert_eq!(profile.avatar.as_deref(), Some("https://a/b.png"));
    let more = json!({"name": "Ann", "surname": "Lee", "avatar": "https://a/b.png", "city": {"id": 7}});
    assert_eq!(serde_json::Value::Object(profile.more), more, "neither the token nor the id");
}

#[tokio::test]
async fn without_an_id_the_user_is_a_keyed_hash_of_the_token() {
    for body in ["", "OK", "[]", "{}", r#"{"user_id":null,"name":7}"#] {
        let peer = Peer::fixed(200, body).await;
        let Outcome::User(one) = ask(&auth(&peer, 1), "a").await else { panic!("{body}: 200 is a user") };
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert_eq!(ask(&auth(&peer, 1), "a").await, user(&one), "also after a restart");
        assert_ne!(ask(&auth(&peer, 1), "b").await, user(&one), "another token");
        assert_ne!(ask(&auth(&peer, 2), "a").await, user(&one), "another key");
    }
    let bad = "whose user_id is neither a valid string nor an integer from 0 to 2^53-1";
    for id in ["1.5", "\"\"", "[]", "true"] {
        let peer = Peer::fixed(200, format!(r#"{{"user_id":{id}}}"#)).await;
        let failed = Outcome::Failed(LookupError::Malformed { reason: bad });
        assert_eq!(ask(&auth(&peer, 1), "a").await, failed, "{id}");
    }
    assert_eq!(format!("{:?}", Form::Profile(IdKey([1; 32]))), "Profile(<redacted>)");
}

#[tokio::test]
async fn a_profile_that_changes_is_known_as_it_is() {
    let peer = Peer::new(|asked, _| {
        std::future::ready(response(200, format!(r#"{{"user_id":"a","name":"{asked}"}}"#)))
    })
    .await;
    let form = Form::Profile(IdKey([1; 32]));
    let zero = std::time::Duration::ZERO;
    let auth = HttpAuth::new(HttpConfig { form, cache_ttl: zero, ..peer.config() }).unwrap();
    for name in ["1", "2"] {
        assert_eq!(ask(&auth, "t").await, user("a"));
        assert_eq!(known(&auth, "a").await.unwrap().name.as_deref(), Some(name));
    }
}
