//! How sound a proof is, term by term, and how large what it commits to is.

use crate::output::{Output, Table};
use anyhow::anyhow;
use assay_proof::{
    Frame, SecurityReport,
    commitment::{GRINDING_BITS_MAX, Schemes, column_tables, stacks},
    field::{EXTENSION_BITS, EXTENSION_DEGREE},
    outline::ParameterTable,
    security::REGIME,
};
use serde_json::{Value, json};

/// The base field's name.
const FIELD: &str = "KoalaBear";

/// The soundness of proofs in `frame`.
///
/// # Errors
/// When nothing of these sizes can be committed to.
pub(crate) fn security(frame: &Frame<'_>, committed: bool) -> anyhow::Result<SecurityReport> {
    let schemes = Schemes::of(frame, committed)
        .map_err(|error| anyhow!("no commitment has the sizes of this program: {error}"))?;
    Ok(SecurityReport::of(frame, &schemes))
}

/// A commitment: numbers that are committed to, and the size they are padded to.
struct Size {
    cells: usize,
    padded: usize,
}

impl Size {
    fn of(cells: usize) -> Self {
        Self {
            cells,
            padded: cells.next_power_of_two(),
        }
    }

    fn view(&self) -> Value {
        json!({ "cells": self.cells, "padded": self.padded })
    }

    fn text(&self) -> String {
        format!("{} numbers, as 2^{}", self.cells, self.padded.ilog2())
    }
}

fn columns(frame: &Frame<'_>) -> Option<Size> {
    let tables = column_tables(frame).into_iter();
    let cells: usize = tables.map(|table| table.columns << table.variables).sum();
    (cells > 0).then(|| Size::of(cells))
}

fn weights(frame: &Frame<'_>, committed: bool) -> Vec<Size> {
    if !committed {
        return Vec::new();
    }
    let cells = |stack: &Vec<ParameterTable>| stack.iter().map(|table| 1 << table.variables).sum();
    let stacks = stacks(frame.outline);
    stacks.iter().map(|stack| Size::of(cells(stack))).collect()
}

/// The report for programs.
pub(super) fn view(frame: &Frame<'_>, committed: bool, report: &SecurityReport) -> Value {
    let terms = report.terms().iter();
    json!({
        "bits": report.bits(),
        "terms": terms
            .map(|term| json!({ "what": term.what, "bits": term.bits }))
            .collect::<Vec<_>>(),
        "field": FIELD,
        "extension_degree": EXTENSION_DEGREE,
        "extension_bits": EXTENSION_BITS,
        "regime": REGIME,
        "grinding_bits_max": GRINDING_BITS_MAX,
        "columns": columns(frame).map(|size| size.view()),
        "weights": weights(frame, committed).iter().map(Size::view).collect::<Vec<_>>(),
    })
}

/// The report for people.
pub(super) fn show(frame: &Frame<'_>, committed: bool, report: &SecurityReport, output: &Output) {
    let none = || "none".to_owned();
    let mut facts = vec![
        (
            "field",
            format!(
                "{FIELD}; challenges from its extension of degree {EXTENSION_DEGREE}, {EXTENSION_BITS} bits"
            ),
        ),
        ("regime", REGIME.to_owned()),
        (
            "grinding",
            format!("at most {GRINDING_BITS_MAX} bits of work in a term"),
        ),
        (
            "columns",
            columns(frame).map_or_else(none, |size| size.text()),
        ),
    ];
    let weights = weights(frame, committed);
    if weights.is_empty() {
        facts.push(("weights", "known to the verifier".to_owned()));
    }
    for (index, size) in weights.iter().enumerate() {
        facts.push((if index == 0 { "weights" } else { "" }, size.text()));
    }
    output.facts(facts);
    output.blank();
    let mut table = Table::new(["how a false proof could pass", ">bits"]);
    for term in report.terms() {
        table.row([term.what.to_owned(), format!("{:.1}", term.bits)]);
    }
    table.row(["all together".to_owned(), format!("{:.1}", report.bits())]);
    output.table(&table);
}
