//! Each case of the storage suite fails on a store that breaks its guarantee, and no other does: none is empty, and what
//! fails says what is wrong.

mod devices;
mod feed;
mod jobs;
mod messages;
mod rooms;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use chat_protocol::{Content, HistoryQuery, RoomId, RoomState, Seq, Timestamp, UserId};
use chat_server_core::conformance::storage::{CASES, Case, case, run};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{MessageStore, RoomStore, StoredMessage};

/// Cases that look at everything, and so at many faults.
const SWEEPS: [&str; 1] = ["counts_agree_with_the_rule"];

#[test]
fn every_case_fails_on_the_store_that_breaks_it_and_no_other() {
    for (fault, _) in CASES {
        let failed: Vec<_> = CASES
            .iter()
            .filter(|(name, _)| name == fault || !SWEEPS.contains(name))
            .filter(|(_, case)| fails(fault, *case))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(failed, [*fault], "cases that a store fails that breaks {fault}");
    }
}

/// Whether a case fails on the store with that fault.
fn fails(fault: &'static str, case: Case) -> bool {
    let open = move |_: &()| Broken { fault, ..Broken::default() };
    catch_unwind(AssertUnwindSafe(|| run((), open, true, case))).is_err()
}

/// The memory store is not durable, so that only here the case about that runs to its end.
#[test]
fn a_store_that_keeps_everything_survives_reopen() {
    let open = |kept: &Arc<MemoryStore>| Broken {
        inner: Arc::clone(kept),
        fault: "appended_survives_reopen",
        ..Broken::default()
    };
    run(Arc::default(), open, true, case("appended_survives_reopen"));
}

/// Every guarantee names its case, and every case is named by a guarantee.
#[test]
fn the_traits_name_every_case_and_no_other() {
    let docs = [
        include_str!("../../src/storage/feed.rs"),
        include_str!("../../src/storage/jobs.rs"),
        include_str!("../../src/storage/devices.rs"),
        include_str!("../../src/storage/messages.rs"),
        include_str!("../../src/storage/rooms.rs"),
        include_str!("../../src/storage/users.rs"),
    ];
    let mut named = BTreeSet::new();
    for line in docs.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_prefix("/// ")) {
        // Names of cases are the only words in code that have several `_`.
        named.extend(line.split('`').filter(|word| is_case_like(word)));
    }
    let known: BTreeSet<_> = CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(known.difference(&named).collect::<Vec<_>>(), [&""; 0], "no guarantee names them");
    assert_eq!(named.difference(&known).collect::<Vec<_>>(), [&""; 0], "no case is named so");
}

fn is_case_like(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    plain && word != "client_msg_id" && word.matches('_').count() >= 2
}

/// The memory store with one fault, named like the case that must find it.
#[derive(Default)]
struct Broken {
    inner: Arc<MemoryStore>,
    fault: &'static str,
    memory: Mutex<Remembered>,
}

/// What a fault may need to know of earlier calls.
#[derive(Default)]
struct Remembered {
    /// Members of a room, when they were first counted.
    members: BTreeMap<RoomId, u64>,
    /// What messages said at first.
    texts: BTreeMap<(RoomId, Seq), Content>,
    trimmed: BTreeSet<RoomId>,
    hidden: BTreeSet<(RoomId, UserId, Seq)>,
    /// Numbers of the feed that were held back once.
    late: BTreeSet<u64>,
    /// Jobs that failed.
    failed: BTreeSet<u64>,
    /// When anybody was last said to be seen.
    seen: Option<Timestamp>,
}

impl Broken {
    fn has(&self, fault: &str) -> bool {
        assert!(CASES.iter().any(|(name, _)| *name == fault), "no case {fault}");
        self.fault == fault
    }

    /// One more than asked for, for the fault.
    fn more(&self, fault: &str, limit: usize) -> usize {
        limit + usize::from(self.has(fault) && limit > 0)
    }

    /// All messages of a room.
    async fn messages(&self, room: &RoomId) -> Vec<StoredMessage> {
        let all = self.inner.history(room, None, HistoryQuery::default(), 10_000).await.unwrap();
        all.unwrap_or_default()
    }

    async fn message(&self, room: &RoomId, seq: Seq) -> Option<StoredMessage> {
        self.messages(room).await.into_iter().find(|stored| stored.message.seq == seq)
    }

    /// A room as its member sees it.
    async fn state(&self, room: &RoomId, user: &UserId) -> Option<RoomState> {
        let views = self.inner.views(user, std::slice::from_ref(room)).await.unwrap();
        views.into_iter().flatten().next().map(|view| view.state)
    }
}
