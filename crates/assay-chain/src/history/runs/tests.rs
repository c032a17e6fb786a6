//! Transactions are found whether they lie in memory or in a run, and after a start.

use super::super::{History, tests::record};
use super::*;
use crate::{history::tests::sample, testkit::CrashingFile};
use redb::ReadableDatabase as _;

/// Where the transaction of block `height` is found.
fn found(history: &History, height: u64) -> Option<Location> {
    let (_, block, _) = sample(height);
    history
        .transaction(block.transactions[0].id())
        .expect("readable")
}

fn at(height: u64) -> Location {
    Location {
        height: Height::new(height),
        index: 0,
    }
}

#[test]
fn every_transaction_is_found_in_memory_in_a_run_and_after_a_start() {
    let file = CrashingFile::default();
    // Two runs of four blocks with one transaction each, and two blocks in memory.
    let blocks = 10;
    {
        let history = History::open_on(file.clone()).expect("a new index");
        for height in 1..=blocks {
            record(&history, height);
            for known in 1..=height {
                assert_eq!(found(&history, known), Some(at(known)), "at {height}");
            }
            assert_eq!(found(&history, height + 1), None);
        }
        assert_eq!(history.recent().locations.len(), 2);
        history.sync().expect("durable");
    }
    let history = History::open_on(file).expect("the index again");
    assert_eq!(history.recent().locations.len(), 2);
    for known in 1..=blocks {
        assert_eq!(found(&history, known), Some(at(known)));
    }
    assert_eq!(found(&history, blocks + 1), None);
}

#[test]
fn what_was_forgotten_is_not_found_though_its_run_is_still_there() {
    let history = History::open_on(CrashingFile::default()).expect("a new index");
    for height in 1..=10 {
        record(&history, height);
    }
    for (kept_from, runs) in [(3, 2), (5, 1), (6, 1), (9, 0), (10, 0)] {
        let first = history.first().get();
        let blocks: Vec<_> = (first..kept_from).map(|height| sample(height).1).collect();
        history.forget(&blocks).expect("forgotten");
        for height in 1..=10 {
            let expected = (height >= kept_from).then(|| at(height));
            assert_eq!(found(&history, height), expected, "kept from {kept_from}");
        }
        let read = history.database.begin_read().expect("readable");
        let kept = read.open_table(RUNS).expect("a table");
        assert_eq!(kept.iter().expect("readable").count(), runs);
        let chunks = read.open_table(CHUNKS).expect("a table");
        assert_eq!(chunks.iter().expect("readable").count(), runs);
    }
    assert_eq!(history.recent().locations.len(), 1);
}

#[test]
fn a_run_of_many_chunks_is_searched_in_each() {
    let mut recent = Recent::default();
    let id = |number: u32| {
        let mut bytes = [0; 32];
        // Not in the order of their numbers.
        bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
        TxId::new(bytes)
    };
    let count = 10 * CHUNK_ENTRIES as u32 + 7;
    recent.add(Height::new(7), (0..count).map(id));
    let database = redb::Database::builder()
        .create_with_backend(CrashingFile::default())
        .expect("a new file");
    let transaction = database.begin_write().expect("a write");
    write(&transaction, &recent).expect("written");
    transaction.commit().expect("committed");
    let read = database.begin_read().expect("a read");
    for index in 0..count {
        let height = Height::new(7);
        let expected = Location { height, index };
        assert_eq!(find(&read, id(index)).expect("readable"), Some(expected));
    }
    for absent in count..2 * count {
        assert_eq!(find(&read, id(absent)).expect("readable"), None);
    }
    assert_eq!(last(&read).expect("readable"), 7);
}
