//! `assay model import`: a float ONNX model becomes an integer program and its manifest.

use super::{MANIFEST_FILE, PROGRAM_FILE};
use crate::{
    cli::{ImageSize, ModelImport, Pixels},
    failure::{Done, Ended, Hint},
    home,
    output::{Output, Table, good},
};
use anyhow::{Context, anyhow};
use assay_model::{
    Calibration, Card, Collection, FloatTensor, Imported, Input, Manifest, Shape, import,
    input::{NPZ_BYTES_MAX, decode_npz},
    manifest::{ImagePreprocessing, PixelRange, Preprocessing},
};
use serde_json::json;
use std::path::Path;

/// Most classes that a table tells apart; JSON has all.
const CLASSES_SHOWN: usize = 20;

/// Largest ONNX file read: float weights are four times their int8 size.
const ONNX_BYTES_MAX: u64 = 512 * 1024 * 1024;

pub(super) fn run(args: &ModelImport, output: &Output) -> Done {
    let onnx = home::read(&args.onnx, ONNX_BYTES_MAX)?;
    let calibration = Samples::read(&args.calibration)?;
    let held_out = args.held_out.as_deref().map(Samples::read).transpose()?;
    let shape = match &args.shape[..] {
        [] => None,
        extents => Some(Shape::new(extents).context("--shape is no shape")?),
    };
    let card = Card {
        name: name(args)?,
        version: args.model_version.clone(),
        licence: args.licence.clone(),
        description: args.description.clone(),
        preprocessing: args.image.map(|image| preprocessing(image, args)),
        labels: args.labels.clone(),
        input: shape,
    };
    let calibration = Calibration {
        samples: calibration.collection(),
        held_out: held_out.as_ref().map(Samples::collection),
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

fn preprocessing(size: ImageSize, args: &ModelImport) -> Preprocessing {
    Preprocessing::Image(ImagePreprocessing {
        invert: args.invert,
        range: match args.pixels {
            Pixels::Unit => PixelRange::Unit,
            Pixels::Byte => PixelRange::Byte,
            Pixels::Symmetric => PixelRange::Symmetric,
        },
        ..ImagePreprocessing::unit(size.width, size.height, size.colour)
    })
}

/// An archive of sample inputs.
struct Samples {
    inputs: Input,
    classes: Option<FloatTensor>,
}

impl Samples {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes_max = u64::try_from(NPZ_BYTES_MAX).unwrap_or(u64::MAX);
        let archive = home::read(path, bytes_max)?;
        let inputs = decode_npz(&archive, Some("x"))
            .with_context(|| format!("cannot read array `x` of {}", path.display()))
            .hint(|| "the archive holds sample inputs as `x`: numpy.savez(file, x=…, y=…)")?;
        let classes = match decode_npz(&archive, Some("y")) {
            Ok(Input::Reals(classes)) => Some(classes),
            Ok(Input::Bytes { shape, data }) => {
                let classes = data.into_iter().map(f64::from).collect();
                Some(FloatTensor::new(shape, classes)?)
            }
            Ok(Input::Image(_)) | Err(_) => None,
        };
        Ok(Self { inputs, classes })
    }

    fn collection(&self) -> Collection<'_> {
        Collection {
            inputs: &self.inputs,
            classes: self.classes.as_ref(),
        }
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
        "held_out": report.held_out,
        "without_softmax": report.without_softmax,
        "classes": report.classes.iter().map(|class| json!({
            "class": class.class,
            "label": label(manifest, class.class),
            "samples": class.samples,
            "agreeing": class.agreeing,
            "float_correct": class.float_correct,
            "integer_correct": class.integer_correct,
        })).collect::<Vec<_>>(),
        "layers": report.layers.iter().map(|layer| json!({
            "name": layer.name,
            "op": layer.op,
            "shape": layer.shape.dims(),
            "weight_fraction_bits": layer.weight_fraction_bits.map(|(fewest, _)| fewest),
            "weight_fraction_bits_max": layer.weight_fraction_bits.map(|(_, most)| most),
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
            or_dash(layer.weight_fraction_bits.map(|bits| match bits {
                (fewest, most) if fewest == most => fewest.to_string(),
                (fewest, most) => format!("{fewest} … {most}"),
            })),
            layer.fraction_bits.to_string(),
            or_dash(layer.accumulator_max.map(|max| max.to_string())),
        ]);
    }
    output.table(&table);
    output.blank();
    let kind = if report.held_out {
        "held-out samples"
    } else {
        "samples"
    };
    let share = |count: u32| format!("{count} of {} {kind}", report.samples);
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
    if report.without_softmax {
        facts.push((
            "scores",
            "logits: the softmax at the end is left out".to_owned(),
        ));
    }
    output.facts(facts);
    output.blank();
    if !report.classes.is_empty() && report.classes.len() <= CLASSES_SHOWN {
        let mut table = Table::new([
            "class",
            ">samples",
            ">agreeing",
            ">float right",
            ">integers right",
        ]);
        for class in &report.classes {
            table.row([
                label(manifest, class.class),
                class.samples.to_string(),
                class.agreeing.to_string(),
                class.float_correct.to_string(),
                class.integer_correct.to_string(),
            ]);
        }
        output.table(&table);
        output.blank();
    }
    output.line(format_args!("{} {}", good("written:"), folder.display()));
}

/// What the model calls a class.
fn label(manifest: &Manifest, class: u32) -> String {
    let labels = &manifest.fields().output.labels;
    let label = usize::try_from(class).ok().and_then(|at| labels.get(at));
    label.cloned().unwrap_or_else(|| class.to_string())
}
