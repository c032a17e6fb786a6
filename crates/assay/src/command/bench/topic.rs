//! Suite `topic`: what settling an epoch of a topic costs, on one thread.
//!
//! A topic of Yuma has validators that weigh slots: all of them, or the same tenth. It is settled again and again, so
//! that bonds have grown; the median counts. `memory` is the most that an epoch adds to what its submissions hold, over
//! the cells that carry a weight.

use super::{
    Measurement, median,
    meter::{Spent, forget_peak, peak_mib},
};
use assay_topic::{
    Mechanism as _,
    yuma::{BondsRule, Epoch, LiquidAlpha, Matrix, Slot, State, Yuma},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Slots, and validators among them.
const SIZES: [(usize, usize); 5] = [(256, 64), (1024, 64), (4096, 64), (4096, 256), (4096, 1024)];
/// How many hundredths of a row carry a weight.
const FILLS: [usize; 2] = [100, 10];
/// Epochs that are settled, of which the median counts.
const EPOCHS: usize = 9;
const RULES: [(&str, BondsRule); 3] = [
    ("classic", BondsRule::Classic),
    ("yuma3", BondsRule::Yuma3),
    ("liquid", BondsRule::Liquid(LiquidAlpha::UPSTREAM)),
];

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let (sizes, epochs) = if smoke {
        (&SIZES[..1], 1)
    } else {
        (&SIZES[..], EPOCHS)
    };
    for (slots, validators) in sizes {
        for filled in FILLS {
            let epoch = epoch(*slots, *validators, filled)?;
            for (rule, bonds) in RULES {
                let case = format!("{rule}/slots={slots}/validators={validators}/filled={filled}%");
                let yuma = Yuma {
                    bonds,
                    validators_max: *validators,
                    ..Yuma::UPSTREAM
                };
                let (time, peak) = settled(&yuma, &epoch, epochs);
                show(Measurement::new("topic", case.clone(), time, "ms"));
                if let Some(peak) = peak {
                    let per_cell = peak / epoch.weights.cells() as f64;
                    let case = format!("{case}/memory");
                    show(Measurement::new("topic", case, per_cell, "B/cell"));
                }
            }
        }
    }
    Ok(())
}

/// Milliseconds of computed time of an epoch, and bytes that one holds at most beside its submissions.
fn settled(yuma: &Yuma, epoch: &Epoch, epochs: usize) -> (f64, Option<f64>) {
    let mut state = State {
        permits: epoch.slots.iter().map(|slot| slot.stake > 0).collect(),
        bonds: Matrix::default(),
    };
    forget_peak();
    let held = peak_mib();
    let mut times: Vec<f64> = (0..epochs)
        .map(|_| {
            let ((next, ..), spent) = Spent::on(|| yuma.settle(&state, epoch));
            state = next;
            spent.cpu.as_secs_f64() * 1e3
        })
        .collect();
    let peak = held
        .zip(peak_mib())
        .map(|(held, peak)| (peak - held) * 1024.0 * 1024.0);
    (median(&mut times), peak)
}

/// A topic whose validators hold all the stake.
fn epoch(slots: usize, validators: usize, filled: usize) -> anyhow::Result<Epoch> {
    let mut rng = StdRng::seed_from_u64(1);
    let weighed = slots * filled / 100;
    let every = slots / weighed.max(1);
    let rows = (0..slots).map(|row| {
        let weighs = row < validators;
        let columns = (0..weighed * usize::from(weighs)).map(|place| (place * every) as u32);
        let cells = columns.map(|column| (column, rng.random_range(1..=u16::MAX)));
        cells.collect::<Vec<_>>()
    });
    let weights = Matrix::from_rows(rows.collect::<Vec<_>>())?;
    let slots = (0..slots).map(|slot| Slot {
        stake: if slot < validators {
            rng.random_range(1..1 << 50)
        } else {
            0
        },
        registered_at: 0,
        updated_at: 2,
    });
    Ok(Epoch {
        slots: slots.collect(),
        weights,
        owner: None,
        active_since: 1,
        bonds_since: 1,
    })
}
