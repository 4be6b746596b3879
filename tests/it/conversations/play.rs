//! The files, as `schema/vectors/README.md` describes them.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// One conversation.
pub(super) struct Play {
    pub(super) head: Head,
    pub(super) steps: Vec<Step>,
}

/// The first line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) conversation: String,
    pub(super) about: String,
    pub(super) user: String,
    pub(super) token: String,
    /// Abilities that a client may lack.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// A server can be made to play the other side.
    #[serde(default)]
    pub(super) real: bool,
    /// Setting of that server.
    pub(super) max_recover: Option<u64>,
}

/// Every other line.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Connect {},
    Client(Value),
    Server(Value),
    Close { code: u16, reason: String },
    Lose {},
    Do(Order),
    Report(Value),
    ClockMs(u64),
    Silent {},
    Elsewhere(Elsewhere),
}

/// What the application tells its client.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    Send { room: String, client_msg_id: String, text: String },
    Token(String),
}

/// What happens out of the client's sight.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Elsewhere {
    /// A user gives a command on a connection of its own.
    Command { user: String, command: Value },
    /// A user is told a message with this `client_msg_id`.
    Hears { user: String, hears: String },
    /// Something happens to the server itself.
    Server { server: String },
}

/// All conversations, by name.
pub(super) fn all() -> Vec<Play> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors/conversations");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Play {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().expect("a head")).unwrap();
    assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(head.conversation.as_str()));
    assert!(head.about.ends_with('.'), "{path:?}: says what it is about");
    let step = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{path:?}: {error}: {line}"));
    Play { head, steps: lines.map(step).collect() }
}
