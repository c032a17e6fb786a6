//! The house rules as checks. Each finding is one line: `file:line: what, use instead`.
//!
//! | module | rule |
//! |---|---|
//! | [`arrows`] | crates depend in one direction; pure cores reach no runtime, socket or operating-system randomness |
//! | [`graph`] | licences that allow redistribution; one version of each heavy crate; one crate per purpose |
//! | [`manifests`] | crates inherit the workspace's settings, and every version listed there is used |
//! | [`sources`] | module files begin with their story and stay short; no leftovers; names that say something |
//! | [`report`] | how many crates come in two versions, and a summary of what the binary links |
//! | [`readme`] | the README opens with a transcript that works |
mod arrows;
mod graph;
mod licence;
mod manifests;
mod readme;
mod report;
mod sources;

use std::{fmt, path::Path};

use crate::{Failure, metadata::Metadata, output};

/// A broken rule, where it is broken, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the workspace, with forward slashes.
    file: String,
    /// From 1.
    line: usize,
    what: String,
}

impl Finding {
    fn new(file: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        write!(f, "{file}:{line}: {what}")
    }
}

/// Applies every rule to the workspace, and prints what the binary is made of and what was found.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let metadata = Metadata::load(root)?;
    let files = sources::load(root)?;
    let report = report::Report::load(root, &metadata)?;
    let mut findings = [
        arrows::directions(&metadata),
        arrows::cores(root, &metadata)?,
        graph::licences(&metadata),
        graph::duplicates(&metadata),
        graph::unwanted(&metadata),
        report.findings(),
        manifests::check(&metadata, &files),
        sources::check(&files),
        readme::check(&files),
    ]
    .concat();
    for line in report.lines() {
        output::line(&format!("    {line}"));
    }
    findings.sort();
    for finding in &findings {
        output::line(&finding.to_string());
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::found("tidy: 1 finding")),
        count => Err(Failure::found(format!("tidy: {count} findings"))),
    }
}
