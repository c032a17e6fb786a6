//! Crashes of one validator, each dropping every write that was not synced.

use super::*;
use crate::{
    consensus::network::Solitude,
    replay::replay_log,
    testkit::{genesis, person, transfer, validator},
};
use assay_types::{Lane, TxId};
use commonware_runtime::{
    Runner as _,
    deterministic::{self, FaultConfig, PartialWriteMode, WriteConfig},
};
use commonware_utils::probability;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::BTreeMap;

const PEOPLE: u8 = 4;
pub(super) const PARTITION: &str = "validator";

/// What the outside world was told is final.
type Reported = BTreeMap<TxId, Height>;

pub(super) fn alone(key: &SecretKey) -> (Channels<Sender, Receiver>, Peers<Book>) {
    let me = key.as_ed25519().public_key();
    (
        Channels::open(|_| (Link::Alone, Link::Alone)),
        Peers::Alone(Solitude::new(me)),
    )
}

/// How long a validator lives.
#[derive(Clone, Copy)]
enum Life {
    /// Since its start: it may die while it recovers.
    FromStart(Duration),
    /// Since its first new block. One that had voted in its last view first waits for that to time out.
    FromProgress(Duration),
}

/// Runs under load until a random moment. What was reported before must still be there; returns what was
/// reported now.
async fn live(
    mut context: Context,
    genesis: Genesis,
    history: CrashingFile,
    faults: Faults,
    mut reported: Reported,
    (round, life): (u64, Life),
) -> Reported {
    let key = validator(0);
    let node = Node::start(
        &context,
        &genesis,
        &key,
        alone(&key),
        PARTITION.into(),
        history.reopen(),
        faults,
    )
    .await;
    for (id, height) in &reported {
        let found = node
            .core
            .history
            .transaction(*id)
            .expect("the index is readable");
        let found = found.unwrap_or_else(|| panic!("{id}, reported final at {height}, is gone"));
        assert_eq!(found.height, *height, "{id} moved");
    }
    let mut seen = node.height();
    let begun = node.height();
    let mut end = match life {
        Life::FromStart(life) => Some(context.current() + life),
        Life::FromProgress(_) => None,
    };
    while end.is_none_or(|end| context.current() < end) {
        if let (None, Life::FromProgress(life)) = (end, life)
            && node.height() > begun
        {
            end = Some(context.current() + life);
        }
        for number in 0..PEOPLE {
            let from = person(number);
            // Another sum each round, so that a lost transaction cannot come back by being sent again.
            let lane = Lane::new(0).expect("the first lane");
            let sequence = {
                let state = node.core.state();
                let confirmed = state.ledger().next_sequence(from.account(), lane);
                node.core
                    .mempool()
                    .next_sequence(from.account(), lane)
                    .unwrap_or(confirmed)
            };
            let mut body = crate::testkit::unsigned(&genesis, &from, 0, sequence);
            body.tip = assay_types::Amount::new(round);
            node.submit(&mut context, vec![body.sign(&from)]);
        }
        context.sleep(Duration::from_millis(7)).await;
        while seen < node.height() {
            seen = seen.next();
            let block = node
                .core
                .recent(seen)
                .expect("a block just reported is at hand");
            for transaction in &block.block.transactions {
                let before = reported.insert(transaction.id(), seen);
                // A block that was executed but not acknowledged is reported again after a crash.
                assert!(
                    before.is_none_or(|before| before == seen),
                    "{} is final at {before:?} and at {seen}",
                    transaction.id()
                );
            }
        }
    }
    history.crash();
    reported
}

fn crash_rounds(seed: u64, rounds: u64, faults: Faults, disk: FaultConfig) {
    let genesis = genesis(1, PEOPLE);
    let history = CrashingFile::default();
    let mut rng = StdRng::seed_from_u64(seed);
    let config = deterministic::Config::default()
        .with_seed(seed)
        .with_storage_fault_config(disk);
    let mut runner = deterministic::Runner::new(config);
    let mut reported = Reported::new();
    for round in 0..rounds {
        let life = Duration::from_millis(rng.random_range(1..200));
        let life = if rng.random_bool(0.25) {
            Life::FromStart(life)
        } else {
            Life::FromProgress(life)
        };
        let (genesis, history_now) = (genesis.clone(), history.clone());
        let (now, checkpoint) = runner.start_and_recover(move |context| {
            live(
                context,
                genesis,
                history_now,
                faults,
                reported,
                (round, life),
            )
        });
        reported = now;
        runner = deterministic::Runner::from(checkpoint);
    }
    // The log of blocks holds each reported transaction once, and executing it again gives every root.
    let report = runner.start(|mut context| async move {
        let runtime = context.child("replay");
        let rng = &mut context;
        replay_log(&runtime, rng, &genesis, (PARTITION, 0), Sequential, |_| {})
            .await
            .expect("the kept blocks replay")
    });
    assert!(report.transactions >= reported.len() as u64);
    assert!(
        reported.len() as u64 > rounds * u64::from(PEOPLE),
        "only {} transactions became final in {rounds} rounds",
        reported.len()
    );
}

#[test]
fn thirty_crashes_lose_no_final_transaction() {
    crash_rounds(7, 30, Faults::default(), FaultConfig::default());
}

#[test]
fn thirty_crashes_that_tear_unsynced_writes_lose_no_final_transaction() {
    // Of what was not synced, each byte survives by the toss of a coin.
    let torn = WriteConfig {
        failure_rate: probability!(0.0),
        retention_rate: probability!(0.5),
        mode: PartialWriteMode::Subset,
    };
    crash_rounds(
        11,
        30,
        Faults::default(),
        FaultConfig::default().write(torn),
    );
}

#[test]
fn without_the_sync_of_the_block_log_a_crash_loses_final_transactions() {
    let faults = Faults {
        no_block_sync: true,
        ..Faults::default()
    };
    let lost = std::panic::catch_unwind(|| crash_rounds(7, 30, faults, FaultConfig::default()));
    assert!(
        lost.is_err(),
        "the crash test must notice a log that does not sync"
    );
}

#[test]
fn a_deleted_history_index_is_rebuilt() {
    let genesis = genesis(1, 1);
    let from = person(0);
    let sent: Vec<_> = (0..5)
        .map(|sequence| transfer(&genesis, &from, 0, sequence))
        .collect();
    let ids: Vec<_> = sent.iter().map(Transaction::id).collect();
    let first_genesis = genesis.clone();
    let (before, checkpoint) =
        deterministic::Runner::seeded(1).start_and_recover(|mut context| async move {
            let (key, history) = (validator(0), CrashingFile::default());
            let node = Node::start(
                &context,
                &first_genesis,
                &key,
                alone(&key),
                PARTITION.into(),
                history,
                Faults::default(),
            )
            .await;
            node.submit(&mut context, sent);
            node.reach(&context, 3).await;
            // Long enough that the database is durable at the height of the answer.
            context.sleep(Duration::from_millis(200)).await;
            node.core
                .history
                .result(Height::new(1))
                .expect("a readable index")
        });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let (key, history) = (validator(0), CrashingFile::default());
        let node = Node::start(
            &context,
            &genesis,
            &key,
            alone(&key),
            PARTITION.into(),
            history,
            Faults::default(),
        )
        .await;
        assert!(node.height().get() >= 3);
        assert_eq!(
            node.core
                .history
                .result(Height::new(1))
                .expect("a readable index"),
            before
        );
        for id in ids {
            assert!(
                node.core
                    .history
                    .transaction(id)
                    .expect("a readable index")
                    .is_some()
            );
        }
    });
}
