//! `Score`: a topic's miner is paid for an answer by its merit in the topic.
//!
//! ```text
//!  epoch n      delivery ──► the answer is public
//!  epoch n + 1  validators that read it commit
//!  epoch n + 2  they reveal ──► settlement ──► verdict: ask · min(1, what the slot earned by work / mean of those who did)
//! ```
//! What the ask is not paid returns to the buyer. Nothing is paid if the seller does not hold the same slot any more, or
//! has earned nothing by work in the last epoch settled; its lock returns, for no fault is proven. A seller that accepted
//! and delivered nothing loses its lock.
//!
//! Invariant: the order ends at the latest [`SCORE_EPOCHS_MAX`] lengths of an epoch after the delivery, whether the topic
//! is settled or not. Source: docs/rules.md, docs/adr/0023.

use super::{
    Award, Caller, Context, Rule, Ruling, Step, TopicView,
    delivery::{self, SEAT},
    parsed,
};
use assay_types::{
    Amount, BurnReason, Check, ContentId, Event, LedgerTime, RefundReason, Rejection, ScoreCall,
    Verdict, decode, encode, wire_struct,
};

/// Epochs after that of the delivery which must be settled: in the first validators commit, in the second they reveal.
const JUDGED_AFTER_EPOCHS: u64 = 2;
/// The order waits for so many lengths of an epoch after the delivery: the rest of its epoch, the two in which it is
/// judged, and one for a topic that is settled late.
pub(crate) const SCORE_EPOCHS_MAX: u64 = 4;
/// How soon a late topic is looked at again, in milliseconds; then after as long as it is late, so that a wait of weeks
/// takes some twenty looks.
const LOOK_AGAIN_MS: u64 = 1_000;

/// What was delivered, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreState {
    /// The answer.
    pub output: ContentId,
    /// The topic's epoch of the delivery.
    pub epoch: u64,
    /// The slot that the seller held.
    pub slot: u16,
    /// When it had taken it.
    pub registered_at: LedgerTime,
    /// Afterwards nobody waits for the topic any more.
    pub wait_until: LedgerTime,
}
wire_struct!(ScoreState {
    output,
    epoch,
    slot,
    registered_at,
    wait_until
});

impl ScoreState {
    /// Reads the private state of a running order; `None` before its delivery, or when the bytes are no such state.
    pub fn read(state: &[u8]) -> Option<Self> {
        decode::<Option<Self>>(state).ok().flatten()
    }

    /// The first epoch of the topic that is not under way before the answer is judged.
    const fn judged_at(&self) -> u64 {
        self.epoch
            .saturating_add(JUDGED_AFTER_EPOCHS)
            .saturating_add(1)
    }
}

/// The rules. State: `Option<ScoreState>`, the delivery.
pub(super) struct Score;

impl Rule for Score {
    fn start(&self, context: &mut Context<'_>) -> (Vec<u8>, Step) {
        let until = deliver_by(context.check);
        (encode(&None::<ScoreState>), Step::Pending { until })
    }

    fn call(
        &self,
        context: &mut Context<'_>,
        state: &mut Vec<u8>,
        caller: Caller,
        tag: u8,
        body: &[u8],
    ) -> Result<Step, Rejection> {
        let ScoreCall::Deliver(output) = parsed(ScoreCall::read(tag, body))?;
        let until = deliver_by(context.check);
        let earlier = stored(state).map(|delivered| delivered.output);
        let output = delivery::take(context, caller, until, earlier, &output)?;
        let topic = topic(context);
        let Some(miner) = topic.miner else {
            return Ok(refund(RefundReason::SlotLost));
        };
        // What comes before the settlement of an epoch that is over belongs to the next.
        let is_over = u64::from(topic.epoch_ends_at < context.now);
        let wait_ms = topic.epoch_ms.saturating_mul(SCORE_EPOCHS_MAX);
        let delivered = ScoreState {
            output,
            epoch: topic.epoch.saturating_add(is_over),
            slot: miner.slot,
            registered_at: miner.registered_at,
            wait_until: context.now.after(wait_ms),
        };
        *state = encode(&Some(delivered));
        Ok(wait(context.now, &topic, &delivered))
    }

    fn wake(&self, context: &mut Context<'_>, state: &mut Vec<u8>) -> Step {
        let Some(delivered) = stored(state) else {
            return silence(context);
        };
        let topic = topic(context);
        if topic.epoch >= delivered.judged_at() {
            return judge(context, &topic, &delivered);
        }
        if context.now > delivered.wait_until {
            return refund(RefundReason::TopicUnsettled);
        }
        wait(context.now, &topic, &delivered)
    }
}

/// Waits for the end of the last epoch that judges, and where that is late, for as long again.
fn wait(now: LedgerTime, topic: &TopicView, delivered: &ScoreState) -> Step {
    let last = delivered.judged_at().saturating_sub(1);
    let more = last.saturating_sub(topic.epoch);
    // A moment after the end, by which time has settled the topic first.
    let ends_at = topic
        .epoch_ends_at
        .after(topic.epoch_ms.saturating_mul(more))
        .after(1);
    let until = match now < ends_at {
        true => ends_at,
        false => now.after(now.since(ends_at).max(LOOK_AGAIN_MS)),
    };
    Step::Pending {
        until: until.min(delivered.wait_until),
    }
}

/// What the ask comes to for a worker that earned `own` where `workers` earned `all` together:
/// ⌊ask · min(1, own · workers / all)⌋.
fn by_merit(ask: Amount, own: Amount, all: Amount, workers: u16) -> Amount {
    let against_mean = u128::from(own.get()).saturating_mul(u128::from(workers));
    let all = u128::from(all.get());
    if against_mean >= all {
        return if own.is_zero() { Amount::ZERO } else { ask };
    }
    // Both factors fit 64 bits, the second because it is below a sum of amounts.
    let part = u128::from(ask.get()).saturating_mul(against_mean);
    let part = part.checked_div(all).unwrap_or_default();
    Amount::new(u64::try_from(part).unwrap_or_default()).min(ask)
}

fn judge(context: &mut Context<'_>, topic: &TopicView, delivered: &ScoreState) -> Step {
    let same =
        |slot, registered_at| (slot, registered_at) == (delivered.slot, delivered.registered_at);
    let Some(miner) = topic.miner.filter(|own| same(own.slot, own.registered_at)) else {
        return refund(RefundReason::SlotLost);
    };
    let ask = context.seats[SEAT].ask;
    let earned = by_merit(ask, miner.worked, topic.worked, topic.workers);
    if earned.is_zero() {
        return refund(RefundReason::NoMerit);
    }
    context.answer = Some(delivered.output);
    context.events.push(Event::VerdictReached {
        order: context.order,
        output: delivered.output,
    });
    end(vec![Award::Pay(earned)], Verdict::Scored)
}

fn refund(reason: RefundReason) -> Step {
    end(Vec::new(), Verdict::Refunded { reason })
}

fn silence(context: &Context<'_>) -> Step {
    let lock = context.seats[SEAT].lock;
    let reason = RefundReason::NothingDelivered;
    end(
        vec![Award::Burn(lock, BurnReason::Silence)],
        Verdict::Refunded { reason },
    )
}

fn end(awards: Vec<Award>, verdict: Verdict) -> Step {
    let ruling = |award| Ruling { seat: SEAT, award };
    Step::Final {
        rulings: awards.into_iter().map(ruling).collect(),
        verdict,
        escrow_burn: Amount::ZERO,
    }
}

fn topic(context: &Context<'_>) -> TopicView {
    let topic = context.topic;
    topic
        .expect("placement admits a score for a topic's request only, and topics are never removed")
}

fn stored(state: &[u8]) -> Option<ScoreState> {
    decode(state).expect("the ledger keeps what the check wrote")
}

fn deliver_by(check: &Check) -> LedgerTime {
    let Check::Score { deliver_by } = *check else {
        unreachable!("Standard gives score rules to score checks only")
    };
    deliver_by
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the tests' own numbers are small"
)]
mod tests;
