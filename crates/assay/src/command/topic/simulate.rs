//! `assay topic simulate`: what deviating from honest play brings, under our rules and under upstream's.

use crate::{
    cli::TopicSimulate,
    failure::{Done, Ended},
    home,
    output::{Output, Table},
};
use assay_topic::lab::{Row, Strategy, StudyOptions, plot, study};
use serde_json::json;

/// Runs the lab.
///
/// # Errors
/// When an option is impossible, or the picture cannot be written.
pub(super) fn run(args: &TopicSimulate, output: &Output) -> Done {
    let options = StudyOptions {
        epochs: args.epochs,
        seeds: args.seeds,
        seed: args.seed,
        shares_percent: args.shares.clone(),
        ..StudyOptions::default()
    };
    let bar = output.progress("simulating", 0);
    let done = study(&options, &mut |done, whole| {
        bar.set_length(whole as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let rows = done?.rows;
    for row in &rows {
        output.json(&json!({
            "rules": row.rules,
            "strategy": row.strategy.name(),
            "share_percent": row.share_percent,
            "ratio_gross": row.ratio_gross,
            "ratio_net": row.ratio_net,
            "standard_error": row.spread,
            "seeds": row.seeds,
            "misjudged": row.misjudged,
            "misjudged_honest": row.misjudged_honest,
        }));
    }
    for rules in &options.rules {
        output.line(format_args!(
            "{}: net earnings over those of honest play",
            rules.name
        ));
        output.table(&shown(&rows, rules.name, &options));
        output.blank();
    }
    if let Some(path) = &args.plot {
        home::write(path, plot(&rows).as_bytes())?;
        output.note(format_args!("the picture is in {}", path.display()));
    }
    Ok(Ended::Well)
}

/// A strategy a row, a share a column.
fn shown(rows: &[Row], rules: &str, options: &StudyOptions) -> Table {
    let shares = options.shares_percent.iter();
    // `>` aligns a column to the right.
    let shares: Vec<String> = shares.map(|share| format!(">{share} %")).collect();
    let shares = shares.iter().map(String::as_str);
    let mut table = Table::new(std::iter::once("strategy").chain(shares));
    let net = |strategy: Strategy, share: u8| {
        let mut own = rows.iter();
        let own = own.find(|row| {
            row.rules == rules && row.strategy == strategy && row.share_percent == share
        });
        own.map_or_else(String::new, |row| format!("{:.2}", row.ratio_net))
    };
    for strategy in &options.strategies {
        let cells = options.shares_percent.iter();
        let cells = cells.map(|share| net(*strategy, *share));
        let name = strategy.name().to_owned();
        table.row(std::iter::once(name).chain(cells).collect::<Vec<_>>());
    }
    table
}
