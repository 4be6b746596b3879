//! The harness finds what it is there to find: each deliberate bug within a few seeds.

use std::panic::catch_unwind;

use chat_tests::pair::{Bug, Options, run};

/// Seeds within which each bug is found.
const SEEDS: u64 = 200;

/// The first seed that shows the bug, and what it shows.
fn hunt(bug: Bug) -> Option<(u64, String)> {
    (0..SEEDS).find_map(|seed| {
        let options = Options { bug: Some(bug), mistakes: seed % 2 == 1, ..Options::default() };
        match catch_unwind(|| run(seed, &options)) {
            Ok(Ok(_)) => None,
            Ok(Err(failure)) => Some((seed, failure.what)),
            Err(_) => Some((seed, "a panic".to_owned())),
        }
    })
}

#[test]
fn every_deliberate_bug_is_found_soon() {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        match hunt(bug) {
            Some((seed, what)) => println!("{:<22} {seed:>3}  {what}", format!("{bug:?}")),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {missed:?}");
}
