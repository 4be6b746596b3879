//! What the tests across the crates share.

pub mod crowd;
pub mod powercut;
pub mod server;
pub mod socket;
