//! What the operator's backend asks is answered as it is published.

use std::collections::BTreeSet;

use chat_protocol::http::{ENDPOINTS, Endpoint};
use chat_protocol::reply::RoomData;
use chat_protocol::{Role, RoomState, UserId};
use chat_transport_ws::WsConfig;
use serde_json::Value;

use crate::edge::{Answer, Edge, command};

const OPERATOR: &str = "op-secret";

async fn start() -> Edge {
    Edge::start(WsConfig { operator_token: Some(OPERATOR.into()), ..WsConfig::default() }).await
}

/// Asks as the operator, with a JSON body.
async fn ask(edge: &Edge, method: &str, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {OPERATOR}\r\n"
    );
    let rest = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    Answer::parse(&edge.raw(head + &rest).await)
}

async fn create(edge: &Edge, body: &str) -> RoomData {
    let answer = ask(edge, "POST", "/v1/rooms", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_room_that_the_operator_makes_is_told() {
    let edge = start().await;
    let body = r#"{"kind":"group","client_room_id":"c1","name":"News","members":["ann"]}"#;
    let made = create(&edge, body).await;
    assert!(made.created);
    let room = &made.room;
    assert_eq!((room.info.name.as_deref(), room.members, room.offset.get()), (Some("News"), 1, 2));
    assert_eq!(room.role, Role::Owner, "the operator may what an owner may");
    let again = create(&edge, body).await;
    assert!(!again.created);
    assert_eq!(again.room, made.room, "the same name is the same room");
    let other = body.replace("News", "Olds");
    assert_eq!(ask(&edge, "POST", "/v1/rooms", &other).await.refusal(), "ERR_CLIENT_ID_CONFLICT");

    let shown = edge.get_as(OPERATOR, &format!("/v1/rooms/{}", room.room)).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(serde_json::from_str::<RoomState>(&shown.body).unwrap(), made.room);
    let missing = edge.get_as(OPERATOR, "/v1/rooms/nowhere").await;
    assert_eq!(missing.refusal(), "ERR_FORBIDDEN_ACCESS");
}

#[tokio::test]
async fn a_room_made_on_behalf_of_a_user_is_told_as_that_user_sees_it() {
    let edge = start().await;
    let direct = r#"{"kind":"direct","owner":"ann","members":["bob"]}"#;
    let made = create(&edge, direct).await;
    assert_eq!((made.created, made.room.peer), (true, Some(UserId::new("bob").unwrap())));
    assert!(!create(&edge, direct).await.created);

    let group = r#"{"kind":"group","client_room_id":"c1","owner":"ann","members":["bob"]}"#;
    let made = create(&edge, group).await;
    assert_eq!((made.created, made.room.read.get(), made.room.members), (true, 0, 2));
    let mut ann = edge.login("ann").await;
    let leave = format!(r#"{{"leave":{{"id":"1","room":"{}"}}}}"#, made.room.room);
    assert_eq!(command(&mut ann, &leave).await.status, 200);
    let again = create(&edge, group).await;
    assert_eq!((again.created, again.room.members), (false, 1), "also when that user has left");
}

/// Answers of each endpoint with a body, as published.
fn published(endpoint: &Endpoint) -> BTreeSet<u16> {
    let text = include_str!("../../../schema/openapi/native.json");
    let openapi: Value = serde_json::from_str(text).unwrap();
    let responses = &openapi["paths"][endpoint.path][endpoint.method.to_lowercase()]["responses"];
    let responses = responses.as_object().unwrap_or_else(|| panic!("{endpoint:?} is published"));
    responses.keys().filter_map(|status| status.parse().ok()).filter(|status| *status < 300).collect()
}

#[tokio::test]
async fn no_endpoint_leaves_out_what_is_published_because_the_operator_asks() {
    let edge = start().await;
    create(&edge, r#"{"kind":"group","room":"r","owner":"ann","members":["bob","cid"]}"#).await;
    let content = r#""content":{"type":"text/plain","payload":{"text":"hi"}}"#;
    let mut done = BTreeSet::new();
    // The whole list, so that a new endpoint is asked too.
    for endpoint in ENDPOINTS {
        let path = endpoint.path.replace("{room}", "r").replace("{seq}", "1").replace("{root}", "1");
        let path = path.replace("{user}", "bob").replace("{emoji}", "x").replace("{client_msg_id}", "m");
        let (path, body) = match endpoint.command {
            "create" => (path, r#"{"kind":"group"}"#.to_owned()),
            "set" => (path, r#"{"data":{"topic":"new"}}"#.to_owned()),
            "invite" => (path, r#"{"users":["dan"]}"#.to_owned()),
            "role" => (path, r#"{"role":"admin"}"#.to_owned()),
            // On behalf of a user; later ones are deleted and looked for.
            "send" => (path, format!(r#"{{"from":"ann","client_msg_id":"m",{content}}}"#)),
            "edit" => (path, format!("{{{content}}}")),
            "mark_unread" | "read" | "delivered" => (path, r#"{"seq":1}"#.to_owned()),
            "search" => (path + "?query=hi", String::new()),
            "device" => (path.replace("{device_id}", "d"), r#"{"name":"n"}"#.to_owned()),
            "revoke" => (path, r#"{"others":true}"#.to_owned()),
            _ => (path, String::new()),
        };
        let answer = ask(&edge, endpoint.method, &path, &body).await;
        if answer.status >= 300 {
            let code = answer.refusal();
            assert!(
                ["ERR_FORBIDDEN_ACCESS", "ERR_NOT_SUPPORTED", "ERR_MESSAGE_NOT_FOUND"].contains(&&*code),
                "{endpoint:?}: {answer:?}"
            );
            continue;
        }
        assert!(published(endpoint).contains(&answer.status), "{endpoint:?}: {answer:?}");
        assert_eq!(answer.body.is_empty(), answer.status == 204, "{endpoint:?}");
        done.insert(endpoint.command);
    }
    for command in
        ["create", "set", "members", "invite", "role", "kick", "ban", "unban", "history", "send", "delete"]
    {
        assert!(done.contains(command), "{command} is done for the operator: {done:?}");
    }
}
