//! What the client costs those who build with it: `cargo xtask footprint`.
//!
//! Counts the crates that it brings, fails above a committed bound, and measures how long it builds from nothing. The time is
//! printed only: it is the machine's as much as ours.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use crate::tools;

/// A choice of features, and how many crates it may bring, the client itself and the macros that it is built with included.
struct Bound {
    name: &'static str,
    features: &'static [&'static str],
    max: usize,
    /// Where most of them come from. A bound moves in the commit that needs it, with what it is for.
    reason: &'static str,
}

const BOUNDS: &[Bound] = &[
    Bound {
        name: "default features",
        features: &[],
        max: 85,
        reason: "JSON, tokio, a WebSocket library and its HTTP types, hyper's connectors with proxies, rustls with *ring*",
    },
    Bound {
        name: "the state machine alone",
        features: &["--no-default-features"],
        max: 41,
        reason: "JSON, time stamps, hashes, `futures`, `tracing`, and what derives need",
    },
    Bound {
        name: "in a browser",
        features: &["--no-default-features", "--features", "browser", "--target", "wasm32-unknown-unknown"],
        max: 54,
        reason: "the state machine, tokio's channels, and the browser's interfaces",
    },
    Bound {
        name: "all features",
        features: &["--all-features"],
        max: 97,
        reason: "the above, hyper for server-sent events, both kinds of roots, SQLite",
    },
];

/// Crates that must not come in, with any feature: TLS is rustls, which builds without a library of the system.
/// (`openssl-probe` only looks for the system's certificates and is not among them.)
const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls"];

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Count only, without the build from nothing
    #[arg(long)]
    no_build: bool,
}

impl Options {
    pub(crate) fn run(&self) -> Result<(), String> {
        let mut wrong = Vec::new();
        for bound in BOUNDS {
            let crates = crates(bound.features)?;
            println!(
                "{:<24} {:>3} crates, at most {:>3}: {}",
                bound.name,
                crates.len(),
                bound.max,
                bound.reason
            );
            if crates.len() > bound.max {
                wrong.push(format!("{}: {} crates, allowed are {}", bound.name, crates.len(), bound.max));
            }
            let banned = crates.iter().filter(|line| BANNED.contains(&name(line)));
            wrong.extend(banned.map(|line| format!("{}: {line} must not come in", bound.name)));
        }
        if !wrong.is_empty() {
            return Err(wrong.join("; "));
        }
        if !self.no_build {
            println!("built from nothing, default features, development profile: {:.1} s", build()?);
        }
        Ok(())
    }
}

/// The crates of a choice of features on this machine, each as name and version.
fn crates(features: &[&str]) -> Result<BTreeSet<String>, String> {
    let manifest = tools::root()?.join("Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let mut args = vec!["tree", "--locked", "--manifest-path", &manifest, "-p", "chat-client"];
    args.extend(["-e", "normal", "--prefix", "none"]);
    args.extend(features);
    let tree = tools::output(&tools::cargo().to_string_lossy(), &args)?;
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned());
    Ok(lines.filter(|line| !line.is_empty()).collect())
}

fn name(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// Seconds of a build into an empty folder, with everything downloaded before.
fn build() -> Result<f64, String> {
    let root = tools::root()?;
    let manifest = root.join("Cargo.toml");
    let folder = root.join("target/footprint");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let fetch = ["fetch", "--locked", "--quiet", "--manifest-path", &manifest.to_string_lossy()];
    tools::output(&tools::cargo().to_string_lossy(), &fetch)?;
    let begin = Instant::now();
    let mut build = Command::new(tools::cargo());
    build.current_dir(&root).args(["build", "--locked", "--quiet", "-p", "chat-client"]);
    let status =
        build.env("CARGO_TARGET_DIR", &folder).status().map_err(|error| format!("cargo: {error}"))?;
    let seconds = begin.elapsed().as_secs_f64();
    // It is of no more use, and not small.
    std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if status.success() { Ok(seconds) } else { Err(format!("cargo build: {status}")) }
}
