//! A check that exists only to prove the interface wide enough: half the price on delivery, a challenge
//! window in which anybody may dispute with large evidence that a fact decides, a second round in which
//! the seller answers, and the other half at the end. It touches no line of the market.

use super::world::*;
use crate::check::{Award, Caller, Context, Facts, Rule, Rules, Ruling, Step};
use assay_types::{
    AccountId, Amount, Blob, BurnReason, Call, Check, ContentId, EVIDENCE_BYTES_MAX, Event, Hash32,
    LedgerTime, PayoutResult, RefundReason, Rejection, Verdict, Weight, decode, encode,
    wire_struct,
};

const DELIVER: u8 = 0;
const DISPUTE: u8 = 1;
const ANSWER: u8 = 2;
const ANSWER_MS: u64 = 3_000;
const BYTES_PER_WEIGHT: u64 = 4;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct WindowState {
    output: Option<ContentId>,
    disputed_until: Option<LedgerTime>,
}
wire_struct!(WindowState {
    output,
    disputed_until
});

struct Window;

struct WindowRules;
impl Rules for WindowRules {
    fn rule(&self, _: &Check) -> &dyn Rule {
        &Window
    }
}

fn window_end(check: &Check) -> LedgerTime {
    let Check::Approval { approve_by, .. } = *check else {
        panic!("the test places approvals")
    };
    approve_by
}

fn statement(evidence: &[u8]) -> Hash32 {
    Hash32::derive("assay test statement", &[evidence])
}

impl Rule for Window {
    fn weight(&self, tag: u8, body_len: usize) -> Weight {
        let units = if tag == DISPUTE {
            body_len as u64 / BYTES_PER_WEIGHT
        } else {
            0
        };
        Weight::new(units)
    }

    fn start(&self, context: &mut Context<'_>) -> (Vec<u8>, Step) {
        (
            encode(&WindowState::default()),
            Step::Pending {
                until: window_end(context.check),
            },
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
        let mut kept: WindowState = decode(state).unwrap();
        let seat = context.seats[0];
        let step = match (tag, caller) {
            (DELIVER, Caller::Seller(seat_index)) => {
                if kept.output.is_some() {
                    return Err(Rejection::AlreadyDelivered);
                }
                kept.output = Some(ContentId::of(body));
                let half = Amount::new(seat.ask.get() / 2);
                let rulings = vec![Ruling {
                    seat: seat_index,
                    award: Award::Pay(half),
                }];
                Step::Partial {
                    rulings,
                    until: window_end(context.check),
                }
            }
            (DISPUTE, Caller::Stranger | Caller::Buyer) => {
                if !context.facts.hold(&statement(body)) {
                    return Err(Rejection::MalformedBody);
                }
                let until = context.now.after(ANSWER_MS);
                kept.disputed_until = Some(until);
                Step::Pending { until }
            }
            (ANSWER, Caller::Seller(_)) => {
                kept.disputed_until = None;
                Step::Pending {
                    until: window_end(context.check),
                }
            }
            _ => return Err(Rejection::UnknownTag),
        };
        *state = encode(&kept);
        Ok(step)
    }

    fn wake(&self, context: &mut Context<'_>, state: &mut Vec<u8>) -> Step {
        let kept: WindowState = decode(state).unwrap();
        let lost = kept.output.is_none() || kept.disputed_until.is_some();
        context.answer = kept.output.filter(|_| !lost);
        let seat = context.seats[0];
        let (award, verdict) = if lost {
            let half = Amount::new(seat.lock.get() / 2);
            let reason = RefundReason::NothingDelivered;
            (
                Award::Burn(half, BurnReason::Silence),
                Verdict::Refunded { reason },
            )
        } else {
            (Award::Pay(seat.ask), Verdict::Approved)
        };
        let rulings = vec![Ruling { seat: 0, award }];
        Step::Final {
            rulings,
            verdict,
            escrow_burn: Amount::ZERO,
        }
    }
}

fn call(order: assay_types::OrderId, tag: u8, bytes: Vec<u8>) -> Call {
    Call::CheckCall {
        order,
        tag,
        bytes: Blob::new(bytes).unwrap(),
    }
}

fn delivered() -> (World, assay_types::OrderId, AccountId) {
    let mut world = World::with_sellers(1);
    world.rules = &WindowRules;
    let (order, sellers) = world.start(world.terms(world.approval()));
    let events = world.ok(sellers[0], call(order, DELIVER, b"work".to_vec()));
    let paid = events
        .iter()
        .any(|event| matches!(event, Event::Paid { gross, .. } if *gross == Amount::new(ASY / 2)));
    assert!(paid, "half is paid on delivery");
    assert!(world.ledger.order(&order).is_some());
    (world, order, sellers[0])
}

#[test]
fn an_undisputed_window_pays_the_other_half() {
    let (mut world, order, seller) = delivered();
    let events = world.pass(21_000);
    let receipt = receipt(&events).unwrap();
    assert_eq!((receipt.order, receipt.price), (order, asy(1)));
    assert!(
        matches!(receipt.payouts[0].result, PayoutResult::Paid { gross, .. } if gross == asy(1))
    );
    assert_eq!(world.account(seller).locked, Amount::ZERO);
}

#[test]
fn a_dispute_with_the_largest_evidence_opens_a_second_round() {
    for answered in [true, false] {
        let (mut world, order, seller_account) = delivered();
        let evidence = vec![7u8; EVIDENCE_BYTES_MAX];
        let stranger = seller(5);
        let unproven = world.call(stranger, call(order, DISPUTE, evidence.clone()));
        assert_eq!(
            unproven,
            Err(Rejection::MalformedBody),
            "no fact, no dispute"
        );
        world.facts = Some(Facts::new([statement(&evidence)]));
        let dispute = call(order, DISPUTE, evidence);
        let tx = world.tx(stranger, dispute.clone());
        let executed = world.try_block(1, std::slice::from_ref(&tx)).unwrap();
        let extra = executed.weight.get() - tx.weight().get();
        assert_eq!(
            extra,
            EVIDENCE_BYTES_MAX as u64 / BYTES_PER_WEIGHT,
            "the declared weight"
        );
        world.ok(stranger, dispute);
        if answered {
            world.ok(seller_account, call(order, ANSWER, Vec::new()));
            assert!(
                receipt(&world.pass(ANSWER_MS + 1)).is_none(),
                "the first window goes on"
            );
            assert_eq!(receipt(&world.pass(21_000)).unwrap().price, asy(1));
        } else {
            let events = world.pass(ANSWER_MS + 1);
            let receipt = receipt(&events).expect("an unanswered dispute ends the order");
            assert_eq!(
                receipt.price,
                Amount::new(ASY / 2),
                "what was paid stays paid"
            );
            assert_eq!(receipt.refund, Amount::new(2 * ASY - ASY / 2));
            assert_eq!(
                world.account(seller_account).bond,
                asy(990),
                "half the lock burnt"
            );
            assert_eq!(world.account(seller_account).locked, Amount::ZERO);
        }
    }
}
