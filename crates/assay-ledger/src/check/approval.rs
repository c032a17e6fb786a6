//! `Approval`: the buyer decides; silence approves.
//!
//! A rejection returns the price less a share that burns, and counts in the buyer's public record, so that
//! rejecting is no free option; the seller keeps its bond. A seller that accepted and delivered nothing
//! loses its lock.

use super::{
    Award, Caller, Context, Rule, Ruling, Step,
    delivery::{self, SEAT},
    parsed,
};
use assay_types::{
    Amount, ApprovalCall, BurnReason, Check, ContentId, Event, LedgerTime, RefundReason, Rejection,
    Verdict, decode, encode,
};

/// The rules. State: the delivered answer, if any.
pub(super) struct Approval;

impl Rule for Approval {
    fn start(&self, context: &mut Context<'_>) -> (Vec<u8>, Step) {
        let (deliver_by, _) = deadlines(context.check);
        (
            encode(&None::<ContentId>),
            Step::Pending { until: deliver_by },
        )
    }

    fn call(
        &self,
        context: &mut Context<'_>,
        state: &mut Vec<u8>,
        caller: Caller,
        tag: u8,
        body: &[u8],
    ) -> Result<Step, Rejection> {
        let call = parsed(ApprovalCall::read(tag, body))?;
        let (deliver_by, approve_by) = deadlines(context.check);
        let delivered = stored(state);
        match call {
            ApprovalCall::Deliver(output) => {
                let output = delivery::take(context, caller, deliver_by, delivered, &output)?;
                *state = encode(&Some(output));
                Ok(Step::Pending { until: approve_by })
            }
            ApprovalCall::Approve | ApprovalCall::Reject => {
                if caller != Caller::Buyer {
                    return Err(Rejection::NotYours);
                }
                if context.now > approve_by {
                    return Err(Rejection::TooLate);
                }
                let output = delivered.ok_or(Rejection::NotDelivered)?;
                if call == ApprovalCall::Reject {
                    return Ok(reject(context));
                }
                Ok(approve(context, output, Verdict::Approved))
            }
        }
    }

    fn wake(&self, context: &mut Context<'_>, state: &mut Vec<u8>) -> Step {
        match stored(state) {
            Some(output) => approve(context, output, Verdict::ApprovedBySilence),
            None => {
                let lock = context.seats[SEAT].lock;
                Step::Final {
                    rulings: vec![Ruling {
                        seat: SEAT,
                        award: Award::Burn(lock, BurnReason::Silence),
                    }],
                    verdict: Verdict::Refunded {
                        reason: RefundReason::NothingDelivered,
                    },
                    escrow_burn: Amount::ZERO,
                }
            }
        }
    }
}

fn approve(context: &mut Context<'_>, output: ContentId, verdict: Verdict) -> Step {
    context.answer = Some(output);
    context.events.push(Event::VerdictReached {
        order: context.order,
        output,
    });
    let ask = context.seats[SEAT].ask;
    Step::Final {
        rulings: vec![Ruling {
            seat: SEAT,
            award: Award::Pay(ask),
        }],
        verdict,
        escrow_burn: Amount::ZERO,
    }
}

fn reject(context: &Context<'_>) -> Step {
    Step::Final {
        rulings: Vec::new(),
        verdict: Verdict::Refunded {
            reason: RefundReason::Rejected,
        },
        escrow_burn: context.seats[SEAT]
            .ask
            .share_floor(context.params.rejection_burn),
    }
}

fn stored(state: &[u8]) -> Option<ContentId> {
    decode(state).expect("the ledger keeps what the check wrote")
}

fn deadlines(check: &Check) -> (LedgerTime, LedgerTime) {
    let Check::Approval {
        deliver_by,
        approve_by,
    } = *check
    else {
        unreachable!("Standard gives approval rules to approval checks only")
    };
    (deliver_by, approve_by)
}
