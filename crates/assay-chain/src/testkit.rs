//! What the tests share: a small chain's genesis, its people and their transactions.

use assay_types::{
    Allocation, Amount, Call, Genesis, Lane, LedgerTime, List, Params, SecretKey, Text,
    Transaction, Unsigned,
};
use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What every test account owns, in grains.
pub(crate) const WEALTH: u64 = 1_000_000_000_000;

/// Key number `number` of a group of keys.
pub(crate) fn key(group: u8, number: u8) -> SecretKey {
    let mut seed = [group; 32];
    seed[0] = number;
    SecretKey::from_bytes(&seed)
}

/// Validator `number`'s key.
pub(crate) fn validator(number: u8) -> SecretKey {
    key(1, number)
}

/// A wealthy account's key.
pub(crate) fn person(number: u8) -> SecretKey {
    key(2, number)
}

/// A chain with so many validators and wealthy people, beginning at the epoch.
pub(crate) fn genesis(validators: u8, people: u8) -> Genesis {
    let mut keys: Vec<_> = (0..validators)
        .map(|number| validator(number).public_key())
        .collect();
    keys.sort();
    let mut allocations: Vec<_> = (0..people)
        .map(|number| Allocation {
            account: person(number).account(),
            amount: Amount::new(WEALTH),
        })
        .collect();
    allocations.sort_by_key(|allocation| allocation.account);
    Genesis {
        network: Text::new("assay-test").expect("a short name"),
        start: LedgerTime::new(0),
        validators: List::new(keys).expect("few validators"),
        allocations: List::new(allocations).expect("few people"),
        models: List::default(),
        params: Params::default(),
    }
}

/// A transfer before it is signed, good for a day from the epoch.
pub(crate) fn unsigned(genesis: &Genesis, from: &SecretKey, lane: u8, sequence: u64) -> Unsigned {
    Unsigned {
        chain: genesis.chain_id(),
        sender: from.account(),
        lane: Lane::new(lane).expect("a lane below the limit"),
        sequence,
        fee_limit: Amount::new(1_000_000),
        tip: Amount::new(0),
        valid_until: LedgerTime::new(genesis.params.valid_ms_max),
        call: Call::Transfer {
            to: person(99).account(),
            amount: Amount::new(1),
        },
    }
}

/// The same, signed.
pub(crate) fn transfer(
    genesis: &Genesis,
    from: &SecretKey,
    lane: u8,
    sequence: u64,
) -> Transaction {
    unsigned(genesis, from, lane, sequence).sign(from)
}

/// A file in memory that forgets what was not synced when it crashes. What a process that crashed still
/// does to it, while its memory is cleaned up, has no effect.
#[derive(Clone, Default)]
pub(crate) struct CrashingFile {
    contents: Arc<Mutex<Contents>>,
    /// The crashes before this handle was opened.
    generation: u64,
}

#[derive(Default)]
struct Contents {
    written: Vec<u8>,
    synced: Vec<u8>,
    crashes: u64,
}

impl CrashingFile {
    /// Forgets what was not synced, and cuts off whoever has it open.
    pub(crate) fn crash(&self) {
        let mut contents = self.lock();
        contents.written = contents.synced.clone();
        contents.crashes += 1;
    }

    /// The file as the next process opens it.
    pub(crate) fn reopen(&self) -> Self {
        let generation = self.lock().crashes;
        Self {
            contents: self.contents.clone(),
            generation,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Contents)) {
        let mut contents = self.lock();
        if contents.crashes == self.generation {
            change(&mut contents);
        }
    }
}

impl fmt::Debug for CrashingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrashingFile")
    }
}

impl redb::StorageBackend for CrashingFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).expect("a small file");
        let contents = self.lock();
        let bytes = contents.written.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).expect("a small file");
        self.change(|contents| contents.written.resize(len, 0));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(|contents| contents.synced = contents.written.clone());
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let from = usize::try_from(offset).expect("a small file");
        self.change(|contents| contents.written[from..from + data.len()].copy_from_slice(data));
        Ok(())
    }
}
