//! The draw: who is asked to do an order's work.
//!
//! Runs at the start of the block after an order was placed, so that its randomness was unknown when the
//! order and the offers stood. Each owner enters once, with its cheapest eligible offer, weighted by
//! ⌊free bond · 2³² / max(ask, maximum / 2)⌋: bond counts in full, an absurdly low ask gains at most a
//! factor of two, and splitting one bond over many names or offers gains nothing. Picks are without
//! replacement. Biasable by proposers until a beacon stands. Source: docs/rules.md.

use crate::{
    block::Run,
    rows::{Book, Offer, Order, Seat, SeatState},
};
use assay_types::{
    AccountId, Amount, Check, Event, Hash32, LedgerTime, List, OfferId, OrderId, RefundReason,
    Terms, Work,
};
use std::collections::BTreeMap;

/// The weight of a seller in the draw, in 2⁻³² bonds per ask.
///
/// ⌊free_bond · 2³² / max(ask, price_max / 2)⌋; the price is above zero.
pub fn draw_weight(free_bond: Amount, ask: Amount, price_max: Amount) -> u128 {
    let price = ask.get().max(price_max.get() / 2).max(1);
    (u128::from(free_bond.get()) << 32)
        .checked_div(u128::from(price))
        .unwrap_or_default()
}

/// An owner's best offer.
#[derive(Clone, Copy)]
struct Candidate {
    seller: AccountId,
    offer: OfferId,
    ask: Amount,
    weight: u128,
}

impl Run<'_> {
    /// Draws for the orders that wait, oldest first, then by id.
    pub(crate) fn draw_due(&mut self) {
        let max = usize::try_from(self.params.draws_per_block_max).unwrap_or(usize::MAX);
        let due: Vec<OrderId> = self
            .state
            .draws
            .range(..)
            .take(max)
            .map(|(key, ())| key.order)
            .collect();
        for id in due {
            self.draw(id);
        }
    }

    /// One round for one order.
    fn draw(&mut self, id: OrderId) {
        let Some(mut order) = self.state.orders.get(&id).cloned() else {
            return;
        };
        order.draw_from = None;
        if order.round >= self.params.redraws_max {
            self.refund(id, order, RefundReason::TooFewSellers);
            return;
        }
        let needed = usize::from(order.terms.check.sellers()).saturating_sub(order.seats.len());
        let mut candidates = self.candidates(order.buyer, &order.terms, |seller| {
            order.seat_of(seller).is_some() || order.excluded.contains(seller)
        });
        let lock = self.lock_of(order.terms.price_max);
        let respond_by = self
            .now()
            .after(self.params.accept_window_ms)
            .min(order.terms.accept_by);
        let mut seats = std::mem::take(&mut order.seats).into_vec();
        for pick in 0..needed {
            let index = index(&self.env.randomness, id, order.round, pick, &candidates);
            let Some(index) = index else { break };
            let Candidate {
                seller, offer, ask, ..
            } = candidates.remove(index);
            self.lock(seller, lock);
            self.change_busy(offer, |busy| busy.saturating_add(1));
            seats.push(Seat {
                seller,
                offer,
                ask,
                lock,
                state: SeatState::Asked { respond_by },
                paid: Amount::ZERO,
                fee: Amount::ZERO,
                royalties: Amount::ZERO,
                burnt: Amount::ZERO,
                burn_reason: None,
            });
            self.events.push(Event::Assigned {
                order: id,
                seller,
                offer,
                ask,
                lock,
                respond_by,
            });
        }
        order.seats = List::new(seats).expect("a check has at most SELLERS_PER_ORDER_MAX sellers");
        order.round = order.round.saturating_add(1);
        let answer_by = next_answer(&order);
        // A round that found too few sellers is followed by another.
        order.wake_at = if Self::lacks_sellers(&order) {
            answer_by.min(respond_by)
        } else {
            answer_by
        };
        self.state.put_order(id, order);
    }

    /// The lock of one job for a buyer that pays at most `price_max`, which placement has bounded.
    pub(super) fn lock_of(&self, price_max: Amount) -> Amount {
        price_max
            .checked_mul(self.params.lock_multiple)
            .expect("placement bounds the lock")
    }

    /// Eligible owners with their cheapest offer, ascending by account: serving the model or holding a slot of the
    /// topic, at or below the buyer's maximum, not the buyer, with free capacity and a free bond of at least the lock.
    fn candidates(
        &self,
        buyer: AccountId,
        terms: &Terms,
        taken: impl Fn(&AccountId) -> bool,
    ) -> Vec<Candidate> {
        let lock = self.lock_of(terms.price_max);
        let mut best: BTreeMap<AccountId, Candidate> = BTreeMap::new();
        let fits = |offer: &Offer| {
            offer.ask <= terms.price_max
                && offer.busy < offer.capacity
                && offer.seller != buyer
                && terms.seller.is_none_or(|named| named == offer.seller)
                && !taken(&offer.seller)
                && self.still_serves(offer.seller, &terms.work)
        };
        let book = Book::of(&terms.work);
        for (id, offer) in self.book(book).filter(|(_, offer)| fits(offer)) {
            if best
                .get(&offer.seller)
                .is_some_and(|known| known.ask <= offer.ask)
            {
                continue;
            }
            let free = self
                .state
                .accounts
                .get(&offer.seller)
                .map(|row| row.free_bond());
            let Some(free) = free.filter(|free| *free >= lock) else {
                continue;
            };
            let weight = draw_weight(free, offer.ask, terms.price_max);
            let candidate = Candidate {
                seller: offer.seller,
                offer: id,
                ask: offer.ask,
                weight,
            };
            best.insert(offer.seller, candidate);
        }
        best.into_values().collect()
    }

    /// Whether who offered such work can still do it: a miner may have lost its slot since.
    fn still_serves(&self, seller: AccountId, work: &Work) -> bool {
        match work {
            Work::Inference { .. } => true,
            Work::Topic { topic, .. } => self.slot_of(*topic, seller).is_some(),
        }
    }

    /// How many owners could be drawn for `terms` now.
    pub(super) fn eligible(&self, buyer: AccountId, terms: &Terms) -> usize {
        self.candidates(buyer, terms, |_| false).len()
    }

    /// Whether the order has a seat to fill.
    pub(super) fn lacks_sellers(order: &Order) -> bool {
        order.seats.len() < usize::from(Check::sellers(&order.terms.check))
    }
}

/// The next moment at which a missing answer matters.
pub(super) fn next_answer(order: &Order) -> LedgerTime {
    let asked = order.seats.iter().filter_map(|seat| match seat.state {
        SeatState::Asked { respond_by } => Some(respond_by),
        SeatState::Accepted | SeatState::Done | SeatState::Forfeited { .. } => None,
    });
    let complete = !Run::lacks_sellers(order);
    asked
        .chain(complete.then_some(order.terms.accept_by))
        .min()
        .unwrap_or(order.terms.accept_by)
}

/// The pick's place among `candidates`: BLAKE3-XOF(randomness, order, round, pick) mod total weight.
fn index(
    randomness: &Hash32,
    order: OrderId,
    round: u8,
    pick: usize,
    candidates: &[Candidate],
) -> Option<usize> {
    let total = candidates
        .iter()
        .fold(0u128, |sum, next| sum.saturating_add(next.weight));
    let mut hasher = blake3::Hasher::new_derive_key("assay draw v1");
    hasher.update(randomness.as_bytes());
    hasher.update(order.as_bytes());
    hasher.update(&[round, u8::try_from(pick).unwrap_or(u8::MAX)]);
    let mut bytes = [0u8; 16];
    hasher.finalize_xof().fill(&mut bytes);
    let mut point = u128::from_be_bytes(bytes).checked_rem(total)?;
    for (index, candidate) in candidates.iter().enumerate() {
        match point.checked_sub(candidate.weight) {
            Some(rest) => point = rest,
            None => return Some(index),
        }
    }
    None
}
