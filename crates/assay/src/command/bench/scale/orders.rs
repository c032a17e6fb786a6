//! What an order's transactions cost with many orders open.
//!
//! An order here names its seller and is checked by approval. Its life is four transactions: placed, accepted,
//! delivered, approved. In each measured block as many are placed as are delivered, and those are drawn from
//! all that are open, so that their rows lie anywhere; one transaction is a quarter of a life.

use super::{
    super::accounts::{Accounts, key},
    BLOCKS, Curve, Measurement, STEP_MS, WARM_UP, resident_bytes, seal_all,
};
use anyhow::Context;
use assay_chain::Standalone;
use assay_types::{
    Amount, ApprovalCall, Blob, Call, ChainId, Check, ContentId, GRAINS_PER_ASY, GenesisModel,
    Good, Input, LedgerTime, List, ModelId, OrderId, Terms, Text, Transaction, Work, encode,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::num::NonZeroUsize;

/// The model whose inferences are ordered; nothing runs it.
const MODEL: ModelId = ModelId::new([1; 32]);
/// Most that an order pays, and what each seller asks.
const PRICE: Amount = Amount::new(1_000);
/// Of each seller: enough for the locks of all orders at once.
const BOND: Amount = Amount::new(50 * GRAINS_PER_ASY);
/// From an order's placement until its seller must have delivered, in milliseconds: after the bench.
const DELIVER_MS: u64 = 6 * 24 * 3_600_000;

/// What a seller delivers.
const OUTPUT: [u8; 10] = [7; 10];
/// Placed, accepted, delivered, approved.
const TRANSACTIONS_PER_ORDER: usize = 4;

/// How many trade, and how fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Accounts that sell.
    sellers: usize,
    /// Accounts that buy.
    buyers: usize,
    /// Orders that a block places while the market fills.
    fill: usize,
    /// Orders that a measured block places, and that it delivers.
    turnover: usize,
}

/// Blocks that reach the weight at which the base fee stays where it is.
pub(super) const PACE: Pace = Pace {
    sellers: 64,
    buyers: 10_000,
    fill: 700,
    turnover: 600,
};

/// A smoke test's.
pub(super) const SMOKE_PACE: Pace = Pace {
    sellers: 2,
    buyers: 10,
    fill: 20,
    turnover: 5,
};

/// Fills a market with `open` orders, starts from what it left on disk, and measures blocks that turn it over.
pub(super) fn measure(open: usize, pace: &Pace) -> anyhow::Result<Vec<Measurement>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut accounts = Accounts::new(pace.sellers + pace.buyers);
    let start = LedgerTime::new(1);
    let mut genesis = accounts.genesis(start, key(0).public_key())?;
    genesis.models = List::new(vec![GenesisModel {
        model: MODEL,
        owner: accounts.id(0),
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT")?,
        royalties: List::default(),
    }])?;
    let mut market = Market {
        chain: genesis.chain_id(),
        pace: *pace,
        time: start,
        placed: Vec::new(),
        open: Vec::new(),
        delivered: Vec::new(),
        rng: StdRng::seed_from_u64(2),
        accounts: &mut accounts,
    };

    let ledger = Standalone::begin(folder.path(), &genesis, NonZeroUsize::MIN)?;
    seal_all(&ledger, vec![market.opening()?])?;
    let before = resident_bytes();
    let mut missing = open;
    while missing > 0 {
        let place = missing.min(pace.fill);
        missing -= place;
        seal_all(&ledger, vec![market.block(place, 0)?])?;
    }
    // The last of them are accepted.
    let (tip, _) = seal_all(&ledger, vec![market.block(0, 0)?])?;
    let memory = resident_bytes().saturating_sub(before);
    ledger.close();

    let (ledger, loaded) = Standalone::resume(folder.path(), &genesis, tip, NonZeroUsize::MIN)?;
    let mut turnover = |blocks: usize| -> anyhow::Result<Vec<_>> {
        (0..blocks)
            .map(|_| market.block(pace.turnover, pace.turnover))
            .collect()
    };
    let (warm_up, measured) = (turnover(WARM_UP)?, turnover(BLOCKS)?);
    seal_all(&ledger, warm_up)?;
    let (_, spent) = seal_all(&ledger, measured)?;
    ledger.close();
    let curve = Curve {
        of: "orders",
        size: open,
        what: "order-transaction",
        transactions: TRANSACTIONS_PER_ORDER * BLOCKS * pace.turnover,
        spent,
        loaded,
        memory,
        memory_unit: "B/order",
    };
    Ok(curve.lines())
}

/// An order that is under way.
#[derive(Debug, Clone, Copy)]
struct Job {
    order: OrderId,
    /// Place of its buyer among the accounts.
    buyer: usize,
    /// Place of its seller.
    seller: usize,
}

/// Sellers, who are the first of the accounts, and buyers.
struct Market<'a> {
    accounts: &'a mut Accounts,
    chain: ChainId,
    pace: Pace,
    /// Ledger time of the last block.
    time: LedgerTime,
    /// Orders of the last block; their sellers are drawn before the next one's transactions.
    placed: Vec<Job>,
    /// Accepted orders.
    open: Vec<Job>,
    /// Orders that the last block delivered.
    delivered: Vec<Job>,
    rng: StdRng,
}

impl Market<'_> {
    /// The block in which the sellers bond and publish their offers.
    fn opening(&mut self) -> anyhow::Result<(LedgerTime, Vec<u8>)> {
        let good = Good::Inference {
            models: List::new(vec![MODEL])?,
        };
        let mut transactions = Vec::new();
        self.time = self.time.after(STEP_MS);
        for seller in 0..self.pace.sellers {
            transactions.push(self.sign(seller, Call::Bond { amount: BOND })?);
            let offer = Call::PublishOffer {
                good: good.clone(),
                ask: PRICE,
                capacity: u32::MAX,
            };
            transactions.push(self.sign(seller, offer)?);
        }
        Ok((self.time, encode(&transactions)))
    }

    /// The next block: what the last one placed is accepted, what it delivered is approved, `deliver` of the
    /// open orders are delivered, and `place` new ones are placed.
    fn block(&mut self, place: usize, deliver: usize) -> anyhow::Result<(LedgerTime, Vec<u8>)> {
        self.time = self.time.after(STEP_MS);
        let mut transactions = Vec::new();
        for Job { order, buyer, .. } in std::mem::take(&mut self.delivered) {
            transactions.push(self.sign(buyer, ApprovalCall::Approve.on(order))?);
        }
        for _ in 0..deliver.min(self.open.len()) {
            let place = self.rng.random_range(0..self.open.len());
            let job = self.open.swap_remove(place);
            let output = Blob::new(OUTPUT.to_vec())?;
            transactions.push(self.sign(job.seller, ApprovalCall::Deliver(output).on(job.order))?);
            self.delivered.push(job);
        }
        for job in std::mem::take(&mut self.placed) {
            let accept = Call::Accept { order: job.order };
            transactions.push(self.sign(job.seller, accept)?);
            self.open.push(job);
        }
        for _ in 0..place {
            let (job, placing) = self.place()?;
            transactions.push(placing);
            self.placed.push(job);
        }
        Ok((self.time, encode(&transactions)))
    }

    /// An order of a buyer that names a seller, both drawn uniformly.
    fn place(&mut self) -> anyhow::Result<(Job, Transaction)> {
        let Pace {
            sellers, buyers, ..
        } = self.pace;
        let seller = self.rng.random_range(0..sellers);
        let buyer = sellers + self.rng.random_range(0..buyers);
        let deliver_by = self.time.after(DELIVER_MS);
        let terms = Terms {
            work: Work::Inference {
                model: MODEL,
                input: Input::Public {
                    content: ContentId::new(self.rng.random()),
                },
            },
            check: Check::Approval {
                deliver_by,
                approve_by: deliver_by.after(DELIVER_MS / 10),
            },
            price_max: PRICE,
            accept_by: self.time.after(60_000),
            seller: Some(self.accounts.id(seller)),
        };
        let placing = self.sign(buyer, Call::PlaceOrder { terms })?;
        let body = &placing.body;
        let order = OrderId::of(self.chain, body.sender, body.lane, body.sequence);
        let job = Job {
            order,
            buyer,
            seller,
        };
        Ok((job, placing))
    }

    fn sign(&mut self, from: usize, call: Call) -> anyhow::Result<Transaction> {
        let valid_until = self.time.after(60_000);
        self.accounts.sign(from, self.chain, valid_until, call)
    }
}
