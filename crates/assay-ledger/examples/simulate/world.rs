//! The simulated world: a small ledger with limits sized so that every limit is met.

use crate::{oracle::Watch, tally::Tally, topics::awake};
use assay_ledger::{
    BlockEnv, Executed, Execution, Ledger,
    check::{Facts, proof_jobs},
    rows::{Offer, Order, Topic},
};
use assay_types::{
    AccountId, Allocation, Amount, BasisPoints, BlockId, Call, ContentId, EmissionParams, Event,
    Genesis, GenesisModel, Hash32, Header, Lane, LedgerTime, List, ModelId, Name, NameParams,
    OfferId, OrderId, Params, RoyaltySplit, SecretKey, Signature, Text, TopicId, Transaction,
    Unsigned, Weight, decode,
};
use rand::{RngExt as _, rngs::StdRng};
use std::collections::BTreeMap;

pub(crate) const BUYERS: u8 = 8;
pub(crate) const SELLERS: u8 = 16;
pub(crate) const ASY: u64 = 1_000_000_000;
/// Longest an order may live here.
pub(crate) const ORDER_MS_MAX: u64 = 60_000;
const FUNDS: Amount = Amount::new(20_000_000 * ASY);
/// Longest a name may be leased ahead here.
pub(crate) const LEASE_MS_MAX: u64 = 20_000;
/// Few names, so that actors meet over them.
pub(crate) const NAMES: u32 = 24;

pub(crate) const fn buyer(number: u8) -> AccountId {
    AccountId::new([number + 1; 32])
}

pub(crate) const fn seller(number: u8) -> AccountId {
    AccountId::new([number + 101; 32])
}

pub(crate) const fn model(number: u8) -> ModelId {
    ModelId::new([number + 1; 32])
}

pub(crate) const MODELS: u8 = 2;

pub(crate) fn name(number: u32) -> Name {
    format!("name-{number}").parse().expect("a name")
}

/// What an actor sees: the ledger as of the last block.
pub(crate) struct View<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) orders: Vec<(OrderId, &'a Order)>,
    pub(crate) offers: Vec<(OfferId, &'a Offer)>,
    /// Those that are awake.
    pub(crate) topics: Vec<(TopicId, &'a Topic)>,
    pub(crate) now: LedgerTime,
}

pub(crate) struct World {
    pub(crate) ledger: Ledger,
    parent: BlockId,
}

fn params() -> Params {
    Params {
        // Room for three proofs and a busy block.
        block_weight_max: Weight::new(3_000_000),
        expiries_per_block_max: 6,
        draws_per_block_max: 8,
        offers_per_book_max: 20,
        offers_per_account_max: 3,
        orders_per_account_max: 6,
        unbondings_per_account_max: 2,
        unbonding_ms: 4_000,
        order_ms_max: ORDER_MS_MAX,
        accept_window_ms: 1_000,
        // An epoch's rebates are spent before it ends, now and then.
        emission: EmissionParams {
            total: Amount::new(4_000_000 * ASY),
            epoch_ms: 30_000,
            half_life_epochs: 200,
            rebates: BasisPoints::new(1),
            ..EmissionParams::default()
        },
        names: NameParams {
            price_per_year: Amount::new(1_000_000 * ASY),
            lease_ms_max: LEASE_MS_MAX,
            grace_ms: 3_000,
            reserved_ms_min: 400,
            reserved_ms_max: 4_000,
        },
        ..Params::default()
    }
}

impl World {
    pub(crate) fn new(rng: &mut StdRng) -> Self {
        let accounts: Vec<AccountId> = (0..BUYERS)
            .map(buyer)
            .chain((0..SELLERS).map(seller))
            .collect();
        let allocations = accounts
            .iter()
            .map(|account| Allocation {
                account: *account,
                amount: FUNDS,
            })
            .collect();
        let models = (0..MODELS)
            .map(|number| GenesisModel {
                model: model(number),
                owner: buyer(0),
                manifest: ContentId::default(),
                program: ContentId::default(),
                licence: Text::new("MIT").expect("short"),
                royalties: List::new(vec![RoyaltySplit {
                    account: buyer(number),
                    share: BasisPoints::new(700),
                }])
                .expect("one split"),
            })
            .collect();
        let mut seed = [0u8; 32];
        rng.fill(&mut seed);
        let genesis = Genesis {
            network: Text::new("simulation").expect("short"),
            start: LedgerTime::new(1),
            validators: List::new(vec![SecretKey::from_bytes(&seed).public_key()]).expect("one"),
            allocations: List::new(allocations).expect("few"),
            models: List::new(models).expect("few"),
            params: params(),
        };
        let (ledger, _) = Ledger::genesis(&genesis).expect("a sound genesis");
        Self {
            ledger,
            parent: BlockId::default(),
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            ledger: &self.ledger,
            orders: self.ledger.orders().map(|(id, row)| (*id, row)).collect(),
            offers: self.ledger.offers().map(|(id, row)| (*id, row)).collect(),
            topics: awake(&self.ledger),
            now: self.ledger.time(),
        }
    }

    /// Mostly short; sometimes long enough for deadlines to pass in heaps.
    pub(crate) fn next_step_ms(&self, rng: &mut StdRng) -> u64 {
        match rng.random_range(0..40) {
            0 => rng.random_range(2_000..5_000),
            1..4 => rng.random_range(300..1_500),
            _ => rng.random_range(1..250),
        }
    }

    fn env(&self, step_ms: u64) -> BlockEnv {
        BlockEnv {
            height: self.ledger.height().next(),
            time: self.ledger.time().after(step_ms),
            randomness: Header::next_randomness(&self.ledger.randomness(), &self.parent),
            leader: seller(u8::try_from(self.ledger.height().get() % 3).expect("below three")),
        }
    }

    /// Executes a block; what no block may hold is counted and left out.
    pub(crate) fn execute(
        &self,
        step_ms: u64,
        calls: &[(AccountId, Call)],
        rng: &mut StdRng,
        tally: &mut Tally,
    ) -> Executed {
        let signature: Signature = decode(&[0; 64]).expect("any bytes are a signature");
        let mut execution = Execution::begin(&self.ledger, &[], self.env(step_ms));
        let mut sequences: BTreeMap<(AccountId, Lane), u64> = BTreeMap::new();
        for (sender, call) in calls {
            let lane = Lane::new(rng.random_range(0..4)).expect("below the limit");
            let next = sequences
                .entry((*sender, lane))
                .or_insert_with(|| self.ledger.next_sequence(*sender, lane));
            let mut body = Unsigned {
                chain: self.ledger.chain_id(),
                sender: *sender,
                lane,
                sequence: *next,
                fee_limit: Amount::new(ASY),
                tip: Amount::new(rng.random_range(0..50)),
                valid_until: self.ledger.time().after(10_000),
                call: call.clone(),
            };
            if rng.random_range(0..200) == 0 {
                spoil(&mut body, rng);
            }
            let tx = Transaction::new(body, signature.clone());
            execution.set_facts(verified(&tx));
            match execution.apply(&tx) {
                Ok(outcome) => {
                    tally.outcome(call, outcome.rejection);
                    *next += 1;
                }
                Err(invalid) => tally.invalid(&invalid),
            }
        }
        execution.finish()
    }

    /// Makes a block part of the ledger; what happened in it.
    pub(crate) fn commit(&mut self, executed: Executed, tally: &mut Tally) -> Vec<Event> {
        tally.events(&executed.events);
        self.parent = BlockId::new(*executed.event_root.as_bytes());
        self.ledger.apply(&executed.changes);
        executed.events
    }

    /// Lets every deadline pass.
    pub(crate) fn drain(&mut self, rng: &mut StdRng, tally: &mut Tally, watch: &mut Watch) {
        let end = self.ledger.time().after(2 * ORDER_MS_MAX);
        while self.ledger.time() < end || self.ledger.has_work_due(self.ledger.time()) {
            let executed = self.execute(1_000, &[], rng, tally);
            let events = self.commit(executed, tally);
            watch.block(&self.ledger, &events);
        }
    }

    /// A hash of every stored row.
    pub(crate) fn state_hash(&self) -> Hash32 {
        let mut bytes = Vec::new();
        for (key, value) in self.ledger.rows() {
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(value.as_deref().unwrap_or_default());
        }
        Hash32::derive("assay simulation state v1", &[&bytes])
    }
}

/// What the simulated verifier finds: the proof is the answer.
fn verified(tx: &Transaction) -> Facts {
    let jobs = proof_jobs([tx]).into_iter();
    Facts::of_verdicts(jobs.map(|job| {
        let evidence = job.evidence;
        (job.statement, *evidence.proof == *evidence.output)
    }))
}

/// Makes a transaction one that no block may hold.
fn spoil(body: &mut Unsigned, rng: &mut StdRng) {
    match rng.random_range(0..7) {
        0 => body.chain = Default::default(),
        1 => body.sequence = body.sequence.wrapping_sub(1),
        2 => body.sequence += 1,
        3 => body.valid_until = LedgerTime::new(0),
        4 => body.valid_until = LedgerTime::MAX,
        5 => body.fee_limit = Amount::ZERO,
        _ => body.tip = Amount::new(u64::MAX),
    }
}
