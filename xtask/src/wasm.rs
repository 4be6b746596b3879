//! The client in browsers: `cargo xtask wasm`.
//!
//! Checks that the client compiles for `wasm32-unknown-unknown` alone and with its connector, then opens a page of it in
//! Chromium against the real server. Installs the target's standard library and Chromium where they are missing.

use std::path::Path;
use std::process::Command;

use crate::tools;

const TARGET: &str = "wasm32-unknown-unknown";

/// One step: what it is called, and the cargo command that makes it.
struct Step {
    name: &'static str,
    args: &'static [&'static str],
    /// Whether it is about the target, and not about a program of this machine.
    for_target: bool,
    /// What follows the target.
    more: &'static [&'static str],
}

const LINTS: &[&str] = &["--", "-D", "warnings"];

const STEPS: &[Step] = &[
    Step {
        name: "the state machine alone",
        args: &["clippy", "-p", "chat-client", "--no-default-features"],
        for_target: true,
        more: LINTS,
    },
    Step {
        name: "with its connector",
        args: &["clippy", "-p", "chat-client", "--no-default-features", "--features", "browser"],
        for_target: true,
        more: LINTS,
    },
    Step {
        name: "its documentation",
        args: &["doc", "-p", "chat-client", "--no-deps", "--no-default-features", "--features", "browser"],
        for_target: true,
        more: &[],
    },
    Step {
        name: "a page of it",
        args: &["clippy", "-p", "chat-browser", "--bins"],
        for_target: true,
        more: LINTS,
    },
    Step {
        name: "the page in Chromium",
        args: &["test", "-p", "chat-browser"],
        for_target: false,
        more: &["--", "--include-ignored"],
    },
];

/// Runs all steps; stops at the first that fails.
pub(crate) fn run() -> Result<(), String> {
    let root = tools::root()?;
    standard_library()?;
    // Whoever names a browser of their own has it.
    if std::env::var_os("CHAT_BROWSER").is_none() {
        tools::program("chromium", "chromium")?;
    }
    for step in STEPS {
        println!("== {}", step.name);
        let mut command = Command::new(tools::cargo());
        command.current_dir(&root).env("RUSTDOCFLAGS", "-D warnings").args(step.args);
        if step.for_target {
            command.args(["--target", TARGET]);
        }
        let status = command.args(step.more).status().map_err(|error| format!("cargo: {error}"))?;
        if !status.success() {
            return Err(format!("{}: {status}", step.name));
        }
    }
    Ok(())
}

/// Makes sure that the compiler has a standard library for the target.
fn standard_library() -> Result<(), String> {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let folder = tools::output(&compiler, &["--print", "target-libdir", "--target", TARGET])?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    println!("== rustup target add {TARGET}");
    tools::output("rustup", &["target", "add", TARGET]).map(drop)
}
