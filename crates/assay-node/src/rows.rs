//! Rows of the ledger, from their canonical bytes to what people read.

use crate::views::{buyer_record, seller_record};
use assay_api::{RowView, RoyaltySplitView, SentInferenceView, StateView};
use assay_ledger::rows::{
    Account, Meta, Model, NameLease, Offer, Order, Pool, ProofKeyEntry, Round, Staker, Topic,
    TopicSlot,
};
use assay_types::{BlockId, ChainId, DecodeError, Header, Labels, RowKey, StateProof, decode};

/// A proof as people read it. It says what the proof says; whether that is true, `assay_verify` decides.
///
/// # Errors
/// [`DecodeError`] when the row is none that this program knows: a newer program wrote it.
pub fn state_view(proof: &StateProof) -> Result<StateView, DecodeError> {
    let (chain, header): (ChainId, &Header) = (proof.chain, &proof.header);
    let block: BlockId = header.id();
    let row = proof
        .value()
        .map(|value| row_view(&proof.key, value))
        .transpose()?;
    Ok(StateView {
        chain,
        key: proof.key.into(),
        height: header.height,
        time: header.time,
        block,
        row,
    })
}

fn row_view(key: &RowKey, value: &[u8]) -> Result<RowView, DecodeError> {
    Ok(match key {
        RowKey::Chain => {
            let meta: Meta = decode(value)?;
            RowView::Chain {
                height: meta.height,
                time: meta.time,
                base_fee: meta.base_fee,
                issued: meta.issued,
                burnt: meta.burnt,
            }
        }
        RowKey::Account { .. } => {
            let account: Account = decode(value)?;
            RowView::Account {
                balance: account.balance,
                bond: account.bond,
                locked: account.locked,
                offers: account.offers,
                orders: account.orders,
                seller: seller_record(&account.seller.get()),
                buyer: buyer_record(&account.buyer.get()),
            }
        }
        RowKey::Model { .. } => {
            let model: Model = decode(value)?;
            RowView::Model {
                owner: model.owner,
                manifest: model.manifest,
                program: model.program,
                licence: model.licence.to_string(),
                royalties: model.royalties.iter().map(RoyaltySplitView::from).collect(),
            }
        }
        RowKey::Offer { .. } => {
            let offer: Offer = decode(value)?;
            RowView::Offer {
                seller: offer.seller,
                good: (&offer.good).into(),
                ask: offer.ask,
                capacity: offer.capacity,
                running: offer.busy,
            }
        }
        RowKey::Order { .. } => {
            let order: Order = decode(value)?;
            RowView::Order {
                buyer: order.buyer,
                terms: (&order.terms).into(),
                escrow: order.escrow,
                placed_at: order.placed_at,
                started_at: order.started_at,
                sellers: order.seats.iter().map(|seat| seat.seller).collect(),
                output: order.output,
            }
        }
        RowKey::Name { .. } => {
            let lease: NameLease = decode(value)?;
            RowView::Name {
                holder: lease.holder,
                expires_at: lease.expires_at,
                frees_at: lease.frees_at,
                claimed: lease.claimed,
            }
        }
        RowKey::ProofKey { .. } => {
            let entry: ProofKeyEntry = decode(value)?;
            RowView::ProofKey {
                registered_at: entry.registered_at,
            }
        }
        RowKey::Topic { .. } => {
            let topic: Topic = decode(value)?;
            RowView::Topic {
                owner: topic.owner,
                terms: (&topic.terms).into(),
                epoch: topic.epoch,
                epoch_ends_at: topic.epoch_ends_at,
                slots: topic.slots,
                budget: topic.budget,
                fees: topic.fees,
                stake: topic.stake,
            }
        }
        RowKey::Slot { .. } => {
            let slot: TopicSlot = decode(value)?;
            RowView::Slot {
                key: slot.key,
                owner: slot.owner,
                registered_at: slot.registered_at,
                permit: slot.permit,
                committed: slot.committed.map(|own| own.commitment),
                due: slot.due.map(|own| own.commitment),
                weights: slot.weights.iter().map(Into::into).collect(),
                bonds: slot.bonds.iter().map(Into::into).collect(),
                earned: slot.earned,
                worked: slot.worked,
                address: slot.address.as_ref().map(ToString::to_string),
            }
        }
        RowKey::Pool { .. } => {
            let pool: Pool = decode(value)?;
            RowView::Pool {
                total: pool.total,
                shares: pool.shares,
            }
        }
        RowKey::Staker { .. } => {
            let staker: Staker = decode(value)?;
            RowView::Staker {
                shares: staker.shares,
            }
        }
        RowKey::Round { .. } => {
            let round: Round = decode(value)?;
            let sent = round.inferences.iter().map(|sent| SentInferenceView {
                slot: sent.slot,
                key: sent.key,
                labels: numbers(&sent.labels),
            });
            RowView::Round {
                epoch: round.epoch,
                inference: numbers(&round.inference),
                inferences: sent.collect(),
                forecasts: u32::try_from(round.forecasts.len()).unwrap_or(u32::MAX),
            }
        }
    })
}

fn numbers(labels: &Labels) -> Vec<f64> {
    labels.iter().map(|label| label.get()).collect()
}
