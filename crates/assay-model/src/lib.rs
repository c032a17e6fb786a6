//! Tensor programs: what a model on the market is, and the arithmetic that everybody agrees on.
//!
//! A [`Program`] is a graph of integer operators with its weights. Its integers *are* the model:
//! executor, prover and verifier compute the same bits on every machine. Floats appear only before
//! that, in [`import()`], which turns an ONNX file and sample inputs into a program and reports what it
//! cost in accuracy; a wrong import makes a worse product, never a dispute.
//!
//! This crate is a pure core: bytes in, bytes out; no clock, file, socket or randomness.
//!
//! | module | is |
//! |---|---|
//! | [`program`] | the operators, their canonical bytes, their validation |
//! | [`execute`] | the bit-exact executor, over kernels for several processors |
//! | [`tensor`], [`shape`] | what goes in and comes out |
//! | [`manifest`] | name, labels, preprocessing, scales, loss; quantises a buyer's input |
//! | [`input`] | PNG, `.npy`, `.npz` and JSON to numbers |
//! | [`onnx`], [`float`], [`quantize`], [`mod@import`] | from a trained model to a program |
//! | [`mod@bundled`] | three digit classifiers and a test set, inside the binary |
//!
//! # The arithmetic, exactly
//!
//! Everything is two's-complement integers and static shapes; there is no batch dimension. Tensors are
//! row-major, feature maps are `[channels, height, width]`.
//!
//! **Accumulate.** Six operators first compute int32 accumulators:
//!
//! ```text
//! linear   acc[r, j]    = bias[j] + Σ_i weights[j, i] · x[r, i]            over the last dimension
//! conv2d   acc[o, y, x] = bias[o] + Σ_{c, i, j} weights[o, c, i, j]
//!                         · in[g(o) + c, y·stride_y − top + i·dilation_y, x·stride_x − left + j·dilation_x]
//!                         (zero outside the input; the kernel is not mirrored)
//! add      acc[i]       = left[i] · 2^left_shift + right[i] · 2^right_shift
//! multiply acc[i]       = left[i] · right[i]        (dimensions of 1 on the right are repeated)
//! average_pool2d
//!          acc[c, y, x] = multiplier · Σ_{i, j} in[c, y·stride_y − top + i, x·stride_x − left + j]
//!                         (zero outside the input)
//! rescale  acc[i]       = x[i] · 2^shift
//! ```
//!
//! With `G` groups, channels and outputs are divided into `G` equal blocks in order, and `g(o)` is the
//! first channel of the block of output `o`: `g(o) = ⌊o · G / outputs⌋ · (channels / G)`.
//!
//! The window takes `⌊(extent + padding − ((kernel − 1)·dilation + 1)) / stride⌋ + 1` positions along
//! each axis. Weights are int8, biases int32, operands int8 or int16 (`add` and
//! `rescale`: any type).
//!
//! **Bound.** Validation computes, from the actual weights, the largest magnitude that
//! `|bias| + Σ |weight|·|x|` (or what corresponds to it) can take over all inputs and refuses the program unless it is below 2³⁰ for
//! every output. So no order of summation overflows, sums over a prime field of 31 bits do not wrap,
//! and kernels may reorder freely.
//!
//! **Finish.** Either the accumulators are the value (int32), or they are requantised, in this order:
//!
//! 1. *divide and round half up*: `h = (acc + 2^(s−1)) >> s`, an arithmetic shift, `0 ≤ s ≤ 30`; for
//!    `s = 0`, `h = acc`. Equivalently `acc + 2^(s−1) = h·2^s + l` with `0 ≤ l < 2^s`: the pair that a
//!    proof commits to and range-checks. (−1.5 becomes −1, 1.5 becomes 2.)
//! 2. *ReLU*, if the node has it: `h = max(h, 0)`.
//! 3. *saturate* to int8 `[−128, 127]` or int16 `[−32768, 32767]`.
//!
//! The shift `s` is one for the node, or, for `linear` and `conv2d`, one for each output channel.
//!
//! So a requantised value is a function of `h` alone, whose range [`program::NodeFacts::quotient`] tells.
//!
//! **Pass on.** `max_pool2d` takes the largest element of each window; padding is not looked at and
//! every window sees at least one element. `reshape` keeps the elements in order, `transpose` the
//! elements at `out[p_{axes[0]}, p_{axes[1]}, …] = in[p_0, p_1, …]`, `concat` lays operands of one type
//! behind each other. `relu` is `max(x, 0)`. These work on any type and keep it.
//!
//! **Look up.** `table` is `entries[x + 128]` for an int8 `x`: any function of one number, rounded when
//! the program was made, to int8 or int16. Sigmoids, hard swishes and clips are tables.
//!
//! **Order.** Value 0 is the input, node `i` makes value `i + 1` from earlier values; nodes that do not
//! reach the output are refused, so a program has no second spelling.
//!
//! **Real numbers** meet integers in two places only, both in the manifest: an input `x` becomes
//! `⌊x · 2^f + ½⌋`, saturated (NaN and infinities are refused; pixels go there in exact fractions), and
//! an output `q` stands for `q · 2^−f`.
//!
//! # Ids
//! * Model id: BLAKE3 in key-derivation mode, context `assay model id v1`, over the canonical program.
//! * Input and output ids: plain BLAKE3 of the canonical tensor. Program and manifest are stored under
//!   plain BLAKE3 of their canonical bytes.

#![deny(unsafe_code)]

mod codec;
mod function;
mod kernels;
mod loops;

pub mod bundled;
pub mod execute;
pub mod float;
pub mod import;
pub mod input;
pub mod manifest;
pub mod onnx;
pub mod program;
pub mod quantize;
pub mod shape;
pub mod tensor;

pub use bundled::bundled;
pub use execute::{Elements, ExecuteError, Executor, KernelSet, Plan};
pub use import::{Calibration, Card, Collection, ImportError, Imported, import};
pub use input::{FloatTensor, Image, Input, InputError};
pub use manifest::{Classification, Manifest, ManifestError, QuantizeInputError};
pub use program::{Program, ProgramError};
pub use shape::{Shape, ShapeError};
pub use tensor::{DType, Tensor, TensorData, TensorError};
