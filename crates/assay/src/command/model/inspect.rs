//! `assay model inspect`: a model's layers, shapes and bounds.

use super::{Loaded, load};
use crate::{
    cli::ModelInspect,
    failure::{Done, Ended},
    home,
    output::{Output, Table},
};
use anyhow::Context;
use assay_model::{manifest::Preprocessing, onnx};
use serde_json::json;
use std::path::Path;

/// Largest ONNX file read.
const ONNX_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Labels shown before the rest is left out.
const LABELS_SHOWN: usize = 12;

pub(super) fn run(args: &ModelInspect, output: &Output) -> Done {
    let path = Path::new(&args.model);
    if path.is_file() {
        return float_graph(path, output);
    }
    let Loaded { program, manifest } = load(&args.model)?;
    let fields = manifest.fields();
    let layers = program.nodes().iter().zip(program.facts());
    output.json(&json!({
        "manifest": manifest.view(),
        "parameter_bytes": program.parameter_bytes(),
        "steps": program.steps(),
        "layers": layers.clone().map(|(op, facts)| json!({
            "op": op.name(),
            "dtype": facts.value.dtype.to_string(),
            "shape": facts.value.shape.dims(),
            "parameter_bytes": op.parameter_bytes(),
            "steps": facts.steps,
            "accumulator_max": facts.accumulator_max,
        })).collect::<Vec<_>>(),
    }));

    let mut facts = vec![
        ("name", format!("{} {}", fields.name, fields.version)),
        ("licence", fields.licence.clone()),
    ];
    if !fields.description.is_empty() {
        facts.push(("about", fields.description.clone()));
    }
    facts.extend([
        ("model", fields.model.to_string()),
        (
            "program",
            format!("{} ({} bytes)", fields.program, fields.program_bytes),
        ),
        ("manifest", manifest.content_id().to_string()),
        ("input", input(&fields.input)),
        (
            "output",
            format!("{}{}", fields.output.value, labels(&fields.output.labels)),
        ),
        ("loss", loss(&fields.loss)),
    ]);
    output.facts(facts);
    output.blank();
    let mut table = Table::new([
        "layer",
        "operator",
        "result",
        ">parameters",
        ">steps",
        ">largest |acc|",
    ]);
    for (index, (op, facts)) in layers.enumerate() {
        table.row([
            (index + 1).to_string(),
            op.name().to_owned(),
            facts.value.to_string(),
            op.parameter_bytes().to_string(),
            facts.steps.to_string(),
            facts
                .accumulator_max
                .map_or_else(|| "-".to_owned(), |max| max.to_string()),
        ]);
    }
    output.table(&table);
    Ok(Ended::Well)
}

fn float_graph(path: &Path, output: &Output) -> Done {
    let graph = onnx::parse(&home::read(path, ONNX_BYTES_MAX)?)
        .with_context(|| format!("cannot read {}", path.display()))?;
    output.json(&json!({ "input": graph.input().dims(), "output": graph.output().dims() }));
    output.facts([
        ("input", format!("float{}", graph.input())),
        ("output", format!("float{}", graph.output())),
    ]);
    output.line("a float graph; `assay model import` makes a program of it");
    Ok(Ended::Well)
}

fn input(spec: &assay_model::manifest::InputSpec) -> String {
    match &spec.preprocessing {
        Preprocessing::Numbers => spec.value.to_string(),
        Preprocessing::Image(image) => {
            format!(
                "{}, a picture of {} × {} pixels",
                spec.value, image.width, image.height
            )
        }
    }
}

fn labels(labels: &[String]) -> String {
    match labels.len() {
        0 => String::new(),
        count if count > LABELS_SHOWN => {
            format!(", labels {} … ({count})", labels[..LABELS_SHOWN].join(" "))
        }
        _ => format!(", labels {}", labels.join(" ")),
    }
}

fn loss(loss: &assay_model::manifest::AccuracyLoss) -> String {
    let agreeing = format!(
        "{} of {} choices as the float original's",
        loss.agreeing, loss.samples
    );
    match loss.correct {
        None => agreeing,
        Some(correct) => {
            format!(
                "{agreeing}; right {} (float) and {} (integers)",
                correct.float, correct.integer
            )
        }
    }
}
