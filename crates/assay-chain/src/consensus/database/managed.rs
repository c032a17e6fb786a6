//! The database as consensus manages it: Commonware's `current` adapter with a policy of ours for the floor.
//!
//! QMDB is a log of operations with an inactivity floor: everything below it was replaced and may be pruned.
//! A batch advances the floor by moving rows that are still current from there to the log's end. Commonware's
//! adapter (`commonware-glue`, `stateful/db/current.rs`) moves one row for each that the batch replaces, so a
//! block pays for twice as many operations as it has rows. [`Quarter`] moves one for every four.
//!
//! How long the log grows: let a block replace r rows and move m = r/4, so that r + m operations are added. In
//! the long run the floor passes as many, of which m were current: the part of the log at the floor is one
//! fifth current. With rows replaced at random the log settles at about 2.2 operations a row instead of 1.4.
//! At worst, where most rows never change, a move of a row that nobody touches lengthens the log by one and
//! shortens it by none, until the floor has gone once round them: five operations a row instead of three.
//!
//! The policy enters the operations and so the state root: it is protocol, like the rules.

use super::{super::recorder::Recorded, Config, Key, Operation, Qmdb, Row, Value};
use commonware_cryptography::{Blake3, blake3::Digest};
use commonware_glue::stateful::db::{
    BatchContext, InitError, ManagedDb, Merkleized, Shared, StateSyncDb, SyncEngineConfig,
    Unmerkleized,
};
use commonware_parallel::Strategy;
use commonware_runtime::{Handle, Spawner};
use commonware_storage::{
    Context,
    merkle::Location,
    mmr::{self, Family},
    qmdb::{
        Error,
        any::{initial_root, ordered, value::VariableEncoding},
        current::batch::{MerkleizedBatch, Slot, UnmerkleizedBatch},
        floor::{Decision, Entry, Limits, Policy},
        sync::{self, Request, Source, SourceFor, Target, source},
    },
};
use commonware_utils::{
    channel::{mpsc, ring},
    non_empty_range,
};
use std::{
    collections::HashSet,
    num::NonZeroU64,
    ops::{Deref, Range},
    sync::Arc,
};

/// How many rows a batch replaces for each that it moves.
const REPLACED_PER_MOVED: usize = 4;

type Update = ordered::Update<Key, VariableEncoding<Value>>;

/// Moves one current row for every [`REPLACED_PER_MOVED`] that a batch replaces, and one more, so that the
/// floor of a database that only grows advances too.
#[derive(Debug, Clone, Copy)]
struct Quarter;

impl Policy<Family, Key, Value> for Quarter {
    fn evicts(&self) -> bool {
        false
    }

    fn limits(&self, made_inactive: usize) -> Limits {
        Limits {
            entries: made_inactive / REPLACED_PER_MOVED + 1,
            skips: u64::MAX,
        }
    }

    fn decide<'a>(&mut self, entry: Entry<'a, Family, Key, Value>) -> Decision<'a, Value> {
        entry.keep()
    }
}

/// The database of one node over runtime `E`, merkleising with strategy `S`.
pub(crate) struct Database<E: Context, S: Strategy> {
    qmdb: Qmdb<E, S>,
    /// A block is durable here only when it is there too.
    recorded: Recorded,
}

impl<E: Context, S: Strategy> Deref for Database<E, S> {
    type Target = Qmdb<E, S>;
    fn deref(&self) -> &Qmdb<E, S> {
        &self.qmdb
    }
}

/// Operations read at once when all rows are read.
const OPERATIONS_AT_ONCE: u64 = 1 << 14;

impl<E: Context, S: Strategy> Database<E, S> {
    /// Commonware's database, to be taken apart.
    pub(crate) fn into_inner(self) -> Qmdb<E, S> {
        self.qmdb
    }

    /// Every row, each once, in no particular order.
    ///
    /// Reads the log from its end down to the floor and keeps the last operation of each key, so that the
    /// disk is read in long pieces; by key, each row would be a read of its own.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn rows(&self) -> Result<Vec<Value>, Error<Family>> {
        self.rows_by(OPERATIONS_AT_ONCE).await
    }

    /// The same with so many operations a read.
    async fn rows_by(&self, at_once: u64) -> Result<Vec<Value>, Error<Family>> {
        let Range {
            start: mut floor,
            end: size,
        } = self.qmdb.bounds();
        let mut end = size;
        let mut last_commit = true;
        let (mut rows, mut seen) = (Vec::new(), HashSet::new());
        while end > floor {
            let start = end.saturating_sub(at_once).max(floor);
            let count = NonZeroU64::new(*end - *start).unwrap_or(NonZeroU64::MIN);
            // The proof that comes with them costs little beside so many.
            let (_, operations) = self.qmdb.ops_historical_proof(size, start, count).await?;
            for operation in operations.into_iter().rev() {
                match operation {
                    Operation::Update(update) => {
                        if seen.insert(update.key) {
                            rows.push(update.value);
                        }
                    }
                    Operation::Delete(key) => {
                        seen.insert(key);
                    }
                    Operation::CommitFloor(_, location) => {
                        if std::mem::take(&mut last_commit) {
                            floor = floor.max(location);
                        }
                    }
                }
            }
            end = start;
        }
        Ok(rows)
    }
}

/// The rows of a block, to be sealed above some state of the database.
pub(crate) struct Batch<E: Context, S: Strategy> {
    batch: UnmerkleizedBatch<Family, Blake3, Update, { super::CHUNK }, S>,
    database: Shared<Database<E, S>>,
    rows: Vec<Row>,
}

impl<E: Context, S: Strategy> Batch<E, S> {
    /// The batch that writes these rows, one a key.
    pub(super) fn with_rows(self, rows: Vec<Row>) -> Self {
        Self { rows, ..self }
    }
}

/// A sealed block: its operations and their roots.
pub(crate) struct Sealed<E: Context, S: Strategy> {
    batch: Arc<MerkleizedBatch<Family, Digest, Update, { super::CHUNK }, S>>,
    database: Shared<Database<E, S>>,
}

impl<E: Context, S: Strategy> Clone for Sealed<E, S> {
    fn clone(&self) -> Self {
        Self {
            batch: self.batch.clone(),
            database: self.database.clone(),
        }
    }
}

impl<E: Context, S: Strategy> Deref for Sealed<E, S> {
    type Target = MerkleizedBatch<Family, Digest, Update, { super::CHUNK }, S>;
    fn deref(&self) -> &Self::Target {
        &self.batch
    }
}

impl<E: Context + Spawner, S: Strategy> Unmerkleized for Batch<E, S> {
    type Merkleized = Sealed<E, S>;
    type Error = Error<Family>;

    async fn merkleize(self) -> Result<Sealed<E, S>, Error<Family>> {
        let Self {
            batch,
            database,
            rows,
        } = self;
        let mut keys = Vec::with_capacity(rows.len());
        let mut slots = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            keys.push(Key::new(*key.as_bytes()));
            slots.push(value.map_or(Slot::Delete, Slot::Put));
        }
        let batch = {
            let database = database.read().await;
            // Reading the old rows first, all at once, spares a second search for each of them.
            let keys: Vec<&Key> = keys.iter().collect();
            let (_, staged) = batch.stage(&keys, &database).await?;
            staged
                .merkleize(slots, Vec::new(), None, &database, &mut Quarter)
                .await?
        };
        Ok(Sealed { batch, database })
    }
}

impl<E: Context + Spawner, S: Strategy> Merkleized for Sealed<E, S> {
    type Digest = Digest;
    type Unmerkleized = Batch<E, S>;

    fn root(&self) -> Digest {
        self.batch.root()
    }

    fn new_batch(&self) -> Batch<E, S> {
        Batch {
            batch: self.batch.new_batch::<Blake3>(),
            database: self.database.clone(),
            rows: Vec::new(),
        }
    }
}

impl<E: Context + Spawner, S: Strategy> ManagedDb<E> for Database<E, S> {
    type Unmerkleized = Batch<E, S>;
    type Merkleized = Sealed<E, S>;
    type Error = Error<Family>;
    type Config = Config<S>;
    type SyncTarget = Target<Family, Digest>;

    async fn init(
        context: E,
        config: Config<S>,
        expected: Option<Self::SyncTarget>,
    ) -> Result<Self, InitError<Error<Family>, Self::SyncTarget>> {
        let Config { qmdb, recorded } = config;
        let end = expected.as_ref().map(|target| target.range.end());
        let qmdb = Qmdb::init(context, qmdb, end)
            .await
            .map_err(InitError::Database)?;
        let database = Self { qmdb, recorded };
        let recovered = database.sync_target();
        match expected {
            Some(expected) if expected != recovered => Err(InitError::TargetMismatch {
                expected,
                recovered,
            }),
            _ => Ok(database),
        }
    }

    fn initial_sync_target() -> Self::SyncTarget {
        Target::new(
            initial_root::<Family, Update, Blake3>(),
            non_empty_range!(Location::<Family>::new(0), Location::<Family>::new(1)),
        )
    }

    fn new_batch(database: BatchContext<'_, Self>) -> Batch<E, S> {
        let (database, shared) = database.into_parts();
        Batch {
            batch: database.qmdb.new_batch(),
            database: shared,
            rows: Vec::new(),
        }
    }

    fn matches_sync_target(batch: &Sealed<E, S>, target: &Self::SyncTarget) -> bool {
        batch.ops_root() == target.root
            && *target.range.start() == batch.sync_boundary()
            && *target.range.end() == batch.bounds().tip.size
    }

    async fn apply(self, batch: Sealed<E, S>) -> Result<Self, Error<Family>> {
        let Self { qmdb, recorded } = self;
        let qmdb = qmdb.apply_batch(batch.batch).await?;
        Ok(Self { qmdb, recorded })
    }

    async fn finalize(self) -> Result<(Self, Handle<()>), Error<Family>> {
        let Self { qmdb, recorded } = self;
        let (qmdb, durable) = qmdb.start_sync().await?;
        let all = recorded.all();
        let durable = Handle::from_future(async move {
            durable.await?;
            all.await
        });
        Ok((Self { qmdb, recorded }, durable))
    }

    async fn prune(self, target: &Self::SyncTarget) -> Result<Self, Error<Family>> {
        let Self { qmdb, recorded } = self;
        let qmdb = qmdb.prune((*target.range.start()).into()).await?;
        Ok(Self { qmdb, recorded })
    }

    fn sync_target(&self) -> Self::SyncTarget {
        let bounds = self.qmdb.bounds();
        Target::new(
            self.qmdb.ops_root(),
            non_empty_range!(self.qmdb.sync_boundary(), bounds.end),
        )
    }
}

impl<E, R, S> StateSyncDb<E, R> for Database<E, S>
where
    E: Context + Spawner,
    S: Strategy,
    R: SourceFor<Qmdb<E, S>>,
{
    type SyncError = sync::Error<Family, R::Error, Digest>;

    async fn sync_db(
        context: E,
        config: Config<S>,
        source: R,
        target: Self::SyncTarget,
        tip_updates: ring::Receiver<Self::SyncTarget>,
        finish: Option<mpsc::Receiver<()>>,
        reached_target: Option<ring::Sender<Self::SyncTarget>>,
        engine: SyncEngineConfig,
    ) -> Result<Self, Self::SyncError> {
        let Config { qmdb, recorded } = config;
        let engine = sync::engine::Config {
            context,
            source,
            target,
            max_outstanding_requests: engine.max_outstanding_requests,
            fetch_batch_size: engine.fetch_batch_size,
            apply_batch_size: engine.apply_batch_size,
            db_config: qmdb,
            update_rx: Some(tip_updates),
            finish_rx: finish,
            reached_target_tx: reached_target,
        };
        let qmdb = sync::sync(engine).await?;
        Ok(Self { qmdb, recorded })
    }
}

impl<E: Context + Spawner, S: Strategy> Source for Database<E, S> {
    type Family = mmr::Family;
    type Digest = Digest;
    type Op = <Qmdb<E, S> as Source>::Op;
    type Error = <Qmdb<E, S> as Source>::Error;

    async fn serve(&self, request: Request<Family>) -> source::Result<Self> {
        self.qmdb.serve(request).await
    }
}

#[cfg(test)]
mod tests;
