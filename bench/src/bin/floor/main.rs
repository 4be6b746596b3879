//! The floor programs: what the machine, the runtime and the disk allow a chat server at best.

fn main() {}
