use super::{Named, named};
use crate::MinerAddress;

pub(in super::super) fn miner_addresses() -> Vec<Named<MinerAddress>> {
    named([
        ("ipv4", "http://203.0.113.7:8091"),
        ("ipv6", "http://[2001:db8::2:1]:8091"),
        ("name", "https://miner.example.org:443"),
    ])
    .into_iter()
    .map(|(name, text)| (name, text.parse().expect("an address")))
    .collect()
}
