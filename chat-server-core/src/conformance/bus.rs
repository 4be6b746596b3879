//! The suite of [`Bus`]: one test per guarantee.
//!
//! The implementer says what the nodes have in common and how each of them gets its bus:
//!
//! ```
//! mod conformance {
//!     use chat_server_core::bus::memory::MemoryBus;
//!     chat_server_core::bus_conformance!(MemoryBus::default(), |bus| bus.clone());
//! }
//! ```
//!
//! Each line expands to one `#[test]` per case, named like the case, with a runtime of its own. A bus may lose hints, so
//! the cases tell them again until they arrive; what arrives must be right.

mod cases;

use std::pin::Pin;
use std::sync::Arc;

pub use self::cases::*;
use crate::bus::Bus;

/// The bus under test.
#[derive(Clone)]
pub struct Subject {
    node: Arc<dyn Fn() -> Arc<dyn Bus> + Send + Sync>,
}

impl Subject {
    /// The bus of one more node.
    pub(crate) fn node(&self) -> Arc<dyn Bus> {
        // An implementer may have to wait for something asynchronous here, which only this call allows.
        tokio::task::block_in_place(|| (self.node)())
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

/// A case while it runs.
pub type Running = Pin<Box<dyn Future<Output = ()>>>;

/// A case: it panics when the bus breaks the guarantee that it is named after.
pub type Case = fn(Subject) -> Running;

/// Runs one case on a bus whose nodes have `place` in common. The macro calls it; call it yourself to run single cases.
///
/// # Panics
/// When the bus breaks the guarantee, or no runtime can be started.
pub fn run<P, B>(place: P, node: impl Fn(&P) -> B + Send + Sync + 'static, case: Case)
where
    P: Send + Sync + 'static,
    B: Bus + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a test can start threads");
    let node = move || -> Arc<dyn Bus> { Arc::new(node(&place)) };
    runtime.block_on(case(Subject { node: Arc::new(node) }));
}

/// The one list of cases, in the order of the trait's guarantees: it is put behind the arguments of another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __bus_cases {
    ([$($callback:tt)*] $($arguments:tt)*) => {
        $($callback)*! { $($arguments)*
            hints_arrive_as_they_were_told
            every_other_node_hears_a_hint
            nobody_waits_for_a_slow_node
            a_node_that_leaves_disturbs_nobody
            a_node_knows_whether_it_has_peers
        }
    };
}

macro_rules! cases {
    ($($case:ident)*) => {
        /// All cases with their names, in the order of the trait's guarantees.
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

__bus_cases! { [cases] }

/// Proves a [`Bus`](crate::bus::Bus) with one line: see [the suite](crate::conformance::bus).
#[macro_export]
macro_rules! bus_conformance {
    ($place:expr, $node:expr $(,)?) => {
        $crate::__bus_cases! { [$crate::bus_conformance] @each $place, $node, }
    };
    (@each $place:expr, $node:expr, $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                use $crate::conformance::bus::{case, run};
                run($place, $node, case(stringify!($case)));
            }
        )*
    };
}
