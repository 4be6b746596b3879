//! Who tried wrong tokens: guessing is made slow, for whoever guesses and for nobody else.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_protocol::{ErrorCode, WireError};
use tokio::time::Instant;

use crate::places::household;

/// How many wrong tokens one address may try in [`WINDOW`]: enough for a person who pastes the wrong one.
const MOST: u32 = 5;

/// How long an address is counted, from its first wrong token on.
const WINDOW: Duration = Duration::from_secs(60);

/// Of how many addresses at most wrong tokens are counted: some 100 KiB.
const MAX_ADDRESSES: usize = 1_024;

/// Wrong tokens of each address, and since when they are counted.
#[derive(Debug, Default)]
pub(super) struct Guesses(Mutex<BTreeMap<IpAddr, (Instant, u32)>>);

impl Guesses {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<IpAddr, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the address may try a token.
    ///
    /// # Errors
    /// `RateLimited`, with the time to wait: right tokens are refused as well then, or they could still be found.
    pub(super) fn admit(&self, address: IpAddr) -> Result<(), WireError> {
        let counts = self.counts();
        let Some((since, MOST..)) = counts.get(&household(address)) else { return Ok(()) };
        let left = WINDOW.saturating_sub(since.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        let retry_after_ms = u64::try_from(left.as_millis()).ok();
        Err(WireError { retry_after_ms, ..ErrorCode::RateLimited.into() })
    }

    /// A token was wrong.
    pub(super) fn wrong(&self, address: IpAddr) {
        let (address, now) = (household(address), Instant::now());
        let mut counts = self.counts();
        if counts.len() >= MAX_ADDRESSES && !counts.contains_key(&address) {
            counts.retain(|_, (since, _)| since.elapsed() < WINDOW);
        }
        if counts.len() >= MAX_ADDRESSES && !counts.contains_key(&address) {
            // Whoever has that many addresses is not slowed down by counting one more of them.
            let oldest = counts.iter().min_by_key(|(_, (since, _))| *since).map(|(address, _)| *address);
            oldest.and_then(|oldest| counts.remove(&oldest));
        }
        let count = counts.entry(address).or_insert((now, 0));
        if count.0.elapsed() >= WINDOW {
            *count = (now, 0);
        }
        count.1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_guesses_waits_and_nobody_else() {
        let guesses = Guesses::default();
        for _ in 0..MOST {
            guesses.admit(address(1)).unwrap();
            guesses.wrong(address(1));
        }
        let refused = guesses.admit(address(1)).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::RateLimited, Some(60_000)));
        guesses.admit(address(2)).unwrap();
        tokio::time::advance(WINDOW).await;
        guesses.admit(address(1)).unwrap();
        guesses.wrong(address(1));
        guesses.admit(address(1)).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let guesses = Guesses::default();
        for number in 0..5_000 {
            guesses.wrong(address(number));
        }
        assert_eq!(guesses.counts().len(), MAX_ADDRESSES);
    }
}
