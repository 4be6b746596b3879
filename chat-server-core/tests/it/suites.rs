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

/// The cases of each suite, and the guarantees in the docs of its traits.
fn contracts() -> [(Vec<&'static str>, Vec<String>); 6] {
    fn contract<S>(suite: &Suite<S>) -> (Vec<&'static str>, Vec<String>) {
        (suite.names().collect(), suite.guarantees())
    }
    [
        contract(&storage::SUITE),
        contract(&transport::SUITE),
        contract(&bus::SUITE),
        contract(&push::SUITE),
        contract(&blob::SUITE),
        contract(&search::SUITE),
    ]
}

#[test]
fn docs_name_every_case_and_no_other() {
    for (cases, guarantees) in contracts() {
        let cases: BTreeSet<_> = cases.into_iter().collect();
        let named: BTreeSet<_> = guarantees.iter().flat_map(|guarantee| named(guarantee)).collect();
        assert_eq!(cases.difference(&named).collect::<Vec<_>>(), [&""; 0], "no guarantee names them");
        assert_eq!(named.difference(&cases).collect::<Vec<_>>(), [&""; 0], "no case is named so");
    }
}

#[test]
fn every_guarantee_names_a_case() {
    for guarantee in contracts().into_iter().flat_map(|(_, guarantees)| guarantees) {
        assert_ne!(named(&guarantee).count(), 0, "names no case: {guarantee}");
    }
}

/// The cases that a guarantee names: they are the only words in code that have several `_`, but for this one.
fn named(guarantee: &str) -> impl Iterator<Item = &str> {
    let case_like = |word: &&str| {
        let plain = word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        plain && *word != "client_msg_id" && word.matches('_').count() >= 2
    };
    guarantee.split('`').filter(case_like)
}
