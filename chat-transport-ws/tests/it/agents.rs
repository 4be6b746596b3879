//! The operator says who answers for an organization.

use chat_protocol::reply::{AgentsData, DesksPage};
use chat_transport_ws::WsConfig;

use crate::edge::{Answer, Edge, command};

const OPERATOR: &str = "op-secret";

async fn start() -> Edge {
    Edge::start(WsConfig { operator_token: Some(OPERATOR.into()), ..WsConfig::default() }).await
}

async fn ask(edge: &Edge, method: &str, token: &str, path: &str) -> Answer {
    edge.ask(&format!("{method} /v1/organizations/{path} HTTP/1.1\r\nAuthorization: Bearer {token}")).await
}

async fn agents(edge: &Edge) -> Vec<String> {
    let answer = ask(edge, "GET", OPERATOR, "acme/agents").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let data: AgentsData = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(data.organization, "acme");
    data.agents.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_agent_joins_desks_and_leaves_them_when_it_is_none_any_more() {
    let edge = start().await;
    assert_eq!(agents(&edge).await, [""; 0]);
    for _ in 0..2 {
        assert_eq!(ask(&edge, "PUT", OPERATOR, "acme/agents/amy").await.status, 204);
    }
    assert_eq!(agents(&edge).await, ["amy"]);

    let body = r#"{"kind":"desk","room":"desk","desk":{"organization":"acme","client":"cli"}}"#;
    let made = edge
        .raw(format!(
            "POST /v1/rooms HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {OPERATOR}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    let made = Answer::parse(&made);
    assert!(made.status < 300, "{made:?}");
    let (mut amy, mut eve) = (edge.login("amy").await, edge.login("eve").await);
    let join = r#"{"join":{"id":"1","room":"desk"}}"#;
    let send = r#"{"send":{"id":"2","room":"desk","content":{"type":"text/plain","payload":{"text":"hi"}}}}"#;
    assert_eq!(command(&mut eve, join).await.status, 403, "no agent");
    assert_eq!(command(&mut amy, join).await.status, 200);
    assert_eq!(command(&mut amy, send).await.status, 200);

    for _ in 0..2 {
        assert_eq!(ask(&edge, "DELETE", OPERATOR, "acme/agents/amy").await.status, 204);
    }
    assert_eq!(agents(&edge).await, [""; 0]);
    assert_eq!(command(&mut amy, send).await.status, 403, "it has left the desk");
    assert_eq!(command(&mut amy, join).await.status, 403, "and does not come back");
}

#[tokio::test]
async fn only_the_operator_names_agents() {
    let edge = start().await;
    for (method, token, path, status, code) in [
        ("GET", "dev-amy", "acme/agents", 403, "ERR_FORBIDDEN_ACCESS"),
        ("PUT", "dev-amy", "acme/agents/amy", 403, "ERR_FORBIDDEN_ACCESS"),
        ("DELETE", "dev-amy", "acme/agents/amy", 403, "ERR_FORBIDDEN_ACCESS"),
        ("GET", "wrong", "acme/agents", 401, "ERR_INVALID_ACCESS_TOKEN"),
        ("GET", OPERATOR, "a%20b/agents", 400, "ERR_BAD_REQUEST"),
        ("PUT", OPERATOR, "acme/agents/%00", 400, "ERR_BAD_REQUEST"),
        ("PUT", OPERATOR, "%ff/agents/amy", 404, "ERR_NOT_FOUND"),
        ("PATCH", OPERATOR, "acme/agents/amy", 405, "ERR_METHOD_NOT_ALLOWED"),
    ] {
        let answer = ask(&edge, method, token, path).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{method} {token} {path}");
    }
}

#[tokio::test]
async fn an_agent_lists_the_desks_of_its_organization_in_pages() {
    let edge = start().await;
    for room in ["d1", "d2", "d3"] {
        let body =
            format!(r#"{{"kind":"desk","room":"{room}","desk":{{"organization":"acme","client":"cli"}}}}"#);
        let made = edge
            .raw(format!(
                "POST /v1/rooms HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {OPERATOR}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await;
        assert!(Answer::parse(&made).status < 300);
    }
    assert_eq!(ask(&edge, "PUT", OPERATOR, "acme/agents/amy").await.status, 204);
    let page = async |query: &str| {
        let answer = ask(&edge, "GET", "dev-amy", &format!("acme/desks{query}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let page: DesksPage = serde_json::from_str(&answer.body).unwrap();
        let rooms: Vec<_> = page.desks.iter().map(|desk| desk.room.to_string()).collect();
        (rooms.join(" "), page.next)
    };
    let (first, next) = page("?limit=2").await;
    assert_eq!((first.as_str(), next.is_some()), ("d3 d2", true));
    assert_eq!(page(&format!("?limit=2&cursor={}", next.unwrap())).await, ("d1".to_owned(), None));
    assert_eq!(page("?status=open").await.0, "d3 d2 d1");
    assert_eq!(page("?status=closed").await.0, "");
    for (token, path, status, code) in [
        ("dev-cli", "acme/desks", 403, "ERR_FORBIDDEN_ACCESS"),
        ("dev-amy", "rival/desks", 403, "ERR_FORBIDDEN_ACCESS"),
        ("dev-amy", "acme/desks?status=odd", 400, "ERR_BAD_REQUEST"),
        ("dev-amy", "acme/desks?limit=0", 400, "ERR_BAD_REQUEST"),
        ("dev-amy", "a%20b/desks", 400, "ERR_BAD_REQUEST"),
    ] {
        let answer = ask(&edge, "GET", token, path).await;
        assert_eq!((answer.status, answer.refusal().as_str()), (status, code), "{token} {path}");
    }
}
