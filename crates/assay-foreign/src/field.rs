//! Numbers and points of BN254, read strictly.

use crate::{NumberFault, Part, PointFault, Refused};
use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::{
    AffineRepr as _,
    short_weierstrass::{Affine, SWCurveConfig},
};
use ark_ff::{BigInt, PrimeField};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

/// Bytes of a number, and of a compressed point of the first group.
pub(crate) const NUMBER_BYTES: usize = 32;
/// Bytes of a compressed point of the second group.
pub(crate) const G2_BYTES: usize = 2 * NUMBER_BYTES;

/// Digits of the largest 256-bit number; longer texts need no arithmetic to be refused.
const DIGITS_MAX: usize = 78;

/// Reads decimal digits: no sign, no leading zero, below the modulus.
pub(crate) fn decimal<F>(text: &str) -> Result<F, NumberFault>
where
    F: PrimeField<BigInt = BigInt<4>>,
{
    let digits = text.as_bytes();
    let leads_with_zero = digits.len() > 1 && digits.first() == Some(&b'0');
    if digits.is_empty() || leads_with_zero || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberFault::Spelling);
    }
    if digits.len() > DIGITS_MAX {
        return Err(NumberFault::Range);
    }
    let mut limbs = [0_u64; 4];
    for digit in digits {
        let mut carry = u128::from(digit - b'0');
        for limb in &mut limbs {
            let wide = u128::from(*limb) * 10 + carry;
            // The low half stays, the high half is carried.
            *limb = (wide & u128::from(u64::MAX)) as u64;
            carry = wide >> 64;
        }
        if carry != 0 {
            return Err(NumberFault::Range);
        }
    }
    F::from_bigint(BigInt::new(limbs)).ok_or(NumberFault::Range)
}

/// A number from 32 bytes, most significant first; `None` when it is not below the modulus.
pub(crate) fn big_endian<F: PrimeField>(bytes: &[u8; NUMBER_BYTES]) -> Option<F> {
    let mut reversed = *bytes;
    reversed.reverse();
    F::deserialize_compressed(reversed.as_slice()).ok()
}

/// A point of the first group from its coordinates.
pub(crate) fn g1(x: Fq, y: Fq) -> Result<G1Affine, PointFault> {
    checked(G1Affine::new_unchecked(x, y))
}

/// A point of the second group from its coordinates.
pub(crate) fn g2(x: Fq2, y: Fq2) -> Result<G2Affine, PointFault> {
    checked(G2Affine::new_unchecked(x, y))
}

/// A point from its compressed bytes.
pub(crate) fn compressed<C: SWCurveConfig>(bytes: &[u8]) -> Result<Affine<C>, PointFault> {
    let point = Affine::deserialize_compressed_unchecked(bytes).map_err(|_| PointFault::Curve)?;
    let point = checked(point)?;
    if to_bytes(&point) != bytes {
        return Err(PointFault::Spelling);
    }
    Ok(point)
}

/// The compressed bytes of a number or a point.
pub(crate) fn to_bytes(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.compressed_size());
    value
        .serialize_compressed(&mut bytes)
        .expect("a vector takes every byte");
    bytes
}

/// Names the point for whoever reads the error.
pub(crate) fn named<T>(
    point: Result<T, PointFault>,
    part: Part,
    name: impl Into<String>,
) -> Result<T, Refused> {
    point.map_err(|fault| {
        let name = name.into();
        Refused::Point { part, name, fault }
    })
}

fn checked<C: SWCurveConfig>(point: Affine<C>) -> Result<Affine<C>, PointFault> {
    if point.is_zero() {
        return Err(PointFault::Neutral);
    }
    if !point.is_on_curve() {
        return Err(PointFault::Curve);
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return Err(PointFault::Subgroup);
    }
    Ok(point)
}
