//! The one place where the time of a run is read, and where its chance comes from: both belong to the seed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat_protocol::Timestamp;
use chat_server_core::clock::Clock;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;

/// The wall time at which every run begins, in microseconds: any moment does, as long as it is always the same.
const BEGIN: i64 = 1_790_000_000_000_000;

/// Virtual time, and randomness out of a seed.
pub(super) struct SimClock {
    start: Instant,
    random: Mutex<StdRng>,
}

impl SimClock {
    pub(super) fn new(seed: u64) -> Self {
        Self { start: Instant::now(), random: Mutex::new(stream(seed, "clock", 0)) }
    }

    /// The time since the run began.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The moment at which the run is so old.
    pub(super) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let since = i64::try_from(self.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(BEGIN + since)
    }

    fn random(&self) -> u128 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random()
    }
}

/// A generator for one part of a run. Each part has its own, so that what one draws does not move what others draw.
pub(super) fn stream(seed: u64, part: &str, number: u64) -> StdRng {
    let mut mixed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in part.bytes() {
        mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
    StdRng::seed_from_u64(mixed)
}
