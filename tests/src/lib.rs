//! What the tests across the crates share.

pub mod built;
pub mod compat;
pub mod crowd;
pub mod pair;
pub mod powercut;
pub mod server;
pub mod socket;

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
