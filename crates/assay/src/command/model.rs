//! `assay model import|inspect|run|register|register-key`.

mod import;
mod inspect;
mod register;
pub(crate) mod register_key;
mod run;

use crate::{
    cli::{Globals, Model},
    failure::{Done, Hint},
    home,
    output::Output,
};
use anyhow::{Context, anyhow};
use assay_model::{
    Input, Manifest, Program, Tensor, bundled,
    input::{self, NPZ_BYTES_MAX},
    manifest::MANIFEST_BYTES_MAX,
    program::PROGRAM_BYTES_MAX,
};
use std::path::Path;

/// The canonical program in a model's folder.
pub(crate) const PROGRAM_FILE: &str = "program.bin";
/// The canonical manifest in a model's folder.
const MANIFEST_FILE: &str = "manifest.bin";

/// Runs the command.
///
/// # Errors
/// What the subcommand could not do.
pub(crate) async fn run(command: &Model, globals: &Globals, output: &Output) -> Done {
    match command {
        Model::Import(args) => import::run(args, output),
        Model::Inspect(args) => inspect::run(args, output),
        Model::Run(args) => run::run(args, output),
        Model::Register(args) => register::run(args, globals, output).await,
        Model::RegisterKey(args) => register_key::run(args, globals, output).await,
    }
}

/// A program and what describes it.
pub(crate) struct Loaded {
    pub(crate) program: Program,
    pub(crate) manifest: Manifest,
}

/// A bundled model by name, or the model in a folder.
///
/// # Errors
/// When there is neither, or the folder's files are refused.
pub(crate) fn load(model: &str) -> anyhow::Result<Loaded> {
    if let Some(found) = bundled::find(model) {
        return Ok(Loaded {
            program: found.program(),
            manifest: found.manifest(),
        });
    }
    let folder = Path::new(model);
    if !folder.is_dir() {
        let names: Vec<_> = bundled::bundled()
            .iter()
            .map(|model| model.name())
            .collect();
        return Err(anyhow!("`{model}` is neither a bundled model nor a folder")).hint(|| {
            format!(
                "bundled are {}; `assay model import` makes a folder",
                names.join(", ")
            )
        });
    }
    load_folder(folder)
}

/// The model in a folder.
///
/// # Errors
/// When its files cannot be read, are not canonical, or do not belong together.
pub(crate) fn load_folder(folder: &Path) -> anyhow::Result<Loaded> {
    let read = |name: &str, bytes_max: usize| {
        let path = folder.join(name);
        let bytes_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        home::read(&path, bytes_max).hint(|| {
            format!("a model's folder has {PROGRAM_FILE} and {MANIFEST_FILE}; `assay model import` writes both")
        })
    };
    let program = Program::from_bytes(&read(PROGRAM_FILE, PROGRAM_BYTES_MAX)?)
        .with_context(|| format!("{} is refused", folder.join(PROGRAM_FILE).display()))?;
    let manifest = Manifest::from_bytes(&read(MANIFEST_FILE, MANIFEST_BYTES_MAX)?)
        .with_context(|| format!("{} is refused", folder.join(MANIFEST_FILE).display()))?;
    manifest
        .check_program(&program)
        .with_context(|| format!("the files in {} do not belong together", folder.display()))?;
    Ok(Loaded { program, manifest })
}

/// Reads an input of any format.
///
/// # Errors
/// When the file cannot be read or decoded; both name it.
pub(crate) fn read_input(path: &Path) -> anyhow::Result<Input> {
    // The largest of the formats' limits; each decoder applies its own.
    let bytes = home::read(path, u64::try_from(NPZ_BYTES_MAX).unwrap_or(u64::MAX))?;
    input::decode(&bytes).with_context(|| format!("cannot read the input {}", path.display()))
}

/// The one tensor that `input` holds for the model of `manifest`.
///
/// # Errors
/// When it has another size or shape, is not finite, or holds several.
pub(crate) fn quantize_one(
    manifest: &Manifest,
    input: &Input,
    path: &Path,
) -> anyhow::Result<Tensor> {
    let name = &manifest.fields().name;
    let mut tensors = manifest
        .quantize_input(input)
        .with_context(|| format!("{} is no input of {name}", path.display()))?;
    match (tensors.pop(), tensors.len()) {
        (Some(tensor), 0) => Ok(tensor),
        (_, more) => Err(anyhow!(
            "{} holds {} inputs of {name}, one is needed",
            path.display(),
            more + 1
        ))
        .hint(|| "`assay infer --batch` buys one inference for each"),
    }
}
