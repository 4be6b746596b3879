//! Rules that depend on what kind of a room it is, who is in it and how many.

use std::time::Duration;

use chat_protocol::{DeskStatus, ErrorCode};
use chat_server_core::{Caller, ChatServer, DesksAsked, Error, Providers, ServerConfig};

use crate::peer::{Peer, send, server};

#[tokio::test]
async fn whose_case_it_is_comes_back_to_its_desk_and_nobody_else_does() {
    let server = server();
    let mut bob = Peer::log_in(&server, "bob").await;
    let desk = r#"{"create":{"id":"c","kind":"desk","room":"d","desk":{"organization":"o","client":"bob"}}}"#;
    operate(&server, desk).await.unwrap();
    let (join, leave) = (r#"{"join":{"id":"j","room":"d"}}"#, r#"{"leave":{"id":"l","room":"d"}}"#);
    bob.ok(&send("m1", "d", "hello")).await;
    bob.ok(leave).await;
    assert_eq!(bob.refused(&send("m2", "d", "hello")).await, "ERR_FORBIDDEN_ACCESS");
    let mut eve = Peer::log_in(&server, "eve").await;
    assert_eq!(eve.refused(join).await, "ERR_FORBIDDEN_ACCESS");
    assert_eq!(bob.ok(join).await["room"]["role"], "member");
    bob.ok(&send("m2", "d", "me again")).await;
    operate(&server, r#"{"ban":{"id":"b","room":"d","user":"bob"}}"#).await.unwrap();
    assert_eq!(bob.refused(join).await, "ERR_FORBIDDEN_ACCESS", "unless it is banned");
}

#[tokio::test]
async fn who_joins_a_room_that_everybody_left_does_not_run_it() {
    let server = server();
    let (mut alice, mut eve) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "eve").await);
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r","access":"open"}}"#).await;
    alice.ok(r#"{"ban":{"id":"b","room":"r","user":"mallory"}}"#).await;
    alice.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    assert_eq!(eve.ok(r#"{"join":{"id":"j","room":"r"}}"#).await["room"]["role"], "member");
    for seized in [
        r#"{"set":{"id":"x","room":"r","data":{"name":"mine"}}}"#,
        r#"{"role":{"id":"x","room":"r","user":"eve","role":"owner"}}"#,
        r#"{"unban":{"id":"x","room":"r","user":"mallory"}}"#,
    ] {
        assert_eq!(eve.refused(seized).await, "ERR_FORBIDDEN_ACCESS", "{seized}");
    }
    // Who was here first has no more of a claim; the operator decides.
    assert_eq!(alice.ok(r#"{"join":{"id":"j","room":"r"}}"#).await["room"]["role"], "member");
    operate(&server, r#"{"role":{"id":"x","room":"r","user":"alice","role":"owner"}}"#).await.unwrap();
    alice.ok(r#"{"set":{"id":"x","room":"r","data":{"name":"ours"}}}"#).await;
}

#[tokio::test]
async fn a_status_is_a_desks_alone() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    let set = r#"{"set":{"id":"x","room":"r","data":{"status":"closed"}}}"#;
    let refused = alice.ask(set).await;
    assert_eq!(refused.err, Some(ErrorCode::BadRequest.into()));
    assert_eq!(refused.detail.as_deref(), Some("set.data.status: only a desk has one"));
    let refused = operate(&server, set).await.unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::BadRequest);
}

#[tokio::test]
async fn a_room_has_at_most_so_many_members() {
    let server =
        ChatServer::start(Providers::default(), ServerConfig { max_members: 2, ..ServerConfig::default() });
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    let create = r#"{"create":{"id":"c","kind":"group","access":"open","room":"r","members":["bob","eve"]}}"#;
    assert_eq!(alice.refused(create).await, "ERR_LIMIT_REACHED");
    alice.ok(&create.replace(r#""bob","eve""#, "")).await;
    bob.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
    let mut eve = Peer::log_in(&server, "eve").await;
    let refused = eve.ask(r#"{"join":{"id":"j","room":"r"}}"#).await;
    assert_eq!(refused.err, Some(ErrorCode::LimitReached.into()));
    assert_eq!(refused.detail.as_deref(), Some("the room has as many members as it may have"));
    let invite = r#"{"invite":{"id":"i","room":"r","users":["eve"],"role":"member"}}"#;
    assert_eq!(alice.refused(invite).await, "ERR_LIMIT_REACHED");
    let refused = operate(&server, invite).await.unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::LimitReached, "the operator neither");
    bob.ok(r#"{"leave":{"id":"l","room":"r"}}"#).await;
    eve.ok(r#"{"join":{"id":"j","room":"r"}}"#).await;
}

#[tokio::test]
async fn in_a_large_room_not_everybody_calls_everybody() {
    let max_schedule_ahead = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    let config = ServerConfig { max_call_members: 2, max_schedule_ahead, ..ServerConfig::default() };
    let server = ChatServer::start(Providers::default(), config);
    let (mut alice, mut bob) = (Peer::log_in(&server, "alice").await, Peer::log_in(&server, "bob").await);
    let call = |id: &str, at: &str| {
        let content = r#"{"type":"text/plain","payload":{"text":"all!"}}"#;
        let mentions = r#""mentions":{"room":true}"#;
        format!(
            r#"{{"send":{{"id":"{id}","client_msg_id":"{id}","room":"r","content":{content},{mentions}{at}}}}}"#
        )
    };
    alice.ok(r#"{"create":{"id":"c","kind":"group","access":"open","room":"r","members":["bob"]}}"#).await;
    bob.ok(&call("1", "")).await;
    alice.ok(r#"{"invite":{"id":"i","room":"r","users":["eve"]}}"#).await;
    bob.ok(&send("m1", "r", "hello")).await;
    for at in ["", r#","send_at":"2100-01-01T00:00:00Z""#] {
        let refused = bob.ask(&call("2", at)).await;
        assert_eq!(refused.err, Some(ErrorCode::Forbidden.into()));
        assert!(refused.detail.unwrap().starts_with("mentions.room: in a room of more than 2 members"));
    }
    assert_eq!(bob.ok(&call("1", "")).await["duplicate"], true, "a repeat needs no right");
    alice.ok(&call("2", "")).await;
}

#[tokio::test]
async fn an_agent_finds_the_desks_of_its_organization() {
    let server = server();
    for (room, organization) in [("d1", "acme"), ("d2", "acme"), ("x", "rival"), ("d3", "acme")] {
        let desk = format!(r#"{{"organization":"{organization}","client":"bob"}}"#);
        let create = format!(r#"{{"create":{{"id":"c","kind":"desk","room":"{room}","desk":{desk}}}}}"#);
        operate(&server, &create).await.unwrap();
    }
    operate(&server, r#"{"set":{"id":"s","room":"d2","data":{"status":"closed"}}}"#).await.unwrap();
    let amy = Caller::User("amy".parse().unwrap());
    server.set_agent(&Caller::Operator, "acme", &"amy".parse().unwrap(), true).await.unwrap();
    let ask = async |caller: &Caller, asked: DesksAsked| {
        let page = server.desks(caller, "acme", asked).await?;
        let rooms: Vec<_> = page.desks.iter().map(|entry| entry.room.to_string()).collect();
        Ok::<_, Error>((rooms, page.next))
    };
    let rooms = |rooms: &[&str]| rooms.iter().map(ToString::to_string).collect::<Vec<_>>();
    for caller in [&amy, &Caller::Operator] {
        let all = ask(caller, DesksAsked::default()).await.unwrap();
        assert_eq!(all, (rooms(&["d3", "d2", "d1"]), None));
    }
    let (first, next) = ask(&amy, DesksAsked { limit: Some(2), ..DesksAsked::default() }).await.unwrap();
    assert_eq!((first, next.is_some()), (rooms(&["d3", "d2"]), true));
    let last = ask(&amy, DesksAsked { cursor: next, limit: Some(2), ..DesksAsked::default() }).await.unwrap();
    assert_eq!(last, (rooms(&["d1"]), None));
    let open = DesksAsked { status: Some(DeskStatus::Open), ..DesksAsked::default() };
    assert_eq!(ask(&amy, open).await.unwrap().0, rooms(&["d3", "d1"]));
    let too_many = DesksAsked { limit: Some(101), ..DesksAsked::default() };
    assert_eq!(ask(&amy, too_many).await.unwrap_err().wire().code, ErrorCode::BadRequest);
    for other in ["bob", "eve"] {
        let other = Caller::User(other.parse().unwrap());
        let refused = ask(&other, DesksAsked::default()).await.unwrap_err().wire();
        assert_eq!(refused, ErrorCode::Forbidden.into(), "also who has a case there");
    }
}

#[tokio::test]
async fn a_direct_room_stays_that_of_its_two_also_for_the_operator() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    let made = alice.ok(r#"{"create":{"id":"c","kind":"direct","members":["bob"]}}"#).await;
    let room = made["room"]["room"].as_str().unwrap();
    for changed in [
        r#"{"invite":{"id":"x","room":"$","users":["eve"],"role":"member"}}"#,
        r#"{"kick":{"id":"x","room":"$","user":"bob"}}"#,
        r#"{"ban":{"id":"x","room":"$","user":"bob"}}"#,
        r#"{"unban":{"id":"x","room":"$","user":"bob"}}"#,
        r#"{"role":{"id":"x","room":"$","user":"bob","role":"reader"}}"#,
        r#"{"set":{"id":"x","room":"$","data":{"name":"theirs"}}}"#,
    ] {
        let refused = operate(&server, &changed.replace('$', room)).await;
        assert_eq!(refused.expect_err(changed).wire().code, ErrorCode::Forbidden, "{changed}");
    }
    operate(&server, &send("m", room, "to both of you")).await.unwrap();
}

#[tokio::test]
async fn the_server_itself_is_nobodys_member() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(r#"{"create":{"id":"c","kind":"group","room":"r"}}"#).await;
    for named in [
        r#"{"invite":{"id":"x","room":"r","users":["~system"]}}"#,
        r#"{"create":{"id":"x","kind":"group","members":["~system"]}}"#,
        r#"{"create":{"id":"x","kind":"direct","members":["~system"]}}"#,
    ] {
        assert_eq!(alice.refused(named).await, "ERR_NOT_FOUND", "{named}");
    }
}

#[tokio::test]
async fn a_creation_that_is_repeated_is_answered_also_where_it_is_refused_now() {
    let server = server();
    let mut alice = Peer::log_in(&server, "alice").await;
    let create = |name: &str| {
        format!(r#"{{"create":{{"id":"c","kind":"group","client_room_id":"{name}","members":["bob"]}}}}"#)
    };
    let first = alice.ok(&create("mine")).await;
    alice.ok(r#"{"block":{"id":"b","user":"bob"}}"#).await;
    let again = alice.ok(&create("mine")).await;
    assert_eq!((&again["room"]["room"], &again["created"]), (&first["room"]["room"], &false.into()));
    let other = alice.ask(&create("other")).await;
    assert_eq!((other.status, other.detail.is_some()), (403, true), "{other:?}");
    let changed = create("mine").replace(r#"["bob"]"#, r#"["bob","carol"]"#);
    assert_eq!(alice.refused(&changed).await, "ERR_CLIENT_ID_CONFLICT");
}

/// Asks as the operator.
async fn operate(server: &ChatServer, json: &str) -> Result<(), Error> {
    let command = chat_protocol::decode(json.as_bytes()).unwrap();
    server.command(&Caller::Operator, command).await.map(drop)
}
