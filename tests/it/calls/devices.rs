//! Installations and sessions.

use chat_client::protocol::command::{PushService, PushTarget};
use chat_client::protocol::{DeviceId, ErrorCode, SessionId};
use chat_client::{ConnectionState, DeviceChanges};

use super::{Scene, code, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_has_a_name_and_a_place_for_pushes() {
    let scene = Scene::new().await;
    let phone = DeviceId::new("phone").unwrap();
    let ann = scene.builder("ann").device_id(phone.clone()).connect().await.unwrap();
    let push = PushTarget { service: PushService::Fcm, token: "F".to_owned(), app: None };
    ann.set_device(DeviceChanges::new().push(push.clone()).name("Ann's phone")).await.unwrap();
    let name = || async { ann.sessions().await.unwrap().remove(0).name };
    assert_eq!(name().await.as_deref(), Some("Ann's phone"));
    ann.set_device(DeviceChanges::new().device(phone).push(None).name(None)).await.unwrap();
    assert_eq!(name().await, None);
    let long = DeviceChanges::new().name("x".repeat(200).as_str()).push(push);
    assert_eq!(code(ann.set_device(long).await), ErrorCode::BadRequest);
    let nameless = scene.client("ben").await;
    assert_eq!(code(nameless.set_device(DeviceChanges::new().push(None)).await), ErrorCode::BadRequest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_ends_its_own_sessions() {
    let scene = Scene::new().await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(scene.client("ann").await);
    }
    let sessions = clients[0].sessions().await.unwrap();
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session.current).count(), 1);
    let other = sessions.iter().find(|session| !session.current).unwrap().session_id.clone();
    assert_eq!(clients[0].revoke(other).await.unwrap(), 1);
    assert_eq!(clients[0].revoke(SessionId::new("nobody's").unwrap()).await.unwrap(), 0);
    assert_eq!(clients[0].revoke_others().await.unwrap(), 1);
    for ended in &clients[1..] {
        until(|| async { matches!(ended.state(), ConnectionState::Closed { reason: Some(_) }) }).await;
    }
    let own = clients[0].sessions().await.unwrap().remove(0).session_id;
    assert_eq!(code(clients[0].revoke(own).await), ErrorCode::SessionRevoked, "the end is the answer");
}
