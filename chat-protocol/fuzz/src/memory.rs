//! What reading an input costs in memory.

use peak_alloc::PeakAlloc;

/// Counts what Rust code allocates, and thus not what the fuzzer itself does.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What may be allocated at once whatever the input: buffers that begin with a size.
const FIXED: usize = 8 * 1024;

/// How much memory reading may take at once, for each byte of what is read.
#[derive(Debug, Clone, Copy)]
pub struct Cost(pub usize);

impl Cost {
    /// Frames that a server of the existing systems reads: it keeps what their formats have a word for. The worst are a
    /// list of empty texts and an object of empty keys, which grow by doubling to 24 times their length.
    pub const SERVER: Self = Self(32);
    /// Readers that copy each part of the input once, into the place where it stays: a list of two-byte ids is a list
    /// of pointers to allocations of their own, and grows by doubling.
    pub const TYPED: Self = Self(64);
    /// Readers of clients that first make JSON values of what a server says. An object with one member takes a tree node
    /// of 632 bytes, and five in the input where such objects are nested: a frame of 64 KiB may cost 8 MiB for as long as
    /// it is read.
    pub const VALUES: Self = Self(160);

    /// Runs `read`, which reads `bytes` bytes.
    pub fn check<T>(self, bytes: usize, read: impl FnOnce() -> T) -> T {
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let result = read();
        let taken = HEAP.peak_usage().saturating_sub(before);
        let allowed = bytes * self.0 + FIXED;
        assert!(
            taken <= allowed,
            "{taken} bytes of memory for {bytes} bytes of input, {allowed} are allowed"
        );
        result
    }
}
