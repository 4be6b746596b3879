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

use std::sync::Arc;

pub use self::cases::*;
use super::{Opens, suite};
use crate::bus::Bus;

/// The bus under test: each time it is opened, that of one more node.
pub type Subject = Opens<dyn Bus>;

/// A bus whose nodes have `place` in common, and get their ends of it by `node`.
pub fn subject<P, B>(place: P, node: impl Fn(&P) -> B + Send + Sync + 'static) -> Subject
where
    P: Send + Sync + 'static,
    B: Bus + 'static,
{
    Opens::new(true, move || -> Arc<dyn Bus> { Arc::new(node(&place)) })
}

suite! { $
    /// Proves a [`Bus`](crate::bus::Bus) with one line: see [the suite](crate::conformance::bus).
    bus_conformance in bus {
        ($place:expr, $node:expr) => subject($place, $node);
        docs { "../bus/mod.rs" }
        cases {
            hints_arrive_as_they_were_told
            every_other_node_hears_a_hint
            nobody_waits_for_a_slow_node
            a_node_that_leaves_disturbs_nobody
            a_node_knows_whether_it_has_peers
        }
    }
}
