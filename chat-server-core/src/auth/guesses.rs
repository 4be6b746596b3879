//! Whoever guesses is slowed down.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chat_protocol::Timestamp;

use super::AuthError;

/// Greatest number of keys that are remembered, some 100 bytes each. Beyond it those are forgotten that owe least.
const MAX_KEYS: usize = 10_000;

/// Counts attempts to log in that were wrong, by whatever stands for who tries: a name, an address.
///
/// Of each key so many attempts may be wrong at once, and one more each time that an interval has passed. An attempt is paid
/// before it is looked at, so that many at once are counted, too; one that was right is given back (which the crate that bounds
/// connections cannot do: what it has counted it has counted).
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
    /// When all attempts of a key will have been forgiven. Read and written by every attempt.
    owed: Mutex<BTreeMap<String, i64>>,
}

impl Guesses {
    /// So many at once, and one more each so often.
    pub fn new(burst: u32, each: Duration) -> Self {
        let each = i64::try_from(each.as_micros()).unwrap_or(i64::MAX);
        Self { burst: burst.max(1).into(), each, owed: Mutex::default() }
    }

    /// Pays for one more attempt.
    ///
    /// # Errors
    /// [`AuthError::TooOften`] with the time until there may be one.
    pub fn attempt(&self, key: &str, now: Timestamp) -> Result<(), AuthError> {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_micros();
        let most = now.saturating_add(self.each.saturating_mul(self.burst));
        // Not later than what can be owed at most, even when the clock was set back.
        let until = owed.get(key).map_or(now, |until| (*until).clamp(now, most)).saturating_add(self.each);
        if until > most {
            return Err(AuthError::TooOften(Duration::from_micros(until.abs_diff(most))));
        }
        if owed.len() >= MAX_KEYS && !owed.contains_key(key) {
            owed.retain(|_, until| *until > now);
            let least = owed.iter().min_by_key(|(_, until)| **until).map(|(key, _)| key.clone());
            if let Some(least) = least.filter(|_| owed.len() >= MAX_KEYS) {
                owed.remove(&least);
            }
        }
        owed.insert(key.to_owned(), until);
        Ok(())
    }

    /// Gives back what was paid for an attempt.
    pub fn was_right(&self, key: &str) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = owed.get_mut(key) {
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
        assert_eq!(guesses.owed.lock().unwrap().len(), MAX_KEYS);
        assert!(guesses.attempt("first", at(1)).is_err(), "who owes most is remembered");
    }
}
