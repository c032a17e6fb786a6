//! Words of `assay infer`.

use super::{
    WalletChoice,
    values::{amount, seconds},
};
use assay_types::{Amount, ProofKeyId};
use clap::{Args, ValueHint};
use std::{path::PathBuf, str::FromStr, time::Duration};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay infer --model digits-lenet --input models/digits/digit-7.png
  assay infer --model digits-mlp --input x.json --check approval
  assay infer --model digits-mlp --input digit-7.png --check proof
  assay infer --model digits-lenet --batch models/digits/test.npz --count 1000

Inputs are PNG images, .npy or .npz arrays, or JSON tensors. They are public:
anyone can read them.

With `proof` one seller delivers the answer and a succinct proof of inference,
and the ledger verifies it: input and output are public, the weights stay with
the seller. The model needs a registered proof key.

With `approval` you are asked on the terminal; without one, or with --json, the
delivery is approved, as silence would.")]
pub(crate) struct Infer {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The model, by name or id
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) model: String,
    /// The input: .png, .npy, .npz or .json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
          required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) input: Option<PathBuf>,
    /// Who decides: `quorum:2of3` (two of three sellers must agree), `proof` (the ledger verifies
    /// one seller's) or `approval` (you)
    #[arg(
        long,
        env = "ASSAY_INFER_CHECK",
        hide_env = true,
        value_name = "CHECK",
        default_value = "quorum:2of3"
    )]
    pub(crate) check: CheckChoice,
    /// The proof key to order under [default: the model's only one]
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<ProofKeyId>,
    /// Most you pay each seller (ASY)
    #[arg(long, env = "ASSAY_INFER_MAX_PRICE", hide_env = true, value_name = "ASY", value_parser = amount,
          default_value = "0.01")]
    pub(crate) max_price: Amount,
    /// Seconds until an order has ended at the latest [default: 28; 60 in a batch]
    #[arg(long, env = "ASSAY_INFER_WITHIN", hide_env = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) within: Option<Duration>,
    /// Buy one inference for each row of `x` in this archive
    #[arg(long, value_name = "FILE.npz", value_hint = ValueHint::FilePath)]
    pub(crate) batch: Option<PathBuf>,
    /// Rows of the batch to buy [default: all]
    #[arg(long, value_name = "N", conflicts_with = "input")]
    pub(crate) count: Option<usize>,
    /// Array of the batch with the true labels [default: `y`]
    #[arg(long, value_name = "ARRAY", conflicts_with = "input")]
    pub(crate) labels: Option<String>,
}

/// How an order is checked, without its deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckChoice {
    /// `agree` of `of` sellers give the same answer.
    Quorum { agree: u8, of: u8 },
    /// The buyer approves.
    Approval,
    /// One seller proves its answer.
    Proof,
}

impl FromStr for CheckChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || {
            format!(
                "`{text}` is no check; use `quorum:2of3`, `quorum:3of4` …, `proof` or `approval`"
            )
        };
        match text {
            "approval" => return Ok(Self::Approval),
            "proof" => return Ok(Self::Proof),
            _ => {}
        }
        let (agree, of) = text
            .strip_prefix("quorum:")
            .and_then(|numbers| numbers.split_once("of"))
            .ok_or_else(malformed)?;
        let (agree, of): (u8, u8) = (
            agree.parse().map_err(|_| malformed())?,
            of.parse().map_err(|_| malformed())?,
        );
        if agree > of || u16::from(agree) * 2 <= u16::from(of) {
            return Err(format!(
                "a quorum of {agree} of {of} decides nothing; more than half of the sellers must \
                 agree, for instance `quorum:2of3`"
            ));
        }
        Ok(Self::Quorum { agree, of })
    }
}
