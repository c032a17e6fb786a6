//! The models whose proofs are measured, and what they are shown.

use crate::command::{bench::model::fetched, model::Loaded};
use anyhow::{Context, anyhow};
use assay_model::{
    DType, Program, Shape, Tensor, TensorData, bundled,
    bundled::digit_images,
    input::decode,
    program::{Op, Output, Parts, Requant, ValueId, ValueType, Window},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// A model, and what it is shown.
pub(super) struct Subject {
    /// The case's name.
    pub(super) case: &'static str,
    /// The model.
    pub(super) program: Program,
    /// Different inputs, at least as many as one proof is about.
    pub(super) inputs: Vec<Tensor>,
    /// Inferences of one proof.
    pub(super) samples: usize,
    /// Proofs, of which the median counts.
    pub(super) proofs: usize,
    /// The bundled model it is, which a peer can prove too.
    pub(super) bundled: Option<&'static str>,
}

/// Names of all cases, in the order in which they are measured.
pub(super) const CASES: [&str; 7] = [
    "mlp",
    "smallcnn",
    "lenet",
    "cnn-259k",
    "dense-4m",
    "rapidocr-cls",
    "mlp×64",
];

/// A case by name; `None` for the fetched model when it is absent.
pub(super) fn subject(case: &'static str) -> anyhow::Result<Option<Subject>> {
    Ok(match case {
        "mlp" => Some(digits(case, "digits-mlp", 1)?),
        "smallcnn" => Some(digits(case, "digits-smallcnn", 1)?),
        "lenet" => Some(digits(case, "digits-lenet", 1)?),
        "mlp×64" => Some(digits(case, "digits-mlp", 64)?),
        "cnn-259k" => Some(random(case, cnn()?, 7)?),
        "dense-4m" => Some(random(case, dense(1_024, 4)?, 5)?),
        "rapidocr-cls" => match fetched()? {
            Some(Loaded { program, .. }) => Some(random(case, program, 3)?),
            None => None,
        },
        other => return Err(anyhow!("{other} is no case of this suite")),
    })
}

/// A bundled classifier, shown digits.
fn digits(case: &'static str, name: &'static str, samples: usize) -> anyhow::Result<Subject> {
    let model = bundled::find(name).with_context(|| format!("{name} is not bundled"))?;
    let manifest = model.manifest();
    let images = digit_images().iter();
    let inputs = images.map(|image| Ok(manifest.quantize_input(&decode(image.png)?)?));
    let inputs = inputs
        .collect::<anyhow::Result<Vec<Vec<Tensor>>>>()?
        .concat();
    let shown = inputs.len().max(samples);
    Ok(Subject {
        case,
        program: model.program(),
        inputs: inputs.into_iter().cycle().take(shown).collect(),
        samples,
        proofs: 15,
        bundled: (samples == 1).then_some(name),
    })
}

/// A model shown random numbers.
fn random(case: &'static str, program: Program, proofs: usize) -> anyhow::Result<Subject> {
    let mut rng = StdRng::seed_from_u64(4);
    let shape = program.input().shape.clone();
    let inputs = (0..proofs).map(|_| {
        let elements = shape.elements();
        let data = match program.input().dtype {
            DType::I8 => TensorData::I8((0..elements).map(|_| rng.random()).collect()),
            _ => TensorData::I16((0..elements).map(|_| rng.random()).collect()),
        };
        Ok(Tensor::new(shape.clone(), data)?)
    });
    Ok(Subject {
        case,
        inputs: inputs.collect::<anyhow::Result<_>>()?,
        program,
        samples: 1,
        proofs,
        bundled: None,
    })
}

/// A network being made, of random weights.
struct Draft {
    rng: StdRng,
    nodes: Vec<Op>,
}

impl Draft {
    fn last(&self) -> ValueId {
        ValueId::new(self.nodes.len() as u32)
    }

    fn parameters(&mut self, outputs: u32, per_output: u32) -> (Vec<i8>, Vec<i32>) {
        let rng = &mut self.rng;
        let weights = (0..outputs * per_output).map(|_| rng.random_range(-20..=20));
        let weights = weights.collect();
        let bias = (0..outputs).map(|_| rng.random_range(-1_000..=1_000));
        (weights, bias.collect())
    }

    fn linear(&mut self, outputs: u32, inputs: u32, output: Output) {
        let (weights, bias) = self.parameters(outputs, inputs);
        self.nodes.push(Op::Linear {
            input: self.last(),
            weights,
            bias,
            output,
        });
    }

    /// A 5 × 5 convolution, then the largest of each 2 × 2.
    fn convolution(&mut self, outputs: u32, channels: u32) {
        let (weights, bias) = self.parameters(outputs, channels * 25);
        self.nodes.push(Op::Conv2d {
            input: self.last(),
            weights,
            bias,
            window: Window::of_kernel(5, 5),
            groups: 1,
            output: rectified(),
        });
        let window = Window {
            stride: [2, 2],
            ..Window::of_kernel(2, 2)
        };
        self.nodes.push(Op::MaxPool2d {
            input: self.last(),
            window,
        });
    }

    fn program(self, dims: &[u32]) -> anyhow::Result<Program> {
        let output = self.last();
        Ok(Program::new(Parts {
            input: ValueType {
                dtype: DType::I8,
                shape: Shape::new(dims)?,
            },
            nodes: self.nodes,
            output,
        })?)
    }
}

fn rectified() -> Output {
    Output::Requantized(Requant {
        shift: 9,
        relu: true,
        dtype: DType::I8,
    })
}

fn draft() -> Draft {
    Draft {
        rng: StdRng::seed_from_u64(4),
        nodes: Vec::new(),
    }
}

/// So many layers of so many by so many weights.
pub(super) fn dense(width: u32, layers: u32) -> anyhow::Result<Program> {
    let mut draft = draft();
    for layer in 1..=layers {
        let last = layer == layers;
        let output = if last {
            Output::Accumulator
        } else {
            rectified()
        };
        draft.linear(width, width, output);
    }
    draft.program(&[width])
}

/// The shape that DeepProve publishes figures of: 3 × 32 × 32 pixels, two convolutions of 5 × 5 with pools of 2 × 2,
/// three dense layers; 259 588 parameters, 1.9 million products.
fn cnn() -> anyhow::Result<Program> {
    let mut draft = draft();
    draft.convolution(16, 3);
    draft.convolution(18, 16);
    draft.nodes.push(Op::Reshape {
        input: draft.last(),
        shape: Shape::new(&[450])?,
    });
    draft.linear(380, 450, rectified());
    draft.linear(204, 380, rectified());
    draft.linear(10, 204, Output::Accumulator);
    draft.program(&[3, 32, 32])
}

/// Parameters of the models of growing size: four layers of so many by so many weights.
pub(super) const WIDTHS: [u32; 4] = [50, 158, 500, 1_581];
/// Sides of the pictures over which one kernel of 584 parameters slides: 10⁴ to 10⁷ products.
pub(super) const SIDES: [u32; 4] = [4, 13, 42, 132];

/// A model of so many weights.
pub(super) fn of_width(width: u32) -> anyhow::Result<Subject> {
    random("parameters", dense(width, 4)?, 2)
}

/// A model of so many products: a convolution of 3 × 3 from eight channels to eight.
pub(super) fn of_side(side: u32) -> anyhow::Result<Subject> {
    let mut draft = draft();
    let (weights, bias) = draft.parameters(8, 8 * 9);
    draft.nodes.push(Op::Conv2d {
        input: draft.last(),
        weights,
        bias,
        window: Window {
            padding: [1; 4],
            ..Window::of_kernel(3, 3)
        },
        groups: 1,
        output: rectified(),
    });
    random("products", draft.program(&[8, side, side])?, 2)
}
