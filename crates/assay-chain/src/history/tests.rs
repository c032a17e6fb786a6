use super::*;
use crate::{
    consensus::block::ConsensusBlock,
    testkit::{CrashingFile, genesis, person, transfer, validator},
};
use assay_types::{ReleaseReason, Transaction};
use commonware_cryptography::blake3::Digest;

fn outcome(transaction: &Transaction, first_event: u32, event_count: u32) -> Outcome {
    Outcome {
        transaction: transaction.id(),
        fee: Amount::new(7),
        tip: Amount::new(1),
        rejection: None,
        first_event,
        event_count,
    }
}

/// Block `height` with one transfer by person 0 and an event about an order.
pub(super) fn sample(height: u64) -> (BlockId, Block, BlockResult) {
    let genesis = genesis(1, 1);
    let leader = validator(0).public_key();
    let mut block = ConsensusBlock::genesis(&genesis, leader, Digest([7; 32]), (0, 1)).0;
    let transaction = transfer(&genesis, &person(0), 0, height - 1);
    block.header.height = Height::new(height);
    block.header.transactions_root = Block::transactions_root(std::slice::from_ref(&transaction));
    let events = vec![
        Event::Transferred {
            from: person(0).account(),
            to: person(99).account(),
            amount: Amount::new(1),
        },
        Event::Released {
            order: OrderId::new([5; 32]),
            seller: person(1).account(),
            reason: ReleaseReason::Declined,
        },
    ];
    let result = BlockResult {
        outcomes: vec![outcome(&transaction, 0, 1)],
        events,
    };
    block.transactions = vec![transaction];
    (block.header.id(), block, result)
}

pub(super) fn record(history: &History, height: u64) {
    let (id, block, result) = sample(height);
    history.record(id, &block, &result).expect("recorded");
}

fn at(height: u64, index: u32) -> Location {
    Location {
        height: Height::new(height),
        index,
    }
}

#[test]
fn what_was_recorded_is_found_by_every_key() {
    let history = History::open_on(CrashingFile::default()).expect("a new index");
    assert_eq!(history.height().expect("readable"), Height::ZERO);
    for height in 1..=3 {
        record(&history, height);
    }
    let (_, block, result) = sample(2);
    assert_eq!(history.height().expect("readable"), Height::new(3));
    assert_eq!(
        history.result(Height::new(2)).expect("readable"),
        Some(result)
    );
    assert_eq!(history.result(Height::new(4)).expect("readable"), None);
    let id = block.transactions[0].id();
    assert_eq!(history.transaction(id).expect("readable"), Some(at(2, 0)));
    assert_eq!(
        history.transaction(TxId::default()).expect("readable"),
        None
    );
    assert_eq!(
        history.receipt(OrderId::new([5; 32])).expect("readable"),
        None
    );
    let order = OrderId::new([5; 32]);
    let events = history.order_events(order, None).expect("readable");
    assert_eq!(events, [at(1, 1), at(2, 1), at(3, 1)]);
    assert_eq!(
        history
            .order_events(order, Some(at(2, 1)))
            .expect("readable"),
        [at(3, 1)]
    );
    assert!(
        history
            .account_orders(person(0).account(), None, PAGE_ROWS_MAX)
            .expect("readable")
            .is_empty()
    );
}

#[test]
fn orders_are_listed_newest_first_where_they_began() {
    let history = History::open_on(CrashingFile::default()).expect("a new index");
    let seller = person(1).account();
    let assigned = |order: u8| Event::Assigned {
        order: OrderId::new([order; 32]),
        seller,
        offer: assay_types::OfferId::default(),
        ask: Amount::new(1),
        lock: Amount::new(1),
        respond_by: assay_types::LedgerTime::default(),
    };
    // Drawn for 1 and 2, again for 1 after it had not answered, then for 3.
    for (height, orders) in [(1, vec![1, 2]), (2, vec![1]), (3, vec![3])] {
        let (id, block, mut result) = sample(height);
        result.events = orders.into_iter().map(assigned).collect();
        history.record(id, &block, &result).expect("recorded");
    }
    let list = |before, limit| {
        let page = history.account_orders(seller, before, limit);
        let page = page.expect("readable").into_iter();
        page.map(|(at, order)| (at, order.as_bytes()[0]))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        list(None, 10),
        [(at(3, 0), 3), (at(1, 1), 2), (at(1, 0), 1)]
    );
    assert_eq!(list(None, 1), [(at(3, 0), 3)]);
    assert_eq!(list(Some(at(3, 0)), 1), [(at(1, 1), 2)]);
    assert_eq!(list(Some(at(1, 1)), 9), [(at(1, 0), 1)]);
    assert_eq!(list(Some(at(1, 0)), 9), []);
}

#[test]
fn recording_again_changes_nothing() {
    let history = History::open_on(CrashingFile::default()).expect("a new index");
    record(&history, 1);
    record(&history, 2);
    record(&history, 1);
    assert_eq!(history.height().expect("readable"), Height::new(2));
    let id = sample(1).1.transactions[0].id();
    assert_eq!(history.transaction(id).expect("readable"), Some(at(1, 0)));
}

#[test]
fn another_block_at_a_recorded_height_is_an_error() {
    let history = History::open_on(CrashingFile::default()).expect("a new index");
    record(&history, 1);
    let (_, block, result) = sample(1);
    let error = history
        .record(BlockId::new([9; 32]), &block, &result)
        .expect_err("another block");
    assert!(matches!(error, HistoryError::OtherBlocks { .. }), "{error}");
}

#[test]
#[should_panic(expected = "no gap")]
fn a_gap_stops_the_node() {
    record(
        &History::open_on(CrashingFile::default()).expect("a new index"),
        2,
    );
}

#[test]
fn what_is_recorded_can_be_read_at_once_and_survives_a_crash_once_synced() {
    let file = CrashingFile::default();
    let history = History::open_on(file.clone()).expect("a new index");
    for height in 1..=20 {
        record(&history, height);
    }
    history.sync().expect("durable");
    record(&history, 21);
    assert_eq!(history.height().expect("readable"), Height::new(21));
    file.crash();
    drop(history);
    let history = History::open_on(file.reopen()).expect("the index opens after a crash");
    assert_eq!(history.height().expect("readable"), Height::new(20));
    assert_eq!(
        history.result(Height::new(20)).expect("readable"),
        Some(sample(20).2)
    );
}

#[test]
fn a_file_that_is_no_index_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(FILE_NAME), vec![7u8; 10_000]).expect("a file");
    let error = History::open(folder.path()).err().expect("no index");
    assert!(
        error
            .to_string()
            .contains("delete the file to have it rebuilt"),
        "{error}"
    );
}
