use super::*;
use assay_types::{BurnReason, Check, Event, Hash32, Input, OfferId, ReleaseReason, Terms, Work};

const ORDER: OrderId = OrderId::new([6; 32]);
const OTHER: OrderId = OrderId::new([5; 32]);

fn account(seed: u8) -> AccountId {
    AccountId::new([seed; 32])
}

fn told(events: &[(u64, Event)]) -> String {
    let mut cast = Cast::default();
    for (seed, name) in [
        (1, "anna"),
        (2, "bruno"),
        (3, "mallory"),
        (5, "author"),
        (9, "buyer"),
    ] {
        cast.add(account(seed), name);
    }
    let mut story = Story::new(cast, [ORDER, OTHER]);
    story.explain(ContentId::new([7; 32]), "seven");
    let mut lines = Vec::new();
    for (time, event) in events {
        lines.extend(story.tell(LedgerTime::new(*time), &EventView::from(event)));
    }
    lines.extend(story.pause());
    let text = lines.iter().fold(String::new(), |text, line| {
        format!("{text}{}\n", line.show(story.elapsed_ms(line)))
    });
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn events_of_one_moment_become_one_line() {
    let assigned = |seed| Event::Assigned {
        order: ORDER,
        seller: account(seed),
        offer: OfferId::new([seed; 32]),
        ask: Amount::new(1),
        lock: Amount::new(200_000_000),
        respond_by: LedgerTime::new(3_000),
    };
    let accepted = |seed| Event::Accepted {
        order: ORDER,
        seller: account(seed),
    };
    let committed = |seed| Event::Committed {
        order: ORDER,
        seller: account(seed),
        commitment: Hash32::new([seed; 32]),
    };
    let revealed = |seed, answer| Event::Revealed {
        order: ORDER,
        seller: account(seed),
        output: ContentId::new([answer; 32]),
        holds: true,
    };
    let paid = |seed, fee| Event::Paid {
        order: ORDER,
        seller: account(seed),
        gross: Amount::new(10_000_000),
        net: Amount::new(10_000_000 - fee),
        fee: Amount::new(fee),
    };
    let royalty = |amount| Event::RoyaltyPaid {
        order: ORDER,
        model: assay_types::ModelId::new([4; 32]),
        to: account(5),
        amount: Amount::new(amount),
    };
    let rebated = |seller, amount| Event::Rebated {
        order: ORDER,
        seller: account(seller),
        amount: Amount::new(amount),
    };
    let released = Event::Released {
        order: ORDER,
        seller: account(3),
        reason: ReleaseReason::NoAnswer,
    };
    let burnt = Event::Burnt {
        order: ORDER,
        account: account(3),
        amount: Amount::new(200_000_000),
        reason: BurnReason::MinorityAnswer,
    };
    let elsewhere = Event::Started {
        order: OrderId::new([1; 32]),
    };
    let events = [
        (1_000, assigned(1)),
        (1_000, elsewhere),
        (1_000, assigned(2)),
        (1_000, assigned(3)),
        (1_020, accepted(2)),
        (1_030, accepted(1)),
        (1_030, accepted(3)),
        (1_030, Event::Started { order: ORDER }),
        (1_040, committed(1)),
        (1_040, committed(2)),
        (1_050, Event::RevealsOpened { order: ORDER }),
        (1_060, revealed(1, 7)),
        (1_060, revealed(3, 8)),
        (1_060, revealed(2, 7)),
        (1_061, released),
        (
            1_070,
            Event::VerdictReached {
                order: ORDER,
                output: ContentId::new([7; 32]),
            },
        ),
        (1_070, royalty(100)),
        (1_070, paid(1, 50_000)),
        (1_070, rebated(1, 25_000)),
        (1_070, royalty(120)),
        (1_070, paid(2, 0)),
        (1_070, rebated(2, 10)),
        (1_070, burnt),
        (
            1_070,
            Event::Refunded {
                order: ORDER,
                buyer: account(9),
                amount: Amount::new(5),
            },
        ),
    ];
    insta::assert_snapshot!(told(&events), @r"
     0 ms  drawn      anna, bruno, mallory: 0.2 ASY of bond locked each
    20 ms  accepted   bruno
    30 ms  accepted   anna, mallory
    30 ms  started    each computes alone
    40 ms  committed  anna, bruno
    50 ms  reveals    all are bound to an answer; now they are opened
    60 ms  revealed   anna: seven
    60 ms  revealed   mallory: answer 08080808
    60 ms  revealed   bruno: seven
    61 ms  released   mallory: no answer
    70 ms  verdict    2 sellers agree: seven
    70 ms  paid       anna: 0.01 ASY, 0.00005 ASY of it burnt as fee
    70 ms  paid       bruno: 0.01 ASY
    70 ms  burnt      mallory: loses 0.2 ASY, minority answer
    70 ms  rebate     anna, bruno: 0.00002501 ASY of the fees comes back
    70 ms  royalty    author: 0.00000022 ASY for the model
    70 ms  returned   buyer: 0.000000005 ASY of the escrow
    ");
}

#[test]
fn a_proof_and_a_forgery_are_told_side_by_side() {
    let placed = |order| Event::OrderPlaced {
        order,
        buyer: account(9),
        terms: Terms {
            work: Work::Inference {
                model: assay_types::ModelId::new([4; 32]),
                input: Input::Public {
                    content: ContentId::new([1; 32]),
                },
            },
            check: Check::Proof {
                key: assay_types::ProofKeyId::new([2; 32]),
                deliver_by: LedgerTime::new(9_000),
            },
            price_max: Amount::new(20_000_000),
            accept_by: LedgerTime::new(5_000),
            seller: None,
        },
        escrow: Amount::new(20_000_000),
    };
    let assigned = |order, seed| Event::Assigned {
        order,
        seller: account(seed),
        offer: OfferId::new([seed; 32]),
        ask: Amount::new(10_000_000),
        lock: Amount::new(200_000_000),
        respond_by: LedgerTime::new(3_000),
    };
    let delivered = |order, seed, answer, holds| Event::ProofDelivered {
        order,
        seller: account(seed),
        output: ContentId::new([answer; 32]),
        statement: Hash32::new([seed; 32]),
        holds,
    };
    let events = [
        (1_000, placed(ORDER)),
        (1_000, placed(OTHER)),
        (1_010, assigned(ORDER, 1)),
        (1_010, assigned(OTHER, 3)),
        (1_030, Event::Started { order: ORDER }),
        (1_030, Event::Started { order: OTHER }),
        (1_090, delivered(ORDER, 1, 7, true)),
        (
            1_090,
            Event::VerdictReached {
                order: ORDER,
                output: ContentId::new([7; 32]),
            },
        ),
        (1_090, delivered(OTHER, 3, 8, false)),
        (
            1_090,
            Event::Compensated {
                order: OTHER,
                seller: account(3),
                buyer: account(9),
                amount: Amount::new(9_000_000),
            },
        ),
        (
            1_090,
            Event::Burnt {
                order: OTHER,
                account: account(3),
                amount: Amount::new(191_000_000),
                reason: BurnReason::FalseProof,
            },
        ),
    ];
    insta::assert_snapshot!(told(&events), @r"
     0 ms  placed     order 06060606 with 0.02 ASY in escrow
     0 ms  placed     order 05050505 with 0.02 ASY in escrow
    10 ms  named      anna, mallory: 0.2 ASY of bond locked each
    30 ms  started    anna, mallory: computes and proves
    90 ms  delivered  anna: seven, with a proof that holds
    90 ms  verdict    proven: seven
    90 ms  delivered  mallory: answer 08080808, with a proof that does not hold
    90 ms  amends     buyer: 0.009 ASY out of the bond of mallory
    90 ms  burnt      mallory: loses 0.191 ASY, false proof
    ");
}
