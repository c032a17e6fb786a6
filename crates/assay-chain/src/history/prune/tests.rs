use super::*;
use crate::{
    history::tests::{record, sample},
    testkit::CrashingFile,
};
use redb::ReadableTableMetadata as _;

/// Rows of all tables that blocks write to.
fn rows(history: &History) -> u64 {
    let read = history.database.begin_read().expect("readable");
    let count = |table: Result<u64, redb::Error>| table.expect("a table");
    count((|| Ok(read.open_table(RESULTS)?.len()?))())
        + count((|| Ok(read.open_table(RECEIPTS)?.len()?))())
        + count((|| Ok(read.open_table(ORDER_EVENTS)?.len()?))())
        + count((|| Ok(read.open_table(ACCOUNT_ORDERS)?.len()?))())
}

#[test]
fn what_is_forgotten_leaves_no_row_and_a_restart_knows_it() {
    let file = CrashingFile::default();
    let history = History::open_on(file.clone()).expect("a new index");
    record(&history, 1);
    let of_one_block = rows(&history);
    for height in 2..=6 {
        record(&history, height);
    }
    assert_eq!(rows(&history), 6 * of_one_block);
    assert_eq!(history.first(), Height::new(1));
    let old: Vec<Block> = (1..=4).map(|height| sample(height).1).collect();
    history.forget(&old).expect("forgotten");
    drop(history);

    file.crash();
    let history = History::open_on(file.reopen()).expect("the index opens again");
    assert_eq!(history.first(), Height::new(5));
    assert_eq!(rows(&history), 2 * of_one_block);
    assert_eq!(history.result(Height::new(4)).expect("readable"), None);
    assert!(history.result(Height::new(5)).expect("readable").is_some());
    let gone = old[0].transactions[0].id();
    assert_eq!(history.transaction(gone).expect("readable"), None);
    let kept = sample(5).1.transactions[0].id();
    assert!(history.transaction(kept).expect("readable").is_some());
    record(&history, 7);
    history
        .forget(&[sample(5).1, sample(6).1, sample(7).1])
        .expect("forgotten");
    assert_eq!(rows(&history), 0);
}

#[test]
#[should_panic(expected = "blocks are forgotten in order")]
fn a_gap_is_refused() {
    let history = History::open_on(CrashingFile::default()).expect("a new index");
    for height in 1..=3 {
        record(&history, height);
    }
    let _ = history.forget(&[sample(2).1]);
}
