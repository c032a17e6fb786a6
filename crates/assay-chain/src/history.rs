//! The history index: what happened, findable by height, transaction, order and account.
//!
//! It holds nothing that consensus needs and nothing that the blocks since genesis do not imply, so where all
//! of them are kept it can be deleted and is rebuilt by executing them again.
//!
//! Durable ordering. A block goes through four stores, and a crash can fall between any two:
//! 1. the block and its certificate are durable in [`crate::consensus::archive`];
//! 2. its changes are applied to the authenticated database (not durable yet);
//! 3. its results can be read **here** ([`History::record`]), its changes are in the in-memory tables, and the
//!    results are durable ([`History::sync`]);
//! 4. its changes are durable in the database.
//!
//! 3 and 4 go on side by side ([`crate::consensus::recorder`]); only after both does consensus count the block
//! as processed. A restart resumes at the last processed block and executes the later ones again, so this index
//! is never behind the point of resumption: recording a block twice is the only thing that can happen, and
//! that changes nothing. A block is reported final to subscribers as soon as its results can be
//! read: after 1 it is final for ever, and a crash before they are durable only has them computed again.
//!
//! An index that *is* behind was deleted or comes from elsewhere; [`History::height`] tells, and the start
//! rebuilds it.

use assay_ledger::Outcome;
use assay_types::{
    AccountId, Amount, Block, BlockId, Event, Height, OrderId, Transaction, TxId, decode,
};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, RangeCfg, Read, ReadExt, Write};
use redb::{Database, Durability, ReadableDatabase, StorageBackend, TableDefinition};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

mod prune;
mod runs;

use crate::state::BlockResult;
pub(crate) use prune::Floor;
use runs::Recent;

/// Name of the file in the data folder.
pub(crate) const FILE_NAME: &str = "history.redb";

/// Most rows one query returns; the next page starts after the last.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// Memory that the index may use as a cache. Queries are by key, so little is enough.
const CACHE_BYTES: usize = 32 << 20;

/// `()` → height and id of the last recorded block.
const TIP: TableDefinition<'_, (), (u64, [u8; 32])> = TableDefinition::new("tip v1");
/// Height → block, outcomes and events.
const RESULTS: TableDefinition<'_, u64, ([u8; 32], &[u8])> = TableDefinition::new("results v1");
/// Order → height, place of the event that closed it.
const RECEIPTS: TableDefinition<'_, [u8; 32], (u64, u32)> = TableDefinition::new("receipts v1");
/// Order, height, place of an event about it.
const ORDER_EVENTS: TableDefinition<'_, ([u8; 32], u64, u32), ()> =
    TableDefinition::new("order events v1");
/// Account, height, place of the event that made it party to an order.
const ACCOUNT_ORDERS: TableDefinition<'_, ([u8; 32], u64, u32), [u8; 32]> =
    TableDefinition::new("account orders v1");

/// `()` → the first height that was not forgotten.
const FIRST: TableDefinition<'_, (), u64> = TableDefinition::new("first v1");

/// Where something lies in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The block.
    pub height: Height,
    /// Place among its transactions, or its events, from 0.
    pub index: u32,
}

/// Why the index cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file cannot be opened.
    #[error("cannot open the history index {path}: {source}; delete the file to have it rebuilt", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: redb::DatabaseError,
    },
    /// A read or write failed.
    #[error(
        "cannot {attempt} in the history index: {source}; check the disk, or delete the index to have it rebuilt"
    )]
    Storage {
        /// What was attempted.
        attempt: &'static str,
        /// Why.
        source: Box<redb::Error>,
    },
    /// It was written by a node with other blocks.
    #[error(
        "the history index holds another block at height {height}: it is not this folder's; delete it to have it rebuilt"
    )]
    OtherBlocks {
        /// Where they differ.
        height: Height,
    },
    /// A stored value does not decode.
    #[error(
        "the history index holds an unreadable result for block {height}; delete it to have it rebuilt"
    )]
    Damaged {
        /// The block.
        height: Height,
    },
}

/// The index.
pub(crate) struct History {
    database: Database,
    /// Where the transactions of the last blocks are, which no run holds yet.
    recent: Mutex<Recent>,
    floor: Floor,
}

impl History {
    /// Opens or creates the index in `folder`.
    ///
    /// # Errors
    /// [`HistoryError::Open`].
    pub(crate) fn open(folder: &Path) -> Result<Self, HistoryError> {
        let path = folder.join(FILE_NAME);
        let opened = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(&path);
        let database = opened.map_err(|source| HistoryError::Open { path, source })?;
        Self::with_tables(database)
    }

    /// Opens the index on a backend of the caller's; tests inject crashes there.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only tests bring their own backend")
    )]
    pub(crate) fn open_on(backend: impl StorageBackend) -> Result<Self, HistoryError> {
        let opened = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(backend);
        let database = opened.map_err(|source| HistoryError::Open {
            path: PathBuf::from("(memory)"),
            source,
        })?;
        Self::with_tables(database)
    }

    fn with_tables(database: Database) -> Result<Self, HistoryError> {
        let create = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            transaction.open_table(TIP)?;
            transaction.open_table(RESULTS)?;
            transaction.open_table(RECEIPTS)?;
            transaction.open_table(ORDER_EVENTS)?;
            runs::create_tables(&transaction)?;
            transaction.open_table(ACCOUNT_ORDERS)?;
            transaction.open_table(FIRST)?;
            transaction.commit()?;
            Ok(())
        };
        create().map_err(storage("create the tables"))?;
        let history = Self {
            database,
            recent: Mutex::default(),
            floor: Floor::default(),
        };
        history.load_first()?;
        history.load_recent()?;
        Ok(history)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the transactions again that lay in memory only: the results of their blocks name them.
    fn load_recent(&self) -> Result<(), HistoryError> {
        let packed = || runs::last(&self.database.begin_read()?);
        let packed = packed().map_err(storage("read where its runs end"))?;
        let mut height = packed.max(self.first().get().saturating_sub(1));
        let last = self.height()?;
        let mut recent = Recent::default();
        while height < last.get() {
            height += 1;
            let height = Height::new(height);
            let result = self.result(height)?;
            let result = result.ok_or(HistoryError::Damaged { height })?;
            let ids = result.outcomes.iter().map(|outcome| outcome.transaction);
            recent.add(height, ids);
        }
        *self.recent() = recent;
        Ok(())
    }

    /// Height of the last recorded block, zero when empty.
    pub(crate) fn height(&self) -> Result<Height, HistoryError> {
        let read = || -> Result<Height, redb::Error> {
            let tip = self.database.begin_read()?.open_table(TIP)?.get(())?;
            Ok(tip.map_or(Height::ZERO, |tip| Height::new(tip.value().0)))
        };
        read().map_err(storage("read the tip"))
    }

    /// Records a final block: readable on return, durable after [`Self::sync`]. Recording it again changes
    /// nothing.
    ///
    /// # Panics
    /// When the block does not follow the last recorded one: a gap would be lost history.
    pub(crate) fn record(
        &self,
        id: BlockId,
        block: &Block,
        result: &BlockResult,
    ) -> Result<(), HistoryError> {
        let height = block.header.height;
        let recorded = self.height()?;
        if height <= recorded {
            let of_this_chain = self.block(height)? == Some(id);
            return if of_this_chain {
                Ok(())
            } else {
                Err(HistoryError::OtherBlocks { height })
            };
        }
        assert_eq!(
            height,
            recorded.next(),
            "the history index must have no gap"
        );
        let mut recent = self.recent();
        recent.add(height, block.transactions.iter().map(Transaction::id));
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::None)?;
            write_block(&transaction, id, block, result)?;
            if recent.is_run() {
                runs::write(&transaction, &recent)?;
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(storage("record a block"))?;
        if recent.is_run() {
            *recent = Recent::default();
        }
        Ok(())
    }

    /// Makes durable what was recorded.
    pub(crate) fn sync(&self) -> Result<(), HistoryError> {
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            transaction.commit()?;
            Ok(())
        };
        write().map_err(storage("make the recorded blocks durable"))
    }

    /// The id of the block recorded at `height`.
    fn block(&self, height: Height) -> Result<Option<BlockId>, HistoryError> {
        let read = || -> Result<Option<BlockId>, redb::Error> {
            let results = self.database.begin_read()?.open_table(RESULTS)?;
            Ok(results
                .get(height.get())?
                .map(|row| BlockId::new(row.value().0)))
        };
        read().map_err(storage("read a block's id"))
    }

    /// What the block at `height` did.
    pub(crate) fn result(&self, height: Height) -> Result<Option<BlockResult>, HistoryError> {
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let results = self.database.begin_read()?.open_table(RESULTS)?;
            Ok(results.get(height.get())?.map(|row| row.value().1.to_vec()))
        };
        let bytes = read().map_err(storage("read a result"))?;
        bytes
            .map(|bytes| decode::<Stored>(&bytes).map_err(|_| HistoryError::Damaged { height }))
            .transpose()
            .map(|stored| stored.map(|stored| stored.0))
    }

    /// Where a transaction was included.
    pub(crate) fn transaction(&self, id: TxId) -> Result<Option<Location>, HistoryError> {
        let recent = self.recent().get(&id);
        let look = || match recent {
            Some(location) => Ok(Some(location)),
            None => runs::find(&self.database.begin_read()?, id),
        };
        let found = look().map_err(storage("find a transaction"))?;
        Ok(found.filter(|location| location.height >= self.first()))
    }

    /// Where the event lies that closed an order.
    pub(crate) fn receipt(&self, order: OrderId) -> Result<Option<Location>, HistoryError> {
        let read = || -> Result<Option<Location>, redb::Error> {
            let receipts = self.database.begin_read()?.open_table(RECEIPTS)?;
            let found = receipts.get(order.as_bytes())?;
            Ok(found.map(|found| {
                let (height, index) = found.value();
                Location {
                    height: Height::new(height),
                    index,
                }
            }))
        };
        read().map_err(storage("find a receipt"))
    }

    /// The events about an order, oldest first, after `after`.
    pub(crate) fn order_events(
        &self,
        order: OrderId,
        after: Option<Location>,
    ) -> Result<Vec<Location>, HistoryError> {
        let read = || -> Result<Vec<Location>, redb::Error> {
            let table = self.database.begin_read()?.open_table(ORDER_EVENTS)?;
            let key = *order.as_bytes();
            let mut found = Vec::new();
            for row in table.range(page(key, after))?.take(PAGE_ROWS_MAX) {
                let (_, height, index) = row?.0.value();
                found.push(Location {
                    height: Height::new(height),
                    index,
                });
            }
            Ok(found)
        };
        read().map_err(storage("list an order's events"))
    }

    /// The orders an account placed or was drawn for, newest first, before `before`, at most `limit`: each
    /// where that happened first.
    pub(crate) fn account_orders(
        &self,
        account: AccountId,
        before: Option<Location>,
        limit: usize,
    ) -> Result<Vec<(Location, OrderId)>, HistoryError> {
        let read = || -> Result<Vec<(Location, OrderId)>, redb::Error> {
            let transaction = self.database.begin_read()?;
            let table = transaction.open_table(ACCOUNT_ORDERS)?;
            let events = transaction.open_table(ORDER_EVENTS)?;
            let account = *account.as_bytes();
            let until = before.map_or((account, u64::MAX, u32::MAX), |before| {
                (account, before.height.get(), before.index)
            });
            let mut found = Vec::new();
            for row in table.range((account, 0, 0)..until)?.rev() {
                let (key, order) = row?;
                let ((_, height, index), order) = (key.value(), order.value());
                // Drawn again for an order of earlier: the rows since the order began hold it once more.
                let mut about = events.range((order, 0, 0)..=(order, height, index))?;
                let began = about.next().transpose()?.map(|(key, _)| key.value());
                let (_, begun, first) = began.unwrap_or((order, height, index));
                let mut is_first = true;
                for row in table
                    .range((account, begun, first)..(account, height, index))?
                    .take(PAGE_ROWS_MAX)
                {
                    is_first &= row?.1.value() != order;
                }
                if is_first {
                    let height = Height::new(height);
                    found.push((Location { height, index }, OrderId::new(order)));
                }
                if found.len() >= limit.min(PAGE_ROWS_MAX) {
                    break;
                }
            }
            Ok(found)
        };
        read().map_err(storage("list an account's orders"))
    }
}

fn write_block(
    transaction: &redb::WriteTransaction,
    id: BlockId,
    block: &Block,
    result: &BlockResult,
) -> Result<(), redb::Error> {
    let height = block.header.height.get();
    transaction
        .open_table(TIP)?
        .insert((), (height, *id.as_bytes()))?;
    transaction
        .open_table(RESULTS)?
        .insert(height, (*id.as_bytes(), stored_bytes(result).as_slice()))?;
    let mut receipts = transaction.open_table(RECEIPTS)?;
    let mut order_events = transaction.open_table(ORDER_EVENTS)?;
    let mut account_orders = transaction.open_table(ACCOUNT_ORDERS)?;
    for (index, event) in (0u32..).zip(&result.events) {
        let Some(order) = event.order() else { continue };
        order_events.insert((*order.as_bytes(), height, index), ())?;
        let party = match event {
            Event::Closed { .. } => {
                receipts.insert(order.as_bytes(), (height, index))?;
                None
            }
            Event::OrderPlaced { buyer, .. } => Some(buyer),
            Event::Assigned { seller, .. } => Some(seller),
            _ => None,
        };
        if let Some(party) = party {
            account_orders.insert((*party.as_bytes(), height, index), order.as_bytes())?;
        }
    }
    Ok(())
}

fn page(
    key: [u8; 32],
    after: Option<Location>,
) -> (
    std::ops::Bound<([u8; 32], u64, u32)>,
    std::ops::Bound<([u8; 32], u64, u32)>,
) {
    use std::ops::Bound::{Excluded, Included};
    let from = after.map_or(Included((key, 0, 0)), |after| {
        Excluded((key, after.height.get(), after.index))
    });
    (from, Included((key, u64::MAX, u32::MAX)))
}

fn storage(attempt: &'static str) -> impl Fn(redb::Error) -> HistoryError {
    move |source| HistoryError::Storage {
        attempt,
        source: Box::new(source),
    }
}

/// Bounds a decoder, not a block: no block holds as many events.
const ITEMS_MAX: usize = 1 << 24;

/// An outcome as it is stored.
struct StoredOutcome(Outcome);

impl Write for StoredOutcome {
    fn write(&self, buf: &mut impl bytes::BufMut) {
        self.0.transaction.write(buf);
        self.0.fee.write(buf);
        self.0.tip.write(buf);
        self.0.rejection.write(buf);
        self.0.first_event.write(buf);
        self.0.event_count.write(buf);
    }
}

impl EncodeSize for StoredOutcome {
    fn encode_size(&self) -> usize {
        self.0.transaction.encode_size()
            + self.0.fee.encode_size()
            + self.0.tip.encode_size()
            + self.0.rejection.encode_size()
            + self.0.first_event.encode_size()
            + self.0.event_count.encode_size()
    }
}

impl Read for StoredOutcome {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self(Outcome {
            transaction: TxId::read(buf)?,
            fee: Amount::read(buf)?,
            tip: Amount::read(buf)?,
            rejection: Option::read(buf)?,
            first_event: u32::read(buf)?,
            event_count: u32::read(buf)?,
        }))
    }
}

/// A block's results as they are stored.
struct Stored(BlockResult);

impl Read for Stored {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let range = RangeCfg::from(0..=ITEMS_MAX);
        let outcomes: Vec<StoredOutcome> = Vec::read_cfg(buf, &(range, ()))?;
        let events = Vec::read_cfg(buf, &(range, ()))?;
        let outcomes = outcomes.into_iter().map(|stored| stored.0).collect();
        Ok(Self(BlockResult { outcomes, events }))
    }
}

fn stored_bytes(result: &BlockResult) -> Vec<u8> {
    let outcomes: Vec<StoredOutcome> = result.outcomes.iter().copied().map(StoredOutcome).collect();
    let mut bytes = Vec::with_capacity(outcomes.encode_size() + result.events.encode_size());
    outcomes.write(&mut bytes);
    result.events.write(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
