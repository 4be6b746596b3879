//! How many of something each user has, and a bound on it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat_protocol::{ErrorCode, UserId, WireError};

/// How many uploads of each user are somewhere on their way. Users without one have no entry.
#[derive(Debug, Default)]
pub(in crate::hub) struct UnderWay(Mutex<BTreeMap<UserId, usize>>);

/// One upload's place among its user's, given back when dropped.
#[derive(Debug)]
pub(in crate::hub) struct Place {
    under_way: Arc<UnderWay>,
    user: UserId,
}

impl UnderWay {
    pub(super) fn take(self: &Arc<Self>, user: &UserId, most: usize) -> Result<Place, WireError> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(user).copied().unwrap_or(0);
        if count >= most {
            let why = format!("{count} uploads are under way, at most {most} are allowed");
            return Err(WireError::new(ErrorCode::RateLimited, why).retry_after_ms(1_000));
        }
        counts.insert(user.clone(), count + 1);
        Ok(Place { under_way: self.clone(), user: user.clone() })
    }

    pub(super) fn has(&self, user: &UserId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(user)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.user)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back() {
        let (under_way, user) = (Arc::new(UnderWay::default()), UserId::new("1").unwrap());
        let first = under_way.take(&user, 2).unwrap();
        let second = under_way.take(&user, 2).unwrap();
        assert_eq!(under_way.take(&user, 2).unwrap_err().code, ErrorCode::RateLimited);
        drop(first);
        under_way.take(&user, 2).unwrap();
        drop(second);
        assert!(under_way.0.lock().unwrap().is_empty());
    }
}
