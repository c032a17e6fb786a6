//! `assay state`: a row is fetched with its proof, and checked where there is no node.

use crate::program::Town;

#[test]
fn a_balance_is_proven_and_verified_offline() {
    let Town { world, node, url } = Town::new();
    let at = |line: &str| world.run(&format!("{line} --node {url}"));
    let wallet = at("wallet show --wallet buyer --json").exits(0).json();
    let address = wallet["address"].as_str().unwrap().to_owned();
    let anchor = world.path("dev/anchor.json");
    let (balance, nobody) = (world.path("balance.proof"), world.path("nobody.proof"));

    at(&format!(
        "state prove account:{address} -o {}",
        balance.display()
    ))
    .exits(0)
    .says(&["balance", "consistent:", "as the node names them"]);
    let order = "ee".repeat(32);
    at(&format!(
        "state prove order:{order} --anchor {} -o {}",
        anchor.display(),
        nobody.display()
    ))
    .exits(0)
    .says(&["the ledger held no such row", "verified:"]);
    at("state prove account:nobody").exits(2);
    at("state prove purse:7").exits(2).says(&["is no row"]);
    drop(node);

    let verify = |more: &str, file: &std::path::Path| {
        world.run(&format!(
            "state verify --anchor {} {more} {}",
            anchor.display(),
            file.display()
        ))
    };
    let verified = verify("--json", &balance).exits(0).json();
    assert_eq!(verified["verified"], true);
    assert_eq!(verified["state"]["key"]["account"], address.as_str());
    assert!(
        verified["state"]["row"]["balance"].is_string(),
        "{verified}"
    );
    verify("", &nobody).exits(0).says(&["no such row"]);
    world
        .run(&format!("state show {}", balance.display()))
        .exits(0)
        .says(&["not verified:"]);

    std::thread::sleep(std::time::Duration::from_millis(1_100));
    verify("--max-age 1", &balance)
        .exits(1)
        .says(&["refused:", "older than --max-age 1"]);
    verify("--max-age 3600", &balance).exits(0);

    let mut bytes = std::fs::read(&balance).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&balance, bytes).unwrap();
    let refused = verify("--json", &balance).exits(1).json();
    assert_eq!(refused["verified"], false);
}
