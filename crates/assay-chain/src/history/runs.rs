//! Where transactions are, by their ids: the last ones in memory, all others in sorted runs.
//!
//! Ids are hashes, so rows under them would each be written to a page of its own. Instead the transactions of
//! the last blocks stay in memory ([`Recent`]), where a start finds them again from the blocks' results. Once
//! there are [`RUN_TRANSACTIONS`] of them, they are sorted and written as a *run* of chunks, in one write with
//! the block that fills it. A look-up asks memory, then each run, newest first: one search for a chunk each, so
//! its cost grows with the history, by some microseconds every [`RUN_TRANSACTIONS`].
//!
//! Invariant: every recorded transaction is in memory or in one run. A run names its last block and is
//! dropped with it.

use super::Location;
use assay_types::{Height, TxId};
use foldhash::fast::RandomState;
use redb::{ReadTransaction, ReadableTable as _, TableDefinition, WriteTransaction};
use std::collections::HashMap;

/// Transactions of a run: some 20 MiB in memory.
#[cfg(not(test))]
const RUN_TRANSACTIONS: usize = 1 << 18;
#[cfg(test)]
const RUN_TRANSACTIONS: usize = 4;

/// Bytes of an entry: id, height, place in the block.
const ENTRY_BYTES: usize = 32 + 8 + 4;
/// Entries of a chunk: with its key it fits a page of 4 KiB.
const CHUNK_ENTRIES: usize = 90;
const _: () = assert!(CHUNK_ENTRIES * ENTRY_BYTES + 64 <= 4096);

/// Last height of a run → its first.
const RUNS: TableDefinition<'_, u64, u64> = TableDefinition::new("transaction runs v1");
/// Last height of a run and first id of a chunk → the chunk's entries, ascending by id.
const CHUNKS: TableDefinition<'_, (u64, [u8; 32]), &[u8]> =
    TableDefinition::new("transaction chunks v1");

/// Transactions of the last blocks.
#[derive(Debug, Default)]
pub(super) struct Recent {
    locations: HashMap<TxId, Location, RandomState>,
    /// Its first block and its last.
    heights: Option<(Height, Height)>,
}

impl Recent {
    pub(super) fn add(&mut self, height: Height, ids: impl Iterator<Item = TxId>) {
        let first = self.heights.map_or(height, |(first, _)| first);
        self.heights = Some((first, height));
        let located = ids.zip(0u32..);
        let located = located.map(|(id, index)| (id, Location { height, index }));
        self.locations.extend(located);
    }

    pub(super) fn get(&self, id: &TxId) -> Option<Location> {
        self.locations.get(id).copied()
    }

    /// Whether there are enough for a run.
    pub(super) fn is_run(&self) -> bool {
        self.locations.len() >= RUN_TRANSACTIONS
    }

    /// Drops the transactions of blocks below `first`.
    pub(super) fn forget_below(&mut self, first: Height) {
        let Some((oldest, last)) = self.heights.filter(|(oldest, _)| *oldest < first) else {
            return;
        };
        self.locations
            .retain(|_, location| location.height >= first);
        self.heights = (first <= last).then_some((oldest.max(first), last));
    }
}

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(RUNS)?;
    transaction.open_table(CHUNKS)?;
    Ok(())
}

/// Writes them as a run.
pub(super) fn write(transaction: &WriteTransaction, recent: &Recent) -> Result<(), redb::Error> {
    let Some((first, last)) = recent.heights else {
        return Ok(());
    };
    let mut entries: Vec<(TxId, Location)> = recent
        .locations
        .iter()
        .map(|(id, location)| (*id, *location))
        .collect();
    entries.sort_unstable_by_key(|(id, _)| *id);
    transaction
        .open_table(RUNS)?
        .insert(last.get(), first.get())?;
    let mut chunks = transaction.open_table(CHUNKS)?;
    let mut bytes = Vec::with_capacity(CHUNK_ENTRIES * ENTRY_BYTES);
    for chunk in entries.chunks(CHUNK_ENTRIES) {
        bytes.clear();
        for (id, Location { height, index }) in chunk {
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&height.get().to_be_bytes());
            bytes.extend_from_slice(&index.to_be_bytes());
        }
        chunks.insert((last.get(), *chunk[0].0.as_bytes()), bytes.as_slice())?;
    }
    Ok(())
}

/// The last height that a run holds, zero when there is none.
pub(super) fn last(transaction: &ReadTransaction) -> Result<u64, redb::Error> {
    let runs = transaction.open_table(RUNS)?;
    let last = runs.last()?;
    Ok(last.map_or(0, |(last, _)| last.value()))
}

/// Where a transaction is that some run holds.
pub(super) fn find(
    transaction: &ReadTransaction,
    id: TxId,
) -> Result<Option<Location>, redb::Error> {
    let (runs, chunks) = (
        transaction.open_table(RUNS)?,
        transaction.open_table(CHUNKS)?,
    );
    for run in runs.iter()?.rev() {
        let last = run?.0.value();
        let mut up_to_it = chunks.range((last, [0; 32])..=(last, *id.as_bytes()))?;
        let Some(chunk) = up_to_it.next_back() else {
            continue;
        };
        if let Some(location) = find_in(chunk?.1.value(), &id) {
            return Ok(Some(location));
        }
    }
    Ok(None)
}

/// Drops the runs whose last block lies below `first`.
pub(super) fn forget_below(transaction: &WriteTransaction, first: u64) -> Result<(), redb::Error> {
    transaction
        .open_table(CHUNKS)?
        .retain_in(..(first, [0; 32]), |_, _| false)?;
    transaction
        .open_table(RUNS)?
        .retain_in(..first, |_, _| false)?;
    Ok(())
}

/// Searches a chunk.
fn find_in(chunk: &[u8], id: &TxId) -> Option<Location> {
    let (entries, _) = chunk.as_chunks::<ENTRY_BYTES>();
    let found = entries.binary_search_by(|entry| entry[..32].cmp(id.as_bytes()));
    let rest = entries.get(found.ok()?)?.get(32..)?;
    let (height, index) = rest.split_first_chunk::<8>()?;
    Some(Location {
        height: Height::new(u64::from_be_bytes(*height)),
        index: u32::from_be_bytes(index.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests;
