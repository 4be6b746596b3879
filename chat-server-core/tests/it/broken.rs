//! Each case of the storage suite fails on a store that breaks its guarantee, and no other does: none is empty, and what
//! fails says what is wrong.

mod devices;
mod feed;
mod jobs;
mod lists;
mod messages;
mod names;
mod rooms;
mod traces;
mod uploads;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chat_protocol::{ClientMsgId, Content, HistoryQuery, RoomId, RoomState, Seq, Timestamp, UserId};
use chat_server_core::blob::BlobName;
use chat_server_core::conformance::storage::{SUITE, subject};
use chat_server_core::storage::memory::MemoryStore;
use chat_server_core::storage::{Job, MessageStore, RoomStore, StoredMessage, UploadEntry};

use crate::suites::each_fault_fails_its_case;

/// Cases that look at everything, and so at many faults.
const SWEEPS: [&str; 1] = ["counts_agree_with_the_rule"];

#[test]
fn every_case_fails_on_the_store_that_breaks_it_and_no_other() {
    each_fault_fails_its_case(&SUITE, &SWEEPS, |fault| {
        subject((), move |()| Broken { fault, ..Broken::default() }, true)
    });
}

/// The memory store is not durable, so that only here the case about that runs to its end.
#[test]
fn a_store_that_keeps_everything_survives_reopen() {
    let open = |kept: &Arc<MemoryStore>| Broken {
        inner: Arc::clone(kept),
        fault: "appended_survives_reopen",
        ..Broken::default()
    };
    SUITE.prove("appended_survives_reopen", || subject(Arc::default(), open, true));
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
    /// A job that is leased twice.
    shared: Option<Job>,
    /// Ids that were sent.
    sent: BTreeSet<ClientMsgId>,
    /// Who was forgotten somewhere.
    forgotten: BTreeSet<UserId>,
    /// Accounts of files.
    uploads: BTreeMap<BlobName, UploadEntry>,
    /// When anybody was last said to be seen.
    seen: Option<Timestamp>,
}

impl Broken {
    fn has(&self, fault: &str) -> bool {
        assert!(SUITE.names().any(|name| name == fault), "no case {fault}");
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
