//! Where a client keeps its messages: a store that takes its time, and sometimes fails.

use std::time::Duration;

use chat_client::store::{Change, ClientStore, MemoryStore, StoreError, Stored};
use futures::FutureExt;
use rand::RngExt;
use rand::rngs::StdRng;

/// How often a write fails.
const FAILS: f64 = 0.01;

/// The longest that a write takes, in milliseconds.
const SLOWEST: u64 = 15;

/// A store of one client, and what is being written to it.
pub(super) struct Drawer {
    store: MemoryStore,
    under_way: Option<(Duration, Vec<Change>)>,
    random: StdRng,
}

impl Drawer {
    pub(super) fn new(random: StdRng) -> Self {
        Self { store: MemoryStore::new(), under_way: None, random }
    }

    /// What is there.
    pub(super) fn load(&self) -> Stored {
        self.store.load().now_or_never().and_then(Result::ok).unwrap_or_default()
    }

    /// Begins to write.
    pub(super) fn write(&mut self, now: Duration, changes: Vec<Change>) {
        let time = Duration::from_millis(self.random.random_range(0..=SLOWEST));
        self.under_way = Some((now + time, changes));
    }

    /// When the write ends.
    pub(super) fn due(&self) -> Option<Duration> {
        self.under_way.as_ref().map(|(at, _)| *at)
    }

    /// What became of the write that has ended.
    pub(super) fn written(&mut self, now: Duration) -> Option<Result<(), StoreError>> {
        let (_, changes) = self.under_way.take_if(|(at, _)| *at <= now)?;
        if self.random.random_bool(FAILS) {
            return Some(Err(StoreError("the disk is full".to_owned())));
        }
        self.store.apply(&changes).now_or_never()
    }

    /// The application is killed while it writes: none of it is there.
    pub(super) fn forget_under_way(&mut self) {
        self.under_way = None;
    }
}
