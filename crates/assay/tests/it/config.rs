//! Settings: flags over variables over the file, each named by where it comes from.

use crate::program::{Town, World};
use serde_json::Value;

/// What `config show` says of one setting.
fn setting(text: &str, key: &str) -> (Value, String) {
    let settings = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = settings
        .into_iter()
        .find(|setting| setting["setting"] == key)
        .unwrap();
    (
        found["value"].clone(),
        found["source"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let world = World::new();
    let show = |line: &str, variable: Option<&str>| {
        let mut command = world.command(line);
        command.envs(variable.map(|value| ("ASSAY_NODE", value)));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        setting(&String::from_utf8(output.stdout).unwrap(), "node")
    };
    let line = "config show --json";
    let flag = "config show --json --node http://flag";
    let said = |value: &str, source: &str| (Value::from(value), source.to_owned());
    assert_eq!(show(line, None), said("http://127.0.0.1:2790", "default"));
    world
        .run("config set node http://file")
        .exits(0)
        .says(&["http://file"]);
    assert_eq!(show(line, None), said("http://file", "file"));
    assert_eq!(
        show(line, Some("http://variable")),
        said("http://variable", "environment")
    );
    assert_eq!(
        show(flag, Some("http://variable")),
        said("http://flag", "flag")
    );

    // The commands go by the same order as the table says.
    let reach = |world: &World, line: &str| world.run(line).exits(2).stderr;
    let order = format!("order show {}", "00".repeat(32));
    assert!(reach(&world, &order).contains("http://file"));
    assert!(reach(&world, &format!("{order} --node http://127.0.0.1:1")).contains("127.0.0.1:1"));
    world.run("infer --help").exits(0);
    world.run("config unset node").exits(0);
    assert_eq!(show(line, None), said("http://127.0.0.1:2790", "default"));
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_can_be_mended() {
    let world = World::new();
    let file = world.path("assay/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "# mine\nwalet = \"shop\"\n").unwrap();
    for line in ["wallet list", "config show", "demo"] {
        world.run(line).exits(2).says(&[
            "config.toml:2:",
            "no setting `walet`",
            "did you mean `wallet`",
        ]);
    }
    world.run("config path").exits(0).says(&["config.toml"]);
    world
        .run("doctor")
        .exits(1)
        .says(&["FAIL", "did you mean `wallet`"]);
    world.run("completions bash").exits(0);
    std::fs::write(&file, "color = \"blue\"").unwrap();
    world
        .run("wallet list")
        .exits(2)
        .says(&["`color` cannot be `blue`", "auto, always, never"]);
    world.run("config set color never").exits(0);
    world.run("wallet list").exits(0).says(&["no wallets yet"]);

    let other = world.path("other.toml");
    std::fs::write(&other, "wallet = 'elsewhere'").unwrap();
    let line = format!("wallet show --offline --config {}", other.display());
    world.run(&line).exits(2).says(&["no wallet `elsewhere`"]);
    let missing = format!("wallet list --config {}", world.path("none.toml").display());
    world
        .run(&missing)
        .exits(2)
        .says(&["cannot read the configuration", "none.toml"]);
    world
        .run("config set nod x")
        .exits(2)
        .says(&["did you mean `node`"]);
    world
        .run("config set provide.ask dear")
        .exits(2)
        .says(&["cannot be `dear`"]);
}

#[test]
fn quiet_says_nothing_but_answers_and_verbose_logs() {
    let Town {
        world,
        node: _node,
        url,
    } = Town::new();
    let bench =
        format!("provide --wallet seller-1 --bench-only --model digits-mlp --node {url} --json");
    let quiet = world.run(&format!("{bench} --quiet")).exits(0);
    assert_eq!(quiet.stderr, "");
    let record = quiet.json();
    assert_eq!(record["speeds"][0]["name"], "digits-mlp");
    assert!(
        record["speeds"][0]["per_second"].as_f64().unwrap() > 0.0,
        "{record}"
    );
    assert!(record["machine"]["threads"].as_u64().unwrap() >= 1);
    let loud = world.run(&format!("{bench} --log trace")).exits(0);
    assert!(
        loud.stderr.contains("TRACE") || loud.stderr.contains("DEBUG"),
        "{}",
        loud.stderr
    );
    world
        .run(&format!("{bench} --log assay=loud"))
        .exits(2)
        .says(&["write a level"]);

    world.run(&format!("doctor --node {url} --json")).says(&[
        "\"ledger time\"",
        "\"dev node\"",
        "in use by a running process",
    ]);
    world
        .run(&format!("wallet list --balances --node {url}"))
        .exits(0)
        .says(&["buyer", "1000000 ASY"]);
}
