//! What deviating brings, against what the same party would have had by honest play.

use super::{
    Earnings, Population, Rules, Setup, SetupError, Side, Strategy, setup::SEEDS_MAX, simulate,
};
use crate::number::{mean, ratio, sqrt, standard_deviation};

/// What a study compares.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyOptions {
    /// Who takes part.
    pub population: Population,
    /// Under which rules.
    pub rules: Vec<Rules>,
    /// Which strategies.
    pub strategies: Vec<Strategy>,
    /// Sizes of the deviating party, in per cent of all stake or of all miners' slots.
    pub shares_percent: Vec<u8>,
    /// Epochs of each simulation.
    pub epochs: u64,
    /// How many seeds.
    pub seeds: u64,
    /// The first seed.
    pub seed: u64,
}

impl Default for StudyOptions {
    fn default() -> Self {
        Self {
            population: Population::default(),
            rules: vec![Rules::ours(), Rules::upstream(), Rules::upstream_sealed()],
            strategies: Strategy::DEVIATING.to_vec(),
            shares_percent: vec![5, 10, 20, 30, 40, 45, 50, 55, 60],
            epochs: 1_000,
            seeds: 8,
            seed: 1,
        }
    }
}

/// A strategy's success at one size under one set of rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What the party does.
    pub strategy: Strategy,
    /// The rules' name.
    pub rules: &'static str,
    /// The party's size, in per cent of all stake or, where it is miners, of all miners' slots.
    pub share_percent: u8,
    /// What it earns by deviating over what it earns by honest play, costs left out.
    pub ratio_gross: f64,
    /// The same, of a validator's earnings less the cost of measuring; of a miner's earnings for each unit that it
    /// spends on slots and work. One is where both are worth the same.
    pub ratio_net: f64,
    /// Over how many seeds the means are taken.
    pub seeds: u64,
    /// Standard error of the mean of `ratio_net`.
    pub spread: f64,
    /// How unjust the topic's judgement becomes (see [`Earnings::misjudged`]), the mean.
    pub misjudged: f64,
    /// The same where everybody is honest.
    pub misjudged_honest: f64,
}

/// Rows, and what they were computed from.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// What was compared.
    pub options: StudyOptions,
    /// By rules, then strategy, then share.
    pub rows: Vec<Row>,
}

/// Simulates all that the options name.
///
/// `progress` hears how many rows are done of how many. Cost: a simulation for each row and seed, and one of honest
/// play for each set of rules, share and seed; the default options take 46 s of one core of a Zen 4 processor.
///
/// # Errors
/// [`SetupError`] where a number of the options is impossible; nothing is simulated then.
pub fn study(
    options: &StudyOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Study, SetupError> {
    let rows = table(options, progress)?;
    let options = options.clone();
    Ok(Study { options, rows })
}

/// The rows of a study.
///
/// # Errors
/// As [`study`].
pub fn table(
    options: &StudyOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Row>, SetupError> {
    let seeds = options.seeds;
    if !(1..=SEEDS_MAX).contains(&seeds) {
        return Err(SetupError::Seeds { seeds });
    }
    let setup = |rules: &Rules, strategy, share_percent| Setup {
        population: options.population.clone(),
        rules: rules.clone(),
        strategy,
        share_percent,
        epochs: options.epochs,
    };
    for rules in &options.rules {
        for share_percent in &options.shares_percent {
            setup(rules, Strategy::Honest, *share_percent).check()?;
        }
    }
    let whole = options.rules.len() * options.strategies.len() * options.shares_percent.len();
    let mut rows = Vec::with_capacity(whole);
    for rules in &options.rules {
        let run = |strategy, share_percent| {
            let setup = setup(rules, strategy, share_percent);
            let seeds = (0..seeds).map(|place| options.seed.wrapping_add(place));
            seeds
                .map(|seed| simulate(&setup, seed))
                .collect::<Result<Vec<_>, _>>()
        };
        let honest_miner = match options
            .strategies
            .iter()
            .any(|own| own.side() == Side::Miner)
        {
            // One slot, whatever the share.
            true => run(Strategy::HonestMiner, 1)?,
            false => Vec::new(),
        };
        let shares = options.shares_percent.iter();
        let honest = match options
            .strategies
            .iter()
            .any(|own| own.side() == Side::Validator)
        {
            true => shares
                .map(|share| run(Strategy::Honest, *share))
                .collect::<Result<_, _>>()?,
            false => vec![Vec::new(); options.shares_percent.len()],
        };
        for strategy in &options.strategies {
            for (share_percent, honest) in options.shares_percent.iter().zip(&honest) {
                let honest = match strategy.side() {
                    Side::Validator => honest,
                    Side::Miner => &honest_miner,
                };
                let deviating = run(*strategy, *share_percent)?;
                rows.push(row(*strategy, rules, *share_percent, &deviating, honest));
                progress(rows.len(), whole);
            }
        }
    }
    Ok(rows)
}

fn row(
    strategy: Strategy,
    rules: &Rules,
    share_percent: u8,
    deviating: &[Earnings],
    honest: &[Earnings],
) -> Row {
    let compared = |value: fn(&Earnings, Strategy) -> f64| -> Vec<f64> {
        let pairs = deviating.iter().zip(honest);
        pairs
            .map(|(deviating, honest)| ratio(value(deviating, strategy), value(honest, strategy)))
            .collect()
    };
    let misjudged = |runs: &[Earnings]| {
        let runs: Vec<f64> = runs.iter().map(|run| run.misjudged).collect();
        mean(&runs)
    };
    let net = compared(net);
    Row {
        strategy,
        rules: rules.name,
        share_percent,
        ratio_gross: mean(&compared(gross)),
        ratio_net: mean(&net),
        seeds: net.len() as u64,
        spread: standard_deviation(&net) / sqrt(net.len() as f64),
        misjudged: misjudged(deviating),
        misjudged_honest: misjudged(honest),
    }
}

fn gross(earnings: &Earnings, strategy: Strategy) -> f64 {
    match strategy.side() {
        Side::Validator if strategy.counts_own_miners() => earnings.dividends + earnings.incentive,
        Side::Validator => earnings.dividends,
        Side::Miner => earnings.incentive,
    }
}

fn net(earnings: &Earnings, strategy: Strategy) -> f64 {
    let gross = gross(earnings, strategy);
    match strategy.side() {
        Side::Validator => gross - earnings.measuring,
        Side::Miner => ratio(gross, earnings.burnt + earnings.working),
    }
}
