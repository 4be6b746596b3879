//! The real server binary as a child process.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::built::built;

/// How long a start may take, opening a database after a crash included.
const START: Duration = Duration::from_secs(30);

/// A running `chat-server`. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// Where else it listens, see [`Start::more`].
    pub others: Vec<SocketAddr>,
    /// What it printed before it listened.
    pub greeting: Vec<String>,
}

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The address; the default takes a free port of loopback.
    pub listen: Option<SocketAddr>,
    /// How many further addresses it listens on, each a free port of loopback.
    pub more: usize,
    /// Further environment.
    pub env: Vec<(String, OsString)>,
    /// File for what it logs; the default is this process's standard error.
    pub log: Option<PathBuf>,
}

impl Server {
    /// Starts the binary on a data directory and waits until it listens.
    ///
    /// # Panics
    /// When it does not: a test without its server has failed.
    pub async fn start(data: &Path, start: &Start) -> Self {
        let listen = start.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let mut child = Command::new(binary())
            .arg("--listen")
            .arg(listen.to_string())
            .args(std::iter::repeat_n(["--listen", "127.0.0.1:0"], start.more).flatten())
            .arg("--data")
            .arg(data)
            .env("CHAT_LOG__FILTER", "warn")
            // Floods are what these tests are made of.
            .env("CHAT_LIMITS__CONNECTION_RATE", "0")
            .env("CHAT_LIMITS__USER_RATE", "0")
            .envs(start.env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(start.log.as_ref().map_or_else(Stdio::inherit, |log| {
                std::fs::File::create(log).expect("a file for the log").into()
            }))
            .kill_on_drop(true)
            .spawn()
            .expect("the server binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        let (mut greeting, mut addresses) = (Vec::new(), Vec::new());
        let listening = async {
            while let Some(line) = lines.next_line().await.expect("text") {
                let address =
                    line.strip_prefix("listening on http://").and_then(|rest| rest.split(' ').next());
                match address {
                    Some(address) => addresses.push(address.parse().expect("an address")),
                    None => greeting.push(line),
                }
                if addresses.len() > start.more {
                    return;
                }
            }
            panic!("the server ended before it listened: {:?}", child.wait().await);
        };
        tokio::time::timeout(START, listening).await.expect("the server listens in time");
        Self { child, address: addresses.remove(0), others: addresses, greeting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of the native WebSocket.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/ws", self.address)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("still running")
    }

    /// Its memory in bytes.
    ///
    /// # Panics
    /// Elsewhere than on Linux.
    pub fn memory(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a Linux process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    }

    /// Does something to the process with a program that takes its id last.
    ///
    /// # Panics
    /// When the program cannot do it.
    pub async fn tell(&self, program: &str, arguments: &[&str]) {
        let done = Command::new(program).args(arguments).arg(self.pid().to_string()).status().await;
        assert!(done.expect("the program runs").success(), "{program} {arguments:?}");
    }

    /// Ends it with SIGKILL and waits until it is gone.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("killed and waited for");
    }

    /// Asks it to end (SIGTERM) and waits for that; its exit code.
    ///
    /// # Panics
    /// When it does not end within 15 seconds.
    pub async fn terminate(mut self) -> Option<i32> {
        self.tell("kill", &["-TERM"]).await;
        let ended = tokio::time::timeout(Duration::from_secs(15), self.child.wait()).await;
        ended.expect("the server ends in time").expect("waited for").code()
    }
}

/// The server binary, built once per test process from the present sources.
///
/// # Panics
/// When it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| built(&["--package", "chat-server"], "chat-server"))
}
