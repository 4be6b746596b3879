//! The harness finds what it is there to find: each deliberate bug within a few seeds.

use chat_tests::pair::{Bug, Failure, Options, run};

/// Seeds within which each bug is found.
const SEEDS: u64 = 200;

/// The first run that shows the bug, and what it shows.
fn hunt(bug: Bug) -> Option<Failure> {
    (0..SEEDS).find_map(|seed| {
        run(seed, &Options { bug: Some(bug), mistakes: seed % 2 == 1, ..Options::default() }).err()
    })
}

#[test]
fn every_deliberate_bug_is_found_soon() {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        match hunt(bug) {
            Some(failure) => println!("{:<22} {:>3}  {}", format!("{bug:?}"), failure.seed, failure.what),
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {missed:?}");
}
