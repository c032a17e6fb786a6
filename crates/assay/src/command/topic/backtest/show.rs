//! Figures of a backtest for people and for programs.

use crate::{
    cli::TopicBacktest,
    output::{Output, Table},
};
use assay_topic::{
    backtest::{Compared, Figures, Run},
    number::{log10, mean},
};
use serde_json::{Value, json};

/// Digits of an error that are shown.
const DIGITS: i32 = 4;

/// Shows each order, a table of errors and one of pay; or a JSON object each.
pub(super) fn all(args: &TopicBacktest, runs: &[Run], figures: &[Figures], output: &Output) {
    let orders = || (0u64..).zip(runs.iter().zip(figures));
    for (order, (run, figures)) in orders() {
        output.json(&object(args, args.seed.wrapping_add(order), run, figures));
    }
    output.line("mean errors, and the network's in units of the others'");
    let headings = [
        "order",
        ">network",
        ">mean",
        ">ratio",
        "best present",
        ">ratio",
        "best all along",
        ">ratio",
    ];
    let mut errors = Table::new(headings);
    for (order, (_, figures)) in orders() {
        let present = hindsight(args, figures, figures.best_present, |miner| miner.present);
        let all_along = hindsight(args, figures, figures.best_all_along, |miner| {
            miner.all_along
        });
        errors.row([
            args.seed.wrapping_add(order).to_string(),
            shown(figures.mean.network),
            shown(figures.mean.own),
            ratio(figures.mean.ratio()),
            present.0,
            ratio(present.1),
            all_along.0,
            ratio(all_along.1),
        ]);
    }
    if figures.len() > 1 {
        let of = |number: &dyn Fn(&Figures) -> Option<f64>| {
            let numbers: Vec<f64> = figures.iter().filter_map(number).collect();
            (!numbers.is_empty()).then(|| mean(&numbers))
        };
        let own = |best: Option<usize>, compared: Option<Compared>| best.and(compared?.ratio());
        errors.row([
            "mean".to_owned(),
            of(&|one| Some(one.mean.network)).map_or_else(String::new, shown),
            of(&|one| Some(one.mean.own)).map_or_else(String::new, shown),
            ratio(of(&|one| one.mean.ratio())),
            String::new(),
            ratio(of(&|one| {
                own(
                    one.best_present,
                    one.best_present.map(|best| one.miners[best].present),
                )
            })),
            String::new(),
            ratio(of(&|one| {
                own(
                    one.best_all_along,
                    one.best_all_along.map(|best| one.miners[best].all_along),
                )
            })),
        ]);
    }
    output.table(&errors);
    output.blank();

    output.line(
        "percent of all that was paid, and in parentheses the round in which each miner came",
    );
    let headings = args
        .miners
        .iter()
        .chain(&args.forecasters)
        .map(|model| format!(">{}", model.name));
    let headings: Vec<String> = std::iter::once("order".to_owned())
        .chain(headings)
        .chain([">reputer".to_owned()])
        .collect();
    let mut paid = Table::new(headings.iter().map(String::as_str));
    for (order, (run, _)) in orders() {
        let miners = run
            .miners_paid
            .iter()
            .enumerate()
            .map(|(miner, paid)| format!("{} ({})", percent(*paid), run.order.arrival(miner)));
        let others = run
            .forecasters_paid
            .iter()
            .copied()
            .chain([reputer(run)])
            .map(percent);
        let order = args.seed.wrapping_add(order).to_string();
        paid.row(std::iter::once(order).chain(miners).chain(others));
    }
    output.table(&paid);
}

/// The name of the best miner in hindsight and the ratio to it.
fn hindsight(
    args: &TopicBacktest,
    figures: &Figures,
    best: Option<usize>,
    compared: impl Fn(&assay_topic::backtest::MinerFigures) -> Compared,
) -> (String, Option<f64>) {
    let Some(best) = best else {
        return ("none".to_owned(), None);
    };
    let compared = compared(&figures.miners[best]);
    (
        format!("{} {}", args.miners[best].name, shown(compared.own)),
        compared.ratio(),
    )
}

fn object(args: &TopicBacktest, seed: u64, run: &Run, figures: &Figures) -> Value {
    let compared = |compared: &Compared| {
        json!({
            "rounds": compared.rounds,
            "error": compared.own,
            "network": compared.network,
            "ratio": compared.ratio(),
        })
    };
    let name = |best: Option<usize>| best.map(|best| args.miners[best].name.as_str());
    let miners = args.miners.iter().zip(&figures.miners).enumerate();
    let miners = miners.map(|(place, (model, miner))| {
        json!({
            "name": model.name,
            "arrival": run.order.arrival(place),
            "present": compared(&miner.present),
            "all_along": compared(&miner.all_along),
            "paid": miner.paid,
        })
    });
    let forecasters = args.forecasters.iter().zip(&run.forecasters_paid);
    let forecasters = forecasters.map(|(model, paid)| json!({ "name": model.name, "paid": paid }));
    json!({
        "seed": seed,
        "network": figures.mean.network,
        "mean": compared(&figures.mean),
        "best_present": name(figures.best_present),
        "best_all_along": name(figures.best_all_along),
        "miners": miners.collect::<Vec<_>>(),
        "forecasters": forecasters.collect::<Vec<_>>(),
        "reputer_paid": reputer(run),
    })
}

/// The reputer's part of what was paid.
fn reputer(run: &Run) -> f64 {
    let others: f64 = run.miners_paid.iter().chain(&run.forecasters_paid).sum();
    if others > 0.0 { 1.0 - others } else { 0.0 }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"))
}

fn percent(part: f64) -> String {
    format!("{:.1}", part * 100.0)
}

/// An error to four digits.
fn shown(error: f64) -> String {
    if error == 0.0 {
        return "0".to_owned();
    }
    let magnitude = log10(error).floor();
    if !(-6.0..9.0).contains(&magnitude) {
        return format!("{error:.3e}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "between −6 and 9")]
    let places = (DIGITS - 1 - magnitude as i32).max(0);
    format!("{error:.*}", usize::try_from(places).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_show_four_digits() {
        for (error, expected) in [
            (0.0, "0"),
            (0.218_94, "0.2189"),
            (254.638_7, "254.6"),
            (123_456.7, "123457"),
            (0.000_012_345, "0.00001234"),
            (1e-9, "1.000e-9"),
            (2.5e80, "2.500e80"),
        ] {
            assert_eq!(shown(error), expected);
        }
    }
}
