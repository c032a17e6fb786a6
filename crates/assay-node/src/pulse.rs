//! When the last block became final, by this machine's monotonic clock.

use assay_chain::Subscription;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// The moment of the last final block.
#[derive(Debug, Clone)]
pub(crate) struct Pulse(Arc<Mutex<Instant>>);

impl Pulse {
    /// As if a block had become final now.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// Time since the last final block.
    pub(crate) fn block_age(&self) -> Duration {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// Feels the pulse until stopped or the chain ends.
    pub(crate) async fn follow(self, mut blocks: Subscription, stop: CancellationToken) {
        while let Some(Ok(_)) = stop.run_until_cancelled(blocks.next()).await {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }
}
