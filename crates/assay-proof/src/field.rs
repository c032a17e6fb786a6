//! The field, the sponge and the commitment's building blocks: one choice of Plonky3's parts for all proofs.
//!
//! KoalaBear (2³¹ − 2²⁴ + 1) holds every accumulator of a program without wrapping; challenges come from its
//! extension of degree five, which has 154 bits: enough to count commitments up to the Johnson bound, where they are
//! opened at fewer places, and to look up more numbers than any program has. Poseidon2 with Plonky3's published constants is both the
//! transcript's sponge and the Merkle trees' hash.

use p3_challenger::DuplexChallenger;
use p3_dft::Radix2DFTSmallBatch;
use p3_field::{Field, extension::QuinticTrinomialExtensionField};
use p3_koala_bear::{
    KoalaBear, Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24,
};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_multilinear_util::point;
use p3_sumcheck::layout::SuffixProver;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_whir::pcs::prover::WhirProver;

/// What weights, activations and their commitments consist of.
pub type Base = KoalaBear;
/// What challenges and claims consist of.
pub type Extension = QuinticTrinomialExtensionField<Base>;
/// Elements of [`Base`] that one of [`Extension`] has.
pub const EXTENSION_DEGREE: usize = 5;
/// log₂ of [`Extension`]'s elements, rounded down: a random one hits a fixed one with probability 2^−`EXTENSION_BITS`.
pub const EXTENSION_BITS: f64 = 154.94;
/// Where a multilinear polynomial is evaluated; its first coordinate is the most significant bit of an index.
pub type Point = point::Point<Extension>;
/// The Fiat–Shamir transcript.
pub type Challenger = DuplexChallenger<Base, Poseidon2KoalaBear<16>, 16, 8>;

type Packed = <Base as Field>::Packing;
type Sponge = PaddingFreeSponge<Poseidon2KoalaBear<24>, 24, 16, 8>;
type Compression = TruncatedPermutation<Poseidon2KoalaBear<16>, 2, 8, 16>;
/// Merkle trees over rows of field elements.
pub(crate) type Trees = MerkleTreeMmcs<Packed, Packed, Sponge, Compression, 2, 8>;
/// WHIR over stacked columns.
pub(crate) type Whir = WhirProver<
    Extension,
    Base,
    Radix2DFTSmallBatch<Base>,
    Trees,
    Challenger,
    SuffixProver<Base, Extension>,
>;

/// An empty transcript.
pub(crate) fn challenger() -> Challenger {
    Challenger::new(default_koalabear_poseidon2_16())
}

pub(crate) fn trees() -> Trees {
    let sponge = Sponge::new(default_koalabear_poseidon2_24());
    Trees::new(
        sponge,
        Compression::new(default_koalabear_poseidon2_16()),
        0,
    )
}

/// An integer of a program as a field element.
///
/// # Panics
/// In debug builds, when its magnitude is beyond 2³¹; accumulators stay below 2³⁰.
pub fn of_integer(value: i64) -> Base {
    use p3_field::integers::QuotientMap as _;
    debug_assert!(
        value.unsigned_abs() <= 1 << 31,
        "{value} is no integer of a program"
    );
    Base::from_int(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use p3_field::PrimeField32 as _;

    #[test]
    fn the_extension_has_the_bits_that_are_said() {
        use p3_field::BasedVectorSpace;
        let degree = <Extension as BasedVectorSpace<Base>>::DIMENSION;
        assert_eq!(degree, EXTENSION_DEGREE);
        let bits = degree as f64 * f64::from(Base::ORDER_U32).log2();
        assert!(
            (EXTENSION_BITS..EXTENSION_BITS + 0.01).contains(&bits),
            "{bits}"
        );
    }
}
