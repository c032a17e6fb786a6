//! The import report: scales, bounds and what the integers cost in accuracy.

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
    /// Samples the program was calibrated and measured on.
    pub samples: u32,
    /// Samples on which float graph and program name the same largest output.
    pub agreeing: u32,
    /// Samples whose class the float graph names, where classes were given.
    pub float_correct: Option<u32>,
    /// Samples whose class the program names, where classes were given.
    pub integer_correct: Option<u32>,
    /// Mean absolute difference of outputs, as real numbers.
    pub mean_abs_error: f64,
    /// Largest absolute difference of outputs, as real numbers.
    pub max_abs_error: f64,
    /// Bytes of weights and biases.
    pub parameter_bytes: usize,
    /// Elementary steps of one inference.
    pub steps: u64,
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
    /// Fraction bits of its weights.
    pub weight_fraction_bits: Option<i8>,
    /// Fraction bits of its result.
    pub fraction_bits: i8,
    /// Largest magnitude of its accumulators over all inputs.
    pub accumulator_max: Option<u64>,
}

/// A layer before the program was validated.
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) weight_fraction_bits: Option<i8>,
    pub(super) fraction_bits: i8,
}

/// Float graph and program, compared.
#[derive(Default)]
pub(super) struct Measured {
    samples: u32,
    agreeing: u32,
    correct: Option<(u32, u32)>,
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
            correct: samples.classes.as_ref().map(|_| (0, 0)),
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
        if let (Some((float, integer)), Some(class)) = (&mut self.correct, class) {
            *float += u32::from(float_best == class as usize);
            *integer += u32::from(integer_best == class as usize);
        }
        let scale = power_of_two(fraction_bits);
        for (&float, integer) in float.iter().zip(output.data().to_i32()) {
            let error = (f64::from(integer) / scale - f64::from(float)).abs();
            self.error_sum += error;
            self.error_max = self.error_max.max(error);
            self.outputs += 1.0;
        }
    }

    pub(super) fn report(self, program: &Program, layers: Vec<Layer>) -> ImportReport {
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
            float_correct: self.correct.map(|(float, _)| float),
            integer_correct: self.correct.map(|(_, integer)| integer),
            mean_abs_error: self.error_sum / self.outputs,
            max_abs_error: self.error_max,
            parameter_bytes: program.parameter_bytes(),
            steps: program.steps(),
        }
    }
}
