//! Tests across the crates.

mod bad_input;
mod compat;
mod conversations;
mod faults;
mod files;
mod foreign;
mod forget;
mod formats;
mod haraj;
mod kill;
mod originals;
mod power;
mod powercut;
mod restart;
mod scheduled;
mod secrets;
mod slow_reader;
mod stalled;
mod tidy;
mod unfinished;
