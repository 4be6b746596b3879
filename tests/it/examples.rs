//! The examples of the client as somebody runs them, against the real server.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat_client::protocol::{Access, ErrorCode, Message, RoomId, UserId};
use chat_client::{Client, ClientEvent, Draft, EventStream, NewRoom, RoomHandle};
use chat_tests::built::example;
use chat_tests::server::{Server, Start};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// Longest time for anything that a test waits for: only reached when it fails.
const PATIENCE: Duration = Duration::from_secs(30);

struct Scene {
    server: Server,
    data: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self { server: Server::start(data.path(), &Start::default()).await, data }
    }

    async fn client(&self, user: &str) -> Client {
        Client::builder(self.server.url()).token(format!("dev-{user}")).connect().await.unwrap()
    }

    /// Stops the server without a word, and starts it again at the same address with the same data.
    async fn restart(self) -> Self {
        let Self { server, data } = self;
        let start = Start { listen: Some(server.address()), ..Start::default() };
        server.kill().await;
        Self { server: Server::start(data.path(), &start).await, data }
    }

    fn run(&self, name: &'static str, arguments: &[&str]) -> Program {
        let mut child = Command::new(program(name))
            .args(["--url", &self.server.url()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the example starts");
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        Program { child, output, errors }
    }
}

/// An example, built once.
fn program(name: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(name).or_insert_with(|| example(name)).clone()
}

/// An example that runs.
struct Program {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Program {
    async fn line(&mut self) -> Option<String> {
        timeout(PATIENCE, self.output.next_line()).await.expect("it says something").expect("text")
    }

    /// Waits for a line of its errors that has these words.
    async fn tells(&mut self, words: &str) {
        let told = async {
            while let Some(line) = self.errors.next_line().await.expect("text") {
                if line.contains(words) {
                    return;
                }
            }
            panic!("it ended without {words:?}");
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("it did not tell {words:?}"));
    }

    /// As Ctrl-C does.
    async fn interrupt(&self) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    }

    /// Waits for its end: its exit code, and what it said since.
    async fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let ending = async {
            let mut output = Vec::new();
            while let Some(line) = self.output.next_line().await.expect("text") {
                output.push(line);
            }
            let mut errors = String::new();
            self.errors.get_mut().read_to_string(&mut errors).await.expect("text");
            (self.child.wait().await.expect("waited for").code(), output, errors)
        };
        timeout(PATIENCE, ending).await.expect("it ends")
    }
}

fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

async fn open(owner: &Client, id: &str) -> RoomHandle {
    owner.create(NewRoom::group().id(room(id)).access(Access::Open)).await.unwrap();
    owner.room(room(id))
}

/// The next message of somebody else.
async fn heard(events: &mut EventStream, me: &str) -> Message {
    let hearing = async {
        loop {
            match events.next().await.expect("the client lives") {
                ClientEvent::Message(message) if message.from.as_str() != me => return message,
                _ => {}
            }
        }
    };
    timeout(PATIENCE, hearing).await.expect("somebody says something")
}

fn text(message: &Message) -> String {
    message.content.text().unwrap_or_default().into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_answers_who_means_it_and_nobody_else() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "lobby").await;
    let mut events = ann.events();
    let bots = ["--user", "echo", "--join", "lobby"];
    let mut bot = scene.run("echo_bot", &bots);
    bot.tells("echo listens").await;
    // A second one: the two must not talk with each other.
    let mut other = scene.run("echo_bot", &["--user", "other", "--join", "lobby"]);
    other.tells("other listens").await;

    lobby.send_text("nobody in particular").await.unwrap();
    let asked = lobby.send_text("@echo are you @other there?").await.unwrap().seq;
    let mut answers = [heard(&mut events, "ann").await, heard(&mut events, "ann").await];
    answers.sort_by(|a, b| a.from.cmp(&b.from));
    for (answer, name) in answers.iter().zip(["echo", "other"]) {
        assert_eq!((answer.from.as_str(), answer.reply_to), (name, Some(asked)));
        assert_eq!(text(answer), "echo: @echo are you @other there?");
    }
    let called = Draft::from(chat_client::protocol::Content::plain("by name"));
    lobby.send(called.mention(UserId::new("echo").unwrap())).await.unwrap();
    let answer = heard(&mut events, "ann").await;
    assert_eq!((answer.from.as_str(), text(&answer).as_str()), ("echo", "echo: by name"));
    let direct = ann.create(NewRoom::direct(UserId::new("echo").unwrap())).await.unwrap().room.room;
    ann.room(direct.clone()).send_text("just us").await.unwrap();
    let answer = heard(&mut events, "ann").await;
    assert_eq!((&answer.room, text(&answer).as_str()), (&direct, "echo: just us"));

    // What it has read is told, and Ctrl-C is an orderly end.
    let read = async {
        loop {
            match events.next().await.expect("the client lives") {
                ClientEvent::Reads(reads) if reads.room == direct => return reads,
                _ => {}
            }
        }
    };
    assert_eq!(timeout(PATIENCE, read).await.expect("it reads").from.as_str(), "echo");
    for bot in [bot, other] {
        bot.interrupt().await;
        assert_eq!(bot.end().await.0, Some(0));
    }
    let said = all(&lobby).await;
    assert_eq!(said.len(), 6, "nothing else was said: {said:?}");
}

/// What is in a room, in order.
async fn all(room: &RoomHandle) -> Vec<String> {
    let mut texts = Vec::new();
    let mut messages = room.messages().forward();
    while let Some(entry) = messages.next().await {
        texts.push(text(&entry.unwrap().message));
    }
    texts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_survives_a_lost_server_and_answers_once_what_it_missed() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "lobby").await;
    let mut events = ann.events();
    let bots = ["--user", "echo", "--join", "lobby"];
    let mut bot = scene.run("echo_bot", &bots);
    bot.tells("echo listens").await;
    lobby.send_text("@echo one").await.unwrap();
    assert_eq!(text(&heard(&mut events, "ann").await), "echo: @echo one");
    let scene = scene.restart().await;
    bot.tells("no connection").await;
    lobby.send_text("@echo two").await.unwrap();
    assert_eq!(text(&heard(&mut events, "ann").await), "echo: @echo two");

    bot.child.kill().await.unwrap();
    lobby.send_text("@echo three").await.unwrap();
    let mut bot = scene.run("echo_bot", &bots);
    assert_eq!(text(&heard(&mut events, "ann").await), "echo: @echo three");
    bot.tells("echo listens").await;
    lobby.send_text("@echo four").await.unwrap();
    assert_eq!(text(&heard(&mut events, "ann").await), "echo: @echo four");
    let expected: Vec<_> = ["one", "two", "three", "four"]
        .iter()
        .flat_map(|said| [format!("@echo {said}"), format!("echo: @echo {said}")])
        .collect();
    assert_eq!(all(&lobby).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_says_why_it_cannot() {
    let scene = Scene::new().await;
    let bot = scene.run("echo_bot", &["--join", "nowhere"]);
    let (code, _, errors) = bot.end().await;
    assert_eq!((code, errors.as_str()), (Some(1), "echo_bot: refused: ERR_FORBIDDEN_ACCESS\n"));
}

fn seqs(lines: &[String]) -> Vec<u64> {
    let messages = lines.iter().map(|line| serde_json::from_str::<Message>(line).expect("a message"));
    messages.map(|message| message.seq.get()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_exported_whole_resumed_and_followed() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "lobby").await;
    let say = async |from: u64, to: u64| {
        let sends: Vec<_> = (from..=to).map(|n| lobby.send_text(format!("{n}"))).collect();
        for sent in sends {
            sent.await.unwrap();
        }
    };
    say(1, 250).await;
    let (code, lines, errors) = scene.run("export_history", &["--user", "ann"]).end().await;
    assert_eq!((code, seqs(&lines)), (Some(0), (1..=250).collect()), "three pages");
    assert_eq!(errors, "exported up to --after 250\n");
    let last: Message = serde_json::from_str(&lines[249]).unwrap();
    assert_eq!((last.from.as_str(), text(&last).as_str()), ("ann", "250"));

    // A file, in two runs; the second stays.
    let file = scene.data.path().join("lobby.jsonl");
    let path = file.to_str().unwrap();
    let (code, lines, _) = scene.run("export_history", &["--user", "ann", "--output", path]).end().await;
    assert_eq!((code, lines.len()), (Some(0), 0));
    say(251, 260).await;
    let follow = ["--user", "ann", "--output", path, "--after", "250", "--follow"];
    let follower = scene.run("export_history", &follow);
    let reaches = async |last: u64| {
        let reached = async {
            loop {
                let lines: Vec<_> =
                    std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
                if lines.len() as u64 >= last {
                    return assert_eq!(seqs(&lines), (1..=last).collect::<Vec<_>>());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{last} are not written"));
    };
    reaches(260).await;
    say(261, 263).await;
    reaches(263).await;
    let scene = scene.restart().await;
    say(264, 266).await;
    reaches(266).await;
    follower.interrupt().await;
    let (code, _, errors) = follower.end().await;
    assert_eq!((code, errors.as_str()), (Some(0), "exported up to --after 266\n"));

    let (code, lines, errors) = scene.run("export_history", &["--user", "eve"]).end().await;
    assert_eq!((code, lines.len()), (Some(1), 0));
    assert_eq!(errors, "export_history: refused: ERR_FORBIDDEN_ACCESS\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_goes_through_a_pipe_and_a_bridge() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "lobby").await;
    let mut events = ann.events();
    let mut program = scene.run("custom_connector", &["--user", "bob", "through", "a", "pipe"]);
    assert_eq!(program.line().await.as_deref(), Some("stored as #1"));
    let message = heard(&mut events, "ann").await;
    assert_eq!((message.from.as_str(), text(&message).as_str()), ("bob", "through a pipe"));
    assert_eq!(program.end().await, (Some(0), vec![], String::new()), "both ends of the pipe end");
    assert_eq!(all(&lobby).await, ["through a pipe"]);

    let (code, _, errors) = scene.run("custom_connector", &["--room", "nowhere", "x"]).end().await;
    assert_eq!(code, Some(1));
    assert!(errors.contains(ErrorCode::Forbidden.text()), "{errors}");
    let (code, _, errors) = scene.run("custom_connector", &["--through", "/no/such/program"]).end().await;
    assert_eq!(code, Some(1));
    assert!(errors.contains("/no/such/program: No such file"), "{errors}");
}
