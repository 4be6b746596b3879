//! The clients in other languages, in one room with the client of this workspace and a real server.
//!
//! They need programs that only `cargo xtask foreign` installs, so it is what runs these tests.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use chat_client::{Client, ClientEvent, EventStream, NewRoom};
use chat_protocol::{RoomId, UserId};
use chat_tests::server::{Server, Start};
use chat_tests::socket::PATIENCE;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Longest client, comments and all: small enough to be read before it is trusted.
const MAX_LINES: usize = 150;

fn schema() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema")
}

/// A program that `cargo xtask foreign` has installed.
fn program(name: &str) -> Command {
    let tools = std::env::var_os("FOREIGN_TOOLS").expect("run by cargo xtask foreign");
    Command::new(Path::new(&tools).join("venv/bin").join(name))
}

#[test]
fn the_clients_stay_small() {
    for client in ["typescript/client.ts", "python/client.py"] {
        let text = std::fs::read_to_string(schema().join(client)).unwrap();
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines <= MAX_LINES, "{client} has {lines} lines");
    }
}

/// What somebody in the room has heard: number, sender, text.
type Heard = Vec<(u64, String, String)>;

/// A client in another language: what is written to it, it sends; what it writes is what it was told.
struct Foreign {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    heard: Heard,
    sent: usize,
}

impl Foreign {
    fn start(mut command: Command, server: &Server, user: &str, room: &RoomId) -> Self {
        command.arg(server.url()).arg(format!("dev-{user}")).arg(room.as_str());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("a client in another language");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output).lines(), heard: Vec::new(), sent: 0 }
    }

    async fn say(&mut self, text: &str) {
        self.input.write_all(format!("{text}\n").as_bytes()).await.expect("it reads");
    }

    /// Reads what it tells until it has told `what`.
    async fn until(&mut self, what: &str) {
        while self.next().await != what {}
    }

    async fn until_heard(&mut self, count: usize) {
        while self.heard.len() < count {
            self.next().await;
        }
    }

    async fn next(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("it tells nothing more: {:?}", self.heard));
        let line = line.expect("text").expect("it still runs");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        match text("what").as_str() {
            "message" => self.heard.push((told["seq"].as_u64().unwrap(), text("from"), text("text"))),
            "sent" => self.sent += 1,
            "refused" | "stopped" | "token_needed" => panic!("told {line}"),
            _ => {}
        }
        text("what")
    }

    /// Its input ends, and with it the client.
    async fn end(mut self) {
        drop(self.input);
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends");
        assert!(ended.unwrap().success());
    }
}

async fn listen(events: &mut EventStream, heard: &mut Heard, count: usize) {
    while heard.len() < count {
        let event = tokio::time::timeout(PATIENCE, events.next()).await.expect("in time");
        if let ClientEvent::Message(message) = event.expect("not closed") {
            let text = message.content.text().unwrap_or_default().into_owned();
            heard.push((message.seq.get(), message.from.to_string(), text));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs what cargo xtask foreign installs, which runs it"]
async fn three_languages_talk_across_a_crash_of_the_server_and_nothing_is_lost_or_doubled() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &Start::default()).await;
    let room = RoomId::new("r").unwrap();
    let rust = Client::builder(server.url()).token("dev-rust").connect().await.unwrap();
    let (mut events, mut heard) = (rust.events(), Heard::new());
    let [ts, py] = ["ts", "py"].map(|user| UserId::new(user).unwrap());
    rust.create(NewRoom::group().id(room.clone()).member(ts).member(py)).await.unwrap();

    let mut command = program("node");
    command.arg(schema().join("typescript/test/chat.ts"));
    let mut typescript = Foreign::start(command, &server, "ts", &room);
    let mut command = program("python");
    command.args(["-m", "tests.chat"]).current_dir(schema().join("python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let mut python = Foreign::start(command, &server, "py", &room);
    typescript.until("connected").await;
    python.until("connected").await;

    for n in 0..5 {
        typescript.say(&format!("before {n}")).await;
    }
    listen(&mut events, &mut heard, 10).await;
    // The server dies with some of these under way, and the rest is written while there is none.
    let address = server.address();
    for n in 0..5 {
        typescript.say(&format!("about {n}")).await;
    }
    server.kill().await;
    for n in 0..5 {
        typescript.say(&format!("after {n}")).await;
    }
    typescript.until("reconnecting").await;
    python.until("reconnecting").await;
    let again = Start { listen: Some(address), ..Start::default() };
    let server = Server::start(data.path(), &again).await;
    rust.room(room).send_text("and I").await.unwrap();

    // 15 of TypeScript's, an answer of Python's to each, one of Rust's with its answer.
    let all = 32;
    listen(&mut events, &mut heard, all).await;
    typescript.until_heard(all).await;
    python.until_heard(all).await;
    let numbers: Vec<u64> = heard.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(numbers, (1..=all as u64).collect::<Vec<_>>());
    assert_eq!((&typescript.heard, &python.heard), (&heard, &heard));
    let mut said: Vec<&str> =
        heard.iter().filter(|(_, from, _)| from == "ts").map(|(.., text)| text.as_str()).collect();
    let spoken: Vec<String> = ["before", "about", "after"]
        .iter()
        .flat_map(|when| (0..5).map(move |n| format!("{when} {n}")))
        .collect();
    assert_eq!(said, spoken, "each once, in order");
    said.push("and I");
    let mut answers: Vec<&str> = heard.iter().filter_map(|(.., text)| text.strip_prefix("re: ")).collect();
    answers.sort_unstable();
    said.sort_unstable();
    assert_eq!(answers, said);
    while typescript.sent < 15 {
        typescript.next().await;
    }
    typescript.end().await;
    python.end().await;
    rust.close().await;
    server.terminate().await;
}
