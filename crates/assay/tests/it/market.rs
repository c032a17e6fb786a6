//! The README's second section: a node, three sellers and a buyer as separate processes.

use crate::program::{Running, Town, models};

/// A seller that has its offer out.
fn seller(town: &Town, number: u8, more: &str) -> Running {
    let line = format!(
        "provide --wallet seller-{number} {more} --json --node {}",
        town.url
    );
    let running = town.world.start(&line);
    running.wait_for("offering");
    running
}

#[test]
fn a_buyer_and_three_sellers_trade_over_the_network() {
    let town = Town::new();
    let digit = models("digits/digit-7.png");
    let buy = format!(
        "infer --wallet buyer --model digits-lenet --input {} --json",
        digit.display()
    );
    town.run(&buy).exits(2).says(&["fewer independent sellers"]);

    let sellers = [1, 2, 3].map(|number| seller(&town, number, ""));
    let bought = town.run(&buy).exits(0).json();
    assert_eq!(bought["answer"]["label"], "7");
    assert_eq!(bought["verdict"]["type"], "agreed");
    let receipt = bought["receipt"].as_str().unwrap();
    let anchor = town.world.path("dev/anchor.json");
    let verify = format!("receipt verify --anchor {} {receipt}", anchor.display());
    town.world.run(&verify).exits(0).says(&["verified:"]);

    let order = bought["order"].as_str().unwrap();
    town.run(&format!("order show {order}"))
        .exits(0)
        .says(&["agreed", order]);
    town.run("order list --wallet buyer")
        .exits(0)
        .says(&[&order[..8], "agreed"]);
    town.run(&format!("order show {}", "00".repeat(32)))
        .exits(2)
        .says(&["knows no order"]);

    let approval = buy.replace("--json", "--check approval --json");
    let approved = town.run(&approval).exits(0).json();
    assert_eq!(approved["verdict"]["type"], "approved");

    let mlp = buy.replace("digits-lenet", "digits-mlp");
    let proof = mlp.replace("--json", "--check proof --json");
    let proven = town.run(&proof).exits(0).json();
    assert_eq!(proven["answer"]["label"], "7");
    assert_eq!(proven["verdict"]["type"], "proven");
    let receipt = proven["receipt"].as_str().unwrap();
    let verify = format!("receipt verify --anchor {} {receipt}", anchor.display());
    town.world
        .run(&verify)
        .exits(0)
        .says(&["verified:", "proven"]);
    let foreign = "11".repeat(32);
    town.run(&proof.replace("proof", &format!("proof --key {foreign}")))
        .exits(2)
        .says(&["has no proof key 1111", "its keys: --key"]);
    town.run(&mlp.replace("--json", &format!("--key {foreign}")))
        .exits(2)
        .says(&["add --check proof"]);

    let batch = models("digits/test.npz");
    let line = format!(
        "infer --wallet buyer --model digits-mlp --batch {} --count 20 --json",
        batch.display()
    );
    let report = town.run(&line).exits(0).json();
    assert_eq!(report["settled"], 20);
    assert!(report["correct"].as_u64().unwrap() >= 17, "{report}");
    assert_eq!(report["supply"]["conserved"], true);

    let to = town
        .run("wallet show --wallet author --offline --json")
        .exits(0)
        .json();
    let to = to["address"].as_str().unwrap();
    town.run(&format!("transfer --wallet buyer {to} 12.5"))
        .exits(0)
        .says(&["12.5 ASY", "final:"]);
    town.run(&format!("transfer --wallet author {to} 900000000"))
        .exits(2)
        .says(&["error:", "hint:"]);
    let shown = town
        .run("wallet show --wallet seller-1 --json")
        .exits(0)
        .json();
    assert!(
        shown["account"]["seller"]["delivered"].as_u64().unwrap() >= 1,
        "{shown}"
    );

    #[cfg(unix)]
    {
        for seller in sellers {
            assert_eq!(seller.terminate(), Some(0));
        }
        assert_eq!(town.node.terminate(), Some(0));
    }
}

#[test]
fn a_models_owner_registers_its_proof_key_once() {
    let town = Town::new();
    // A development network's author has registered the bundled models' keys already.
    let file = town.world.path("mlp.key");
    let register = format!("model register-key digits-mlp -o {}", file.display());
    let again = town.run(&format!("{register} --wallet author --json"));
    let again = again.exits(0).json();
    assert_eq!(again["is_new"], false);
    assert_eq!(
        std::fs::read(&file).unwrap().len() as u64,
        again["bytes"].as_u64().unwrap()
    );
    town.run(&register).exits(0).says(&["registered already"]);

    // Another one registers a model of its own, and only it registers the key.
    let (onnx, folder) = (town.world.path("own.onnx"), town.world.path("own"));
    let mut graph = std::fs::read(models("digits-mlp/model.onnx")).unwrap();
    // Some of its weights become zero, which makes it another model.
    let middle = graph.len() / 2;
    graph[middle..middle + 400].fill(0);
    std::fs::write(&onnx, graph).unwrap();
    let import = format!(
        "model import {} --calibration {} -o {} --image 28x28",
        onnx.display(),
        models("digits/calibration.npz").display(),
        folder.display()
    );
    town.world.run(&import).exits(0);
    town.run(&format!(
        "model register {} --wallet seller-8",
        folder.display()
    ))
    .exits(0);
    let buy = format!(
        "infer --wallet buyer --model own --input {} --check proof",
        models("digits/digit-7.png").display()
    );
    town.run(&buy)
        .exits(2)
        .says(&["own has no proof key", "model register-key"]);
    town.run("model register-key own --wallet buyer")
        .exits(2)
        .says(&["not this wallet", "hint:"]);
    let made = town.run("model register-key own --wallet seller-8 --json");
    let made = made.exits(0).json();
    assert_eq!(made["is_new"], true, "{made}");
    town.run("model register-key own --wallet seller-8")
        .exits(0)
        .says(&["registered already", made["key"].as_str().unwrap()]);
}
