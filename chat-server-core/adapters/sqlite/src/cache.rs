//! A map that remembers what was used lately and forgets the rest.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A bounded map of two generations: what is used moves to the young one; when that is full it becomes the old one
/// and the former old one is forgotten. Simpler than a list of uses, and forgets nothing that was among the last
/// `capacity / 2` used.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Greatest size of either generation.
    half: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Recent<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets all but some; looks at everything.
    pub(crate) fn retain(&mut self, stays: impl Fn(&K) -> bool) {
        self.young.retain(|key, _| stays(key));
        self.old.retain(|key, _| stays(key));
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_size_is_bounded() {
        let mut recent = Recent::new(8);
        for n in 0..100 {
            recent.insert(n, n);
            assert_eq!(recent.get(&0), Some(0), "used all the time");
            assert!(recent.young.len() + recent.old.len() <= 8);
        }
        assert_eq!(recent.get(&99), Some(99));
        assert_eq!(recent.get(&50), None);
        recent.insert(99, 1);
        assert_eq!(recent.get(&99), Some(1), "an old value never comes back");
        recent.remove(&99);
        assert_eq!(recent.get(&99), None);
        recent.insert(99, 2);
        recent.retain(|key| *key == 0);
        assert_eq!((recent.get(&0), recent.get(&98), recent.get(&99)), (Some(0), None, None));
    }
}
