//! The people of the benches: accounts with money, what they sign, and transfers among them drawn uniformly.

use anyhow::Context;
use assay_types::{
    AccountId, Allocation, Amount, Call, ChainId, GRAINS_PER_ASY, Genesis, Lane, LedgerTime, List,
    Params, PublicKey, SecretKey, Text, Transaction, Unsigned,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::ops::Range;

/// Accounts whose transfers follow from a seed.
pub(super) struct Accounts {
    keys: Vec<SecretKey>,
    ids: Vec<AccountId>,
    /// Next sequence of each.
    sequences: Vec<u64>,
    rng: StdRng,
}

impl Accounts {
    /// So many accounts.
    pub(super) fn new(count: usize) -> Self {
        let keys: Vec<SecretKey> = (0..count).map(key).collect();
        Self {
            ids: keys.iter().map(SecretKey::account).collect(),
            sequences: vec![0; count],
            rng: StdRng::seed_from_u64(1),
            keys,
        }
    }

    /// The chain in which each of them has money and `validator` makes the blocks.
    pub(super) fn genesis(
        &self,
        start: LedgerTime,
        validator: PublicKey,
    ) -> anyhow::Result<Genesis> {
        let amount = Amount::new(100 * GRAINS_PER_ASY);
        let mut allocations: Vec<_> = self
            .ids
            .iter()
            .map(|&account| Allocation { account, amount })
            .collect();
        allocations.sort_by_key(|allocation| allocation.account);
        Ok(Genesis {
            network: Text::new("bench")?,
            start,
            validators: List::new(vec![validator])?,
            allocations: List::new(allocations)?,
            models: List::default(),
            params: Params::default(),
        })
    }

    /// The next `count` transfers, each from one account to another, both drawn uniformly.
    pub(super) fn transfers(
        &mut self,
        chain: ChainId,
        valid_until: LedgerTime,
        count: usize,
    ) -> anyhow::Result<Vec<Transaction>> {
        self.transfers_of(0..self.keys.len(), chain, valid_until, count)
    }

    /// The same, sent by accounts of a range only.
    pub(super) fn transfers_of(
        &mut self,
        senders: Range<usize>,
        chain: ChainId,
        valid_until: LedgerTime,
        count: usize,
    ) -> anyhow::Result<Vec<Transaction>> {
        (0..count)
            .map(|_| {
                let from = self.rng.random_range(senders.clone());
                let to = self.ids[self.rng.random_range(0..self.keys.len())];
                let amount = Amount::new(1);
                self.sign(from, chain, valid_until, Call::Transfer { to, amount })
            })
            .collect()
    }

    /// The next transaction of account `from`.
    pub(super) fn sign(
        &mut self,
        from: usize,
        chain: ChainId,
        valid_until: LedgerTime,
        call: Call,
    ) -> anyhow::Result<Transaction> {
        let sequence = self.sequences.get_mut(from).context("an account's place")?;
        let body = Unsigned {
            chain,
            sender: self.ids[from],
            lane: Lane::default(),
            sequence: *sequence,
            fee_limit: Amount::new(100_000_000),
            tip: Amount::new(1),
            valid_until,
            call,
        };
        *sequence += 1;
        Ok(body.sign(&self.keys[from]))
    }

    /// The account at a place.
    pub(super) fn id(&self, place: usize) -> AccountId {
        self.ids[place]
    }
}

/// The key of account `index`.
pub(super) fn key(index: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(index as u64).to_be_bytes());
    SecretKey::from_bytes(&seed)
}
