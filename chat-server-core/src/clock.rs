//! Time and chance come from here, so that tests can fix both.

use chat_protocol::Timestamp;

/// Wall time and random bits.
///
/// Durations are measured with tokio's clock, which tests can pause. Wall time is told to people only: no order
/// depends on it, it may jump.
pub trait Clock: Send + Sync {
    /// The wall time.
    fn now(&self) -> Timestamp;

    /// 128 bits that nobody can guess.
    fn random(&self) -> u128;
}

/// The machine's clock and the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn random(&self) -> u128 {
        rand::random()
    }
}
