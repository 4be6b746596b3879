//! How much a connection and a user may ask: token buckets that commands are paid from.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_protocol::{Command, ErrorCode, UserId, WireError};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, direct::NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::shards::Shards;
use super::{Asking, Hub};
use crate::config::Rate;
use crate::limits::cost;

/// Time as everything else here measures it, so that tests can pause it.
#[derive(Debug, Clone, Copy)]
struct SinceStart(Instant);

impl Clock for SinceStart {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Points that are left, and when some were taken last.
#[derive(Debug)]
pub(crate) struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, SinceStart, NoOpMiddleware<Duration>>,
    clock: SinceStart,
    burst: NonZeroU32,
    /// Milliseconds since the start. Written by every command, read when idle users are forgotten.
    used: AtomicU64,
}

impl Bucket {
    fn new(clock: SinceStart, rate: Rate) -> Option<Self> {
        let (per_second, burst) = (NonZeroU32::new(rate.per_second)?, NonZeroU32::new(rate.burst)?);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, clock);
        Some(Self { limiter, clock, burst, used: AtomicU64::default() })
    }

    /// Takes points, or says how long to wait for them.
    fn take(&self, points: NonZeroU32) -> Result<(), Duration> {
        let now = self.clock.now();
        self.used.store(now.as_millis() as u64, Ordering::Relaxed);
        // A command that costs more than the bucket holds takes all of it, and is not impossible.
        match self.limiter.check_n(points.min(self.burst)) {
            Ok(Err(early)) => Err(early.wait_time_from(now)),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// The buckets that the commands of one connection are paid from; none where there is no limit.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    connection: Option<Bucket>,
    user: Option<Arc<Bucket>>,
}

impl Purse {
    pub(super) fn pay(&self, points: NonZeroU32) -> Result<(), WireError> {
        let mut buckets = self.connection.iter().chain(self.user.as_deref());
        buckets.try_for_each(|bucket| bucket.take(points)).map_err(too_much)
    }
}

/// What is told to who has to wait.
pub(super) fn too_much(wait: Duration) -> WireError {
    let ms = u64::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
    WireError::from(ErrorCode::RateLimited).retry_after_ms(ms.max(1))
}

/// The buckets of all users that asked something of late.
#[derive(Debug)]
pub(crate) struct Rates {
    clock: SinceStart,
    connection: Rate,
    user: Rate,
    users: Shards<UserId, Arc<Bucket>>,
}

impl Rates {
    pub(super) fn new(connection: Rate, user: Rate) -> Self {
        Self { clock: SinceStart(Instant::now()), connection, user, users: Shards::default() }
    }

    /// What the commands of a new connection are paid from.
    pub(super) fn purse(&self, user: &UserId) -> Purse {
        Purse { connection: Bucket::new(self.clock, self.connection), user: self.of_user(user) }
    }

    /// What a connection without a user is paid from.
    pub(super) fn stranger(&self) -> Purse {
        Purse { connection: Bucket::new(self.clock, self.connection), user: None }
    }

    /// The one bucket of a user, whatever its connections.
    fn of_user(&self, user: &UserId) -> Option<Arc<Bucket>> {
        let mut shard = self.users.lock(user);
        if let Some(bucket) = shard.get(user) {
            return Some(bucket.clone());
        }
        let bucket = Arc::new(Bucket::new(self.clock, self.user)?);
        shard.insert(user.clone(), bucket.clone());
        Some(bucket)
    }

    /// How long an empty bucket takes to be full again: one that was not used for so long is like a new one.
    pub(super) fn refill(&self) -> Duration {
        let seconds = self.user.burst.checked_div(self.user.per_second).unwrap_or_default();
        Duration::from_secs(u64::from(seconds) + 1)
    }

    /// Forgets the buckets of users that are gone and whose buckets are full again.
    pub(super) fn forget_idle(&self) {
        let (now, refill) = (self.clock.now(), self.refill());
        self.users.retain(|_, bucket| {
            let used = Duration::from_millis(bucket.used.load(Ordering::Relaxed));
            Arc::strong_count(bucket) > 1 || used + refill > now
        });
    }

    /// How many users have a bucket.
    #[cfg(test)]
    fn known(&self) -> usize {
        self.users.keys().len()
    }
}

impl Hub {
    /// Whether a command may be begun: it is paid for, and the operator's own rules allow it. The operator itself is free.
    ///
    /// Everything else, such as rooms and roles, is decided later, on what is true when the command takes effect.
    pub(crate) fn admit(&self, asking: &Asking, command: &Command) -> Result<(), WireError> {
        if asking.operator {
            return Ok(());
        }
        self.pay_for(asking, command.kind())?;
        self.providers
            .policy
            .may(&asking.user, command)
            .map_err(|why| WireError::new(ErrorCode::Forbidden, why))
    }

    /// Takes what a command costs, or a request that is none, by its name.
    pub(super) fn pay_for(&self, asking: &Asking, what: &str) -> Result<(), WireError> {
        self.pay_points(asking, cost(what))
    }

    /// Takes points from whoever asks.
    pub(super) fn pay_points(&self, asking: &Asking, points: NonZeroU32) -> Result<(), WireError> {
        if asking.operator {
            return Ok(());
        }
        match &asking.link {
            Some(link) => link.pay(points),
            None => Purse { connection: None, user: self.rates.of_user(&asking.user) }.pay(points),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    fn points(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_says_how_long_to_wait_and_then_gives() {
        let rates = Rates::new(Rate { per_second: 10, burst: 20 }, Rate::UNLIMITED);
        let purse = rates.purse(&user("a"));
        assert_eq!(purse.pay(points(20)), Ok(()));
        let refused = purse.pay(points(5)).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::RateLimited, Some(500)));
        tokio::time::advance(Duration::from_millis(499)).await;
        assert!(purse.pay(points(5)).is_err(), "not before");
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(purse.pay(points(5)), Ok(()), "a refusal took nothing");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(purse.pay(points(500)), Ok(()), "more than it holds: all of it");
        assert_eq!(purse.pay(points(1)).unwrap_err().retry_after_ms, Some(100));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_of_one_user_share_its_bucket_which_is_forgotten_when_it_is_gone() {
        let rates = Rates::new(Rate::UNLIMITED, Rate { per_second: 10, burst: 20 });
        let (one, two) = (rates.purse(&user("a")), rates.purse(&user("a")));
        assert_eq!(one.pay(points(20)), Ok(()));
        assert!(two.pay(points(1)).is_err());
        assert_eq!(rates.purse(&user("b")).pay(points(20)), Ok(()), "another's is another's");
        drop((one, two));
        rates.forget_idle();
        assert_eq!(rates.known(), 2, "they are not full again: who reconnects gains nothing");
        let kept = rates.purse(&user("b"));
        tokio::time::advance(rates.refill()).await;
        rates.forget_idle();
        assert_eq!(rates.known(), 1);
        drop(kept);
        rates.forget_idle();
        assert_eq!(rates.known(), 0);
    }
}
