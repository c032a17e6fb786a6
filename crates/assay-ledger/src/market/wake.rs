//! What time brings: windows to accept that close, checks that wake, unbondings that arrive, names and
//! reservations that end, topics whose epoch is over.
//!
//! At most `expiries_per_block_max` per block, by moment, then by id; their cost was prepaid by the
//! transactions that made them. A late action is refused by its deadline, not by its place in this queue.

use super::draw::next_answer;
use crate::{
    block::Run,
    rows::{Order, SeatState, Stage, Wake},
    topic::SETTLED_CELLS_PER_BLOCK_MAX,
};
use assay_types::{OrderId, RefundReason, ReleaseReason};

impl Run<'_> {
    /// Moves on what is due.
    pub(crate) fn wake_due(&mut self) {
        let max = usize::try_from(self.params.expiries_per_block_max).unwrap_or(usize::MAX);
        let now = self.now();
        let due: Vec<Wake> = self
            .state
            .wakes
            .range(..)
            .take_while(|(key, ())| key.at < now)
            .take(max)
            .map(|(key, ())| key.what)
            .collect();
        let mut settled = 0usize;
        for wake in due {
            match wake {
                Wake::Topic(topic) if settled < SETTLED_CELLS_PER_BLOCK_MAX => {
                    settled = settled.saturating_add(self.settle_topic(topic));
                }
                // It is due still, and comes first in the next block.
                Wake::Topic(_) => {}
                Wake::Unbonding(key) => self.release_unbonding(key),
                Wake::Order(id) => self.wake_order(id),
                Wake::Name(name) => self.free_name(name),
                Wake::Reservation(account) => self.state.remove_reservation(account),
            }
        }
    }

    fn wake_order(&mut self, id: OrderId) {
        let Some(order) = self.state.orders.get(&id).cloned() else {
            return;
        };
        match order.stage {
            Stage::Running => self.wake_check(id, order),
            Stage::Drawing => self.wake_draw(id, order),
        }
    }

    /// Frees sellers that did not answer, then redraws, or gives up once `accept_by` has passed.
    fn wake_draw(&mut self, id: OrderId, mut order: Order) {
        let now = self.now();
        let late = |order: &Order| {
            order.seats.iter().position(
                |seat| matches!(seat.state, SeatState::Asked { respond_by } if respond_by < now),
            )
        };
        while let Some(seat) = late(&order) {
            self.vacate(id, &mut order, seat, ReleaseReason::NoAnswer);
        }
        if now > order.terms.accept_by {
            self.refund(id, order, RefundReason::TooFewSellers);
            return;
        }
        if Self::lacks_sellers(&order) && order.draw_from.is_none() {
            order.draw_from = Some(self.env.height);
        }
        order.wake_at = next_answer(&order);
        self.state.put_order(id, order);
    }
}
