//! How a block runs: what time brings, then its transactions, then the sums.
//!
//! A transaction that no block may hold gives [`Invalid`] and leaves no trace. One that may be held pays
//! its fee and consumes its sequence first; if its call is rejected, only that remains.

use crate::{
    audit,
    check::{Facts, Rules, Standard},
    emission::Schedule,
    ledger::Ledger,
    rows::Meta,
    tables::{Changes, ONLY, State},
};
use assay_types::{
    AccountId, Amount, Call, ChainId, Event, FeeRate, Hash32, Height, Invalid, LedgerTime, Params,
    Rejection, Transaction, TxId, Weight, merkle_root_of,
};

/// The part of a block's weight that only check calls of an order's parties may use: one in this many.
const RESERVED_PART: u64 = 4;
/// The base fee moves by at most one in this many per block (EIP-1559).
const BASE_FEE_STEP: u64 = 8;

/// What the ledger is told about the block it executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockEnv {
    /// One above the parent's.
    pub height: Height,
    /// Above the parent's.
    pub time: LedgerTime,
    /// See `Header::next_randomness`.
    pub randomness: Hash32,
    /// Who receives the tips.
    pub leader: AccountId,
}

/// What became of an included transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The transaction.
    pub transaction: TxId,
    /// Burnt for its weight.
    pub fee: Amount,
    /// Paid to the leader.
    pub tip: Amount,
    /// Why it changed nothing else, if so.
    pub rejection: Option<Rejection>,
    /// Place of its first event among the block's.
    pub first_event: u32,
    /// Number of its events.
    pub event_count: u32,
}

/// An executed block.
#[derive(Debug, Clone)]
pub struct Executed {
    /// What it changed.
    pub changes: Changes,
    /// One per transaction, in order.
    pub outcomes: Vec<Outcome>,
    /// What happened, in order; those before the first transaction's came with time.
    pub events: Vec<Event>,
    /// Merkle root over the canonical events.
    pub event_root: Hash32,
    /// The base fee that this block charged.
    pub base_fee: FeeRate,
    /// Weight of its transactions.
    pub weight: Weight,
}

/// What all rules work on while a block runs.
pub(crate) struct Run<'a> {
    pub(crate) state: State<'a>,
    pub(crate) env: BlockEnv,
    pub(crate) chain: ChainId,
    pub(crate) params: &'a Params,
    pub(crate) schedule: Schedule,
    pub(crate) rules: &'a dyn Rules,
    pub(crate) facts: Facts,
    pub(crate) events: Vec<Event>,
    /// The running transaction; `None` while time does its part.
    pub(crate) transaction: Option<TxId>,
}

/// A block being executed over a ledger and the changes of its pending ancestors.
pub struct Execution<'a> {
    run: Run<'a>,
    base_fee: FeeRate,
    outcomes: Vec<Outcome>,
    weight: u64,
    weight_general: u64,
}

impl<'a> Execution<'a> {
    /// Begins a block: the epoch, expiries, then draws. `below` are the pending ancestors' changes, oldest first.
    ///
    /// # Panics
    /// When height or time do not follow the parent's: the caller has checked the header.
    pub fn begin(base: &'a Ledger, below: &[&'a Changes], env: BlockEnv) -> Self {
        Self::begin_with(base, below, env, &Standard)
    }

    /// As [`Self::begin`], with checks of the caller's choice.
    pub(crate) fn begin_with(
        base: &'a Ledger,
        below: &[&'a Changes],
        env: BlockEnv,
        rules: &'a dyn Rules,
    ) -> Self {
        let run = Run {
            state: State::over(&base.tables, below),
            env,
            chain: base.chain,
            params: &base.params,
            schedule: base.schedule(),
            rules,
            facts: Facts::default(),
            events: Vec::new(),
            transaction: None,
        };
        let parent = run.meta().clone();
        assert_eq!(
            env.height,
            parent.height.next(),
            "a block follows its parent's height"
        );
        assert!(env.time > parent.time, "ledger time rises");
        let parent_time = parent.time;
        let mut execution = Self {
            run,
            base_fee: parent.base_fee,
            outcomes: Vec::new(),
            weight: 0,
            weight_general: 0,
        };
        execution.run.state.meta.put(
            ONLY,
            Meta {
                height: env.height,
                time: env.time,
                randomness: env.randomness,
                ..parent
            },
        );
        execution.run.turn_epoch(parent_time);
        execution.run.wake_due();
        execution.run.draw_due();
        execution.run.state.keep();
        execution
    }

    /// What was found outside the ledger, for the transactions applied from here on: a verdict on every
    /// statement that [`crate::check::proof_jobs`] names for them.
    pub fn set_facts(&mut self, facts: Facts) {
        self.run.facts = facts;
    }

    /// What `tx` costs the block: its own weight and what its order's check adds.
    pub fn weight_of(&self, tx: &Transaction) -> Weight {
        let added = match &tx.body.call {
            Call::CheckCall { order, tag, bytes } => self.run.state.orders.get(order).map(|row| {
                self.run
                    .rules
                    .rule(&row.terms.check)
                    .weight(*tag, bytes.len())
            }),
            _ => None,
        };
        tx.weight().saturating_add(added.unwrap_or_default())
    }

    /// Executes one transaction whose signature the caller has verified.
    ///
    /// # Errors
    /// [`Invalid`] when no block may hold it here; nothing has changed then.
    ///
    /// # Panics
    /// When it delivers a proof on which the facts hold no verdict.
    pub fn apply(&mut self, tx: &Transaction) -> Result<&Outcome, Invalid> {
        let body = &tx.body;
        let weight = self.weight_of(tx).get();
        let reserved = self.is_reserved(tx);
        let rate = if reserved {
            self.run.params.base_fee_min
        } else {
            self.base_fee
        };
        let fee = rate.price(Weight::new(weight));
        self.check_inclusion(tx, fee)?;
        self.check_room(weight, reserved)?;

        let id = tx.id();
        self.run.transaction = Some(id);
        self.run.charge(body, fee);
        self.run.state.keep();

        let first = self.run.events.len();
        let result = self.run.call(body);
        match result {
            Ok(()) => self.run.state.keep(),
            Err(rejection) => {
                self.run.state.undo();
                self.run.events.truncate(first);
                self.run.events.push(Event::Failed {
                    transaction: id,
                    rejection,
                });
            }
        }
        self.run.transaction = None;
        self.weight = self.weight.saturating_add(weight);
        if !reserved {
            self.weight_general = self.weight_general.saturating_add(weight);
        }
        self.outcomes.push(Outcome {
            transaction: id,
            fee,
            tip: body.tip,
            rejection: result.err(),
            first_event: count(first),
            event_count: count(self.run.events.len().saturating_sub(first)),
        });
        Ok(self.outcomes.last().expect("pushed above"))
    }

    /// The sums: next base fee, event root, and the assertion that no money came or went.
    ///
    /// # Panics
    /// When conservation is broken, which is a defect of the rules.
    pub fn finish(mut self) -> Executed {
        let next = self.next_base_fee();
        let meta = Meta {
            base_fee: next,
            ..self.run.meta().clone()
        };
        self.run.state.meta.put(ONLY, meta);
        self.run.state.keep();
        audit::assert_conserved(&self.run.state);
        let event_root = merkle_root_of(&self.run.events);
        Executed {
            changes: self.run.state.into_changes(),
            outcomes: self.outcomes,
            events: self.run.events,
            event_root,
            base_fee: self.base_fee,
            weight: Weight::new(self.weight),
        }
    }

    /// The order of these checks is protocol.
    fn check_inclusion(&self, tx: &Transaction, fee: Amount) -> Result<(), Invalid> {
        let (run, body) = (&self.run, &tx.body);
        if body.chain != run.chain {
            return Err(Invalid::WrongChain {
                given: body.chain,
                expected: run.chain,
            });
        }
        let sender = run.state.accounts.get(&body.sender);
        let expected = sender.map_or(0, |row| row.lanes.next(body.lane));
        let (lane, given) = (body.lane.get(), body.sequence);
        if given < expected {
            return Err(Invalid::Replayed {
                lane,
                given,
                expected,
            });
        }
        if given > expected {
            return Err(Invalid::SequenceGap {
                lane,
                given,
                expected,
            });
        }
        let (valid_until, now) = (body.valid_until, run.env.time);
        if valid_until < now {
            return Err(Invalid::Expired { valid_until, now });
        }
        let latest = now.after(run.params.valid_ms_max);
        if valid_until > latest {
            return Err(Invalid::ValidTooLong {
                valid_until,
                latest,
            });
        }
        if body.fee_limit < fee {
            return Err(Invalid::FeeLimitTooLow {
                limit: body.fee_limit,
                fee,
            });
        }
        let needed = body.fee_limit.saturating_add(body.tip);
        let balance = sender.map(|row| row.balance).unwrap_or_default();
        if balance < needed {
            return Err(Invalid::CannotPay { balance, needed });
        }
        Ok(())
    }

    fn check_room(&self, weight: u64, reserved: bool) -> Result<(), Invalid> {
        let whole = self.run.params.block_weight_max.get();
        let general = whole.saturating_sub(whole / RESERVED_PART);
        let max = if reserved { whole } else { general };
        if weight > max {
            return Err(Invalid::TooHeavy { weight, max });
        }
        let fits_whole = self.weight.saturating_add(weight) <= whole;
        let fits_general = reserved || self.weight_general.saturating_add(weight) <= general;
        if fits_whole && fits_general {
            Ok(())
        } else {
            Err(Invalid::BlockFull)
        }
    }

    /// Whether `tx` speaks to the check of an order its sender is a party of.
    fn is_reserved(&self, tx: &Transaction) -> bool {
        let Call::CheckCall { order, .. } = &tx.body.call else {
            return false;
        };
        self.run.state.orders.get(order).is_some_and(|row| {
            row.buyer == tx.body.sender || row.seat_of(&tx.body.sender).is_some()
        })
    }

    fn next_base_fee(&self) -> FeeRate {
        let min = self.run.params.base_fee_min.get();
        let target = self.run.params.block_weight_max.get() / 2;
        let (fee, used) = (self.base_fee.get(), self.weight);
        let step = |distance: u64| {
            let product = u128::from(fee).saturating_mul(u128::from(distance));
            let divisor = u128::from(target.max(1)).saturating_mul(u128::from(BASE_FEE_STEP));
            let step = product.checked_div(divisor).unwrap_or_default();
            u64::try_from(step).unwrap_or(u64::MAX)
        };
        let next = if used > target {
            fee.saturating_add(step(used.saturating_sub(target)).max(1))
        } else {
            fee.saturating_sub(step(target.saturating_sub(used)))
        };
        FeeRate::new(next.max(min))
    }
}

impl Run<'_> {
    pub(crate) fn meta(&self) -> &Meta {
        self.state
            .meta
            .get(&ONLY)
            .expect("every ledger has its meta row")
    }

    pub(crate) const fn now(&self) -> LedgerTime {
        self.env.time
    }

    fn call(&mut self, body: &assay_types::Unsigned) -> Result<(), Rejection> {
        let sender = body.sender;
        match &body.call {
            Call::Transfer { to, amount } => self.transfer(sender, *to, *amount),
            Call::Bond { amount } => self.bond(sender, *amount),
            Call::Unbond { amount } => self.unbond(body, *amount),
            Call::PublishOffer {
                good,
                ask,
                capacity,
            } => self.publish_offer(body, good, *ask, *capacity),
            Call::WithdrawOffer { offer } => self.withdraw_offer(sender, *offer),
            Call::PlaceOrder { terms } => self.place_order(body, terms),
            Call::CancelOrder { order } => self.cancel_order(sender, *order),
            Call::Accept { order } => self.accept(sender, *order),
            Call::Decline { order } => self.decline(sender, *order),
            Call::CheckCall { order, tag, bytes } => self.check_call(sender, *order, *tag, bytes),
            Call::RegisterModel {
                model,
                manifest,
                program,
                licence,
                royalties,
            } => {
                let row = crate::rows::Model {
                    owner: sender,
                    manifest: *manifest,
                    program: *program,
                    licence: licence.clone(),
                    royalties: royalties.clone(),
                };
                self.register_model(*model, row)
            }
            Call::ReserveName { commitment } => {
                self.reserve_name(sender, *commitment);
                Ok(())
            }
            Call::RegisterName {
                name,
                salt,
                lease_ms,
            } => self.register_name(sender, *name, salt, *lease_ms),
            Call::RenewName { name, lease_ms } => self.renew_name(sender, *name, *lease_ms),
            Call::TransferName { name, to } => self.transfer_name(sender, *name, *to),
            Call::RegisterProofKey { model, key } => self.register_proof_key(sender, *model, *key),
            Call::CreateTopic { terms } => self.create_topic(body, terms),
            Call::RegisterSlot {
                topic,
                owner,
                take,
                price_max,
            } => self.register_slot(sender, *topic, *owner, *take, *price_max),
            Call::Stake { topic, key, amount } => self.stake(sender, *topic, *key, *amount),
            Call::Unstake { topic, key, amount } => self.unstake(body, *topic, *key, *amount),
            Call::CommitSubmission { topic, commitment } => {
                self.commit_submission(sender, *topic, *commitment)
            }
            Call::RevealSubmission {
                topic,
                submission,
                salt,
            } => self.reveal_submission(sender, *topic, submission, salt),
            Call::FundTopic { topic, amount } => self.fund_topic(sender, *topic, *amount),
            Call::AnnounceSlot { topic, address } => {
                self.announce_slot(sender, *topic, address.as_ref())
            }
        }
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("a block of bounded weight has fewer than 2^32 events")
}
