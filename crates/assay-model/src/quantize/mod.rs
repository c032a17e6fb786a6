//! Quantisation: from a float graph and sample inputs to a program and a report of what it cost.
//!
//! A real number `x` becomes the integer `q = round(x · 2^f)`, saturated; `f` are the *fraction
//! bits* of the tensor, one number per value and per weight tensor. For every value the fraction bits
//! are those with the least squared error over the samples, among the finest that saturate none and
//! up to three finer ones. An accumulator has the fraction bits of its operands together, so
//! going to a value with fewer is a shift.
//!
//! A layer whose result nobody multiplies (the scores at the end) keeps its accumulators. All
//! arithmetic is IEEE basic operations in a fixed order: the same file and samples give the same
//! program on every machine.

mod lower;
mod report;
mod scale;

pub use report::{ClassReport, ImportReport, LayerReport};
pub use scale::{FRACTION_BITS_MAX, FRACTION_BITS_MIN};
pub(crate) use scale::{power_of_two, round_half_up};

use crate::{
    execute::Executor,
    float::{FloatGraph, FloatInputError},
    input::FloatTensor,
    program::{Program, ProgramError},
    tensor::{Tensor, TensorData},
};

/// Most samples that one calibration looks at; a few hundred already fix the scales.
pub const SAMPLES_MAX: usize = 1 << 16;

/// A program and how its integers relate to real numbers.
#[derive(Debug, Clone)]
pub struct Quantized {
    /// The program.
    pub program: Program,
    /// Fraction bits of its input.
    pub input_fraction_bits: i8,
    /// Fraction bits of its output.
    pub output_fraction_bits: i8,
    /// What quantisation did, layer by layer, and what it cost.
    pub report: ImportReport,
}

/// Inputs to calibrate on, and perhaps their classes.
#[derive(Debug, Clone)]
pub struct Samples {
    inputs: Vec<Vec<f64>>,
    classes: Option<Vec<u32>>,
}

/// Why a graph cannot be quantised.
#[derive(Debug, thiserror::Error)]
pub enum QuantizeError {
    /// No samples, or too many.
    #[error("calibration on {samples} samples: use 1 to {SAMPLES_MAX} typical inputs")]
    SampleCount {
        /// Samples given.
        samples: usize,
    },
    /// Samples that do not divide into inputs of the model.
    #[error("{elements} numbers of calibration data do not divide into inputs of {per_sample}")]
    SampleSize {
        /// Numbers given.
        elements: usize,
        /// Numbers of one input.
        per_sample: usize,
    },
    /// Another number of classes than of samples.
    #[error("{classes} classes for {samples} samples: give one per sample")]
    ClassCount {
        /// Classes given.
        classes: usize,
        /// Samples given.
        samples: usize,
    },
    /// A class that is no index.
    #[error("class {value} of sample {sample} is no output position")]
    Class {
        /// The sample.
        sample: usize,
        /// Its class.
        value: f64,
    },
    /// A sample that is no input of the model.
    #[error("sample {sample} of the calibration data is refused")]
    Sample {
        /// The sample.
        sample: usize,
        /// Why.
        #[source]
        source: FloatInputError,
    },
    /// Numbers beyond single precision inside the model.
    #[error("{layer} computes {value} on sample {sample}: the model is not finite")]
    NotFinite {
        /// The layer.
        layer: String,
        /// The sample.
        sample: usize,
        /// What it computes.
        value: f32,
    },
    /// Values of a size that no power of two in range brings to int8.
    #[error(
        "the values of {layer} would need {fraction_bits} fraction bits: rescale the weights so that \
         {FRACTION_BITS_MIN} to {FRACTION_BITS_MAX} suffice"
    )]
    Scale {
        /// The layer.
        layer: String,
        /// The fraction bits it would need.
        fraction_bits: i8,
    },
    /// The resulting program is refused, for example because an accumulator could overflow.
    #[error("the program of this model is refused{}", layer_at(.layer))]
    Program {
        /// The layer it is refused for, as the file calls it.
        layer: Option<String>,
        /// Why.
        #[source]
        source: ProgramError,
    },
}

fn layer_at(layer: &Option<String>) -> String {
    layer
        .as_ref()
        .map(|layer| format!(" at {layer}"))
        .unwrap_or_default()
}

/// Quantises `graph` with the value ranges that `samples` show, and measures the program on `held_out`
/// (`None`: on `samples`).
///
/// # Errors
/// [`QuantizeError`]
pub fn quantize(
    graph: &FloatGraph,
    samples: &Samples,
    held_out: Option<&Samples>,
) -> Result<Quantized, QuantizeError> {
    let scales = scale::calibrate(graph, samples)?;
    let lowered = lower::lower(graph, &scales)?;
    let program = Program::new(lowered.parts).map_err(|source| {
        let layer = match &source {
            ProgramError::Node { node, .. }
            | ProgramError::Activations { node }
            | ProgramError::Steps { node } => Some(lowered.layers[node.index].name.clone()),
            _ => None,
        };
        QuantizeError::Program { layer, source }
    })?;
    let measured = report::Measured::new(
        graph,
        &program,
        &lowered.scales,
        held_out.unwrap_or(samples),
    )?;
    Ok(Quantized {
        report: measured.report(
            &program,
            lowered.layers,
            held_out.is_some(),
            graph.without_softmax(),
        ),
        input_fraction_bits: lowered.scales.input,
        output_fraction_bits: lowered.scales.output,
        program,
    })
}

impl Samples {
    /// Divides an array of any shape into inputs of `graph`, in order.
    ///
    /// # Errors
    /// [`QuantizeError::SampleSize`] or [`QuantizeError::SampleCount`].
    pub fn new(graph: &FloatGraph, data: &FloatTensor) -> Result<Self, QuantizeError> {
        let per_sample = graph.input().elements();
        let elements = data.data().len();
        if !elements.is_multiple_of(per_sample) {
            return Err(QuantizeError::SampleSize {
                elements,
                per_sample,
            });
        }
        let samples = elements / per_sample;
        if !(1..=SAMPLES_MAX).contains(&samples) {
            return Err(QuantizeError::SampleCount { samples });
        }
        let inputs = data.data().chunks_exact(per_sample).map(<[f64]>::to_vec);
        Ok(Self {
            inputs: inputs.collect(),
            classes: None,
        })
    }

    /// The same samples with the class of each, so that the report can tell accuracies.
    ///
    /// # Errors
    /// [`QuantizeError::ClassCount`] or [`QuantizeError::Class`].
    pub fn with_classes(mut self, classes: &[f64]) -> Result<Self, QuantizeError> {
        if classes.len() != self.inputs.len() {
            return Err(QuantizeError::ClassCount {
                classes: classes.len(),
                samples: self.inputs.len(),
            });
        }
        let index = |(sample, &value): (usize, &f64)| {
            if value >= 0.0 && value < f64::from(u32::MAX) && value.fract() == 0.0 {
                Ok(value as u32)
            } else {
                Err(QuantizeError::Class { sample, value })
            }
        };
        let classes: Result<Vec<u32>, _> = classes.iter().enumerate().map(index).collect();
        self.classes = Some(classes?);
        Ok(self)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no sample; never true.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }
}

#[cfg(test)]
mod tests;
