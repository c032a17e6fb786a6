//! Which content is kept, and until when, as the chain tells it.
//!
//! An order's input is kept from its placement until [`CONTENT_RETENTION_MS`] after its end; what a
//! registered model names is kept for ever; an upload that nothing names goes when its lease ends. Answers
//! need no keeping: they travel in transactions, which blocks keep.
//!
//! The keeper follows the chain from a cursor in the data folder. Pinning again changes nothing, so the
//! cursor may lag behind after a crash; it is written when the keeper is idle or ends. Content is only
//! collected by the keeper itself, after the blocks up to then have been followed.

use crate::api::quota::Quota;
use assay_chain::{ChainError, FinalizedBlock, Subscription};
use assay_content::{CONTENT_RETENTION_MS, Error, Owner, Store};
use assay_types::{ContentId, Event, Height, LedgerTime, Terms};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Ledger time between collections, in milliseconds. Each walks the table of pins.
const COLLECT_EVERY_MS: u64 = 60_000;
/// Blocks between writes of the cursor: what a crash makes the keeper repeat.
const CURSOR_EVERY_BLOCKS: u64 = 64;
/// Pause before a failed pin is tried again: somebody must free space first.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

const CURSOR_FILE: &str = "content-cursor";

/// Follows the chain and pins.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Store,
    quota: Arc<Quota>,
    cursor: PathBuf,
    stop: CancellationToken,
}

impl Keeper {
    pub(crate) fn new(
        store: Store,
        quota: Arc<Quota>,
        data_dir: &Path,
        stop: CancellationToken,
    ) -> Self {
        Self {
            store,
            quota,
            cursor: data_dir.join(CURSOR_FILE),
            stop,
        }
    }

    /// The first block that may not have been followed yet.
    pub(crate) async fn resume_from(&self) -> Height {
        let text = tokio::fs::read_to_string(&self.cursor)
            .await
            .unwrap_or_default();
        Height::new(text.trim().parse().unwrap_or_default()).next()
    }

    /// Follows `blocks` until stopped or the chain ends.
    pub(crate) async fn run(self, mut blocks: Subscription) {
        let mut collected_at = LedgerTime::default();
        let mut followed = Height::default();
        let mut written = Height::default();
        loop {
            let block = tokio::select! {
                () = self.stop.cancelled() => break,
                block = blocks.next() => block,
            };
            let block = match block {
                Ok(block) => block,
                Err(ChainError::Stopped) => break,
                Err(ChainError::NotKept { height, first }) => {
                    tracing::warn!(%height, %first, "content of pruned blocks is not pinned");
                    blocks.skip_to(first);
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "content is not pinned while blocks cannot be read");
                    if self.pause().await { continue } else { break }
                }
            };
            if !self.follow(&block).await {
                break;
            }
            let header = &block.block.header;
            followed = header.height;
            if followed.get().saturating_sub(written.get()) >= CURSOR_EVERY_BLOCKS {
                self.write_cursor(followed).await;
                written = followed;
            }
            if header.time.since(collected_at) >= COLLECT_EVERY_MS {
                collected_at = header.time;
                self.collect(header.time).await;
            }
        }
        if followed > written {
            self.write_cursor(followed).await;
        }
    }

    /// Pins what a block asks for, trying until it succeeds; `false` when stopped meanwhile.
    async fn follow(&self, block: &FinalizedBlock) -> bool {
        for (content, owner, until) in block.result.events.iter().flat_map(pins) {
            while let Err(error) = self.store.pin(content, owner, until).await {
                tracing::error!(%error, %content, "a content cannot be pinned yet");
                if matches!(error, Error::TooManyPins { .. }) {
                    self.collect(block.block.header.time).await;
                }
                if !self.pause().await {
                    return false;
                }
            }
            self.quota.named(content);
        }
        true
    }

    async fn collect(&self, now: LedgerTime) {
        self.quota.collect(now);
        match self.store.collect(now).await {
            Ok(collected) => tracing::debug!(?collected, "content was collected"),
            Err(error) => tracing::error!(%error, "content cannot be collected"),
        }
    }

    /// Waits before another try; `false` when stopped.
    async fn pause(&self) -> bool {
        self.stop
            .run_until_cancelled(tokio::time::sleep(RETRY_PAUSE))
            .await
            .is_some()
    }

    async fn write_cursor(&self, height: Height) {
        let unfinished = self.cursor.with_extension("tmp");
        let written = async {
            tokio::fs::write(&unfinished, height.to_string()).await?;
            tokio::fs::rename(&unfinished, &self.cursor).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "the content cursor cannot be written; a restart repeats more");
        }
    }
}

/// What an event says about content.
fn pins(event: &Event) -> Vec<(ContentId, Owner, LedgerTime)> {
    match event {
        Event::OrderPlaced { order, terms, .. } => {
            let Terms { work, .. } = terms;
            vec![(
                work.input().content(),
                Owner::Order(*order),
                LedgerTime::MAX,
            )]
        }
        Event::Closed { receipt } => {
            let until = receipt.closed_at.after(CONTENT_RETENTION_MS);
            let input = receipt.work.input().content();
            vec![(input, Owner::Order(receipt.order), until)]
        }
        Event::ModelRegistered {
            model,
            manifest,
            program,
            ..
        } => [manifest, program]
            .map(|id| (*id, Owner::Model(*model), LedgerTime::MAX))
            .to_vec(),
        _ => Vec::new(),
    }
}
