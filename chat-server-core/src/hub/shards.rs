//! A map split over several locks, so that rooms do not wait for each other.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many locks. A few times the number of cores that such a server has.
const SHARDS: usize = 32;

/// A map split over several locks. No lock is ever held across an await.
///
/// `HashMap`, because no order of keys ever shows here, and a look-up stands on the path of every message.
#[derive(Debug)]
pub(crate) struct Shards<K, V> {
    shards: Vec<Mutex<HashMap<K, V>>>,
    hasher: RandomState,
}

impl<K: Hash + Eq + Clone, V> Default for Shards<K, V> {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl<K: Hash + Eq + Clone, V> Shards<K, V> {
    /// The shard that holds `key`. A panic in one holder never locks the others out: every change of a shard's
    /// values is complete after each statement.
    pub(crate) fn lock<Q>(&self, key: &Q) -> MutexGuard<'_, HashMap<K, V>>
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All keys; a copy, taken shard by shard.
    pub(crate) fn keys(&self) -> Vec<K> {
        self.gather(|shard| shard.keys().cloned().collect())
    }

    /// All values; a copy, taken shard by shard.
    pub(crate) fn values(&self) -> Vec<V>
    where
        V: Clone,
    {
        self.gather(|shard| shard.values().cloned().collect())
    }

    /// Keeps only what fits, shard by shard.
    pub(crate) fn retain(&self, mut fits: impl FnMut(&K, &mut V) -> bool) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).retain(&mut fits);
        }
    }

    fn gather<T>(&self, take: impl Fn(&HashMap<K, V>) -> Vec<T>) -> Vec<T> {
        let locked =
            self.shards.iter().map(|shard| take(&shard.lock().unwrap_or_else(PoisonError::into_inner)));
        locked.flatten().collect()
    }
}
