//! Rows of the ledger, from their canonical bytes to what people read.

use crate::views::{buyer_record, seller_record};
use assay_api::{RowView, RoyaltySplitView, StateView};
use assay_ledger::rows::{Account, Meta, Model, NameLease, Offer, Order};
use assay_types::{BlockId, ChainId, DecodeError, Header, RowKey, StateProof, decode};

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
    })
}
