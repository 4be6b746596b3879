//! Whatever a client sends: it gets the documented code, its session goes on where that is possible, and everyone
//! else is served meanwhile.

use chat_tests::server::{Server, Start};
use chat_tests::socket::{Socket, send};
use tokio_tungstenite::tungstenite::Message;

/// What a client sends, and what it must get.
struct Case {
    name: &'static str,
    frame: Message,
    /// The error code of the reply.
    code: &'static str,
    /// The id that the reply repeats.
    id: Option<&'static str>,
}

fn case(name: &'static str, frame: impl Into<String>, code: &'static str, id: Option<&'static str>) -> Case {
    Case { name, frame: Message::text(frame.into()), code, id }
}

fn text(id: &str, text: &str) -> String {
    send(id, "mine", text)
}

/// Everything after which a session goes on.
fn harmless() -> Vec<Case> {
    let deep = |key: &str| format!(r#"{{"{key}":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    let mut cases = vec![
        case("truncated JSON", r#"{"send":{"id":"1","room":"mi"#, "ERR_INVALID_JSON", None),
        case("an empty frame", "", "ERR_INVALID_JSON", None),
        case("trailing text", r#"{"ping":{}} x"#, "ERR_INVALID_JSON", None),
        case("a lone surrogate", r#"{"ping":{"id":"\ud800"}}"#, "ERR_INVALID_JSON", None),
        case("NaN", r#"{"read":{"id":"1","room":"mine","seq":NaN}}"#, "ERR_INVALID_JSON", None),
        case(
            "a number that is none",
            r#"{"read":{"id":"1","room":"mine","seq":1e999999999}}"#,
            "ERR_INVALID_JSON",
            Some("1"),
        ),
        case("no object", "[]", "ERR_BAD_REQUEST", None),
        case("no packet", "{}", "ERR_BAD_REQUEST", None),
        case("two packets", r#"{"ping":{"id":"1"},"join":{"id":"2","room":"r"}}"#, "ERR_BAD_REQUEST", None),
        case("a missing field", r#"{"join":{"id":"1"}}"#, "ERR_BAD_REQUEST", Some("1")),
        case("a wrong type", r#"{"join":{"id":"1","room":7}}"#, "ERR_BAD_REQUEST", Some("1")),
        case("a number for an id", r#"{"join":{"id":1,"room":"r"}}"#, "ERR_BAD_REQUEST", None),
        case("a packet that is no object", r#"{"join":"r"}"#, "ERR_BAD_REQUEST", None),
        case("a repeated key", r#"{"join":{"id":"1","room":"a","room":"b"}}"#, "ERR_BAD_REQUEST", Some("1")),
        case("a fraction", r#"{"read":{"id":"1","room":"mine","seq":1.5}}"#, "ERR_BAD_REQUEST", Some("1")),
        case(
            "2^53",
            r#"{"read":{"id":"1","room":"mine","seq":9007199254740992}}"#,
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case(
            "2^64",
            r#"{"read":{"id":"1","room":"mine","seq":18446744073709551616}}"#,
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case(
            "a message that is not there",
            r#"{"read":{"id":"1","room":"mine","seq":999}}"#,
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case("a NUL in an id", r#"{"join":{"id":"1","room":"a\u0000b"}}"#, "ERR_BAD_REQUEST", Some("1")),
        case("an empty id", r#"{"join":{"id":"1","room":""}}"#, "ERR_BAD_REQUEST", Some("1")),
        case(
            "a long id",
            format!(r#"{{"join":{{"id":"1","room":"{}"}}}}"#, "r".repeat(32_768)),
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case(
            "a page that is too long",
            r#"{"history":{"id":"1","room":"mine","limit":101}}"#,
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case(
            "no media type",
            r#"{"send":{"id":"1","room":"mine","content":{"type":"x","payload":{}}}}"#,
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case(
            "text without text",
            r#"{"send":{"id":"1","room":"mine","content":{"type":"text/plain","payload":{}}}}"#,
            "ERR_BAD_REQUEST",
            Some("1"),
        ),
        case("content that is too large", text("1", &"x".repeat(17_000)), "ERR_TOO_LARGE", Some("1")),
        case("deep nesting", deep("ping"), "ERR_TOO_DEEP", None),
        case("deep nesting where it is ignored", deep("_x"), "ERR_TOO_DEEP", None),
        case("an unknown command", r#"{"dance":{"id":"1"}}"#, "ERR_UNKNOWN_COMMAND", Some("1")),
        case(
            "a server's packet",
            r#"{"pong":{"id":"1","ts":"2026-11-20T08:30:39.789Z"}}"#,
            "ERR_UNKNOWN_COMMAND",
            Some("1"),
        ),
        case("an unknown room", r#"{"join":{"id":"1","room":"nowhere"}}"#, "ERR_FORBIDDEN_ACCESS", Some("1")),
        case("sending to an unknown room", send("1", "nowhere", "x"), "ERR_FORBIDDEN_ACCESS", Some("1")),
        case(
            "history of another's room",
            r#"{"history":{"id":"1","room":"theirs"}}"#,
            "ERR_FORBIDDEN_ACCESS",
            Some("1"),
        ),
        case("sending to another's room", send("1", "theirs", "x"), "ERR_FORBIDDEN_ACCESS", Some("1")),
        case(
            "listening to a stranger",
            r#"{"listen":{"id":"1","user":"stranger"}}"#,
            "ERR_FORBIDDEN_ACCESS",
            Some("1"),
        ),
        case(
            "another user's token",
            r#"{"auth":{"id":"1","token":"dev-other"}}"#,
            "ERR_FORBIDDEN_ACCESS",
            Some("1"),
        ),
    ];
    cases.push(Case {
        name: "a binary frame",
        frame: Message::binary(br#"{"ping":{}}"#.as_slice()),
        code: "ERR_UNSUPPORTED_FRAME",
        id: None,
    });
    cases
}

/// A server with a room `mine` of `me` and a room `theirs` of `other`.
async fn server_with_rooms(data: &std::path::Path) -> (Server, Socket) {
    let server = Server::start(data, &Start::default()).await;
    for (user, room) in [("me", "mine"), ("other", "theirs")] {
        let mut socket = Socket::log_in(&server.url(), user).await;
        socket.ok(&format!(r#"{{"create":{{"id":"c","kind":"group","room":"{room}"}}}}"#)).await;
    }
    let bystander = Socket::log_in(&server.url(), "other").await;
    (server, bystander)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_frames_get_their_code_and_the_session_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let (server, mut bystander) = server_with_rooms(data.path()).await;
    let mut socket = Socket::log_in(&server.url(), "me").await;
    for (number, case) in harmless().into_iter().enumerate() {
        socket.send(case.frame).await;
        let reply = socket.any_reply().await;
        let error = reply.error().unwrap_or_else(|| panic!("{}: {reply:?}", case.name));
        assert_eq!(error.code.text(), case.code, "{}: {reply:?}", case.name);
        assert_eq!(reply.id.as_ref().map(|id| id.as_str()), case.id, "{}: {reply:?}", case.name);
        let code = error.code.known().expect("only codes of the table are sent");
        assert_eq!((reply.status, error.action), (code.status(), code.action()), "{}", case.name);
        // The session goes on, and so does everyone else's.
        socket.ok(&text(&format!("after-{number}"), "still here")).await;
        bystander.ok(&send(&format!("meanwhile-{number}"), "theirs", "served")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_authentication_every_command_is_refused_and_a_wrong_token_may_be_corrected() {
    let data = tempfile::tempdir().unwrap();
    let (server, _) = server_with_rooms(data.path()).await;
    let mut socket = Socket::open(&server.url()).await;
    for command in [
        r#"{"history":{"id":"1","room":"mine"}}"#.to_owned(),
        r#"{"join":{"id":"1","room":"mine"}}"#.to_owned(),
        text("1", "x"),
        r#"{"resume":{"id":"1","epoch":"e","user_offset":0}}"#.to_owned(),
    ] {
        let reply = socket.ask(&command).await;
        assert_eq!(reply.error().unwrap().code.text(), "ERR_NOT_AUTHENTICATED", "{command}");
    }
    for token in [r#","token":"wrong""#, r#","token":"dev-""#, ""] {
        let reply = socket.ask(&format!(r#"{{"auth":{{"id":"a"{token}}}}}"#)).await;
        assert_eq!(reply.error().unwrap().code.text(), "ERR_INVALID_ACCESS_TOKEN", "{token}");
    }
    socket.ok(r#"{"auth":{"id":"a","token":"dev-me"}}"#).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_later_ends_its_connection_only() {
    let data = tempfile::tempdir().unwrap();
    let (server, mut bystander) = server_with_rooms(data.path()).await;
    let mut socket = Socket::log_in(&server.url(), "me").await;
    let reply = socket.ask(r#"{"auth":{"id":"1","token":"wrong"}}"#).await;
    assert_eq!(reply.error().unwrap().code.text(), "ERR_INVALID_ACCESS_TOKEN");
    assert_eq!(socket.close_code().await, 4401);
    bystander.ok(&send("m", "theirs", "served")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_a_mebibyte_closes_its_connection_only() {
    let data = tempfile::tempdir().unwrap();
    let (server, mut bystander) = server_with_rooms(data.path()).await;
    let mut socket = Socket::log_in(&server.url(), "me").await;
    socket.say(&"x".repeat(1 << 20)).await;
    assert_eq!(socket.close_code().await, 1009);
    bystander.ok(&send("m", "theirs", "served")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_authenticates_is_closed_at_the_deadline() {
    let data = tempfile::tempdir().unwrap();
    let start = Start { env: vec![("CHAT_TIMEOUTS__AUTH".into(), "200ms".into())], ..Start::default() };
    let server = Server::start(data.path(), &start).await;
    let mut socket = Socket::open(&server.url()).await;
    assert_eq!(socket.close_code().await, 4408);
}
