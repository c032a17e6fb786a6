//! Yuma consensus: missed reveals, weights, bonds and permits.

use super::Judged;
use crate::{
    block::Run,
    rows::{SlotKey, Topic, TopicSlot},
};
use assay_topic::{
    Mechanism as _,
    yuma::{BondsRule, Epoch, LiquidAlpha, Matrix, Slot, State, Yuma},
};
use assay_types::{TopicId, TopicMechanism, TopicTerms, WeightCell, WeightRow, YumaBonds};

/// The moment of weights that do not count.
const NEVER: u64 = 0;

impl Run<'_> {
    pub(super) fn judge_by_weights(
        &mut self,
        topic: TopicId,
        row: &Topic,
        slots: &mut [(SlotKey, TopicSlot)],
    ) -> Judged {
        for (place, slot) in slots.iter_mut() {
            if slot.due.take().is_some() {
                slot.weights = WeightRow::default();
                self.missed(*place, slot.key);
            }
        }
        let epoch = self.epoch_of(topic, row, slots);
        let state = State {
            permits: slots.iter().map(|(_, slot)| slot.permit).collect(),
            bonds: matrix(slots.iter().map(|(_, slot)| &slot.bonds)),
        };
        let cells = epoch.weights.cells().saturating_add(state.bonds.cells());
        let (next, settlement, _) = yuma(&row.terms).settle(&state, &epoch);
        for (place, (_, slot)) in slots.iter_mut().enumerate() {
            slot.permit = next.permits.get(place).copied().unwrap_or_default();
            let (columns, values) = next.bonds.row(place);
            slot.bonds = cells_of(columns, values);
            slot.due = slot.committed.take();
        }
        Judged {
            shares: settlement.shares,
            work: cells.saturating_add(slots.len()),
        }
    }

    fn epoch_of(&self, topic: TopicId, row: &Topic, slots: &[(SlotKey, TopicSlot)]) -> Epoch {
        let counts = |slot: &TopicSlot| {
            let age = row.epoch.saturating_sub(slot.counted_in);
            !slot.weights.is_empty() && age < u64::from(row.terms.activity_epochs)
        };
        let each = slots.iter().map(|(_, slot)| Slot {
            stake: self.pool(topic, slot.key).total.get(),
            registered_at: slot.registered_at.get(),
            updated_at: match counts(slot) {
                true => slot.updated_at.get(),
                false => NEVER,
            },
        });
        Epoch {
            slots: each.collect(),
            weights: matrix(slots.iter().map(|(_, slot)| &slot.weights)),
            owner: None,
            active_since: NEVER.saturating_add(1),
            bonds_since: row.settled_at.get(),
        }
    }
}

/// The mechanism of a topic.
fn yuma(terms: &TopicTerms) -> Yuma {
    let TopicMechanism::Yuma {
        kappa,
        bonds,
        moving_average_ppm,
        bonds_penalty,
    } = terms.mechanism
    else {
        unreachable!("weights settle topics of Yuma consensus only")
    };
    Yuma {
        kappa,
        bonds: match bonds {
            YumaBonds::Classic => BondsRule::Classic,
            YumaBonds::Yuma3 => BondsRule::Yuma3,
            YumaBonds::Liquid {
                low,
                high,
                steepness,
            } => BondsRule::Liquid(LiquidAlpha {
                low,
                high,
                steepness,
            }),
        },
        bonds_moving_average_ppm: moving_average_ppm,
        bonds_penalty,
        validators_max: usize::from(terms.validators),
        stake_min: terms.stake_min.get(),
    }
}

fn matrix<'a>(rows: impl Iterator<Item = &'a WeightRow>) -> Matrix<u16> {
    let rows = rows.map(|row| {
        let cells = row.iter();
        cells.map(|cell| (u32::from(cell.slot), cell.weight))
    });
    Matrix::from_rows(rows).expect("stored rows ascend and name slots that were taken")
}

fn cells_of(columns: &[u32], values: &[u16]) -> WeightRow {
    let cells = columns
        .iter()
        .zip(values)
        .map(|(column, weight)| WeightCell {
            slot: u16::try_from(*column).expect("a topic's slot"),
            weight: *weight,
        });
    WeightRow::new(cells.collect()).expect("a row of a topic's slots")
}
