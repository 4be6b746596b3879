//! What clients in the field do that no document says.

use chat_protocol::dialect::tndata::TnData;
use chat_server_core::dialects::Port;
use chat_server_core::{Providers, Rate, ServerConfig};
use chat_transport_ws::WsConfig;
use serde_json::json;

use super::together::haraj;
use super::{open, open_with, operate, start};
use crate::edge::Edge;

/// Phones lose their network without a word; those who look at them see it at once, in every format that shows presence.
#[tokio::test]
async fn whoever_hangs_up_without_a_word_is_offline_at_once() {
    let edge = start().await;
    let mut ann = open(&edge, "/ws/chats/?token=dev-1").await;
    let bob = open(&edge, "/ws/chats/?token=dev-2").await;
    ann.hears(json!({"type": "set_online", "user_id": 2, "content": {"user_id": 2}})).await;
    drop(bob.0.into_inner());
    ann.hears(json!({"type": "set_offline", "user_id": 2, "content": {"user_id": 2}})).await;

    let text = json!({"chat_type": "direct", "chat_id": "1_2", "text": "hi"});
    ann.say(json!({"type": "new_message", "content": text})).await;
    ann.hear().await;
    let (mut ann, bob) = (haraj(&edge, 1).await, haraj(&edge, 2).await);
    ann.say(json!({"listen": {"id": "l", "peer_id": 2}})).await;
    assert_eq!(ann.hear().await["data"]["is_online"], true);
    drop(bob.0.into_inner());
    let gone = ann.hear_with("/pres").await;
    assert_eq!((&gone["pres"]["what"], &gone["pres"]["from_id"]), (&json!("offline"), &json!(2)));
}

/// React confirms at every drawing: hundreds of times what one person could say.
#[tokio::test]
async fn receipts_are_repeated_without_end_and_keep_nobody_from_talking() {
    // A dozen messages, and hardly any more while this runs.
    let rate = Rate { per_second: 1, burst: 60 };
    let core = ServerConfig { connection_rate: rate, user_rate: rate, ..ServerConfig::default() };
    let providers = Providers { dialects: vec![Port::new(TnData::default())], ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, core).await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    let mut bob = open(&edge, "/chat/1/?token=dev-2").await;
    ann.say(json!({"text": "Hello"})).await;
    let frame = bob.hear_with("/digest").await;
    for _ in 0..1_000 {
        bob.say(json!({"received": frame["digest"]})).await;
    }
    bob.say(json!({"text": "Hi"})).await;
    let echo = bob.hear().await;
    assert_eq!((&echo["text"], &echo["from_id"]), (&json!("Hi"), &json!(2)), "the next that is heard");
}

/// Tokens that are made of an address: as it is, and as a careful client writes it.
#[tokio::test]
async fn an_at_sign_in_a_token_is_a_part_of_it() {
    let edge = start().await;
    operate(&edge, "PUT /v1/organizations/acme/agents/ann@example.org", "").await;
    for token in ["dev-ann@example.org", "dev-ann%40example.org"] {
        let mut tndata = open(&edge, &format!("/chat/2/?token={token}")).await;
        assert_eq!(tndata.hear().await["text"], "ann@example.org joined.");
        let mut chats = open(&edge, &format!("/ws/chats/?token={token}")).await;
        chats.say(json!({"type": "set_online"})).await;
        assert_eq!(chats.hear().await["user_id"], "ann@example.org");
        let mut hipochat = open(&edge, &format!("/talk/chat/r/?token={token}")).await;
        hipochat.say(json!({"message": "hi"})).await;
        assert_eq!(hipochat.hear().await["author"]["user_id"], "ann@example.org");
        open(&edge, &format!("/ws/chat/acme/?token={token}")).await;
    }
    let header = [("authorization", "Token dev-ann@example.org")];
    let (mut tndata, _) = open_with(&edge, "/chat/2/", &header).await.unwrap();
    assert_eq!(tndata.hear().await["text"], "ann@example.org joined.");
    let mut haraj = open(&edge, "/chat/ws").await;
    haraj.say(json!({"auth": {"id": "a", "access_token": "dev-ann@example.org"}})).await;
    assert_eq!(haraj.hear().await["data"]["user_id"], "ann@example.org");
}

/// `from` is what the client thinks it is: it never is whose the message is.
#[tokio::test]
async fn who_writes_may_be_said_as_a_number_as_a_text_or_wrongly() {
    let edge = start().await;
    let mut ann = open(&edge, "/chat/2/?token=dev-1").await;
    for from in [json!(1), json!("1"), json!(7), json!("7"), json!("seven")] {
        ann.say(json!({"text": "Hello", "from": from})).await;
        assert_eq!(ann.hear_with("/digest").await["from_id"], 1, "{from}");
    }
}

/// Header names of a request are the client's own spelling, too.
#[tokio::test]
async fn requests_are_understood_however_their_headers_are_spelled() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let edge = start().await;
    for (upgrade, connection, key) in [
        ("UPGRADE: WebSocket", "CONNECTION: upgrade", "SEC-WEBSOCKET-KEY"),
        ("upgrade: websocket", "connection: keep-alive, Upgrade", "sec-websocket-key"),
    ] {
        let mut socket = edge.connect().await;
        let request = format!(
            "GET /chat/2/?token=dev-1 HTTP/1.1\r\nhost: {}\r\n{upgrade}\r\n{connection}\r\n\
             Sec-Websocket-Version: 13\r\n{key}: {}\r\n\r\n",
            edge.address,
            crate::edge::KEY
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        crate::raw::soon(socket.read_exact(&mut first)).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 101", "{upgrade}");
    }
}
