//! What the codec costs, in instructions: see `docs/instruction-counts.md`.

mod beside;
mod content;
mod decode;
mod dialect;
mod encode;
#[path = "../../tests/it/examples.rs"]
mod examples;
mod input;
mod packet;
mod plain;

use beside::beside_serde_json;
use content::contents;
use decode::decoding;
use dialect::dialects;
use encode::encoding;
use gungraun::{Callgrind, LibraryBenchmarkConfig, main};
use packet::packets;

// Every thread keeps all that it frees at hand, so that an allocation costs the same whatever was freed before it: else
// what a scene's making left behind moves the counts by several percent. The number of allocations still shows.
main!(
    config = LibraryBenchmarkConfig::default()
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=65535")
        .tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = [decoding, encoding, contents, beside_serde_json, packets, dialects]
);
