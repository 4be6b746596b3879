//! Tests of the core from outside.

mod broken;
mod failing;
mod peer;
mod resume;
mod rooms;
mod storage;
