//! Suite `prove`: what a proof of inference costs its seller, and what checking it costs everybody else.
//!
//! From the input to the proof's bytes and back, on one thread. The verifier knows the weights
//! (`weights=public`), or has the model's key (`weights=committed`), which is made once. The overhead is the
//! proof's computed time over that of its inferences alone. The peak is that of the whole process while it proves
//! with committed weights, the model and its key included. EZKL proves the same models, from the same input, where
//! its Python package is installed.

mod subjects;

use self::subjects::{CASES, SIDES, Subject, WIDTHS, of_side, of_width, subject};
use super::{Measurement, median, meter::Spent, peer};
use crate::{cli::Bench, output::Output};
use anyhow::{Context, anyhow};
use assay_model::{Executor, Program, Tensor};
use assay_proof::{
    Frame, Outline, Proof, Refused, SecurityReport, commitment::Schemes, verify, verify_committed,
};
use assay_prover::{CommittedModel, ProveError, Proven, prove};
use std::time::Duration;

/// Inferences of each, of which the median counts.
const INFERENCES: usize = 500;

pub(super) fn run(
    args: &Bench,
    output: &Output,
    mut show: impl FnMut(Measurement),
) -> anyhow::Result<()> {
    let mut alone = None;
    for case in CASES {
        if args.smoke && case != "smallcnn" {
            continue;
        }
        let Some(mut subject) = subject(case)? else {
            output.note(format_args!(
                "{case} is skipped: run `cargo xtask fixtures` and the `assay model import` of models/README.md, \
                 then `assay bench prove`, all in the repository"
            ));
            continue;
        };
        let inferences = if args.smoke { 1 } else { INFERENCES };
        if args.smoke {
            subject.proofs = 1;
        }
        let cpu = subject.measure(inferences, &mut show)?;
        if case == "mlp" {
            alone = Some(cpu);
        }
        if let (64, Some(alone)) = (subject.samples, alone) {
            let times = Measurement::new("prove", format!("{case}/of-one"), cpu / alone, "×");
            show(times);
        }
        if args.smoke {
            continue;
        }
        if let Some(compared) = compare(args, output, &subject, cpu)? {
            compared.into_iter().for_each(&mut show);
        }
    }
    if !args.smoke {
        growth(&mut show)?;
    }
    Ok(())
}

/// How the cost grows: with weights, where one input is shown to dense layers, and with products, where one small
/// kernel slides over larger and larger pictures.
fn growth(mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    for width in WIDTHS {
        let subject = of_width(width)?;
        let weights = 4 * u64::from(width) * u64::from(width);
        let case = format!("grow/weights={weights}");
        subject.per_unit(&case, &[("weight", weights)], &mut show)?;
    }
    for side in SIDES {
        let subject = of_side(side)?;
        let activations = 8 * u64::from(side) * u64::from(side);
        let case = format!("grow/products={}", 72 * activations);
        let units = [("product", 72 * activations), ("activation", activations)];
        subject.per_unit(&case, &units, &mut show)?;
    }
    Ok(())
}

/// What EZKL takes for the same, if it is there.
fn compare(
    args: &Bench,
    output: &Output,
    subject: &Subject,
    cpu: f64,
) -> anyhow::Result<Option<Vec<Measurement>>> {
    // EZKL wants more than ten gigabytes for the third model.
    let Some(name) = subject.bundled.filter(|name| *name != "digits-lenet") else {
        return Ok(None);
    };
    let first = subject
        .inputs
        .first()
        .context("a model is shown something")?;
    let found = match peer::ezkl(&args.python, name, first) {
        Ok(found) => found,
        Err(error) => {
            output.note(format_args!(
                "EZKL is skipped: {error:#}; install ezkl and name its Python with --python"
            ));
            return Ok(None);
        }
    };
    let line = |what: &str, value, unit| {
        let case = format!("{}/{what}", subject.case);
        Measurement::new("prove", case, value, unit)
    };
    Ok(Some(vec![
        line("against-ezkl", cpu, "ms").against_peer(found.prove_cpu_s * 1e3),
        line("ezkl/setup", found.setup_cpu_s * 1e3, "ms"),
        line("ezkl/verify-cpu", found.verify_cpu_s * 1e3, "ms"),
        line("ezkl/peak", found.prove_peak_mib, "MiB"),
        line("ezkl/proof", found.proof_bytes, "B"),
    ]))
}

impl Subject {
    /// Shows the computed time of a proof in both modes, and of each unit of what grows.
    fn per_unit(
        &self,
        case: &str,
        units: &[(&str, u64)],
        mut show: impl FnMut(Measurement),
    ) -> anyhow::Result<()> {
        let inputs: Vec<Vec<Tensor>> = self.inputs.iter().map(|one| vec![one.clone()]).collect();
        let program = &self.program;
        let public = Figures::of(
            &inputs,
            |inputs| prove(program, inputs),
            |inputs, outputs, proof| verify(program, inputs, outputs, proof),
        )?;
        let model = CommittedModel::of(program.clone())?;
        let committed = Figures::of(
            &inputs,
            |inputs| model.prove(inputs),
            |inputs, outputs, proof| verify_committed(model.key(), inputs, outputs, proof),
        )?;
        for (mode, figures) in [("public", public), ("committed", committed)] {
            let line = |what: String, value, unit| {
                let case = format!("{case}/weights={mode}/{what}");
                Measurement::new("prove", case, value, unit)
            };
            show(line("prove-cpu".into(), figures.prove_cpu, "ms"));
            show(line("verify-cpu".into(), figures.verify, "ms"));
            show(line("proof".into(), figures.bytes as f64, "B"));
            for (unit, count) in units {
                let each = figures.prove_cpu * 1e6 / *count as f64;
                show(line(format!("per-{unit}"), each, "ns"));
            }
        }
        Ok(())
    }

    /// Shows all figures; returns the computed milliseconds of a proof with committed weights.
    fn measure(&self, inferences: usize, mut show: impl FnMut(Measurement)) -> anyhow::Result<f64> {
        let program = &self.program;
        let first = self.inputs.first().context("a model is shown something")?;
        let inference = inference(program, first, inferences)?;
        let line = |what: &str, value, unit| {
            Measurement::new("prove", format!("{}/{what}", self.case), value, unit)
        };
        let parameters = program.parameter_bytes() as f64;
        show(line("parameters", parameters, "B"));
        show(line("inference", inference * 1e6, "µs"));

        // Inputs differ, for the work of grinding differs from one proof to the next.
        let shown = |proof: usize| -> Vec<Tensor> {
            let inputs = self.inputs.iter().cycle().skip(proof * self.samples);
            inputs.take(self.samples).cloned().collect()
        };
        let inputs: Vec<Vec<Tensor>> = (0..self.proofs).map(shown).collect();
        let public = Figures::of(
            &inputs,
            |inputs| prove(program, inputs),
            |inputs, outputs, proof| verify(program, inputs, outputs, proof),
        )?;
        let outline = Outline::of(program)?;
        let frame = Frame::new(&outline, self.samples).context("too many inferences")?;
        let bits = |committed| -> anyhow::Result<f64> {
            let schemes = Schemes::of(&frame, committed);
            let schemes = schemes.map_err(|error| anyhow!("no commitment scheme: {error}"))?;
            Ok(SecurityReport::of(&frame, &schemes).bits())
        };
        let inference = inference * self.samples as f64;
        for (what, value, unit) in public.lines(bits(false)?, inference) {
            show(line(&format!("weights=public/{what}"), value, unit));
        }

        let (model, spent) = Spent::on(|| CommittedModel::of(program.clone()));
        let model = model?;
        let key = model.key().to_bytes()?;
        show(line("key", key.len() as f64, "B"));
        show(line("weights=committed/key", milliseconds(spent.cpu), "ms"));
        super::meter::forget_peak();
        let committed = Figures::of(
            &inputs,
            |inputs| model.prove(inputs),
            |inputs, outputs, proof| verify_committed(model.key(), inputs, outputs, proof),
        )?;
        if let Some(peak) = super::meter::peak_mib() {
            show(line("weights=committed/peak", peak, "MiB"));
        }
        for (what, value, unit) in committed.lines(bits(true)?, inference) {
            show(line(&format!("weights=committed/{what}"), value, unit));
        }
        Ok(committed.prove_cpu)
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
    /// Medians over a proof for each list of inputs.
    fn of(
        inputs: &[Vec<Tensor>],
        prove: impl Fn(&[Tensor]) -> Result<Proven, ProveError>,
        verify: impl Fn(&[Tensor], &[Tensor], &Proof) -> Result<(), Refused>,
    ) -> anyhow::Result<Self> {
        let (mut cpu, mut wall, mut verifying) = (Vec::new(), Vec::new(), Vec::new());
        let mut length = 0;
        for inputs in inputs {
            let (proven, spent) = Spent::on(|| {
                let Proven { outputs, proof } = prove(inputs)?;
                anyhow::Ok((outputs, proof.to_bytes()?))
            });
            let (outputs, bytes) = proven?;
            length = length.max(bytes.len());
            cpu.push(milliseconds(spent.cpu));
            wall.push(milliseconds(spent.wall));
            let (verified, spent) = Spent::on(|| {
                let proof = Proof::from_bytes(&bytes)?;
                verify(inputs, &outputs, &proof)?;
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

    /// What is shown of proofs with so many bits of soundness, of inferences of so many seconds.
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
