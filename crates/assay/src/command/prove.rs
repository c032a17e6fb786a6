//! `assay prove`: runs a model on this machine and proves what it answers.

mod memory;
mod report;

pub(super) use report::security;

use super::model::{Loaded, load, read_input};
use crate::{
    answer::Answer,
    cli::{Prove, WeightsChoice},
    failure::{Done, Ended, Hint},
    home,
    output::{Output, Table, good},
    words,
};
use anyhow::{Context, anyhow};
use assay_model::{Manifest, Program, Tensor};
use assay_proof::{
    Frame, Outline, ProofFile, ProofKey, Refused, SAMPLES_MAX, WeightsMode, verify,
    verify_committed,
};
use assay_prover::{
    CommittedModel, Observer, Progress, ProveError, Proven, Step, memory_bytes, prove_observed,
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The key's file, beside the proof.
const KEY_FILE: &str = "key.bin";

/// Runs the command.
///
/// # Errors
/// When the model has no proofs, an input is none of the model's, memory would not suffice, or a file cannot be
/// written.
pub(super) fn run(args: &Prove, output: &Output) -> Done {
    if args.weights == WeightsChoice::Public && args.key_out.is_some() {
        return Err(anyhow!("a proof with public weights has no key"))
            .hint(|| "leave --key-out away, or use `--weights committed`");
    }
    let Loaded { program, manifest } = load(&args.model)?;
    let name = &manifest.fields().name;
    let inputs = read_inputs(&manifest, &args.inputs)?;
    let outline =
        Outline::of(&program).with_context(|| format!("what {name} computes cannot be proven"))?;
    let frame = frame(&outline, inputs.len())?;
    let mode = args.weights.mode();
    let committed = mode == WeightsMode::Committed;
    let memory_bytes = u64::try_from(memory_bytes(&frame, committed)).unwrap_or(u64::MAX);
    memory::check(memory_bytes, args.memory_max, inputs.len(), name)?;
    output.note(format_args!(
        "proving takes about {} of memory",
        words::bytes(memory_bytes)
    ));

    let made = make(&program, committed, &inputs, output);
    let made = made.with_context(|| format!("cannot prove what {name} computes"))?;
    let file = ProofFile {
        weights: mode,
        model: program.model_id(),
        inputs,
        outputs: made.proven.outputs,
        proof: made.proven.proof,
    };
    // A proof that does not hold is a fault of this program; nobody else shall be the one to find it.
    let start = Instant::now();
    holds(&file, &program, made.key.as_ref()).context("the proof that was made does not hold")?;
    let verify_time = start.elapsed();
    let bytes = file.to_bytes()?;
    home::write(&args.out, &bytes)?;
    let key = match &made.key {
        Some(key) => {
            let path = args.key_out.clone();
            let path = path.unwrap_or_else(|| args.out.with_file_name(KEY_FILE));
            let bytes = key.to_bytes()?;
            home::write(&path, &bytes)?;
            Some((path, bytes.len(), key.id()?))
        }
        None => None,
    };
    if let Some(folder) = &args.tensors {
        write_tensors(&file, folder)?;
    }

    let report = security(&frame, committed)?;
    let proof_bytes = file.proof.to_bytes()?.len();
    let answers = answers(&manifest, &file.outputs)?;
    output.json(&json!({
        "model": file.model.to_string(),
        "name": name,
        "mode": mode.name(),
        "samples": file.inputs.len(),
        "bytes": proof_bytes,
        "file": args.out,
        "file_bytes": bytes.len(),
        "key_file": key.as_ref().map(|(path, ..)| path),
        "key_bytes": key.as_ref().map(|(_, bytes, _)| bytes),
        "key": key.as_ref().map(|(.., id)| id.to_string()),
        "memory_bytes": memory_bytes,
        "key_ms": made.key_time.map(milliseconds),
        "prove_ms": milliseconds(made.prove_time),
        "verify_ms": milliseconds(verify_time),
        "security_bits": report.bits(),
        "holds": true,
        "reason": null,
        "inputs": ids(&file.inputs),
        "outputs": ids(&file.outputs),
        "answers": answers,
        "report": args.report.then(|| report::view(&frame, committed, &report)),
    }));
    let mut facts = show_answers(&file, &answers, output);
    facts.extend([
        ("model", file.model.to_string()),
        (
            "proof",
            format!(
                "{proof_bytes} bytes of {}, in {}",
                inferences(&file),
                args.out.display()
            ),
        ),
    ]);
    if let Some((path, bytes, _)) = &key {
        facts.push(("key", format!("{bytes} bytes, in {}", path.display())));
    }
    facts.extend([
        (
            "took",
            format!(
                "{:.1?} to prove, {verify_time:.1?} to verify",
                made.prove_time
            ),
        ),
        ("security", format!("{:.1} bits", report.bits())),
    ]);
    output.facts(facts);
    if args.report {
        output.blank();
        report::show(&frame, committed, &report, output);
    }
    output.blank();
    let with = match &key {
        Some((path, ..)) => format!("--key {}", path.display()),
        None => format!("--model {}", args.model),
    };
    output.line(format_args!(
        "{} check it: assay verify {} {with}",
        good("proven:"),
        args.out.display(),
    ));
    Ok(Ended::Well)
}

/// A proof with what it took.
struct Made {
    proven: Proven,
    prove_time: Duration,
    key: Option<ProofKey>,
    key_time: Option<Duration>,
}

fn make(
    program: &Program,
    committed: bool,
    inputs: &[Tensor],
    output: &Output,
) -> Result<Made, ProveError> {
    let spinner = output.spinner("proving");
    let steps = match committed {
        true => Step::ALL.len(),
        false => Step::ALL.len() - 1,
    };
    let mut observer = |progress: Progress| spinner.set_message(message(progress, steps));
    let observer: &mut Observer<'_> = &mut observer;
    let mut made = || {
        if !committed {
            let start = Instant::now();
            let proven = prove_observed(program, inputs, observer)?;
            return Ok(Made {
                proven,
                prove_time: start.elapsed(),
                key: None,
                key_time: None,
            });
        }
        spinner.set_message("committing to weights");
        let start = Instant::now();
        let model = CommittedModel::of(program.clone())?;
        let key_time = Some(start.elapsed());
        let start = Instant::now();
        let proven = model.prove_observed(inputs, observer)?;
        Ok(Made {
            proven,
            prove_time: start.elapsed(),
            key: Some(model.key().clone()),
            key_time,
        })
    };
    let made: Result<Made, ProveError> = made();
    spinner.finish_and_clear();
    made
}

/// `products 3/12 (step 4 of 9)`; nobody opens weights that are public.
fn message(Progress { step, done, total }: Progress, steps: usize) -> String {
    let before = Step::ALL.iter().take_while(|other| **other != step);
    let number = before.count() + 1;
    let parts = match total {
        0 | 1 => String::new(),
        _ => format!(" {done}/{total}"),
    };
    format!("{}{parts} (step {number} of {steps})", step.name())
}

/// The frame of a proof of so many inferences.
///
/// # Errors
/// When they are none or too many.
pub(super) fn frame(outline: &Outline, samples: usize) -> anyhow::Result<Frame<'_>> {
    Frame::new(outline, samples)
        .with_context(|| {
            format!("a proof is about 1 to {SAMPLES_MAX} inferences; these are {samples}")
        })
        .hint(|| "make several proofs")
}

/// Whether what a file states holds, for whoever has the program and, where weights are committed, the key.
///
/// # Errors
/// [`Refused`].
pub(super) fn holds(
    file: &ProofFile,
    program: &Program,
    key: Option<&ProofKey>,
) -> Result<(), Refused> {
    let ProofFile {
        inputs,
        outputs,
        proof,
        ..
    } = file;
    match key {
        Some(key) => verify_committed(key, inputs, outputs, proof),
        None => verify(program, inputs, outputs, proof),
    }
}

/// All tensors that files hold for a model.
///
/// # Errors
/// When a file cannot be read, or is no input of the model; both name it.
pub(super) fn read_inputs(manifest: &Manifest, paths: &[PathBuf]) -> anyhow::Result<Vec<Tensor>> {
    let mut tensors = Vec::with_capacity(paths.len());
    for path in paths {
        let input = read_input(path)?;
        let found = manifest.quantize_input(&input).with_context(|| {
            let name = &manifest.fields().name;
            format!("{} is no input of {name}", path.display())
        })?;
        tensors.extend(found);
    }
    Ok(tensors)
}

/// What a model's outputs mean.
///
/// # Errors
/// When they are none of the model's.
pub(super) fn answers(manifest: &Manifest, outputs: &[Tensor]) -> anyhow::Result<Vec<Answer>> {
    let answers = outputs.iter().map(|output| {
        let classification = manifest.classify(output)?;
        Ok(Answer::new(classification, manifest))
    });
    answers.collect()
}

/// Shows one answer whole, several as a table; what is left to say of one is given back.
pub(super) fn show_answers(
    file: &ProofFile,
    answers: &[Answer],
    output: &Output,
) -> Vec<(&'static str, String)> {
    if let ([input], [result]) = (&file.inputs[..], &file.outputs[..]) {
        if let [answer] = answers {
            answer.show(output);
            output.blank();
        }
        return vec![
            ("input", input.id().to_string()),
            ("output", result.id().to_string()),
        ];
    }
    let labels = answers.iter().map(|answer| answer.label.clone());
    let mut labels = labels.peekable();
    let mut headings = vec![">", "input", "output"];
    if labels.peek().is_some() {
        headings.push("label");
    }
    let mut table = Table::new(headings);
    for (index, (input, result)) in file.inputs.iter().zip(&file.outputs).enumerate() {
        let ids = [
            (index + 1).to_string(),
            input.id().short(),
            result.id().short(),
        ];
        table.row(ids.into_iter().chain(labels.next()));
    }
    output.table(&table);
    output.blank();
    Vec::new()
}

/// Writes each inference's tensors in canonical bytes.
///
/// # Errors
/// When one cannot be written.
pub(super) fn write_tensors(file: &ProofFile, folder: &Path) -> anyhow::Result<()> {
    for (what, tensors) in [("input", &file.inputs), ("output", &file.outputs)] {
        for (index, tensor) in tensors.iter().enumerate() {
            let name = format!("{what}-{}.tensor", index + 1);
            home::write(&folder.join(name), &tensor.to_bytes())?;
        }
    }
    Ok(())
}

/// `1 inference` or `3 inferences`.
pub(super) fn inferences(file: &ProofFile) -> String {
    match file.inputs.len() {
        1 => "1 inference".to_owned(),
        some => format!("{some} inferences"),
    }
}

/// The ids of tensors.
pub(super) fn ids(tensors: &[Tensor]) -> Vec<String> {
    tensors
        .iter()
        .map(|tensor| tensor.id().to_string())
        .collect()
}

/// Milliseconds with a fraction.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
