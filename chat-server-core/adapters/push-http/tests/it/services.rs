//! Pushes of haraj's devices: from a message to what the service is posted, key by key.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::dialect::haraj::{Haraj, PushForm};
use chat_protocol::dialect::{RoomName, Secret};
use chat_protocol::{Content, RoomId, UserId};
use chat_push_http::{Credential, ServiceConfig, ServicePush};
use chat_server_core::conformance::push::sample;
use chat_server_core::dialects::{Port, PortId, Visit};
use chat_server_core::push::{Push, PushGateway, PushOutcome};
use chat_server_core::{ChatServer, Providers, ServerConfig};
use serde_json::{Value, json};

use crate::peer::{Peer, Posted, response};

fn fixed() -> Credential {
    Credential::Fixed("key-marker".to_owned())
}

fn service(peer: &Peer, form: PushForm, credential: Credential) -> ServicePush {
    let path = if form == PushForm::Apns { "/{token}" } else { "" };
    let topic = (form == PushForm::Apns).then(|| "org.example.chat".to_owned());
    let config = ServiceConfig::new(form, format!("{}{path}", peer.url), credential);
    ServicePush::new(ServiceConfig { topic, ..config }).unwrap()
}

async fn visit(server: &ChatServer, of: &str) -> Visit {
    server.visit(PortId(0), &Secret(format!("dev-{of}"))).await.unwrap()
}

/// User 2 writes to user 1, who is away and has such a device; what the service is posted.
async fn told(form: PushForm, device: PushService, content: Content) -> (Posted, Value) {
    let peer = Peer::new(|_, _| response(200, ""));
    let providers = Providers {
        dialects: vec![Port::new(Haraj::default())],
        push: Some(Arc::new(service(&peer, form, fixed()))),
        ..Providers::default()
    };
    // From the first message on, whoever is quicker.
    providers.storage.set_position("push", 0).await.unwrap();
    let server = ChatServer::start(providers, ServerConfig::default());
    let (ann, bob) = (visit(&server, "1").await, visit(&server, "2").await);
    ann.set_device(PushTarget { service: device, token: "F".to_owned(), app: None }).await.unwrap();
    bob.start_direct(ann.user()).await.unwrap();
    bob.send(&RoomName::Id(RoomId::direct(ann.user(), bob.user())), content, None).await.unwrap();
    let posted = tokio::time::timeout(Duration::from_secs(30), async {
        while peer.posted().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    posted.await.expect("a push is posted");
    server.shutdown(Duration::from_secs(5)).await;
    let posted = peer.posted().remove(0);
    let body = serde_json::from_slice(&posted.body).unwrap();
    (posted, body)
}

/// The packet, but for its time.
fn packet(content: &Value, data: &Value) -> Value {
    json!({
        "topic_id": "p2p1_2", "seq_id": 1, "from_id": 2, "name": "2", "content": content,
        "status": {"1": false}, "ts": data["ts"],
    })
}

#[tokio::test]
async fn apple_is_told_as_documented() {
    let (posted, body) = told(PushForm::Apns, PushService::Apns, Content::plain("hello!")).await;
    let text = json!({"type": "text/plain", "payload": {"text": "hello!"}});
    let alert = json!({"title": "2", "body": "hello!"});
    let expected = json!({
        "aps": {"alert": alert, "sound": "default", "mutable-content": 1}, "xtype": "NEW_MESSAGE",
        "xdata": packet(&text, &body["xdata"]), "xto": [1],
    });
    assert_eq!(body, expected);
    for (name, value) in [
        ("authorization", "Bearer key-marker"),
        ("apns-push-type", "alert"),
        ("apns-priority", "10"),
        ("apns-topic", "org.example.chat"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(posted.header(name), value);
    }
    assert!(posted.path.ends_with("/F"), "the device is in the address: {}", posted.path);
}

#[tokio::test]
async fn googles_former_service_is_told_as_documented() {
    let picture = Content::new("image/png", &json!({"url": "https://x.example/1", "file_size": 1}));
    let (posted, body) = told(PushForm::FcmLegacy, PushService::Fcm, picture.clone()).await;
    let xdata = packet(&serde_json::to_value(&picture).unwrap(), &body["data"]["xdata"]);
    let expected = json!({
        "registration_ids": ["F"], "priority": "high", "time_to_live": 3600,
        "data": {"xtype": "NEW_MESSAGE", "xdata": xdata, "xto": [1]},
    });
    assert_eq!(body, expected);
    assert_eq!(posted.header("authorization"), "key=key-marker");
}

#[tokio::test]
async fn google_is_told_in_the_form_of_the_device() {
    let hello = || Content::plain("hello!");
    let text = json!({"type": "text/plain", "payload": {"text": "hello!"}});
    let (posted, body) = told(PushForm::FcmV1, PushService::Fcm, hello()).await;
    let message = &body["message"];
    let xdata: Value = serde_json::from_str(message["data"]["xdata"].as_str().unwrap()).unwrap();
    assert_eq!(xdata, packet(&text, &xdata));
    let data = json!({"xtype": "NEW_MESSAGE", "xdata": message["data"]["xdata"], "xto": "[1]"});
    let android = json!({"priority": "HIGH", "ttl": "3600s"});
    assert_eq!(body, json!({"message": {"token": "F", "android": android, "data": data}}));
    assert_eq!(posted.header("authorization"), "Bearer key-marker");

    let (_, body) = told(PushForm::FcmV1, PushService::Apns, hello()).await;
    let payload = &body["message"]["apns"]["payload"];
    let aps = json!({"alert": {"title": "2", "body": "hello!"}, "sound": "default", "mutable-content": 1});
    let xdata = packet(&text, &payload["xdata"]);
    let payload = json!({"aps": aps, "xtype": "NEW_MESSAGE", "xdata": xdata, "xto": [1]});
    assert_eq!(body, json!({"message": {"token": "F", "apns": {"payload": payload}}}));
}

fn push(token: &str, service: PushService) -> Push {
    let push = sample();
    let user = UserId::new(format!("of-{token}")).unwrap();
    Push { user, target: PushTarget { service, token: token.to_owned(), app: None }, ..push }
}

#[tokio::test]
async fn every_push_has_its_own_outcome() {
    let of = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["message"]["token"].clone();
    let peer = Peer::new(move |_, posted| match of(&posted.body).as_str().unwrap() {
        "gone" => response(404, r#"{"error":{"details":[{"errorCode":"UNREGISTERED"}]}}"#),
        "busy" => response(429, ""),
        "bad" => response(400, ""),
        _ => response(200, r#"{"name":"projects/x/messages/1"}"#),
    });
    let gateway = service(&peer, PushForm::FcmV1, fixed());
    let batch = ["good", "gone", "busy", "bad", "fine"].map(|token| push(token, PushService::Fcm));
    let (good, busy) = (PushOutcome::Delivered, PushOutcome::Retry(None));
    let expected = [good, PushOutcome::Gone, busy, PushOutcome::Refused, good];
    assert_eq!(gateway.push(&batch).await, expected);
    assert!(gateway.push(&[]).await.is_empty());
    assert_eq!(peer.posted().len(), 5);
}

#[tokio::test]
async fn a_device_that_the_service_does_not_reach_is_given_up() {
    let peer = Peer::new(|_, _| response(200, ""));
    let apple = service(&peer, PushForm::Apns, fixed());
    assert_eq!(apple.push(&[push("F", PushService::Fcm)]).await, [PushOutcome::Refused]);
    for token in ["../../admin", "a/b", "", "?x", "a%2fb"] {
        let outcome = apple.push(&[push(token, PushService::Apns)]).await;
        assert_eq!(outcome, [PushOutcome::Refused], "{token}");
    }
    assert!(peer.posted().is_empty());
}

#[tokio::test]
async fn a_credential_in_a_file_is_read_each_time() {
    let peer = Peer::new(|_, _| response(200, ""));
    let file = std::env::temp_dir().join(format!("chat-push-{}", std::process::id()));
    let gateway = service(&peer, PushForm::FcmV1, Credential::File(file.clone()));
    assert!(!format!("{gateway:?} {:?}", fixed()).contains("key-marker"));
    let one = async || gateway.push(&[push("F", PushService::Fcm)]).await.remove(0);
    assert_eq!(one().await, PushOutcome::Retry(None), "it is not there yet");
    for key in ["first\n", "second"] {
        std::fs::write(&file, key).unwrap();
        assert_eq!(one().await, PushOutcome::Delivered);
    }
    std::fs::remove_file(&file).unwrap();
    let keys: Vec<_> = peer.posted().iter().map(|it| it.header("authorization").to_owned()).collect();
    assert_eq!(keys, ["Bearer first", "Bearer second"]);
}
