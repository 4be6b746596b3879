//! Who is in a room and what each may do there, through a whole server of in-memory parts.

use chat_protocol::Event;
use chat_protocol::event::{MemberAction, MemberChanged};
use serde_json::json;

use crate::peer::{Peer, send, server};

/// A group `r` of `alice`, who owns it, and the others.
async fn group(names: &[&str]) -> (chat_server_core::ChatServer, Vec<Peer>) {
    let server = server();
    let mut peers = Vec::new();
    for name in ["alice"].iter().chain(names) {
        peers.push(Peer::log_in(&server, name).await);
    }
    let create = json!({"create": {"id": "c", "kind": "group", "room": "r", "members": names}});
    peers[0].ok(&create.to_string()).await;
    for peer in &mut peers[1..] {
        peer.until(|event| matches!(event, Event::Resumed(_))).await;
    }
    (server, peers)
}

async fn member(peer: &mut Peer, action: MemberAction) -> MemberChanged {
    let found = peer.until(|e| matches!(e, Event::Member(changed) if changed.action == action)).await.pop();
    match found {
        Some(Event::Member(changed)) => changed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_is_invited_is_a_member_at_once_and_who_was_one_is_not_named() {
    let (server, mut peers) = group(&["bob"]).await;
    let mut carol = Peer::log_in(&server, "carol").await;
    let [alice, bob] = &mut peers[..] else { panic!() };
    let invited =
        alice.ok(r#"{"invite":{"id":"i","room":"r","users":["carol","bob","carol"],"role":"reader"}}"#).await;
    assert_eq!(invited, json!({"added": ["carol"]}));
    let joined = member(bob, MemberAction::Joined).await;
    assert_eq!((joined.user.as_str(), joined.by.unwrap().as_str()), ("carol", "alice"));
    carol.until(|event| matches!(event, Event::Resumed(resumed) if resumed.room.is_some())).await;
    assert_eq!(carol.refused(&send("m", "r", "hi")).await, "ERR_FORBIDDEN_ACCESS", "she reads");
    assert_eq!(
        bob.refused(r#"{"invite":{"id":"i","room":"r","users":["dave"]}}"#).await,
        "ERR_FORBIDDEN_ACCESS",
        "members do not invite"
    );
}

#[tokio::test]
async fn who_is_kicked_hears_it_and_nothing_after() {
    let (_, mut peers) = group(&["bob"]).await;
    let [alice, bob] = &mut peers[..] else { panic!() };
    alice.ok(r#"{"kick":{"id":"k","room":"r","user":"bob","reason":"spam"}}"#).await;
    let kicked = member(bob, MemberAction::Kicked).await;
    assert_eq!((kicked.by.unwrap().as_str(), kicked.reason.as_deref()), ("alice", Some("spam")));
    alice.ok(&send("m", "r", "secret")).await;
    bob.say(r#"{"ping":{"id":"p"}}"#).await;
    let heard = bob.until(|event| matches!(event, Event::Pong(_))).await;
    assert!(!heard.iter().any(|event| matches!(event, Event::Message(_))), "{heard:?}");
    assert_eq!(bob.refused(&send("m", "r", "hi")).await, "ERR_FORBIDDEN_ACCESS");
    assert_eq!(alice.refused(r#"{"kick":{"id":"k","room":"r","user":"bob"}}"#).await, "ERR_NOT_FOUND");
}

#[tokio::test]
async fn who_is_banned_does_not_come_back_before_the_ban_is_lifted() {
    let (_, mut peers) = group(&["bob"]).await;
    let [alice, bob] = &mut peers[..] else { panic!() };
    alice.ok(r#"{"set":{"id":"s","room":"r","data":{"access":"open"}}}"#).await;
    alice.ok(r#"{"ban":{"id":"b","room":"r","user":"bob","reason":"spam"}}"#).await;
    member(bob, MemberAction::Kicked).await;
    assert_eq!(bob.refused(r#"{"join":{"id":"j","room":"r"}}"#).await, "ERR_FORBIDDEN_ACCESS");
    let invite = r#"{"invite":{"id":"i","room":"r","users":["bob"]}}"#;
    assert_eq!(alice.refused(invite).await, "ERR_FORBIDDEN_ACCESS");
    let banned = alice.ok(r#"{"members":{"id":"m","room":"r","banned":true}}"#).await;
    assert_eq!(banned["banned"][0]["user"], "bob");
    alice.ok(r#"{"unban":{"id":"u","room":"r","user":"bob"}}"#).await;
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
}

#[tokio::test]
async fn roles_decide_and_change_what_open_connections_may_do() {
    let (_, mut peers) = group(&["bob", "carol"]).await;
    let [alice, bob, carol] = &mut peers[..] else { panic!() };
    let role = |user: &str, role: &str| {
        json!({"role": {"id": "r", "room": "r", "user": user, "role": role}}).to_string()
    };
    assert_eq!(bob.refused(&role("carol", "reader")).await, "ERR_FORBIDDEN_ACCESS");
    alice.ok(&role("bob", "admin")).await;
    bob.ok(&role("carol", "reader")).await;
    member(carol, MemberAction::Role).await;
    assert_eq!(carol.refused(&send("m", "r", "hi")).await, "ERR_FORBIDDEN_ACCESS");
    bob.ok(&role("carol", "member")).await;
    carol.ok(&send("m2", "r", "hi")).await;
    assert_eq!(bob.refused(&role("alice", "member")).await, "ERR_FORBIDDEN_ACCESS", "an owner is above");
    assert_eq!(bob.refused(&role("carol", "owner")).await, "ERR_FORBIDDEN_ACCESS", "above the own role");
    alice.ok(&role("bob", "owner")).await;
    let members = alice.ok(r#"{"members":{"id":"m","room":"r"}}"#).await;
    let roles: Vec<_> =
        members["members"].as_array().unwrap().iter().map(|m| (&m["user"], &m["role"])).collect();
    let expected =
        [("bob", "owner"), ("alice", "admin"), ("carol", "member")].map(|(u, r)| (json!(u), json!(r)));
    assert_eq!(roles, expected.iter().map(|(u, r)| (u, r)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_room_never_stays_without_an_owner() {
    let (_, mut peers) = group(&["bob", "carol"]).await;
    let [alice, bob, carol] = &mut peers[..] else { panic!() };
    alice.ok(r#"{"role":{"id":"r","room":"r","user":"carol","role":"admin"}}"#).await;
    alice.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    member(bob, MemberAction::Left).await;
    let given = member(bob, MemberAction::Role).await;
    assert_eq!(
        (given.user.as_str(), given.role.unwrap().known()),
        ("carol", Some(chat_protocol::Role::Owner))
    );
    carol.ok(r#"{"kick":{"id":"k","room":"r","user":"bob"}}"#).await;
}

#[tokio::test]
async fn members_come_in_pages_that_meet() {
    let (_, mut peers) = group(&["b", "c", "d", "e"]).await;
    let alice = &mut peers[0];
    alice.ok(r#"{"role":{"id":"r","room":"r","user":"d","role":"admin"}}"#).await;
    let (mut users, mut cursor) = (Vec::new(), None);
    loop {
        let ask = json!({"members": {"id": "m", "room": "r", "limit": 2, "cursor": cursor}});
        let ask = ask.to_string().replace(r#""cursor":null,"#, "");
        let page = alice.ok(&ask).await;
        let names = page["members"].as_array().unwrap().iter();
        users.extend(names.map(|member| member["user"].as_str().unwrap().to_owned()));
        match page.get("next") {
            Some(next) => cursor = Some(next.as_str().unwrap().to_owned()),
            None => break,
        }
    }
    assert_eq!(users, ["alice", "d", "b", "c", "e"]);
    let foreign = alice.refused(r#"{"members":{"id":"m","room":"r","cursor":"x"}}"#).await;
    assert_eq!(foreign, "ERR_BAD_REQUEST");
}

#[tokio::test]
async fn a_room_has_one_owner_whoever_gives_it_another() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","members":["bob","carol"]}}"#).await;
    let invite = r#"{"invite":{"id":"i","room":"r","users":["dave","erin"],"role":"owner"}}"#;
    assert_eq!(alice.refused(invite).await, "ERR_FORBIDDEN_ACCESS");
    let operator = async |json: &str| {
        let command = chat_protocol::decode(json.as_bytes()).unwrap();
        server.command(&chat_server_core::Caller::Operator, command).await
    };
    assert!(operator(invite).await.is_err());
    operator(r#"{"role":{"id":"x","room":"r","user":"bob","role":"owner"}}"#).await.unwrap();
    let page = alice.ok(r#"{"members":{"id":"m","room":"r"}}"#).await;
    let roles: Vec<_> =
        page["members"].as_array().unwrap().iter().map(|member| (&member["user"], &member["role"])).collect();
    let expected = [("bob", "owner"), ("alice", "admin"), ("carol", "member")];
    assert_eq!(format!("{roles:?}"), format!("{:?}", expected.map(|(a, b)| (json!(a), json!(b)))));
}

#[tokio::test]
async fn pages_of_members_meet_while_members_come_and_go() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    let names: Vec<String> = (0..30).map(|n| format!("u{n:02}")).collect();
    alice
        .ok(&json!({"create": {"id": "c", "kind": "group", "room": "r", "members": names}}).to_string())
        .await;
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    for (page, change) in [
        (0, json!({"kick": {"id": "x", "room": "r", "user": "u03"}})),
        (1, json!({"invite": {"id": "x", "room": "r", "users": ["u25b", "u00b"]}})),
        (2, json!({"kick": {"id": "x", "room": "r", "user": "u29"}})),
        (3, json!({"role": {"id": "x", "room": "r", "user": "u02", "role": "admin"}})),
    ] {
        let mut ask = json!({"members": {"id": "m", "room": "r", "limit": 9}});
        cursor.iter().for_each(|cursor| ask["members"]["cursor"] = cursor.clone().into());
        let found = alice.ok(&ask.to_string()).await;
        seen.extend(
            found["members"].as_array().unwrap().iter().map(|m| m["user"].as_str().unwrap().to_owned()),
        );
        cursor = found["next"].as_str().map(str::to_owned);
        assert_eq!(cursor.is_none(), page == 3, "{found}");
        alice.ok(&change.to_string()).await;
    }
    let mut expected: Vec<String> = names.into_iter().filter(|name| name != "u29").collect();
    expected.insert(0, "alice".to_owned());
    expected.insert(27, "u25b".to_owned());
    assert_eq!(seen, expected, "who stayed all the time comes once, in order");
}
