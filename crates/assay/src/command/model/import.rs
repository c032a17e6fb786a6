//! `assay model import`: a float ONNX model becomes an integer program and its manifest.

use super::{MANIFEST_FILE, PROGRAM_FILE};
use crate::{
    cli::{ImageSize, ModelImport},
    failure::{Done, Ended, Hint},
    home,
    output::{Output, Table, good},
};
use anyhow::{Context, anyhow};
use assay_model::{
    Calibration, Card, FloatTensor, Imported, Input, import,
    input::{NPZ_BYTES_MAX, decode_npz},
    manifest::{Colour, ImagePreprocessing, Preprocessing},
};
use serde_json::json;
use std::path::Path;

/// Largest ONNX file read: float weights are four times their int8 size.
const ONNX_BYTES_MAX: u64 = 512 * 1024 * 1024;

pub(super) fn run(args: &ModelImport, output: &Output) -> Done {
    let onnx = home::read(&args.onnx, ONNX_BYTES_MAX)?;
    let archive = home::read(
        &args.calibration,
        u64::try_from(NPZ_BYTES_MAX).unwrap_or(u64::MAX),
    )?;
    let inputs = array(&archive, "x")
        .with_context(|| format!("cannot read array `x` of {}", args.calibration.display()))
        .hint(|| "the archive holds sample inputs as `x`: numpy.savez(file, x=…, y=…)")?;
    let classes = array(&archive, "y").ok();
    let card = Card {
        name: name(args)?,
        version: args.model_version.clone(),
        licence: args.licence.clone(),
        description: args.description.clone(),
        preprocessing: args.image.map(|image| preprocessing(image, args.invert)),
        labels: args.labels.clone(),
    };
    let calibration = Calibration {
        inputs: &inputs,
        classes: classes.as_ref(),
    };

    let spinner = output.spinner("calibrating");
    let imported = import(&onnx, calibration, card)
        .with_context(|| format!("cannot import {}", args.onnx.display()));
    spinner.finish_and_clear();
    let imported = imported?;

    let Imported {
        program, manifest, ..
    } = &imported;
    home::write(&args.out.join(PROGRAM_FILE), &program.to_bytes())?;
    home::write(&args.out.join(MANIFEST_FILE), &manifest.to_bytes())?;
    home::write(
        &args.out.join("manifest.json"),
        manifest.view().to_json().as_bytes(),
    )?;
    report(&imported, &args.out, output);
    Ok(Ended::Well)
}

/// The given name, or the folder's.
fn name(args: &ModelImport) -> anyhow::Result<String> {
    let folder = || {
        args.out
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    args.name
        .clone()
        .or_else(folder)
        .ok_or_else(|| anyhow!("{} gives the model no name", args.out.display()))
        .hint(|| "name it with --name")
}

fn preprocessing(ImageSize { width, height, rgb }: ImageSize, invert: bool) -> Preprocessing {
    let colour = if rgb { Colour::Rgb } else { Colour::Grey };
    Preprocessing::Image(ImagePreprocessing {
        invert,
        ..ImagePreprocessing::unit(width, height, colour)
    })
}

fn array(archive: &[u8], name: &str) -> anyhow::Result<FloatTensor> {
    match decode_npz(archive, Some(name))? {
        Input::Reals(array) => Ok(array),
        Input::Bytes { shape, data } => {
            // Calibration wants numbers as the model was trained on them.
            let numbers = data.into_iter().map(f64::from).collect();
            Ok(FloatTensor::new(shape, numbers)?)
        }
        Input::Image(_) => Err(anyhow!("array `{name}` is no array of numbers")),
    }
}

fn report(imported: &Imported, folder: &Path, output: &Output) {
    let Imported {
        program,
        manifest,
        report,
    } = imported;
    output.json(&json!({
        "folder": folder,
        "manifest": manifest.view(),
        "max_abs_error": report.max_abs_error,
        "layers": report.layers.iter().map(|layer| json!({
            "name": layer.name,
            "op": layer.op,
            "shape": layer.shape.dims(),
            "weight_fraction_bits": layer.weight_fraction_bits,
            "fraction_bits": layer.fraction_bits,
            "accumulator_max": layer.accumulator_max,
        })).collect::<Vec<_>>(),
    }));

    let mut table = Table::new([
        "layer",
        "operator",
        "result",
        ">weight bits",
        ">value bits",
        ">largest |acc|",
    ]);
    for layer in &report.layers {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        table.row([
            layer.name.clone(),
            layer.op.to_owned(),
            layer.shape.to_string(),
            or_dash(layer.weight_fraction_bits.map(|bits| bits.to_string())),
            layer.fraction_bits.to_string(),
            or_dash(layer.accumulator_max.map(|max| max.to_string())),
        ]);
    }
    output.table(&table);
    output.blank();
    let share = |count: u32| format!("{count} of {} samples", report.samples);
    let mut facts = vec![
        ("model", program.model_id().to_string()),
        (
            "weights",
            format!(
                "{} bytes, {} steps an inference",
                report.parameter_bytes, report.steps
            ),
        ),
        (
            "agreement",
            format!(
                "{}: float and integers choose the same",
                share(report.agreeing)
            ),
        ),
    ];
    if let (Some(float), Some(integer)) = (report.float_correct, report.integer_correct) {
        facts.push((
            "right",
            format!("float {}, integers {}", share(float), share(integer)),
        ));
    }
    facts.push((
        "error",
        format!(
            "{:.4} on average, {:.4} at most",
            report.mean_abs_error, report.max_abs_error
        ),
    ));
    output.facts(facts);
    output.blank();
    output.line(format_args!("{} {}", good("written:"), folder.display()));
}
