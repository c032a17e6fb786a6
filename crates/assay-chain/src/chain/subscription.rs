//! Following the chain: pulled, so a slow reader costs nothing and misses nothing.

use super::{ChainError, FinalizedBlock, Inner};
use assay_types::Height;
use commonware_utils::channel::watch;
use futures::{Stream, future::select};
use std::sync::Arc;

/// Final blocks in order, from some height on.
pub struct Subscription {
    chain: Arc<Inner>,
    next: Height,
    finalized: watch::Receiver<Height>,
    ended: watch::Receiver<bool>,
}

impl Subscription {
    pub(super) fn new(chain: Arc<Inner>, from: Height) -> Self {
        let (finalized, ended) = (chain.core.finalized(), chain.core.ended());
        // Genesis is no block that anyone voted on.
        Self {
            chain,
            next: from.max(Height::ZERO.next()),
            finalized,
            ended,
        }
    }

    /// The next final block; waits for it. Cancelling loses nothing.
    ///
    /// # Errors
    /// [`ChainError`]; the next call tries the same block again.
    pub async fn next(&mut self) -> Result<Arc<FinalizedBlock>, ChainError> {
        loop {
            if *self.finalized.borrow_and_update() >= self.next
                && let Some(block) = self.chain.block(self.next).await?
            {
                self.next = self.next.next();
                return Ok(block);
            }
            if *self.ended.borrow_and_update() {
                return Err(ChainError::Stopped);
            }
            let advanced = std::pin::pin!(self.finalized.changed());
            let ended = std::pin::pin!(self.ended.changed());
            // Both senders live as long as the chain that is held here.
            select(advanced, ended).await;
        }
    }

    /// Goes on from `height`, for who asked for blocks that are no longer kept.
    pub fn skip_to(&mut self, height: Height) {
        self.next = self.next.max(height);
    }

    /// As a stream, which ends with the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Arc<FinalizedBlock>, ChainError>> + Send {
        futures::stream::unfold(Some(self), |subscription| async move {
            let mut subscription = subscription?;
            let item = subscription.next().await;
            let rest = item.is_ok().then_some(subscription);
            Some((item, rest))
        })
    }
}
