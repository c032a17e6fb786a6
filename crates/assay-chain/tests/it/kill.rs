//! `kill -9` of a validator process under load, at random moments.
//!
//! The process is this test binary itself, running [`validator_process`]. It writes a line for each
//! transaction that it was told is final; the parent kills it, opens the same folder and looks for each.
//! `ASSAY_KILL_ROUNDS=30 cargo test -p assay-chain --test it kill` runs more rounds than the default.

use crate::people::{PEOPLE, genesis, now, person, start, transfer};
use assay_chain::{Chain, TransactionStatus, replay};
use assay_types::{Height, TxId};
use rand::RngExt as _;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const FOLDER: &str = "ASSAY_KILL_FOLDER";
const START: &str = "ASSAY_KILL_START";
const ROUNDS: &str = "ASSAY_KILL_ROUNDS";

/// Transactions that are also looked up by id after each kill.
const LOOK_UPS: usize = 200;

/// What the parent was told is final.
type Reported = BTreeMap<TxId, Height>;

/// The child: a validator under load that tells what is final until it is killed.
#[tokio::test]
#[ignore = "the process that the other test kills"]
async fn validator_process() {
    let folder = std::env::var(FOLDER).expect("the parent names the folder");
    let began = std::env::var(START)
        .ok()
        .and_then(|start| start.parse().ok());
    let chain = start(
        Path::new(&folder),
        &genesis(began.expect("the parent names the start")),
    );
    let mut blocks = chain.subscribe_from(chain.status().height.next());
    let load = chain.clone();
    tokio::spawn(async move {
        loop {
            for number in 0..PEOPLE {
                let from = person(number);
                let lane = assay_types::Lane::default();
                let first = load.next_sequence(from.account(), lane);
                let batch = (first..first + 20).map(|sequence| transfer(&load, &from, 0, sequence));
                load.submit(batch.collect());
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    });
    // Straight to the pipe, for the test harness keeps what `println!` writes.
    let mut out = std::io::stdout();
    loop {
        let block = blocks.next().await.expect("the chain goes on");
        let height = block.block.header.height;
        let mut lines = String::new();
        for outcome in &block.result.outcomes {
            lines.push_str(&format!("final {height} {}\n", outcome.transaction));
        }
        out.write_all(lines.as_bytes())
            .and_then(|()| out.flush())
            .expect("the parent listens");
    }
}

/// One life: started, loaded, killed after `life` from its first final transaction on.
fn live_and_die(folder: &Path, began: u64, life: Duration, reported: &mut Reported) {
    let myself = std::env::current_exe().expect("this binary");
    let mut child = Command::new(myself)
        .args([
            "--exact",
            "kill::validator_process",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .env(START, began.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let out = child.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(out).lines();
    let mut killer = None;
    // Lines are read to the end of the pipe: what was written before the kill was reported.
    while let Some(Ok(line)) = lines.next() {
        // Not its own line when the harness has just announced the test.
        let Some(at) = line.find("final ") else {
            continue;
        };
        let mut words = line[at..].split(' ').skip(1);
        let (Some(height), Some(id)) = (words.next(), words.next()) else {
            continue;
        };
        let (Ok(height), Ok(id)) = (height.parse(), id.parse()) else {
            continue;
        };
        let told = reported.insert(id, Height::new(height));
        assert_eq!(told, None, "{id} was reported twice");
        if killer.is_none() {
            let pid = child.id();
            killer = Some(std::thread::spawn(move || {
                std::thread::sleep(life);
                // The process itself, which has not been waited for, so the id is still its own.
                Command::new("kill")
                    .args(["-9", &pid.to_string()])
                    .status()
                    .expect("kill runs")
            }));
        }
    }
    let killed = killer
        .expect("something became final")
        .join()
        .expect("the killer ends");
    assert!(killed.success());
    assert!(!child.wait().expect("the child is gone").success());
}

/// Everything reported is in the block at its height, nothing is in two blocks, and some are found by
/// their ids.
async fn look_for_all(chain: &Chain, reported: &Reported, round: u32) {
    let mut places = Reported::new();
    for height in 1..=chain.status().height.get() {
        let height = Height::new(height);
        let block = chain.block(height).await.expect("the chain runs");
        for outcome in &block.expect("every block is kept").result.outcomes {
            let id = outcome.transaction;
            assert_eq!(places.insert(id, height), None, "{id} is in two blocks");
        }
    }
    for (id, height) in reported {
        let place = places.get(id);
        assert_eq!(
            place,
            Some(height),
            "{id} was reported final at {height}, kill {round}"
        );
    }
    for (id, height) in reported.iter().rev().take(LOOK_UPS) {
        match chain.transaction(*id).expect("the index is readable") {
            Some(TransactionStatus::Final { location, .. }) => assert_eq!(location.height, *height),
            other => panic!("{id}, reported final at {height}, is {other:?} after kill {round}"),
        }
    }
}

#[test]
fn a_killed_validator_loses_nothing_that_was_final() {
    let rounds = std::env::var(ROUNDS)
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (began, mut reported) = (now(), Reported::new());
    let genesis = genesis(began);
    let mut rng = rand::rng();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for round in 0..rounds {
        let before = reported.len();
        let life = Duration::from_millis(rng.random_range(10..700));
        live_and_die(folder.path(), began, life, &mut reported);
        assert!(reported.len() > before, "round {round} made no progress");
        // Recovery compares the roots; then everything reported is where it was reported.
        let chain = start(folder.path(), &genesis);
        runtime.block_on(look_for_all(&chain, &reported, round));
        chain.shutdown();
    }
    let report = replay(folder.path(), &genesis).expect("the kept blocks replay");
    assert!(report.transactions >= reported.len() as u64);
    let mut summary = std::io::stderr();
    let line = format!(
        "{rounds} kills, {} transactions reported final, {} blocks, replayed root {}\n",
        reported.len(),
        report.height,
        report.state_root
    );
    summary.write_all(line.as_bytes()).expect("stderr");
}
