//! Final blocks on their way to readers: recorded in the history, folded into the tables, told to subscribers.
//!
//! `Stateful` builds and checks nothing while its application observes a final block, so the application only
//! hands it over, and a thread of its own does the rest, in order. Blocks that come while the disk works become
//! durable together.
//!
//! Invariant: consensus counts a block as processed only when its results are durable. The application
//! announces each block before the database applies it ([`Recorded::announce`]), and the database is durable
//! only when all announced blocks are recorded ([`Recorded::all`]); see the ordering in [`crate::history`].

use crate::{
    core::{Core, ExecutedBlock},
    history::HistoryError,
};
use commonware_runtime::{Error as RuntimeError, Spawner};
use commonware_utils::channel::{mpsc, watch};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Final blocks that wait for the recorder; then the application waits.
const WAITING_BLOCKS: usize = 4;

/// How many final blocks were announced, and how many of them are durable in the history. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    announced: AtomicU64,
    durable: watch::Sender<u64>,
}

impl Recorded {
    /// Another block will be recorded.
    pub(crate) fn announce(&self) {
        self.0.announced.fetch_add(1, Ordering::Relaxed);
    }

    /// Resolves when every block announced before this call is durable in the history.
    ///
    /// # Errors
    /// [`RuntimeError::Closed`] when nobody is left to record them.
    pub(crate) fn all(&self) -> impl Future<Output = Result<(), RuntimeError>> + Send + 'static {
        let announced = self.0.announced.load(Ordering::Relaxed);
        let mut durable = self.0.durable.subscribe();
        async move {
            let reached = durable.wait_for(|durable| *durable >= announced).await;
            reached.map(|_| ()).map_err(|_| RuntimeError::Closed)
        }
    }

    /// So many more of them are durable.
    pub(crate) fn add(&self, blocks: u64) {
        self.0.durable.send_modify(|durable| *durable += blocks);
    }
}

/// Where the application announces its final blocks and hands them over.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    blocks: mpsc::Sender<Arc<ExecutedBlock>>,
    recorded: Recorded,
}

impl Recorder {
    /// Starts the thread.
    ///
    /// # Panics
    /// The thread does, and takes the runtime with it, when the history cannot be written.
    pub(crate) fn start<E: Spawner>(context: E, core: Arc<Core>, recorded: Recorded) -> Self {
        let (blocks, mut waiting) = mpsc::channel::<Arc<ExecutedBlock>>(WAITING_BLOCKS);
        let counts = recorded.clone();
        context.dedicated().spawn(move |_| async move {
            while let Some(block) = waiting.recv().await {
                if let Err(error) = record(&core, block, &mut waiting, &counts) {
                    panic!("{error}");
                }
            }
        });
        Self { blocks, recorded }
    }

    /// Another block will be handed over; see [`Recorded::announce`].
    pub(crate) fn announce(&self) {
        self.recorded.announce();
    }

    /// Hands a block over, in the order of heights; waits while too many are there.
    pub(crate) async fn record(&self, block: Arc<ExecutedBlock>) {
        // The thread ends with the runtime only; a restart executes the block again.
        let _ = self.blocks.send(block).await;
    }
}

/// Records `block` and those that came meanwhile, then makes them durable.
fn record(
    core: &Core,
    block: Arc<ExecutedBlock>,
    more: &mut mpsc::Receiver<Arc<ExecutedBlock>>,
    recorded: &Recorded,
) -> Result<(), HistoryError> {
    let mut count = 0;
    let mut next = Some(block);
    while let Some(executed) = next {
        let ExecutedBlock { id, block, result } = &*executed;
        core.history.record(*id, block, result)?;
        // In this order a transaction is always waiting, or recorded, or both.
        core.state_mut().finalize(*id);
        let time = block.header.time;
        core.mempool().finalized(&block.transactions, time);
        core.publish(executed);
        count += 1;
        next = more.try_recv().ok();
    }
    core.history.sync()?;
    recorded.add(count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn all_waits_for_what_was_announced_before_and_for_nothing_else() {
        let recorded = Recorded::default();
        assert!(matches!(recorded.all().now_or_never(), Some(Ok(()))));
        recorded.announce();
        recorded.announce();
        let mut two = Box::pin(recorded.all());
        recorded.announce();
        assert!(two.as_mut().now_or_never().is_none());
        recorded.add(1);
        assert!(two.as_mut().now_or_never().is_none());
        recorded.add(1);
        assert!(matches!(two.now_or_never(), Some(Ok(()))));
        assert!(recorded.all().now_or_never().is_none());
    }
}
