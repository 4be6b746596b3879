//! Tests of the core from outside.

mod broken;
mod storage;
