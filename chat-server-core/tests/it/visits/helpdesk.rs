//! What `helpdesk` asks: support cases of an organization, for its agents.

use chat_protocol::dialect::Delivery;
use chat_protocol::dialect::helpdesk::{Direction, Helpdesk as Format, Status};
use chat_protocol::{Content, ErrorCode};
use chat_server_core::dialects::Window;
use chat_server_core::{Rate, ServerConfig};
use serde_json::json;

use super::*;

/// A support case of "acme"; the name by which agents know it.
async fn desk(server: &ChatServer, id: &str, client: &str) -> RoomName {
    let desk = json!({"organization": "acme", "client": client});
    let create = json!({"create": {"id": "c", "kind": "desk", "room": id, "members": [], "desk": desk}});
    let command: Command = chat_protocol::decode(create.to_string().as_bytes()).unwrap();
    server.command(&Caller::Operator, command).await.unwrap();
    server.set_agent(&Caller::Operator, "acme", &user("7"), true).await.unwrap();
    let operator = server.visit_as(HELPDESK, &Caller::Operator);
    let shown = operator.desks("acme").await.unwrap();
    RoomName::Alias(shown.iter().find(|shown| shown.record.room.as_str() == id).unwrap().alias())
}

#[tokio::test]
async fn cases_are_listed_to_agents_newest_first() {
    let server = server();
    desk(&server, "one", "1").await;
    desk(&server, "two", "2").await;
    say(&server, "1", "one", "help").await;
    let (agent, client) = (visit(&server, HELPDESK, "7").await, visit(&server, HELPDESK, "1").await);
    let format = Format::default();
    let desks = agent.desks("acme").await.unwrap();
    let shown: Vec<_> =
        desks.iter().map(|desk| desk.facts(None, |facts| format.desk(&facts).unwrap())).collect();
    assert_eq!((shown.len(), shown[0].last_message.as_ref(), shown[0].client.name.as_str()), (2, None, "2"));
    let last = shown[1].last_message.as_ref().unwrap();
    assert_eq!(
        (last.text.as_deref(), last.direction, last.status),
        (Some("help"), Direction::Received, Status::Sent)
    );
    assert!(agent.desks("other").await.is_err());
    assert_eq!(refused(client.desks("acme").await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn each_case_of_a_list_is_paid_for() {
    let user_rate = Rate { per_second: 1, burst: 20 };
    let server = ChatServer::start(providers(), ServerConfig { user_rate, ..quick() });
    for n in 0..10 {
        desk(&server, &format!("case{n}"), "1").await;
    }
    let agent = visit(&server, HELPDESK, "7").await;
    assert_eq!(agent.desks("acme").await.unwrap().len(), 10);
    assert_eq!(refused(agent.desks("acme").await), ErrorCode::RateLimited, "5 points are left of 20");
}

#[tokio::test]
async fn an_agent_reads_a_case_and_enters_it_to_write() {
    let server = server();
    let name = desk(&server, "one", "1").await;
    for text in ["help", "please"] {
        say(&server, "1", "one", text).await;
    }
    let agent = visit(&server, HELPDESK, "7").await;
    let history = agent.desk_history(&name).await.unwrap();
    assert_eq!(texts(&history), ["please", "help"]);
    assert!(matches!(history[0].delivery, Delivery::Sent(_)));
    assert_eq!(
        refused(agent.send(&name, Content::plain("x"), None).await),
        ErrorCode::Forbidden,
        "not in yet"
    );
    assert_eq!(agent.enter_desk(&name).await.unwrap().as_str(), "one");
    agent.send(&name, Content::plain("coming"), None).await.unwrap();
    let client = visit(&server, HELPDESK, "1").await;
    assert_eq!(texts(&client.desk_history(&name).await.unwrap()), ["coming", "please", "help"]);
    let operator = server.visit_as(HELPDESK, &Caller::Operator);
    operator.enter_desk(&name).await.unwrap();
    operator.send(&name, Content::plain("from the office"), None).await.unwrap();
    assert_eq!(operator.desk_history(&name).await.unwrap().len(), 4);
}

#[tokio::test]
async fn cases_of_others_are_as_cases_that_are_not_there() {
    let server = server();
    let name = desk(&server, "one", "1").await;
    group(&server, "g", &["3", "4"], json!({})).await;
    let never = RoomName::Alias("00c2a1b3-0000-4577-8cbd-7fd5f0cddbdf".to_owned());
    let stranger = visit(&server, HELPDESK, "3").await;
    for name in [&name, &never, &named("g")] {
        assert_eq!(refused(stranger.desk_history(name).await), ErrorCode::Forbidden);
        assert_eq!(refused(stranger.enter_desk(name).await), ErrorCode::Forbidden);
    }
    server.set_agent(&Caller::Operator, "acme", &user("7"), false).await.unwrap();
    let former = visit(&server, HELPDESK, "7").await;
    assert_eq!(refused(former.desk_history(&name).await), ErrorCode::Forbidden);
    assert_eq!(refused(former.history(&name, Window::All, 1).await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_banned_agent_reads_nothing_of_the_case() {
    let server = server();
    let name = desk(&server, "one", "1").await;
    desk(&server, "two", "2").await;
    say(&server, "1", "one", "help").await;
    let operate = async |command: Value| {
        let command: Command = chat_protocol::decode(command.to_string().as_bytes()).unwrap();
        server.command(&Caller::Operator, command).await.unwrap();
    };
    let agent = visit(&server, HELPDESK, "7").await;
    let past = json!({"id": "b", "room": "one", "user": "7", "until": "2020-01-01T00:00:00Z"});
    operate(json!({"ban": past})).await;
    assert_eq!(texts(&agent.desk_history(&name).await.unwrap()), ["help"], "that one is over");
    operate(json!({"ban": {"id": "b", "room": "one", "user": "7"}})).await;
    assert_eq!(refused(agent.desk_history(&name).await), ErrorCode::Forbidden);
    assert_eq!(refused(agent.enter_desk(&name).await), ErrorCode::Forbidden);
    let listed = agent.desks("acme").await.unwrap();
    let listed: Vec<_> = listed.iter().map(|desk| desk.record.room.as_str()).collect();
    assert_eq!(listed, ["two"]);
}
