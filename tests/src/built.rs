//! Programs of the workspace, built from the present sources.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An example of the client.
///
/// # Panics
/// When it cannot be built.
pub fn example(name: &str) -> PathBuf {
    // With the features that the tests of the workspace are built with: nothing is compiled twice.
    built(&["--package", "chat-client", "--all-features", "--example", name], name)
}

/// The program `name` that `cargo build` makes with these arguments, in the profile of this process.
///
/// # Panics
/// When it cannot be built.
pub fn built(arguments: &[&str], name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--message-format", "json"]).args(arguments);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let output = build.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(output.status.success(), "{name} does not build");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == name).then_some(())?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.expect("cargo names the executable")
}
