//! Clients of three of the five systems, as their authors wrote them, against the real server.
//!
//! They need files that are not ours and programs that are not there everywhere, so `cargo xtask originals` is what runs this
//! test; `tests/originals/README.md` says how.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use chat_tests::server::{Server, Start};
use tokio::process::Command;

const OPERATOR: &str = "op-secret";

/// Key under which the tokens of `chats` are signed.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The users of hipochat's page: it makes the token from what somebody types into it.
const USERS: &str = r#"[
    { id = "1", name = "Ann", token = "TOKEN_annie@example.org" },
    { id = "2", name = "Bob", token = "TOKEN_bobby@example.org" },
]"#;

fn variable(name: &str) -> PathBuf {
    std::env::var_os(name)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("run by cargo xtask originals: no {name}"))
}

/// What an operator sets who has clients of these systems.
fn settings() -> Start {
    let env = [
        ("CHAT_AUTH__KIND", "static"),
        ("CHAT_AUTH__USERS", USERS),
        ("CHAT_OPERATOR__TOKEN", OPERATOR),
        ("CHAT_ORIGINS__ALLOW", "http://localhost:8194,http://127.0.0.1:5500"),
        ("CHAT_DIALECTS__HIPOCHAT__OPEN_ROOMS", "true"),
        ("CHAT_DIALECTS__HELPDESK__OPEN", "true"),
        ("CHAT_DIALECTS__CHATS__AUTH__KIND", "jwt"),
        ("CHAT_DIALECTS__CHATS__AUTH__SECRET", SECRET),
        ("CHAT_DIALECTS__CHATS__AUTH__USER_CLAIM", "user_id"),
    ];
    Start { env: env.map(|(name, value)| (name.to_owned(), value.into())).to_vec(), ..Start::default() }
}

/// A script beside the packages that it needs.
async fn play(script: &str, server: &Server) {
    let tools = variable("ORIGINALS_TOOLS");
    let played = Command::new("node")
        .arg(Path::new(&tools).join(script))
        .env("FILES", variable("ORIGINALS"))
        .env("SERVER", server.address().to_string())
        .env("SERVER_PID", server.pid().to_string())
        .env("OPERATOR", OPERATOR)
        .env("SECRET", SECRET)
        .stdin(Stdio::null())
        .status()
        .await
        .expect("node runs");
    assert!(played.success(), "{script} has failed");
}

#[tokio::test]
#[ignore = "needs files of others and Chromium: cargo xtask originals FOLDER"]
async fn clients_of_the_originals_chat_unmodified() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &settings()).await;
    play("chats.mjs", &server).await;
    // Last: it ends the server.
    play("pages.mjs", &server).await;
}
