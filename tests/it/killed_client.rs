//! SIGKILL of an application with messages that wait: started again, it sends what is left, in order, and the server has each once.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use chat_client::NewRoom;
use chat_protocol::Access;
use chat_tests::built::example;
use chat_tests::crowd::{client, whole_history};
use chat_tests::server::{Server, Start};
use rand::RngExt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

const MESSAGES: usize = 50;

/// Longest time for anything that a test waits for: only reached when it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The example, as somebody runs it.
struct Application {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Application {
    fn start(program: &Path, url: &str, store: &Path) -> Self {
        let mut child = Command::new(program)
            .args(["--user", "ann", "--url", url, "--store"])
            .arg(store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the example starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, input, output }
    }

    /// Types a line and waits until it is written down.
    async fn keep(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
        self.says(&format!("kept: {line}")).await;
    }

    async fn says(&mut self, line: &str) {
        let said = async {
            while let Some(said) = self.output.next_line().await.expect("text") {
                if said == line {
                    return;
                }
            }
            panic!("it ended without {line:?}");
        };
        timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("it did not say {line:?}"));
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("killed and waited for");
    }

    /// Ends its input, and waits until it has sent everything.
    async fn finish(self) {
        let Self { mut child, input, mut output } = self;
        drop(input);
        let said = async { while output.next_line().await.expect("text").is_some() {} };
        timeout(PATIENCE, said).await.expect("it ends");
        let ended = child.wait().await.expect("waited for");
        assert!(ended.success(), "{ended}");
    }
}

struct Place {
    data: tempfile::TempDir,
    store: PathBuf,
    program: PathBuf,
}

fn place() -> Place {
    let data = tempfile::tempdir().unwrap();
    let store = data.path().join("outbox.sqlite");
    Place { store, program: example("offline_queue"), data }
}

/// A room that the user of the example is in: who is no member is refused, and what was refused loses its place.
async fn enter(url: &str) {
    let room = NewRoom::group().id("lobby".parse().unwrap()).access(Access::Open);
    client(url, "ann").await.create(room).await.expect("made");
}

/// What the server has, in order.
async fn texts(url: &str) -> Vec<String> {
    let ann = client(url, "ann").await;
    let history = whole_history(&ann, &"lobby".parse().unwrap()).await;
    history.iter().map(|message| message.content.text().unwrap().into_owned()).collect()
}

fn line(n: usize) -> String {
    format!("line {n}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_messages_that_waited_when_the_application_was_killed_are_sent_once_in_order() {
    let Place { data, store, program } = place();
    let server = Server::start(data.path(), &Start::default()).await;
    let (url, address) = (server.url(), server.address());
    enter(&url).await;
    server.kill().await;
    let mut application = Application::start(&program, &url, &store);
    for n in 0..MESSAGES {
        application.keep(&line(n)).await;
    }
    application.kill().await;

    let server = Server::start(data.path(), &Start { listen: Some(address), ..Start::default() }).await;
    let mut application = Application::start(&program, &url, &store);
    application.says(&format!("{MESSAGES} messages wait from before")).await;
    application.finish().await;
    assert_eq!(texts(&url).await, (0..MESSAGES).map(line).collect::<Vec<_>>());
    let mut application = Application::start(&program, &url, &store);
    application.says("0 messages wait from before").await;
    application.finish().await;
    assert_eq!(texts(&url).await.len(), MESSAGES, "nothing is left to be sent again");
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_while_it_sends_it_loses_and_repeats_nothing() {
    let seed: u64 =
        std::env::var("CHAT_TEST_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("CHAT_TEST_SEED={seed}");
    let mut random = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(seed);
    let Place { data, store, program } = place();
    let server = Server::start(data.path(), &Start::default()).await;
    let url = server.url();
    enter(&url).await;
    let mut given = 0;
    while given < MESSAGES {
        let mut application = Application::start(&program, &url, &store);
        for _ in 0..random.random_range(1..=8usize).min(MESSAGES - given) {
            application.keep(&line(given)).await;
            given += 1;
        }
        // Anywhere between "written down" and "stored, and taken out".
        tokio::time::sleep(Duration::from_micros(random.random_range(0..30_000))).await;
        application.kill().await;
    }
    Application::start(&program, &url, &store).finish().await;
    assert_eq!(texts(&url).await, (0..MESSAGES).map(line).collect::<Vec<_>>());
    server.kill().await;
}
