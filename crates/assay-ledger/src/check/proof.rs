//! `Proof`: one seller delivers an answer and a succinct proof of it, and the order is settled at once.
//!
//! Evidence that cannot be read, or that speaks of another key or input, states nothing about the order: the
//! call fails, and the seller may deliver again in time. A proof of the ordered statement that does not hold
//! is a proven fault, since anyone can verify before delivering: the lock is forfeited, the buyer is
//! compensated out of it with the price, and the rest burns. Silence after accepting burns the lock. Source:
//! docs/rules.md, docs/adr/0018.

use super::{
    Award, Caller, Context, Rule, Ruling, Step,
    delivery::{self, SEAT},
    parsed,
};
use assay_types::{
    Amount, BurnReason, Check, ContentId, Event, LedgerTime, ProofCall, ProofKeyId, RefundReason,
    Rejection, Verdict,
};

/// The rules. They keep no state: a delivery ends the order.
pub(super) struct Proof;

impl Rule for Proof {
    fn start(&self, context: &mut Context<'_>) -> (Vec<u8>, Step) {
        let (_, deliver_by) = numbers(context.check);
        (Vec::new(), Step::Pending { until: deliver_by })
    }

    fn call(
        &self,
        context: &mut Context<'_>,
        _: &mut Vec<u8>,
        caller: Caller,
        tag: u8,
        body: &[u8],
    ) -> Result<Step, Rejection> {
        let ProofCall::Deliver(evidence) = parsed(ProofCall::read(tag, body))?;
        let (key, deliver_by) = numbers(context.check);
        delivery::check_caller(context, caller, deliver_by)?;
        let statement = evidence.statement();
        if (statement.key, statement.input) != (key, context.work.input().content()) {
            return Err(Rejection::OtherStatement);
        }
        let (hash, output) = (statement.hash(), statement.output);
        // To take a missing verdict for a negative one would burn an honest seller's lock and part this node
        // from the others.
        let holds = context
            .facts
            .verdict(&hash)
            .expect("whoever executes a block looks into every statement of it first");
        context.events.push(Event::ProofDelivered {
            order: context.order,
            seller: context.seats[SEAT].seller,
            output,
            statement: hash,
            holds,
        });
        Ok(if holds {
            pay(context, output)
        } else {
            forfeit(context)
        })
    }

    fn wake(&self, context: &mut Context<'_>, _: &mut Vec<u8>) -> Step {
        let lock = context.seats[SEAT].lock;
        end(
            Award::Burn(lock, BurnReason::Silence),
            Verdict::Refunded {
                reason: RefundReason::NothingDelivered,
            },
        )
    }
}

fn pay(context: &mut Context<'_>, output: ContentId) -> Step {
    context.answer = Some(output);
    context.events.push(Event::VerdictReached {
        order: context.order,
        output,
    });
    end(Award::Pay(context.seats[SEAT].ask), Verdict::Proven)
}

fn forfeit(context: &Context<'_>) -> Step {
    end(
        Award::Forfeit {
            compensation: context.seats[SEAT].ask,
            reason: BurnReason::FalseProof,
        },
        Verdict::Refunded {
            reason: RefundReason::FalseProof,
        },
    )
}

fn end(award: Award, verdict: Verdict) -> Step {
    Step::Final {
        rulings: vec![Ruling { seat: SEAT, award }],
        verdict,
        escrow_burn: Amount::ZERO,
    }
}

fn numbers(check: &Check) -> (ProofKeyId, LedgerTime) {
    let Check::Proof { key, deliver_by } = *check else {
        unreachable!("Standard gives proof rules to proof checks only")
    };
    (key, deliver_by)
}
