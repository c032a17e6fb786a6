//! Folding: cubes whose first variables are bound to a point, and what windows read of an image.

use assay_proof::{
    field::{Base, Extension},
    layout::{Axis, weights},
};
use p3_field::PrimeCharacteristicRing as _;

/// The cube that is left when the first variables of `cube` are bound to `point`. Cost: one product an element.
pub(crate) fn fold(cube: &[Base], point: &[Extension]) -> Vec<Extension> {
    if point.is_empty() {
        return cube.iter().map(|element| Extension::from(*element)).collect();
    }
    let inner = cube.len() >> point.len();
    let mut folded = vec![Extension::ZERO; inner];
    for (row, weight) in cube.chunks_exact(inner).zip(weights(point)) {
        for (sum, element) in folded.iter_mut().zip(row) {
            *sum += weight * *element;
        }
    }
    folded
}

/// For each tap of a window, Σ eq(down, y) · eq(right, x) over what it reads of one image of `1 << width_bits`
/// columns. Cost: a product for each tap to the right and element, and one for each tap and row.
pub(crate) fn taps<T: Copy>(
    [vertical, horizontal]: &[Axis; 2],
    [down, right]: [&[Extension]; 2],
    image: &[T],
    width_bits: usize,
    product: impl Fn(Extension, T) -> Extension,
) -> Vec<Extension> {
    let rows = image.chunks_exact(1 << width_bits);
    let rows = rows.take(vertical.input as usize);
    let horizontal_sums: Vec<Vec<Extension>> = rows
        .map(|row| {
            let taps = 0..horizontal.kernel;
            taps.map(|tap| {
                horizontal
                    .reads(tap)
                    .map(|(position, source)| product(right[position], row[source]))
                    .sum()
            })
            .collect()
        })
        .collect();
    let mut all = Vec::with_capacity((vertical.kernel * horizontal.kernel) as usize);
    for tap in 0..vertical.kernel {
        let mut sums = vec![Extension::ZERO; horizontal.kernel as usize];
        for (position, source) in vertical.reads(tap) {
            for (sum, own) in sums.iter_mut().zip(&horizontal_sums[source]) {
                *sum += down[position] * *own;
            }
        }
        all.append(&mut sums);
    }
    all
}
