//! What a reviewer would otherwise check by hand.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below the workspace with one of these endings, without build output.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "data" {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().display().to_string(), text));
            }
        }
    }
    assert!(found.len() > 5, "the workspace was found");
    found
}

#[test]
fn every_file_says_what_it_is_and_stays_small() {
    for (path, text) in files(&[".rs"]) {
        assert!(text.starts_with("//!"), "{path} begins without a line that says what it is");
        let lines = text.lines().count();
        assert!(lines <= 500, "{path} has {lines} lines: split it by what it does");
    }
}

#[test]
fn nothing_is_left_for_later_in_the_code() {
    let marks =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["todo", "!("], ["unimplemented", "!("], ["dbg", "!("]];
    for (path, text) in files(&[".rs", ".sql", ".c"]) {
        for mark in marks.map(|[a, b]| format!("{a}{b}")) {
            assert!(!text.contains(&mark), "{path} holds {mark}");
        }
    }
}

/// The arrows of the architecture picture: who must not know whom.
#[test]
fn crates_depend_only_downwards() {
    for (manifest, forbidden) in [
        ("chat-protocol", &["tokio", "async-trait", "rand", "chat-server-core", "chat-client"][..]),
        ("chat-client", &["chat-server-core", "chat-transport-ws", "chat-store-sqlite"]),
        ("chat-server-core", &["axum", "hyper", "tungstenite", "rusqlite", "reqwest", "chat-transport-ws"]),
        ("chat-server-core/adapters/sqlite", &["axum", "tungstenite", "chat-transport-ws"]),
        ("chat-transport-ws", &["rusqlite", "chat-store-sqlite", "metrics-exporter"]),
        ("chat-server", &["chat-tests", "chat-client"]),
    ] {
        let text = std::fs::read_to_string(root().join(manifest).join("Cargo.toml")).unwrap();
        let dependencies = text.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for name in forbidden {
            assert!(!dependencies.contains(name), "{manifest} must not depend on {name}");
        }
    }
}

/// A registry shows what is in the package and nothing else.
#[test]
fn published_crates_say_what_they_are() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = workspace.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    let mut published = 0;
    for member in members.split('"').skip(1).step_by(2) {
        let manifest = std::fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        if manifest.contains("publish = false") {
            continue;
        }
        published += 1;
        for key in ["description", "documentation", "license", "rust-version", "keywords", "categories"] {
            assert!(manifest.lines().any(|line| line.starts_with(key)), "{member} has no {key}");
        }
        for file in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            assert!(root().join(member).join(file).is_file(), "{member} has no {file}");
        }
    }
    assert!(published > 5, "the members were found");
}

/// The lines of a part of a manifest, from its heading to the next one.
fn part(manifest: &str, heading: &str) -> Vec<String> {
    let text = manifest.split(&format!("\n[{heading}]\n")).nth(1).unwrap().split("\n[").next().unwrap();
    text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).map(str::to_owned).collect()
}

/// Whoever chooses features reads the table of the documentation, not the manifest.
#[test]
fn the_table_of_features_is_that_of_the_manifest() {
    let manifest = std::fs::read_to_string(root().join("chat-client/Cargo.toml")).unwrap();
    // A feature's list may take several lines.
    let joined = part(&manifest, "features").join(" ").replace("] ", "]\n");
    let features: std::collections::BTreeMap<&str, Vec<&str>> = joined
        .lines()
        .map(|line| {
            let (name, brings) = line.split_once(" = ").unwrap();
            (name.trim(), brings.split('"').skip(1).step_by(2).collect())
        })
        .collect();
    let mut default = vec!["default"];
    let mut next = 0;
    while let Some(name) = default.get(next) {
        let brought = features.get(name).into_iter().flatten().filter(|name| features.contains_key(**name));
        let brought: Vec<&str> = brought.copied().filter(|name| !default.contains(name)).collect();
        default.extend(brought);
        next += 1;
    }
    let docs = std::fs::read_to_string(root().join("chat-client/src/lib.rs")).unwrap();
    let told: Vec<(&str, bool)> = docs
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("//! | `")?.split(" | ");
            Some((cells.next()?.trim_end_matches('`'), cells.next()? == "yes"))
        })
        .collect();
    let mut expected: Vec<(&str, bool)> = features
        .keys()
        // What is no application's business has no row.
        .filter(|name| !name.starts_with('_') && !["default", "bugs"].contains(name))
        .map(|name| (*name, default.contains(name)))
        .collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected, "the table in chat-client/src/lib.rs, and whether each is a default");
}
