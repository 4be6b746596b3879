//! The client of browsers in Chromium, against the real server and against peers that misbehave.
//!
//! It needs Chromium and the standard library of another target, so it is `cargo xtask wasm` that runs it.

mod chromium;
mod room;
mod site;
mod socket;
