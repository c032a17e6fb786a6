//! The one place that prints.
//!
//! Answers go to standard output, everything about the work (progress, notes, errors) to standard error.
//! People get aligned text and tables as wide as their terminal; `--json` gives programs one JSON object
//! per line and nothing else on standard output. Colour appears only on a terminal, never carries meaning
//! alone, and goes away with `NO_COLOR` or `--color never`.

mod paint;
mod table;
mod wrap;

pub(crate) use paint::{bad, bold, dim, good, warn};
pub(crate) use table::Table;
use wrap::wrap;

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

/// Width assumed where there is no terminal, so that a transcript in a file looks like one on a screen.
const WIDTH_DEFAULT: usize = 80;
/// Below this, text is left to the terminal's own wrapping.
const WIDTH_MIN: usize = 40;

/// Where and how answers are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    color: ColorChoice,
    width: usize,
    loudness: Loudness,
}

/// How much is said about the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loudness {
    /// Errors only.
    Quiet,
    /// Progress and notes too.
    Usual,
}

/// Who reads the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A person.
    Text,
    /// A program: JSON objects, one a line.
    Json,
}

impl Output {
    /// Printing in `format`; `color` and `loudness` are what the user asked for.
    pub(crate) fn new(format: Format, color: ColorChoice, loudness: Loudness) -> Self {
        let width = terminal_size::terminal_size()
            .map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0))
            .max(WIDTH_MIN);
        Self {
            format,
            color,
            width,
            loudness,
        }
    }

    /// Whether lines of the log are coloured, as everything on standard error is.
    pub(crate) fn is_log_colored(&self) -> bool {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    /// Whether a program reads the answers.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// One line for people; nothing under `--json`.
    pub(crate) fn line(&self, text: impl Display) {
        if self.format == Format::Text {
            self.write(io::stdout(), &text);
        }
    }

    /// An empty line for people.
    pub(crate) fn blank(&self) {
        self.line("");
    }

    /// A sentence for people after `prefix`, which fills `indent` columns; further lines begin there too.
    pub(crate) fn wrapped(&self, prefix: impl Display, indent: usize, text: &str) {
        for (index, line) in wrap(text, self.width, indent).into_iter().enumerate() {
            match index {
                0 => self.line(format_args!("{prefix}{line}")),
                _ => self.line(format_args!("{:indent$}{line}", "")),
            }
        }
    }

    /// As [`Self::wrapped`], on standard error, whoever reads; whole lines where no terminal shows them.
    pub(crate) fn fault_wrapped(&self, prefix: impl Display, indent: usize, text: &str) {
        for (index, line) in wrap(text, width_of_errors(), indent)
            .into_iter()
            .enumerate()
        {
            match index {
                0 => self.fault(format_args!("{prefix}{line}")),
                _ => self.fault(format_args!("{:indent$}{line}", "")),
            }
        }
    }

    /// Names and values for people, the values aligned.
    pub(crate) fn facts<'a>(&self, facts: impl IntoIterator<Item = (&'a str, String)>) {
        let facts: Vec<_> = facts.into_iter().collect();
        let widest = facts.iter().map(|(name, _)| name.chars().count()).max();
        let widest = widest.unwrap_or_default();
        for (name, value) in facts {
            self.line(format_args!("{}  {value}", dim(format!("{name:widest$}"))));
        }
    }

    /// A table for people.
    pub(crate) fn table(&self, table: &Table) {
        if self.format == Format::Text {
            for line in table.render(self.width) {
                self.line(line);
            }
        }
    }

    /// One JSON object for programs; nothing without `--json`.
    pub(crate) fn json(&self, value: &impl Serialize) {
        if self.format == Format::Json {
            self.object(value);
        }
    }

    /// One JSON object on a line, whoever reads.
    pub(crate) fn object(&self, value: &impl Serialize) {
        let line = serde_json::to_string(value)
            .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
        self.write(io::stdout(), &line);
    }

    /// Bytes for a pipe, unchanged.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut stdout = io::stdout().lock();
        // A closed pipe is the reader's choice, not a failure of ours.
        let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
    }

    /// A line about the work, on standard error.
    pub(crate) fn note(&self, text: impl Display) {
        if self.loudness != Loudness::Quiet {
            self.fault(text);
        }
    }

    /// A line that not even `--quiet` silences, on standard error.
    pub(crate) fn fault(&self, text: impl Display) {
        self.write(io::stderr(), &text);
    }

    /// A bar for work of `total` known steps; invisible unless a person watches.
    pub(crate) fn progress(&self, what: &'static str, total: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.draw_target());
        let template = "{msg}  {bar:30}  {pos}/{len}  {rate}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, to: &mut dyn std::fmt::Write| {
                // The bar's own string cannot fail.
                let _ = write!(to, "{:.1}/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("━╸─"));
        }
        bar.with_message(what)
    }

    /// A spinner for work of unknown length; invisible unless a person watches.
    pub(crate) fn spinner(&self, what: impl Into<String>) -> ProgressBar {
        let spinner = ProgressBar::with_draw_target(None, self.draw_target());
        spinner.set_style(ProgressStyle::default_spinner());
        spinner.enable_steady_tick(std::time::Duration::from_millis(100));
        spinner.with_message(what.into())
    }

    fn draw_target(&self) -> ProgressDrawTarget {
        let is_watched = self.format == Format::Text && io::stderr().is_terminal();
        if is_watched && self.loudness != Loudness::Quiet {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        }
    }

    fn write<S: anstream::stream::RawStream + anstream::stream::AsLockedWrite>(
        &self,
        stream: S,
        text: &dyn Display,
    ) {
        let mut stream = AutoStream::new(stream, self.color);
        // A closed pipe is the reader's choice, not a failure of ours.
        let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
    }
}

/// `text` with its long lines broken between words for the terminal that shows standard error.
pub(crate) fn wrapped_for_errors(text: &str) -> String {
    wrap(text, width_of_errors(), 0).join("\n")
}

/// Columns of the terminal that shows standard error, or of `COLUMNS`, as help reads it; without either,
/// lines stay whole for whoever searches them.
fn width_of_errors() -> usize {
    let shown =
        terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
    let named = || std::env::var("COLUMNS").ok()?.parse().ok();
    shown
        .or_else(named)
        .map_or(usize::MAX, |width| width.max(WIDTH_MIN))
}

#[cfg(test)]
mod tests;
