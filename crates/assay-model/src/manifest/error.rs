//! Why a manifest, or an input for its model, is refused.

use commonware_codec::Error as CodecError;

use super::{LABELS_MAX, MANIFEST_BYTES_MAX};
use crate::{
    program::{PROGRAM_BYTES_MAX, ValueType},
    quantize::{FRACTION_BITS_MAX, FRACTION_BITS_MIN},
    shape::Shape,
};

/// Why bytes or fields do not make a manifest, or do not belong to a program.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than any manifest has.
    #[error("a manifest of {bytes} bytes: at most {MANIFEST_BYTES_MAX} are accepted")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
    },
    /// The bytes are not canonical.
    #[error("the bytes are not a canonical manifest: import the model again with this version")]
    Malformed {
        /// Where decoding stopped.
        #[source]
        source: CodecError,
    },
    /// Text that is too short or too long.
    #[error("the {field} has {bytes} bytes: use {bytes_min} to {bytes_max}")]
    TextLength {
        /// The field.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// Shortest accepted.
        bytes_min: usize,
        /// Longest accepted.
        bytes_max: usize,
    },
    /// Text with characters that are not accepted there.
    #[error(
        "the {field} \"{text}\" has characters that are not accepted: names take a-z, 0-9, '-', '_' \
         and '.', other fields no control characters"
    )]
    Text {
        /// The field.
        field: &'static str,
        /// Its text, escaped.
        text: String,
    },
    /// A program length that no program has.
    #[error("a program of {bytes} bytes: use 1 to {PROGRAM_BYTES_MAX}")]
    ProgramBytes {
        /// The length given.
        bytes: u64,
    },
    /// Fraction bits out of range.
    #[error(
        "{bits} fraction bits of the {field}: operands have {FRACTION_BITS_MIN} to \
         {FRACTION_BITS_MAX}, accumulators twice as many"
    )]
    FractionBits {
        /// Input or output.
        field: &'static str,
        /// The bits given.
        bits: i8,
    },
    /// An int32 input.
    #[error("the input is int32: programs take int8 or int16")]
    InputType,
    /// A picture size that is not the input's.
    #[error("a picture of {width} × {height} with {channels} channels does not fill {shape}")]
    ImageSize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Channels.
        channels: usize,
        /// Shape of the input.
        shape: Shape,
    },
    /// Another number of normalisations than of channels.
    #[error("{count} normalisations for {channels} channels: give none, or one per channel")]
    Normalisation {
        /// Normalisations given.
        count: usize,
        /// Channels.
        channels: usize,
    },
    /// A fraction over zero, or a deviation that is not positive.
    #[error("a normalisation has a denominator of 0 or a deviation that is not positive")]
    Rational,
    /// Another number of labels than of outputs.
    #[error("{labels} labels for {outputs} outputs: give none, or one each, at most {LABELS_MAX}")]
    Labels {
        /// Labels given.
        labels: usize,
        /// Elements of the output.
        outputs: usize,
    },
    /// More right answers than samples.
    #[error("the accuracy loss counts more than its {samples} samples")]
    Loss {
        /// Samples given.
        samples: u32,
    },
    /// A manifest of another program.
    #[error("the manifest belongs to another program: the {field} differs")]
    Program {
        /// The field that differs.
        field: &'static str,
    },
    /// An output of another model.
    #[error("the model's output is {expected}, got {found}")]
    Output {
        /// Type and shape of the model's output.
        expected: ValueType,
        /// Type and shape given.
        found: ValueType,
    },
}

/// Why something is no input of a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantizeInputError {
    /// An array of another shape.
    #[error("the model takes arrays of shape {expected}, got {found}")]
    Shape {
        /// Shape of the model's input.
        expected: Shape,
        /// Shape given.
        found: Shape,
    },
    /// Several inputs where one is needed.
    #[error("the array {found} holds {samples} inputs of the model: give one")]
    Samples {
        /// Shape given.
        found: Shape,
        /// Inputs it holds.
        samples: usize,
    },
    /// NaN or infinity.
    #[error("element {index} of the input is {value}: every element must be finite")]
    NotFinite {
        /// Position of the element.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A picture for a model of numbers.
    #[error(
        "the model takes numbers in shape {expected}, not pictures: give a .npy or JSON tensor"
    )]
    NotAnImageModel {
        /// Shape of the model's input.
        expected: Shape,
    },
    /// A picture of another size.
    #[error(
        "the image has {width} × {height} pixels, but the model takes {expected_width} × \
         {expected_height}: resize it first"
    )]
    ImageSize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Pixels across that the model takes.
        expected_width: u32,
        /// Pixels down that the model takes.
        expected_height: u32,
    },
}
