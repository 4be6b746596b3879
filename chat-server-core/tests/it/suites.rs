//! What all suites promise: each case fails on the part that breaks its guarantee and on no other, and docs and cases
//! name each other.

use std::collections::BTreeSet;

use chat_server_core::conformance::{Suite, blob, bus, push, search, storage, transport};

/// Parts that are tried at once: most of their time goes by in cases that wait.
const AT_ONCE: usize = 12;

/// Tries a part with each fault, which is named like the case that must find it, on every case. So no case is empty, and what
/// fails says what is wrong. The sweeps are cases that look at everything, and so find many faults: only their own is tried.
pub(crate) fn each_fault_fails_its_case<S>(
    suite: &Suite<S>,
    sweeps: &[&str],
    broken: impl Fn(&'static str) -> S + Sync,
) {
    let names: Vec<_> = suite.names().collect();
    let proves = |fault| {
        let tried = names.iter().filter(|name| **name == fault || !sweeps.contains(name));
        let failed: Vec<_> = tried.filter(|name| suite.fails(name, || broken(fault))).collect();
        assert_eq!(failed, [&fault], "cases that a part fails that breaks {fault}");
    };
    for faults in names.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            for fault in faults {
                scope.spawn(|| proves(fault));
            }
        });
    }
}

/// The cases of each suite, and the files with the docs of its traits.
fn contracts() -> [(BTreeSet<&'static str>, Vec<&'static str>); 6] {
    [
        (
            storage::SUITE.names().collect(),
            vec![
                include_str!("../../src/storage/feed.rs"),
                include_str!("../../src/storage/jobs.rs"),
                include_str!("../../src/storage/devices.rs"),
                include_str!("../../src/storage/messages.rs"),
                include_str!("../../src/storage/rooms.rs"),
                include_str!("../../src/storage/users.rs"),
            ],
        ),
        (transport::SUITE.names().collect(), vec![include_str!("../../src/transport/mod.rs")]),
        (bus::SUITE.names().collect(), vec![include_str!("../../src/bus/mod.rs")]),
        (push::SUITE.names().collect(), vec![include_str!("../../src/push/gateway.rs")]),
        (blob::SUITE.names().collect(), vec![include_str!("../../src/blob/mod.rs")]),
        (search::SUITE.names().collect(), vec![include_str!("../../src/search/mod.rs")]),
    ]
}

#[test]
fn docs_name_every_case_and_no_other() {
    for (cases, files) in contracts() {
        let named: BTreeSet<_> = files.iter().flat_map(|text| docs(text)).flat_map(named).collect();
        assert_eq!(cases.difference(&named).collect::<Vec<_>>(), [&""; 0], "no guarantee names them");
        assert_eq!(named.difference(&cases).collect::<Vec<_>>(), [&""; 0], "no case is named so");
    }
}

#[test]
fn every_guarantee_names_a_case() {
    for text in contracts().into_iter().flat_map(|(_, files)| files) {
        let mut guarantees: Vec<String> = Vec::new();
        let mut within = false;
        for line in docs(text) {
            // A list item begins with a dash, and its further lines are indented.
            if line.starts_with("- ") {
                guarantees.push(line.to_owned());
                within = true;
            } else if let Some(more) = line.strip_prefix("  ").filter(|_| within) {
                guarantees.last_mut().expect("within one").push_str(&format!(" {more}"));
            } else {
                within = false;
            }
        }
        assert_ne!(guarantees, [""; 0], "docs list guarantees");
        for guarantee in guarantees {
            assert_ne!(named(&guarantee).count(), 0, "names no case: {guarantee}");
        }
    }
}

/// The lines of what is said about a file's items.
fn docs(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix("/// "))
}

/// The cases that a line names: they are the only words in code that have several `_`, but for this one.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let case_like = |word: &&str| {
        let plain = word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        plain && *word != "client_msg_id" && word.matches('_').count() >= 2
    };
    line.split('`').filter(case_like)
}
