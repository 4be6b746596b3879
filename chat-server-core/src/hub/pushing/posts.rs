//! Batches under way: several at once, and nobody in two of them, so that everybody hears of everything in its order.

use std::collections::{BTreeSet, VecDeque};

use tokio::task::{JoinError, JoinSet};

use crate::hub::Hub;

/// Something that is told in order with all else that has its key.
pub(in crate::hub) trait Keyed: Send + 'static {
    type Key: Ord + Clone;

    /// For whom or what it is; `None`: it has no order.
    fn key(&self) -> Option<&Self::Key>;
}

/// A batch whose time is over.
pub(in crate::hub) struct Ended<T> {
    pub(in crate::hub) batch: Vec<T>,
    /// False: the server stops, and it is to be done again.
    pub(in crate::hub) is_done: bool,
}

/// What waits to be told, and what is under way.
pub(in crate::hub) struct Posts<T: Keyed> {
    pub(in crate::hub) waiting: VecDeque<T>,
    /// Who is in a batch under way.
    busy: BTreeSet<T::Key>,
    under_way: JoinSet<Ended<T>>,
}

impl<T: Keyed> Default for Posts<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), busy: BTreeSet::new(), under_way: JoinSet::new() }
    }
}

impl<T: Keyed> Posts<T> {
    /// Begins as many batches as may be under way, each of at most `max`.
    pub(in crate::hub) fn start<F>(&mut self, hub: &Hub, max: usize, tell: impl Fn(Vec<T>) -> F)
    where
        F: Future<Output = Ended<T>> + Send + 'static,
    {
        while self.under_way.len() < hub.config.max_push_posts.max(1) {
            let batch = self.next_batch(max.max(1));
            if batch.is_empty() {
                return;
            }
            self.busy.extend(batch.iter().filter_map(Keyed::key).cloned());
            self.under_way.spawn(tell(batch));
        }
    }

    /// What waits longest, without what is for those who are in another batch.
    fn next_batch(&mut self, max: usize) -> Vec<T> {
        let (mut batch, mut rest) = (Vec::new(), VecDeque::new());
        for one in self.waiting.drain(..) {
            let is_free = one.key().is_none_or(|key| !self.busy.contains(key));
            match is_free && batch.len() < max {
                true => batch.push(one),
                false => rest.push_back(one),
            }
        }
        self.waiting = rest;
        batch
    }

    /// The next batch that ends; `None`: none is under way. Cancel-safe.
    pub(in crate::hub) async fn ended(&mut self) -> Option<Ended<T>> {
        let ended = self.under_way.join_next().await;
        ended.map(|ended| self.release(ended))
    }

    /// A batch that has ended already.
    pub(in crate::hub) fn try_ended(&mut self) -> Option<Ended<T>> {
        let ended = self.under_way.try_join_next();
        ended.map(|ended| self.release(ended))
    }

    fn release(&mut self, ended: Result<Ended<T>, JoinError>) -> Ended<T> {
        let ended = ended.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Nobody cancels one.
            Err(_) => Ended { batch: Vec::new(), is_done: false },
        });
        for key in ended.batch.iter().filter_map(Keyed::key) {
            self.busy.remove(key);
        }
        ended
    }
}
