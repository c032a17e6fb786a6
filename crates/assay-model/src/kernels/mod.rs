//! Kernels: the loops that take the time, written once and compiled for several processors.
//!
//! Every set returns the same bits. Sums may be reordered, because validation has bounded every
//! accumulator on every input; nothing rounds but the one requantisation that the crate's documentation
//! specifies.
//!
//! Buffers hold feature maps with channels innermost (`[height, width, channels]`), and end in
//! [`SPARE`] elements that kernels may read and never use.

pub(crate) mod dense;
pub(crate) mod depthwise;
pub(crate) mod elementwise;
mod machine;
pub(crate) mod pool;
mod portable;
pub(crate) mod simd;
pub(crate) mod weights;

use portable::Portable;
use simd::{Job, Simd};
use weights::Form;

/// Elements at the end of a buffer that hold nothing: vectors and steps may read past the last element.
pub(crate) const SPARE: usize = 64;

/// An implementation of all kernels that this processor can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelSet(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    #[cfg(all(target_arch = "x86_64", not(fuzzing)))]
    Avx512(machine::Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(machine::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(machine::Neon),
    Portable(Portable),
}

impl KernelSet {
    /// Plain Rust, on any processor.
    pub const PORTABLE: Self = Self(Set::Portable(Portable));

    /// The sets that this processor can run, the fastest first; the last one is [`KernelSet::PORTABLE`].
    pub fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let sets = [
            #[cfg(not(fuzzing))]
            machine::Avx512::detect().map(Set::Avx512),
            machine::Avx2::detect().map(Set::Avx2),
        ];
        #[cfg(target_arch = "aarch64")]
        let sets = [machine::Neon::detect().map(Set::Neon)];
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let sets = [];
        sets.into_iter().flatten().map(Self).chain([Self::PORTABLE])
    }

    /// The fastest set that this processor can run.
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self::PORTABLE)
    }

    /// The set called `name` by [`KernelSet::name`], if this processor can run it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available().find(|set| set.name() == name)
    }

    /// What it is called: `avx512-vnni`, `avx2`, `neon` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(all(target_arch = "x86_64", not(fuzzing)))]
            Set::Avx512(_) => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => "neon",
            Set::Portable(_) => "portable",
        }
    }

    /// The form of weights that meet int8 activations.
    pub(crate) fn form_i8(self) -> Form {
        match self.0 {
            #[cfg(all(target_arch = "x86_64", not(fuzzing)))]
            Set::Avx512(_) => Form::Quads,
            _ => Form::Pairs,
        }
    }

    /// The form in which [`Simd::add_tap`] takes a weight.
    pub(crate) fn tap(self, weight: i8) -> i32 {
        match self.0 {
            #[cfg(all(target_arch = "x86_64", not(fuzzing)))]
            Set::Avx512(_) => machine::Avx512::tap(weight),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => machine::Avx2::tap(weight),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => machine::Neon::tap(weight),
            Set::Portable(_) => Portable::tap(weight),
        }
    }

    /// Runs `job` with this set.
    pub(crate) fn run<J: Job>(self, job: J) {
        match self.0 {
            #[cfg(all(target_arch = "x86_64", not(fuzzing)))]
            Set::Avx512(simd) => simd.vectorize(job),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.vectorize(job),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(simd) => simd.vectorize(job),
            Set::Portable(simd) => simd.vectorize(job),
        }
    }
}
