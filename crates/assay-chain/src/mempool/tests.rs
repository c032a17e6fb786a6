use super::*;
use crate::testkit::{genesis, person, transfer, unsigned};
use assay_types::{
    Blob, Call, ChainId, EVIDENCE_BYTES_MAX, Genesis, OrderId, SecretKey, TRANSACTION_BYTES_MAX,
};

fn facts(genesis: &Genesis) -> Facts {
    Facts {
        chain: genesis.chain_id(),
        now: LedgerTime::new(1_000),
        base_fee: FeeRate::new(1),
        base_fee_min: FeeRate::new(1),
        block_weight_max: genesis.params.block_weight_max,
        valid_ms_max: genesis.params.valid_ms_max,
        next_sequence: 0,
        balance: Amount::new(1_000_000_000),
        reserved: false,
    }
}

fn room(genesis: &Genesis) -> BlockRoom {
    BlockRoom {
        weight: genesis.params.block_weight_max,
        bytes: assay_types::BLOCK_BYTES_MAX,
        transactions: assay_types::TRANSACTIONS_PER_BLOCK_MAX,
        base_fee: FeeRate::new(1),
        base_fee_min: FeeRate::new(1),
        time: LedgerTime::new(1_000),
    }
}

fn pool() -> Mempool {
    Mempool::new(MempoolLimits::default())
}

fn small(transactions_max: usize) -> Mempool {
    Mempool::new(MempoolLimits {
        transactions_max,
        ..MempoolLimits::default()
    })
}

fn tipping(genesis: &Genesis, from: &SecretKey, sequence: u64, tip: u64) -> Transaction {
    let mut body = unsigned(genesis, from, 0, sequence);
    body.tip = Amount::new(tip);
    body.sign(from)
}

fn check_call(genesis: &Genesis, from: &SecretKey, sequence: u64, bytes: usize) -> Transaction {
    let mut body = unsigned(genesis, from, 1, sequence);
    let bytes = Blob::new(vec![0; bytes]).expect("within the limit");
    body.call = Call::CheckCall {
        order: OrderId::default(),
        tag: 0,
        bytes,
    };
    body.sign(from)
}

fn picked(pool: &Mempool, room: &BlockRoom) -> Vec<TxId> {
    pool.pick(room, &Included::default())
        .iter()
        .map(Transaction::id)
        .collect()
}

fn refusal(transaction: Transaction, facts: &Facts) -> AdmitError {
    let mut pool = pool();
    let error = pool.insert(transaction, facts).expect_err("refused");
    assert_eq!(
        pool.status(),
        MempoolStatus::default(),
        "a refusal leaves nothing behind"
    );
    error
}

#[test]
fn each_reason_that_needs_no_pool() {
    let genesis = genesis(1, 1);
    let from = person(0);
    let facts = facts(&genesis);
    let good = transfer(&genesis, &from, 0, 0);
    pool().insert(good.clone(), &facts).expect("the good one");

    let other_chain = Facts {
        chain: ChainId::new([9; 32]),
        ..facts
    };
    let error = refusal(good.clone(), &other_chain);
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::WrongChain { .. })),
        "{error}"
    );
    assert!(!error.may_succeed_later());

    let error = refusal(
        good.clone(),
        &Facts {
            next_sequence: 1,
            ..facts
        },
    );
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::Replayed { .. })),
        "{error}"
    );
    assert!(!error.may_succeed_later());

    let error = refusal(transfer(&genesis, &from, 0, 3), &facts);
    let gap = Invalid::SequenceGap {
        lane: 0,
        given: 3,
        expected: 0,
    };
    assert_eq!(error, gap.into());
    assert!(error.may_succeed_later());

    let late = Facts {
        now: good.body.valid_until.after(1),
        ..facts
    };
    let error = refusal(good.clone(), &late);
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::Expired { .. })),
        "{error}"
    );

    let error = refusal(
        good.clone(),
        &Facts {
            valid_ms_max: 5,
            ..facts
        },
    );
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::ValidTooLong { .. })),
        "{error}"
    );

    let narrow = Facts {
        block_weight_max: Weight::new(good.weight().get()),
        ..facts
    };
    let error = refusal(good.clone(), &narrow);
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::TooHeavy { .. })),
        "{error}"
    );

    let error = refusal(
        good.clone(),
        &Facts {
            base_fee: FeeRate::new(1_000_000),
            ..facts
        },
    );
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::FeeLimitTooLow { .. })),
        "{error}"
    );
    assert!(error.may_succeed_later());

    let error = refusal(
        good,
        &Facts {
            balance: Amount::new(999_999),
            ..facts
        },
    );
    assert!(
        matches!(error, AdmitError::Invalid(Invalid::CannotPay { .. })),
        "{error}"
    );

    // The largest evidence still fits a transaction, so only a crafted one is too long; the limit is
    // checked all the same.
    let largest = check_call(&genesis, &from, 0, EVIDENCE_BYTES_MAX);
    assert!(largest.encode_size() <= TRANSACTION_BYTES_MAX);
    let too_long = AdmitError::TooLong { bytes: 2, max: 1 };
    assert!(!too_long.may_succeed_later());
}

#[test]
fn what_is_pending_counts_against_the_balance() {
    let genesis = genesis(1, 1);
    let from = person(0);
    let facts = Facts {
        balance: Amount::new(2_500_000),
        ..facts(&genesis)
    };
    let mut pool = pool();
    pool.insert(transfer(&genesis, &from, 0, 0), &facts)
        .expect("the first");
    pool.insert(transfer(&genesis, &from, 1, 0), &facts)
        .expect("the second, in another lane");
    let error = pool
        .insert(transfer(&genesis, &from, 0, 1), &facts)
        .expect_err("the third");
    let needed = Amount::new(3_000_000);
    assert_eq!(
        error,
        Invalid::CannotPay {
            balance: facts.balance,
            needed
        }
        .into()
    );
    pool.finalized(&[transfer(&genesis, &from, 1, 0)], facts.now);
    pool.insert(transfer(&genesis, &from, 0, 1), &facts)
        .expect("room for it now");
}

#[test]
fn sending_again_is_safe_and_a_taken_place_says_its_price() {
    let genesis = genesis(1, 1);
    let (from, facts) = (person(0), facts(&genesis));
    let mut pool = pool();
    let first = tipping(&genesis, &from, 0, 1_000);
    assert_eq!(pool.insert(first.clone(), &facts), Ok(first.id()));
    assert_eq!(pool.insert(first.clone(), &facts), Ok(first.id()));
    assert_eq!(pool.status().transactions, 1);
    let error = pool
        .insert(tipping(&genesis, &from, 0, 1_050), &facts)
        .expect_err("too little");
    let tip_min = Amount::new(1_100);
    let taken = AdmitError::SequenceTaken {
        lane: 0,
        sequence: 0,
        pending: first.id(),
        tip_min,
    };
    assert_eq!(error, taken);
    let better = tipping(&genesis, &from, 0, 1_100);
    pool.insert(better.clone(), &facts).expect("a replacement");
    assert_eq!(picked(&pool, &room(&genesis)), [better.id()]);
    assert!(!pool.contains(&first.id()));
}

#[test]
fn lanes_are_consecutive_and_independent() {
    let genesis = genesis(1, 1);
    let (from, facts) = (person(0), facts(&genesis));
    let mut pool = pool();
    for (lane, sequence) in [(0, 0), (0, 1), (7, 0), (0, 2)] {
        pool.insert(transfer(&genesis, &from, lane, sequence), &facts)
            .expect("consecutive");
    }
    let lane = Lane::new(0).expect("a lane");
    assert_eq!(pool.next_sequence(from.account(), lane), Some(3));
    assert!(
        pool.insert(transfer(&genesis, &from, 7, 2), &facts)
            .is_err()
    );
    let order = pool.pick(&room(&genesis), &Included::default());
    let of_lane: Vec<_> = order
        .iter()
        .filter(|tx| tx.body.lane == lane)
        .map(|tx| tx.body.sequence)
        .collect();
    assert_eq!(of_lane, [0, 1, 2]);
}

#[test]
fn an_account_has_a_share() {
    let genesis = genesis(1, 1);
    let (from, facts) = (person(0), facts(&genesis));
    let limits = MempoolLimits {
        account_transactions_max: 2,
        ..MempoolLimits::default()
    };
    let mut pool = Mempool::new(limits);
    pool.insert(transfer(&genesis, &from, 0, 0), &facts)
        .expect("the first");
    pool.insert(transfer(&genesis, &from, 1, 0), &facts)
        .expect("the second");
    let error = pool
        .insert(transfer(&genesis, &from, 2, 0), &facts)
        .expect_err("the third");
    assert_eq!(error, AdmitError::AccountFull { max: 2 });
    assert!(error.may_succeed_later());
    pool.insert(transfer(&genesis, &person(1), 0, 0), &facts)
        .expect("another account");
}

#[test]
fn a_full_pool_keeps_the_best_and_names_the_price() {
    let genesis = genesis(1, 8);
    let facts = facts(&genesis);
    let mut pool = small(4);
    for number in 0..3 {
        let tip = 10_000 * (u64::from(number) + 1);
        pool.insert(tipping(&genesis, &person(number), 0, tip), &facts)
            .expect("room");
    }
    // Three quarters of four are three.
    let error = pool
        .insert(tipping(&genesis, &person(5), 0, 10), &facts)
        .expect_err("too little");
    let AdmitError::PoolFull { tip_min } = error else {
        panic!("{error}")
    };
    assert!((9_999..=10_000).contains(&tip_min.get()), "{tip_min}");
    let lowest = tipping(&genesis, &person(0), 0, 10_000).id();
    let newcomer = tipping(&genesis, &person(5), 0, 15_000);
    pool.insert(newcomer.clone(), &facts)
        .expect("it displaces the lowest");
    assert!(!pool.contains(&lowest));
    assert!(pool.contains(&newcomer.id()));
    assert_eq!(pool.status().transactions, 3);
}

#[test]
fn bytes_are_bounded_too() {
    let genesis = genesis(1, 4);
    let facts = facts(&genesis);
    let limits = MempoolLimits {
        bytes_max: 40_000,
        ..MempoolLimits::default()
    };
    let mut pool = Mempool::new(limits);
    let mut large =
        |number: u8| pool.insert(check_call(&genesis, &person(number), 0, 20_000), &facts);
    large(0).expect("20 000 of 30 000 bytes that are open to all");
    let error = large(1).expect_err("no more");
    assert!(matches!(error, AdmitError::PoolFull { .. }), "{error}");
}

#[test]
fn a_quarter_of_the_pool_and_of_a_block_is_kept_for_check_calls() {
    let genesis = genesis(1, 8);
    let facts = facts(&genesis);
    let reserved = Facts {
        reserved: true,
        ..facts
    };
    let mut pool = small(4);
    for number in 0..3 {
        pool.insert(tipping(&genesis, &person(number), 0, 50_000), &facts)
            .expect("room");
    }
    pool.insert(tipping(&genesis, &person(3), 0, 10), &facts)
        .expect_err("three quarters are full");
    let reveal = check_call(&genesis, &person(4), 0, 64);
    pool.insert(reveal.clone(), &reserved)
        .expect("the reserved quarter, without any tip");
    assert_eq!(pool.status().reserved, 1);
    pool.insert(tipping(&genesis, &person(5), 0, 60_000), &facts)
        .expect("it displaces an ordinary one, never the check call");
    assert!(pool.contains(&reveal.id()));

    // A block with room for four transfers gives three places to transfers and one to the check call.
    let weight = tipping(&genesis, &person(0), 0, 50_000).weight().get();
    let narrow = BlockRoom {
        weight: Weight::new(4 * weight),
        ..room(&genesis)
    };
    let chosen = picked(&pool, &narrow);
    assert!(chosen.contains(&reveal.id()) || reveal.weight().get() > weight);
    let ordinary = chosen.iter().filter(|id| **id != reveal.id()).count();
    assert_eq!(ordinary, 3);
}

#[test]
fn the_best_tip_per_weight_comes_first_but_lanes_stay_in_order() {
    let genesis = genesis(1, 3);
    let facts = facts(&genesis);
    let mut pool = pool();
    let dull = tipping(&genesis, &person(0), 0, 5);
    let bright = tipping(&genesis, &person(0), 1, 9_000);
    let middle = tipping(&genesis, &person(1), 0, 500);
    for transaction in [&dull, &bright, &middle] {
        pool.insert(transaction.clone(), &facts).expect("admitted");
    }
    assert_eq!(
        picked(&pool, &room(&genesis)),
        [middle.id(), dull.id(), bright.id()]
    );
    let block = Ids::from_iter([dull.id()]);
    let included = Included(vec![&block]);
    let above: Vec<_> = pool
        .pick(&room(&genesis), &included)
        .iter()
        .map(Transaction::id)
        .collect();
    assert_eq!(above, [bright.id(), middle.id()]);
}

#[test]
fn a_block_takes_no_more_than_it_holds() {
    let genesis = genesis(1, 2);
    let facts = facts(&genesis);
    let mut pool = pool();
    for sequence in 0..10 {
        pool.insert(transfer(&genesis, &person(0), 0, sequence), &facts)
            .expect("admitted");
    }
    let one = transfer(&genesis, &person(0), 0, 0);
    let bytes = BlockRoom {
        bytes: one.encode_size() * 3,
        ..room(&genesis)
    };
    assert_eq!(picked(&pool, &bytes).len(), 3);
    let count = BlockRoom {
        transactions: 4,
        ..room(&genesis)
    };
    assert_eq!(picked(&pool, &count).len(), 4);
    let weight = BlockRoom {
        weight: Weight::new(one.weight().get() * 8),
        ..room(&genesis)
    };
    assert_eq!(picked(&pool, &weight).len(), 6);
    let dear = BlockRoom {
        base_fee: FeeRate::new(1_000_000),
        ..room(&genesis)
    };
    assert!(picked(&pool, &dear).is_empty());
}

#[test]
fn a_final_block_clears_what_it_included_overtook_and_outlived() {
    let genesis = genesis(1, 3);
    let facts = facts(&genesis);
    let mut pool = pool();
    for sequence in 0..4 {
        pool.insert(transfer(&genesis, &person(0), 0, sequence), &facts)
            .expect("admitted");
    }
    let mut body = unsigned(&genesis, &person(1), 0, 0);
    body.valid_until = LedgerTime::new(2_000);
    pool.insert(body.sign(&person(1)), &facts)
        .expect("admitted");
    pool.insert(transfer(&genesis, &person(1), 0, 1), &facts)
        .expect("behind it");
    // Another transaction of the same place was included: the one waiting can never be.
    pool.finalized(
        &[tipping(&genesis, &person(0), 1, 77)],
        LedgerTime::new(2_000),
    );
    assert_eq!(
        pool.status().transactions,
        4,
        "valid until 2 000 is valid at 2 000"
    );
    pool.finalized(&[], LedgerTime::new(2_001));
    assert_eq!(
        pool.status().transactions,
        2,
        "what waited behind the expired one went with it"
    );
    let room = BlockRoom {
        time: LedgerTime::new(2_001),
        ..room(&genesis)
    };
    let left: Vec<_> = pool
        .pick(&room, &Included::default())
        .iter()
        .map(|tx| tx.body.sequence)
        .collect();
    assert_eq!(left, [2, 3]);
    pool.finalized(
        &[transfer(&genesis, &person(0), 0, 3)],
        LedgerTime::new(2_002),
    );
    assert_eq!(pool.status(), MempoolStatus::default());
}

#[test]
fn a_signature_is_known_by_the_transaction_that_waits_with_it() {
    let genesis = genesis(1, 1);
    let honest = transfer(&genesis, &person(0), 0, 0);
    let other = transfer(&genesis, &person(0), 0, 1);
    let forged = Transaction::new(honest.body.clone(), other.signature.clone());
    let mut pool = pool();
    assert!(!pool.has_verified(&honest));
    pool.insert(honest.clone(), &facts(&genesis))
        .expect("admitted");
    assert!(pool.has_verified(&honest));
    assert_eq!(forged.id(), honest.id());
    assert!(!pool.has_verified(&forged));
}
