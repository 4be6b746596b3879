//! The runnable server.
fn main() {}
