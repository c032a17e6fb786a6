//! Orders: placing, cancelling, accepting, declining, and speaking to the check.

use crate::{
    block::Run,
    check::Caller,
    rows::{Order, SeatState, Stage},
};
use assay_types::{
    AccountId, Amount, Blob, Check, Event, LedgerTime, List, OrderId, RefundReason, Rejection,
    ReleaseReason, SELLERS_PER_ORDER_MAX, SUPPLY_MAX, Terms, Unsigned, Work,
};

impl Run<'_> {
    /// Locks the buyer's maximum for every seller and queues the order for the next block's draw.
    ///
    /// # Errors
    /// In this order: [`Rejection::PriceZero`], [`Rejection::CheckMalformed`], [`Rejection::CheckOfOtherWork`],
    /// [`Rejection::UnknownModel`] or [`Rejection::UnknownTopic`], [`Rejection::UnknownProofKey`],
    /// [`Rejection::DeadlinePast`],
    /// [`Rejection::DeadlinesOutOfOrder`], [`Rejection::DeadlineTooFar`], [`Rejection::SellerNotNameable`],
    /// [`Rejection::TooManyOrders`], [`Rejection::PriceTooHigh`], [`Rejection::TooFewSellers`],
    /// [`Rejection::InsufficientFunds`].
    pub(crate) fn place_order(&mut self, body: &Unsigned, terms: &Terms) -> Result<(), Rejection> {
        let (buyer, now) = (body.sender, self.now());
        if terms.price_max.is_zero() {
            return Err(Rejection::PriceZero);
        }
        check_is_well_formed(&terms.check)?;
        if !terms.check.decides(&terms.work) {
            return Err(Rejection::CheckOfOtherWork);
        }
        match terms.work {
            Work::Inference { model, .. } => {
                if self.state.models.get(&model).is_none() {
                    return Err(Rejection::UnknownModel);
                }
                if let Check::Proof { key, .. } = terms.check
                    && !self.has_proof_key(model, key)
                {
                    return Err(Rejection::UnknownProofKey);
                }
            }
            Work::Topic { topic, .. } => {
                if self.state.topics.get(&topic).is_none() {
                    return Err(Rejection::UnknownTopic);
                }
            }
        }
        check_deadlines(terms, now, self.params.order_ms_max)?;
        if terms.seller.is_some() && needs_independence(&terms.check) {
            return Err(Rejection::SellerNotNameable);
        }
        if self.account(buyer).orders >= self.params.orders_per_account_max {
            return Err(Rejection::TooManyOrders);
        }
        let sellers = terms.check.sellers();
        let within_supply = |amount: Option<Amount>| amount.filter(|sum| *sum <= SUPPLY_MAX);
        let escrow = within_supply(terms.price_max.checked_mul(u64::from(sellers)))
            .ok_or(Rejection::PriceTooHigh)?;
        within_supply(terms.price_max.checked_mul(self.params.lock_multiple))
            .ok_or(Rejection::PriceTooHigh)?;
        if self.eligible(buyer, terms) < usize::from(sellers) {
            return Err(Rejection::TooFewSellers);
        }
        self.debit(buyer, escrow)?;
        let order = OrderId::of(self.chain, buyer, body.lane, body.sequence);
        let row = Order {
            buyer,
            terms: terms.clone(),
            escrow,
            placed_at: now,
            started_at: None,
            stage: Stage::Drawing,
            round: 0,
            wake_at: terms.accept_by,
            draw_from: Some(self.env.height.next()),
            seats: List::default(),
            excluded: List::default(),
            output: None,
            check_state: Blob::default(),
        };
        self.state.put_order(order, row);
        self.update_account(buyer, |account| {
            account.orders = account.orders.saturating_add(1);
            let record = account.buyer.change();
            record.placed = record.placed.saturating_add(1);
        });
        self.events.push(Event::OrderPlaced {
            order,
            buyer,
            terms: terms.clone(),
            escrow,
        });
        Ok(())
    }

    /// # Errors
    /// [`Rejection::UnknownOrder`], [`Rejection::NotYours`], [`Rejection::WorkStarted`].
    pub(crate) fn cancel_order(&mut self, sender: AccountId, id: OrderId) -> Result<(), Rejection> {
        let order = self.order(id)?;
        if order.buyer != sender {
            return Err(Rejection::NotYours);
        }
        if order.stage != Stage::Drawing {
            return Err(Rejection::WorkStarted);
        }
        self.refund(id, order, RefundReason::Cancelled);
        Ok(())
    }

    /// The last acceptance starts the check.
    ///
    /// # Errors
    /// [`Rejection::UnknownOrder`], [`Rejection::NotAssigned`], [`Rejection::AlreadyAccepted`],
    /// [`Rejection::TooLate`].
    pub(crate) fn accept(&mut self, seller: AccountId, id: OrderId) -> Result<(), Rejection> {
        let mut order = self.order(id)?;
        let seat = self.asked_seat(&order, seller)?;
        let mut seats = std::mem::take(&mut order.seats).into_vec();
        seats[seat].state = SeatState::Accepted;
        let all = seats.iter().all(|seat| seat.state == SeatState::Accepted);
        order.seats = List::new(seats).expect("the number of seats is unchanged");
        self.events.push(Event::Accepted { order: id, seller });
        if all && !Self::lacks_sellers(&order) {
            self.start_check(id, order);
        } else {
            self.state.put_order(id, order);
        }
        Ok(())
    }

    /// # Errors
    /// As [`Self::accept`].
    pub(crate) fn decline(&mut self, seller: AccountId, id: OrderId) -> Result<(), Rejection> {
        let mut order = self.order(id)?;
        let seat = self.asked_seat(&order, seller)?;
        self.vacate(id, &mut order, seat, ReleaseReason::Declined);
        order.draw_from = Some(self.env.height.next());
        self.state.put_order(id, order);
        Ok(())
    }

    /// # Errors
    /// [`Rejection::UnknownOrder`], [`Rejection::NotStarted`], then what the check refuses.
    pub(crate) fn check_call(
        &mut self,
        sender: AccountId,
        id: OrderId,
        tag: u8,
        body: &[u8],
    ) -> Result<(), Rejection> {
        let order = self.order(id)?;
        if order.stage != Stage::Running {
            return Err(Rejection::NotStarted);
        }
        let caller = match order.seat_of(&sender) {
            _ if order.buyer == sender => Caller::Buyer,
            Some(seat) => Caller::Seller(seat),
            None => Caller::Stranger,
        };
        self.call_check(id, order, caller, tag, body)
    }

    fn order(&self, id: OrderId) -> Result<Order, Rejection> {
        self.state
            .orders
            .get(&id)
            .cloned()
            .ok_or(Rejection::UnknownOrder)
    }

    /// The seat of a seller that was asked, has not answered and is not late.
    fn asked_seat(&self, order: &Order, seller: AccountId) -> Result<usize, Rejection> {
        let seat = order.seat_of(&seller).ok_or(Rejection::NotAssigned)?;
        match order.seats[seat].state {
            SeatState::Asked { respond_by } if self.now() <= respond_by => Ok(seat),
            SeatState::Asked { .. } => Err(Rejection::TooLate),
            SeatState::Accepted | SeatState::Done | SeatState::Forfeited { .. } => {
                Err(Rejection::AlreadyAccepted)
            }
        }
    }
}

fn check_is_well_formed(check: &Check) -> Result<(), Rejection> {
    match *check {
        Check::Quorum { agree, of, .. } => {
            let majority = u16::from(agree).saturating_mul(2) > u16::from(of);
            if majority && agree <= of && usize::from(of) <= SELLERS_PER_ORDER_MAX {
                Ok(())
            } else {
                Err(Rejection::CheckMalformed)
            }
        }
        Check::Approval { .. } | Check::Proof { .. } | Check::Score { .. } => Ok(()),
    }
}

/// Whether the check believes its sellers because the buyer did not choose them.
const fn needs_independence(check: &Check) -> bool {
    match check {
        Check::Quorum { .. } => true,
        Check::Approval { .. } | Check::Proof { .. } | Check::Score { .. } => false,
    }
}

fn check_deadlines(terms: &Terms, now: LedgerTime, longest_ms: u64) -> Result<(), Rejection> {
    let later = match terms.check {
        Check::Quorum {
            commit_by,
            deliver_by,
            ..
        } => &[commit_by, deliver_by][..],
        Check::Approval {
            deliver_by,
            approve_by,
        } => &[deliver_by, approve_by],
        Check::Proof { deliver_by, .. } | Check::Score { deliver_by } => &[deliver_by],
    };
    let deadlines = [&[terms.accept_by], later].concat();
    if deadlines.iter().any(|deadline| *deadline <= now) {
        return Err(Rejection::DeadlinePast);
    }
    if deadlines.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Rejection::DeadlinesOutOfOrder);
    }
    if deadlines
        .iter()
        .any(|deadline| deadline.since(now) > longest_ms)
    {
        return Err(Rejection::DeadlineTooFar);
    }
    Ok(())
}
