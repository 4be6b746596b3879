//! Organizations that the operator opened to everybody, as in the original.

use super::super::refused;
use super::*;

/// A server whose help desk is open, with a guest that may ask so much.
async fn start_open(core: ServerConfig) -> Edge {
    let open_desks = Some("guest".parse().unwrap());
    let port = Port { open_desks, ..port(Helpdesk { open: true, ..Helpdesk::default() }) };
    start_with(port, WsConfig::default(), core).await
}

async fn ask_openly(edge: &Edge, path: &str, token: Option<&str>) -> Value {
    let answer = ask(edge, &format!("GET {path}"), token, ("", "")).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn whoever_comes_reads_and_writes_as_the_organization() {
    let edge = start_open(ServerConfig::default()).await;
    let uuid = desk(&edge, "cli").await;
    let mut page = open(&edge, "/ws/chat/acme/").await;
    for (token, text) in [(None, "by nobody"), (Some("wrong"), "by a stranger"), (Some("dev-eve"), "by Eve")]
    {
        let desks = ask_openly(&edge, "/api/help-desks/?organization=acme", token).await;
        assert_eq!(desks[0]["uuid"], json!(uuid));
        let body = json!({"help_desk": uuid, "message": text}).to_string();
        created(&post(&edge, token, (JSON, &body)).await);
        let mut expected = sent(text, &uuid);
        expected["status"] = json!("sending");
        same(&event(&mut page, "new_message").await, &expected);
        event(&mut page, "update_message").await;
        let path = format!("/api/help-desks/{uuid}/history/");
        same(&ask_openly(&edge, &path, token).await[0], &sent(text, &uuid));
    }
    let body = form(&[("help_desk", &uuid), ("file:a.gif", "GIF89a")]);
    created(&post(&edge, None, (MULTIPART, &body)).await);
    let path = event(&mut page, "new_message").await["file"].as_str().unwrap().to_owned();
    let answer = edge.get(&path).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "GIF89a"));
    assert_eq!(ask_openly(&edge, "/api/help-desks/?organization=other", None).await, json!([]));
}

#[tokio::test]
async fn an_open_help_desk_opens_nothing_else() {
    let edge = start_open(ServerConfig::default()).await;
    let uuid = desk(&edge, "cli").await;
    let room = get_room(&edge, "cli").await;
    let group = json!({"kind": "group", "room": "g", "number": 7, "owner": "amy"});
    operate(&edge, "POST /v1/rooms", &group.to_string()).await;
    for line in ["GET /v1/rooms/g/messages", "GET /v1/inbox"] {
        assert_eq!(ask(&edge, line, None, ("", "")).await.status, 401, "{line}");
    }
    // A desk from which guests are banned is closed to them.
    operate(&edge, &format!("PUT /v1/rooms/{room}/bans/guest"), "").await;
    let body = json!({"help_desk": uuid, "message": "m"}).to_string();
    let line = format!("GET /api/help-desks/{uuid}/history/");
    for answer in [post(&edge, None, (JSON, &body)).await, ask(&edge, &line, None, ("", "")).await] {
        refused(&answer, 404, json!({"detail": "Not found."}));
    }
}

#[tokio::test]
async fn all_guests_together_are_bounded_as_one_user_is() {
    let user_rate = chat_server_core::Rate { per_second: 1, burst: 40 };
    let core = ServerConfig { user_rate, ..ServerConfig::default() };
    let edge = start_open(core).await;
    let uuid = desk(&edge, "cli").await;
    let body = json!({"help_desk": uuid, "message": "m"}).to_string();
    let mut last = 200;
    for _ in 0..20 {
        last = post(&edge, None, (JSON, &body)).await.status;
    }
    assert_eq!(last, 429);
    created(&post(&edge, Some("dev-amy"), (JSON, &body)).await);
}
