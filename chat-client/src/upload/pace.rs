//! All of an upload that has to do with time: how much goes in one request, how often the application is told, when to try again.

use std::time::Duration;

use crate::Error;
use crate::client::random_bits;
use crate::runtime::{Instant, sleep_until};
use crate::session::Backoff;

use super::failed::Again;

/// Bytes in the first request of an upload, and in the first one after a failure: a link of 3 KiB/s brings them within the usual
/// [`silence`](super::Upload::silence).
const SMALLEST: u64 = 64 * 1024;

/// Most bytes in one request. Common proxies refuse a body of more than 1 MiB unless they are told otherwise, and those that gather a
/// body before they hand it on lose no more than this with a connection.
const GREATEST: u64 = 1024 * 1024;

/// A request that took less than this is followed by one of twice the size: with 100 ms to the server and back, most of the time goes
/// into bytes.
const SHORT: Duration = Duration::from_millis(500);

/// A request that took more than this is followed by one of half the size, so that progress is told every few seconds.
const LONG: Duration = Duration::from_secs(2);

/// Least time between two calls of the application's function: ten times a second is more than a person reads.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// How many bytes go in one request.
pub(super) struct Segment {
    size: u64,
    began: Instant,
}

impl Segment {
    pub(super) fn new() -> Self {
        Self { size: SMALLEST, began: Instant::now() }
    }

    /// A request begins; how many bytes it may have.
    pub(super) fn begin(&mut self) -> u64 {
        self.began = Instant::now();
        self.size
    }

    /// The server has taken all of it.
    pub(super) fn taken(&mut self) {
        let took = self.began.elapsed();
        if took < SHORT {
            self.size = (self.size * 2).min(GREATEST);
        } else if took > LONG {
            self.size = (self.size / 2).max(SMALLEST);
        }
    }

    pub(super) fn failed(&mut self) {
        self.size = SMALLEST;
    }
}

/// What the application hears of how far its upload is.
pub(super) struct Progress {
    tell: Option<Box<dyn FnMut(u64, u64) + Send>>,
    told: Option<Instant>,
    most: u64,
    total: u64,
}

impl Progress {
    pub(super) fn new(tell: Option<Box<dyn FnMut(u64, u64) + Send>>) -> Self {
        Self { tell, told: None, most: 0, total: 0 }
    }

    pub(super) fn begin(&mut self, total: u64) {
        self.total = total;
    }

    /// The server has so many bytes. Fewer than before, after it lost the upload, are not told: that would take back what was said.
    pub(super) fn at(&mut self, stored: u64) {
        let recent = self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY);
        // The end is told when there is one, with the file's address.
        if stored > self.most && stored < self.total && !recent {
            self.say(stored);
        }
    }

    pub(super) fn end(&mut self) {
        self.say(self.total);
    }

    fn say(&mut self, stored: u64) {
        (self.most, self.told) = (stored, Some(Instant::now()));
        if let Some(tell) = &mut self.tell {
            tell(stored, self.total);
        }
    }
}

/// How often something is tried again without getting on.
pub(super) struct Tries {
    backoff: Backoff,
    pub(super) most: u32,
    failed: u32,
}

impl Tries {
    pub(super) fn new(backoff: Backoff, most: u32) -> Self {
        Self { backoff, most, failed: 0 }
    }

    /// It got on: the count begins anew.
    pub(super) fn got_on(&mut self) {
        self.failed = 0;
    }

    /// How many have failed since it got on the last time.
    pub(super) fn failed(&self) -> usize {
        self.failed as usize
    }

    /// Waits until the next try is due; the error when there is none any more. Cancel-safe.
    pub(super) async fn wait(&mut self, again: Again) -> Result<(), Error> {
        if self.failed >= self.most {
            return Err(again.why);
        }
        let delay = self.backoff.delay(self.failed, random_bits()?, again.hint);
        self.failed += 1;
        tracing::debug!(error = %again.why, ?delay, "a transfer goes on after a wait");
        sleep_until(Instant::now() + delay).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn progress_is_told_ten_times_a_second_never_goes_back_and_ends_with_all() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = {
            let told = told.clone();
            move |stored, total| told.lock().unwrap().push((stored, total))
        };
        let mut progress = Progress::new(Some(Box::new(tell)));
        progress.begin(10);
        progress.at(0);
        progress.at(3);
        progress.at(4);
        tokio::time::advance(TOLD_EVERY).await;
        progress.at(2);
        progress.at(5);
        tokio::time::advance(TOLD_EVERY).await;
        progress.at(10);
        progress.end();
        assert_eq!(*told.lock().unwrap(), [(3, 10), (5, 10), (10, 10)]);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_grow_while_they_are_short_and_begin_small_after_a_failure() {
        let mut segment = Segment::new();
        let mut sizes = Vec::new();
        for took in [0, 0, 0, 0, 0, 1_000, 3_000, 3_000] {
            sizes.push(segment.begin() / 1024);
            tokio::time::advance(Duration::from_millis(took)).await;
            segment.taken();
        }
        assert_eq!(sizes, [64, 128, 256, 512, 1024, 1024, 1024, 512]);
        segment.failed();
        assert_eq!(segment.begin(), SMALLEST);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_unless_something_gets_on() {
        let mut tries = Tries::new(Backoff::default(), 2);
        let again = || Again { why: Error::Closed, hint: Some(Duration::from_secs(7)) };
        let began = Instant::now();
        for _ in 0..3 {
            tries.wait(again()).await.unwrap();
            tries.got_on();
        }
        assert!(began.elapsed() >= Duration::from_secs(21), "a hint is waited for");
        tries.wait(again()).await.unwrap();
        tries.wait(again()).await.unwrap();
        assert_eq!(tries.wait(again()).await, Err(Error::Closed));
    }
}
