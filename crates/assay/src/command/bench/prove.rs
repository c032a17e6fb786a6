//! Suite `prove`: what a proof of inference costs its seller, and what checking it costs everybody else.
//!
//! From the input to the proof's bytes and back, on one thread. The verifier knows the weights
//! (`weights=public`), or has the model's key (`weights=committed`), which is made once. The overhead is the
//! proof's computed time over that of the inference alone.

use super::{Measurement, median, meter::Spent};
use anyhow::{Context, anyhow};
use assay_model::{
    DType, Executor, Program, Shape, Tensor, TensorData, bundled,
    bundled::digit_images,
    input::decode,
    program::{Op, Output, Parts, Requant, ValueId, ValueType},
};
use assay_proof::{
    Outline, Proof, Refused, SecurityReport, commitment::Schemes, verify, verify_committed,
};
use assay_prover::{CommittedModel, ProveError, Proven, prove};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;

/// Proofs of each, of which the median counts.
const PROOFS: usize = 20;
/// Proofs of [`dense`], which take fifty times as long.
const PROOFS_DENSE: usize = 3;
/// Inferences of each, of which the median counts.
const INFERENCES: usize = 2_000;

/// A model, and what it is shown.
struct Subject {
    case: &'static str,
    program: Program,
    inputs: Vec<Tensor>,
    proofs: usize,
}

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let mut subjects = vec![mlp()?];
    if !smoke {
        subjects.push(dense()?);
    }
    for subject in subjects {
        let (proofs, inferences) = if smoke {
            (1, 1)
        } else {
            (subject.proofs, INFERENCES)
        };
        subject.measure(proofs, inferences, &mut show)?;
    }
    Ok(())
}

/// The bundled network of three layers, 109 386 parameters, shown digits.
fn mlp() -> anyhow::Result<Subject> {
    let model = bundled::find("digits-mlp").context("digits-mlp is not bundled")?;
    let manifest = model.manifest();
    let images = digit_images().iter();
    let inputs = images.map(|image| Ok(manifest.quantize_input(&decode(image.png)?)?));
    let inputs = inputs.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Subject {
        case: "mlp",
        program: model.program(),
        inputs: inputs.concat(),
        proofs: PROOFS,
    })
}

/// Four layers of 1 024 by 1 024 random weights: four million parameters.
fn dense() -> anyhow::Result<Subject> {
    const WIDTH: u32 = 1_024;
    const LAYERS: u32 = 4;
    let mut rng = StdRng::seed_from_u64(4);
    let shape = Shape::new(&[WIDTH])?;
    let layer = |layer: u32| Op::Linear {
        input: ValueId::new(layer),
        weights: (0..WIDTH * WIDTH)
            .map(|_| rng.random_range(-20..=20))
            .collect(),
        bias: (0..WIDTH)
            .map(|_| rng.random_range(-1_000..=1_000))
            .collect(),
        output: if layer + 1 == LAYERS {
            Output::Accumulator
        } else {
            Output::Requantized(Requant {
                shift: 8,
                relu: true,
                dtype: DType::I8,
            })
        },
    };
    let nodes = (0..LAYERS).map(layer).collect();
    let program = Program::new(Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: shape.clone(),
        },
        nodes,
        output: ValueId::of_node(LAYERS - 1),
    })?;
    let numbers = (0..WIDTH).map(|_| rng.random::<i8>());
    let input = Tensor::new(shape, TensorData::I8(numbers.collect()))?;
    Ok(Subject {
        case: "dense-4m",
        program,
        inputs: vec![input],
        proofs: PROOFS_DENSE,
    })
}

impl Subject {
    fn measure(
        &self,
        proofs: usize,
        inferences: usize,
        mut show: impl FnMut(Measurement),
    ) -> anyhow::Result<()> {
        let program = &self.program;
        let first = self.inputs.first().context("a model is shown something")?;
        let inference = inference(program, first, inferences)?;
        let line = |what: &str, value, unit| {
            Measurement::new("prove", format!("{}/{what}", self.case), value, unit)
        };
        show(line("inference", inference * 1e6, "µs"));

        // Inputs differ, for the work of grinding differs from one proof to the next.
        let inputs: Vec<&Tensor> = self.inputs.iter().cycle().take(proofs).collect();
        let public = Figures::of(
            &inputs,
            |input| prove(program, input),
            |input, output, proof| verify(program, input, output, proof),
        )?;
        let outline = Outline::of(program)?;
        let bits = |committed| -> anyhow::Result<f64> {
            let schemes = Schemes::of(&outline, committed);
            let schemes = schemes.map_err(|error| anyhow!("no commitment scheme: {error}"))?;
            Ok(SecurityReport::of(&outline, &schemes).bits())
        };
        for (what, value, unit) in public.lines(bits(false)?, inference) {
            show(line(&format!("weights=public/{what}"), value, unit));
        }

        let (model, spent) = Spent::on(|| CommittedModel::of(program.clone()));
        let model = model?;
        show(line("weights=committed/key", milliseconds(spent.cpu), "ms"));
        let committed = Figures::of(
            &inputs,
            |input| model.prove(input),
            |input, output, proof| verify_committed(model.key(), input, output, proof),
        )?;
        for (what, value, unit) in committed.lines(bits(true)?, inference) {
            show(line(&format!("weights=committed/{what}"), value, unit));
        }
        Ok(())
    }
}

/// Seconds of one inference alone.
fn inference(program: &Program, input: &Tensor, inferences: usize) -> anyhow::Result<f64> {
    let mut executor = Executor::new(program.clone());
    let mut running = Vec::with_capacity(inferences);
    for _ in 0..inferences {
        let (ran, spent) = Spent::on(|| executor.run(input));
        ran?;
        running.push(spent.wall.as_secs_f64());
    }
    Ok(median(&mut running))
}

/// What a model's proofs take, in milliseconds.
struct Figures {
    prove_cpu: f64,
    prove_wall: f64,
    verify: f64,
    bytes: usize,
}

impl Figures {
    /// Medians over a proof for each input.
    fn of(
        inputs: &[&Tensor],
        prove: impl Fn(&Tensor) -> Result<Proven, ProveError>,
        verify: impl Fn(&Tensor, &Tensor, &Proof) -> Result<(), Refused>,
    ) -> anyhow::Result<Self> {
        let (mut cpu, mut wall, mut verifying) = (Vec::new(), Vec::new(), Vec::new());
        let mut length = 0;
        for input in inputs {
            let (proven, spent) = Spent::on(|| {
                let Proven { output, proof } = prove(input)?;
                anyhow::Ok((output, proof.to_bytes()?))
            });
            let (output, bytes) = proven?;
            length = bytes.len();
            cpu.push(milliseconds(spent.cpu));
            wall.push(milliseconds(spent.wall));
            let (verified, spent) = Spent::on(|| {
                let proof = Proof::from_bytes(&bytes)?;
                verify(input, &output, &proof)?;
                anyhow::Ok(())
            });
            verified?;
            verifying.push(milliseconds(spent.cpu));
        }
        Ok(Self {
            prove_cpu: median(&mut cpu),
            prove_wall: median(&mut wall),
            verify: median(&mut verifying),
            bytes: length,
        })
    }

    /// What is shown of proofs with so many bits of soundness, of an inference of so many seconds.
    fn lines(&self, security_bits: f64, inference: f64) -> [(&'static str, f64, &'static str); 6] {
        [
            ("prove-cpu", self.prove_cpu, "ms"),
            ("prove-wall", self.prove_wall, "ms"),
            ("verify-cpu", self.verify, "ms"),
            ("proof", self.bytes as f64, "B"),
            ("security", security_bits, "bits"),
            ("overhead", self.prove_cpu / 1e3 / inference, "×"),
        ]
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
