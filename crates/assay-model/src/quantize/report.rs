//! The import report: scales, bounds and what the integers cost in accuracy.

use std::collections::BTreeMap;

use super::{
    Executor, FloatGraph, Program, QuantizeError, Samples, Tensor, TensorData,
    lower::Ends,
    scale::{power_of_two, round_half_up},
};
use crate::shape::Shape;

/// What import did and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// One entry per node of the program.
    pub layers: Vec<LayerReport>,
    /// Samples the program was measured on.
    pub samples: u32,
    /// Whether these are others than those that chose the scales.
    pub held_out: bool,
    /// Whether the model ended in a softmax, which the program leaves out: its scores are logits.
    pub without_softmax: bool,
    /// Samples on which float graph and program name the same largest output.
    pub agreeing: u32,
    /// Samples whose class the float graph names, where classes were given.
    pub float_correct: Option<u32>,
    /// Samples whose class the program names, where classes were given.
    pub integer_correct: Option<u32>,
    /// The same counts for each class that occurs, where classes were given; in the order of classes.
    pub classes: Vec<ClassReport>,
    /// Mean absolute difference of outputs, as real numbers.
    pub mean_abs_error: f64,
    /// Largest absolute difference of outputs, as real numbers.
    pub max_abs_error: f64,
    /// Bytes of weights and biases.
    pub parameter_bytes: usize,
    /// Elementary steps of one inference.
    pub steps: u64,
}

/// Float graph and program on the samples of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassReport {
    /// The class: a position of the output.
    pub class: u32,
    /// Samples of it.
    pub samples: u32,
    /// Samples on which both name the same largest output.
    pub agreeing: u32,
    /// Samples whose class the float graph names.
    pub float_correct: u32,
    /// Samples whose class the program names.
    pub integer_correct: u32,
}

/// One node of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerReport {
    /// What the file calls it.
    pub name: String,
    /// The operator.
    pub op: &'static str,
    /// Shape of its result.
    pub shape: Shape,
    /// Fewest and most fraction bits of its weights; they differ where each output channel has its own.
    pub weight_fraction_bits: Option<(i8, i8)>,
    /// Fraction bits of its result.
    pub fraction_bits: i8,
    /// Largest magnitude of its accumulators over all inputs.
    pub accumulator_max: Option<u64>,
}

/// A layer before the program was validated.
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) weight_fraction_bits: Option<(i8, i8)>,
    pub(super) fraction_bits: i8,
}

/// Float graph and program, compared.
#[derive(Default)]
pub(super) struct Measured {
    samples: u32,
    agreeing: u32,
    classes: Option<BTreeMap<u32, ClassReport>>,
    error_sum: f64,
    error_max: f64,
    outputs: f64,
}

impl Measured {
    pub(super) fn new(
        graph: &FloatGraph,
        program: &Program,
        scales: &Ends,
        samples: &Samples,
    ) -> Result<Self, QuantizeError> {
        let mut executor = Executor::new(program.clone());
        let mut measured = Self {
            classes: samples.classes.as_ref().map(|_| BTreeMap::new()),
            ..Self::default()
        };
        for (sample, input) in samples.inputs.iter().enumerate() {
            let float = graph
                .run(input)
                .map_err(|source| QuantizeError::Sample { sample, source })?;
            let scale = power_of_two(scales.input);
            let quantised = input
                .iter()
                .map(|&x| round_half_up(x * scale).clamp(-128.0, 127.0) as i8);
            let output = Tensor::new(
                program.input().shape.clone(),
                TensorData::I8(quantised.collect()),
            )
            .ok()
            .and_then(|input| executor.run(&input).ok());
            let Some(output) = output else {
                unreachable!("samples have the size of the input");
            };
            let class = samples.classes.as_ref().map(|classes| classes[sample]);
            measured.add(&float, &output, scales.output, class);
        }
        Ok(measured)
    }

    fn add(&mut self, float: &[f32], output: &Tensor, fraction_bits: i8, class: Option<u32>) {
        let mut float_best = 0;
        for (index, value) in float.iter().enumerate() {
            if *value > float[float_best] {
                float_best = index;
            }
        }
        let integer_best = output.argmax();
        self.samples += 1;
        self.agreeing += u32::from(float_best == integer_best);
        if let (Some(classes), Some(class)) = (&mut self.classes, class) {
            let found = classes.entry(class).or_default();
            found.class = class;
            found.samples += 1;
            found.agreeing += u32::from(float_best == integer_best);
            found.float_correct += u32::from(float_best == class as usize);
            found.integer_correct += u32::from(integer_best == class as usize);
        }
        let scale = power_of_two(fraction_bits);
        for (&float, integer) in float.iter().zip(output.data().to_i32()) {
            let error = (f64::from(integer) / scale - f64::from(float)).abs();
            self.error_sum += error;
            self.error_max = self.error_max.max(error);
            self.outputs += 1.0;
        }
    }

    pub(super) fn report(
        self,
        program: &Program,
        layers: Vec<Layer>,
        held_out: bool,
        without_softmax: bool,
    ) -> ImportReport {
        let classes = self.classes.as_ref().map(|classes| classes.values());
        let correct = |of: fn(&ClassReport) -> u32| classes.clone().map(|all| all.map(of).sum());
        let layers = layers
            .into_iter()
            .zip(program.nodes().iter().zip(program.facts()))
            .map(|(layer, (op, facts))| LayerReport {
                name: layer.name,
                op: op.name(),
                shape: facts.value.shape.clone(),
                weight_fraction_bits: layer.weight_fraction_bits,
                fraction_bits: layer.fraction_bits,
                accumulator_max: facts.accumulator_max,
            });
        ImportReport {
            layers: layers.collect(),
            samples: self.samples,
            agreeing: self.agreeing,
            held_out,
            without_softmax,
            float_correct: correct(|class| class.float_correct),
            integer_correct: correct(|class| class.integer_correct),
            classes: classes.into_iter().flatten().copied().collect(),
            mean_abs_error: self.error_sum / self.outputs,
            max_abs_error: self.error_max,
            parameter_bytes: program.parameter_bytes(),
            steps: program.steps(),
        }
    }
}
