//! Tests of the core from outside.

mod broken;
mod failing;
mod hooked;
mod pages;
mod peer;
mod race;
mod resume;
mod rooms;
mod storage;
