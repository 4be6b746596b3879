//! Who may do what: every command and every endpoint, done by everybody against a live server, and the page that says it.
//!
//! `UPDATE_DOCS=1 cargo test -p chat-server-core permissions` writes `docs/permissions.md`.

mod routes;
mod scene;
mod table;

use std::collections::BTreeSet;

use chat_protocol::http::{ENDPOINTS, Endpoint};
use chat_protocol::{Command, Event, RoomId, event::Outcome};
use chat_server_core::{Caller, ChatServer};
use serde_json::{Map, Value};

use self::routes::{OTHERS, ROUTES};
use self::scene::{Who, scene};
use self::table::{Cell, ROWS, Row, WHO, cell, fields};
use crate::peer::Peer;

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Became {
    Done(Cell),
    Else(String),
}

fn refused(code: &str, detail: Option<&str>) -> Became {
    match (code, detail) {
        ("ERR_FORBIDDEN_ACCESS", None) => Became::Done(Cell::Hidden),
        ("ERR_FORBIDDEN_ACCESS", Some(_)) => Became::Done(Cell::No),
        ("ERR_MESSAGE_NOT_FOUND", _) => Became::Done(Cell::Missing),
        ("ERR_NOT_FOUND", Some(detail)) if detail.contains("upload") => Became::Done(Cell::Missing),
        (code, detail) => Became::Else(format!("{code} {detail:?}")),
    }
}

/// Does a row's command over a connection that follows all rooms of its user.
async fn over_a_session(server: &ChatServer, who: &Who, row: &Row) -> Became {
    let mut peer = match row.kind {
        "auth" => Peer::connect(server),
        _ => Peer::log_in(server, who.user).await,
    };
    let mut packet = fields(row, who);
    packet.insert("id".to_owned(), "x".into());
    peer.say(&Value::from(Map::from_iter([(row.kind.to_owned(), packet.into())])).to_string()).await;
    let mut gone = false;
    loop {
        match peer.event().await {
            Event::Reply(reply) if reply.id.as_ref().is_some_and(|id| id.as_str() == "x") => {
                let Some(error) = reply.error() else {
                    return Became::Done(if gone { Cell::Gone } else { Cell::Yes });
                };
                return refused(error.code.text(), reply.detail.as_deref());
            }
            Event::Pong(_) => return Became::Done(Cell::Yes),
            Event::Resumed(word) if word.id.is_some() => gone |= word.outcome == Outcome::Gone,
            _ => {}
        }
    }
}

/// Does a row's command as the endpoint's request would be.
async fn over_http(server: &ChatServer, who: &Who, row: &Row, endpoint: &Endpoint) -> Became {
    let mut fields = fields(row, who);
    let params = endpoint.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let text = |value: Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let params: Vec<_> = params.map(|name| (name, text(fields.remove(name).expect(name)))).collect();
    let in_query = ["GET", "DELETE"].contains(&endpoint.method);
    let (query, body) = match in_query {
        true => (fields.into_iter().map(|(name, value)| (name, text(value))).collect(), String::new()),
        false => (Vec::new(), Value::from(fields).to_string()),
    };
    let command = endpoint.command(&params, &query, body.as_bytes()).expect("a good request");
    match server.command(&Caller::User(who.user.parse().unwrap()), command).await {
        Ok(_) => Became::Done(Cell::Yes),
        Err(error) => refused(error.wire().code.text(), error.wire().detail.as_deref()),
    }
}

/// Does everything as one of the table's people.
async fn check(name: &str) {
    let column = WHO.iter().position(|who| who.name == name).expect("one of the table's people");
    let mut wrong = Vec::new();
    for row in ROWS {
        let expected = Became::Done(cell(row.cells, column));
        let mut became = vec![("session", over_a_session(&scene().await, &WHO[column], row).await)];
        for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.command == row.kind) {
            became.push((endpoint.path, over_http(&scene().await, &WHO[column], row, endpoint).await));
        }
        for (by, became) in became {
            if became != expected {
                wrong.push(format!("{} ({}) by {by}: {became:?}, not {expected:?}", row.kind, row.what));
            }
        }
    }
    for route in ROUTES {
        let expected = Became::Done(cell(route.cells, column));
        let became = match routes::ask(&scene().await, &WHO[column], route).await {
            Ok(cell) => Became::Done(cell),
            Err(error) => refused(error.wire().code.text(), error.wire().detail.as_deref()),
        };
        if became != expected {
            wrong.push(format!("{} ({}): {became:?}, not {expected:?}", route.request, route.what));
        }
    }
    assert!(wrong.is_empty(), "as {name}:\n{}", wrong.join("\n"));
}

macro_rules! people {
    ($($test:ident $name:literal)*) => {
        $(#[tokio::test]
        async fn $test() {
            check($name).await;
        })*

        /// The test of each of the table's people.
        const TESTS: &[(&str, &str)] = &[$(($name, stringify!($test))),*];
    };
}

people! {
    an_owner_may_what_the_table_says "owner"
    a_member_may_what_the_table_says "member"
    a_reader_may_what_the_table_says "reader"
    a_former_member_may_what_the_table_says "former member"
    a_stranger_may_what_the_table_says "stranger"
    a_banned_user_may_what_the_table_says "banned user"
    a_blocked_user_may_what_the_table_says "blocked user"
    an_agent_of_another_organization_may_what_the_table_says "other organization's agent"
}

#[test]
fn the_table_has_every_command_and_every_endpoint() {
    let kinds: BTreeSet<&str> = ROWS.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, Command::KINDS.iter().copied().collect(), "a row in table.rs for each command");
    assert!(ENDPOINTS.iter().all(|endpoint| kinds.contains(endpoint.command)));
    assert_eq!(TESTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), WHO.map(|who| who.name));
}

/// The published requests are those of the table: one that is new fails here until it has its row.
#[test]
fn the_table_has_every_published_request() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/openapi/native.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut published = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys().filter(|key| *key != "parameters");
        published.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let commands = ENDPOINTS.iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path));
    let routes = ROUTES.iter().map(|route| route.request).chain(OTHERS).map(str::to_owned);
    let told: BTreeSet<String> = commands.chain(routes).collect();
    assert_eq!(told, published, "a row in routes.rs for each request that is no command");
}

#[tokio::test]
async fn strangers_are_told_what_a_missing_room_tells() {
    let server = scene().await;
    for row in ROWS.iter().filter(|row| cell(row.cells, 4) == Cell::Hidden) {
        let nowhere = Who { room: "nowhere", ..WHO[4] };
        let (here, there) =
            (over_a_session(&server, &WHO[4], row).await, over_a_session(&server, &nowhere, row).await);
        assert_eq!(here, there, "{} ({})", row.kind, row.what);
    }
}

/// The part of the page that the table makes.
fn page() -> String {
    let mut page = "| command | over HTTP | who may |".to_owned();
    WHO.iter().for_each(|who| page += &format!(" {} |", who.name));
    page += "\n| --- | --- | --- |";
    page += &" --- |".repeat(WHO.len());
    for row in ROWS {
        let endpoints = ENDPOINTS.iter().filter(|endpoint| endpoint.command == row.kind);
        let endpoints: Vec<_> =
            endpoints.map(|endpoint| format!("`{} {}`", endpoint.method, endpoint.path)).collect();
        let what = if row.what.is_empty() { String::new() } else { format!(", {}", row.what) };
        page += &format!("\n| `{}`{what} | {} | {} |", row.kind, endpoints.join(" "), row.rule);
        (0..WHO.len()).for_each(|column| page += &format!(" {} |", cell(row.cells, column).word()));
    }
    for route in ROUTES {
        let what = if route.what.is_empty() { String::new() } else { format!(", {}", route.what) };
        page += &format!("\n| {} | `{}` | {} |", what.trim_start_matches(", "), route.request, route.rule);
        (0..WHO.len()).for_each(|column| page += &format!(" {} |", cell(route.cells, column).word()));
    }
    page += "\n\n| column | who it is | test |\n| --- | --- | --- |";
    for (who, (_, test)) in WHO.iter().zip(TESTS) {
        page += &format!("\n| {} | {} | `{test}` |", who.name, who.is);
    }
    page + "\n"
}

#[test]
fn the_page_says_what_the_tests_check() {
    const BEGIN: &str =
        "<!-- table: written by UPDATE_DOCS=1 cargo test -p chat-server-core permissions -->\n";
    const END: &str = "<!-- end of table -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page marks where the table begins");
    let (_, after) = rest.split_once(END).expect("the page marks where the table ends");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &wanted).unwrap();
    } else {
        assert_eq!(text, wanted, "run UPDATE_DOCS=1 cargo test -p chat-server-core permissions");
    }
}

/// The id of the direct room of two users.
fn direct(a: &str, b: &str) -> RoomId {
    RoomId::direct(&a.parse().unwrap(), &b.parse().unwrap())
}
