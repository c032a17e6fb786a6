//! What the ledger's rows look like from outside.

use assay_api::{
    AccountView, AssignmentStage, AssignmentView, BlockView, BuyerRecordView, ForecasterView,
    InfererView, LaneView, ModelView, NameView, OfferView, OrderStatus, OrderView, OrdersPage,
    OutcomeView, ReservationView, RoundView, RoyaltySplitView, SellerRecordView, SlotLossView,
    SlotView, TopicView, TransactionView, UnbondingView, submission_kind,
};
use assay_chain::FinalizedBlock;
use assay_ledger::{
    Ledger,
    check::{QuorumEntry, QuorumState, ScoreState},
    rows::{
        Book, BuyerRecord, Model, NameLease, Offer, Order, Seat, SeatState, SellerRecord, Stage,
        Topic, TopicSlot,
    },
};
use assay_types::{
    AccountId, Amount, Check, ContentId, ModelId, Name, OfferId, OrderId, PayoutResult, Real,
    Receipt, SlotLoss, TopicId, decode,
};

/// An account; zeros for an unknown one.
pub(crate) fn account(ledger: &Ledger, id: AccountId, lanes: Vec<LaneView>) -> AccountView {
    let row = ledger.account(&id).cloned().unwrap_or_default();
    AccountView {
        account: id,
        name: ledger.name_shown(id),
        balance: row.balance,
        bond: row.bond,
        locked: row.locked,
        unbonding: ledger
            .unbondings(id)
            .map(|(key, unbonding)| UnbondingView {
                amount: unbonding.amount,
                release_at: key.release_at,
            })
            .collect(),
        offers: row.offers,
        orders: row.orders,
        reservation: ledger.reservation(&id).map(|row| ReservationView {
            commitment: row.commitment.hash(),
            ripe_at: row.ripe_at,
            lapses_at: row.lapses_at,
        }),
        lanes,
        seller: seller_record(&row.seller.get()),
        buyer: buyer_record(&row.buyer.get()),
    }
}

/// A topic, with what a slot costs now.
pub(crate) fn topic(ledger: &Ledger, id: TopicId, row: &Topic) -> TopicView {
    TopicView {
        topic: id,
        owner: row.owner,
        terms: (&row.terms).into(),
        epoch: row.epoch,
        commits_end_at: row.commits_end_at(),
        epoch_ends_at: row.epoch_ends_at,
        slots: row.slots,
        slot_price: row.price_after(ledger.time().since(row.priced_at)),
        budget: row.budget,
        fees: row.fees,
        stake: row.stake,
        worked: row.worked,
        workers: row.workers,
    }
}

/// A slot of a topic.
pub(crate) fn slot(ledger: &Ledger, topic: TopicId, number: u16, row: &TopicSlot) -> SlotView {
    SlotView {
        slot: number,
        key: row.key,
        owner: row.owner,
        take_basis_points: row.take.get(),
        registered_at: row.registered_at,
        permit: row.permit,
        stake: ledger.pool(topic, row.key).total,
        committed: row.committed.map(|own| own.commitment),
        due: row.due.map(|own| own.commitment),
        weights: row.weights.iter().map(Into::into).collect(),
        updated_at: row.updated_at,
        bonds: row.bonds.iter().map(Into::into).collect(),
        sent: row
            .sent
            .as_ref()
            .map(|sent| submission_kind(sent.kind()).to_owned()),
        earned: row.earned,
        worked: row.worked,
        address: row.address.as_ref().map(ToString::to_string),
    }
}

/// The inferences of a topic that wait to be measured.
pub(crate) fn round(ledger: &Ledger, topic: TopicId) -> RoundView {
    let memory = ledger.memory(&topic);
    let losses = |losses: &[SlotLoss]| -> Vec<SlotLossView> {
        let each = losses.iter();
        each.map(|loss| SlotLossView {
            slot: loss.slot,
            loss: loss.loss.get(),
        })
        .collect()
    };
    let mut view = RoundView {
        topic,
        epoch: None,
        inference: Vec::new(),
        intervals: Vec::new(),
        inferers: Vec::new(),
        forecasters: Vec::new(),
        aggregates: Vec::new(),
        network_loss: memory.and_then(|memory| memory.network_loss.map(Real::get)),
        losses: memory.map_or_else(Vec::new, |memory| losses(&memory.losses)),
    };
    let (Some(round), Some(inferred)) = (ledger.round(&topic), ledger.inferred(topic)) else {
        return view;
    };
    view.epoch = Some(round.epoch);
    view.inference = round.inference.iter().map(|label| label.get()).collect();
    view.intervals = inferred
        .intervals
        .iter()
        .map(|parts| parts.to_vec())
        .collect();
    let sent = round.inferences.iter().zip(&inferred.inferer_weights);
    view.inferers = sent
        .map(|(sent, weight)| InfererView {
            slot: sent.slot,
            key: sent.key,
            labels: sent.labels.iter().map(|label| label.get()).collect(),
            weight: *weight,
        })
        .collect();
    // Those of whose forecasts nothing is left are absent.
    let counted = inferred
        .forecasters
        .iter()
        .zip(&inferred.forecaster_weights);
    view.forecasters = counted
        .zip(&inferred.aggregates.implied)
        .filter_map(|((slot, weight), implied)| {
            let sent = round.forecasts.iter();
            let sent = sent.clone().find(|sent| u32::from(sent.slot) == *slot)?;
            Some(ForecasterView {
                slot: sent.slot,
                key: sent.key,
                losses: losses(&sent.losses),
                labels: implied.clone().unwrap_or_default(),
                weight: *weight,
            })
        })
        .collect();
    view.aggregates = inferred.aggregates.iter().cloned().collect();
    view
}

pub(crate) const fn seller_record(seller: &SellerRecord) -> SellerRecordView {
    SellerRecordView {
        delivered: seller.delivered,
        failed: seller.failed,
        declined: seller.declined,
        slashed: seller.slashed,
        earned: seller.earned,
        latency_ms: seller.latency_ms.checked_div(seller.delivered),
    }
}

pub(crate) const fn buyer_record(buyer: &BuyerRecord) -> BuyerRecordView {
    BuyerRecordView {
        placed: buyer.placed,
        settled: buyer.settled,
        refunded: buyer.refunded,
        rejected: buyer.rejected,
        cancelled: buyer.cancelled,
        spent: buyer.spent,
    }
}

/// A name that is leased or in grace.
pub(crate) fn name(ledger: &Ledger, name: Name, row: &NameLease) -> NameView {
    NameView {
        name,
        holder: row.holder,
        stands: row.holds_at(ledger.time()),
        claimed: row.claimed,
        expires_at: row.expires_at,
        frees_at: row.frees_at,
    }
}

pub(crate) fn offer(ledger: &Ledger, id: OfferId, offer: &Offer) -> OfferView {
    let bond_free = ledger
        .account(&offer.seller)
        .map_or(Amount::ZERO, |seller| seller.free_bond());
    OfferView {
        offer: id,
        seller: offer.seller,
        good: (&offer.good).into(),
        ask: offer.ask,
        capacity: offer.capacity,
        running: offer.busy,
        bond_free,
    }
}

pub(crate) fn model(ledger: &Ledger, id: ModelId, model: &Model) -> ModelView {
    ModelView {
        model: id,
        name: None,
        owner: model.owner,
        manifest: model.manifest,
        program: model.program,
        licence: model.licence.to_string(),
        royalties: model.royalties.iter().map(RoyaltySplitView::from).collect(),
        proof_keys: ledger.proof_keys(id).map(|(key, _)| key).collect(),
        offers: ledger.book(Book::Model(id)).count() as u64,
    }
}

/// What a running check remembers, as far as it is shown.
enum Progress {
    None,
    Quorum(QuorumState),
    /// What the one seller delivered.
    Delivery(Option<ContentId>),
}

fn progress(order: &Order) -> Progress {
    if order.stage == Stage::Drawing {
        return Progress::None;
    }
    match order.terms.check {
        Check::Quorum { .. } => {
            QuorumState::read(&order.check_state).map_or(Progress::None, Progress::Quorum)
        }
        Check::Approval { .. } => {
            decode(&order.check_state).map_or(Progress::None, Progress::Delivery)
        }
        // A delivery ends the order, so there is nothing between acceptance and end.
        Check::Proof { .. } => Progress::None,
        Check::Score { .. } => {
            let delivered = ScoreState::read(&order.check_state);
            Progress::Delivery(delivered.map(|delivered| delivered.output))
        }
    }
}

fn status(order: &Order, progress: &Progress) -> OrderStatus {
    match (order.stage, progress) {
        (Stage::Drawing, _) => OrderStatus::Drawing,
        (Stage::Running, Progress::Quorum(quorum)) if quorum.open => OrderStatus::Revealing,
        (Stage::Running, Progress::Delivery(Some(_))) => OrderStatus::Delivered,
        (Stage::Running, _) => OrderStatus::Working,
    }
}

/// Where an open order stands.
pub(crate) fn order_status(order: &Order) -> OrderStatus {
    status(order, &progress(order))
}

/// An open order.
pub(crate) fn order(id: OrderId, order: &Order) -> OrderView {
    let progress = progress(order);
    let sellers = order
        .seats
        .iter()
        .enumerate()
        .map(|(index, seat)| match &progress {
            Progress::Quorum(quorum) => {
                let entry = quorum.entries.get(index).copied().unwrap_or_default();
                assignment(seat, entry)
            }
            Progress::Delivery(output) => assignment(
                seat,
                QuorumEntry {
                    answer: *output,
                    ..QuorumEntry::default()
                },
            ),
            Progress::None => assignment(seat, QuorumEntry::default()),
        });
    OrderView {
        order: id,
        buyer: order.buyer,
        status: status(order, &progress),
        terms: Some((&order.terms).into()),
        escrow: order.escrow,
        placed_at: order.placed_at,
        started_at: order.started_at,
        output: order.output,
        sellers: sellers.collect(),
        receipt: None,
        closed_height: None,
    }
}

fn assignment(seat: &Seat, entry: QuorumEntry) -> AssignmentView {
    let (respond_by, stage) = match seat.state {
        SeatState::Asked { respond_by } => (Some(respond_by), AssignmentStage::Asked),
        SeatState::Done if !seat.paid.is_zero() => (None, AssignmentStage::Paid),
        SeatState::Done if !seat.burnt.is_zero() => (None, AssignmentStage::Burnt),
        SeatState::Done => (None, AssignmentStage::Unpaid),
        SeatState::Forfeited { .. } => (None, AssignmentStage::Burnt),
        SeatState::Accepted if entry.answer.is_some() => (None, AssignmentStage::Revealed),
        SeatState::Accepted if entry.commitment.is_some() => (None, AssignmentStage::Committed),
        SeatState::Accepted => (None, AssignmentStage::Accepted),
    };
    AssignmentView {
        seller: seat.seller,
        offer: Some(seat.offer),
        ask: Some(seat.ask),
        lock: Some(seat.lock),
        respond_by,
        stage,
        commitment: entry.commitment,
        output: entry.answer,
    }
}

/// A closed order, from its receipt.
pub(crate) fn closed_order(receipt: &Receipt) -> OrderView {
    let sellers = receipt.payouts.iter().map(|payout| AssignmentView {
        seller: payout.seller,
        offer: None,
        ask: match payout.result {
            PayoutResult::Paid { gross, .. } => Some(gross),
            PayoutResult::Burnt { .. } | PayoutResult::Forfeited { .. } | PayoutResult::Unpaid => {
                None
            }
        },
        lock: None,
        respond_by: None,
        stage: match payout.result {
            PayoutResult::Paid { .. } => AssignmentStage::Paid,
            PayoutResult::Burnt { .. } | PayoutResult::Forfeited { .. } => AssignmentStage::Burnt,
            PayoutResult::Unpaid => AssignmentStage::Unpaid,
        },
        commitment: None,
        output: None,
    });
    OrderView {
        order: receipt.order,
        buyer: receipt.buyer,
        status: OrderStatus::Closed,
        terms: None,
        escrow: Amount::ZERO,
        placed_at: receipt.placed_at,
        started_at: None,
        output: receipt.output,
        sellers: sellers.collect(),
        receipt: Some(receipt.into()),
        closed_height: Some(receipt.height),
    }
}

/// The first `limit` of open orders that ascend by id.
pub(crate) fn open_orders<'a>(
    orders: impl Iterator<Item = (&'a OrderId, &'a Order)>,
    limit: usize,
) -> OrdersPage {
    let mut rest = orders.peekable();
    let mut page = Vec::new();
    while page.len() < limit
        && let Some((id, row)) = rest.next()
    {
        page.push(order(*id, row));
    }
    let last = page.last().map(|order| order.order.to_string());
    let next = rest.peek().and(last);
    OrdersPage { orders: page, next }
}

/// A final block, with or without its transactions.
pub(crate) fn block(block: &FinalizedBlock, with_transactions: bool) -> BlockView {
    let transactions = block.block.transactions.iter().zip(&block.result.outcomes);
    BlockView {
        header: (&block.block.header).into(),
        transaction_count: block.block.transactions.len(),
        transactions: transactions
            .take(if with_transactions { usize::MAX } else { 0 })
            .map(|(tx, outcome)| TransactionView::new(tx, OutcomeView::from(outcome.rejection)))
            .collect(),
        event_count: block.result.events.len(),
    }
}
