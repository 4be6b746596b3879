//! Tests across the crates.

mod bad_input;
mod powercut;
mod restart;
