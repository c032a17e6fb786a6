//! Forgetting: the rows of blocks that a node no longer keeps leave the index, oldest first.
//!
//! Invariant: below [`History::first`] nothing is found, and from there on nothing is missing. The boundary
//! moves in the same write as the rows, and durably, because the log of blocks follows it: a block may only go
//! when nothing in the index points to it any more. A run of transactions goes with its last block.

use super::{
    ACCOUNT_ORDERS, FIRST, History, HistoryError, ORDER_EVENTS, RECEIPTS, RESULTS, runs, storage,
};
use crate::state::BlockResult;
use assay_types::{Block, Event, Height};
use redb::{Durability, ReadableDatabase as _};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The first kept height, shared with the logs that follow the index.
#[derive(Debug, Clone)]
pub(crate) struct Floor(Arc<AtomicU64>);

impl Default for Floor {
    /// Everything since genesis is kept.
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1)))
    }
}

impl Floor {
    pub(crate) fn get(&self) -> Height {
        Height::new(self.0.load(Ordering::Acquire))
    }

    fn set(&self, height: u64) {
        self.0.store(height, Ordering::Release);
    }
}

impl History {
    /// The first height whose block is kept: 1 until something was forgotten.
    pub(crate) fn first(&self) -> Height {
        self.floor.get()
    }

    /// The same, for whoever follows it.
    pub(crate) fn floor(&self) -> Floor {
        self.floor.clone()
    }

    /// Reads the boundary back after a start.
    pub(super) fn load_first(&self) -> Result<(), HistoryError> {
        let read = || -> Result<u64, redb::Error> {
            let first = self.database.begin_read()?.open_table(FIRST)?.get(())?;
            Ok(first.map_or(1, |first| first.value()))
        };
        let first = read().map_err(storage("read the first kept height"))?;
        self.floor.set(first);
        Ok(())
    }

    /// Forgets `blocks`, which begin at [`Self::first`] and have no gap; durable on return.
    ///
    /// # Panics
    /// When they do not begin there: rows would be left that nothing finds again.
    pub(crate) fn forget(&self, blocks: &[Block]) -> Result<(), HistoryError> {
        let mut first = self.first();
        let mut forgotten = Vec::with_capacity(blocks.len());
        for block in blocks {
            let height = block.header.height;
            assert_eq!(height, first, "blocks are forgotten in order");
            let result = self.result(height)?;
            forgotten.push((height, result.ok_or(HistoryError::Damaged { height })?));
            first = height.next();
        }
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            for (height, result) in &forgotten {
                remove_block(&transaction, *height, result)?;
            }
            runs::forget_below(&transaction, first.get())?;
            transaction.open_table(FIRST)?.insert((), first.get())?;
            transaction.commit()?;
            Ok(())
        };
        write().map_err(storage("forget old blocks"))?;
        self.floor.set(first.get());
        self.recent().forget_below(first);
        Ok(())
    }
}

/// Takes back what recording the block wrote.
fn remove_block(
    transaction: &redb::WriteTransaction,
    height: Height,
    result: &BlockResult,
) -> Result<(), redb::Error> {
    let height = height.get();
    transaction.open_table(RESULTS)?.remove(height)?;
    let mut receipts = transaction.open_table(RECEIPTS)?;
    let mut order_events = transaction.open_table(ORDER_EVENTS)?;
    let mut account_orders = transaction.open_table(ACCOUNT_ORDERS)?;
    for (index, event) in (0u32..).zip(&result.events) {
        let Some(order) = event.order() else { continue };
        order_events.remove((*order.as_bytes(), height, index))?;
        let party = match event {
            Event::Closed { .. } => {
                receipts.remove(order.as_bytes())?;
                None
            }
            Event::OrderPlaced { buyer, .. } => Some(buyer),
            Event::Assigned { seller, .. } => Some(seller),
            _ => None,
        };
        if let Some(party) = party {
            account_orders.remove((*party.as_bytes(), height, index))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
