//! Tests across the crates.

mod bad_input;
mod calls;
mod compat;
mod conversations;
mod faults;
mod files;
mod foreign;
mod forget;
mod formats;
mod haraj;
mod inbox;
mod kill;
mod killed_client;
mod originals;
mod pair;
mod power;
mod powercut;
mod restart;
mod scheduled;
mod secrets;
mod slow_reader;
mod sse_client;
mod stalled;
mod tidy;
mod timeline;
mod unfinished;
