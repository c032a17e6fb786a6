//! Emission: how new money comes into being, by schedule and split.
//!
//! After `n` epochs R(n) = ⌊total · 2^(−n / half life)⌋ is left to come, and epoch `n` emits
//! R(n) − R(n + 1). These differences telescope, so all epochs together emit at most `total`, whatever the
//! error of the power. An epoch's emission is a budget, split in basis points: of the validators' share each
//! leader is paid in proportion to the blocks it proposed, when the next epoch begins; topics get theirs as budgets,
//! of which each of their epochs pays a part; the share of rebates bounds what its settlements may give back to
//! sellers; the treasury has no takers yet. What is not
//! paid out of an epoch is never minted.
//!
//! Work: one small row per block, the leader's count; at an epoch's end one account for each leader, of whom
//! there are at most `VALIDATORS_MAX`. Nobody else's row is touched.
//!
//! Invariant: what is minted is added to `issued` and to a balance, by the same amount.
//! Source: docs/adr/0008-emission-and-rebate.md.

use crate::{block::Run, rows::Meta, tables::ONLY};
use assay_types::{AccountId, Amount, EmissionParams, Event, LedgerTime, OrderId, SUPPLY_MAX};

/// A seller gets back at most one in this many grains of the market fee that its payment burnt. Two keeps
/// the loss of trading with oneself as large as the gain of trading with others.
const REBATE_PART: u64 = 2;

/// 2^(−2^−k) for k = 1 to 64, in units of 2⁻⁶⁴, each floored from the one before.
const ROOTS: [u128; 64] = roots();

const fn roots() -> [u128; 64] {
    let mut roots = [0; 64];
    let mut root: u128 = 1 << 63;
    let mut index = 0usize;
    while index < roots.len() {
        root = (root << 64).isqrt();
        roots[index] = root;
        index = index.saturating_add(1);
    }
    roots
}

/// When epochs begin and what each emits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    start: LedgerTime,
    params: EmissionParams,
}

/// The epoch under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochStatus {
    /// Its number, counted from genesis.
    pub epoch: u64,
    /// The first moment of the next one.
    pub ends_at: LedgerTime,
    /// What the schedule emits in it, all shares together.
    pub emission: Amount,
    /// Most that its leaders are paid.
    pub validators: Amount,
    /// Most that its rebates may sum to.
    pub rebates_max: Amount,
    /// What they sum to so far.
    pub rebated: Amount,
}

impl Schedule {
    /// The schedule of a chain that starts at `start`.
    pub const fn new(start: LedgerTime, params: EmissionParams) -> Self {
        Self { start, params }
    }

    /// The epoch that `time` falls into.
    pub fn epoch(&self, time: LedgerTime) -> u64 {
        time.since(self.start)
            .checked_div(self.params.epoch_ms)
            .unwrap_or_default()
    }

    /// The first moment of an epoch.
    pub const fn begins(&self, epoch: u64) -> LedgerTime {
        self.start.after(epoch.saturating_mul(self.params.epoch_ms))
    }

    /// What is left to come after `epochs` epochs, in grains, floored. The power's relative error is below
    /// 2⁻⁵⁵ (64 factors, each off by less than five units of 2⁻⁶⁴), so at most a few tens of grains of the
    /// largest supply; it is far smaller than the step between two epochs, whose share of the rest is at
    /// least ln 2 / 2³². So the sequence falls.
    pub fn remaining(&self, epochs: u64) -> Amount {
        let half_life = u64::from(self.params.half_life_epochs);
        let halvings = epochs.checked_div(half_life).unwrap_or(u64::MAX);
        let part = epochs.checked_rem(half_life).unwrap_or_default();
        let whole = u128::from(self.params.total.get()).saturating_mul(half_to(part, half_life));
        let rest = u32::try_from(halvings.saturating_add(64))
            .ok()
            .and_then(|shift| whole.checked_shr(shift))
            .unwrap_or_default();
        Amount::new(u64::try_from(rest).unwrap_or(u64::MAX))
    }

    /// What an epoch emits, all shares together.
    pub fn emission(&self, epoch: u64) -> Amount {
        self.remaining(epoch)
            .saturating_sub(self.remaining(epoch.saturating_add(1)))
    }

    /// Most that an epoch's leaders are paid together.
    pub fn validators(&self, epoch: u64) -> Amount {
        self.emission(epoch).share_floor(self.params.validators)
    }

    /// Most that topics are given of an epoch.
    pub fn topics(&self, epoch: u64) -> Amount {
        self.emission(epoch).share_floor(self.params.topics)
    }

    /// Most that an epoch's rebates may sum to.
    pub fn rebates_max(&self, epoch: u64) -> Amount {
        self.emission(epoch).share_floor(self.params.rebates)
    }
}

/// 2^(−part / whole) in units of 2⁻⁶⁴, for part < whole: the product of the roots that the binary fraction
/// part / whole names.
pub(crate) fn half_to(part: u64, whole: u64) -> u128 {
    let exponent = (u128::from(part) << 64)
        .checked_div(u128::from(whole))
        .unwrap_or_default();
    ROOTS
        .iter()
        .zip(0u32..)
        .filter(|(_, place)| exponent & (1 << 63 >> place) != 0)
        .fold(1 << 64, |power: u128, (root, _)| {
            // Both are at most 2⁶⁴ and the root is below it, so the product fits.
            power.saturating_mul(*root) >> 64
        })
}

impl Run<'_> {
    /// Pays the leaders of the epoch that `parent` lies in if this block begins another, and counts the
    /// block for its leader.
    pub(crate) fn turn_epoch(&mut self, parent: LedgerTime) {
        let ended = self.schedule.epoch(parent);
        if self.schedule.epoch(self.now()) != ended {
            self.pay_leaders(ended);
            self.budget_topics(ended);
            let meta = Meta {
                rebated: Amount::ZERO,
                ..self.meta().clone()
            };
            self.state.meta.put(ONLY, meta);
        }
        let leader = self.env.leader;
        let blocks = self.state.leaders.get(&leader).copied().unwrap_or_default();
        self.state.leaders.put(leader, blocks.saturating_add(1));
    }

    fn pay_leaders(&mut self, epoch: u64) {
        let leaders: Vec<(AccountId, u64)> = self
            .state
            .leaders
            .range(..)
            .map(|(leader, blocks)| (*leader, *blocks))
            .collect();
        let all = leaders.iter().fold(0u128, |sum, (_, blocks)| {
            sum.saturating_add(u128::from(*blocks))
        });
        let share = u128::from(self.schedule.validators(epoch).get());
        for (to, blocks) in leaders {
            self.state.leaders.remove(to);
            let grains = share
                .saturating_mul(u128::from(blocks))
                .checked_div(all)
                .unwrap_or_default();
            let amount = Amount::new(u64::try_from(grains).expect("a part of the share"));
            if amount.is_zero() {
                continue;
            }
            self.mint(to, amount);
            self.events.push(Event::Emitted {
                epoch,
                to,
                blocks,
                amount,
            });
        }
    }

    /// Gives a seller back a part of the market `fee` that its payment has just burnt, as far as the
    /// epoch's rebates reach. Whoever trades with itself burns the fee and gets at most half of it, so it
    /// always loses.
    pub(crate) fn rebate(&mut self, order: OrderId, seller: AccountId, fee: Amount) {
        let epoch = self.schedule.epoch(self.now());
        let rebated = self.meta().rebated;
        let left = self.schedule.rebates_max(epoch).saturating_sub(rebated);
        let amount = Amount::new(fee.get() / REBATE_PART).min(left);
        if amount.is_zero() {
            return;
        }
        let meta = Meta {
            rebated: rebated.saturating_add(amount),
            ..self.meta().clone()
        };
        self.state.meta.put(ONLY, meta);
        self.mint(seller, amount);
        self.events.push(Event::Rebated {
            order,
            seller,
            amount,
        });
    }

    fn mint(&mut self, to: AccountId, amount: Amount) {
        self.issue(amount);
        self.credit(to, amount);
    }

    /// Counts money as issued that goes to a balance or a pool.
    pub(crate) fn issue(&mut self, amount: Amount) {
        let meta = self.meta().clone();
        let issued = meta
            .issued
            .checked_add(amount)
            .filter(|issued| *issued <= SUPPLY_MAX)
            .expect("genesis bounds allocations and emission together by the supply");
        self.state.meta.put(ONLY, Meta { issued, ..meta });
    }
}
