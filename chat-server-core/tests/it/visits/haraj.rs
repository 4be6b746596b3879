//! What `haraj` asks: topics, messages, reads, typing, tokens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::command::{PushService, PushTarget};
use chat_protocol::dialect::haraj::{MessageEntry, TopicEntry};
use chat_protocol::dialect::{Opening, Secret};
use chat_protocol::{Content, ErrorCode, Frame, Seq, SessionId, Timestamp};
use chat_server_core::auth::{AuthError, Directory, Issued, Login, Profile, TokenIssuer};
use chat_server_core::dialects::{Entrance, RoomsOf};
use chat_server_core::transport::PeerInfo;
use chat_server_core::transport::memory::{self, MemoryConnection};
use futures::{SinkExt, StreamExt};
use serde_json::json;

use super::*;

/// A socket of a user, and its session.
struct Socket(MemoryConnection, SessionId);

impl Socket {
    async fn open(server: &ChatServer, of: &str) -> Self {
        let handshake = chat_protocol::dialect::Handshake { path: "/chat/ws", query: &[], headers: &[] };
        let opening: Opening = server.port(HARAJ).dialect.open(&handshake).unwrap();
        let Entrance::Let(entered) = server.enter(HARAJ, opening, &[]).await else { panic!("it is let in") };
        let (ours, theirs) = memory::pair(1_024);
        tokio::spawn(server.serve_socket(entered, theirs, PeerInfo::default()));
        let mut socket = Self(ours, SessionId::new("s").unwrap());
        let auth = json!({"auth": {"id": "a", "access_token": format!("dev-{of}")}});
        socket.0.send(Frame::Text(auth.to_string().into())).await.unwrap();
        let told = socket.hear().await;
        socket.1 = SessionId::new(told["data"]["session_id"].as_str().unwrap()).unwrap();
        socket
    }

    async fn hear(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await;
        match next.expect("something is said") {
            Some(Ok(Frame::Text(text))) => serde_json::from_str(text.as_str()).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

#[tokio::test]
async fn topics_are_those_where_something_was_written_until_they_are_hidden() {
    let server = server();
    let ann = visit(&server, HARAJ, "1").await;
    ann.start_direct(&user("9")).await.unwrap();
    for n in 2..=4 {
        say(&server, "1", &meet(&server, "1", &n.to_string()).await, "hello").await;
    }
    let list = async |visit: &Visit| {
        let page = visit.rooms(RoomsOf::Topics, None, 8).await.unwrap();
        let topics = page.rooms.iter().map(|room| room.facts(None, TopicEntry::of).unwrap().topic_id.0);
        topics.collect::<Vec<_>>()
    };
    assert_eq!(list(&ann).await, ["p2p1_4", "p2p1_3", "p2p1_2"]);
    ann.hide(&direct("1", "3")).await.unwrap();
    assert_eq!(list(&ann).await, ["p2p1_4", "p2p1_2"]);
    assert_eq!(list(&visit(&server, HARAJ, "3").await).await, ["p2p1_3"], "hidden from ann alone");
    say(&server, "3", &direct_id("1", "3"), "hello?").await;
    assert_eq!(list(&ann).await, ["p2p1_3", "p2p1_4", "p2p1_2"], "back with its next message");
    assert_eq!(refused(ann.hide(&direct("1", "7")).await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn pages_go_back_and_show_what_was_deleted_without_its_text() {
    let server = server();
    let ann = visit(&server, HARAJ, "1").await;
    let (room, name) = (meet(&server, "1", "2").await, direct("1", "2"));
    for n in 1..=5 {
        say(&server, "1", &room, &format!("{n}")).await;
    }
    ann.delete(&name, seq(4)).await.unwrap();
    let page = ann.page(&name, None, 2).await.unwrap();
    assert_eq!((texts(&page.messages), page.next), (["", "5"].map(String::from).to_vec(), Some(seq(4))));
    assert!(page.messages[0].news(None, MessageEntry::of).unwrap().is_deleted);
    let page = ann.page(&name, page.next, 3).await.unwrap();
    assert_eq!((texts(&page.messages), page.next), (["1", "2", "3"].map(String::from).to_vec(), None));

    assert_eq!(refused(ann.delete(&name, seq(4)).await), ErrorCode::MessageNotFound, "deleted already");
    assert_eq!(refused(ann.delete(&name, seq(9)).await), ErrorCode::MessageNotFound);
    let bob = visit(&server, HARAJ, "2").await;
    assert_eq!(refused(bob.delete(&name, seq(1)).await), ErrorCode::MessageNotFound, "another's");
    let eve = visit(&server, HARAJ, "3").await;
    assert_eq!(refused(eve.delete(&name, seq(1)).await), ErrorCode::Forbidden);
    assert_eq!(refused(eve.page(&name, None, 2).await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_message_spares_the_session_that_sent_it() {
    let server = server();
    let ann = visit(&server, HARAJ, "1").await;
    let hello = || Content::plain("hello");
    let name = direct("1", "2");
    assert_eq!(refused(ann.send(&name, hello(), None).await), ErrorCode::Forbidden, "it was never started");
    ann.start_direct(&user("2")).await.unwrap();
    let (mut own, mut other) = (Socket::open(&server, "1").await, Socket::open(&server, "1").await);
    let mut bob = Socket::open(&server, "2").await;

    let sent = ann.send(&name, hello(), Some(own.1.as_str())).await.unwrap();
    assert_eq!((sent.stored.message.seq, sent.recipients.as_slice()), (seq(1), &[(user("2"), false)][..]));
    for socket in [&mut other, &mut bob] {
        assert_eq!(socket.hear().await["message"]["seq_id"], 1);
    }
    ann.send(&name, hello(), None).await.unwrap();
    assert_eq!(bob.hear().await["message"]["seq_id"], 2);
    for (gone, seq) in [(bob.1.to_string(), 3), ("closed".to_owned(), 4), ("\n".to_owned(), 5)] {
        ann.send(&name, hello(), Some(&gone)).await.unwrap();
        for socket in [&mut own, &mut other, &mut bob] {
            assert_eq!(socket.hear().await["message"]["seq_id"], seq, "{gone} is none of ann's");
        }
    }
    say(&server, "1", &direct_id("1", "2"), "native").await;
    for socket in [&mut own, &mut other, &mut bob] {
        assert_eq!(socket.hear().await["message"]["seq_id"], 6);
    }
}

#[tokio::test]
async fn who_is_blocked_or_gone_writes_nothing() {
    let server = server();
    let (ann, bob) = (visit(&server, HARAJ, "1").await, visit(&server, HARAJ, "2").await);
    ann.start_direct(&user("2")).await.unwrap();
    native(&server, "2", json!({"block": {"id": "b", "user": "1"}})).await;
    for visit in [&ann, &bob] {
        let sent = visit.send(&direct("1", "2"), Content::plain("x"), None).await;
        assert_eq!(refused(sent), ErrorCode::Forbidden);
        assert_eq!(refused(visit.typing(&direct("1", "2"), true).await), ErrorCode::Forbidden);
    }
    let cid = visit(&server, HARAJ, "3").await;
    group(&server, "g", &["1", "3"], json!({})).await;
    native(&server, "1", json!({"ban": {"id": "b", "room": "g", "user": "3"}})).await;
    assert_eq!(refused(cid.send(&named("g"), Content::plain("x"), None).await), ErrorCode::Forbidden);
    let long = "x".repeat(20_000);
    assert_eq!(refused(ann.send(&named("g"), Content::plain(&long), None).await), ErrorCode::TooLarge);
}

#[tokio::test]
async fn reads_are_confirmed_one_by_one() {
    let server = server();
    let (ann, bob) = (visit(&server, HARAJ, "1").await, visit(&server, HARAJ, "2").await);
    let (room, name) = (meet(&server, "1", "2").await, direct("1", "2"));
    for of in ["2", "1", "2"] {
        say(&server, of, &room, "hello").await;
    }
    let mut told = Socket::open(&server, "2").await;
    assert_eq!(ann.confirm(&name, &[seq(1), seq(2)]).await.unwrap(), [true, false], "one's own is not read");
    assert_eq!(told.hear().await["reads"]["seq_ids"], json!([1]));
    assert_eq!(ann.confirm(&name, &[seq(3), seq(7)]).await.unwrap(), [true, false]);
    let page = bob.page(&name, None, 3).await.unwrap();
    let read: Vec<bool> = page.messages.iter().map(|shown| shown.recipients[0].1).collect();
    assert_eq!(read, [true, false, true]);
    let eve = visit(&server, HARAJ, "3").await;
    assert_eq!(refused(eve.confirm(&name, &[seq(1)]).await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn typing_ends_when_it_is_said_by_its_time_and_by_the_message() {
    let server = server();
    let ann = visit(&server, HARAJ, "1").await;
    ann.start_direct(&user("2")).await.unwrap();
    let mut bob = Socket::open(&server, "2").await;
    let name = direct("1", "2");
    for start in [true, false] {
        ann.typing(&name, start).await.unwrap();
        assert_eq!(bob.hear().await["pres"]["what"], if start { "typing" } else { "stop_typing" });
    }
    ann.typing(&name, true).await.unwrap();
    assert_eq!(bob.hear().await["pres"]["what"], "typing");
    let before = std::time::Instant::now();
    assert_eq!(bob.hear().await["pres"]["what"], "stop_typing");
    assert!(before.elapsed() > Duration::from_secs(4), "by its time");
    ann.typing(&name, true).await.unwrap();
    ann.send(&name, Content::plain("x"), None).await.unwrap();
    let told: Vec<Value> = vec![bob.hear().await, bob.hear().await];
    assert!(told.iter().any(|told| told["message"].is_object()), "{told:?}");
    assert_eq!(refused(visit(&server, HARAJ, "3").await.typing(&name, true).await), ErrorCode::Forbidden);
}

struct Users;

#[async_trait]
impl Directory for Users {
    async fn profile(&self, user: &UserId) -> Result<Option<Profile>, AuthError> {
        let name = (user.as_str() == "1").then(|| "Ann".to_owned());
        Ok((user.as_str() != "404").then(|| Profile { name, ..Profile::default() }))
    }
    async fn named(&self, username: &str) -> Result<Option<UserId>, AuthError> {
        Ok((username == "ann").then(|| user("1")))
    }
    async fn set_avatar(&self, _: &UserId, url: &str) -> Result<bool, AuthError> {
        Ok(url.starts_with("https:"))
    }
}

#[async_trait]
impl TokenIssuer for Users {
    async fn log_in(&self, login: Login<'_>) -> Result<Issued, AuthError> {
        match login {
            Login::Password { username: "ann", password: "secret" } | Login::Session("s") => {
                self.renew(&user("1")).await
            }
            _ => Err(AuthError::Invalid),
        }
    }
    async fn renew(&self, user: &UserId) -> Result<Issued, AuthError> {
        let token = Secret(format!("dev-{user}"));
        Ok(Issued { user: user.clone(), token, expires_at: Timestamp::from_micros(1) })
    }
}

#[tokio::test]
async fn tokens_are_given_to_who_says_the_right_thing() {
    let mut providers = providers();
    assert_eq!(refused(server().log_in(HARAJ, Login::Session("s")).await), ErrorCode::NotSupported);
    providers.dialects[HARAJ.0].issuer = Some(Arc::new(Users));
    let server = ChatServer::start(providers, quick());
    let right = Login::Password { username: "ann", password: "secret" };
    assert!(!format!("{right:?}").contains("secret"));
    let issued = server.log_in(HARAJ, right).await.unwrap();
    let ann = server.visit(HARAJ, &issued.token).await.unwrap();
    assert_eq!((ann.user(), ann.renew().await.unwrap().user), (&user("1"), user("1")));
    for wrong in [Login::Password { username: "ann", password: "x" }, Login::Session("x")] {
        assert_eq!(refused(server.log_in(HARAJ, wrong).await), ErrorCode::InvalidToken);
    }
}

#[tokio::test]
async fn users_are_found_and_change_their_own_picture_and_device() {
    let server = ChatServer::start(Providers { directory: Arc::new(Users), ..providers() }, quick());
    let bob = visit(&server, HARAJ, "2").await;
    assert_eq!(bob.profile(&user("1")).await.unwrap().name.as_deref(), Some("Ann"));
    assert_eq!(refused(bob.profile(&user("404")).await), ErrorCode::NotFound);
    let found = bob.named(&["ann".to_owned(), "nobody".to_owned()]).await.unwrap();
    assert_eq!((found.len(), found[0].0.as_str(), &found[0].1.user), (1, "ann", &user("1")));
    bob.set_avatar("https://x.example/2").await.unwrap();
    assert_eq!(refused(bob.set_avatar("x").await), ErrorCode::NotSupported);
    let target = |token: &str| PushTarget { service: PushService::Apns, token: token.to_owned(), app: None };
    bob.set_device(target("one")).await.unwrap();
    bob.set_device(target("two")).await.unwrap();
    assert_eq!(refused(bob.set_device(target(&"x".repeat(5_000))).await), ErrorCode::BadRequest);
}
