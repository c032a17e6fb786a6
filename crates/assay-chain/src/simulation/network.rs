//! Four validators on a simulated network.

use super::*;
use crate::{
    consensus::{
        engine::{GOSSIP_CHANNEL, LEADER_TIMEOUT},
        gossip::MUTE,
    },
    testkit::{genesis, person, transfer, validator},
    time::{HEARTBEAT, system_time},
};
use assay_types::{AccountId, Block, encode};
use commonware_p2p::{Manager as _, Recipients, Sender as _};
use commonware_runtime::{Quota, Runner as _, deterministic};
use commonware_utils::{NZU32, NZUsize, ordered::Set, probability};

type Oracle = simulated::Oracle<PublicKey, Context>;

const LINK: simulated::Link = simulated::Link {
    latency: Duration::from_millis(10),
    jitter: Duration::from_millis(5),
    success_rate: probability!(1.0),
};
const VALIDATORS: u8 = 4;
const PEOPLE: u8 = 8;

/// Validators and the network between them.
struct Cluster {
    nodes: Vec<Node>,
    oracle: Oracle,
    public: Vec<PublicKey>,
    /// The channel of transactions of the validator that a test plays itself.
    gossip: Option<Sender>,
}

impl Cluster {
    /// Every link of one validator is cut, or restored.
    async fn connect(&self, number: usize, connected: bool) {
        for other in (0..self.public.len()).filter(|other| *other != number) {
            for (from, to) in [(number, other), (other, number)] {
                let (from, to) = (self.public[from].clone(), self.public[to].clone());
                if connected {
                    self.oracle
                        .add_link(from, to, LINK)
                        .await
                        .expect("a new link");
                } else {
                    self.oracle.remove_link(from, to).await.expect("a link");
                }
            }
        }
    }
}

async fn cluster(
    context: &Context,
    genesis: &Genesis,
    faults_of: impl Fn(u8) -> Faults,
) -> Vec<Node> {
    start(context, genesis, faults_of, None).await.nodes
}

async fn start(
    context: &Context,
    genesis: &Genesis,
    faults_of: impl Fn(u8) -> Faults,
    gossiper: Option<u8>,
) -> Cluster {
    let mut gossip = None;
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
            oracle
                .add_link(from.clone(), to.clone(), LINK)
                .await
                .expect("a new link");
        }
    }
    let mut nodes = Vec::new();
    for (number, key) in (0u8..).zip(&keys) {
        let control = oracle.control(public[usize::from(number)].clone());
        let mut opened = Vec::new();
        for channel in 0..=GOSSIP_CHANNEL {
            let quota = Quota::per_second(NZU32!(4096));
            let (sender, receiver) = control.register(channel, quota).await.expect("a channel");
            let mut ends = (Link::Network(sender), Link::Network(receiver));
            if channel == GOSSIP_CHANNEL && gossiper == Some(number) {
                gossip = Some(std::mem::replace(&mut ends.0, Link::Alone));
            }
            opened.push(Some(ends));
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
    Cluster {
        nodes,
        oracle,
        public,
        gossip,
    }
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

/// Where a transaction became final, and whose block that was.
async fn included(context: &Context, node: &Node, id: assay_types::TxId) -> (Height, AccountId) {
    loop {
        if let Some(place) = node.core.history.transaction(id).expect("readable")
            && let Some(block) = node.core.recent(place.height)
        {
            let header = &block.block.header;
            return (header.height, header.context.leader.account());
        }
        context.sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_transaction_sent_to_one_validator_is_included_by_the_next_leader() {
    deterministic::Runner::timed(Duration::from_secs(600)).start(|mut context| async move {
        let genesis = genesis(VALIDATORS, PEOPLE);
        let nodes = cluster(&context, &genesis, |_| Faults::default()).await;
        let mut by_others = 0;
        for sequence in 0..12 {
            let before = nodes[0].height();
            let sent = transfer(&genesis, &person(0), 0, sequence);
            let id = sent.id();
            let answers = nodes[0].core.submit_own(vec![sent], &mut context);
            assert_eq!(answers, [Ok(id)]);
            let (height, by) = included(&context, &nodes[0], id).await;
            // One that is being built, or built and not final, when the transaction arrives is too early.
            assert!(
                height.get() <= before.get() + 3,
                "sent at {before}, included at {height}"
            );
            by_others += u32::from(by != leader(0));
            // The others' views of the lane must keep up for the next of it to be admitted there.
            for node in &nodes {
                node.reach(&context, height.get()).await;
            }
        }
        assert!(by_others >= 6, "{by_others} of 12 were included by others");
    });
}

#[test]
fn a_validator_that_forges_transactions_is_no_longer_listened_to() {
    deterministic::Runner::timed(Duration::from_secs(600)).start(|mut context| async move {
        let genesis = genesis(VALIDATORS, PEOPLE);
        let cluster = start(&context, &genesis, |_| Faults::default(), Some(3)).await;
        let nodes = &cluster.nodes;
        let mut gossip = cluster.gossip.expect("the channel that this test plays");
        nodes[0].reach(&context, 2).await;
        let good = transfer(&genesis, &person(0), 0, 0);
        let forged = transfer(&genesis, &person(1), 0, 0);
        let forged = Transaction::new(forged.body.clone(), good.signature.clone());
        for _ in 0..50 {
            let _ = gossip.send(Recipients::All, encode(&vec![forged.clone()]), false);
        }
        context.sleep(Duration::from_millis(100)).await;
        let unheard = encode(&vec![good.clone()]);
        let _ = gossip.send(Recipients::All, unheard.clone(), false);
        let reached = nodes[0].height().get();
        nodes[0].reach(&context, reached + 8).await;
        let known = |id| nodes[0].core.history.transaction(id).expect("readable");
        assert_eq!(known(forged.id()), None);
        assert_eq!(known(good.id()), None, "a muted peer is not listened to");
        // Its votes count all the same: it led some of these blocks.
        let led = |block: &Block| block.header.context.leader.account() == leader(3);
        assert!(blocks(&nodes[0]).iter().any(led));
        context.sleep(MUTE).await;
        let _ = gossip.send(Recipients::All, unheard, false);
        included(&context, &nodes[0], good.id()).await;
        let honest = transfer(&genesis, &person(1), 0, 0);
        let id = honest.id();
        nodes[1].core.submit_own(vec![honest], &mut context);
        included(&context, &nodes[0], id).await;
    });
}

#[test]
fn a_dead_validator_costs_a_few_timeouts_and_catches_up_when_it_returns() {
    deterministic::Runner::timed(Duration::from_secs(600)).start(|context| async move {
        let genesis = genesis(VALIDATORS, PEOPLE);
        let cluster = start(&context, &genesis, |_| Faults::default(), None).await;
        let nodes = &cluster.nodes;
        nodes[0].reach(&context, 8).await;
        cluster.connect(3, false).await;
        let elapsed_for = async |blocks: u64| {
            let begun = context.current();
            let height = nodes[0].height().get();
            nodes[0].reach(&context, height + blocks).await;
            context.current().duration_since(begun).expect("forward")
        };
        // Idle, so a block takes a heartbeat: at first each turn of the dead one costs a timeout more.
        let first = elapsed_for(9).await;
        assert!(first < HEARTBEAT * 9 + LEADER_TIMEOUT * 4, "{first:?}");
        let later = elapsed_for(18).await;
        assert!(later < HEARTBEAT * 18 + LEADER_TIMEOUT, "{later:?}");
        assert!(nodes[3].height() < nodes[0].height());
        cluster.connect(3, true).await;
        let height = nodes[0].height().get();
        nodes[3].reach(&context, height).await;
        // It leads again.
        let leads = || {
            let led = |block: &Block| block.header.context.leader.account() == leader(3);
            let after = |block: &Block| block.header.height.get() > height;
            blocks(&nodes[0])
                .iter()
                .any(|block| after(block) && led(block))
        };
        while !leads() {
            context.sleep(Duration::from_millis(100)).await;
        }
    });
}
