//! Models of a shell over a recorded series, without a node.

use crate::program::{Ended, World};
use std::{fmt::Write as _, process::Command};

/// Values of a slow wave, whose next value is close to its last, and far from its mean.
const VALUES: usize = 60;

/// Answers with the last value of the history, which ends the question.
const LAST: &str = r#"while read -r line; do
  line=${line%]*}; echo "{\"inference\": ${line##*[,[]}}"
done"#;
/// Answers with one that is always far off.
const FAR: &str = r#"while read -r line; do echo '{"inference": [7]}'; done"#;
/// Answers the first question alone, with something else.
const WRONG: &str = "read -r line; echo '{\"guess\": 1}'";
/// Foretells that slot 0 is close and slot 1 is far off.
const SEER: &str = r#"while read -r line; do echo '{"losses": {"0": -2, "1": 2}}'; done"#;

/// Runs a backtest of the scripts, with options.
fn backtest(world: &World, scripts: &[(&str, &str, &str)], options: &[&str]) -> Ended {
    let mut series = "round,value\n".to_owned();
    for round in 0..VALUES {
        let value = (round as f64 / 5.0).sin();
        writeln!(series, "{round},{value}").unwrap();
    }
    let file = world.path("series.csv");
    std::fs::write(&file, series).unwrap();
    let mut command: Command = world.command("topic backtest --series");
    command.arg(file);
    for (part, name, script) in scripts {
        let path = world.path(&format!("{name}.sh"));
        std::fs::write(&path, script).unwrap();
        command.args([
            format!("--{part}"),
            format!("{name}=sh '{}'", path.display()),
        ]);
    }
    Ended::of(command.args(options).output().unwrap())
}

#[test]
fn the_better_model_leads_the_network_and_is_paid_more() {
    let world = World::new();
    let picture = world.path("backtest.svg");
    let scripts = [
        ("miner", "last", LAST),
        ("miner", "far", FAR),
        ("forecaster", "seer", SEER),
    ];
    let options = [
        "--plot",
        picture.to_str().unwrap(),
        "--orders",
        "2",
        "--json",
    ];
    let ended = backtest(&world, &scripts, &options).exits(0);
    let orders = ended.json_lines();
    assert_eq!(orders.len(), 2);
    for order in &orders {
        let (last, far) = (&order["miners"][0], &order["miners"][1]);
        assert_eq!(last["name"], "last");
        // A third of the values is known before the first round.
        assert_eq!(last["all_along"]["rounds"], 40);
        assert_eq!(order["best_all_along"], "last");
        assert!(last["all_along"]["error"].as_f64() < Some(0.05), "{order}");
        assert!(order["mean"]["ratio"].as_f64() < Some(0.8), "{order}");
        assert!(last["paid"].as_f64() > far["paid"].as_f64(), "{order}");
        assert!(
            order["forecasters"][0]["paid"].as_f64() > Some(0.0),
            "{order}"
        );
    }
    assert_ne!(
        orders[0]["miners"], orders[1]["miners"],
        "another seed is another order"
    );
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));

    backtest(
        &world,
        &scripts,
        &["--rounds", "10", "--regret-alpha", "0.5"],
    )
    .exits(0)
    .says(&["network", "mean", "best present", "last", "reputer", "seer"]);
}

#[test]
fn a_model_that_fails_is_told_and_its_rounds_are_without_it() {
    let world = World::new();
    let scripts = [("miner", "last", LAST), ("miner", "wrong", WRONG)];
    let ended = backtest(&world, &scripts, &["--rounds", "9"]);
    ended.exits(0).says(&[
        "round 0  wrong  no answer:",
        "must answer {\"inference\": NUMBER}",
        "wrong gave no answer in 9 of 9 rounds",
        "last",
    ]);
    backtest(&world, &[("miner", "wrong", WRONG)], &["--rounds", "2"])
        .exits(2)
        .says(&["no miner gave an inference", "hint:", "flushed"]);
}

#[test]
fn what_cannot_be_tested_is_refused_before_a_model_is_asked() {
    let world = World::new();
    let one = [("miner", "last", LAST)];
    for (options, reasons) in [
        (
            ["--start", "60"],
            ["there are 0 rounds", "--start or --rounds"],
        ),
        (
            ["--rounds", "41"],
            ["there are 40 rounds and not 41", "--rounds"],
        ),
        (["--column", "year"], ["no column `year`", "round, value"]),
        (["--orders", "0"], ["--orders is 0", "1 to 1000"]),
        (
            ["--steepness", "0.01"],
            ["parameter p is 0.01", "0.1 to 100"],
        ),
        (
            ["--forecaster", "last=true"],
            ["two models are called `last`", "a name of its own"],
        ),
        (["--miner", "nameless"], ["names no model", "NAME="]),
    ] {
        backtest(&world, &one, &options).exits(2).says(&reasons);
    }
}
