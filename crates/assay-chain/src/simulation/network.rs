//! Four validators on a simulated network.

use super::*;
use crate::{
    consensus::engine::LEADER_TIMEOUT,
    testkit::{genesis, person, transfer, validator},
    time::system_time,
};
use assay_types::{AccountId, Block};
use commonware_p2p::Manager as _;
use commonware_runtime::{Quota, Runner as _, deterministic};
use commonware_utils::{NZU32, NZUsize, ordered::Set, probability};

const VALIDATORS: u8 = 4;
const PEOPLE: u8 = 8;

async fn cluster(
    context: &Context,
    genesis: &Genesis,
    faults_of: impl Fn(u8) -> Faults,
) -> Vec<Node> {
    let keys: Vec<_> = (0..VALIDATORS).map(validator).collect();
    let public: Vec<_> = keys
        .iter()
        .map(|key| key.as_ed25519().public_key())
        .collect();
    let (network, oracle) = simulated::Network::new(
        context.child("network"),
        simulated::Config {
            max_size: 16 << 20,
            max_peers_per_set: NZUsize!(8),
            disconnect_on_block: true,
            tracked_peer_sets: NZUsize!(1),
        },
    );
    network.start();
    let mut manager = oracle.manager();
    manager.track(0, Set::from_iter_dedup(public.clone()));
    for from in &public {
        for to in public.iter().filter(|to| *to != from) {
            let link = simulated::Link {
                latency: Duration::from_millis(10),
                jitter: Duration::from_millis(5),
                success_rate: probability!(1.0),
            };
            oracle
                .add_link(from.clone(), to.clone(), link)
                .await
                .expect("a new link");
        }
    }
    let mut nodes = Vec::new();
    for (number, key) in (0u8..).zip(&keys) {
        let control = oracle.control(public[usize::from(number)].clone());
        let mut opened = Vec::new();
        for channel in 0..7 {
            let quota = Quota::per_second(NZU32!(4096));
            let (sender, receiver) = control.register(channel, quota).await.expect("a channel");
            opened.push(Some((Link::Network(sender), Link::Network(receiver))));
        }
        let channels = Channels::open(|channel| {
            opened[usize::try_from(channel).expect("few channels")]
                .take()
                .expect("opened once")
        });
        let peers = Peers::Network(Book {
            manager: manager.clone(),
            control,
        });
        let node = Node::start(
            &context.child("validator").with_attribute("number", number),
            genesis,
            key,
            (channels, peers),
            format!("validator-{number}"),
            CrashingFile::default(),
            faults_of(number),
        )
        .await;
        nodes.push(node);
    }
    nodes
}

/// Final blocks of a node that are still at hand.
fn blocks(node: &Node) -> Vec<Block> {
    (1..=node.height().get())
        .filter_map(|height| node.core.recent(Height::new(height)))
        .map(|finalized| finalized.block.clone())
        .collect()
}

fn leader(number: u8) -> AccountId {
    validator(number).account()
}

fn load_all(context: &mut Context, genesis: &Genesis, nodes: &[Node]) {
    for (number, node) in (0u8..).zip(nodes) {
        for person_number in [number, number + VALIDATORS] {
            let from = person(person_number);
            let sent = (0..3)
                .map(|sequence| transfer(genesis, &from, 0, sequence))
                .collect();
            node.submit(context, sent);
        }
    }
}

#[test]
fn four_validators_stay_equal_though_one_proposes_wrong_roots() {
    deterministic::Runner::timed(Duration::from_secs(600)).start(|mut context| async move {
        let genesis = genesis(VALIDATORS, PEOPLE);
        let liar = 2;
        let faults = |number| Faults {
            wrong_roots: number == liar,
            ..Faults::default()
        };
        let nodes = cluster(&context, &genesis, faults).await;
        load_all(&mut context, &genesis, &nodes);
        for node in &nodes {
            node.reach(&context, 12).await;
        }
        // The liar's turn came at least twice in so many views, and its blocks were voted over.
        let chains: Vec<_> = nodes.iter().map(blocks).collect();
        let shared = chains.iter().map(Vec::len).min().unwrap_or(0);
        for chain in &chains {
            assert_eq!(chain[..shared], chains[0][..shared], "validators disagree");
            assert!(
                chain
                    .iter()
                    .all(|block| block.header.context.leader.account() != leader(liar))
            );
        }
        let views = chains[0]
            .last()
            .map_or(0, |block| block.header.context.view);
        assert!(
            views > 12,
            "the liar's views were skipped, so there were more than {views}"
        );
        let included: usize = chains[0].iter().map(|block| block.transactions.len()).sum();
        assert!(
            included >= 9 * 2,
            "the honest included {included} transactions"
        );
        for node in &nodes {
            let state = node.core.state();
            state.ledger().audit().expect("a consistent ledger");
            assert!(
                state.overlay_count() <= 3,
                "{} overlays are left",
                state.overlay_count()
            );
        }
    });
}

#[test]
fn a_block_from_a_fast_clock_is_awaited_and_not_refused() {
    deterministic::Runner::timed(Duration::from_secs(600)).start(|context| async move {
        let genesis = genesis(VALIDATORS, PEOPLE);
        let hasty = 1;
        let ahead = LEADER_TIMEOUT / 3;
        let faults = |number| Faults {
            clock_ahead: if number == hasty {
                ahead
            } else {
                Duration::ZERO
            },
            ..Faults::default()
        };
        let nodes = cluster(&context, &genesis, faults).await;
        nodes[0].reach(&context, 9).await;
        let now = context.current();
        let chain = blocks(&nodes[0]);
        assert!(
            chain
                .iter()
                .any(|block| block.header.context.leader.account() == leader(hasty)),
            "the hasty leader's blocks were accepted"
        );
        for block in &chain {
            assert!(
                system_time(block.header.time) <= now,
                "a block was final before its time"
            );
        }
    });
}
