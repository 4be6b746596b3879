//! Suites that prove an implementation of a trait, one macro line each.

pub mod blob;
pub mod bus;
pub mod push;
pub mod search;
pub mod storage;
pub mod transport;
