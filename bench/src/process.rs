//! A measured program as a child process, and what the kernel knows of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::Failure;

/// A running program; killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    clock: ClockId,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts the server on a free port of loopback, everything at its defaults but the number of
    /// connections, and the patience with a client that is silent while another program has its turn.
    pub(crate) fn server(binary: &Path, data: &Path, grace: Option<&str>) -> Result<Self, Failure> {
        let mut command = Command::new(binary);
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("CHAT_LOG__FILTER", "warn").env("CHAT_LIMITS__MAX_CONNECTIONS", "12000");
        command.env("CHAT_TIMEOUTS__PONG", "60s");
        // What the server can do is measured, not what it lets one client do.
        command.env("CHAT_LIMITS__CONNECTION_RATE", "0").env("CHAT_LIMITS__USER_RATE", "0");
        if let Some(grace) = grace {
            command.env("CHAT_TIMEOUTS__PRESENCE_GRACE", grace);
        }
        Self::start(command)
    }

    /// Starts a floor program.
    pub(crate) fn floor(binary: &Path, which: &str, data: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(binary);
        command.arg(which);
        if which == "l2" {
            command.arg("--data").arg(data);
        }
        Self::start(command)
    }

    /// Waits until the program says where it listens.
    fn start(mut command: Command) -> Result<Self, Failure> {
        let mut child =
            command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let address =
            lines.find_map(|line| line.strip_prefix("listening on http://")?.split(' ').next()?.parse().ok());
        let Some(address) = address else {
            return Err(format!("{command:?} ended before it listened: {:?}", child.wait()).into());
        };
        let pid = Pid::from_raw(i32::try_from(child.id())?);
        Ok(Self { clock: clock_getcpuclockid(pid)?, child, address })
    }

    /// Processor time that all its threads have used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        Ok(clock_gettime(self.clock)?.into())
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path)?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.ok_or("the kernel does not tell VmRSS")? * 1024)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Gone already is just as well.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
