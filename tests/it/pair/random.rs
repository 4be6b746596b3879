//! Runs whose faults follow from a seed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use chat_tests::pair::{BUG_VARIABLE, Bug, Fault, Histogram, MISTAKES_VARIABLE, Options, SEED_VARIABLE, run};

/// Runs of the default suite.
const RUNS: u64 = 300;

/// Clients that send in every run, the rooms in which they do, and how many messages they send at least.
const SCALE: (usize, usize, usize) = (4, 5, 50);

/// Does so many runs and prints what has really happened in them.
fn run_all(seeds: Range<u64>, options: &Options) -> Histogram {
    let mut all = Histogram::default();
    let (mut sends, mut traces, mut failures) = (0, DefaultHasher::new(), Vec::new());
    for seed in seeds {
        match run(seed, options) {
            Ok(report) => {
                let (clients, rooms, least) = SCALE;
                assert_eq!((report.clients, report.rooms), (clients, rooms), "seed {seed}");
                assert!(report.sends >= least, "seed {seed}: {} messages", report.sends);
                all.add(&report.hits);
                sends += report.sends;
                report.trace.hash(&mut traces);
            }
            Err(failure) => failures.push(failure),
        }
    }
    let (clients, rooms, _) = SCALE;
    println!("{sends} messages by {clients} clients in {rooms} rooms each, trace {:016x}", traces.finish());
    println!("{all}");
    let first: Vec<_> = failures.iter().take(10).map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} runs failed:\n{}", failures.len(), first.join("\n"));
    all
}

/// What every set of runs must have gone through, or it proves less than it says.
const FELT: [Fault; 31] = [
    Fault::CutUpBetweenFrames,
    Fault::CutDownBetweenFrames,
    Fault::CutUpWithinFrame,
    Fault::CutDownWithinFrame,
    Fault::PartSeenByServer,
    Fault::PartSeenByClient,
    Fault::AckLost,
    Fault::ReplyTooLate,
    Fault::HalfOpenNoticedByClient,
    Fault::HalfOpenNoticedByServer,
    Fault::DialRefused,
    Fault::DialStatus,
    Fault::DialHung,
    Fault::Close1001,
    Fault::Close4411,
    Fault::Close4412,
    Fault::Close4503,
    Fault::Stranded,
    Fault::StaleReadAfterOpen,
    Fault::StaleReadAfterAuth,
    Fault::RestartGraceful,
    Fault::RestartCrash,
    Fault::RestartNewEpoch,
    Fault::TokenRefused,
    Fault::TokenUnavailable,
    Fault::AppRestart,
    Fault::NetworkChanged,
    Fault::OwnStoreFailed,
    Fault::Late,
    Fault::Stalled,
    Fault::StoreFailed,
];

/// In how many of the runs of the default suite each fault happens at least.
const LEAST: u64 = 8;

fn check_felt(all: &Histogram) {
    let missing: Vec<_> = FELT.iter().filter(|fault| all.runs(**fault) < LEAST).collect();
    assert!(missing.is_empty(), "hardly ever happened: {missing:?}");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// What the environment says besides the seed.
fn named_options() -> Options {
    let bug = std::env::var(BUG_VARIABLE).ok().map(|name| {
        let named = Bug::ALL.into_iter().find(|bug| format!("{bug:?}") == name);
        named.unwrap_or_else(|| panic!("{BUG_VARIABLE} is none of {:?}", Bug::ALL))
    });
    Options { bug, mistakes: number(MISTAKES_VARIABLE).is_some(), ..Options::default() }
}

#[test]
fn nothing_is_lost_repeated_or_reordered_whatever_fails() {
    check_felt(&run_all(0..RUNS, &Options::default()));
}

#[test]
fn what_a_server_forgets_to_tell_or_tells_twice_is_told_once() {
    let all = run_all(0..RUNS / 6, &Options { mistakes: true, ..Options::default() });
    assert!(all.count(Fault::ServerMistook) > RUNS / 6, "{all}");
}

#[test]
fn a_seed_gives_the_same_run_every_time() {
    for seed in 0..20 {
        let twice = [(); 2].map(|()| run(seed, &Options::default()));
        assert_eq!(twice[0], twice[1], "seed {seed}");
    }
}

#[test]
#[ignore = "minutes: PAIR_RUNS=10000 cargo test --release -p chat-tests --test it pair::random::many -- --ignored --nocapture"]
fn many() {
    let (first, runs) = (number("PAIR_FROM").unwrap_or(0), number("PAIR_RUNS").unwrap_or(10_000));
    let began = std::time::Instant::now();
    let all = run_all(first..first + runs, &named_options());
    let lasted = began.elapsed();
    println!("{runs} runs in {lasted:?}, {:?} each", lasted / u32::try_from(runs).unwrap_or(u32::MAX));
    if runs >= RUNS {
        check_felt(&all);
    }
}

#[test]
#[ignore = "one seed, named: PAIR_SEED=7 cargo test -p chat-tests --test it pair::random::replay -- --ignored --nocapture"]
fn replay() {
    let seed = number(SEED_VARIABLE).unwrap_or_else(|| panic!("{SEED_VARIABLE} names no seed"));
    let report = run(seed, &Options { shown: true, ..named_options() });
    println!("{:#?}", report.unwrap_or_else(|failure| panic!("{failure}")));
}
