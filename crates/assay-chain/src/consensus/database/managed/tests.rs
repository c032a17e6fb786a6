//! How long the log grows under the policy, for rows replaced at random and for the worst mix.

use super::super::{Config, Databases, Recorded, Row, Value, config, merkleize, page_cache};
use assay_types::StateKey;
use commonware_glue::stateful::db::DatabaseSet;
use commonware_parallel::Sequential;
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _, deterministic};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{collections::BTreeMap, time::Duration};

/// Rows in the database.
const ROWS: u64 = 1_000;
/// Batches after the one that creates them, and rows that each replaces.
const BATCHES: u64 = 300;
const REPLACED: u64 = 50;

/// Writes [`BATCHES`] batches that each replace rows among the first `hot`, and returns how many operations
/// above the floor the log held at most, in hundredths of [`ROWS`], after the first half of them and in all.
fn longest(hot: u64) -> (u64, u64) {
    deterministic::Runner::default().start(|context| async move {
        type Set = Databases<deterministic::Context, Sequential>;
        let config = config("managed", &page_cache(0), 0, Sequential);
        let database = <Set as DatabaseSet<_>>::init(context.child("db"), config, None).await;
        let mut rng = StdRng::seed_from_u64(1);
        let mut expected = BTreeMap::new();
        let (mut longest, mut longest_late) = (0, 0);
        for batch in 0..=BATCHES {
            let written: Vec<u64> = if batch == 0 {
                (0..ROWS).collect()
            } else {
                (0..REPLACED).map(|_| rng.random_range(0..hot)).collect()
            };
            let rows: BTreeMap<StateKey, Option<Value>> = written
                .into_iter()
                .map(|row| {
                    let value: &[u8] = &[row.to_be_bytes(), batch.to_be_bytes()].concat();
                    (
                        StateKey::of(1, &row.to_be_bytes()),
                        Some(Value::from(value)),
                    )
                })
                .collect();
            expected.extend(rows.clone());
            let rows: Vec<Row> = rows.into_iter().collect();
            let batches = DatabaseSet::<deterministic::Context>::new_batches(&database).await;
            let sealed = merkleize(batches, rows).await;
            let (floor, tip) = (*sealed.bounds().inactivity_floor, *sealed.bounds().tip.size);
            longest = longest.max(tip - floor);
            if batch > BATCHES / 2 {
                longest_late = longest_late.max(tip - floor);
            }
            DatabaseSet::<deterministic::Context>::apply(&database, sealed).await;
        }
        let database = database.read().await;
        for (key, value) in expected {
            let found = database.get(&super::Key::new(*key.as_bytes())).await;
            assert_eq!(found.expect("a readable log"), value);
        }
        (longest * 100 / ROWS, longest_late * 100 / ROWS)
    })
}

#[test]
fn with_rows_replaced_at_random_the_log_settles_below_three_operations_a_row() {
    let (longest, late) = longest(ROWS);
    assert!(longest < 300, "{longest} % at most");
    assert!((150..300).contains(&late), "{late} % once it has settled");
}

#[test]
fn where_most_rows_never_change_it_stays_below_five_operations_a_row() {
    let (longest, late) = longest(ROWS / 10);
    assert!(longest <= 510, "{longest} % at most");
    assert!(late <= 510, "{late} % late");
}

#[test]
fn all_rows_are_read_once_and_as_they_stand() {
    deterministic::Runner::default().start(|context| async move {
        type Set = Databases<deterministic::Context, Sequential>;
        let config = config("managed", &page_cache(0), 0, Sequential);
        let database = <Set as DatabaseSet<_>>::init(context.child("db"), config, None).await;
        let mut rng = StdRng::seed_from_u64(2);
        let mut expected = BTreeMap::new();
        for batch in 0..40u64 {
            let written = (0..30).map(|_| {
                let row: u64 = rng.random_range(0..200);
                let value: &[u8] = &[row.to_be_bytes(), batch.to_be_bytes()].concat();
                let value = rng.random_bool(0.7).then(|| Value::from(value));
                (StateKey::of(1, &row.to_be_bytes()), value)
            });
            let rows: BTreeMap<StateKey, Option<Value>> = written.collect();
            expected.extend(rows.clone());
            let rows: Vec<Row> = rows.into_iter().collect();
            let batches = DatabaseSet::<deterministic::Context>::new_batches(&database).await;
            let sealed = merkleize(batches, rows).await;
            DatabaseSet::<deterministic::Context>::apply(&database, sealed).await;
            let standing = sorted(expected.values().flatten().cloned());
            for at_once in [1, 7, 1 << 14] {
                let database = database.read().await;
                let found = database.rows_by(at_once).await.expect("a readable log");
                assert_eq!(
                    sorted(found),
                    standing,
                    "after batch {batch}, {at_once} at once"
                );
            }
        }
    });
}

#[test]
fn a_block_is_durable_only_when_it_is_recorded_too() {
    deterministic::Runner::default().start(|context| async move {
        type Set = Databases<deterministic::Context, Sequential>;
        let recorded = Recorded::default();
        let config = Config {
            recorded: recorded.clone(),
            ..config("managed", &page_cache(0), 0, Sequential)
        };
        let database = <Set as DatabaseSet<_>>::init(context.child("db"), config, None).await;
        let batches = DatabaseSet::<deterministic::Context>::new_batches(&database).await;
        let row = (StateKey::of(1, b"row"), Some(Value::from(&b"value"[..])));
        let sealed = merkleize(batches, vec![row]).await;
        recorded.announce();
        DatabaseSet::<deterministic::Context>::apply(&database, sealed).await;
        let barrier = DatabaseSet::<deterministic::Context>::finalize(&database).await;
        let mut durable = Box::pin(barrier.durable());
        context.sleep(Duration::from_secs(1)).await;
        assert!(futures::poll!(&mut durable).is_pending());
        recorded.add(1);
        assert!(durable.await);
    });
}

fn sorted(rows: impl IntoIterator<Item = Value>) -> Vec<Vec<u8>> {
    let mut rows: Vec<Vec<u8>> = rows.into_iter().map(|row| row.to_vec()).collect();
    rows.sort();
    rows
}
