//! Import: from an ONNX file, calibration data and a card to a program and its manifest.

use crate::{
    float::FloatGraph,
    input::{FloatTensor, Input},
    manifest::{
        AccuracyLoss, Fields, InputSpec, Manifest, ManifestError, OutputSpec, Preprocessing,
        QuantizeInputError,
    },
    onnx::{self, OnnxError},
    program::Program,
    quantize::{self, ImportReport, QuantizeError, Samples},
    shape::Shape,
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
    /// Shape of the input, without a batch dimension, where the file leaves extents open.
    pub input: Option<Shape>,
}

/// Typical inputs, as an array whose first dimension counts them: real numbers as the model was
/// trained on them, or bytes, which are pixels for a model of pictures.
#[derive(Debug, Clone, Copy)]
pub struct Collection<'a> {
    /// The inputs.
    pub inputs: &'a Input,
    /// The class of each, where known.
    pub classes: Option<&'a FloatTensor>,
}

/// What the program is calibrated and measured on.
#[derive(Debug, Clone, Copy)]
pub struct Calibration<'a> {
    /// Chooses the scales.
    pub samples: Collection<'a>,
    /// What the accuracy is measured on; `None`: on the samples that chose the scales.
    pub held_out: Option<Collection<'a>>,
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
    /// The samples are no inputs of the model.
    #[error("the samples are no inputs of the model")]
    Samples {
        /// Why.
        #[source]
        source: QuantizeInputError,
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
    let graph = onnx::parse_shaped(file, card.input.as_ref())
        .map_err(|source| ImportError::Onnx { source })?;
    let preprocessing = card
        .preprocessing
        .unwrap_or_else(|| Preprocessing::of_shape(graph.input()));
    let samples = samples(&graph, &preprocessing, calibration.samples)?;
    let held_out = calibration
        .held_out
        .map(|held_out| self::samples(&graph, &preprocessing, held_out))
        .transpose()?;
    let quantized = quantize::quantize(&graph, &samples, held_out.as_ref())
        .map_err(|source| ImportError::Quantize { source })?;
    let program = quantized.program;
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

/// The samples of a collection, as real numbers.
fn samples(
    graph: &FloatGraph,
    preprocessing: &Preprocessing,
    collection: Collection<'_>,
) -> Result<Samples, ImportError> {
    let numbers = preprocessing
        .reals(graph.input(), collection.inputs)
        .map_err(|source| ImportError::Samples { source })?;
    let refused = |source| ImportError::Quantize { source };
    let samples = Samples::new(graph, &numbers).map_err(refused)?;
    match collection.classes {
        None => Ok(samples),
        Some(classes) => samples.with_classes(classes.data()).map_err(refused),
    }
}
