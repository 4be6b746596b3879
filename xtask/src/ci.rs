//! Everything that must hold before a change lands: `cargo xtask ci`.

use std::process::Command;

use crate::{footprint, foreign, fuzz, instructions, wasm};

/// One check: what it is called, and the cargo command that makes it.
struct Step {
    name: &'static str,
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, args: &'static [&'static str]) -> Step {
    Step { name, args, env: &[] }
}

/// A crate that builds a server from parts of its own.
const OWN_PARTS: &str = "examples/own-parts/Cargo.toml";

/// Cheap checks first. `--all-features` of the whole workspace would switch every feature on at once, so each crate
/// with features is also checked without them.
const STEPS: &[Step] = &[
    step("format", &["fmt", "--all", "--check"]),
    step("lints", &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]),
    step("protocol alone", &["clippy", "-p", "chat-protocol", "--", "-D", "warnings"]),
    step(
        "client without transports",
        &[
            "clippy",
            "-p",
            "chat-client",
            "--no-default-features",
            "--features",
            "driver",
            "--",
            "-D",
            "warnings",
        ],
    ),
    step(
        "client without a driver",
        &["clippy", "-p", "chat-client", "--no-default-features", "--", "-D", "warnings"],
    ),
    Step {
        name: "documentation",
        args: &["doc", "--workspace", "--no-deps", "--all-features"],
        env: &[("RUSTDOCFLAGS", "-D warnings")],
    },
    step("tests", &["test", "--workspace", "--all-features", "--no-fail-fast"]),
    step("packages", &["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet"]),
    // Outside of the workspace, as the crates of others are.
    step("format of own parts", &["fmt", "--manifest-path", OWN_PARTS, "--check"]),
    step(
        "lints of own parts",
        &["clippy", "--manifest-path", OWN_PARTS, "--all-targets", "--locked", "--", "-D", "warnings"],
    ),
    step("tests of own parts", &["test", "--manifest-path", OWN_PARTS, "--locked"]),
];

/// Runs all steps; stops at the first that fails.
pub(crate) fn run() -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for step in STEPS {
        println!("== {}: cargo {}", step.name, step.args.join(" "));
        let status = Command::new(&cargo).args(step.args).envs(step.env.iter().copied()).status();
        let status = status.map_err(|error| format!("cargo: {error}"))?;
        if !status.success() {
            return Err(format!("{}: {status}", step.name));
        }
    }
    // Not cargo commands, because they install what they need.
    println!("== other languages: cargo xtask foreign");
    foreign::run(&foreign::Options::default())?;
    println!("== the client in a browser: cargo xtask wasm");
    wasm::run()?;
    println!("== what the client costs: cargo xtask footprint");
    footprint::Options::default().run()?;
    // Last, because they compile once more, with flags of their own.
    println!("== fuzz targets: cargo xtask fuzz");
    fuzz::ci()?;
    println!("== instruction counts: cargo xtask instructions");
    instructions::Options::default().run()?;
    println!("== all {} steps passed", STEPS.len() + 5);
    Ok(())
}
