//! Epochs of Yuma: validators weigh slots, all of them or the same tenth, again and again, so that bonds have grown.

use super::super::{
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
    // First, while the process has freed nothing that it could use again.
    for filled in FILLS.into_iter().rev() {
        let (slots, validators) = sizes.last().copied().unwrap_or_default();
        let epoch = epoch(slots, validators, filled)?;
        let held = memory(&epoch, validators);
        if let Some(bytes) = held {
            let case =
                format!("yuma/slots={slots}/validators={validators}/filled={filled}%/memory");
            let cells = epoch.weights.cells() as f64;
            show(Measurement::new("topic", case, bytes / cells, "B/weight"));
        }
    }
    for (slots, validators) in sizes {
        for filled in FILLS {
            let epoch = epoch(*slots, *validators, filled)?;
            for (rule, bonds) in RULES {
                let case =
                    format!("yuma/{rule}/slots={slots}/validators={validators}/filled={filled}%");
                let time = settled(bonds, *validators, &epoch, epochs);
                show(Measurement::new("topic", case, time, "ms"));
            }
        }
    }
    Ok(())
}

fn yuma(bonds: BondsRule, validators: usize) -> Yuma {
    Yuma {
        bonds,
        validators_max: validators,
        ..Yuma::UPSTREAM
    }
}

/// The state before the first epoch: whoever has stake may weigh.
fn first(epoch: &Epoch) -> State {
    State {
        permits: epoch.slots.iter().map(|slot| slot.stake > 0).collect(),
        bonds: Matrix::default(),
    }
}

/// Milliseconds of computed time of an epoch, the median.
fn settled(bonds: BondsRule, validators: usize, epoch: &Epoch, epochs: usize) -> f64 {
    let yuma = yuma(bonds, validators);
    let mut state = first(epoch);
    let times = (0..epochs).map(|_| {
        let ((next, ..), spent) = Spent::on(|| yuma.settle(&state, epoch));
        state = next;
        spent.cpu.as_secs_f64() * 1e3
    });
    median(&mut times.collect::<Vec<_>>())
}

/// Bytes that settling an epoch holds at most, the next bonds included, beside what was sent; `None` where the system
/// does not tell.
fn memory(epoch: &Epoch, validators: usize) -> Option<f64> {
    let (yuma, state) = (yuma(BondsRule::Classic, validators), first(epoch));
    forget_peak();
    let held = peak_mib()?;
    let settled = yuma.settle(&state, epoch);
    let peak = peak_mib()?;
    drop(settled);
    Some((peak - held) * 1024.0 * 1024.0)
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
