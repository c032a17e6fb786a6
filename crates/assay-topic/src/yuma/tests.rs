//! Epochs at the edges, and a run whose bits are frozen.

use super::*;

const SLOT: Slot = Slot {
    stake: 0,
    registered_at: 0,
    updated_at: 5,
};

/// Slots with these stakes that may all weigh, and their rows.
fn settle(yuma: &Yuma, stakes: &[u64], rows: &[&[(u32, u16)]]) -> (State, Settlement, Outcome) {
    let epoch = Epoch {
        slots: stakes
            .iter()
            .map(|stake| Slot {
                stake: *stake,
                ..SLOT
            })
            .collect(),
        weights: Matrix::from_rows(rows.iter().map(|row| row.iter().copied())).unwrap(),
        owner: None,
        active_since: 1,
        bonds_since: 1,
    };
    let state = State {
        permits: vec![true; stakes.len()],
        bonds: Matrix::default(),
    };
    yuma.settle(&state, &epoch)
}

fn fractions(settlement: &Settlement, role: Role) -> Vec<(u32, f64)> {
    let shares = settlement.shares.iter();
    let own = shares.filter(|share| share.role == role);
    own.map(|share| (share.slot, share.fraction)).collect()
}

#[test]
fn a_topic_without_slots_or_stake_pays_nobody() {
    let (state, settlement, _) = settle(&Yuma::UPSTREAM, &[], &[]);
    assert_eq!((state, settlement.shares.len()), (State::default(), 0));
    let (state, settlement, outcome) = settle(&Yuma::UPSTREAM, &[0, 0], &[&[(1, 1)], &[]]);
    assert_eq!(
        (state.permits, settlement.shares.len()),
        (vec![false; 2], 0)
    );
    assert_eq!(outcome.consensus, [0.0; 2]);
}

#[test]
fn validators_that_say_nothing_are_paid_by_stake() {
    for rows in [[&[][..], &[], &[]], [&[(1, 0)][..], &[(0, 0), (2, 0)], &[]]] {
        let (_, settlement, _) = settle(&Yuma::UPSTREAM, &[3, 1, 0], &rows);
        assert_eq!(
            fractions(&settlement, Role::Validator),
            [(0, 0.75), (1, 0.25)]
        );
        assert!(fractions(&settlement, Role::Worker).is_empty());
    }
}

#[test]
fn one_validator_is_the_consensus() {
    let (state, settlement, outcome) =
        settle(&Yuma::UPSTREAM, &[7, 0, 0], &[&[(1, 3), (2, 1)], &[], &[]]);
    assert_eq!(outcome.consensus, [0.0, 0.75, 0.25]);
    assert_eq!(fractions(&settlement, Role::Validator), [(0, 0.5)]);
    assert_eq!(
        fractions(&settlement, Role::Worker),
        [(1, 0.375), (2, 0.125)]
    );
    assert_eq!(state.bonds.row(0), (&[1, 2][..], &[u16::MAX; 2][..]));
}

#[test]
fn nobody_pays_itself_and_a_minority_pays_nobody_else() {
    // Slot 0 has most of the stake and weighs itself alone: that says nothing.
    let rows: [&[(u32, u16)]; 3] = [&[(0, 1)], &[(2, 1)], &[]];
    let (_, settlement, outcome) = settle(&Yuma::UPSTREAM, &[9, 1, 0], &rows);
    assert_eq!(
        outcome.incentive, [0.0; 3],
        "a tenth of the stake is no majority"
    );
    assert_eq!(
        fractions(&settlement, Role::Validator),
        [(0, 0.9), (1, 0.1)]
    );
}

#[test]
fn who_is_inactive_or_unpermitted_has_no_say() {
    let slots = [(6, 0), (4, 5), (0, 5)];
    let slots = slots.map(|(stake, updated_at)| Slot {
        stake,
        updated_at,
        ..SLOT
    });
    let rows: [&[(u32, u16)]; 3] = [&[(1, 1)], &[(2, 1)], &[(1, 1)]];
    let epoch = Epoch {
        slots: slots.to_vec(),
        weights: Matrix::from_rows(rows.iter().map(|row| row.iter().copied())).unwrap(),
        owner: None,
        active_since: 1,
        bonds_since: 1,
    };
    let state = State {
        permits: vec![true, true],
        bonds: Matrix::default(),
    };
    let (next, _, outcome) = Yuma::UPSTREAM.settle(&state, &epoch);
    assert_eq!(outcome.active_stake, [0.0, 1.0, 0.0]);
    assert_eq!(outcome.incentive, [0.0, 0.0, 1.0]);
    assert_eq!(
        next.permits,
        [true, true, false],
        "stake that is silent keeps its permit"
    );
    let none = State::default();
    let (_, settlement, _) = Yuma::UPSTREAM.settle(&none, &epoch);
    assert_eq!(
        fractions(&settlement, Role::Validator),
        [(0, 0.6), (1, 0.4)]
    );
}

#[test]
fn rows_that_are_no_matrix_are_refused() {
    let refused = |rows: &[&[(u32, u16)]]| {
        Matrix::from_rows(rows.iter().map(|row| row.iter().copied())).unwrap_err()
    };
    assert_eq!(
        refused(&[&[(1, 1)]]),
        MatrixError::Unknown {
            row: 0,
            column: 1,
            slots: 1
        }
    );
    assert_eq!(
        refused(&[&[], &[(1, 1), (1, 1)]]),
        MatrixError::Order { row: 1, column: 1 }
    );
    assert_eq!(
        refused(&[&[(1, 1), (0, 1)], &[]]),
        MatrixError::Order { row: 0, column: 0 }
    );
    let many = vec![Vec::<(u32, u16)>::new(); SLOTS_MAX + 1];
    assert_eq!(
        Matrix::from_rows(many).unwrap_err(),
        MatrixError::Rows {
            rows: SLOTS_MAX + 1
        }
    );
}

/// The next number of SplitMix64, so that no generator's new version moves the frozen run.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
#[expect(
    clippy::cast_possible_truncation,
    reason = "random bits are cut to size"
)]
fn a_seeded_run_gives_the_frozen_bits() {
    let mut hasher = blake3::Hasher::new();
    let mut seed = 1;
    let rules = [
        BondsRule::Classic,
        BondsRule::Yuma3,
        BondsRule::Liquid(LiquidAlpha::UPSTREAM),
    ];
    for bonds in rules {
        let yuma = Yuma {
            bonds,
            validators_max: 8,
            ..Yuma::UPSTREAM
        };
        let mut state = State::default();
        for now in 10..20 {
            let slots = (0..24).map(|slot| Slot {
                stake: if slot % 3 == 0 {
                    next(&mut seed) >> 20
                } else {
                    0
                },
                registered_at: next(&mut seed) % now,
                updated_at: now - next(&mut seed) % 3,
            });
            let slots: Vec<Slot> = slots.collect();
            let rows = (0..24).map(|_| {
                let cells = (0..24).map(|column| (column, next(&mut seed) as u16));
                let cells: Vec<_> = cells.collect();
                cells
                    .into_iter()
                    .filter(|(_, weight)| weight % 4 != 0)
                    .collect::<Vec<_>>()
            });
            let weights = Matrix::from_rows(rows.collect::<Vec<_>>()).unwrap();
            let epoch = Epoch {
                slots,
                weights,
                owner: Some(1),
                active_since: now - 2,
                bonds_since: now - 1,
            };
            let (settled, settlement, outcome) = yuma.settle(&state, &epoch);
            for share in &settlement.shares {
                hasher.update(&share.fraction.to_bits().to_le_bytes());
            }
            let numbers = [
                &outcome.consensus,
                &outcome.validator_trust,
                &outcome.incentive,
                &outcome.dividends,
            ];
            for number in numbers.into_iter().flatten() {
                hasher.update(&number.to_bits().to_le_bytes());
            }
            for (column, bond) in settled.bonds.all() {
                hasher.update(&[column as u8]);
                hasher.update(&bond.to_le_bytes());
            }
            state = settled;
        }
    }
    assert_eq!(
        hasher.finalize().to_hex().as_str(),
        "e07958374f9cb447c218733ccc3a897e7b7424fd72245d2afe3b60768203ffdc"
    );
}
