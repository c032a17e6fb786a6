//! When a block is proposed, and when a block from the future is looked at.
//!
//! A wrapper in front of `Stateful`, because that handles nothing else while it builds: a proposer that
//! waited for work inside the application would hold back the finality of its own parent. So the waiting is
//! done here, and what reaches the application is built and checked at once.
//!
//! A proposer waits for the first of: a transaction that fits, a draw or deadline that is due, the
//! heartbeat. A verifier awaits a header ahead of its clock, after it has checked the step from the parent,
//! so that nobody can make it wait for longer than one step.

use super::block::{ConsensusBlock, Context, id_of};
use crate::{
    core::Core,
    mempool::BlockRoom,
    time::{
        BATCHING_DELAY, DUE_POLL, HEARTBEAT, ledger_time, millis, next_time, step_is_valid,
        system_time,
    },
};
use assay_types::{BLOCK_BYTES_MAX, BlockId, Header, LedgerTime, TRANSACTIONS_PER_BLOCK_MAX};
use commonware_consensus::{
    Application, Handoff, marshal::ancestry::Ancestry, simplex::scheme::ed25519::Scheme,
};
use commonware_cryptography::{Digested, Digestible as _};
use commonware_runtime::Clock;
use futures::{
    StreamExt as _,
    future::{Either, select},
};
use std::{sync::Arc, time::Duration};

/// An application whose proposals and verifications keep the ledger's time.
#[derive(Clone)]
pub(crate) struct Paced<A> {
    inner: A,
    pacer: Pacer,
}

#[derive(Clone)]
struct Pacer {
    core: Arc<Core>,
    #[cfg(test)]
    faults: super::Faults,
}

impl<A> Paced<A> {
    pub(crate) fn new(inner: A, core: Arc<Core>) -> Self {
        let pacer = Pacer {
            core,
            #[cfg(test)]
            faults: super::Faults::default(),
        };
        Self { inner, pacer }
    }

    #[cfg(test)]
    pub(crate) fn with_faults(mut self, faults: super::Faults) -> Self {
        self.pacer.faults = faults;
        self
    }
}

impl Pacer {
    /// Waits until a block above `parent` is worth proposing.
    async fn await_work<E: Clock>(&self, runtime: &E, parent: &Header) {
        let id = parent.id();
        let begun = (self.core.monotonic)();
        let (mut arrivals, mut finalized) = (self.core.arrivals(), self.core.finalized());
        loop {
            arrivals.borrow_and_update();
            finalized.borrow_and_update();
            let Some(rest) = self.rest(runtime, parent, id, begun) else {
                return;
            };
            let arrival = std::pin::pin!(arrivals.changed());
            // What the parent left to do is known once it is final.
            let settled = std::pin::pin!(finalized.changed());
            let pause = std::pin::pin!(runtime.sleep(rest));
            if let Either::Left(_) = select(arrival, select(settled, pause)).await {
                runtime.sleep(BATCHING_DELAY).await;
            }
        }
    }

    /// How long there is certainly nothing to do, at most; `None` when there is something.
    fn rest<E: Clock>(
        &self,
        runtime: &E,
        parent: &Header,
        id: BlockId,
        begun: Duration,
    ) -> Option<Duration> {
        let state = self.core.state();
        // One that was not executed here yet is executed by the request to build on it.
        let seen = state.header(id).map(|(_, seen)| seen);
        let elapsed = (self.core.monotonic)().saturating_sub(seen.unwrap_or(begun));
        let wall = ledger_time(runtime.current());
        #[cfg(test)]
        let wall = wall.after(millis(self.faults.clock_ahead));
        let Some(time) = next_time(parent.time, wall, elapsed) else {
            return Some(Duration::from_millis(
                parent.time.since(wall).saturating_add(1),
            ));
        };
        let to_beat = HEARTBEAT.saturating_sub(elapsed);
        if to_beat.is_zero() {
            return None;
        }
        if seen.is_some() {
            let ledger = state.ledger();
            let room = BlockRoom {
                weight: self.core.params.block_weight_max,
                bytes: BLOCK_BYTES_MAX,
                transactions: TRANSACTIONS_PER_BLOCK_MAX,
                base_fee: ledger.base_fee(),
                base_fee_min: self.core.params.base_fee_min,
                time,
            };
            let included = state.included_below(id);
            if self.core.mempool().has_work(&room, &included) {
                return None;
            }
        }
        if id != state.tip_id() {
            return Some(to_beat);
        }
        if state.ledger().has_work_due(time) {
            return None;
        }
        let at_beat = LedgerTime::new(time.get().saturating_add(millis(to_beat)));
        let due_before = state.ledger().has_work_due(at_beat);
        Some(if due_before {
            to_beat.min(DUE_POLL)
        } else {
            to_beat
        })
    }
}

impl<E, A> Application<E> for Paced<A>
where
    E: Clock,
    A: Application<
            E,
            SigningScheme = Scheme,
            Context = Context,
            Block = ConsensusBlock,
            Input = (),
        >,
{
    type SigningScheme = Scheme;
    type Context = Context;
    type Block = ConsensusBlock;
    type Input = ();

    async fn prepare(
        &mut self,
        context: (E, Context),
        ancestry: impl Ancestry<ConsensusBlock>,
        input: (),
    ) -> Handoff<Digested<ConsensusBlock>> {
        self.inner.prepare(context, ancestry, input).await
    }

    async fn propose(
        &mut self,
        (runtime, context): (E, Context),
        ancestry: impl Ancestry<ConsensusBlock>,
        input: (),
    ) -> Option<Digested<ConsensusBlock>> {
        let parent = ancestry.clone().next().await?;
        self.pacer
            .await_work(&runtime, &parent.inner().0.header)
            .await;
        self.inner
            .propose((runtime, context), ancestry, input)
            .await
    }

    async fn verify(
        &mut self,
        (runtime, context): (E, Context),
        ancestry: impl Ancestry<ConsensusBlock>,
    ) -> bool {
        let mut lineage = ancestry.clone();
        let Some(block) = lineage.next().await else {
            return false;
        };
        let header = &block.inner().0.header;
        let (time, parent) = (header.time, header.parent);
        let known = self
            .pacer
            .core
            .state()
            .header(parent)
            .map(|(header, _)| header.time);
        let parent_time = match known {
            Some(time) => time,
            None => match lineage.next().await {
                Some(block) if id_of(block.digest()) == parent => block.inner().0.header.time,
                _ => return self.inner.verify((runtime, context), ancestry).await,
            },
        };
        if !step_is_valid(parent_time, time) {
            return false;
        }
        runtime.sleep_until(system_time(time)).await;
        self.inner.verify((runtime, context), ancestry).await
    }
}
