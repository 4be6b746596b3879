//! A terminal chat.
fn main() {}
