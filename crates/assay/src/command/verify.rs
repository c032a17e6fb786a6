//! `assay verify`: checks a proof of inference, without running the model.

use super::{
    model::{Loaded, load},
    prove::{
        answers, frame, ids, inferences, milliseconds, read_inputs, security, show_answers,
        write_tensors,
    },
    receipt::reason,
};
use crate::{
    cli::Verify,
    failure::{Done, Ended, Hint},
    home,
    output::{Output, bad, good},
};
use anyhow::{Context, anyhow};
use assay_model::{Tensor, tensor::TENSOR_BYTES_MAX};
use assay_proof::{
    KEY_BYTES_MAX, Outline, PROOF_FILE_BYTES_MAX, ProofFile, ProofKey, WeightsMode, verify,
    verify_committed,
};
use assay_prover::CommittedModel;
use assay_types::ModelId;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// A file one byte longer is read too, so that it is refused by what reads proof files.
const FILE_BYTES_MAX: u64 = PROOF_FILE_BYTES_MAX as u64 + 1;

/// What the verifier has.
enum Known {
    /// The weights.
    Model(Box<Loaded>, Outline),
    /// A key to them.
    Key(ProofKey),
}

/// Runs the command.
///
/// # Errors
/// When a file cannot be read, model or key are none, or the proof needs the other of them. A proof file that is
/// not one is *refused*, not an error.
pub(super) fn run(args: &Verify, output: &Output) -> Done {
    let known = Known::read(args)?;
    let expected = Expected::read(args, &known)?;
    let bytes = home::read(&args.proof, FILE_BYTES_MAX)?;
    let file = match ProofFile::from_bytes(&bytes) {
        Ok(file) => file,
        Err(error) => return refused(None, &reason(&error), output),
    };
    if known.model() != file.model {
        let other = format!(
            "the proof is about model {}, not about {}",
            file.model,
            known.model()
        );
        return refused(Some(&file), &other, output);
    }
    if let Some(other) = expected.contradiction(&file) {
        return refused(Some(&file), &other, output);
    }
    let key = known.key(&file)?;
    let committed = key.is_some();
    let start = Instant::now();
    let ProofFile {
        inputs,
        outputs,
        proof,
        ..
    } = &file;
    let verified = match (&key, &known) {
        (Some(key), _) => verify_committed(key, inputs, outputs, proof),
        (None, Known::Model(loaded, _)) => verify(&loaded.program, inputs, outputs, proof),
        (None, Known::Key(_)) => unreachable!("who has a key verifies with it"),
    };
    let verify_time = start.elapsed();
    if let Err(error) = verified {
        return refused(Some(&file), &reason(&error), output);
    }

    let frame = frame(known.outline(), inputs.len())?;
    let bits = security(&frame, committed)?.bits();
    if let Some(folder) = &args.tensors {
        write_tensors(&file, folder)?;
    }
    let answers = match &known {
        Known::Model(loaded, _) => answers(&loaded.manifest, outputs)?,
        Known::Key(_) => Vec::new(),
    };
    let proof_bytes = proof.to_bytes()?.len();
    output.json(&json!({
        "model": file.model.to_string(),
        "mode": file.weights.name(),
        "samples": inputs.len(),
        "bytes": proof_bytes,
        "verify_ms": milliseconds(verify_time),
        "security_bits": bits,
        "holds": true,
        "reason": null,
        "inputs": ids(inputs),
        "outputs": ids(outputs),
        "answers": answers,
    }));
    let mut facts = show_answers(&file, &answers, output);
    facts.extend([
        ("model", file.model.to_string()),
        (
            "proof",
            format!("{proof_bytes} bytes of {}", inferences(&file)),
        ),
        ("took", format!("{verify_time:.1?}")),
        ("security", format!("{bits:.1} bits")),
    ]);
    output.facts(facts);
    output.blank();
    output.line(format_args!(
        "{} the model computes {} from {}",
        good("holds:"),
        if outputs.len() == 1 {
            "this output"
        } else {
            "these outputs"
        },
        if inputs.len() == 1 {
            "this input"
        } else {
            "these inputs"
        },
    ));
    Ok(Ended::Well)
}

fn refused(file: Option<&ProofFile>, reason: &str, output: &Output) -> Done {
    output.json(&json!({
        "model": file.map(|file| file.model.to_string()),
        "mode": file.map(|file| file.weights.name()),
        "samples": file.map(|file| file.inputs.len()),
        "bytes": file.and_then(|file| Some(file.proof.to_bytes().ok()?.len())),
        "verify_ms": null,
        "security_bits": null,
        "holds": false,
        "reason": reason,
    }));
    output.line(format_args!("{} {reason}", bad("refused:")));
    Ok(Ended::Badly)
}

impl Known {
    fn read(args: &Verify) -> anyhow::Result<Self> {
        match (&args.model, &args.key) {
            (Some(model), _) => {
                let loaded = load(model)?;
                let outline = Outline::of(&loaded.program)
                    .with_context(|| format!("what {model} computes cannot be proven"))?;
                Ok(Self::Model(Box::new(loaded), outline))
            }
            (None, Some(path)) => {
                let bytes_max = u64::try_from(KEY_BYTES_MAX).unwrap_or(u64::MAX);
                let key = ProofKey::from_bytes(&home::read(path, bytes_max)?)
                    .with_context(|| format!("{} is no proof key", path.display()))
                    .hint(|| "`assay prove` writes the key of a model beside the proof")?;
                Ok(Self::Key(key))
            }
            (None, None) => Err(anyhow!("name the model with --model or its key with --key")),
        }
    }

    fn outline(&self) -> &Outline {
        match self {
            Self::Model(_, outline) => outline,
            Self::Key(key) => &key.outline,
        }
    }

    fn model(&self) -> ModelId {
        self.outline().model()
    }

    /// The key that the proof is verified with; `None` where it is verified with the weights.
    fn key(&self, file: &ProofFile) -> anyhow::Result<Option<ProofKey>> {
        match (file.weights, self) {
            (WeightsMode::Public, Self::Model(..)) => Ok(None),
            (WeightsMode::Public, Self::Key(_)) => Err(anyhow!(
                "this proof is for those who have the model's weights"
            ))
            .hint(|| "name the model with --model, or ask for a proof with committed weights"),
            (WeightsMode::Committed, Self::Key(key)) => Ok(Some(key.clone())),
            // Whoever has the weights needs nobody's word for the key.
            (WeightsMode::Committed, Self::Model(loaded, _)) => {
                let model = CommittedModel::of(loaded.program.clone())?;
                Ok(Some(model.key().clone()))
            }
        }
    }
}

/// What the user says went in and came out; nothing where nothing is said.
struct Expected {
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
}

impl Expected {
    fn read(args: &Verify, known: &Known) -> anyhow::Result<Self> {
        let mut inputs = Vec::new();
        for path in &args.inputs {
            match (tensor(path)?, known) {
                (Some(tensor), _) => inputs.push(tensor),
                (None, Known::Model(loaded, _)) => {
                    let one: [PathBuf; 1] = [path.clone()];
                    inputs.extend(read_inputs(&loaded.manifest, &one)?);
                }
                (None, Known::Key(_)) => {
                    let unknown = Err(anyhow!("{} is no canonical tensor", path.display()));
                    return unknown.hint(|| {
                        "a key does not say how pictures become numbers; name the model with --model"
                    });
                }
            }
        }
        let outputs = args.outputs.iter().map(|path| {
            tensor(path)?
                .with_context(|| format!("{} is no canonical tensor", path.display()))
                .hint(|| "`assay prove --tensors DIR` and deliveries on the market are such files")
        });
        Ok(Self {
            inputs,
            outputs: outputs.collect::<anyhow::Result<_>>()?,
        })
    }

    /// In what the file differs.
    fn contradiction(&self, file: &ProofFile) -> Option<String> {
        for (what, expected, found) in [
            ("input", &self.inputs, &file.inputs),
            ("output", &self.outputs, &file.outputs),
        ] {
            if expected.is_empty() {
                continue;
            }
            if expected.len() != found.len() {
                let (expected, found) = (expected.len(), found.len());
                return Some(format!("the proof has {found} {what}(s), not {expected}"));
            }
            let differs = expected
                .iter()
                .zip(found)
                .position(|(own, other)| own != other);
            if let Some(index) = differs {
                return Some(format!(
                    "{what} {} of the proof is {}, not {}",
                    index + 1,
                    found[index].id().short(),
                    expected[index].id().short(),
                ));
            }
        }
        None
    }
}

/// The canonical tensor in a file, if it holds one.
fn tensor(path: &Path) -> anyhow::Result<Option<Tensor>> {
    // Archives of inputs may be longer than tensors; what reads them says so.
    let bytes_max = u64::try_from(TENSOR_BYTES_MAX.max(assay_model::input::NPZ_BYTES_MAX));
    let bytes = home::read(path, bytes_max.unwrap_or(u64::MAX))?;
    Ok(Tensor::from_bytes(&bytes).ok())
}
