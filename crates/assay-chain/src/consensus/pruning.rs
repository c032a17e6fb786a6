//! Pruning: a node that is no archive forgets the blocks behind its window.
//!
//! The index forgets first, from the blocks themselves; the logs of blocks and certificates follow at their
//! own pace, in sections, and never past the index ([`super::archive`]). So whatever the index answers with
//! can be read and proven, and an answer about older heights says where to ask.

use super::engine::{Marshal, block_at};
use crate::{consensus::archive::Retention, core::Core};
use assay_types::{Block, Height};
use commonware_runtime::Spawner;
use std::sync::Arc;

/// Blocks forgotten at once: the index is written once for so many of an idle chain.
#[cfg(not(test))]
const BATCH_BLOCKS: u64 = 256;
#[cfg(test)]
const BATCH_BLOCKS: u64 = 8;
/// Transactions forgotten at once. Recording the next final block waits for the write, so it must be short.
const BATCH_TRANSACTIONS: usize = 4_096;

/// Starts to forget what falls out of the window.
pub(crate) fn start<E: Spawner>(
    context: E,
    core: Arc<Core>,
    marshal: Marshal,
    retention: Retention,
) {
    let Retention::Window { blocks } = retention else {
        return;
    };
    context.spawn(move |context| async move {
        let mut finalized = core.finalized();
        loop {
            let tip = finalized.borrow_and_update().get();
            let keep_from = Height::new(tip.saturating_sub(blocks).saturating_add(1));
            while core.history.first().get().saturating_add(BATCH_BLOCKS) <= keep_from.get() {
                if let Err(error) = forget(&context, &core, &marshal, keep_from).await {
                    tracing::error!("old blocks stay until the next start: {error}");
                    return;
                }
            }
            if finalized.changed().await.is_err() {
                return;
            }
        }
    });
}

/// Why old blocks cannot be forgotten.
#[derive(Debug, thiserror::Error)]
enum PruneError {
    #[error("block {height} is not in the log; restore the data folder from a copy or sync again")]
    Missing { height: Height },
    #[error(transparent)]
    History(#[from] crate::history::HistoryError),
    #[error("the node is stopping")]
    Stopping,
}

/// Forgets one batch below `keep_from`.
async fn forget<E: Spawner>(
    context: &E,
    core: &Arc<Core>,
    marshal: &Marshal,
    keep_from: Height,
) -> Result<(), PruneError> {
    let mut batch: Vec<Block> = Vec::new();
    let mut transactions = 0;
    let mut height = core.history.first();
    while height < keep_from
        && (batch.len() as u64) < BATCH_BLOCKS
        && transactions < BATCH_TRANSACTIONS
    {
        let block = block_at(marshal, height).await;
        let block = block.ok_or(PruneError::Missing { height })?;
        transactions += block.transactions.len();
        batch.push(block);
        height = height.next();
    }
    // Writing waits for the disk, so it has a thread of its own.
    let core = core.clone();
    let forgetting = context
        .child("forget")
        .shared(true)
        .spawn(move |_| async move { core.history.forget(&batch) });
    Ok(forgetting.await.map_err(|_| PruneError::Stopping)??)
}
