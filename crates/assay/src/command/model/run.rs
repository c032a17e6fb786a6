//! `assay model run`: one inference on this machine, without a market.

use super::{Loaded, load, quantize_one, read_input};
use crate::{
    answer::Answer,
    cli::ModelRun,
    failure::{Done, Ended},
    output::Output,
};
use assay_model::Executor;
use serde_json::json;
use std::time::Instant;

pub(super) fn run(args: &ModelRun, output: &Output) -> Done {
    let Loaded { program, manifest } = load(&args.model)?;
    let input = read_input(&args.input)?;
    let tensor = quantize_one(&manifest, &input, &args.input)?;
    let mut executor = Executor::new(program);
    let start = Instant::now();
    let result = executor.run(&tensor)?;
    let elapsed = start.elapsed();

    let answer = Answer::new(manifest.classify(&result)?, &manifest);
    output.json(&json!({
        "model": manifest.fields().name,
        "input": tensor.id().to_string(),
        "output": result.id().to_string(),
        "answer": answer,
        "microseconds": u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
    }));
    answer.show(output);
    output.blank();
    output.facts([
        ("input", tensor.id().to_string()),
        ("output", result.id().to_string()),
        ("took", format!("{elapsed:.1?}")),
    ]);
    Ok(Ended::Well)
}
