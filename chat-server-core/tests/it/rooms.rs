//! Rooms, messages, pointers, presence and typing, through a whole server of in-memory parts.

use chat_protocol::event::{MemberAction, Outcome, PresenceState, UserChange};
use chat_protocol::{Event, Frame, RoomId, Seq, UserId};
use serde_json::json;

use crate::peer::{Peer, send, server, server_of, shared};

#[tokio::test]
async fn two_users_talk_and_both_see_one_order() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    let made = alice.ok(r#"{"create":{"id":"c","kind":"group","room":"lobby","access":"open"}}"#).await;
    assert_eq!(made["created"], true);
    assert_eq!(made["room"]["offset"], 2, "created, then joined");
    let joined = bob.ok(r#"{"join":{"id":"j","room":"lobby"}}"#).await;
    assert_eq!((&joined["room"]["offset"], &joined["room"]["members"]), (&json!(3), &json!(2)));
    let ack = alice.ok(&send("m1", "lobby", "hi")).await;
    assert_eq!((&ack["seq"], &ack["offset"], &ack["duplicate"]), (&json!(1), &json!(4), &json!(false)));
    bob.ok(&send("m2", "lobby", "hello")).await;
    for peer in [&mut alice, &mut bob] {
        // Each heard one of the two before its own reply; ask for the log again to compare the order.
        let page = peer.ok(r#"{"history":{"id":"h","room":"lobby"}}"#).await;
        let seqs: Vec<_> =
            page["messages"].as_array().unwrap().iter().map(|m| (&m["seq"], &m["from"])).collect();
        assert_eq!(seqs, [(&json!(1), &json!("alice")), (&json!(2), &json!("bob"))]);
    }
}

#[tokio::test]
async fn a_retry_gives_the_first_answer_and_another_body_a_conflict() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    let first = alice.ok(&send("m1", "r", "hi")).await;
    let again = alice.ok(&send("m1", "r", "hi")).await;
    assert_eq!(
        (&again["seq"], &again["ts"], &again["duplicate"]),
        (&first["seq"], &first["ts"], &json!(true))
    );
    assert_eq!(alice.refused(&send("m1", "r", "other")).await, "ERR_CLIENT_ID_CONFLICT");
    assert_eq!(alice.ok(&send("m2", "r", "next")).await["seq"], 2);
}

#[tokio::test]
async fn a_retry_gives_the_first_answer_also_to_somebody_who_left() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    let first = bob.ok(&send("m1", "r", "hi")).await;
    bob.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    let again = bob.ok(&send("m1", "r", "hi")).await;
    assert_eq!((&again["seq"], &again["duplicate"]), (&first["seq"], &json!(true)));
    assert_eq!(bob.refused(&send("m1", "r", "other")).await, "ERR_CLIENT_ID_CONFLICT");
    assert_eq!(bob.refused(&send("m2", "r", "new")).await, "ERR_FORBIDDEN_ACCESS");
    assert_eq!(alice.ok(&send("m1", "r", "hi")).await["seq"], 2, "names belong to their senders");
}

#[tokio::test]
async fn commands_take_their_order_without_waiting_for_answers() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    let mut bob = Peer::log_in(&server, "bob").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    bob.say(r#"{"join":{"id":"j","room":"r"}}"#).await;
    for n in 0..40 {
        bob.say(&send(&format!("m{n}"), "r", "x")).await;
    }
    bob.say(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    bob.say(&send("late", "r", "x")).await;
    let mut texts = Vec::new();
    while texts.len() < 40 {
        texts.push(alice.message().await.client_msg_id.unwrap().to_string());
    }
    let expected: Vec<String> = (0..40).map(|n| format!("m{n}")).collect();
    assert_eq!(texts, expected);
    assert_eq!(bob.reply("late").await.status, 403);
}

#[tokio::test]
async fn strangers_cannot_tell_a_missing_room_from_a_closed_one() {
    let server = server();
    let (mut alice, mut eve) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "eve").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"private"}}"#).await;
    for room in ["private", "nowhere"] {
        for command in [
            format!(r#"{{"join":{{"id":"x","room":"{room}"}}}}"#),
            format!(r#"{{"leave":{{"id":"x","room":"{room}"}}}}"#),
            format!(r#"{{"history":{{"id":"x","room":"{room}"}}}}"#),
            format!(r#"{{"follow":{{"id":"x","room":"{room}"}}}}"#),
            format!(r#"{{"read":{{"id":"x","room":"{room}","seq":0}}}}"#),
            format!(r#"{{"typing":{{"id":"x","room":"{room}"}}}}"#),
            send("x", room, "hi"),
        ] {
            let reply = eve.ask(&command).await;
            assert_eq!((reply.status, reply.detail.as_deref()), (403, None), "{command}");
        }
    }
    assert_eq!(
        alice.refused(r#"{"create":{"id":"c2","kind":"group","room":"private"}}"#).await,
        "ERR_ALREADY_EXISTS"
    );
}

#[tokio::test]
async fn one_pair_has_one_direct_room_that_nobody_leaves() {
    let server = server();
    let (mut one, mut two) = (Peer::log_in(&server, "1").await, Peer::log_in(&server, "2").await);
    let made = one.ok(r#"{"create":{"id":"c","kind":"direct","members":["2"]}}"#).await;
    assert_eq!((&made["room"]["room"], &made["created"]), (&json!("~1.1.2"), &json!(true)));
    let same = two.ok(r#"{"create":{"id":"c","kind":"direct","members":["1"]}}"#).await;
    assert_eq!((&same["room"]["room"], &same["created"]), (&json!("~1.1.2"), &json!(false)));
    one.ok(&send("m", "~1.1.2", "hi")).await;
    assert_eq!(two.message().await.seq.get(), 1, "the other side follows by itself");
    assert_eq!(two.refused(r#"{"leave":{"id":"l","room":"~1.1.2"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    let mut eve = Peer::log_in(&server, "3").await;
    assert_eq!(eve.refused(r#"{"join":{"id":"j","room":"~1.1.2"}}"#).await, "ERR_FORBIDDEN_ACCESS");
}

#[tokio::test]
async fn two_who_make_their_direct_room_at_once_get_one() {
    let server = server();
    for n in 0..20 {
        let (a, b) = (format!("a{n}"), format!("b{n}"));
        let (mut x, mut y) = (Peer::log_in(&server, &a).await, Peer::log_in(&server, &b).await);
        let create =
            |other: &str| json!({"create": {"id": "c", "kind": "direct", "members": [other]}}).to_string();
        x.say(&create(&b)).await;
        y.say(&create(&a)).await;
        let data = |reply: chat_protocol::Reply| -> serde_json::Value {
            serde_json::from_str(reply.data.expect("both succeed").get()).unwrap()
        };
        let (x, y) = (data(x.reply("c").await), data(y.reply("c").await));
        assert_eq!(x["room"]["room"], y["room"]["room"]);
        assert_ne!(x["created"], y["created"], "one of them made it");
    }
}

#[tokio::test]
async fn a_direct_room_with_oneself_has_one_member_and_nothing_unread() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    let create = r#"{"create":{"id":"c","kind":"direct","members":["alice"]}}"#;
    let made = alice.ok(create).await;
    let state = &made["room"];
    assert_eq!(
        (&state["members"], &state["peer"], &made["created"]),
        (&json!(1), &json!("alice"), &json!(true))
    );
    assert_eq!(alice.ok(create).await["created"], false);
    let room = state["room"].as_str().unwrap();
    assert_eq!(alice.ok(&send("m1", room, "note")).await["seq"], 1);
    let inbox = alice.ok(r#"{"inbox":{"id":"i"}}"#).await;
    assert_eq!((&inbox["totals"]["unread"], &inbox["rooms"][0]["peer_online"]), (&json!(0), &json!(true)));
}

#[tokio::test]
async fn the_operator_names_both_of_a_direct_room_and_the_case_of_desks_alone() {
    let server = server();
    let mut bob = Peer::log_in(&server, "bob").await;
    let create = async |json: &str| {
        let command = chat_protocol::decode(json.as_bytes()).unwrap();
        server.command(&chat_server_core::Caller::Operator, command).await
    };
    let refused = create(r#"{"create":{"id":"c","kind":"direct","members":["bob"]}}"#).await;
    assert_eq!(refused.unwrap_err().wire().code, chat_protocol::ErrorCode::BadRequest);
    let group = r#"{"create":{"id":"c","kind":"group","desk":{"organization":"o","client":"bob"}}}"#;
    assert_eq!(create(group).await.unwrap_err().wire().code, chat_protocol::ErrorCode::BadRequest);
    create(r#"{"create":{"id":"c","kind":"direct","owner":"alice","members":["bob"]}}"#).await.unwrap();
    let inbox = bob.ok(r#"{"inbox":{"id":"i"}}"#).await;
    let rooms: Vec<_> =
        inbox["rooms"].as_array().unwrap().iter().map(|entry| &entry["state"]["peer"]).collect();
    assert_eq!(rooms, [&json!("alice")]);
}

#[tokio::test]
async fn other_devices_hear_of_gained_and_lost_rooms_and_of_reads() {
    let server = server();
    let (mut phone, mut desk) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "alice").await);
    phone.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    let room: RoomId = "r".parse().unwrap();
    let is_user =
        |change| move |event: &Event| matches!(event, Event::User(changed) if changed.change == change);
    desk.until(is_user(UserChange::RoomJoined { room: room.clone() })).await;
    desk.until(|event| matches!(event, Event::Resumed(resumed) if resumed.outcome == Outcome::Snapshot))
        .await;
    phone.ok(&send("m", "r", "hi")).await;
    assert_eq!(desk.message().await.from.as_str(), "alice");
    assert_eq!(phone.ok(r#"{"read":{"id":"x","room":"r","seq":1}}"#).await["read"], 1);
    let read = UserChange::Read { room: room.clone(), read: Seq::ZERO.next(), thread: None };
    let Some(Event::User(changed)) = desk.until(is_user(read)).await.pop() else { panic!() };
    assert_eq!(changed.user_offset.get(), 2);
    phone.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    desk.until(is_user(UserChange::RoomLeft { room })).await;
}

#[tokio::test]
async fn reads_reach_the_others_and_never_exceed_the_newest_message() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    alice.ok(&send("m", "r", "hi")).await;
    bob.message().await;
    assert_eq!(bob.refused(r#"{"read":{"id":"x","room":"r","seq":2}}"#).await, "ERR_BAD_REQUEST");
    bob.ok(r#"{"read":{"id":"x","room":"r","seq":1}}"#).await;
    let Some(Event::Reads(reads)) = alice.until(|event| matches!(event, Event::Reads(_))).await.pop() else {
        panic!()
    };
    assert_eq!((reads.from.as_str(), reads.read), ("bob", Some(Seq::ZERO.next())));
}

#[tokio::test]
async fn a_member_that_left_hears_nothing_more() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(_))).await;
    bob.say(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    bob.reply("l").await;
    alice.until(|e| matches!(e, Event::Member(changed) if changed.action == MemberAction::Left)).await;
    alice.ok(&send("secret", "r", "x")).await;
    bob.say(r#"{"ping":{"id":"p"}}"#).await;
    let heard = bob.until(|event| matches!(event, Event::Pong(_))).await;
    assert!(!heard.iter().any(|event| matches!(event, Event::Message(_))), "{heard:?}");
}

#[tokio::test]
async fn presence_follows_sessions_and_needs_a_direct_room() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    assert_eq!(alice.refused(r#"{"listen":{"id":"x","user":"bob"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    assert_eq!(alice.refused(r#"{"listen":{"id":"x","user":"bob"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    alice.ok(r#"{"create":{"id":"d","kind":"direct","members":["bob"]}}"#).await;
    assert_eq!(alice.ok(r#"{"listen":{"id":"x","user":"bob"}}"#).await["online"], false);
    let bob = Peer::log_in(&server, "bob").await;
    let second = Peer::log_in(&server, "bob").await;
    let pres = |event: &Event| matches!(event, Event::Pres(_));
    let Some(Event::Pres(online)) = alice.until(pres).await.pop() else { panic!() };
    let from: UserId = "bob".parse().unwrap();
    assert_eq!(online.state, PresenceState::Online { from: from.clone() });
    drop(bob);
    drop(second);
    let Some(Event::Pres(offline)) = alice.until(pres).await.pop() else { panic!() };
    let last_seen = Some(offline.ts);
    assert_eq!(offline.state, PresenceState::Offline { from, last_seen }, "one edge for two sessions");
    alice.ok(r#"{"unlisten":{"id":"x","user":"bob"}}"#).await;
}

#[tokio::test]
async fn typing_reaches_the_others_only() {
    let server = server();
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(_))).await;
    alice.say(r#"{"typing":{"room":"r"}}"#).await;
    let Some(Event::Pres(typing)) = bob.until(|event| matches!(event, Event::Pres(_))).await.pop() else {
        panic!()
    };
    let (from, room) = ("alice".parse().unwrap(), "r".parse().unwrap());
    assert_eq!(typing.state, PresenceState::Typing { from, room, thread: None, ttl_ms: 6_000 });
    alice.say(r#"{"ping":{"id":"p"}}"#).await;
    let heard = alice.until(|event| matches!(event, Event::Pong(_))).await;
    assert!(!heard.iter().any(|event| matches!(event, Event::Pres(_))), "{heard:?}");
}

#[tokio::test]
async fn a_session_that_comes_again_replaces_its_old_connection() {
    let server = server();
    let mut old = Peer::connect(&server);
    let auth = old.ok(r#"{"auth":{"id":"a","token":"dev-alice"}}"#).await;
    let session = auth["session_id"].as_str().unwrap();
    let mut new = Peer::connect(&server);
    let again =
        new.ok(&format!(r#"{{"auth":{{"id":"a","token":"dev-alice","session_id":"{session}"}}}}"#)).await;
    assert_eq!(again["session_id"], session);
    let close = loop {
        match old.frame().await {
            Some(chat_protocol::Frame::Close(close)) => break close,
            Some(_) => {}
            None => panic!("no close frame"),
        }
    };
    assert_eq!((close.code, close.reason.as_str()), (4410, "ERR_SESSION_REPLACED"));
    let mut thief = Peer::connect(&server);
    let other =
        thief.ok(&format!(r#"{{"auth":{{"id":"a","token":"dev-eve","session_id":"{session}"}}}}"#)).await;
    assert_ne!(other["session_id"], session, "a session belongs to its user");
}

#[tokio::test]
async fn two_nodes_over_one_store_and_bus_are_one_server() {
    let parts = shared();
    let (here, there) = (server_of(parts.clone()), server_of(parts));
    let (mut alice, mut bob) = (Peer::log_in(&here, "alice").await, Peer::log_in(&there, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(_))).await;
    for n in 1..=50 {
        let (from, to) = if n % 2 == 0 { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        from.say(&send(&format!("m{n}"), "r", "x")).await;
        assert_eq!(to.message().await.seq.get(), n);
        assert_eq!(from.message().await.seq.get(), n, "its own as well, once");
    }
}

#[tokio::test]
async fn nodes_without_a_bus_still_meet_by_comparing_heads() {
    let parts = shared();
    let deaf = || chat_server_core::Providers { bus: std::sync::Arc::new(LossyBus), ..parts.clone() };
    let (here, there) = (server_of(deaf()), server_of(deaf()));
    let (mut alice, mut bob) = (Peer::log_in(&here, "alice").await, Peer::log_in(&there, "bob").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob"]}}"#).await;
    bob.until(|event| matches!(event, Event::Resumed(_))).await;
    alice.ok(&send("m", "r", "x")).await;
    assert_eq!(bob.message().await.seq.get(), 1);
}

/// Loses everything.
struct LossyBus;

impl chat_server_core::bus::Bus for LossyBus {
    fn has_peers(&self) -> bool {
        true
    }
    fn publish(&self, _: chat_server_core::bus::Hint) {}
    fn subscribe(&self) -> futures::stream::BoxStream<'static, chat_server_core::bus::Hint> {
        Box::pin(futures::stream::pending())
    }
}

#[tokio::test]
async fn the_future_of_a_connection_stays_small() {
    let (connection, _) = chat_server_core::transport::memory::pair(1);
    let server = server();
    let serving = server.serve_connection(connection, Default::default());
    // Each idle connection holds one: it was 9 KiB when the driver was moved from function to function.
    let size = std::mem::size_of_val(&serving);
    println!("{size} bytes");
    assert!(size <= 2_048, "{size} bytes");
}

#[tokio::test]
async fn a_read_beyond_the_head_does_not_spoil_another_device_s() {
    let server = server_of_slow_pointers();
    let (mut phone, mut desk) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "alice").await);
    phone.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    phone.ok(&send("m", "r", "hi")).await;
    phone.say(r#"{"read":{"id":"x","room":"r","seq":1}}"#).await;
    assert_eq!(desk.refused(r#"{"read":{"id":"y","room":"r","seq":2}}"#).await, "ERR_BAD_REQUEST");
    assert_eq!(phone.reply("x").await.status, 200);
}

/// Both reads of a test are gathered together.
fn server_of_slow_pointers() -> chat_server_core::ChatServer {
    let config = chat_server_core::ServerConfig {
        pointer_delay: std::time::Duration::from_millis(100),
        ..crate::peer::quick()
    };
    chat_server_core::ChatServer::start(Default::default(), config)
}

#[tokio::test]
async fn a_message_is_serialised_once_for_all_its_readers() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    let mut readers = Vec::new();
    for number in 0..5 {
        let mut reader = Peer::log_in(&server, &format!("reader-{number}")).await;
        reader.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
        readers.push(reader);
    }
    alice.ok(&send("m", "r", "hi")).await;
    let mut places = Vec::new();
    for reader in &mut readers {
        let text = loop {
            match reader.frame().await {
                Some(Frame::Text(text)) if text.as_str().starts_with(r#"{"message""#) => break text,
                Some(_) => {}
                None => panic!("the connection ended"),
            }
        };
        places.push(text.as_bytes().as_ptr());
    }
    assert!(places.windows(2).all(|pair| pair[0] == pair[1]), "all readers share the same bytes");
}

#[tokio::test]
async fn what_the_server_does_not_do_is_refused_by_name() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    for json in [r#"{"search":{"id":"x","query":"hi"}}"#] {
        assert_eq!(alice.refused(json).await, "ERR_NOT_SUPPORTED", "{json}");
    }
    let long = "x".repeat(257);
    let json = format!(r#"{{"create":{{"id":"x","kind":"group","name":"{long}"}}}}"#);
    assert_eq!(alice.refused(&json).await, "ERR_BAD_REQUEST");
}
