//! Tests of the core from outside.

mod storage;
