//! The JSON view of a manifest, for people and programs; nothing is hashed over it.

use serde::Serialize;

use super::{Colour, Manifest, Normalisation, PixelRange, Preprocessing};
use crate::program::ValueType;

/// A manifest as JSON shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ManifestView {
    name: String,
    version: String,
    licence: String,
    description: String,
    model: String,
    program: String,
    program_bytes: u64,
    input: InputView,
    output: OutputView,
    loss: LossView,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct InputView {
    dtype: String,
    shape: Vec<u32>,
    fraction_bits: i8,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<ImageView>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ImageView {
    width: u32,
    height: u32,
    colour: &'static str,
    invert: bool,
    range: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    normalisation: Vec<NormalisationView>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct NormalisationView {
    mean: String,
    deviation: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct OutputView {
    dtype: String,
    shape: Vec<u32>,
    fraction_bits: i8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct LossView {
    samples: u32,
    agreeing: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    float_correct: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integer_correct: Option<u32>,
    mean_abs_error_micro: u64,
}

impl ManifestView {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let fields = manifest.fields();
        let (dtype, shape) = value(&fields.input.value);
        let input = InputView {
            dtype,
            shape,
            fraction_bits: fields.input.fraction_bits,
            image: match &fields.input.preprocessing {
                Preprocessing::Numbers => None,
                Preprocessing::Image(image) => Some(ImageView {
                    width: image.width,
                    height: image.height,
                    colour: match image.colour {
                        Colour::Grey => "grey",
                        Colour::Rgb => "rgb",
                        Colour::Bgr => "bgr",
                    },
                    invert: image.invert,
                    range: match image.range {
                        PixelRange::Unit => "0 to 1",
                        PixelRange::Byte => "0 to 255",
                        PixelRange::Symmetric => "-1 to 1",
                    },
                    normalisation: image.normalisation.iter().map(normalisation).collect(),
                }),
            },
        };
        let (dtype, shape) = value(&fields.output.value);
        Self {
            name: fields.name.clone(),
            version: fields.version.clone(),
            licence: fields.licence.clone(),
            description: fields.description.clone(),
            model: fields.model.to_string(),
            program: fields.program.to_string(),
            program_bytes: fields.program_bytes,
            input,
            output: OutputView {
                dtype,
                shape,
                fraction_bits: fields.output.fraction_bits,
                labels: fields.output.labels.clone(),
            },
            loss: LossView {
                samples: fields.loss.samples,
                agreeing: fields.loss.agreeing,
                float_correct: fields.loss.correct.map(|correct| correct.float),
                integer_correct: fields.loss.correct.map(|correct| correct.integer),
                mean_abs_error_micro: fields.loss.mean_abs_error_micro,
            },
        }
    }

    /// Indented JSON with a line feed at its end.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists always serialise.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}

fn value(value: &ValueType) -> (String, Vec<u32>) {
    (value.dtype.to_string(), value.shape.dims().to_vec())
}

fn normalisation(normalisation: &Normalisation) -> NormalisationView {
    let fraction =
        |rational: super::Rational| format!("{}/{}", rational.numerator, rational.denominator);
    NormalisationView {
        mean: fraction(normalisation.mean),
        deviation: fraction(normalisation.deviation),
    }
}
