//! Suite `prove`: what a proof of inference costs its seller, and what checking it costs everybody else.
//!
//! From the input to the proof's bytes and back, on one thread; the verifier knows the weights
//! (`weights=public`). The overhead is the proof's computed time over that of the inference alone.

use super::{Measurement, median, meter::Spent};
use anyhow::{Context, anyhow};
use assay_model::{Executor, Program, Tensor, bundled, bundled::digit_images, input::decode};
use assay_proof::{Outline, Proof, SecurityReport, commitment::Scheme, verify};
use assay_prover::prove;

/// What a case is called, and its model.
const CASES: [(&str, &str); 1] = [("mlp", "digits-mlp")];
/// Proofs of each, of which the median counts.
const PROOFS: usize = 15;
/// Inferences of each, of which the median counts.
const INFERENCES: usize = 2_000;

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let (proofs, inferences) = if smoke { (1, 1) } else { (PROOFS, INFERENCES) };
    let image = digit_images().first().context("no digit is bundled")?;
    for (case, model) in CASES {
        let found = bundled::find(model).with_context(|| format!("{model} is not bundled"))?;
        let inputs = found.manifest().quantize_input(&decode(image.png)?)?;
        let input = inputs.first().context("a picture has one input")?;
        let figures = Figures::of(&found.program(), input, proofs, inferences)?;
        figures.lines(case).into_iter().for_each(&mut show);
    }
    Ok(())
}

/// What one model's proofs take. Times in seconds.
struct Figures {
    prove_cpu: f64,
    prove_wall: f64,
    verify: f64,
    bytes: usize,
    security_bits: f64,
    inference: f64,
}

impl Figures {
    fn of(
        program: &Program,
        input: &Tensor,
        proofs: usize,
        inferences: usize,
    ) -> anyhow::Result<Self> {
        let (mut cpu, mut wall, mut verifying) = (Vec::new(), Vec::new(), Vec::new());
        let mut bytes = Vec::new();
        for _ in 0..proofs {
            let (proven, spent) = Spent::on(|| {
                let proven = prove(program, input)?;
                let bytes = proven.proof.to_bytes()?;
                anyhow::Ok((proven.output, bytes))
            });
            let (output, written) = proven?;
            bytes = written;
            cpu.push(spent.cpu.as_secs_f64());
            wall.push(spent.wall.as_secs_f64());
            let (verified, spent) = Spent::on(|| {
                let proof = Proof::from_bytes(&bytes)?;
                verify(program, input, &output, &proof)?;
                anyhow::Ok(())
            });
            verified?;
            verifying.push(spent.cpu.as_secs_f64());
        }
        let mut executor = Executor::new(program.clone());
        let mut running = Vec::with_capacity(inferences);
        for _ in 0..inferences {
            let (ran, spent) = Spent::on(|| executor.run(input));
            ran?;
            running.push(spent.wall.as_secs_f64());
        }
        let outline = Outline::of(program)?;
        let scheme = Scheme::of(&outline).transpose();
        let scheme = scheme.map_err(|error| anyhow!("no commitment scheme: {error}"))?;
        Ok(Self {
            prove_cpu: median(&mut cpu),
            prove_wall: median(&mut wall),
            verify: median(&mut verifying),
            bytes: bytes.len(),
            security_bits: SecurityReport::of(&outline, scheme.as_ref()).bits(),
            inference: median(&mut running),
        })
    }

    fn lines(&self, case: &str) -> Vec<Measurement> {
        let line = |what: &str, value: f64, unit| {
            let case = format!("{case}/weights=public/{what}");
            Measurement::new("prove", case, value, unit)
        };
        vec![
            line("prove-cpu", self.prove_cpu * 1e3, "ms"),
            line("prove-wall", self.prove_wall * 1e3, "ms"),
            line("verify-cpu", self.verify * 1e3, "ms"),
            line("proof", self.bytes as f64, "B"),
            line("security", self.security_bits, "bits"),
            line("inference", self.inference * 1e6, "µs"),
            line("overhead", self.prove_cpu / self.inference, "×"),
        ]
    }
}
