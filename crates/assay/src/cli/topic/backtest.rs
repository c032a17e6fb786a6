//! Words of `assay topic backtest`.

use super::{
    super::values::{fixed, seconds},
    mechanism::LossRule,
};
use assay_topic::synthesis::{LossFunction, Parameters};
use clap::{Args, ValueHint};
use std::{path::PathBuf, time::Duration};

/// Examples of the command and what its questions and figures are.
pub(super) const HELP: &str = "\
Example:
  assay topic backtest --series elnino.csv \\
    --miner naive='python3 naive.py' --miner ar='python3 autoregression.py 13' \\
    --forecaster seer='python3 forecaster.py'

Each model is started once and asked for each round of the series, one line of
JSON for another; or a line is posted to it, if it is http://… instead:

  {\"ask\": \"inference\", \"round\": 7, \"slot\": 0, \"labels\": 1, \"history\": [23.1, …]}
  {\"inference\": 24.2}

  {\"ask\": \"forecast\", \"round\": 7, \"slot\": 2, \"inferers\": [0, 1],
   \"last\": {\"round\": 6, \"losses\": {\"0\": -1.2, \"1\": -0.7}}, \"history\": [23.1, …]}
  {\"losses\": {\"0\": -1.1, \"1\": -0.9}}

`history` is all values before the round's own; losses are decimal logarithms of
errors. Answers are kept and run through inference synthesis in several orders of
arrival by lot: one miner is there from the first round, the others come within
the first third, or up to --last-arrival; forecasters and an honest reputer are
there all along. A round without a model's answer is one without that model, and
is told.

Errors are mean errors. The network is compared with the simple mean of the miners
present, over all rounds; and with the best miner in hindsight, which is the one
that the network does worst against of those with at least half of the rounds:
`present` over the rounds in which it had come and answered, `all along` over
those in which it answered, come or not, as if somebody had known it from the
first round. A ratio below one is the network's favour.";

#[derive(Debug, Args)]
pub(crate) struct TopicBacktest {
    /// The recorded series (CSV with a line of names)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) series: PathBuf,
    /// The column of the values [default: the last]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// The value that the first round asks for, counted from zero [default: a third of them are known before]
    #[arg(long, value_name = "VALUE")]
    pub(crate) start: Option<usize>,
    /// Rounds, a value each [default: to the end of the series]
    #[arg(long, value_name = "ROUNDS")]
    pub(crate) rounds: Option<usize>,
    /// The last round in which a miner may come [default: a third of the rounds]
    #[arg(long, value_name = "ROUND")]
    pub(crate) last_arrival: Option<usize>,
    /// Orders of arrival
    #[arg(long, value_name = "ORDERS", default_value_t = 5)]
    pub(crate) orders: u32,
    /// The first order's seed; each further one has the next
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How an inference is measured against the truth
    #[arg(long, value_enum, default_value_t = LossRule::Squared)]
    loss: LossRule,
    /// A miner: its name, and its program with arguments or its address; several times
    #[arg(long = "miner", value_name = "NAME=PROGRAM", required = true, value_parser = model)]
    pub(crate) miners: Vec<NamedModel>,
    /// A forecaster, likewise
    #[arg(long = "forecaster", value_name = "NAME=PROGRAM", value_parser = model)]
    pub(crate) forecasters: Vec<NamedModel>,
    /// Longest that an answer may take
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) within: Duration,
    /// Steepness of weights and rewards, 0.1 to 100
    #[arg(long, value_name = "P", default_value = "3", value_parser = fixed::<1_000>)]
    steepness: u32,
    /// Where they bend, 0 to 10 spreads of the regrets
    #[arg(long, value_name = "C", default_value = "0.75", value_parser = fixed::<1_000>)]
    bend: u32,
    /// What keeps a spread from zero, 0.000001 to 1
    #[arg(long, value_name = "EPSILON", default_value = "0.01", value_parser = fixed::<1_000_000>)]
    epsilon: u32,
    /// What a round's regret counts in the smoothed one, 0.001 to 1
    #[arg(long, value_name = "ALPHA", default_value = "0.1", value_parser = fixed::<1_000_000>)]
    regret_alpha: u32,
    /// Draw a picture of the first order (SVG)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) plot: Option<PathBuf>,
}

/// A model and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedModel {
    pub(crate) name: String,
    pub(crate) source: ModelSource,
}

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelSource {
    /// A program and its arguments; never empty.
    Program(Vec<String>),
    /// An address that questions are posted to.
    Url(String),
}

impl TopicBacktest {
    /// How inferences are measured.
    pub(crate) fn loss(&self) -> LossFunction {
        match self.loss {
            LossRule::Squared => LossFunction::Squared,
            LossRule::Absolute => LossFunction::Absolute,
        }
    }

    /// The topic's parameters.
    pub(crate) fn parameters(&self) -> Parameters {
        Parameters {
            p: f64::from(self.steepness) / 1e3,
            c: f64::from(self.bend) / 1e3,
            epsilon: f64::from(self.epsilon) / 1e6,
            regret_alpha: f64::from(self.regret_alpha) / 1e6,
            ..Parameters::default()
        }
    }
}

/// `NAME=PROGRAM ARGUMENTS…` or `NAME=http://…`.
fn model(text: &str) -> Result<NamedModel, String> {
    let (name, command) = text
        .split_once('=')
        .map(|(name, command)| (name.trim(), command.trim()))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("`{text}` names no model; write NAME='PROGRAM ARGUMENTS'"))?;
    let source = if command.starts_with("http://") {
        ModelSource::Url(command.to_owned())
    } else {
        ModelSource::Program(words(command)?)
    };
    Ok(NamedModel {
        name: name.to_owned(),
        source,
    })
}

/// The words of a command: apart by spaces, together between two quotes of a kind.
fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in command.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            (_, character) => word.get_or_insert_default().push(character),
        }
    }
    if let Some(quote) = quote {
        return Err(format!("a {quote} in `{command}` is never closed"));
    }
    words.extend(word);
    if words.is_empty() {
        return Err("no program stands after `=`; write NAME='PROGRAM ARGUMENTS'".to_owned());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &[&str]), &str>) {
        match (model(text), expected) {
            (Ok(found), Ok((name, words))) => {
                let words = words.iter().map(|word| (*word).to_owned()).collect();
                let source = ModelSource::Program(words);
                let name = name.to_owned();
                assert_eq!(found, NamedModel { name, source }, "{text}");
            }
            (Err(error), Err(reason)) => assert!(error.contains(reason), "{text}: {error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn a_model_is_a_name_and_the_words_of_a_command() {
        check(
            "ar=python3 ar.py 13",
            Ok(("ar", &["python3", "ar.py", "13"])),
        );
        check("a = x  --set y=z ", Ok(("a", &["x", "--set", "y=z"])));
        check(
            "a=sh -c 'read x; echo \"$x\"'",
            Ok(("a", &["sh", "-c", "read x; echo \"$x\""])),
        );
        check("a=x \"\" y", Ok(("a", &["x", "", "y"])));
        check("a=my' own'.py", Ok(("a", &["my own.py"])));
        check("python3 ar.py", Err("names no model"));
        check("=x", Err("names no model"));
        check("a= ", Err("no program"));
        check("a=x 'y", Err("never closed"));
        let posted = model("a=http://127.0.0.1:8000/infer").unwrap();
        let url = "http://127.0.0.1:8000/infer".to_owned();
        assert_eq!(posted.source, ModelSource::Url(url));
    }
}
