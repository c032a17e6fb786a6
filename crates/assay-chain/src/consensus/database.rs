//! The authenticated database: QMDB `current` over 32-byte keys and variable values.
//!
//! Its root stands in every header, so each row has an inclusion or exclusion proof against a finalised
//! block. The tables the ledger executes on live in memory; this database receives one sorted diff per
//! block, in one batch, and a start loads the tables back from it. A root depends on the history of
//! batches, so a different batching of the same rows is a different chain.

mod managed;

use super::recorder::Recorded;
use crate::folder::Folder;
use assay_ledger::{Row, RowBytes};
use assay_types::Genesis;
use commonware_codec::RangeCfg;
use commonware_cryptography::{Blake3, blake3::Digest};
use commonware_glue::stateful::db::{DatabaseSet, Shared, Unmerkleized as _};
use commonware_parallel::Strategy;
use commonware_runtime::{Spawner, buffer::paged::CacheRef};
use commonware_storage::{
    Context,
    journal::contiguous::variable::Config as LogConfig,
    merkle::full::Config as MmrConfig,
    mmr,
    qmdb::{
        any::{ordered::variable, value::VariableEncoding},
        current::{VariableConfig, ordered},
    },
    translator::EightCap,
};
use commonware_utils::{NZU16, NZU64, NZUsize, sequence::FixedBytes};
use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};

pub(crate) use managed::Database;

/// Longest value of a row in bytes. The largest row is an order with its check state, its seats and those
/// excluded from it, some 24 KiB; outputs and evidence never enter the state.
pub(crate) const ROW_BYTES_MAX: usize = 1 << 16;

/// Bytes per chunk of the activity bitmap: a power of two and a multiple of the digest size.
pub(crate) const CHUNK: usize = 32;

/// Write and replay buffers of logs.
pub(crate) const IO_BUFFER: NonZeroUsize = NZUsize!(1 << 20);

/// Operations per log section; a section is the unit in which pruning frees space.
const OPERATIONS_PER_SECTION: NonZeroU64 = NZU64!(1 << 16);

/// A state key as the database sees it.
pub(crate) type Key = FixedBytes<32>;
/// A row as the database sees it.
pub(crate) type Value = RowBytes;
/// Where and how Commonware's database lies.
pub(crate) type QmdbConfig<S> = VariableConfig<EightCap, ((), (RangeCfg<usize>, ())), S>;
/// The same, and what else must be durable before a block is.
pub(crate) struct Config<S: Strategy> {
    pub(crate) qmdb: QmdbConfig<S>,
    pub(crate) recorded: Recorded,
}
/// Commonware's database.
pub(crate) type Qmdb<E, S> =
    ordered::variable::Db<mmr::Family, E, Key, Value, Blake3, EightCap, CHUNK, S>;
/// One logged operation.
pub(crate) type Operation = variable::Operation<mmr::Family, Key, Value>;
/// The shared handle that consensus applies batches to.
pub(crate) type Databases<E, S> = Shared<Database<E, S>>;
/// A proof that a key has a value.
pub(crate) type InclusionProof =
    ordered::proof::constant::KeyValueProof<mmr::Family, Key, Digest, CHUNK>;
/// A proof that a key has none.
pub(crate) type ExclusionProof = ordered::proof::constant::ExclusionProof<
    mmr::Family,
    Key,
    VariableEncoding<Value>,
    Digest,
    CHUNK,
>;

/// Codec limits of an operation.
pub(crate) fn operation_codec() -> ((), (RangeCfg<usize>, ())) {
    ((), (RangeCfg::from(0..=ROW_BYTES_MAX), ()))
}

/// Bytes of a cached page.
const PAGE_BYTES: NonZeroU16 = NZU16!(4096);
/// Smallest page cache: a small state and the ends of the logs.
const PAGE_CACHE_BYTES_MIN: u64 = 64 << 20;
/// Largest page cache; some three million accounts.
const PAGE_CACHE_BYTES_MAX: u64 = 1 << 30;

/// The page cache shared by all stores of a node.
///
/// Each changed row has its predecessor read from the log, and a page that is not here comes from the disk,
/// for Commonware reads past the system's cache. So it should hold the log of the state, `log_bytes`, and a
/// fifth more to grow; it takes its memory at once.
pub(crate) fn page_cache(log_bytes: u64) -> CacheRef {
    let wanted = log_bytes.saturating_add(log_bytes / 5);
    let bytes = wanted.clamp(PAGE_CACHE_BYTES_MIN, PAGE_CACHE_BYTES_MAX);
    let pages = usize::try_from(bytes / u64::from(PAGE_BYTES.get())).ok();
    CacheRef::new(
        PAGE_BYTES,
        pages
            .and_then(NonZeroUsize::new)
            .unwrap_or(NonZeroUsize::MIN),
    )
}

/// Bytes of the operation that writes an account, of which there are most.
const OPERATION_BYTES: u64 = 130;

/// Bytes that the log of `accounts` accounts comes to: about 2.2 operations each ([`managed`]).
const fn log_bytes_of(accounts: usize) -> u64 {
    (accounts as u64).saturating_mul(OPERATION_BYTES * 22 / 10)
}

/// Bytes of the log of the state that `folder` holds under `partition`, or will hold after genesis.
pub(crate) fn log_bytes(folder: &Folder, partition: &str, genesis: &Genesis) -> u64 {
    let stored = folder.stored_bytes(&log_partition(partition));
    stored.max(log_bytes_of(genesis.allocations.len()))
}

/// The folders of a database's log within the runtime's storage begin with this.
fn log_partition(partition: &str) -> String {
    format!("{partition}-log")
}

/// Fewest keys that a start remembers with their places in the log.
const INIT_CACHE_MIN: u64 = 1 << 16;
/// Most keys that it remembers; 41 bytes each while the database is opened.
const INIT_CACHE_MAX: u64 = 1 << 22;

/// How many keys opening a log of `log_bytes` should remember: all of its operations, for where a later one
/// replaces one that was forgotten, the key of that is read from the disk.
fn init_cache(log_bytes: u64) -> Option<NonZeroUsize> {
    let operations = log_bytes / OPERATION_BYTES;
    let keys = operations.clamp(INIT_CACHE_MIN, INIT_CACHE_MAX);
    usize::try_from(keys).ok().and_then(NonZeroUsize::new)
}

/// Where and how the database of `partition` lies, whose log takes `log_bytes`; nobody records its blocks.
pub(crate) fn config<S: Strategy>(
    partition: &str,
    page_cache: &CacheRef,
    log_bytes: u64,
    strategy: S,
) -> Config<S> {
    let qmdb = VariableConfig {
        merkle_config: MmrConfig {
            journal_partition: format!("{partition}-mmr-journal"),
            metadata_partition: format!("{partition}-mmr-metadata"),
            items_per_blob: OPERATIONS_PER_SECTION,
            write_buffer: IO_BUFFER,
            replay_buffer: IO_BUFFER,
            strategy,
            page_cache: page_cache.clone(),
        },
        journal_config: LogConfig {
            partition: log_partition(partition),
            items_per_section: OPERATIONS_PER_SECTION,
            compression: None,
            codec_config: operation_codec(),
            page_cache: page_cache.clone(),
            write_buffer: IO_BUFFER,
            replay_buffer: IO_BUFFER,
        },
        grafted_metadata_partition: format!("{partition}-grafted"),
        translator: EightCap,
        init_cache: init_cache(log_bytes),
        init_buffer: NZUsize!(1 << 21),
        init_concurrency: (),
    };
    let recorded = Recorded::default();
    Config { qmdb, recorded }
}

/// A batch on some state of the database.
pub(crate) type Unmerkleized<E, S> = <Databases<E, S> as DatabaseSet<E>>::Unmerkleized;
/// A batch with its roots.
pub(crate) type Merkleized<E, S> = <Databases<E, S> as DatabaseSet<E>>::Merkleized;

/// Seals a block's rows, sorted by key, in one batch.
///
/// # Panics
/// When a row is longer than [`ROW_BYTES_MAX`], for it could not be read back, or when the disk fails.
pub(crate) async fn merkleize<E: Spawner + Context, S: Strategy>(
    batch: Unmerkleized<E, S>,
    rows: Vec<Row>,
) -> Merkleized<E, S> {
    for (key, value) in &rows {
        let len = value.as_deref().map_or(0, <[u8]>::len);
        assert!(
            len <= ROW_BYTES_MAX,
            "row {key} has {len} bytes, more than can be read back"
        );
    }
    batch
        .with_rows(rows)
        .merkleize()
        .await
        .expect("the authenticated database must accept a batch")
}
