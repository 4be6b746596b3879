//! Tests of the core from outside.

mod blobs;
mod broken;
mod bus;
mod changes;
mod expire;
mod failing;
mod hooked;
mod limits;
mod members;
mod pages;
mod peer;
mod permissions;
mod presence;
mod push;
mod race;
mod races;
mod resume;
mod rooms;
mod schedule;
mod search;
mod sessions;
mod snapshot;
mod storage;
mod storm;
mod transport;
mod unread;
