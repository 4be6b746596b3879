//! Suites that prove an implementation of a trait, one macro line each.
//!
//! | trait | suite |
//! | --- | --- |
//! | [`Storage`](crate::storage::Storage), all facets at once | [`storage_conformance!`](crate::storage_conformance) |
//! | [`Connection`](crate::transport::Connection) | [`transport_conformance!`](crate::transport_conformance) |
//! | [`Bus`](crate::bus::Bus) | [`bus_conformance!`](crate::bus_conformance) |
//! | [`PushGateway`](crate::push::PushGateway) | [`push_conformance!`](crate::push_conformance) |
//! | [`BlobStore`](crate::blob::BlobStore) | [`blob_conformance!`](crate::blob_conformance) |
//! | [`SearchIndex`](crate::search::SearchIndex) | [`search_conformance!`](crate::search_conformance) |
//!
//! A macro expands to one `#[test]` per case, named like the case, with a runtime of its own, so that the implementer adds no
//! dependency. The docs of a trait list its guarantees, each with the name of its case; a case that fails says which one it
//! proves. What a part does not claim to be able to do is skipped, which the test's output says.
//!
//! Single cases run by [`Suite::prove`]:
//!
//! ```
//! use chat_server_core::conformance::blob::{SUITE, subject};
//! use chat_server_core::blob::memory::MemoryBlobs;
//! SUITE.prove("a_finished_blob_is_whole", || subject((), |()| MemoryBlobs::default(), false));
//! ```

pub mod blob;
pub mod bus;
pub mod push;
pub mod search;
pub mod storage;
mod suite;
pub mod transport;

pub use suite::{Opens, Suite};
use suite::{skip, suite};
