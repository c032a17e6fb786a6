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
    // The miner says yes, the judge asks twice, keeps what it was told, and judges the only other slot.
    let script = |name: &str, lines: &str| {
        let path = town.world.path(name);
        std::fs::write(&path, lines).unwrap();
        path
    };
    let yes = script(
        "miner.sh",
        "while read -r line; do echo '{\"output\": \"yes\"}'; done\n",
    );
    let told = town.world.path("told.json");
    let judge = script(
        "judge.sh",
        &format!(
            "while read -r line; do case $line in\n\
             *'\"ask\":\"questions\"'*) echo '{{\"questions\": [{{\"n\": 1}}, {{\"n\": 2}}]}}' ;;\n\
             *) printf '%s' \"$line\" > {}; echo '{{\"weights\": {{\"1\": 0.5}}}}' ;;\n\
             esac; done\n",
            told.display()
        ),
    );
    town.run(&format!(
        "topic mine {topic} --wallet seller-2 --series {} -- true",
        yes.display()
    ))
    .exits(2)
    .says(&["replays no series", "hint:"]);
    let mining = town.world.start(&format!(
        "topic mine {topic} --wallet seller-2 --price 0.01 --node {} -- sh {}",
        town.url,
        yes.display()
    ));
    mining.wait_for("offers");
    let line = format!(
        "topic validate {topic} --wallet seller-1 --questions --epochs 4 -- sh {}",
        judge.display()
    );
    town.run(&line).exits(0).says(&[
        "1 miners: 2 of 2 questions answered",
        "committed to weights of 1 number",
        "revealed",
    ]);
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    assert_eq!(told["slot"], 0);
    assert_eq!(told["slots"][1]["key"], miner.as_str());
    assert_eq!(told["answers"], serde_json::json!({ "1": ["yes", "yes"] }));
    town.run(&format!(
        "topic ask {topic} --wallet buyer --max-price 0.01 --input {{\"n\":3}}"
    ))
    .exits(0)
    .says(&["\"yes\"", &miner, "judges the answer"]);
    mining.wait_for("answered request");

    // A miner that is killed while its model thinks takes the request up when it comes back, under the same offer.
    drop(mining);
    let mine = |model: &std::path::Path| {
        let mining = town.world.start(&format!(
            "topic mine {topic} --wallet seller-2 --price 0.01 --json --node {} -- sh {}",
            town.url,
            model.display()
        ));
        let offered = mining.wait_for("offered");
        (mining, offered)
    };
    let thinking = town.world.path("thinking");
    let thinks = script(
        "thinks.sh",
        &format!(
            "read -r line; echo > {}; read -r more\n",
            thinking.display()
        ),
    );
    let (killed, offer) = mine(&thinks);
    let ask = |n: u32| {
        town.world.start(&format!(
            "topic ask {topic} --wallet buyer --max-price 0.01 --input {{\"n\":{n}}} --node {}",
            town.url
        ))
    };
    let asking = ask(4);
    while !thinking.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(killed);
    let (mining, again) = mine(&yes);
    assert_eq!(again, offer);
    mining.wait_for("delivered");
    asking.wait_for("\"yes\"");
    assert_eq!(mining.terminate(), Some(0));

    let shown = town
        .run(&format!("topic show {topic} --json"))
        .exits(0)
        .json();
    let weights = &shown["slots"][0]["weights"];
    assert_eq!(*weights, serde_json::json!([{"slot": 1, "weight": 65_535}]));
    // Half of what is left of 4.75 ASY after the owner's tenth is the miner's; it bonded 0.4 ASY for requests.
    let after = balance(&town, "seller-2");
    assert!(after - before > 1_600_000_000, "{before} to {after}");
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

    // One that is asked to end answers what it has accepted, and takes its offer back.
    std::fs::remove_file(&thinking).unwrap();
    let slow = script(
        "slow.sh",
        &format!(
            "read -r line; echo > {}; sleep 1; echo '{{\"output\": \"late\"}}'; read -r more\n",
            thinking.display()
        ),
    );
    let mining = town.world.start(&format!(
        "topic mine {topic} --wallet seller-2 --price 0.01 --capacity 4 --node {} -- sh {}",
        town.url,
        slow.display()
    ));
    mining.wait_for("offers");
    let asking = ask(5);
    while !thinking.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(mining.terminate(), Some(0));
    asking.wait_for("\"late\"");
    town.run(&format!(
        "topic ask {topic} --wallet buyer --max-price 0.01"
    ))
    .exits(2)
    .says(&["fewer independent sellers"]);
}

#[test]
fn a_topic_of_synthesis_is_inferred_measured_and_paid() {
    let town = Town::new();
    let created = town
        .run("topic create --wallet buyer --mechanism synthesis --epoch 10 --slots 4 --validators 1 --json")
        .exits(0)
        .json();
    let topic = created["topic"].as_str().unwrap().to_owned();
    for wallet in ["seller-1", "seller-2", "seller-3"] {
        town.run(&format!("topic register {topic} --wallet {wallet}"))
            .exits(0);
    }
    let judge = town.address("seller-1");
    town.run(&format!("topic stake {topic} {judge} 10 --wallet buyer"))
        .exits(0);
    town.run(&format!("topic fund {topic} 5 --wallet buyer"))
        .exits(0);
    town.run(&format!("topic validate {topic} --wallet seller-1 -- true"))
        .exits(2)
        .says(&["another mechanism", "hint:", "repute"]);
    town.run(&format!(
        "topic mine {topic} --wallet seller-2 --price 0.01 -- true"
    ))
    .exits(2)
    .says(&["asks no miner directly", "hint:", "--price"]);

    let before = ["seller-2", "seller-3"].map(|wallet| balance(&town, wallet));
    let series = town.world.path("series.csv");
    let values: String = (0..99).map(|value| format!("{value}\n")).collect();
    std::fs::write(&series, format!("value\n{values}")).unwrap();
    // What is asked for is the number of values before it.
    let model = |name: &str, offset: &str| {
        let path = town.world.path(name);
        let script = format!(
            "while read -r line; do n=$(printf '%s' \"$line\" | sed 's/.*\"round\":\\([0-9]*\\).*/\\1/'); \
             echo \"{{\\\"inference\\\": ${{n}}{offset}}}\"; done\n"
        );
        std::fs::write(&path, script).unwrap();
        path
    };
    let mine = |wallet: &str, model: &std::path::Path| {
        let line = format!(
            "topic mine {topic} --wallet {wallet} --series {} --node {} -- sh {}",
            series.display(),
            town.url,
            model.display()
        );
        town.world.start(&line)
    };
    let good = mine("seller-2", &model("good.sh", ".25"));
    let bad = mine("seller-3", &model("bad.sh", "5"));
    let repute = format!(
        "topic repute {topic} --wallet seller-1 --series {} --epochs 4",
        series.display()
    );
    town.run(&repute)
        .exits(0)
        .says(&["waiting:", "committed to losses of 6 numbers", "revealed"]);
    good.wait_for("revealed");
    bad.wait_for("revealed");
    let shown = town.run(&format!("topic show {topic}")).exits(0);
    shown.says(&["inference synthesis", "of 2 inferences"]);
    // What it said is proven, to somebody who has only the anchor.
    let (proof, anchor) = (
        town.world.path("round.proof"),
        town.world.path("dev/anchor.json"),
    );
    town.run(&format!("state prove round:{topic} -o {}", proof.display()))
        .exits(0)
        .says(&["inference", "made of", "2 inferences and 0 forecasts"]);
    let verify = format!(
        "state verify --json --anchor {} {}",
        anchor.display(),
        proof.display()
    );
    let row = town.world.run(&verify).exits(0).json()["state"]["row"].take();
    assert_eq!(row["inferences"].as_array().map(Vec::len), Some(2), "{row}");
    for (row, says) in [
        (format!("topic:{topic}"), "may mint"),
        (format!("slot:{topic}/0"), "in the last epoch"),
        (format!("pool:{topic}/{judge}"), "shares"),
        (
            format!("staker:{topic}/{judge}/{}", town.address("buyer")),
            "shares",
        ),
    ] {
        town.run(&format!("state prove {row}"))
            .exits(0)
            .says(&[says, "consistent:"]);
    }
    town.run(&format!("state prove slot:{topic}"))
        .exits(2)
        .says(&["is no row", "slot:ID/NUMBER"]);
    for miner in [good, bad] {
        assert_eq!(miner.terminate(), Some(0));
    }
    let after = ["seller-2", "seller-3"].map(|wallet| balance(&town, wallet));
    // Each paid fees; what was earned is more, and the better earned more.
    assert!(
        after[0] > before[0] + 1_000_000_000,
        "{before:?} to {after:?}"
    );
    assert!(after[0] - before[0] > after[1].saturating_sub(before[1]));
}

#[test]
fn a_part_without_a_model_or_with_one_too_many_is_refused() {
    let world = World::new();
    let file = world.path("series.csv");
    std::fs::write(&file, "value\n1\n2\n").unwrap();
    let series = format!("--series {}", file.display());
    for (part, model, reason) in [
        ("mine", String::new(), "required"),
        ("mine", series.clone(), "required"),
        ("forecast", series.clone(), "required"),
        ("repute", String::new(), "required"),
        ("validate", String::new(), "required"),
        (
            "validate",
            format!("{series} -- true"),
            "unexpected argument '--series'",
        ),
        (
            "mine",
            "--url http://127.0.0.1:1/ -- true".to_owned(),
            "cannot be used with",
        ),
        ("repute", format!("{series} -- true"), "cannot be used with"),
        ("repute", "--series none.csv".to_owned(), "none.csv"),
    ] {
        world
            .run(&format!("topic {part} 5f0c --wallet nobody {model}"))
            .exits(2)
            .says(&["error:", reason]);
    }
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
