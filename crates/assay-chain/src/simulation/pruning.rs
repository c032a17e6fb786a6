//! A validator that keeps a window, through restarts, and the export of its state.

use super::{
    crash::{PARTITION, alone},
    *,
};
use crate::{
    consensus::engine::block_at,
    export::{ExportFormat, check_export, export_from},
    proof::certificate,
    replay::{ReplayError, replay_log},
    testkit::{genesis, person, transfer, validator},
};
use commonware_runtime::{Runner as _, deterministic};

const WINDOW: u64 = 40;
/// Blocks of one life: several sections of the logs and several prunings.
const BLOCKS: u64 = 160;

/// Runs until `BLOCKS` more blocks are final, then crashes.
async fn live(mut context: Context, genesis: Genesis, history: CrashingFile) -> Height {
    let key = validator(0);
    let retention = Retention::Window { blocks: WINDOW };
    let node = Node::start_keeping(
        retention,
        &context,
        &genesis,
        &key,
        alone(&key),
        PARTITION.into(),
        history.reopen(),
        Faults::default(),
    )
    .await;
    let begun = node.height().get();
    for height in begun..begun + BLOCKS {
        let from = person(0);
        let lane = assay_types::Lane::default();
        let next = node
            .core
            .state()
            .ledger()
            .next_sequence(from.account(), lane);
        let next = next.max(
            node.core
                .mempool()
                .next_sequence(from.account(), lane)
                .unwrap_or(0),
        );
        node.submit(&mut context, vec![transfer(&genesis, &from, 0, next)]);
        node.reach(&context, height + 1).await;
    }
    // Long enough that what became final last is pruned for and durable.
    context.sleep(Duration::from_millis(300)).await;
    let (tip, first) = (node.height().get(), node.core.history.first().get());
    assert!(
        first > tip - WINDOW - 16 && first <= tip - WINDOW + 1,
        "{first} of {tip}"
    );
    let marshal = &node.running.marshal;
    for height in first..=tip {
        let height = Height::new(height);
        assert!(
            block_at(marshal, height).await.is_some(),
            "{height} of {first}..={tip}"
        );
        assert!(
            certificate(marshal, height).await.is_some(),
            "votes of {height}"
        );
        assert!(
            node.core
                .history
                .result(height)
                .expect("readable")
                .is_some()
        );
    }
    assert!(
        block_at(marshal, Height::new(1)).await.is_none(),
        "the log follows the index"
    );
    history.crash();
    Height::new(tip)
}

#[test]
fn a_window_is_kept_through_restarts_and_its_state_is_exported() {
    let genesis = genesis(1, 3);
    let history = CrashingFile::default();
    let mut runner = deterministic::Runner::timed(Duration::from_secs(600));
    let mut tip = Height::ZERO;
    for _ in 0..2 {
        let (genesis, history) = (genesis.clone(), history.clone());
        let (reached, checkpoint) =
            runner.start_and_recover(move |context| live(context, genesis, history));
        assert!(reached > tip);
        tip = reached;
        runner = deterministic::Runner::from(checkpoint);
    }
    runner.start(|mut context| async move {
        let runtime = context.child("replay");
        let replayed = replay_log(
            &runtime,
            &mut context,
            &genesis,
            (PARTITION, 0),
            Sequential,
            |_| {},
        )
        .await;
        assert!(
            matches!(replayed, Err(ReplayError::Pruned { first }) if first > Height::new(1)),
            "{replayed:?}"
        );
        let mut written = Vec::new();
        for format in [
            ExportFormat::Canonical,
            ExportFormat::Canonical,
            ExportFormat::JsonLines,
        ] {
            let runtime = context.child("export");
            let mut file = Vec::new();
            let exported = export_from(
                &runtime,
                &genesis,
                (PARTITION, 0),
                Sequential,
                format,
                &mut file,
            )
            .await
            .expect("the folder is sound");
            written.push((exported, file));
        }
        let (exported, file) = &written[0];
        assert_eq!(&written[1], &written[0], "the same state, the same bytes");
        assert!(exported.height <= tip && exported.height.get() > tip.get() - 32);
        let checked = check_export(&genesis, file.as_slice()).expect("sound");
        assert_eq!(&checked.exported, exported);
        assert_eq!(checked.certificate.finality.votes.len(), 1);
        let (as_json, lines) = &written[2];
        assert_eq!(as_json, exported);
        let lines = String::from_utf8(lines.clone()).expect("text");
        assert_eq!(lines.lines().count() as u64, exported.rows + 2);
    });
}
