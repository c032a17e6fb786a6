//! Words of `assay prove` and `assay verify`.

use super::values::size;
use assay_proof::WeightsMode;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay prove digits-lenet models/digits/digit-7.png
  assay prove digits-mlp a.png b.png c.png --weights public -o three.bin
  assay prove my-model/ x.npz --report --memory-max 4GiB

Writes one file: what went in, what came out, and a succinct proof of
inference, that the model computes the one from the other. `assay verify` checks
it anywhere, without running the model.

Whoever has the file reads inputs and outputs, and learns evaluations of the
model's activations, and of its weights where they are committed, at random
points. Committed weights stay with you: a verifier needs their key, which is
the same for all proofs of a model. Nothing in a key shows which weights it
commits to, so a verifier without them gets it from somebody it trusts.")]
pub(crate) struct Prove {
    /// A bundled model's name or a folder
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    /// What it is shown: .png, .npy, .npz or .json; all in one proof, at most 256
    #[arg(value_name = "INPUT", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Where to write the proof and what it states
    #[arg(short, long, value_name = "FILE", default_value = "proof.bin", value_hint = ValueHint::FilePath)]
    pub(crate) out: PathBuf,
    /// What a verifier has: a key to the weights (`committed`) or the weights (`public`)
    #[arg(
        long,
        value_enum,
        default_value = "committed",
        value_name = "MODE",
        hide_possible_values = true
    )]
    pub(crate) weights: WeightsChoice,
    /// Where to write the key [default: key.bin beside the proof]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key_out: Option<PathBuf>,
    /// Also write inputs and outputs as canonical tensors here
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) tensors: Option<PathBuf>,
    /// Print how sound the proof is, term by term
    #[arg(long)]
    pub(crate) report: bool,
    /// Refuse what would take more memory, e.g. `4GiB` [default: what is free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory_max: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay verify proof.bin --key key.bin
  assay verify proof.bin --model digits-lenet --input models/digits/digit-7.png

The file says what went in and what came out; the check says whether the model
computes the one from the other. Make sure that it is your input: name it
with --input, or compare the ids that are printed. Get the key from somebody
you trust, not from whoever gave you the proof, or make it from the model with
--model. Exit code 0 means that the proof holds, 1 that it is refused.")]
pub(crate) struct Verify {
    /// The proof and what it states
    #[arg(value_name = "PROOF", value_hint = ValueHint::FilePath)]
    pub(crate) proof: PathBuf,
    /// The model: a bundled one's name or a folder
    #[arg(
        long,
        value_name = "MODEL",
        required_unless_present = "key",
        conflicts_with = "key"
    )]
    pub(crate) model: Option<String>,
    /// The model's key, where you have no weights
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Option<PathBuf>,
    /// What must have gone in, in order: as for `assay prove`, or canonical tensors
    #[arg(long = "input", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) inputs: Vec<PathBuf>,
    /// What must have come out, in order: canonical tensors
    #[arg(long = "output", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) outputs: Vec<PathBuf>,
    /// Write inputs and outputs as canonical tensors here, if the proof holds
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) tensors: Option<PathBuf>,
}

/// What verifiers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WeightsChoice {
    /// The weights
    Public,
    /// A key that commits to them
    Committed,
}

impl WeightsChoice {
    /// As proof files say it.
    pub(crate) fn mode(self) -> WeightsMode {
        match self {
            Self::Public => WeightsMode::Public,
            Self::Committed => WeightsMode::Committed,
        }
    }
}
