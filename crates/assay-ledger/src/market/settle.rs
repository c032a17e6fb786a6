//! Settlement: turns a check's rulings into payments and burns, and closes orders.
//!
//! Out of each paid ask come the market fee, which burns, and the model's royalties, each floored; dust
//! stays with the seller, and a part of the fee may come back to it as newly minted money (`emission`). What
//! no ruling spends returns to the buyer. Locks burn; only for a proven fault a part of one goes to the buyer,
//! at most the price.

use crate::{
    block::Run,
    check::{Award, Caller, Context, Rule, Ruling, SeatView, Step, TopicView, WorkerView},
    rows::{Order, Seat, SeatState, Stage},
};
use assay_types::{
    AccountId, Amount, Blob, BurnReason, Event, LedgerTime, List, OrderId, Payout, PayoutResult,
    RECEIPT_VERSION, Receipt, RefundReason, Rejection, ReleaseReason, Verdict, Work,
};
use std::convert::Infallible;

impl Run<'_> {
    /// All have accepted.
    pub(super) fn start_check(&mut self, id: OrderId, mut order: Order) {
        order.stage = Stage::Running;
        order.started_at = Some(self.now());
        self.events.push(Event::Started { order: id });
        let Ok(()) = self.ask_check(id, order, |rule, context, state| {
            let (first, step) = rule.start(context);
            *state = first;
            Ok::<_, Infallible>(step)
        });
    }

    /// Somebody speaks to a running order's check.
    pub(super) fn call_check(
        &mut self,
        id: OrderId,
        order: Order,
        caller: Caller,
        tag: u8,
        body: &[u8],
    ) -> Result<(), Rejection> {
        self.ask_check(id, order, |rule, context, state| {
            rule.call(context, state, caller, tag, body)
        })
    }

    /// A running order's check has waited long enough.
    pub(super) fn wake_check(&mut self, id: OrderId, order: Order) {
        let Ok(()) = self.ask_check(id, order, |rule, context, state| {
            Ok::<_, Infallible>(rule.wake(context, state))
        });
    }

    /// Lets the check take a step and does what it decided.
    fn ask_check<E>(
        &mut self,
        id: OrderId,
        mut order: Order,
        ask: impl FnOnce(&dyn Rule, &mut Context<'_>, &mut Vec<u8>) -> Result<Step, E>,
    ) -> Result<(), E> {
        let mut state = std::mem::take(&mut order.check_state).into_vec();
        let rule = self.rules.rule(&order.terms.check);
        let seats = seat_views(&order);
        let mut context = self.context(id, &order, &seats);
        let step = ask(rule, &mut context, &mut state)?;
        let Context { events, answer, .. } = context;
        self.events.extend(events);
        order.output = answer.or(order.output);
        order.check_state = check_state(state);
        self.follow(id, order, step);
        Ok(())
    }

    fn context<'c>(&'c self, id: OrderId, order: &'c Order, seats: &'c [SeatView]) -> Context<'c> {
        Context {
            chain: self.chain,
            order: id,
            work: &order.terms.work,
            check: &order.terms.check,
            now: self.now(),
            randomness: self.env.randomness,
            params: self.params,
            seats,
            facts: &self.facts,
            topic: self.topic_view(order),
            events: Vec::new(),
            answer: None,
        }
    }

    /// What the check of a topic's request sees of the topic and of its miner.
    fn topic_view(&self, order: &Order) -> Option<TopicView> {
        let Work::Topic { topic, .. } = order.terms.work else {
            return None;
        };
        let row = self.state.topics.get(&topic)?;
        let miner = order.seats.first().map(|seat| seat.seller);
        let place = miner.and_then(|miner| self.slot_of(topic, miner));
        let slot = place.and_then(|place| Some((place, self.state.topic_slots.get(&place)?)));
        Some(TopicView {
            epoch: row.epoch,
            epoch_ends_at: row.epoch_ends_at,
            epoch_ms: row.terms.epoch_ms,
            worked: row.worked,
            workers: row.workers,
            miner: slot.map(|(place, slot)| WorkerView {
                slot: place.slot,
                registered_at: slot.registered_at,
                worked: slot.worked,
            }),
        })
    }

    /// Does what the check decided.
    fn follow(&mut self, id: OrderId, mut order: Order, step: Step) {
        match step {
            Step::Pending { until } => self.wait(id, order, until),
            Step::Partial { rulings, until } => {
                self.rule(id, &mut order, &rulings);
                self.wait(id, order, until);
            }
            Step::Final {
                rulings,
                verdict,
                escrow_burn,
            } => {
                self.rule(id, &mut order, &rulings);
                let burn = escrow_burn.min(order.escrow);
                if !burn.is_zero() {
                    order.escrow = order.escrow.saturating_sub(burn);
                    self.burn(burn);
                    let (account, reason) = (order.buyer, BurnReason::RejectedDelivery);
                    self.events.push(Event::Burnt {
                        order: id,
                        account,
                        amount: burn,
                        reason,
                    });
                }
                self.close(id, order, verdict);
            }
        }
    }

    /// A check that waits for a moment that has passed is woken by the next block.
    fn wait(&mut self, id: OrderId, mut order: Order, until: LedgerTime) {
        order.wake_at = until;
        self.state.put_order(id, order);
    }

    fn rule(&mut self, id: OrderId, order: &mut Order, rulings: &[Ruling]) {
        let mut seats = std::mem::take(&mut order.seats).into_vec();
        for ruling in rulings {
            let seat = &mut seats[ruling.seat];
            if seat.state.is_over() {
                continue;
            }
            match ruling.award {
                Award::Pay(amount) => self.pay(id, order, seat, amount),
                Award::Burn(amount, reason) => self.burn_lock(id, seat, amount, reason),
                Award::Forfeit {
                    compensation,
                    reason,
                } => {
                    let compensation = self.compensate(id, order.buyer, seat, compensation);
                    self.burn_lock(id, seat, seat.lock, reason);
                    // Also where nothing is left to burn.
                    seat.burn_reason = Some(reason);
                    self.finish_seat(order.started_at, seat);
                    seat.state = SeatState::Forfeited { compensation };
                }
                Award::Release => self.finish_seat(order.started_at, seat),
            }
        }
        order.seats = List::new(seats).expect("the number of seats is unchanged");
    }

    fn pay(&mut self, id: OrderId, order: &mut Order, seat: &mut Seat, amount: Amount) {
        let gross = amount
            .min(seat.ask.saturating_sub(seat.paid))
            .min(order.escrow);
        if gross.is_zero() {
            return;
        }
        order.escrow = order.escrow.saturating_sub(gross);
        let fee = gross.share_floor(self.params.market_fee);
        self.burn(fee);
        let shared = order.model().and_then(|model| {
            let row = self.state.models.get(&model)?;
            Some((model, row.royalties.clone()))
        });
        let mut royalties = Amount::ZERO;
        let splits = shared.iter().flat_map(|(model, splits)| {
            let model = *model;
            splits.iter().map(move |split| (model, split))
        });
        for (model, split) in splits {
            let amount = gross.share_floor(split.share);
            if amount.is_zero() {
                continue;
            }
            royalties = royalties.saturating_add(amount);
            self.credit(split.account, amount);
            self.events.push(Event::RoyaltyPaid {
                order: id,
                model,
                to: split.account,
                amount,
            });
        }
        let net = gross
            .checked_sub(fee)
            .and_then(|rest| rest.checked_sub(royalties))
            .expect("registration bounds fee and royalties by the whole");
        self.credit(seat.seller, net);
        self.update_account(seat.seller, |row| {
            let record = row.seller.change();
            record.earned = record.earned.saturating_add(gross);
        });
        seat.paid = seat.paid.saturating_add(gross);
        seat.fee = seat.fee.saturating_add(fee);
        seat.royalties = seat.royalties.saturating_add(royalties);
        self.events.push(Event::Paid {
            order: id,
            seller: seat.seller,
            gross,
            net,
            fee,
        });
        self.rebate(id, seat.seller, fee);
    }

    /// Pays at most `amount` of the lock to the buyer, and tells how much that was.
    fn compensate(
        &mut self,
        id: OrderId,
        buyer: AccountId,
        seat: &mut Seat,
        amount: Amount,
    ) -> Amount {
        let amount = amount.min(seat.lock.saturating_sub(seat.burnt));
        if amount.is_zero() {
            return amount;
        }
        self.forfeit(seat.seller, amount);
        self.credit(buyer, amount);
        seat.lock = seat.lock.saturating_sub(amount);
        self.events.push(Event::Compensated {
            order: id,
            seller: seat.seller,
            buyer,
            amount,
        });
        amount
    }

    fn burn_lock(&mut self, id: OrderId, seat: &mut Seat, amount: Amount, reason: BurnReason) {
        let amount = amount.min(seat.lock.saturating_sub(seat.burnt));
        if amount.is_zero() {
            return;
        }
        self.slash(seat.seller, amount);
        seat.burnt = seat.burnt.saturating_add(amount);
        seat.burn_reason = Some(reason);
        self.events.push(Event::Burnt {
            order: id,
            account: seat.seller,
            amount,
            reason,
        });
    }

    /// Returns what is left of the lock and counts the job in the seller's record.
    fn finish_seat(&mut self, started_at: Option<LedgerTime>, seat: &mut Seat) {
        if seat.state.is_over() {
            return;
        }
        self.unlock(seat.seller, seat.lock.saturating_sub(seat.burnt));
        self.change_busy(seat.offer, |busy| busy.saturating_sub(1));
        seat.state = SeatState::Done;
        let (paid, now) = (!seat.paid.is_zero(), self.now());
        self.update_account(seat.seller, |row| {
            let record = row.seller.change();
            if paid {
                record.delivered = record.delivered.saturating_add(1);
                let latency = started_at.map_or(0, |started| now.since(started));
                record.latency_ms = record.latency_ms.saturating_add(latency);
            } else {
                record.failed = record.failed.saturating_add(1);
            }
        });
    }

    /// Takes a seat that was only asked, or accepted before the work began, out of the order at no loss.
    pub(super) fn vacate(
        &mut self,
        id: OrderId,
        order: &mut Order,
        seat: usize,
        reason: ReleaseReason,
    ) {
        let mut seats = std::mem::take(&mut order.seats).into_vec();
        let Seat {
            seller,
            offer,
            lock,
            ..
        } = seats.remove(seat);
        order.seats = List::new(seats).expect("one seat less");
        self.unlock(seller, lock);
        self.change_busy(offer, |busy| busy.saturating_sub(1));
        if reason != ReleaseReason::OrderEnded {
            let mut excluded = std::mem::take(&mut order.excluded).into_vec();
            excluded.push(seller);
            order.excluded = List::new(excluded).expect("rounds × sellers is below EXCLUDED_MAX");
            self.update_account(seller, |row| {
                let record = row.seller.change();
                record.declined = record.declined.saturating_add(1);
            });
        }
        self.events.push(Event::Released {
            order: id,
            seller,
            reason,
        });
    }

    /// Ends an order before its work started: full refund, no loss for anyone.
    pub(super) fn refund(&mut self, id: OrderId, mut order: Order, reason: RefundReason) {
        while !order.seats.is_empty() {
            self.vacate(id, &mut order, 0, ReleaseReason::OrderEnded);
        }
        self.close(id, order, Verdict::Refunded { reason });
    }

    /// Releases every lock left, returns the escrow left, and leaves the receipt.
    fn close(&mut self, id: OrderId, mut order: Order, verdict: Verdict) {
        let mut seats = std::mem::take(&mut order.seats).into_vec();
        for seat in &mut seats {
            self.finish_seat(order.started_at, seat);
        }
        let refund = order.escrow;
        if !refund.is_zero() {
            self.credit(order.buyer, refund);
            let buyer = order.buyer;
            self.events.push(Event::Refunded {
                order: id,
                buyer,
                amount: refund,
            });
        }
        let price = seats
            .iter()
            .fold(Amount::ZERO, |sum, seat| sum.saturating_add(seat.paid));
        self.count_for_buyer(order.buyer, verdict, price);
        let mut payouts: Vec<Payout> = seats.iter().map(payout).collect();
        payouts.sort_unstable_by_key(|payout| payout.seller);
        let receipt = Receipt {
            version: RECEIPT_VERSION,
            chain: self.chain,
            order: id,
            buyer: order.buyer,
            work: order.terms.work,
            check: order.terms.check,
            verdict,
            output: order.output,
            price,
            refund,
            payouts: List::new(payouts).expect("one line per seat"),
            placed_at: order.placed_at,
            closed_at: self.now(),
            height: self.env.height,
            settled_by: self.transaction,
        };
        self.state.remove_order(id);
        let receipt = receipt.into();
        self.events.push(Event::Closed { receipt });
    }

    fn count_for_buyer(&mut self, buyer: AccountId, verdict: Verdict, price: Amount) {
        self.update_account(buyer, |row| {
            row.orders = row.orders.saturating_sub(1);
            let record = row.buyer.change();
            record.spent = record.spent.saturating_add(price);
            let counter = match verdict {
                Verdict::Agreed
                | Verdict::Approved
                | Verdict::ApprovedBySilence
                | Verdict::Proven
                | Verdict::Scored => &mut record.settled,
                Verdict::Refunded {
                    reason: RefundReason::Rejected,
                } => &mut record.rejected,
                Verdict::Refunded {
                    reason: RefundReason::Cancelled,
                } => &mut record.cancelled,
                Verdict::Refunded { .. } => &mut record.refunded,
            };
            *counter = counter.saturating_add(1);
        });
    }
}

fn seat_views(order: &Order) -> Vec<SeatView> {
    let view = |seat: &Seat| SeatView {
        seller: seat.seller,
        ask: seat.ask,
        paid: seat.paid,
        lock: seat.lock.saturating_sub(seat.burnt),
    };
    order.seats.iter().map(view).collect()
}

fn payout(seat: &Seat) -> Payout {
    let result = match (seat.burn_reason, seat.state) {
        (Some(reason), SeatState::Forfeited { compensation }) => PayoutResult::Forfeited {
            compensation,
            burnt: seat.burnt,
            reason,
        },
        (Some(reason), _) => PayoutResult::Burnt {
            amount: seat.burnt,
            reason,
        },
        (None, _) if seat.paid.is_zero() => PayoutResult::Unpaid,
        (None, _) => PayoutResult::Paid {
            gross: seat.paid,
            fee: seat.fee,
            royalties: seat.royalties,
        },
    };
    Payout {
        seller: seat.seller,
        result,
    }
}

fn check_state<const MAX: usize>(state: Vec<u8>) -> Blob<MAX> {
    Blob::new(state).expect("a check keeps its state within CHECK_STATE_BYTES_MAX")
}
