//! What the server's way of a message costs, in instructions: see `docs/instruction-counts.md`.

mod fanout;
mod input;
mod room;
mod serve;
mod session;
mod unread;

use fanout::fanning_out;
use gungraun::{Callgrind, LibraryBenchmarkConfig, main};
use room::applying;
use serve::serving;
use session::sessions;
use unread::unread_counts;

// Every thread keeps all that it frees at hand, so that an allocation costs the same whatever was freed before it: else
// what a scene's making left behind moves the counts by several percent. The number of allocations still shows.
main!(
    config = LibraryBenchmarkConfig::default()
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=65535")
        .tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = [sessions, applying, fanning_out, unread_counts, serving]
);
