//! A model's output as people read it: the label and how far the others are behind.

use crate::output::{Output, bold, dim};
use assay_model::{Classification, Manifest};
use serde::Serialize;

/// Classes shown to people; `--json` has all.
const CLASSES_SHOWN: usize = 5;
/// Columns of the longest bar.
const BAR_WIDTH: usize = 30;

/// The choice of a classifier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answer {
    /// The label it chose.
    pub(crate) label: String,
    /// Position of the label.
    pub(crate) class: usize,
    /// All classes, the likeliest first.
    pub(crate) scores: Vec<Score>,
}

/// What a classifier says of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Score {
    /// The class.
    pub(crate) label: String,
    /// The output's real value.
    pub(crate) score: f64,
    /// Softmax over all scores. Reads like a probability and is not calibrated as one.
    pub(crate) share: f64,
}

impl Answer {
    /// Reads `classification` with the labels of `manifest`.
    pub(crate) fn new(classification: Classification, manifest: &Manifest) -> Self {
        let labels = &manifest.fields().output.labels;
        let label = |class: usize| {
            labels
                .get(class)
                .cloned()
                .unwrap_or_else(|| class.to_string())
        };
        let shares = softmax(&classification.scores);
        let scores = classification.scores.iter().zip(shares).enumerate();
        let mut scores: Vec<Score> = scores
            .map(|(class, (&score, share))| Score {
                label: label(class),
                score,
                share,
            })
            .collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self {
            label: classification.label,
            class: classification.class,
            scores,
        }
    }

    /// Prints the label and the likeliest classes.
    pub(crate) fn show(&self, output: &Output) {
        output.line(format_args!("{}  {}", dim("label"), bold(&self.label)));
        output.blank();
        let shown = self.scores.iter().take(CLASSES_SHOWN);
        let widest = shown
            .clone()
            .map(|score| score.label.chars().count())
            .max()
            .unwrap_or_default();
        for Score { label, share, .. } in shown {
            let bar = "━".repeat((share * BAR_WIDTH as f64).round() as usize);
            let line = format!("  {label:>widest$}  {:>5.1} %  {bar}", share * 100.0);
            output.line(line.trim_end());
        }
    }
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests;
