//! Batches under way: several at once, and nobody in two of them, so that a device hears of everything in its order.

use std::collections::{BTreeSet, VecDeque};

use chat_protocol::UserId;
use tokio::task::{JoinError, JoinSet};

use crate::hub::Hub;

/// Something that one user may have to be told.
pub(super) trait ForUser: Send + 'static {
    fn user(&self) -> Option<&UserId>;
}

/// A batch whose time is over.
pub(super) struct Ended<T> {
    pub(super) batch: Vec<T>,
    /// False: the server stops, and it is to be done again.
    pub(super) is_done: bool,
}

/// What waits to be told, and what is under way.
pub(super) struct Posts<T> {
    pub(super) waiting: VecDeque<T>,
    /// Who is in a batch under way.
    busy: BTreeSet<UserId>,
    under_way: JoinSet<Ended<T>>,
}

impl<T> Default for Posts<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), busy: BTreeSet::new(), under_way: JoinSet::new() }
    }
}

impl<T: ForUser> Posts<T> {
    /// Begins as many batches as may be under way, each of at most `max`.
    pub(super) fn start<F>(&mut self, hub: &Hub, max: usize, tell: impl Fn(Vec<T>) -> F)
    where
        F: Future<Output = Ended<T>> + Send + 'static,
    {
        while self.under_way.len() < hub.config.max_push_posts.max(1) {
            let batch = self.next_batch(max.max(1));
            if batch.is_empty() {
                return;
            }
            self.busy.extend(batch.iter().filter_map(ForUser::user).cloned());
            self.under_way.spawn(tell(batch));
        }
    }

    /// What waits longest, without what is for those who are in another batch.
    fn next_batch(&mut self, max: usize) -> Vec<T> {
        let (mut batch, mut rest) = (Vec::new(), VecDeque::new());
        for one in self.waiting.drain(..) {
            let is_free = one.user().is_none_or(|user| !self.busy.contains(user));
            match is_free && batch.len() < max {
                true => batch.push(one),
                false => rest.push_back(one),
            }
        }
        self.waiting = rest;
        batch
    }

    /// The next batch that ends; `None`: none is under way. Cancel-safe.
    pub(super) async fn ended(&mut self) -> Option<Ended<T>> {
        let ended = self.under_way.join_next().await;
        ended.map(|ended| self.release(ended))
    }

    /// A batch that has ended already.
    pub(super) fn try_ended(&mut self) -> Option<Ended<T>> {
        let ended = self.under_way.try_join_next();
        ended.map(|ended| self.release(ended))
    }

    fn release(&mut self, ended: Result<Ended<T>, JoinError>) -> Ended<T> {
        let ended = ended.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Nobody cancels one.
            Err(_) => Ended { batch: Vec::new(), is_done: false },
        });
        for user in ended.batch.iter().filter_map(ForUser::user) {
            self.busy.remove(user);
        }
        ended
    }
}
