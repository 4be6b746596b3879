//! Tests of the core from outside.

mod blobs;
mod broken;
mod changes;
mod failing;
mod hooked;
mod members;
mod pages;
mod peer;
mod push;
mod race;
mod races;
mod resume;
mod rooms;
mod snapshot;
mod storage;
mod unread;
