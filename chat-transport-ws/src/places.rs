//! Who has how many of the sockets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places that there are, for all and for each address.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    by_address: Arc<ByAddress>,
    /// 0: any number.
    per_address: usize,
}

/// How many places each address has; none without one. Written when a socket comes and goes.
#[derive(Debug, Default)]
struct ByAddress(Mutex<BTreeMap<IpAddr, usize>>);

/// One socket's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _address: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    address: IpAddr,
    counts: Arc<ByAddress>,
}

impl Places {
    pub(crate) fn new(all: usize, per_address: usize) -> Self {
        let all = Arc::new(Semaphore::new(all.min(Semaphore::MAX_PERMITS)));
        Self { all, by_address: Arc::default(), per_address }
    }

    /// A place for a socket from this address; `None` when there is none left.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Place> {
        let address = match self.per_address {
            0 => None,
            most => Some(self.by_address.count(household(address), most)?),
        };
        let permit = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _permit: permit, _address: address })
    }
}

impl ByAddress {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Counted> {
        let mut counts = self.counts();
        let count = counts.get(&address).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        counts.insert(address, count + 1);
        Some(Counted { address, counts: Arc::clone(self) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counts.counts();
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.address)),
        }
    }
}

/// What counts as one address: of IPv6 the network of one household, whose machines take others whenever they like.
pub(crate) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_takes_its_places_and_gives_them_back() {
        let places = Places::new(10, 2);
        let (one, two) =
            (places.take(address("192.0.2.1")).unwrap(), places.take(address("192.0.2.1")).unwrap());
        assert!(places.take(address("192.0.2.1")).is_none());
        assert!(places.take(address("::ffff:192.0.2.1")).is_none(), "it is the same");
        let other = places.take(address("192.0.2.2")).unwrap();
        drop(one);
        assert!(places.take(address("192.0.2.1")).is_some());
        drop((two, other));
        assert!(places.by_address.counts().is_empty(), "nobody is remembered");
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let places = Places::new(10, 1);
        let _one = places.take(address("2001:db8:0:1::1")).unwrap();
        assert!(places.take(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(places.take(address("2001:db8:0:2::1")).is_some());
    }

    #[test]
    fn a_full_house_takes_nothing_from_an_address() {
        let places = Places::new(1, 5);
        let _one = places.take(address("192.0.2.1")).unwrap();
        assert!(places.take(address("192.0.2.2")).is_none());
        assert_eq!(places.by_address.counts().len(), 1);
        let any = Places::new(3, 0);
        let all: Vec<_> = (0..3).map(|_| any.take(address("192.0.2.1")).unwrap()).collect();
        assert!(any.take(address("192.0.2.2")).is_none());
        drop(all);
    }
}
