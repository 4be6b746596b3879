//! The release binary as a child process, and what the kernel knows of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; killed when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts a binary on a free port of loopback.
    pub(super) fn start(binary: &str, data: &Path, env: &[(&str, &str)]) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("CHAT_LOG__FILTER", "warn")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let address =
            lines.find_map(|line| line.strip_prefix("listening on http://")?.split(' ').next()?.parse().ok());
        match address {
            Some(address) => Ok(Self { child, address }),
            None => Err(format!("the server ended before it listened: {:?}", child.wait())),
        }
    }

    /// Resident memory in bytes.
    pub(super) fn resident(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        kib.map(|kib: u64| kib * 1024).ok_or_else(|| format!("{path} does not tell VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already is just as well.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Builds the release binary; its path.
pub(super) fn build() -> Result<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--package", "chat-server", "--message-format", "json"]);
    let output = build.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "chat-server").then_some(())?;
        message["executable"].as_str().map(str::to_owned)
    });
    executable.ok_or_else(|| "chat-server does not build".to_owned())
}
