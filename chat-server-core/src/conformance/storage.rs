//! The suite of [`Storage`]: one test per guarantee of its traits.
//!
//! A store that keeps nothing says how a fresh one is made:
//!
//! ```
//! mod conformance {
//!     use chat_server_core::storage::memory::MemoryStore;
//!     chat_server_core::storage_conformance!(MemoryStore::default());
//! }
//! ```
//!
//! A durable one says where it lives and how it is opened there, so that the suite can close and open it again. The
//! place is made anew for every test and dropped after it:
//!
//! ```ignore
//! storage_conformance!(tempfile::tempdir().unwrap(), |dir| MyStore::open(dir.path()).unwrap());
//! ```
//!
//! Each line expands to one `#[test]` per case, named like the case, with a runtime of its own. A case that the
//! store's [`Capabilities`](crate::storage::Capabilities) exclude passes without doing anything.

mod append;
mod logs;
mod repeats;
mod rooms;
mod scene;

use std::pin::Pin;
use std::sync::Arc;

use crate::storage::{SharedStorage, Storage};

pub use self::append::*;
pub use self::logs::*;
pub use self::repeats::*;
pub use self::rooms::*;

/// The store under test.
#[derive(Clone)]
pub struct Subject {
    open: Arc<dyn Fn() -> SharedStorage + Send + Sync>,
    reopens: bool,
}

impl Subject {
    /// Opens the store: the first time a fresh one, afterwards the same data, if the subject can be opened again.
    pub(crate) fn open(&self) -> SharedStorage {
        // An implementer may have to wait for something asynchronous here, which only this call allows.
        tokio::task::block_in_place(|| (self.open)())
    }

    /// Whether the same data can be opened again.
    pub(crate) fn reopens(&self) -> bool {
        self.reopens
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("reopens", &self.reopens).finish_non_exhaustive()
    }
}

/// A case while it runs.
pub type Running = Pin<Box<dyn Future<Output = ()>>>;

/// A case: it panics when the store breaks the guarantee that it is named after.
pub type Case = fn(Subject) -> Running;

/// Runs one case on a store that lives at `place`. The macro calls it; call it yourself to run single cases.
///
/// # Panics
/// When the store breaks the guarantee, or no runtime can be started.
pub fn run<P, S>(place: P, open: impl Fn(&P) -> S + Send + Sync + 'static, reopens: bool, case: Case)
where
    P: Send + Sync + 'static,
    S: Storage + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a test can start threads");
    let open = move || -> SharedStorage { Arc::new(open(&place)) };
    runtime.block_on(case(Subject { open: Arc::new(open), reopens }));
}

macro_rules! cases {
    ($($case:ident)*) => {
        /// All cases with their names, in the order of the traits' guarantees.
        pub const CASES: &[(&str, Case)] =
            &[$((stringify!($case), |subject| Box::pin($case(subject)) as Running)),*];

        /// The case of that name.
        ///
        /// # Panics
        /// When there is none.
        pub fn case(name: &str) -> Case {
            CASES.iter().find(|(known, _)| *known == name).expect("a known case").1
        }
    };
}

cases! {
    concurrent_appends_leave_no_gap
    a_batch_is_stored_in_order
    appended_survives_reopen
    a_repeat_gives_the_first_answer
    another_body_is_a_conflict
    an_old_access_version_is_refused
    a_refusal_spares_the_rest
    time_never_runs_backwards
    names_are_unique
    texts_are_kept_byte_for_byte
    the_log_has_every_change
    history_pages_meet
    views_follow_appends
    leaving_bumps_the_access_version
    rooms_come_by_activity
    unread_counts_others_after_the_pointer
    the_user_log_has_every_change
    pointers_only_advance
}

/// Proves a [`Storage`](crate::storage::Storage) with one line: see [the suite](crate::conformance::storage).
#[macro_export]
macro_rules! storage_conformance {
    ($store:expr $(,)?) => {
        $crate::storage_conformance!(@cases (), |(): &()| $store, false);
    };
    ($place:expr, $open:expr $(,)?) => {
        $crate::storage_conformance!(@cases $place, $open, true);
    };
    (@cases $place:expr, $open:expr, $reopens:expr) => {
        $crate::storage_conformance!(
            @each $place, $open, $reopens,
            concurrent_appends_leave_no_gap
            a_batch_is_stored_in_order
            appended_survives_reopen
            a_repeat_gives_the_first_answer
            another_body_is_a_conflict
            an_old_access_version_is_refused
            a_refusal_spares_the_rest
            time_never_runs_backwards
            names_are_unique
            texts_are_kept_byte_for_byte
            the_log_has_every_change
            history_pages_meet
            views_follow_appends
            leaving_bumps_the_access_version
            rooms_come_by_activity
            unread_counts_others_after_the_pointer
            the_user_log_has_every_change
            pointers_only_advance
        );
    };
    (@each $place:expr, $open:expr, $reopens:expr, $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                use $crate::conformance::storage::{case, run};
                run($place, $open, $reopens, case(stringify!($case)));
            }
        )*

        // A case that is missing from the list above would silently not run.
        #[test]
        fn every_case_runs() {
            let run = [$(stringify!($case)),*];
            let known: Vec<_> = $crate::conformance::storage::CASES.iter().map(|(name, _)| *name).collect();
            assert_eq!(known, run);
        }
    };
}
