//! The only place that spawns, sleeps and reads the clock: on tokio, and on the event loop of a browser where there is one.
//!
//! Both sides have the same names, so that nothing else of the crate knows where it runs. `wasm32-unknown-unknown` is taken
//! for a place with JavaScript around it, such as a page or a worker: without one it could not wait for anything.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use native::{Instant, sleep_until, spawn, timeout};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use page::{Instant, sleep_until, spawn, timeout};

use chat_protocol::Timestamp;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::time::{SystemTime, UNIX_EPOCH};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use web_time::{SystemTime, UNIX_EPOCH};

/// The time on the wall, by this machine's clock: read when a client starts.
#[allow(clippy::disallowed_methods, reason = "this is the place for it")]
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// What was waited for took too long.
#[derive(Debug)]
pub(crate) struct TooLate;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native {
    //! On tokio.

    use std::time::Duration;

    pub(crate) use tokio::time::{Instant, sleep_until};

    use super::TooLate;

    /// Runs a future beside the caller.
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(future);
    }

    /// Waits for a future, for so long.
    pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, TooLate> {
        tokio::time::timeout(limit, future).await.map_err(|_| TooLate)
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page {
    //! On the event loop of a page or a worker, which has one thread: what runs there need not be `Send`.

    use std::pin::pin;
    use std::time::Duration;

    use futures::future::{Either, select};
    pub(crate) use web_time::Instant;

    use super::TooLate;

    /// Longest wait that is asked of the browser at once: its timers count milliseconds in 31 bits, some 24 days, and what
    /// is more goes off at once.
    const LONGEST: Duration = Duration::from_secs(3_600);

    /// Runs a future beside the caller.
    pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }

    /// Waits until then. A page in the background is woken late, at most once a second or once a minute; the session takes
    /// any lateness.
    pub(crate) async fn sleep_until(end: Instant) {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            // Rounded up: a timer of less than a millisecond would go off at once, over and over.
            let millis = left.min(LONGEST).as_micros().div_ceil(1_000);
            gloo_timers::future::TimeoutFuture::new(u32::try_from(millis).unwrap_or(u32::MAX)).await;
        }
    }

    /// Waits for a future, for so long.
    pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, TooLate> {
        let late = pin!(sleep_until(Instant::now() + limit));
        match select(pin!(future), late).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(((), _)) => Err(TooLate),
        }
    }
}
