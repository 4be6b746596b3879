//! Who is there, who looks, who writes, and how little of it is told where many are.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::event::PresenceState;
use chat_protocol::{Command, Event, Timestamp, UserId};
use chat_server_core::{ChatServer, Policy, Providers, ServerConfig};
use serde_json::Value;

use crate::peer::{Peer, quick, send, server, server_of, shared};

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

const DIRECT: &str = r#"{"create":{"id":"d","kind":"direct","members":["bob"]}}"#;
const LISTEN: &str = r#"{"listen":{"id":"l","user":"bob"}}"#;
const TYPING: &str = r#"{"typing":{"id":"t","room":"r"}}"#;

/// The next presence packet.
async fn presence(peer: &mut Peer) -> PresenceState {
    match peer.until(|event| matches!(event, Event::Pres(_))).await.pop() {
        Some(Event::Pres(presence)) => presence.state,
        other => panic!("{other:?}"),
    }
}

/// Presence packets up to the answer of a command that is asked now.
async fn presence_so_far(peer: &mut Peer) -> Vec<PresenceState> {
    peer.say(r#"{"sessions":{"id":"so far"}}"#).await;
    let answered = |event: &Event| matches!(event, Event::Reply(reply) if reply.id.as_ref().is_some_and(|id| id.as_str() == "so far"));
    let events = peer.until(answered).await.into_iter();
    events
        .filter_map(|event| if let Event::Pres(presence) = event { Some(presence.state) } else { None })
        .collect()
}

async fn until_true(mut is: impl FnMut() -> bool) {
    let waiting = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("in time");
}

#[tokio::test]
async fn who_is_away_on_all_devices_is_online_but_not_attended() {
    let server = server();
    let (mut alice, mut phone) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(DIRECT).await;
    assert!(server.is_attended(&user("bob")));
    phone.ok(r#"{"away":{"id":"a","away":true}}"#).await;
    assert!(!server.is_attended(&user("bob")), "nobody looks");
    assert_eq!(alice.ok(LISTEN).await["online"], true);
    let mut laptop = Peer::log_in(&server, "bob").await;
    assert!(server.is_attended(&user("bob")), "somebody looks at another device");
    laptop.ok(r#"{"away":{"id":"a","away":true}}"#).await;
    phone.ok(r#"{"away":{"id":"a","away":false}}"#).await;
    assert!(server.is_attended(&user("bob")), "and is back");
    drop(phone);
    until_true(|| !server.is_attended(&user("bob"))).await;
    assert_eq!(presence_so_far(&mut alice).await, [], "presence is not about looking");
}

#[tokio::test]
async fn last_seen_is_told_when_the_last_session_ends_and_to_who_listens_later() {
    let parts = shared();
    let server = server_of(parts.clone());
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(DIRECT).await;
    let never = alice.ok(LISTEN).await;
    assert_eq!((&never["online"], &never["last_seen"]), (&Value::Bool(false), &Value::Null));
    let bob = Peer::log_in(&server, "bob").await;
    assert_eq!(presence(&mut alice).await, PresenceState::Online { from: user("bob") });
    let again = alice.ok(LISTEN).await;
    assert_eq!((&again["online"], &again["last_seen"]), (&Value::Bool(true), &Value::Null));
    drop(bob);
    let PresenceState::Offline { last_seen: Some(told), .. } = presence(&mut alice).await else { panic!() };
    let kept = async |store: &Providers| store.storage.last_seen(&user("bob")).await.unwrap();
    for _ in 0..1_000 {
        if kept(&parts).await.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ms = |ts: Timestamp| ts.as_micros() / 1_000;
    assert_eq!(kept(&parts).await.map(ms), Some(ms(told)));
    let mut later = Peer::log_in(&server_of(parts), "alice").await;
    assert_eq!(
        later.ok(LISTEN).await["last_seen"],
        serde_json::to_value(told).unwrap(),
        "at another node too"
    );
}

#[tokio::test]
async fn a_server_that_stops_keeps_when_its_users_were_last_seen() {
    let parts = shared();
    let config = ServerConfig { presence_grace: Duration::from_secs(600), ..quick() };
    let server = ChatServer::start(parts.clone(), config);
    let (bob, carol) = (Peer::log_in(&server, "bob").await, Peer::log_in(&server, "carol").await);
    drop(carol);
    until_true(|| server.connections() == 1).await;
    server.shutdown(Duration::from_secs(5)).await;
    drop(bob);
    for id in ["bob", "carol"] {
        assert!(parts.storage.last_seen(&user(id)).await.unwrap().is_some(), "{id}");
    }
}

/// Alice and bob in room `r`, both following; bob's typing is heard by alice.
async fn two_in_a_room(server: &ChatServer) -> (Peer, Peer) {
    let (mut alice, mut bob) = (Peer::log_in(server, "alice").await, Peer::log_in(server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    bob.ok(TYPING).await;
    assert!(matches!(presence(&mut alice).await, PresenceState::Typing { .. }));
    (alice, bob)
}

#[tokio::test]
async fn typing_ends_with_the_connection_that_told_it() {
    let server = server();
    let (mut alice, bob) = two_in_a_room(&server).await;
    drop(bob);
    let stopped =
        PresenceState::StopTyping { from: user("bob"), room: "r".try_into().unwrap(), thread: None };
    assert_eq!(presence(&mut alice).await, stopped);
}

#[tokio::test]
async fn typing_ends_with_the_membership() {
    for end in [r#"{"leave":{"id":"x","room":"r"}}"#, r#"{"kick":{"id":"x","room":"r","user":"bob"}}"#] {
        let server = server();
        let (mut alice, mut bob) = two_in_a_room(&server).await;
        if end.contains("leave") {
            bob.ok(end).await
        } else {
            alice.ok(end).await
        };
        let told = presence_so_far(&mut alice).await;
        assert!(matches!(told[..], [PresenceState::StopTyping { .. }] | []), "{told:?}");
        if told.is_empty() {
            assert!(matches!(presence(&mut alice).await, PresenceState::StopTyping { .. }), "{end}");
        }
    }
}

#[tokio::test]
async fn typing_ends_with_the_message_which_needs_no_further_word() {
    let server = server();
    let (mut alice, mut bob) = two_in_a_room(&server).await;
    bob.ok(&send("m", "r", "hi")).await;
    alice.message().await;
    drop(bob);
    until_true(|| server.connections() == 1).await;
    assert_eq!(presence_so_far(&mut alice).await, []);
}

#[tokio::test(start_paused = true)]
async fn typing_ends_by_its_time_without_a_word() {
    // Nobody tidies up before: the time itself counts.
    let ttl = Duration::from_secs(3);
    let config = ServerConfig { presence_interval: Duration::from_secs(3_600), typing_ttl: ttl, ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let (mut alice, bob) = two_in_a_room(&server).await;
    tokio::time::advance(ttl).await;
    drop(bob);
    until_true(|| server.connections() == 1).await;
    assert_eq!(presence_so_far(&mut alice).await, []);
}

#[tokio::test]
async fn in_a_crowd_numbers_are_told_and_not_who_writes() {
    let config =
        ServerConfig { presence_room_threshold: 2, presence_interval: Duration::from_millis(10), ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let (mut alice, mut bob) = two_in_a_room(&server).await;
    bob.ok(&send("m", "r", "hi")).await;
    let mut carol = Peer::log_in(&server, "carol").await;
    carol.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    let counts = |online, typing| PresenceState::Counts { room: "r".try_into().unwrap(), online, typing };
    assert_eq!(presence(&mut alice).await, counts(3, 0));
    bob.ok(TYPING).await;
    assert_eq!(presence(&mut alice).await, counts(3, 1), "no word of bob");
    let second = Peer::log_in(&server, "bob").await;
    bob.ok(&send("m2", "r", "hi")).await;
    assert_eq!(presence(&mut alice).await, counts(3, 0), "users are counted, not connections");
    drop((second, carol));
    until_true(|| server.connections() == 2).await;
    bob.ok(TYPING).await;
    assert!(matches!(presence(&mut alice).await, PresenceState::Typing { .. }), "few are told each");
}

/// Everybody may watch everybody, and guests do not write.
struct House;

impl Policy for House {
    fn may(&self, user: &UserId, command: &Command) -> Result<(), String> {
        match command {
            Command::Send(_) if user.as_str().starts_with("guest") => Err("guests only read".to_owned()),
            _ => Ok(()),
        }
    }

    fn may_listen(&self, _: &UserId, user: &UserId, _: bool) -> bool {
        user.as_str() != "secret"
    }
}

#[tokio::test]
async fn an_operators_own_rules_come_on_top_of_the_built_in_ones() {
    let server = server_of(Providers { policy: Arc::new(House), ..Providers::default() });
    let mut alice = Peer::log_in(&server, "alice").await;
    let mut guest = Peer::log_in(&server, "guest-1").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    guest.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    let refused = guest.ask(&send("1", "r", "hi")).await;
    assert_eq!((refused.status, refused.detail.as_deref()), (403, Some("guests only read")));
    guest.ok(r#"{"history":{"id":"h","room":"r"}}"#).await;
    alice.ok(&send("1", "r", "hi")).await;
    let mut eve = Peer::log_in(&server, "eve").await;
    assert_eq!(
        eve.refused(&send("1", "r", "hi")).await,
        "ERR_FORBIDDEN_ACCESS",
        "she is a stranger all the same"
    );

    eve.ok(r#"{"listen":{"id":"l","user":"alice"}}"#).await;
    assert_eq!(eve.refused(r#"{"listen":{"id":"l","user":"secret"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    alice.ok(r#"{"block":{"id":"b","user":"eve"}}"#).await;
    assert_eq!(eve.refused(r#"{"listen":{"id":"l","user":"alice"}}"#).await, "ERR_FORBIDDEN_ACCESS");
}
