//! Suites that prove an implementation of a trait, one macro line each.

pub mod push;
pub mod storage;
