//! Whoever guesses is slowed down.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat_protocol::Timestamp;

use super::AuthError;

/// Greatest number of keys that are remembered, each of some 100 bytes beside its own: whoever counts by what others say bounds
/// how long that is. Beyond it those are forgotten that owe least.
const MAX_KEYS: usize = 10_000;

/// From how many keys on it is looked for those that owe nothing.
const FEW_KEYS: usize = 64;

/// Counts attempts to log in that were wrong, by whatever stands for who tries: a name, an address.
///
/// Of each key so many attempts may be wrong at once, and one more each time that an interval has passed. An attempt is paid
/// before it is looked at, so that many at once are counted, too; one that was right, or that nobody could look at, is given back
/// (which the crate that bounds connections cannot do: what it has counted it has counted).
///
/// ```
/// use std::time::Duration;
/// use chat_protocol::Timestamp;
/// use chat_server_core::auth::Guesses;
/// let (guesses, now) = (Guesses::new(2, Duration::from_secs(10)), Timestamp::from_micros(0));
/// assert!(guesses.attempt("ann", now).is_ok());
/// guesses.was_right("ann");
/// assert!(guesses.attempt("ann", now).is_ok() && guesses.attempt("ann", now).is_ok());
/// assert!(guesses.attempt("ann", now).is_err() && guesses.attempt("bob", now).is_ok());
/// assert!(guesses.attempt("ann", Timestamp::from_micros(10_000_000)).is_ok());
/// ```
#[derive(Debug)]
pub struct Guesses {
    burst: i64,
    /// Microseconds for which one attempt counts.
    each: i64,
    /// Read and written by every attempt.
    owed: Mutex<Owed>,
}

#[derive(Debug, Default)]
struct Owed {
    /// When all attempts of a key will have been forgiven.
    until: BTreeMap<String, i64>,
    /// With how many keys it is looked for those that owe nothing: twice as many as owed something the last time, so that it
    /// costs an attempt next to nothing.
    prune_at: usize,
}

impl Owed {
    /// Makes room for one more.
    fn prune(&mut self, now: i64) {
        if self.until.len() < self.prune_at.clamp(FEW_KEYS, MAX_KEYS) {
            return;
        }
        self.until.retain(|_, until| *until > now);
        self.prune_at = 2 * self.until.len();
        let least = self.until.iter().min_by_key(|(_, until)| **until).map(|(key, _)| key.clone());
        if let Some(least) = least.filter(|_| self.until.len() >= MAX_KEYS) {
            self.until.remove(&least);
        }
    }
}

impl Guesses {
    /// So many at once, and one more each so often. 0: any number, and nothing is remembered.
    pub fn new(burst: u32, each: Duration) -> Self {
        let each = i64::try_from(each.as_micros()).unwrap_or(i64::MAX);
        Self { burst: burst.into(), each, owed: Mutex::default() }
    }

    /// Pays for one more attempt.
    ///
    /// # Errors
    /// [`AuthError::TooOften`] with the time until there may be one.
    pub fn attempt(&self, key: &str, now: Timestamp) -> Result<(), AuthError> {
        if self.burst == 0 {
            return Ok(());
        }
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_micros();
        let most = now.saturating_add(self.each.saturating_mul(self.burst));
        // Not later than what can be owed at most, even when the clock was set back.
        let until =
            owed.until.get(key).map_or(now, |until| (*until).clamp(now, most)).saturating_add(self.each);
        if until > most {
            return Err(AuthError::TooOften(Duration::from_micros(until.abs_diff(most))));
        }
        if !owed.until.contains_key(key) {
            owed.prune(now);
        }
        owed.until.insert(key.to_owned(), until);
        Ok(())
    }

    /// Gives back what was paid for an attempt that was right, or that nobody could look at.
    pub fn was_right(&self, key: &str) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = owed.until.get_mut(key) {
            *until = until.saturating_sub(self.each);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn so_many_at_once_and_one_more_each_time() {
        let guesses = Guesses::new(3, Duration::from_secs(10));
        for _ in 0..3 {
            guesses.attempt("a", at(0)).unwrap();
        }
        let wait = |now| match guesses.attempt("a", at(now)) {
            Err(AuthError::TooOften(wait)) => Some(wait.as_secs()),
            _ => None,
        };
        assert_eq!((wait(0), wait(4), wait(10)), (Some(10), Some(6), None));
        assert_eq!(wait(10), Some(10));
        assert_eq!(wait(-100), Some(10), "a clock that was set back locks nobody out for longer");
        assert_eq!(wait(1_000), None);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let guesses = Guesses::new(2, Duration::from_secs(10));
        guesses.attempt("first", at(1)).unwrap();
        guesses.attempt("first", at(1)).unwrap();
        for n in 0..MAX_KEYS + 10 {
            guesses.attempt(&n.to_string(), at(1)).unwrap();
        }
        assert_eq!(guesses.owed.lock().unwrap().until.len(), MAX_KEYS);
        assert!(guesses.attempt("first", at(1)).is_err(), "who owes most is remembered");
    }

    #[test]
    fn who_owes_nothing_is_forgotten() {
        let guesses = Guesses::new(2, Duration::from_secs(10));
        guesses.attempt("wrong", at(1)).unwrap();
        for n in 0..1_000 {
            guesses.attempt(&n.to_string(), at(1)).unwrap();
            guesses.was_right(&n.to_string());
        }
        let left = guesses.owed.lock().unwrap().until.len();
        assert!(left <= FEW_KEYS, "{left}");
        guesses.attempt("wrong", at(1)).unwrap();
        assert!(guesses.attempt("wrong", at(1)).is_err());
    }

    #[test]
    fn without_a_bound_nobody_is_counted() {
        let guesses = Guesses::new(0, Duration::from_secs(10));
        for _ in 0..100 {
            guesses.attempt("a", at(1)).unwrap();
        }
        assert!(guesses.owed.lock().unwrap().until.is_empty());
    }
}
