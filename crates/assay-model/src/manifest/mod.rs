//! Manifests: what a model is called, what it eats, what its answers mean, what its integers cost.
//!
//! A manifest is registered beside its model and names the program by its hashes. It also carries the
//! buyer's half of the arithmetic: pictures and numbers become the integer tensor whose hash an order
//! names ([`Manifest::quantize_input`]), before any seller sees them.
//!
//! Canonical bytes (version 1): `1`, then the fields of [`Fields`] in their order, big-endian, lists
//! and text behind a minimal varint length. The JSON view ([`ManifestView`]) is for people.
//!
//! Invariant: a [`Manifest`] keeps its limits, its labels fit its output and its preprocessing fits its
//! input. Whether it fits a program is asked by [`Manifest::check_program`].

mod codec;
mod error;
mod preprocess;
mod view;

pub use error::{ManifestError, QuantizeInputError};
pub use view::ManifestView;

use assay_types::{ContentId, ModelId};
use commonware_codec::Encode;

use crate::{
    program::{PROGRAM_BYTES_MAX, Program, ValueType},
    quantize::{FRACTION_BITS_MAX, FRACTION_BITS_MIN, ImportReport},
    shape::Shape,
    tensor::{DType, Tensor},
};

/// Longest name, in bytes: it stands in tables and commands.
pub const NAME_BYTES_MAX: usize = 64;

/// Longest version, in bytes.
pub const VERSION_BYTES_MAX: usize = 32;

/// Longest licence expression, in bytes: a registration takes no longer one.
pub const LICENCE_BYTES_MAX: usize = assay_types::LICENCE_BYTES_MAX;

/// Longest description, in bytes: a paragraph.
pub const DESCRIPTION_BYTES_MAX: usize = 1024;

/// Most labels: image collections distinguish some 22 000 classes.
pub const LABELS_MAX: usize = 1 << 15;

/// Longest label, in bytes.
pub const LABEL_BYTES_MAX: usize = 64;

/// Longest canonical manifest: all labels at their longest, and the rest.
pub const MANIFEST_BYTES_MAX: usize = LABELS_MAX * (LABEL_BYTES_MAX + 1) + 4096;

/// A validated manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    fields: Fields,
}

/// What a manifest says, in the order of its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
    pub name: String,
    /// Printable text without spaces, for example `1.0.0`.
    pub version: String,
    /// SPDX licence expression.
    pub licence: String,
    /// A paragraph for people.
    pub description: String,
    /// Model id of the program.
    pub model: ModelId,
    /// Content id of the program's canonical bytes.
    pub program: ContentId,
    /// Length of the program's canonical bytes.
    pub program_bytes: u64,
    /// What goes in.
    pub input: InputSpec,
    /// What comes out.
    pub output: OutputSpec,
    /// What quantisation cost, measured at import.
    pub loss: AccuracyLoss,
}

/// What goes into a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSpec {
    /// Type and shape of the tensor.
    pub value: ValueType,
    /// A real number `x` becomes `round_half_up(x · 2^fraction_bits)`, saturated.
    pub fraction_bits: i8,
    /// What the real numbers are.
    pub preprocessing: Preprocessing,
}

/// What comes out of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSpec {
    /// Type and shape of the tensor.
    pub value: ValueType,
    /// An integer `q` stands for the real number `q · 2^−fraction_bits`.
    pub fraction_bits: i8,
    /// Names of the output's positions; none where it is no classification.
    pub labels: Vec<String>,
}

/// What the numbers of an input are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preprocessing {
    /// Numbers as they are; pictures are refused.
    Numbers,
    /// The pixels of a picture.
    Image(ImagePreprocessing),
}

/// How a picture becomes numbers. It must have the right size: nothing is resized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePreprocessing {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Which channels, each a map of `height` × `width` numbers, one after the other.
    pub colour: Colour,
    /// Whether black and white change places first.
    pub invert: bool,
    /// What a byte stands for.
    pub range: PixelRange,
    /// Subtracted from and divided into each number; none, or one per channel.
    pub normalisation: Vec<Normalisation>,
}

/// The channels that a model looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One channel; colour pictures become grey by ITU-R BT.601.
    Grey,
    /// Red, green and blue; grey pictures have them equal.
    Rgb,
    /// Blue, green and red, as networks see pictures that were trained with OpenCV.
    Bgr,
}

/// What the bytes 0 to 255 stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelRange {
    /// 0 to 1.
    Unit,
    /// 0 to 255.
    Byte,
    /// −1 to 1.
    Symmetric,
}

/// `(x − mean) / deviation`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normalisation {
    /// Subtracted.
    pub mean: Rational,
    /// Divided by; positive.
    pub deviation: Rational,
}

/// An exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rational {
    /// Above the line.
    pub numerator: i32,
    /// Below the line; at least 1.
    pub denominator: u32,
}

/// What quantisation cost on the samples it was calibrated on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccuracyLoss {
    /// Samples measured.
    pub samples: u32,
    /// Samples on which the float original and the program name the same largest output.
    pub agreeing: u32,
    /// Samples whose class the float original and the program name, where classes were known.
    pub correct: Option<Correct>,
    /// Mean absolute difference of outputs, in millionths.
    pub mean_abs_error_micro: u64,
}

/// Right answers before and after quantisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correct {
    /// Of the float original.
    pub float: u32,
    /// Of the program.
    pub integer: u32,
}

/// An output read as a choice among classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Position of the largest output, the first of equals.
    pub class: usize,
    /// Its label; its position in digits where the model has no labels.
    pub label: String,
    /// All outputs as real numbers.
    pub scores: Vec<f64>,
}

impl Manifest {
    /// Validates `fields`.
    ///
    /// # Errors
    /// [`ManifestError`] says which field breaks which rule.
    pub fn new(fields: Fields) -> Result<Self, ManifestError> {
        check(&fields)?;
        Ok(Self { fields })
    }

    /// Reads and validates canonical bytes; trailing bytes are refused.
    ///
    /// # Errors
    /// [`ManifestError::TooLarge`], [`ManifestError::Malformed`], or what [`Manifest::new`] returns.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLarge { bytes: bytes.len() });
        }
        let fields: Fields = crate::codec::decode_exact(bytes)
            .map_err(|source| ManifestError::Malformed { source })?;
        Self::new(fields)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.fields.encode().to_vec()
    }

    /// Plain BLAKE3 of the canonical bytes: where content stores hold them.
    pub fn content_id(&self) -> ContentId {
        ContentId::of(&self.fields.encode())
    }

    /// What it says.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The JSON view.
    pub fn view(&self) -> ManifestView {
        ManifestView::of(self)
    }

    /// Checks that this is the manifest of `program`.
    ///
    /// # Errors
    /// [`ManifestError::Program`] names the field that differs.
    pub fn check_program(&self, program: &Program) -> Result<(), ManifestError> {
        let fields = &self.fields;
        let differing = [
            ("model id", fields.model != program.model_id()),
            ("program content id", fields.program != program.content_id()),
            (
                "program length",
                fields.program_bytes != program.to_bytes().len() as u64,
            ),
            ("input", fields.input.value != *program.input()),
            ("output", fields.output.value != *program.output()),
        ];
        match differing.into_iter().find(|(_, differs)| *differs) {
            None => Ok(()),
            Some((field, _)) => Err(ManifestError::Program { field }),
        }
    }

    /// Reads an output of the model as a choice among its classes.
    ///
    /// # Errors
    /// [`ManifestError::Output`] if type or shape of `output` are not the model's.
    pub fn classify(&self, output: &Tensor) -> Result<Classification, ManifestError> {
        let spec = &self.fields.output;
        let found = ValueType {
            dtype: output.dtype(),
            shape: output.shape().clone(),
        };
        if found != spec.value {
            return Err(ManifestError::Output {
                expected: spec.value.clone(),
                found,
            });
        }
        let class = output.argmax();
        let unit = crate::quantize::power_of_two(-spec.fraction_bits);
        let scores = output.data().to_i32().into_iter();
        Ok(Classification {
            class,
            label: match spec.labels.get(class) {
                Some(label) => label.clone(),
                None => class.to_string(),
            },
            scores: scores.map(|score| f64::from(score) * unit).collect(),
        })
    }
}

impl Preprocessing {
    /// The usual preprocessing of an input: pictures of 0 to 1 for one or three maps, else numbers.
    pub fn of_shape(shape: &Shape) -> Self {
        match shape.channels_height_width() {
            Some((1, height, width)) => {
                Self::Image(ImagePreprocessing::unit(width, height, Colour::Grey))
            }
            Some((3, height, width)) => {
                Self::Image(ImagePreprocessing::unit(width, height, Colour::Rgb))
            }
            _ => Self::Numbers,
        }
    }
}

impl ImagePreprocessing {
    /// Pixels from 0 (black) to 1, without normalisation.
    pub fn unit(width: u32, height: u32, colour: Colour) -> Self {
        Self {
            width,
            height,
            colour,
            invert: false,
            range: PixelRange::Unit,
            normalisation: Vec::new(),
        }
    }
}

impl Colour {
    /// Number of channels.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb | Self::Bgr => 3,
        }
    }
}

impl AccuracyLoss {
    /// What an import measured.
    pub fn of_report(report: &ImportReport) -> Self {
        let correct = report.float_correct.zip(report.integer_correct);
        Self {
            samples: report.samples,
            agreeing: report.agreeing,
            correct: correct.map(|(float, integer)| Correct { float, integer }),
            // Casts of floats saturate.
            mean_abs_error_micro: (report.mean_abs_error * 1e6).round() as u64,
        }
    }
}

fn check(fields: &Fields) -> Result<(), ManifestError> {
    check_text(
        "name",
        &fields.name,
        1,
        NAME_BYTES_MAX,
        |c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_' | '.'),
    )?;
    if !fields.name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(ManifestError::Text {
            field: "name",
            text: fields.name.clone(),
        });
    }
    let graphic = |c: char| c.is_ascii_graphic();
    check_text("version", &fields.version, 1, VERSION_BYTES_MAX, graphic)?;
    let printable = |c: char| c.is_ascii_graphic() || c == ' ';
    check_text("licence", &fields.licence, 1, LICENCE_BYTES_MAX, printable)?;
    // Terminals show these: no escape sequences.
    let shown = |c: char| !c.is_control();
    check_text(
        "description",
        &fields.description,
        0,
        DESCRIPTION_BYTES_MAX,
        shown,
    )?;
    if !(1..=PROGRAM_BYTES_MAX as u64).contains(&fields.program_bytes) {
        return Err(ManifestError::ProgramBytes {
            bytes: fields.program_bytes,
        });
    }
    check_bits("input", fields.input.fraction_bits, 1)?;
    // Accumulators have the fraction bits of two operands.
    check_bits("output", fields.output.fraction_bits, 2)?;
    if fields.input.value.dtype == DType::I32 {
        return Err(ManifestError::InputType);
    }
    if let Preprocessing::Image(image) = &fields.input.preprocessing {
        check_image(image, &fields.input.value.shape)?;
    }

    let labels = &fields.output.labels;
    let outputs = fields.output.value.shape.elements();
    if labels.len() > LABELS_MAX || !(labels.is_empty() || labels.len() == outputs) {
        return Err(ManifestError::Labels {
            labels: labels.len(),
            outputs,
        });
    }
    for label in labels {
        check_text("label", label, 1, LABEL_BYTES_MAX, shown)?;
    }
    let loss = &fields.loss;
    let right = loss
        .correct
        .map_or(0, |correct| correct.float.max(correct.integer));
    if loss.agreeing > loss.samples || right > loss.samples {
        return Err(ManifestError::Loss {
            samples: loss.samples,
        });
    }
    Ok(())
}

fn check_text(
    field: &'static str,
    text: &str,
    bytes_min: usize,
    bytes_max: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), ManifestError> {
    if !(bytes_min..=bytes_max).contains(&text.len()) {
        return Err(ManifestError::TextLength {
            field,
            bytes: text.len(),
            bytes_min,
            bytes_max,
        });
    }
    if !text.chars().all(allowed) {
        return Err(ManifestError::Text {
            field,
            text: text.escape_debug().to_string(),
        });
    }
    Ok(())
}

fn check_bits(field: &'static str, bits: i8, operands: i8) -> Result<(), ManifestError> {
    if (operands * FRACTION_BITS_MIN..=operands * FRACTION_BITS_MAX).contains(&bits) {
        Ok(())
    } else {
        Err(ManifestError::FractionBits { field, bits })
    }
}

fn check_image(image: &ImagePreprocessing, shape: &Shape) -> Result<(), ManifestError> {
    let channels = image.colour.channels();
    let elements = (image.width as usize)
        .checked_mul(image.height as usize)
        .and_then(|pixels| pixels.checked_mul(channels));
    if elements != Some(shape.elements()) {
        return Err(ManifestError::ImageSize {
            width: image.width,
            height: image.height,
            channels,
            shape: shape.clone(),
        });
    }
    let count = image.normalisation.len();
    if count != 0 && count != channels {
        return Err(ManifestError::Normalisation { count, channels });
    }
    let valid = |normalisation: &Normalisation| {
        normalisation.mean.denominator > 0
            && normalisation.deviation.denominator > 0
            && normalisation.deviation.numerator > 0
    };
    if !image.normalisation.iter().all(valid) {
        return Err(ManifestError::Rational);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
