//! Who counts as one peer, and how many connections each has.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Who counts as one peer: an IPv4 address, mapped into IPv6 or not, or the /64 network of an IPv6 address, since who
/// has one address of such a network has them all. Loopback is itself.
pub fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into()
        }
        other => other,
    }
}

/// How many connections each peer has.
#[derive(Debug, Clone)]
pub(super) struct Peers {
    each_max: usize,
    held: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// A connection's part of its peer's share; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    /// Nobody yet, and `each_max` places for each.
    pub(super) fn new(each_max: usize) -> Self {
        Self {
            each_max,
            held: Arc::default(),
        }
    }

    /// A place, unless the peer has all of its own.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place> {
        let peer = peer_of(address);
        let mut held = self.held();
        let count = held.get(&peer).copied().unwrap_or_default();
        if count >= self.each_max {
            return None;
        }
        held.insert(peer, count + 1);
        Some(Place {
            peers: self.clone(),
            peer,
        })
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.peers.held();
        if let Some(count) = held.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_network_of_addresses_is_one_peer() {
        for (address_of, peer) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::1"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(peer_of(address(address_of)), address(peer), "{address_of}");
        }
    }

    #[test]
    fn a_peer_has_its_own_share_and_gets_it_back() {
        let peers = Peers::new(3);
        let (one, neighbour) = (address("2001:db8::1"), address("2001:db8::2:0:0:1"));
        let mut places: Vec<_> = (0..3).map(|_| peers.place(one).expect("a place")).collect();
        assert!(peers.place(one).is_none() && peers.place(neighbour).is_none());
        let other = peers
            .place(address("203.0.113.7"))
            .expect("a share of its own");
        places.pop();
        places.push(
            peers
                .place(neighbour)
                .expect("the place that was given back"),
        );
        drop((places, other));
        assert!(peers.held().is_empty(), "nothing is kept of those who left");
    }

    #[test]
    fn a_peer_that_may_have_none_is_not_remembered() {
        let peers = Peers::new(0);
        assert!(peers.place(address("203.0.113.7")).is_none());
        assert!(peers.held().is_empty());
    }
}
