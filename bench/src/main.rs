//! Measures the real server binary beside floor programs that do as little as can be done.

fn main() {}
