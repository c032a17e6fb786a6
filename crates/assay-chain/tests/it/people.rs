//! A chain with one validator and some wealthy accounts.

use assay_chain::{Chain, ChainConfig};
use assay_types::{
    Allocation, Amount, Call, Genesis, Lane, LedgerTime, List, Params, SecretKey, Text,
    Transaction, Unsigned,
};
use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

pub(crate) const PEOPLE: u8 = 8;
pub(crate) const WEALTH: u64 = 1_000_000_000_000;

pub(crate) fn key(group: u8, number: u8) -> SecretKey {
    let mut seed = [group; 32];
    seed[0] = number;
    SecretKey::from_bytes(&seed)
}

pub(crate) fn validator() -> SecretKey {
    key(1, 0)
}

pub(crate) fn person(number: u8) -> SecretKey {
    key(2, number)
}

pub(crate) fn now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    u64::try_from(now.as_millis()).expect("a clock before the year 500 million")
}

pub(crate) fn genesis(start: u64) -> Genesis {
    let mut allocations: Vec<_> = (0..PEOPLE)
        .map(|number| Allocation {
            account: person(number).account(),
            amount: Amount::new(WEALTH),
        })
        .collect();
    allocations.sort_by_key(|allocation| allocation.account);
    Genesis {
        network: Text::new("assay-test").expect("a short name"),
        start: LedgerTime::new(start),
        validators: List::new(vec![validator().public_key()]).expect("one validator"),
        allocations: List::new(allocations).expect("few people"),
        models: List::default(),
        params: Params::default(),
    }
}

pub(crate) fn start(folder: &Path, genesis: &Genesis) -> Chain {
    Chain::start(ChainConfig::single(folder, genesis.clone(), validator())).expect("a node starts")
}

/// The next transfer of one grain by this person in this lane.
pub(crate) fn transfer(chain: &Chain, from: &SecretKey, lane: u8, sequence: u64) -> Transaction {
    let call = Call::Transfer {
        to: key(3, 0).account(),
        amount: Amount::new(1),
    };
    signed(chain, from, (lane, sequence), call)
}

/// This person's call at this place, a lane and a sequence.
pub(crate) fn signed(
    chain: &Chain,
    from: &SecretKey,
    (lane, sequence): (u8, u64),
    call: Call,
) -> Transaction {
    let status = chain.status();
    let body = Unsigned {
        chain: status.chain,
        sender: from.account(),
        lane: Lane::new(lane).expect("a lane"),
        sequence,
        fee_limit: Amount::new(1_000_000),
        tip: Amount::new(3),
        valid_until: status.time.after(3_600_000),
        call,
    };
    body.sign(from)
}
