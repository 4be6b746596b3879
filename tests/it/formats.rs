//! The real binary as an operator with old clients runs it: tables of formats in the file, one of which has tokens of its own,
//! several addresses, and a list of users who have the names that others see.

use std::net::SocketAddr;

use chat_tests::server::{Server, Start};
use chat_tests::socket::PATIENCE;
use futures::{SinkExt, StreamExt};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const FILE: &str = r#"
[auth]
kind = "static"
users = [
    { id = "1", name = "Ann Lee", token = "tok-ann" },
    { id = "2", name = "Bob Day", token = "tok-bob", avatar = "//example.org/bob.jpg" },
]

[operator]
token = "op-secret"

[dialects.tndata]

[dialects.chats.auth]
kind = "jwt"
secret = "0123456789abcdef0123456789abcdef"
user_claim = "user_id"
"#;

/// A token as the old server of `chats` signs it.
fn jwt(user: Value) -> String {
    let claims = json!({"token_type": "access", "user_id": user, "exp": 4_102_444_800_u64});
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Opens a WebSocket, or gives the status with which it is refused.
async fn open(address: SocketAddr, path: &str, protocols: Option<String>) -> Result<Socket, u16> {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    if let Some(protocols) = protocols {
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(Socket(socket)),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{path}: {error}"),
    }
}

impl Socket {
    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame that has something there.
    async fn hear(&mut self, pointer: &str) -> Value {
        let hearing = async {
            loop {
                let Some(Ok(message)) = self.0.next().await else { panic!("no {pointer}") };
                let Message::Text(text) = message else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame.pointer(pointer).is_some() {
                    return frame;
                }
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("no {pointer} in time"))
    }
}

#[tokio::test]
async fn old_clients_find_their_format_their_tokens_and_their_port() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("chat.toml");
    std::fs::write(&file, FILE).unwrap();
    let env = vec![("CHAT_CONFIG".to_owned(), file.into())];
    let start = Start { env, more: 1, ..Start::default() };
    let server = Server::start(&data.path().join("data"), &start).await;
    let (here, there) = (server.address(), server.others[0]);
    assert_ne!(here, there);

    // Ann by the one format, address and kind of token, Bob by the others: one conversation, and the names of the list.
    let mut ann = open(here, "/chat/2/?token=tok-ann", None).await.unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(ann.hear("/from").await["text"], "Ann Lee joined.");
    let offer = Some(format!("Bearer, {}", jwt(json!(2))));
    let mut bob = open(there, "/ws/chat/", offer).await.unwrap_or_else(|it| panic!("{it}"));
    ann.say(json!({"text": "Hello", "from": 1})).await;
    let told = bob.hear("/content/message").await;
    let author = &told["content"]["message"]["author"];
    // A list of users has whole names, and the format's first name is where they are read from.
    assert_eq!((&author["id"], &author["first_name"]), (&json!(1), &json!("Ann Lee")));
    let content =
        json!({"chat_type": "direct", "chat_id": "1_2", "text": "Hi", "reply_to": null, "file_urls": []});
    bob.say(json!({"type": "new_message", "content": content})).await;
    ann.hear("/digest").await;
    let heard = ann.hear("/digest").await;
    let expected = (&json!("Hi"), &json!("Bob Day"), &json!("//example.org/bob.jpg"));
    assert_eq!((&heard["text"], &heard["from"], &heard["avatar"]), expected);

    // The tokens of the one format are nobody's in the other.
    for token in ["tok-bob".to_owned(), jwt(json!(2)) + "x"] {
        assert_eq!(open(there, &format!("/ws/chats/?token={token}"), None).await.err(), Some(403), "{token}");
    }
    let mut stranger = open(there, &format!("/chat/1/?token={}", jwt(json!(2))), None)
        .await
        .unwrap_or_else(|it| panic!("{it}"));
    stranger.say(json!({"text": "nobody"})).await;
    ann.say(json!({"text": "still here"})).await;
    assert_eq!(
        ann.hear("/text").await["text"],
        "still here",
        "nothing of whoever has no token of the format"
    );

    // Formats without a table are not spoken.
    for path in ["/chat/ws", "/talk/chat/r/?token=tok-ann", "/ws/chat/acme/?token=tok-ann"] {
        match path {
            // Without haraj it is a peer called `ws`.
            "/chat/ws" => _ = open(here, path, None).await.unwrap_or_else(|it| panic!("{it}")),
            path => assert_eq!(open(here, path, None).await.err(), Some(404), "{path}"),
        }
    }
    assert_eq!(server.terminate().await, Some(0));
}
