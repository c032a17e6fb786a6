//! Every rejection, in order of precedence.
//!
//! Each ladder takes a call that is wrong in every way, mends the first fault, and expects the next
//! rejection, until the call succeeds. Reordering two checks breaks a ladder; the last test shows that the
//! ladders reach every code.

mod score;
mod topic;

use super::world::*;
use assay_types::{
    AccountId, Amount, ApprovalCall, BasisPoints, Blob, Call, Check, ContentId, Good, Lane,
    LedgerTime, List, ModelId, OfferId, OrderId, PROOF_DELIVER, PROOF_KEYS_PER_MODEL_MAX,
    ProofEvidence, ProofKeyId, Rejection, RoyaltySplit, Terms, Text, Transaction, Unsigned,
};
use std::collections::BTreeSet;

/// The rungs seen so far.
type Seen = BTreeSet<Rejection>;

fn expect(world: &mut World, seen: &mut Seen, sender: AccountId, call: Call, rejection: Rejection) {
    assert_eq!(world.call(sender, call), Err(rejection));
    seen.insert(rejection);
}

fn money(seen: &mut Seen) {
    let mut world = World::new();
    let poor = seller(5);
    let transfer = |amount| Call::Transfer {
        to: CREATOR,
        amount,
    };
    expect(
        &mut world,
        seen,
        poor,
        transfer(Amount::ZERO),
        Rejection::AmountZero,
    );
    expect(
        &mut world,
        seen,
        poor,
        transfer(asy(10_001)),
        Rejection::InsufficientFunds,
    );
    world.ok(poor, transfer(asy(1)));
    let bond = |amount| Call::Bond { amount };
    expect(
        &mut world,
        seen,
        poor,
        bond(Amount::ZERO),
        Rejection::AmountZero,
    );
    expect(
        &mut world,
        seen,
        poor,
        bond(asy(10_001)),
        Rejection::InsufficientFunds,
    );
    world.ok(poor, bond(asy(10)));
    let unbond = |amount| Call::Unbond { amount };
    world.ok(poor, unbond(asy(1)));
    world.ok(poor, unbond(asy(1)));
    expect(
        &mut world,
        seen,
        poor,
        unbond(Amount::ZERO),
        Rejection::AmountZero,
    );
    expect(
        &mut world,
        seen,
        poor,
        unbond(asy(9)),
        Rejection::InsufficientBond,
    );
    expect(
        &mut world,
        seen,
        poor,
        unbond(asy(8)),
        Rejection::TooManyUnbondings,
    );
    world.pass(10_000);
    world.ok(poor, unbond(asy(8)));
    world.pass(10_000);
    assert_eq!(world.account(poor).bond, Amount::ZERO);
}

fn offers(seen: &mut Seen) {
    let mut world = World::new();
    let owner = seller(0);
    let unknown = ModelId::new([99; 32]);
    let publish = |models: &[ModelId], ask, capacity| Call::PublishOffer {
        good: Good::Inference {
            models: List::new(models.to_vec()).unwrap(),
        },
        ask,
        capacity,
    };
    for _ in 0..4 {
        world.ok(owner, offer(asy(1), 1));
    }
    let mut rung = |world: &mut World, call, rejection| expect(world, seen, owner, call, rejection);
    rung(
        &mut world,
        publish(&[], Amount::ZERO, 0),
        Rejection::OfferWithoutModels,
    );
    rung(
        &mut world,
        publish(&[unknown, MODEL], Amount::ZERO, 0),
        Rejection::ModelsNotAscending,
    );
    rung(
        &mut world,
        publish(&[MODEL, MODEL], Amount::ZERO, 0),
        Rejection::ModelsNotAscending,
    );
    rung(
        &mut world,
        publish(&[MODEL, unknown], Amount::ZERO, 0),
        Rejection::UnknownModel,
    );
    rung(
        &mut world,
        publish(&[MODEL], Amount::ZERO, 0),
        Rejection::PriceZero,
    );
    rung(
        &mut world,
        publish(&[MODEL], Amount::new(u64::MAX), 0),
        Rejection::PriceTooHigh,
    );
    rung(
        &mut world,
        publish(&[MODEL], asy(1), 0),
        Rejection::CapacityZero,
    );
    rung(
        &mut world,
        publish(&[MODEL], asy(1), 1),
        Rejection::TooManyOffers,
    );
    for _ in 0..4 {
        world.ok(seller(1), offer(asy(1), 1));
    }
    expect(
        &mut world,
        seen,
        seller(2),
        offer(asy(1), 1),
        Rejection::BookFull,
    );

    let withdraw = |offer| Call::WithdrawOffer { offer };
    expect(
        &mut world,
        seen,
        CREATOR,
        withdraw(OfferId::default()),
        Rejection::UnknownOffer,
    );
    let standing = world
        .ledger
        .offers()
        .find(|(_, row)| row.seller == owner)
        .map(|(id, _)| *id);
    let standing = standing.unwrap();
    expect(
        &mut world,
        seen,
        CREATOR,
        withdraw(standing),
        Rejection::NotYours,
    );
    world.ok(owner, withdraw(standing));
    world.ok(seller(2), offer(asy(1), 1));
}

fn placing(seen: &mut Seen) {
    let mut world = World::new();
    let now = world.ledger.time();
    let quorum = |agree, of, commit_by, deliver_by| Check::Quorum {
        agree,
        of,
        commit_by,
        deliver_by,
    };
    let late = |ms: u64| now.after(1_000 + ms);
    let mut terms = Terms {
        work: assay_types::Work::Inference {
            model: ModelId::new([99; 32]),
            input: assay_types::Input::Public {
                content: ContentId::default(),
            },
        },
        check: quorum(1, 2, now, now),
        price_max: Amount::ZERO,
        accept_by: LedgerTime::new(0),
        seller: Some(seller(0)),
    };
    let mut rung = |world: &mut World, terms: &Terms, rejection| {
        expect(
            world,
            seen,
            BUYER,
            Call::PlaceOrder {
                terms: terms.clone(),
            },
            rejection,
        );
    };
    rung(&mut world, &terms, Rejection::PriceZero);
    terms.price_max = Amount::new(u64::MAX / 2);
    for (agree, of) in [(1, 2), (3, 2), (0, 0), (17, 33)] {
        terms.check = quorum(agree, of, now, now);
        rung(&mut world, &terms, Rejection::CheckMalformed);
    }
    terms.check = quorum(3, 4, now, now);
    rung(&mut world, &terms, Rejection::UnknownModel);
    terms.check = Check::Proof {
        key: key_id(),
        deliver_by: now,
    };
    rung(&mut world, &terms, Rejection::UnknownModel);
    terms.work = work();
    rung(&mut world, &terms, Rejection::UnknownProofKey);
    world.ok(CREATOR, register_key_call(OTHER_MODEL, key_id()));
    rung(&mut world, &terms, Rejection::UnknownProofKey);
    world.ok(CREATOR, register_key_call(MODEL, key_id()));
    rung(&mut world, &terms, Rejection::DeadlinePast);
    terms.check = quorum(3, 4, now, now);
    rung(&mut world, &terms, Rejection::DeadlinePast);
    terms.accept_by = late(200_000);
    terms.check = quorum(3, 4, late(200_000), late(200_000));
    rung(&mut world, &terms, Rejection::DeadlinesOutOfOrder);
    terms.check = quorum(3, 4, late(300_000), late(400_000));
    rung(&mut world, &terms, Rejection::DeadlineTooFar);
    terms.accept_by = late(10_000);
    terms.check = quorum(3, 4, late(20_000), late(30_000));
    rung(&mut world, &terms, Rejection::SellerNotNameable);
    terms.seller = None;

    for number in 0..4 {
        world.ok(seller(number), Call::Bond { amount: asy(1_000) });
        world.ok(seller(number), offer(asy(1), 100));
    }
    let cheap = Terms {
        price_max: asy(2),
        ..terms.clone()
    };
    for _ in 0..6 {
        world.ok(
            BUYER,
            Call::PlaceOrder {
                terms: cheap.clone(),
            },
        );
    }
    rung(&mut world, &terms, Rejection::TooManyOrders);
    let open: Vec<OrderId> = world.ledger.orders().map(|(id, _)| *id).collect();
    for order in open {
        world.ok(BUYER, Call::CancelOrder { order });
    }
    rung(&mut world, &terms, Rejection::PriceTooHigh);
    terms.price_max = Amount::new(assay_types::SUPPLY_MAX.get() / 4);
    rung(&mut world, &terms, Rejection::PriceTooHigh);
    terms.price_max = asy(200);
    rung(&mut world, &terms, Rejection::TooFewSellers);
    world.ok(
        BUYER,
        Call::Transfer {
            to: CREATOR,
            amount: asy(9_900),
        },
    );
    terms.price_max = asy(90);
    rung(&mut world, &terms, Rejection::InsufficientFunds);
    terms.price_max = asy(2);
    world.ok(BUYER, Call::PlaceOrder { terms });
}

fn answering(seen: &mut Seen) {
    let mut world = World::with_sellers(3);
    let unknown = OrderId::default();
    expect(
        &mut world,
        seen,
        CREATOR,
        Call::CancelOrder { order: unknown },
        Rejection::UnknownOrder,
    );
    expect(
        &mut world,
        seen,
        CREATOR,
        Call::Accept { order: unknown },
        Rejection::UnknownOrder,
    );
    let (order, sellers) = world.place(world.terms(world.quorum(2, 3)));
    let accept = Call::Accept { order };
    expect(
        &mut world,
        seen,
        CREATOR,
        Call::CancelOrder { order },
        Rejection::NotYours,
    );
    expect(
        &mut world,
        seen,
        CREATOR,
        accept.clone(),
        Rejection::NotAssigned,
    );
    expect(
        &mut world,
        seen,
        CREATOR,
        Call::Decline { order },
        Rejection::NotAssigned,
    );
    world.ok(sellers[0], accept.clone());
    expect(
        &mut world,
        seen,
        sellers[0],
        accept.clone(),
        Rejection::AlreadyAccepted,
    );
    expect(
        &mut world,
        seen,
        sellers[0],
        Call::Decline { order },
        Rejection::AlreadyAccepted,
    );

    let anything = |order| Call::CheckCall {
        order,
        tag: 9,
        bytes: Blob::default(),
    };
    expect(
        &mut world,
        seen,
        CREATOR,
        anything(unknown),
        Rejection::UnknownOrder,
    );
    expect(
        &mut world,
        seen,
        CREATOR,
        anything(order),
        Rejection::NotStarted,
    );
    world.ok(sellers[1], accept.clone());
    world.ok(sellers[2], accept);
    expect(
        &mut world,
        seen,
        BUYER,
        Call::CancelOrder { order },
        Rejection::WorkStarted,
    );
}

fn late_answers(seen: &mut Seen) {
    // With one expiry per block, the second order's silent seller is still seated when it answers late.
    let mut world = World::with(assay_types::Params {
        expiries_per_block_max: 1,
        ..params()
    });
    world.ok(seller(0), Call::Bond { amount: asy(1_000) });
    world.ok(seller(0), offer(asy(1), 100));
    let (first, _) = world.place(world.terms(world.approval()));
    let (second, _) = world.place(world.terms(world.approval()));
    let executed = world.block(
        2_100,
        &[
            (seller(0), Call::Accept { order: first }),
            (seller(0), Call::Accept { order: second }),
        ],
    );
    let rejections: Vec<_> = executed
        .outcomes
        .iter()
        .map(|outcome| outcome.rejection)
        .collect();
    assert_eq!(
        rejections,
        [Some(Rejection::NotAssigned), Some(Rejection::TooLate)]
    );
    seen.insert(Rejection::TooLate);
}

fn quorum_calls(seen: &mut Seen) {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    let raw = |tag, bytes: &[u8]| Call::CheckCall {
        order,
        tag,
        bytes: Blob::new(bytes).unwrap(),
    };
    let commit = |world: &World, seller| commit_call(world.ledger.chain_id(), order, seller, b"7");
    expect(
        &mut world,
        seen,
        CREATOR,
        raw(9, b"x"),
        Rejection::UnknownTag,
    );
    expect(
        &mut world,
        seen,
        CREATOR,
        raw(0, b"x"),
        Rejection::MalformedBody,
    );
    let call = commit(&world, CREATOR);
    expect(
        &mut world,
        seen,
        CREATOR,
        call.clone(),
        Rejection::NotAssigned,
    );
    expect(&mut world, seen, BUYER, call, Rejection::NotAssigned);
    expect(
        &mut world,
        seen,
        sellers[0],
        reveal_call(order, b"7"),
        Rejection::RevealsNotOpen,
    );
    let call = commit(&world, sellers[0]);
    world.ok(sellers[0], call.clone());
    expect(
        &mut world,
        seen,
        sellers[0],
        call,
        Rejection::AlreadyCommitted,
    );
    let call = commit(&world, sellers[1]);
    world.ok(sellers[1], call.clone());
    world.pass(10_000);
    expect(&mut world, seen, sellers[1], call, Rejection::TooLate);
    expect(
        &mut world,
        seen,
        sellers[2],
        reveal_call(order, b"7"),
        Rejection::NotCommitted,
    );
    world.ok(sellers[0], reveal_call(order, b"7"));
    expect(
        &mut world,
        seen,
        sellers[0],
        reveal_call(order, b"7"),
        Rejection::AlreadyRevealed,
    );

    let (order, sellers) = world.start(world.terms(world.quorum(1, 1)));
    let call = commit_call(world.ledger.chain_id(), order, sellers[0], b"7");
    world.ok(sellers[0], call.clone());
    expect(&mut world, seen, sellers[0], call, Rejection::RevealsOpen);
    let mut world = World::with(assay_types::Params {
        expiries_per_block_max: 1,
        ..params()
    });
    for number in 0..3 {
        world.ok(seller(number), Call::Bond { amount: asy(1_000) });
        world.ok(seller(number), offer(asy(1), 100));
    }
    let orders: Vec<_> = (0..2)
        .map(|_| world.start(world.terms(world.quorum(2, 3))))
        .collect();
    for (order, sellers) in &orders {
        for seller in sellers {
            world.commit_answer(*order, *seller, b"7");
        }
    }
    let (order, sellers) = &orders[1];
    let executed = world.block(21_000, &[(sellers[0], reveal_call(*order, b"7"))]);
    assert_eq!(executed.outcomes[0].rejection, Some(Rejection::TooLate));
}

fn approval_calls(seen: &mut Seen) {
    let mut world = World::with_sellers(1);
    let (order, sellers) = world.start(world.terms(world.approval()));
    let raw = |tag, bytes: &[u8]| Call::CheckCall {
        order,
        tag,
        bytes: Blob::new(bytes).unwrap(),
    };
    let approve = ApprovalCall::Approve.on(order);
    expect(
        &mut world,
        seen,
        CREATOR,
        raw(9, b"x"),
        Rejection::UnknownTag,
    );
    for tag in 0..3 {
        expect(
            &mut world,
            seen,
            CREATOR,
            raw(tag, b"x"),
            Rejection::MalformedBody,
        );
    }
    expect(
        &mut world,
        seen,
        BUYER,
        deliver_call(order, b"7"),
        Rejection::NotAssigned,
    );
    expect(
        &mut world,
        seen,
        sellers[0],
        approve.clone(),
        Rejection::NotYours,
    );
    expect(
        &mut world,
        seen,
        BUYER,
        approve.clone(),
        Rejection::NotDelivered,
    );
    world.ok(sellers[0], deliver_call(order, b"7"));
    expect(
        &mut world,
        seen,
        sellers[0],
        deliver_call(order, b"7"),
        Rejection::AlreadyDelivered,
    );
    world.ok(BUYER, approve.clone());
    expect(&mut world, seen, BUYER, approve, Rejection::UnknownOrder);
}

fn proof_calls(seen: &mut Seen) {
    let mut world = World::with_provers(1);
    let (order, sellers) = world.start(world.terms(world.proof()));
    let raw = |tag, bytes: &[u8]| Call::CheckCall {
        order,
        tag,
        bytes: Blob::new(bytes).unwrap(),
    };
    let honest = prove_call(order, evidence(b"7"));
    for tag in [0, 1, 2, 255] {
        expect(
            &mut world,
            seen,
            CREATOR,
            raw(tag, b"x"),
            Rejection::UnknownTag,
        );
    }
    expect(
        &mut world,
        seen,
        CREATOR,
        raw(PROOF_DELIVER, b"x"),
        Rejection::MalformedBody,
    );
    for other in [CREATOR, BUYER] {
        expect(
            &mut world,
            seen,
            other,
            honest.clone(),
            Rejection::NotAssigned,
        );
    }
    let other_input = ProofEvidence {
        input: Blob::new(b"another digit").unwrap(),
        ..evidence(b"7")
    };
    let other_key = ProofEvidence {
        key: Blob::new(b"another key").unwrap(),
        ..evidence(b"7")
    };
    for other in [other_input, other_key] {
        expect(
            &mut world,
            seen,
            sellers[0],
            prove_call(order, other),
            Rejection::OtherStatement,
        );
    }
    world.ok(sellers[0], honest.clone());
    expect(
        &mut world,
        seen,
        sellers[0],
        honest,
        Rejection::UnknownOrder,
    );

    // With one expiry per block, the second order is still open when its seller delivers late.
    let mut world = World::with(assay_types::Params {
        expiries_per_block_max: 1,
        ..params()
    });
    world.ok(seller(0), Call::Bond { amount: asy(1_000) });
    world.ok(seller(0), offer(asy(1), 100));
    world.ok(CREATOR, register_key_call(MODEL, key_id()));
    world.start(world.terms(world.proof()));
    let (late, sellers) = world.start(world.terms(world.proof()));
    let other = ProofEvidence {
        key: Blob::new(b"another key").unwrap(),
        ..evidence(b"7")
    };
    let executed = world.block(11_000, &[(sellers[0], prove_call(late, other))]);
    assert_eq!(executed.outcomes[0].rejection, Some(Rejection::TooLate));
}

fn registering_keys(seen: &mut Seen) {
    let mut world = World::new();
    let key = |number: usize| ProofKeyId::of_key(&number.to_be_bytes());
    let unknown = register_key_call(ModelId::new([99; 32]), key(0));
    let full = PROOF_KEYS_PER_MODEL_MAX;
    let mut rung =
        |world: &mut World, sender, call, rejection| expect(world, seen, sender, call, rejection);
    for number in 0..full {
        world.ok(CREATOR, register_key_call(MODEL, key(number)));
    }
    rung(&mut world, BUYER, unknown, Rejection::UnknownModel);
    let again = register_key_call(MODEL, key(0));
    rung(&mut world, BUYER, again.clone(), Rejection::NotYours);
    rung(&mut world, CREATOR, again, Rejection::ProofKeyExists);
    rung(
        &mut world,
        CREATOR,
        register_key_call(MODEL, key(full)),
        Rejection::TooManyProofKeys,
    );
    world.ok(CREATOR, register_key_call(OTHER_MODEL, key(0)));
}

fn registering(seen: &mut Seen) {
    let mut world = World::new();
    let split = |account, share| RoyaltySplit {
        account,
        share: BasisPoints::new(share),
    };
    let register = |model, royalties: Vec<RoyaltySplit>| Call::RegisterModel {
        model,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").unwrap(),
        royalties: List::new(royalties).unwrap(),
    };
    let new = ModelId::new([50; 32]);
    let zero = vec![split(BUYER, 0)];
    expect(
        &mut world,
        seen,
        CREATOR,
        register(MODEL, zero.clone()),
        Rejection::ModelExists,
    );
    for royalties in [
        zero,
        vec![split(CREATOR, 1), split(BUYER, 1)],
        vec![split(BUYER, 1), split(BUYER, 1)],
        vec![split(BUYER, 9_951)],
        vec![split(BUYER, 5_000), split(CREATOR, 5_000)],
    ] {
        expect(
            &mut world,
            seen,
            CREATOR,
            register(new, royalties),
            Rejection::RoyaltiesMalformed,
        );
    }
    world.ok(CREATOR, register(new, vec![split(BUYER, 9_950)]));
}

fn naming(seen: &mut Seen) {
    let mut world = World::new();
    let (holder, rival) = (seller(0), seller(1));
    let (first, taken) = ("first-name", "taken-name");
    let reserve = reserve_call(&world, rival, taken);
    world.ok(rival, reserve);
    world.block(100, &[]);
    world.ok(rival, register_call(taken, 100_000));

    let mut rung =
        |world: &mut World, call, rejection| expect(world, seen, holder, call, rejection);
    rung(&mut world, register_call(taken, 0), Rejection::LeaseZero);
    rung(
        &mut world,
        register_call(taken, 100_001),
        Rejection::LeaseTooLong,
    );
    rung(&mut world, register_call(taken, 1), Rejection::NameTaken);
    rung(
        &mut world,
        register_call("abc", 100_000),
        Rejection::NotReserved,
    );
    let reserve = reserve_call(&world, holder, "abc");
    world.ok(holder, reserve);
    rung(
        &mut world,
        register_call(first, 1_000),
        Rejection::NotReserved,
    );
    rung(
        &mut world,
        register_call("abc", 100_000),
        Rejection::ReservedJustNow,
    );
    world.block(100, &[]);
    rung(
        &mut world,
        register_call("abc", 100_000),
        Rejection::InsufficientFunds,
    );
    let reserve = reserve_call(&world, holder, first);
    world.ok(holder, reserve);
    world.block(100, &[]);
    world.ok(holder, register_call(first, 1_000));
    rung(&mut world, register_call(first, 1), Rejection::NameHeld);

    rung(&mut world, renew_call("unknown", 0), Rejection::LeaseZero);
    rung(&mut world, renew_call("unknown", 1), Rejection::UnknownName);
    rung(&mut world, renew_call(taken, u64::MAX), Rejection::NotYours);
    rung(
        &mut world,
        renew_call(first, 99_999),
        Rejection::LeaseTooLong,
    );
    rung(
        &mut world,
        transfer_call("unknown", CREATOR),
        Rejection::UnknownName,
    );
    rung(
        &mut world,
        transfer_call(taken, holder),
        Rejection::NotYours,
    );
    world.block(1_000, &[]);
    rung(
        &mut world,
        transfer_call(first, CREATOR),
        Rejection::LeaseEnded,
    );
    rung(&mut world, register_call(first, 1), Rejection::NameHeld);
    let poor = Call::Transfer {
        to: CREATOR,
        amount: asy(9_990),
    };
    world.ok(holder, poor);
    rung(
        &mut world,
        renew_call(first, 90_000),
        Rejection::InsufficientFunds,
    );
    world.ok(holder, renew_call(first, 1_000));
    world.ok(holder, transfer_call(first, CREATOR));
}

#[test]
fn every_rejection_stands_on_its_rung() {
    let mut seen = Seen::new();
    for ladder in [
        money,
        offers,
        placing,
        answering,
        late_answers,
        quorum_calls,
        approval_calls,
        proof_calls,
        registering,
        registering_keys,
        naming,
        topic::creating_topics,
        topic::holding_slots,
        topic::weighing,
        topic::synthesising,
        topic::settling,
        score::offering_answers,
        score::asking,
        score::score_calls,
    ] {
        ladder(&mut seen);
    }
    let missing: Vec<_> = Rejection::ALL
        .iter()
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "no ladder reaches {missing:?}");
}

#[test]
fn what_no_block_may_hold_is_refused_in_order() {
    use assay_types::Invalid;
    let world = World::new();
    let good = world.tx(
        BUYER,
        Call::Transfer {
            to: CREATOR,
            amount: asy(1),
        },
    );
    let mut body = good.body.clone();
    let now = world.ledger.time();
    body.chain = assay_types::ChainId::default();
    body.sequence = 5;
    body.valid_until = LedgerTime::new(0);
    body.fee_limit = Amount::ZERO;
    body.tip = Amount::new(u64::MAX);
    let refused = |body: &Unsigned| {
        let tx = Transaction::new(body.clone(), good.signature.clone());
        world.try_block(1, &[tx]).unwrap_err()
    };
    assert!(matches!(refused(&body), Invalid::WrongChain { .. }));
    body.chain = good.body.chain;
    assert!(matches!(
        refused(&body),
        Invalid::SequenceGap {
            given: 5,
            expected: 0,
            ..
        }
    ));
    body.sequence = 0;
    assert!(matches!(refused(&body), Invalid::Expired { .. }));
    body.valid_until = now.after(u64::MAX);
    assert!(matches!(refused(&body), Invalid::ValidTooLong { .. }));
    body.valid_until = good.body.valid_until;
    assert!(matches!(refused(&body), Invalid::FeeLimitTooLow { .. }));
    body.fee_limit = good.body.fee_limit;
    assert!(matches!(refused(&body), Invalid::CannotPay { .. }));
    body.tip = Amount::ZERO;
    assert_eq!(body, good.body);
    assert!(world.try_block(1, std::slice::from_ref(&good)).is_ok());
    assert!(matches!(
        world.try_block(1, &[good.clone(), good.clone()]),
        Err(Invalid::Replayed {
            given: 0,
            expected: 1,
            ..
        })
    ));
    let other_lane = altered(&good, |body| body.lane = Lane::new(1).unwrap());
    assert!(
        world.try_block(1, &[good, other_lane]).is_ok(),
        "lanes are independent"
    );
}
