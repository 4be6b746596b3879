//! What a connection and a user may ask, and what they are told beyond it.

use std::time::Duration;

use chat_protocol::{Command, ErrorCode, UserId, decode};
use chat_server_core::limits::{REQUESTS, cost};
use chat_server_core::{Caller, ChatServer, Providers, Rate, ServerConfig};

use crate::peer::{Peer, quick, send};
use crate::sessions::closed;

fn limited(connection_rate: Rate, user_rate: Rate) -> ChatServer {
    let config = ServerConfig { connection_rate, user_rate, ..quick() };
    ChatServer::start(Providers::default(), config)
}

const CREATE: &str = r#"{"create":{"id":"c","kind":"group","room":"r"}}"#;

#[tokio::test]
async fn beyond_the_rate_of_its_connection_a_command_is_refused_until_the_time_it_is_told() {
    let server = limited(Rate { per_second: 20, burst: 30 }, Rate::UNLIMITED);
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(CREATE).await;
    alice.ok(&send("1", "r", "hi")).await;
    alice.ok(&send("2", "r", "hi")).await;
    let refused = alice.ask(&send("3", "r", "hi")).await;
    let error = refused.error().expect("5 points are missing");
    assert_eq!(error.code.text(), ErrorCode::RateLimited.text());
    let wait = refused.retry_after_ms.expect("it is told when");
    assert!((1..=250).contains(&wait), "{wait} ms for at most 5 points");
    let mut other = Peer::log_in(&server, "alice").await;
    other.ok(&send("4", "r", "hi")).await;
    tokio::time::sleep(Duration::from_millis(wait)).await;
    let stored = alice.ok(&send("3", "r", "hi")).await;
    assert_eq!(stored["seq"], 4, "what was refused was not stored");
}

#[tokio::test]
async fn a_command_without_an_id_is_refused_aloud() {
    let server = limited(Rate { per_second: 1, burst: 20 }, Rate::UNLIMITED);
    let mut alice = Peer::log_in(&server, "alice").await;
    alice.ok(CREATE).await;
    alice.say(r#"{"typing":{"room":"r"}}"#).await;
    let events = alice.until(|event| matches!(event, chat_protocol::Event::Reply(_))).await;
    let Some(chat_protocol::Event::Reply(reply)) = events.last() else { panic!() };
    assert_eq!((reply.status, reply.id.as_ref()), (429, None));
}

#[tokio::test]
async fn a_refresh_is_paid_for_and_one_that_cannot_be_ends_nothing() {
    let server = limited(Rate { per_second: 1, burst: 30 }, Rate::UNLIMITED);
    let mut alice = Peer::log_in(&server, "alice").await;
    let refresh = r#"{"auth":{"id":"a","token":"dev-alice"}}"#;
    alice.ok(refresh).await;
    let refused = alice.ask(refresh).await;
    assert_eq!(refused.error().expect("10 points are left").code.text(), ErrorCode::RateLimited.text());
    assert!(refused.retry_after_ms.is_some());
    alice.ok(r#"{"sessions":{"id":"s"}}"#).await;
}

#[tokio::test]
async fn all_connections_and_requests_of_a_user_share_one_rate() {
    let server = limited(Rate::UNLIMITED, Rate { per_second: 1, burst: 30 });
    let mut one = Peer::log_in(&server, "alice").await;
    let mut two = Peer::log_in(&server, "alice").await;
    one.ok(CREATE).await;
    let (alice, bob) = (UserId::new("alice").unwrap(), UserId::new("bob").unwrap());
    let inbox = || decode::<Command>(br#"{"inbox":{"id":"i"}}"#).unwrap();
    server.command(&Caller::User(alice.clone()), inbox()).await.unwrap();
    two.ok(&send("1", "r", "hi")).await;
    assert_eq!(one.refused(&send("2", "r", "hi")).await, "ERR_TOO_MANY_REQUESTS");
    let refused = server.command(&Caller::User(alice), inbox()).await.unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after_ms.is_some());
    server.command(&Caller::User(bob), inbox()).await.expect("another user");
    for _ in 0..20 {
        server
            .command(&Caller::Operator, decode(br#"{"members":{"id":"m","room":"r"}}"#).unwrap())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn who_says_nothing_that_can_be_read_is_closed() {
    let config = ServerConfig { max_refused_frames: 3, ..quick() };
    let server = ChatServer::start(Providers::default(), config);
    let mut alice = Peer::log_in(&server, "alice").await;
    for _ in 0..3 {
        alice.say("no json").await;
        alice.say("{}").await;
        alice.ok(r#"{"sessions":{"id":"s"}}"#).await;
    }
    for _ in 0..3 {
        alice.say(r#"{"join":{"id":"j"}}"#).await;
    }
    assert_eq!(closed(&mut alice).await, ErrorCode::BadRequest.close_code());
}

#[tokio::test]
async fn a_session_listens_to_so_many_users_and_is_told_so() {
    let server = ChatServer::start(Providers::default(), ServerConfig { max_listened: 1, ..quick() });
    let mut alice = Peer::log_in(&server, "alice").await;
    let listen = |user: &str| format!(r#"{{"listen":{{"id":"l","user":"{user}"}}}}"#);
    for user in ["bob", "carol"] {
        alice.ok(&format!(r#"{{"create":{{"id":"c","kind":"direct","members":["{user}"]}}}}"#)).await;
    }
    alice.ok(&listen("bob")).await;
    alice.ok(&listen("bob")).await;
    assert_eq!(alice.refused(&listen("carol")).await, "ERR_LIMIT_REACHED");
    alice.ok(r#"{"unlisten":{"id":"u","user":"bob"}}"#).await;
    alice.ok(&listen("carol")).await;
}

#[test]
fn the_page_of_costs_is_the_table() {
    let mut page = String::from(
        "# What commands cost\n\n\
        Each command is paid from two buckets of points: the connection's (`limits.connection_rate` points come back in a\n\
        second, at most `limits.connection_burst` are there) and the user's, over all connections and over HTTP\n\
        (`limits.user_rate`, `limits.user_burst`). What they cannot pay is refused with `ERR_TOO_MANY_REQUESTS` and\n\
        `retry_after_ms`, and nothing of it is done. The operator's own requests are free, and so are\n\
        `ping` and the first `auth` of a connection.\n\n\
        A `send` that is refused so is not overtaken: until it comes again (the same `client_msg_id`), or until two seconds\n\
        after `retry_after_ms`, its connection's other messages to the room are refused too. They may come again behind it.\n\n\
        This page is written by `UPDATE_DOCS=1 cargo test -p chat-server-core --test it limits`.\n\n\
        | command | points |\n| --- | ---: |\n",
    );
    let mut kinds = Command::KINDS.to_vec();
    kinds.sort_unstable_by_key(|kind| (cost(kind), *kind));
    let line = |kind: &str| format!("| `{kind}` | {} |\n", cost(kind));
    kinds.into_iter().for_each(|kind| page.push_str(&line(kind)));
    page.push_str(
        "\nRequests that are no commands cost nothing, but for these, by their names in OpenAPI. They are paid from the user's\n\
        bucket.\n\n| request | points |\n| --- | ---: |\n",
    );
    REQUESTS.iter().for_each(|name| page.push_str(&line(name)));
    page.push_str(
        "\nCalls of existing systems cost what the command costs that does the same, lists as `inbox` or `history` do. A list that\n\
        its system left unpaged ends after `dialects.unpaged_max` (1,000) entries, and one with pages that are counted (`count`, `page=`, `offset=`)\n\
        after the newest 10,000.\n",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), page, "run it with UPDATE_DOCS=1");
}
