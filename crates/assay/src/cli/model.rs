//! Words of `assay model`.

use super::WalletChoice;
use assay_model::manifest::Colour;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::{path::PathBuf, str::FromStr};

#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    /// Turn a float ONNX model into an integer program and its manifest
    #[command(after_help = "\
Examples:
  assay model import model.onnx --calibration samples.npz -o my-model/
  assay model import model.onnx --calibration samples.npz --held-out test.npz \\
      --shape 3,48,192 --image 192x48:bgr --pixels symmetric -o my-model/

Writes program.bin, manifest.bin and manifest.json, and reports what the
integers cost in accuracy. An archive holds sample inputs as `x` and,
optionally, their labels as `y`. Real numbers are taken as the model was
trained on them; bytes are the pixels of its pictures, channel by channel. A
softmax at the end is left out: the program's scores are its logits.")]
    Import(ModelImport),
    /// Show a model's layers, shapes and bounds
    #[command(after_help = "\
Examples:
  assay model inspect digits-lenet              a bundled model
  assay model inspect models/digits-lenet       a folder of `model import`
  assay model inspect model.onnx                a float graph, before its import")]
    Inspect(ModelInspect),
    /// Run a model on this machine, without a market
    #[command(after_help = "\
Example:
  assay model run digits-lenet --input models/digits/digit-7.png")]
    Run(ModelRun),
    /// Register a model on the chain, so that sellers can offer it
    #[command(after_help = "\
Example:
  assay model register models/digits-lenet --royalty asy1…=250

A royalty is a share in basis points (1/100 %) of what each settled inference
costs.")]
    Register(ModelRegister),
    /// Register the key that proofs of a model's inferences are verified with
    #[command(after_help = "\
Examples:
  assay model register-key digits-mlp --wallet author
  assay model register-key digits-mlp --wallet author -o digits-mlp.key

The key is made from the registered program; its hash goes to the ledger, signed
by the account that registered the model. From then on orders with `--check
proof` are settled by succinct proofs of inference.")]
    RegisterKey(ModelRegisterKey),
}

#[derive(Debug, Args)]
pub(crate) struct ModelRegisterKey {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The registered model, by name or id
    #[arg(value_name = "NAME|ID")]
    pub(crate) model: String,
    /// Also write the key's bytes to this file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelImport {
    /// The float model
    #[arg(value_name = "ONNX", value_hint = ValueHint::FilePath)]
    pub(crate) onnx: PathBuf,
    /// Sample inputs that choose the scales; never the ones accuracy is measured on later
    #[arg(long, value_name = "NPZ", value_hint = ValueHint::FilePath)]
    pub(crate) calibration: PathBuf,
    /// Other sample inputs, on which the loss of accuracy is measured [default: the same]
    #[arg(long, value_name = "NPZ", value_hint = ValueHint::FilePath)]
    pub(crate) held_out: Option<PathBuf>,
    /// Extents of the input without its batch, where the file leaves them open, e.g. `3,48,192`
    #[arg(long, value_name = "EXTENTS", value_delimiter = ',')]
    pub(crate) shape: Vec<u32>,
    /// Folder to write to
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// The model's name [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The model's version
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub(crate) model_version: String,
    /// SPDX licence expression of the weights
    #[arg(long, value_name = "SPDX", default_value = "MIT")]
    pub(crate) licence: String,
    /// What the model is, in a sentence
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// The input is a picture of this size, e.g. `28x28`, or in colour `32x32:rgb` or
    /// `32x32:bgr`
    /// [default: a picture where the input has one or three maps]
    #[arg(long, value_name = "SIZE")]
    pub(crate) image: Option<ImageSize>,
    /// What the bytes of its pixels stand for
    #[arg(long, value_name = "RANGE", default_value = "unit", requires = "image")]
    pub(crate) pixels: Pixels,
    /// Black and white change places first; for models trained on dark digits on paper
    #[arg(long, requires = "image")]
    pub(crate) invert: bool,
    /// Names of the classes, in order, separated by commas [default: 0, 1, 2 …]
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub(crate) labels: Vec<String>,
}

/// The picture that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) colour: Colour,
}

/// What a picture's bytes stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pixels {
    /// 0 to 1
    Unit,
    /// 0 to 255
    Byte,
    /// −1 to 1
    Symmetric,
}

impl FromStr for ImageSize {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (size, colour) = match text.split_once(':') {
            Some((size, "rgb")) => (size, Colour::Rgb),
            Some((size, "bgr")) => (size, Colour::Bgr),
            _ => (text, Colour::Grey),
        };
        size.split_once('x')
            .and_then(|(width, height)| {
                Some(Self {
                    width: width.parse().ok()?,
                    height: height.parse().ok()?,
                    colour,
                })
            })
            .ok_or_else(|| {
                format!("`{text}` is no picture size; write `28x28`, `32x32:rgb` or `32x32:bgr`")
            })
    }
}

#[derive(Debug, Args)]
pub(crate) struct ModelInspect {
    /// A bundled model's name, a folder, or an ONNX file
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
}

#[derive(Debug, Args)]
pub(crate) struct ModelRun {
    /// A bundled model's name or a folder
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    /// The input: .png, .npy, .npz or .json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) input: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ModelRegister {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Folder with program.bin and manifest.bin
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// A share of the income, in basis points; repeat for more
    #[arg(long = "royalty", value_name = "NAME|ADDRESS=POINTS")]
    pub(crate) royalties: Vec<RoyaltyChoice>,
}

/// One `--royalty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoyaltyChoice {
    /// Who gets it.
    pub(crate) party: assay_types::Party,
    /// How much of it.
    pub(crate) share: assay_types::BasisPoints,
}

impl FromStr for RoyaltyChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (party, share) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` is no share; write an account and its points, e.g. asy1…=250")
        })?;
        let party = party.parse().map_err(|error| format!("{error}"))?;
        let share = share
            .parse()
            .map_err(|_| format!("`{share}` is no number of basis points; 250 is 2.5 %"))?;
        Ok(Self {
            party,
            share: assay_types::BasisPoints::new(share),
        })
    }
}
