//! Import: from an ONNX file, calibration data and a card to a program and its manifest.

use crate::{
    input::FloatTensor,
    manifest::{
        AccuracyLoss, Fields, InputSpec, Manifest, ManifestError, OutputSpec, Preprocessing,
    },
    onnx::{self, OnnxError},
    program::Program,
    quantize::{self, ImportReport, QuantizeError, Samples},
};

/// What a model's author adds to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// As [`Fields::name`].
    pub name: String,
    /// As [`Fields::version`].
    pub version: String,
    /// As [`Fields::licence`].
    pub licence: String,
    /// As [`Fields::description`].
    pub description: String,
    /// What the numbers of an input are; `None`: [`Preprocessing::of_shape`].
    pub preprocessing: Option<Preprocessing>,
    /// As [`OutputSpec::labels`].
    pub labels: Vec<String>,
}

/// What the program is calibrated and measured on.
#[derive(Debug, Clone, Copy)]
pub struct Calibration<'a> {
    /// Typical inputs, as the model was trained on them; the first dimension counts them.
    pub inputs: &'a FloatTensor,
    /// The class of each, where known.
    pub classes: Option<&'a FloatTensor>,
}

/// An imported model.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What is executed and sold.
    pub program: Program,
    /// What describes it.
    pub manifest: Manifest,
    /// What import did and what it cost.
    pub report: ImportReport,
}

/// Why a model cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is refused.
    #[error("the model file cannot be read")]
    Onnx {
        /// Why.
        #[source]
        source: OnnxError,
    },
    /// The model has no integer program.
    #[error("the model cannot be quantised")]
    Quantize {
        /// Why.
        #[source]
        source: QuantizeError,
    },
    /// The card is refused.
    #[error("the manifest is refused")]
    Manifest {
        /// Why.
        #[source]
        source: ManifestError,
    },
}

/// Imports an ONNX file.
///
/// # Errors
/// [`ImportError`]
pub fn import(
    file: &[u8],
    calibration: Calibration<'_>,
    card: Card,
) -> Result<Imported, ImportError> {
    let graph = onnx::parse(file).map_err(|source| ImportError::Onnx { source })?;
    let refused = |source| ImportError::Quantize { source };
    let mut samples = Samples::new(&graph, calibration.inputs).map_err(refused)?;
    if let Some(classes) = calibration.classes {
        samples = samples.with_classes(classes.data()).map_err(refused)?;
    }
    let quantized = quantize::quantize(&graph, &samples).map_err(refused)?;
    let program = quantized.program;
    let preprocessing = card
        .preprocessing
        .unwrap_or_else(|| Preprocessing::of_shape(&program.input().shape));
    let manifest = Manifest::new(Fields {
        name: card.name,
        version: card.version,
        licence: card.licence,
        description: card.description,
        model: program.model_id(),
        program: program.content_id(),
        program_bytes: program.to_bytes().len() as u64,
        input: InputSpec {
            value: program.input().clone(),
            fraction_bits: quantized.input_fraction_bits,
            preprocessing,
        },
        output: OutputSpec {
            value: program.output().clone(),
            fraction_bits: quantized.output_fraction_bits,
            labels: card.labels,
        },
        loss: AccuracyLoss::of_report(&quantized.report),
    })
    .map_err(|source| ImportError::Manifest { source })?;
    Ok(Imported {
        program,
        manifest,
        report: quantized.report,
    })
}
