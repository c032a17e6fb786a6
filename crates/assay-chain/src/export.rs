//! Export of the state: every row of the ledger at a final block, in one file that anybody can check.
//!
//! The rows come in the order of their keys and one at a time, so memory does not grow with the state. The
//! database's root is compared with the block's header before the first row is written; header and votes stand
//! in the file. The file's digest covers header and rows, not the votes: two nodes that export the same block
//! write the same digest, which is how a reader who trusts neither compares them.
//!
//! What [`check_export`] cannot do is compute the state root from the rows: that root depends on the history
//! of batches that wrote them, not on the rows alone.

mod format;

pub use format::{CheckError, CheckedExport, ExportFormat, Exported, check_export};

use crate::{
    chain::{
        STACK_BYTES,
        node::{PARTITION, Threads},
    },
    consensus::{
        archive::{BlockLog, CertificateLog, Retention},
        database::{self, Databases},
        engine::verifier,
    },
    folder::{Folder, FolderError},
    history::Floor,
    proof::{Certificate, finality},
};
use assay_types::{DESCENDANTS_MAX, Genesis, Hash32, Header, Height, List};
use commonware_consensus::{
    marshal::store::{Blocks as _, Certificates as _},
    types::Height as ConsensusHeight,
};
use commonware_glue::stateful::db::DatabaseSet;
use commonware_parallel::Strategy;
use commonware_runtime::{Runner as _, Spawner, Strategizer as _, Supervisor as _, tokio};
use commonware_storage::{Context, archive::Identifier};
use commonware_utils::NZUsize;
use format::Writer;
use futures::StreamExt as _;
use std::{io, path::Path};

/// Blocks looked at, from the last kept one down, for the one that the database stands at. The database lags
/// behind the log by the blocks whose execution is not durable yet, a few dozen at most.
const LAG_MAX: u64 = 1_024;

/// Why a state was not exported. What was written so far is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A log cannot be read.
    #[error("cannot read {what}: {source}; restore the data folder from a copy")]
    Log {
        /// Which log.
        what: &'static str,
        /// Why.
        source: commonware_storage::archive::Error,
    },
    /// The database cannot be read.
    #[error("cannot read the ledger's rows: {reason}; restore the data folder from a copy")]
    Rows {
        /// Why.
        reason: String,
    },
    /// No block is final yet.
    #[error("no block is final yet in this folder; run the node for a moment first")]
    Empty,
    /// No kept block has the database's root.
    #[error(
        "none of the last blocks up to {last} has the database's root {root}; start the node once, which mends or explains it"
    )]
    NoBlock {
        /// The last kept block.
        last: Height,
        /// What the database says.
        root: Hash32,
    },
    /// The votes on the block, or on one above it, are not kept.
    #[error(
        "the votes that make block {height} final are not kept; run the node for a moment first"
    )]
    NoVotes {
        /// Its height.
        height: Height,
    },
    /// The file cannot be written.
    #[error("cannot write the export: {0}; check permissions and free space")]
    Write(#[from] io::Error),
    /// The thread that exports cannot be started.
    #[error("cannot start the thread of the export: {0}")]
    Thread(io::Error),
    /// The thread that exported panicked.
    #[error("the export failed; the log above says why")]
    Failed,
}

/// Writes the state of the node in `data_dir`, which must not run. Blocks until done; the caller flushes.
///
/// # Errors
/// [`ExportError`]; the node's own data are unchanged in any case.
pub fn export(
    data_dir: &Path,
    genesis: &Genesis,
    format: ExportFormat,
    out: impl io::Write + Send + 'static,
) -> Result<Exported, ExportError> {
    let folder = Folder::open(data_dir, genesis.chain_id())?;
    let log_bytes = database::log_bytes(&folder, PARTITION, genesis);
    let genesis = genesis.clone();
    // A thread of its own, for the caller may be inside another runtime.
    let thread = std::thread::Builder::new()
        .name("assay-export".into())
        .stack_size(STACK_BYTES);
    let exporting = thread.spawn(move || {
        let config = tokio::Config::new().with_storage_directory(folder.stores());
        tokio::Runner::new(config).start(|context| async move {
            let strategy: Threads = context.child("strategy").strategy(NZUsize!(1));
            let runtime = context.child("export");
            let stores = (PARTITION, log_bytes);
            let exported = export_from(&runtime, &genesis, stores, strategy, format, out).await;
            drop(folder);
            exported
        })
    });
    exporting
        .map_err(ExportError::Thread)?
        .join()
        .map_err(|_| ExportError::Failed)?
}

/// Exports from the stores of `partition`, whose log of the state takes `log_bytes`.
pub(crate) async fn export_from<E, S>(
    runtime: &E,
    genesis: &Genesis,
    (partition, log_bytes): (&str, u64),
    strategy: S,
    format: ExportFormat,
    out: impl io::Write,
) -> Result<Exported, ExportError>
where
    E: Spawner + Context,
    S: Strategy,
{
    let page_cache = database::page_cache(log_bytes);
    let failed = |what| move |source| ExportError::Log { what, source };
    // Nothing is pruned here, so whatever is kept is found.
    let (retention, floor) = (Retention::Everything, Floor::default());
    let context = runtime.child("blocks");
    let blocks = BlockLog::open(context, partition, &page_cache, retention, floor.clone())
        .await
        .map_err(failed("the log of blocks"))?;
    let context = runtime.child("certificates");
    let scheme = verifier(genesis);
    let certificates =
        CertificateLog::open(context, partition, &page_cache, retention, floor, &scheme)
            .await
            .map_err(failed("the log of certificates"))?;
    let config = database::config(partition, &page_cache, log_bytes, strategy);
    let context = runtime.child("database");
    let databases = <Databases<E, S> as DatabaseSet<E>>::init(context, config, None).await;
    let database = databases.read().await;
    let root = Hash32::new(database.root().0);

    let last = blocks.last_index().ok_or(ExportError::Empty)?.get();
    let header = async |height: u64| -> Result<Option<Header>, ExportError> {
        let block = blocks.get(Identifier::Index(height)).await;
        let block = block.map_err(failed("the log of blocks"))?;
        Ok(block.map(|block| block.0.header.clone()))
    };
    let mut found = None;
    for height in (last.saturating_sub(LAG_MAX).max(1)..=last).rev() {
        found = header(height)
            .await?
            .filter(|header| header.state_root == root);
        if found.is_some() {
            break;
        }
    }
    let (last, at) = (Height::new(last), found);
    let at = at.ok_or(ExportError::NoBlock { last, root })?;

    let height = at.height;
    let mut descendants = Vec::new();
    let mut above = ConsensusHeight::new(height.get());
    let votes = loop {
        let finalization = certificates.get(Identifier::Index(above.get())).await;
        if let Some(finalization) = finalization.map_err(failed("the log of certificates"))? {
            break finality(&finalization);
        }
        above = above.next();
        match header(above.get()).await? {
            Some(header) if descendants.len() < DESCENDANTS_MAX => descendants.push(header),
            _ => break None,
        }
    };
    let no_votes = ExportError::NoVotes { height };
    let (Some(finality), Ok(descendants)) = (votes, List::new(descendants)) else {
        return Err(no_votes);
    };
    let certificate = Certificate {
        descendants,
        finality,
    };

    let mut writer = Writer::begin(out, format, &at, &certificate)?;
    let mut rows = Box::pin(database.stream_range(..));
    while let Some(row) = rows.next().await {
        let (key, value) = row.map_err(|error| ExportError::Rows {
            reason: error.to_string(),
        })?;
        writer.row(key.as_ref(), &value)?;
    }
    Ok(writer.finish()?)
}
