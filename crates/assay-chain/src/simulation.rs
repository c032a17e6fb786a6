//! Whole validators in Commonware's deterministic runtime: crashes that drop unsynced writes, forks, liars
//! and fast clocks. The same seed gives the same run.

mod crash;
mod network;
mod pruning;

use crate::{
    consensus::{
        Faults,
        archive::Retention,
        engine::{self, Channels, Running, Validator, scheme},
        network::{Link, Peers},
    },
    core::Core,
    history::History,
    mempool::MempoolLimits,
    state::State,
    testkit::CrashingFile,
};
use assay_types::{Genesis, Height, SecretKey, Transaction};
use commonware_actor::Feedback;
use commonware_cryptography::{Signer as _, ed25519::PublicKey};
use commonware_p2p::{
    BlockedSubscription, Blocker, PeerSetSubscription, Provider, TrackedPeers, simulated,
};
use commonware_parallel::Sequential;
use commonware_runtime::{Clock as _, Supervisor as _, deterministic::Context};
use std::{sync::Arc, time::Duration};

type Sender = Link<simulated::Sender<PublicKey, Context>>;
type Receiver = Link<simulated::Receiver<PublicKey>>;

/// The simulated network's book of peers.
#[derive(Clone)]
struct Book {
    manager: simulated::Manager<PublicKey, Context>,
    control: simulated::Control<PublicKey, Context>,
}

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Book")
    }
}

impl Provider for Book {
    type PublicKey = PublicKey;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<PublicKey>> {
        self.manager.peer_set(id).await
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<PublicKey> {
        self.manager.subscribe().await
    }
}

impl Blocker for Book {
    type PublicKey = PublicKey;

    fn block(&mut self, peer: PublicKey) -> Feedback {
        self.control.block(peer)
    }

    fn blocked(&mut self) -> BlockedSubscription<PublicKey> {
        self.control.blocked()
    }
}

/// A validator under test.
struct Node {
    core: Arc<Core>,
    running: Running<Context, Sequential>,
}

impl Node {
    async fn start(
        context: &Context,
        genesis: &Genesis,
        key: &SecretKey,
        ends: (Channels<Sender, Receiver>, Peers<Book>),
        partition: String,
        history: CrashingFile,
        faults: Faults,
    ) -> Self {
        let all = Retention::Everything;
        Self::start_keeping(all, context, genesis, key, ends, partition, history, faults).await
    }

    async fn start_keeping(
        retention: Retention,
        context: &Context,
        genesis: &Genesis,
        key: &SecretKey,
        (channels, peers): (Channels<Sender, Receiver>, Peers<Book>),
        partition: String,
        history: CrashingFile,
        faults: Faults,
    ) -> Self {
        let clock = context.child("clock");
        let begun = clock.current();
        let monotonic = Arc::new(move || {
            clock
                .current()
                .duration_since(begun)
                .unwrap_or(Duration::ZERO)
        });
        let origin = engine::genesis_block::<Context, Sequential>(genesis).expect("a good genesis");
        let state = State::genesis(genesis, origin.0.header, monotonic()).expect("a good genesis");
        let history = History::open_on(history).expect("the index opens after any crash");
        let limits = MempoolLimits::default();
        let core = Arc::new(Core::new(genesis, state, history, limits, monotonic));
        let validator = Validator {
            genesis: genesis.clone(),
            core: core.clone(),
            public_key: key.as_ed25519().public_key(),
            scheme: scheme(genesis, key.as_ed25519()).expect("a validator's key"),
            peers,
            strategy: Sequential,
            partition,
            log_bytes: 0,
            retention,
            faults,
        };
        let context = context.child("consensus");
        let running = Box::pin(engine::start(context, validator, channels, |mailbox| {
            mailbox
        }))
        .await
        .expect("a validator recovers after any crash");
        Self { core, running }
    }

    fn height(&self) -> Height {
        *self.core.finalized().borrow()
    }

    fn submit(&self, rng: &mut impl rand::CryptoRng, transactions: Vec<Transaction>) {
        for answer in self.core.submit(transactions, rng) {
            answer.expect("an honest transaction is admitted");
        }
    }

    async fn reach(&self, context: &Context, height: u64) {
        while self.height().get() < height {
            context.sleep(Duration::from_millis(5)).await;
        }
    }
}
