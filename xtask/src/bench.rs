//! Builds the server and the programs that measure it, and measures: `cargo xtask bench`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

#[derive(Args)]
pub(crate) struct Bench {
    /// Workloads and options of the measurement; `-- --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

impl Bench {
    pub(crate) fn run(self) -> Result<(), String> {
        let binaries = build()?;
        let binary = |name: &str| binaries.get(name).ok_or_else(|| format!("{name} was not built"));
        let bench = binary("chat-bench")?;
        // Beside the binaries: a build directory is on a real disk, and out of version control.
        let out = bench.with_file_name("bench-results");
        let mut run = Command::new(bench);
        run.arg("--server").arg(binary("chat-server")?).arg("--floor").arg(binary("floor")?);
        run.arg("--out").arg(out).args(self.args);
        let status = run.status().map_err(|error| format!("chat-bench: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("chat-bench: {status}")) }
    }
}

/// Builds the release binaries; their paths by name.
fn build() -> Result<BTreeMap<String, PathBuf>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "-p", "chat-server", "-p", "chat-bench", "--bins"]);
    build.args(["--message-format", "json-render-diagnostics"]);
    let output = build.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err("the programs do not build".to_owned());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str()?;
        Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
    };
    Ok(messages.lines().filter_map(executable).collect())
}
