//! A topic over the real binary: created, worked in, judged by a program, and paid.

use crate::program::{Town, World};

/// In grains.
fn balance(town: &Town, wallet: &str) -> u64 {
    let shown = town.run(&format!("wallet show --wallet {wallet} --json"));
    let shown = shown.exits(0).json();
    let balance = shown["account"]["balance"].as_str().unwrap();
    balance.parse().unwrap()
}

#[test]
fn a_miner_is_paid_by_what_a_program_judges() {
    let town = Town::new();
    town.run("topic list").exits(0).says(&["no topic yet"]);
    let unknown = "ab".repeat(32);
    town.run(&format!("topic show {unknown}"))
        .exits(2)
        .says(&["no topic", "hint:", "topic list"]);
    town.run("topic create --wallet buyer --epoch 10 --validators 300 --slots 300")
        .exits(2)
        .says(&["outside their limits"]);
    let created = town
        .run("topic create --wallet buyer --epoch 10 --slots 4 --validators 2 --json")
        .exits(0)
        .json();
    let topic = created["topic"].as_str().unwrap().to_owned();
    let (judge, miner) = (town.address("seller-1"), town.address("seller-2"));
    town.run(&format!("topic validate {topic} --wallet seller-1 -- true"))
        .exits(2)
        .says(&["holds no slot", "hint:", "register"]);
    for wallet in ["seller-1", "seller-2"] {
        town.run(&format!("topic register {topic} --wallet {wallet}"))
            .exits(0)
            .says(&["slot", "burnt", "final:"]);
    }
    town.run(&format!("topic stake {topic} {judge} 10 --wallet buyer"))
        .exits(0)
        .says(&["10 ASY", "final:"]);
    town.run(&format!("topic unstake {topic} {judge} 9.5 --wallet buyer"))
        .exits(2)
        .says(&["leave as much or nothing"]);
    town.run(&format!("topic fund {topic} 5 --wallet buyer"))
        .exits(0)
        .says(&["5 ASY", "final:"]);

    let before = balance(&town, "seller-2");
    // It keeps what it was asked, and judges the only other slot.
    let question = town.world.path("question.json");
    let script = town.world.path("judge.sh");
    let judges = format!(
        "cat > {}\nprintf '{{\"weights\": {{\"1\": 0.5}}}}'\n",
        question.display()
    );
    std::fs::write(&script, judges).unwrap();
    let line = format!(
        "topic validate {topic} --wallet seller-1 --epochs 4 -- sh {}",
        script.display()
    );
    town.run(&line)
        .exits(0)
        .says(&["committed to 1 weights", "revealed"]);
    let asked: serde_json::Value =
        serde_json::from_slice(&std::fs::read(question).unwrap()).unwrap();
    assert_eq!(asked["slot"], 0);
    assert_eq!(asked["slots"][1]["key"], miner.as_str());

    let shown = town
        .run(&format!("topic show {topic} --json"))
        .exits(0)
        .json();
    let weights = &shown["slots"][0]["weights"];
    assert_eq!(*weights, serde_json::json!([{"slot": 1, "weight": 65_535}]));
    // Half of what is left of 4.75 ASY after the owner's tenth is the miner's.
    let after = balance(&town, "seller-2");
    assert!(after - before > 2_000_000_000, "{before} to {after}");
    town.run(&format!("topic show {topic}")).exits(0).says(&[
        "Yuma, classic bonds",
        "has committed",
        "2 of 4",
    ]);
    let (first, none) = (&topic[..8], "zz");
    town.run("topic list").exits(0).says(&[first, "2 of 4"]);
    town.run(&format!("topic show {first}"))
        .exits(0)
        .says(&[&topic]);
    town.run(&format!("topic show {none}"))
        .exits(2)
        .says(&["begins with `zz`", "hint:"]);
}

#[test]
fn the_lab_compares_strategies_without_a_node() {
    let world = World::new();
    let picture = world.path("lab.svg");
    let line = format!(
        "topic simulate --epochs 20 --seeds 1 --shares 10,55 --plot {}",
        picture.display()
    );
    world
        .run(&line)
        .exits(0)
        .says(&["ours", "upstream", "copier", "cartel", "55 %"]);
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    world
        .run("topic simulate --shares 100")
        .exits(2)
        .says(&["above 0 and below 100"]);
}
