//! A bus that loses, repeats and reorders on purpose, to prove what is built on one.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::BoxStream;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::memory::MemoryBus;
use super::{Bus, Hint};

/// How often a hint meets with what, in percent; the rest arrives as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odds {
    /// It never arrives.
    pub lose: u32,
    /// It arrives twice.
    pub repeat: u32,
    /// It arrives behind the next one.
    pub delay: u32,
}

impl Default for Odds {
    /// A fifth of each.
    fn default() -> Self {
        Self { lose: 20, repeat: 20, delay: 20 }
    }
}

/// A [`MemoryBus`] that does everything that a bus may do wrong; clones share it.
///
/// Each subscription meets with a fate of its own. The same seed gives the same fates for the same hints.
#[derive(Debug, Clone)]
pub struct UnreliableBus {
    inner: MemoryBus,
    odds: Odds,
    seed: u64,
}

impl UnreliableBus {
    /// A bus with these odds.
    pub fn new(odds: Odds, seed: u64) -> Self {
        Self { inner: MemoryBus::default(), odds, seed }
    }
}

impl Bus for UnreliableBus {
    fn has_peers(&self) -> bool {
        self.inner.has_peers()
    }

    fn publish(&self, hint: Hint) {
        self.inner.publish(hint);
    }

    fn subscribe(&self) -> BoxStream<'static, Hint> {
        let mut fate =
            Fate { odds: self.odds, rng: StdRng::seed_from_u64(self.seed), delayed: VecDeque::new() };
        self.inner.subscribe().flat_map(move |hint| futures::stream::iter(fate.meet(hint))).boxed()
    }
}

/// What befalls the hints of one subscription.
struct Fate {
    odds: Odds,
    rng: StdRng,
    delayed: VecDeque<Hint>,
}

impl Fate {
    /// What arrives now that this one was told.
    fn meet(&mut self, hint: Hint) -> Vec<Hint> {
        let Odds { lose, repeat, delay } = self.odds;
        let mut now = Vec::new();
        match self.rng.random_range(0..100) {
            roll if roll < lose => {}
            roll if roll < lose + repeat => now.extend([hint.clone(), hint]),
            roll if roll < lose + repeat + delay => {
                let before = self.delayed.drain(..).collect();
                self.delayed.push_back(hint);
                return before;
            }
            _ => now.push(hint),
        }
        now.extend(self.delayed.drain(..));
        now
    }
}
