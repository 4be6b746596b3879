//! The one loop of all work in the background: it sleeps until something is due, does a bounded part of it, and looks again.
//!
//! What is due is told by the store, so that nothing is lost with the process. A bell wakes a worker for what this process
//! makes due earlier; what other processes do is noticed within [`MAX_NAP`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_protocol::{Timestamp, WireError};
use tokio::sync::Notify;

use super::{Hub, unavailable};
use crate::storage::{SharedStorage, StorageError};

/// How long a worker sleeps at most: the wall clock may jump, and another node may make something due earlier. One look-up
/// in that time costs nothing.
pub(super) const MAX_NAP: Duration = Duration::from_secs(10);

/// How long it waits after a failure, and after each further one twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// At once: there may be more.
    Now,
    /// Then.
    At(Timestamp),
    /// After so long, whatever the wall clock does.
    In(Duration),
    /// When the bell rings.
    Rung,
}

/// Some kind of work.
#[async_trait]
pub(super) trait Work: Send + 'static {
    /// For metrics and the log.
    const NAME: &'static str;

    /// Does a bounded part of what is due.
    ///
    /// # Errors
    /// When it cannot be done now. It must be safe to begin anew.
    async fn work(&mut self, hub: &Arc<Hub>) -> Result<Next, WireError>;

    /// Waits for what it has begun and left under way: the hub stops.
    async fn finish(&mut self, _: &Arc<Hub>) {}
}

/// Works until the hub drains; what was begun then is finished. What is due later is another run's: the store tells it.
pub(super) async fn run<W: Work>(hub: Arc<Hub>, bell: Arc<Notify>, mut work: W) {
    let mut pause = FIRST_PAUSE;
    loop {
        let nap = match work.work(&hub).await {
            Ok(next) => {
                pause = FIRST_PAUSE;
                hub.nap(next)
            }
            Err(error) => {
                tell_failure(W::NAME, &error);
                let nap = pause;
                pause = (pause * 2).min(MAX_PAUSE);
                nap
            }
        };
        let failed = pause > FIRST_PAUSE;
        tokio::select! {
            biased;
            () = hub.draining.cancelled() => return work.finish(&hub).await,
            // What failed is not tried again because there is more of it.
            () = bell.notified(), if !failed => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}

/// Says that some work failed. Of several jobs only the one: it comes up again when its lease runs out, and the others are
/// not kept waiting by it.
pub(super) fn tell_failure(worker: &'static str, error: &WireError) {
    tracing::warn!(worker, %error, "work in the background failed");
    metrics::counter!("chat_worker_errors_total", "worker" => worker).increment(1);
}

impl Hub {
    pub(super) fn nap(&self, next: Next) -> Duration {
        let until = match next {
            Next::Now => return Duration::ZERO,
            Next::Rung => return MAX_NAP,
            Next::In(wait) => return wait.min(MAX_NAP),
            Next::At(at) => at,
        };
        let micros = until.as_micros().saturating_sub(self.providers.clock.now().as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0)).min(MAX_NAP)
    }

    /// Does a write of the store where it may block its thread.
    pub(super) async fn write<T, F>(
        &self,
        write: impl FnOnce(SharedStorage) -> F + Send + 'static,
    ) -> Result<T, WireError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StorageError>> + Send,
    {
        let storage = self.providers.storage.clone();
        let done = if storage.capabilities().blocking_writes {
            let runtime = self.runtime.clone();
            let elsewhere = tokio::task::spawn_blocking(move || runtime.block_on(write(storage)));
            elsewhere.await.map_err(|_| unavailable())?
        } else {
            write(storage).await
        };
        done.map_err(|error| self.storage_failed(error))
    }
}

/// A time so much later or, if negative, earlier.
pub(super) fn shifted(time: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_micros(time.as_micros().saturating_add(by))
}

/// A duration as microseconds; one of more than 290,000 years is as long as time.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
