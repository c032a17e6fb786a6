//! A world to test in: a ledger, named accounts, and one call per block or many.

use crate::{
    BlockEnv, Executed, Execution, Ledger,
    check::{Facts, Rules, Standard, proof_jobs},
    rows::Account,
};
use assay_types::{
    AccountId, Allocation, Amount, ApprovalCall, BasisPoints, Blob, Call, Check, ContentId,
    EmissionParams, Event, Genesis, GenesisModel, Good, Hash32, Header, Input, Invalid, Lane,
    LedgerTime, List, ModelId, Name, NameCommitment, NameParams, OfferId, OrderId, Params,
    ProofCall, ProofEvidence, ProofKeyId, PublicKey, QuorumCall, QuorumReveal, Receipt, Rejection,
    RoyaltySplit, SecretKey, Signature, Terms, Text, Transaction, Unsigned, Work, commitment,
    decode,
};
use std::collections::BTreeMap;

pub(super) const START: u64 = 1_000_000;
pub(super) const ASY: u64 = 1_000_000_000;

pub(super) const BUYER: AccountId = AccountId::new([1; 32]);
pub(super) const CREATOR: AccountId = AccountId::new([2; 32]);
pub(super) const LEADER: AccountId = AccountId::new([3; 32]);
/// Sellers 10, 11, … of the world.
pub(super) const fn seller(number: u8) -> AccountId {
    AccountId::new([number + 10; 32])
}
pub(super) const MODEL: ModelId = ModelId::new([7; 32]);
pub(super) const OTHER_MODEL: ModelId = ModelId::new([8; 32]);

pub(super) fn asy(amount: u64) -> Amount {
    Amount::new(amount * ASY)
}

pub(super) struct World {
    pub(super) ledger: Ledger,
    pub(super) rules: &'static dyn Rules,
    /// Told instead of what the test's verifier finds.
    pub(super) facts: Option<Facts>,
    randomness: Hash32,
}

pub(super) fn params() -> Params {
    Params {
        offers_per_book_max: 8,
        offers_per_account_max: 4,
        orders_per_account_max: 6,
        unbondings_per_account_max: 2,
        unbonding_ms: 10_000,
        order_ms_max: 100_000,
        emission: EmissionParams {
            total: Amount::ZERO,
            ..EmissionParams::default()
        },
        // A short name for a lease of moments is dearer here than any account can pay.
        names: NameParams {
            price_per_year: asy(100_000_000),
            lease_ms_max: 100_000,
            grace_ms: 10_000,
            reserved_ms_min: 100,
            reserved_ms_max: 5_000,
        },
        ..Params::default()
    }
}

pub(super) fn genesis(params: Params) -> Genesis {
    let royalties = vec![RoyaltySplit {
        account: CREATOR,
        share: BasisPoints::new(1_000),
    }];
    let model = |model| GenesisModel {
        model,
        owner: CREATOR,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").unwrap(),
        royalties: List::new(royalties.clone()).unwrap(),
    };
    let mut accounts: Vec<AccountId> = vec![BUYER, CREATOR];
    accounts.extend((0..6).map(seller));
    accounts.sort();
    let fund = |account| Allocation {
        account,
        amount: asy(10_000),
    };
    Genesis {
        network: Text::new("test").unwrap(),
        start: LedgerTime::new(START),
        validators: List::new(vec![validator()]).unwrap(),
        allocations: List::new(accounts.into_iter().map(fund).collect()).unwrap(),
        models: List::new(vec![model(MODEL), model(OTHER_MODEL)]).unwrap(),
        params,
    }
}

fn validator() -> PublicKey {
    SecretKey::from_bytes(&[9; 32]).public_key()
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(params())
    }

    pub(super) fn with(params: Params) -> Self {
        let (ledger, _) = Ledger::genesis(&genesis(params)).unwrap();
        Self {
            ledger,
            rules: &Standard,
            facts: None,
            randomness: Hash32::default(),
        }
    }

    /// A world with `sellers` sellers that have 1 000 ASY bonded and offer `MODEL` at 1 ASY.
    pub(super) fn with_sellers(sellers: u8) -> Self {
        let mut world = Self::new();
        for number in 0..sellers {
            world.ok(seller(number), Call::Bond { amount: asy(1_000) });
            world.ok(seller(number), offer(asy(1), 100));
        }
        world
    }

    pub(super) fn env(&self, step_ms: u64) -> BlockEnv {
        BlockEnv {
            height: self.ledger.height().next(),
            time: self.ledger.time().after(step_ms),
            randomness: Header::next_randomness(&self.randomness, &Default::default()),
            leader: LEADER,
        }
    }

    /// A transaction of `sender` that fits the ledger now; the ledger never looks at signatures.
    pub(super) fn tx(&self, sender: AccountId, call: Call) -> Transaction {
        self.tx_after(sender, call, 0)
    }

    fn tx_after(&self, sender: AccountId, call: Call, ahead: u64) -> Transaction {
        let lane = Lane::default();
        let body = Unsigned {
            chain: self.ledger.chain_id(),
            sender,
            lane,
            sequence: self.ledger.next_sequence(sender, lane) + ahead,
            fee_limit: Amount::new(10_000_000),
            tip: Amount::ZERO,
            valid_until: self.ledger.time().after(60_000),
            call,
        };
        Transaction::new(body, decode::<Signature>(&[0; 64]).unwrap())
    }

    /// A block of these calls, `step_ms` after the last.
    pub(super) fn block(&mut self, step_ms: u64, calls: &[(AccountId, Call)]) -> Executed {
        let mut ahead: BTreeMap<AccountId, u64> = BTreeMap::new();
        let transactions: Vec<Transaction> = calls
            .iter()
            .map(|(sender, call)| {
                let place = ahead.entry(*sender).or_default();
                *place += 1;
                self.tx_after(*sender, call.clone(), *place - 1)
            })
            .collect();
        let executed = self
            .try_block(step_ms, &transactions)
            .expect("the test's calls are valid");
        self.commit(&executed);
        executed
    }

    pub(super) fn try_block(
        &self,
        step_ms: u64,
        transactions: &[Transaction],
    ) -> Result<Executed, Invalid> {
        let mut execution = Execution::begin_with(&self.ledger, &[], self.env(step_ms), self.rules);
        execution.set_facts(self.facts.clone().unwrap_or_else(|| verified(transactions)));
        for tx in transactions {
            execution.apply(tx)?;
        }
        Ok(execution.finish())
    }

    pub(super) fn commit(&mut self, executed: &Executed) {
        self.randomness = self.env(1).randomness;
        self.ledger.apply(&executed.changes);
        self.ledger.audit().unwrap();
    }

    /// One call in one block; its events.
    pub(super) fn call(&mut self, sender: AccountId, call: Call) -> Result<Vec<Event>, Rejection> {
        let executed = self.block(1, &[(sender, call)]);
        let outcome = executed.outcomes[0];
        match outcome.rejection {
            Some(rejection) => Err(rejection),
            None => Ok(executed.events),
        }
    }

    pub(super) fn ok(&mut self, sender: AccountId, call: Call) -> Vec<Event> {
        self.call(sender, call).expect("the test expects success")
    }

    pub(super) fn account(&self, id: AccountId) -> Account {
        self.ledger.account(&id).cloned().unwrap_or_default()
    }

    pub(super) fn any_offer(&self) -> OfferId {
        *self.ledger.offers().next().expect("an offer stands").0
    }

    pub(super) fn any_order(&self) -> OrderId {
        *self.ledger.orders().next().expect("an order is open").0
    }

    /// Lets time pass without transactions; all events.
    pub(super) fn pass(&mut self, ms: u64) -> Vec<Event> {
        let mut events = self.block(ms, &[]).events;
        events.extend(self.block(1, &[]).events);
        events
    }

    pub(super) fn terms(&self, check: Check) -> Terms {
        Terms {
            work: work(),
            check,
            price_max: asy(2),
            accept_by: self.ledger.time().after(5_000),
            seller: None,
        }
    }

    pub(super) fn quorum(&self, agree: u8, of: u8) -> Check {
        let now = self.ledger.time();
        Check::Quorum {
            agree,
            of,
            commit_by: now.after(10_000),
            deliver_by: now.after(20_000),
        }
    }

    pub(super) fn approval(&self) -> Check {
        let now = self.ledger.time();
        Check::Approval {
            deliver_by: now.after(10_000),
            approve_by: now.after(20_000),
        }
    }

    pub(super) fn proof(&self) -> Check {
        Check::Proof {
            key: key_id(),
            deliver_by: self.ledger.time().after(10_000),
        }
    }

    /// A world with `sellers` sellers in which `MODEL` has a proof key.
    pub(super) fn with_provers(sellers: u8) -> Self {
        let mut world = Self::with_sellers(sellers);
        world.ok(CREATOR, register_key_call(MODEL, key_id()));
        world
    }

    /// Places an order and lets the draw happen. The drawn sellers, in order.
    pub(super) fn place(&mut self, terms: Terms) -> (OrderId, Vec<AccountId>) {
        let events = self.ok(BUYER, Call::PlaceOrder { terms });
        let order = events
            .iter()
            .find_map(Event::order)
            .expect("an order was placed");
        let events = self.block(1, &[]).events;
        let drawn = events
            .iter()
            .filter_map(|event| match event {
                Event::Assigned { seller, .. } => Some(*seller),
                _ => None,
            })
            .collect();
        (order, drawn)
    }

    /// Places an order and has all drawn sellers accept it.
    pub(super) fn start(&mut self, terms: Terms) -> (OrderId, Vec<AccountId>) {
        let (order, sellers) = self.place(terms);
        for seller in &sellers {
            self.ok(*seller, Call::Accept { order });
        }
        (order, sellers)
    }

    pub(super) fn commit_answer(&mut self, order: OrderId, seller: AccountId, answer: &[u8]) {
        let call = commit_call(self.ledger.chain_id(), order, seller, answer);
        self.ok(seller, call);
    }

    pub(super) fn reveal_answer(
        &mut self,
        order: OrderId,
        seller: AccountId,
        answer: &[u8],
    ) -> Vec<Event> {
        self.ok(seller, reveal_call(order, answer))
    }
}

pub(super) fn commit_call(
    chain: assay_types::ChainId,
    order: OrderId,
    seller: AccountId,
    answer: &[u8],
) -> Call {
    QuorumCall::Commit(commitment(
        chain,
        order,
        seller,
        ContentId::of(answer),
        &SALT,
    ))
    .on(order)
}

const SALT: Hash32 = Hash32::new([5; 32]);

pub(super) fn reveal_call(order: OrderId, answer: &[u8]) -> Call {
    let output = Blob::new(answer).unwrap();
    QuorumCall::Reveal(QuorumReveal { output, salt: SALT }).on(order)
}

pub(super) fn deliver_call(order: OrderId, answer: &[u8]) -> Call {
    ApprovalCall::Deliver(Blob::new(answer).unwrap()).on(order)
}

const KEY: &[u8] = b"a key";
const INPUT: &[u8] = b"a digit";

pub(super) fn key_id() -> ProofKeyId {
    ProofKeyId::of_key(KEY)
}

pub(super) fn register_key_call(model: ModelId, key: ProofKeyId) -> Call {
    Call::RegisterProofKey { model, key }
}

/// Evidence that holds, of an answer to the order of `work`.
pub(super) fn evidence(answer: &[u8]) -> ProofEvidence {
    ProofEvidence {
        key: Blob::new(KEY).unwrap(),
        input: Blob::new(INPUT).unwrap(),
        output: Blob::new(answer).unwrap(),
        proof: Blob::new(only_proof(KEY, INPUT, answer)).unwrap(),
    }
}

pub(super) fn prove_call(order: OrderId, evidence: ProofEvidence) -> Call {
    ProofCall::Deliver(evidence).on(order)
}

/// The one proof that the test's verifier accepts.
fn only_proof(key: &[u8], input: &[u8], output: &[u8]) -> Vec<u8> {
    [b"proof: ", key, b" of ", input, b" is ", output].concat()
}

/// What the test's verifier finds.
pub(super) fn verified(transactions: &[Transaction]) -> Facts {
    let jobs = proof_jobs(transactions).into_iter();
    Facts::of_verdicts(jobs.map(|job| {
        let evidence = job.evidence;
        let proof = only_proof(&evidence.key, &evidence.input, &evidence.output);
        (job.statement, *evidence.proof == proof)
    }))
}

pub(super) fn work() -> Work {
    Work::Inference {
        model: MODEL,
        input: Input::Public {
            content: ContentId::of(INPUT),
        },
    }
}

pub(super) fn offer(ask: Amount, capacity: u32) -> Call {
    let good = Good::Inference {
        models: List::new(vec![MODEL]).unwrap(),
    };
    Call::PublishOffer {
        good,
        ask,
        capacity,
    }
}

pub(super) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(super) const NAME_SALT: Hash32 = Hash32::new([6; 32]);

pub(super) fn reserve_call(world: &World, holder: AccountId, text: &str) -> Call {
    let chain = world.ledger.chain_id();
    let commitment = NameCommitment::new(chain, holder, &NAME_SALT, name(text));
    Call::ReserveName { commitment }
}

pub(super) fn register_call(text: &str, lease_ms: u64) -> Call {
    Call::RegisterName {
        name: name(text),
        salt: NAME_SALT,
        lease_ms,
    }
}

pub(super) fn renew_call(text: &str, lease_ms: u64) -> Call {
    Call::RenewName {
        name: name(text),
        lease_ms,
    }
}

pub(super) fn transfer_call(text: &str, to: AccountId) -> Call {
    Call::TransferName {
        name: name(text),
        to,
    }
}

pub(super) fn receipt(events: &[Event]) -> Option<&Receipt> {
    events.iter().find_map(|event| match event {
        Event::Closed { receipt } => Some(&**receipt),
        _ => None,
    })
}

/// `tx` with another body.
pub(super) fn altered(tx: &Transaction, alter: impl FnOnce(&mut Unsigned)) -> Transaction {
    let mut body = tx.body.clone();
    alter(&mut body);
    Transaction::new(body, tx.signature.clone())
}
