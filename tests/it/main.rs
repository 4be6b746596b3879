//! Tests across the crates.

mod powercut;
