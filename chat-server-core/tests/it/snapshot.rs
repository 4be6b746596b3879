//! A snapshot and the events after it are a fresh snapshot: programs of commands by several users against a live server,
//! beside followers that began with a snapshot and take in nothing but events.
//!
//! `PROPTEST_RNG_SEED` makes a run again, `SNAPSHOT_PROGRAMS` says how many programs it has.

mod follower;
mod program;
mod view;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use chat_protocol::{Command, Timestamp};
use chat_server_core::clock::Clock;
use chat_server_core::storage::SharedStorage;
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::{ChatServer, Providers};
use chat_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestError, TestRunner};

use self::follower::Follower;
use self::program::{Actors, Op, Shown, program, showing, shown};
use self::view::View;
use crate::peer::quick;

/// Programs of one run, unless `SNAPSHOT_PROGRAMS` says otherwise.
const PROGRAMS: u32 = 24;

/// How often each command must have been done in all programs, and not only refused.
const LEAST_DONE: usize = 3;

/// How many commands are under way at the same time.
const AT_ONCE: usize = 5;

/// A clock that never says the same time twice, so that a wrong time is seen; a millisecond is what travels.
#[derive(Default)]
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + self.0.fetch_add(1_000, Ordering::Relaxed))
    }
    fn random(&self) -> u128 {
        rand::random()
    }
}

/// How often each kind of command was answered with each status.
type Answers = BTreeMap<&'static str, BTreeMap<u16, usize>>;

/// Runs one program; after every few commands each follower must see what a fresh snapshot shows.
async fn run(storage: SharedStorage, ops: &[Op], answers: &Mutex<Answers>) {
    let parts = Providers {
        storage: storage.clone(),
        clock: std::sync::Arc::new(Ticks::default()),
        ..Providers::default()
    };
    let server = ChatServer::start(parts, quick());
    let mut actors = Actors::gather(&server).await;
    let mut followers = Vec::new();
    for user in program::USERS {
        followers.push(Follower::begin(&server, &storage, user).await);
    }
    for (n, ops) in ops.chunks(AT_ONCE).enumerate() {
        let said = actors.perform(&storage, ops).await;
        for follower in &mut followers {
            follower.settle(&server, &storage).await;
            let (fresh, followed) = (View::of(&server, &follower.user).await, follower.shown());
            assert_same(&fresh, &followed, &format!("{} after step {n}: {said:#?}", follower.user));
        }
        for said in said {
            *answers.lock().unwrap().entry(said.kind).or_default().entry(said.status).or_default() += 1;
        }
    }
    drop((actors, followers));
    server.shutdown(std::time::Duration::from_secs(5)).await;
}

/// Room by room, so that a difference can be read.
fn assert_same(fresh: &View, followed: &View, when: &str) {
    for (id, room) in &fresh.rooms {
        let other = followed.rooms.get(id).unwrap_or_else(|| panic!("{id} is not followed, {when}"));
        assert_eq!(other.state, room.state, "followed, then fresh: {id} to {when}");
        assert_eq!(other.messages, room.messages, "followed, then fresh: {id} to {when}");
        assert_eq!(other, room, "followed, then fresh: {id} to {when}");
    }
    assert_eq!(followed, fresh, "followed, then fresh: {when}");
}

/// Runs many programs on stores that `open` makes; how often each kind of command was done.
fn check(
    programs: impl Strategy<Value = Vec<Op>>,
    open: impl Fn() -> (SharedStorage, Option<tempfile::TempDir>),
) -> Answers {
    let asked = std::env::var("SNAPSHOT_PROGRAMS").ok().and_then(|count| count.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(PROGRAMS),
        max_shrink_iters: 100,
        failure_persistence: None,
        ..Config::default()
    };
    let answers = Mutex::new(Answers::new());
    let outcome = TestRunner::new(config).run(&programs, |ops| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (storage, _place) = open();
        runtime.block_on(run(storage, &ops, &answers));
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, ops)) => panic!("{why}\nin the program {ops:?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
    let answers = answers.into_inner().unwrap();
    for (kind, by_status) in &answers {
        println!("{kind:12} {by_status:?}");
    }
    answers
}

/// How often a kind of command was done.
fn times_done(answers: &Answers, kind: &str) -> usize {
    answers.get(kind).and_then(|by_status| by_status.get(&200)).copied().unwrap_or(0)
}

/// Every command that a snapshot shows must have been done often enough.
fn assert_complete(answers: &Answers) {
    let rare = Command::KINDS
        .iter()
        .filter(|kind| shown(kind) == Shown::Yes && times_done(answers, kind) < LEAST_DONE);
    assert_eq!(
        rare.collect::<Vec<_>>(),
        [&""; 0],
        "done less than {LEAST_DONE} times in {PROGRAMS} programs"
    );
}

fn memory() -> (SharedStorage, Option<tempfile::TempDir>) {
    (std::sync::Arc::new(MemoryStore::default()), None)
}

#[test]
fn a_snapshot_and_its_events_are_a_fresh_snapshot() {
    assert_complete(&check(program(), memory));
}

/// What `room` with `history` asks a client to read again is enough.
#[test]
fn a_room_that_shows_more_or_less_is_read_again_as_documented() {
    let answers = check(showing(), memory);
    assert!(times_done(&answers, "set") > PROGRAMS as usize, "{answers:?}");
}

#[test]
fn a_snapshot_and_its_events_are_a_fresh_snapshot_on_sqlite() {
    let answers = check(program(), || {
        let place = tempfile::tempdir().unwrap();
        let config = SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::default() };
        (std::sync::Arc::new(SqliteStore::open(place.path(), config).unwrap()), Some(place))
    });
    assert_complete(&answers);
}
