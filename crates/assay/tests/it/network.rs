//! Four validators as processes: an order settles through one of them, another is killed, the market goes on,
//! the killed one comes back.
#![cfg(unix)]

use crate::program::{Running, World, models};
use serde_json::Value;
use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Longest wait for something that takes seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Seconds in which an order must end: its steps' deadlines stretch with it, so that sellers on a busy machine
/// answer in time though a leader is dead.
const WITHIN: u32 = 120;

struct Town {
    world: World,
    up: Running,
    validators: Vec<Value>,
}

impl Town {
    fn new() -> Self {
        let world = World::new();
        let made = world
            .run("network new --validators 4 --http-port 0 --peer-port 0 --json")
            .exits(0)
            .json();
        assert_eq!(made["validators"].as_array().unwrap().len(), 4);
        let up = world.start("network up --json");
        let running: Value = serde_json::from_str(&up.wait_for("validators")).unwrap();
        let validators = running["validators"].as_array().unwrap().clone();
        Self {
            world,
            up,
            validators,
        }
    }

    fn of(&self, number: usize, field: &str) -> String {
        let value = &self.validators[number - 1][field];
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    fn height(&self, number: usize) -> Option<u64> {
        let status = self.world.run("network status --json").exits(0).json();
        status["validators"][number - 1]["height"].as_u64()
    }

    fn seller(&self, number: u8, more: &str) -> Running {
        let url = self.of(2, "url");
        let line = format!("provide --wallet seller-{number} {more} --json --node {url}");
        let running = self.world.start(&line);
        running.wait_for("offering");
        running
    }

    /// Buys under the demo's check through the second validator; the receipt's file.
    fn buy(&self) -> String {
        let line = format!(
            "infer --wallet buyer --model digits-lenet --input {} --check quorum:3of4 --within {WITHIN} --json --node {}",
            models("digits/digit-7.png").display(),
            self.of(2, "url")
        );
        let bought = self.world.run_with("assay-dev", &line).exits(0).json();
        assert_eq!(bought["answer"]["label"], "7");
        assert_eq!(bought["verdict"]["type"], "agreed");
        bought["receipt"].as_str().unwrap().to_owned()
    }

    fn verify(&self, receipt: &str) {
        let anchor = self.world.path("network/anchor.json");
        let line = format!("receipt verify --anchor {} {receipt}", anchor.display());
        self.world.run(&line).exits(0).says(&["verified:"]);
    }
}

#[test]
fn one_of_four_validators_is_killed_and_the_market_goes_on() {
    let town = Town::new();
    let sellers = [
        town.seller(1, ""),
        town.seller(2, ""),
        town.seller(3, ""),
        town.seller(4, "--misbehave wrong"),
        // In reserve, should a busy machine make one of the others late.
        town.seller(5, ""),
    ];
    town.verify(&town.buy());

    let process = town.of(3, "process");
    let kill = Command::new("kill").args(["-9", &process]).status();
    assert!(kill.unwrap().success());
    let ended: Value = serde_json::from_str(&town.up.wait_for("ended")).unwrap();
    assert_eq!(ended["validator"], "validator-3");
    assert_eq!(town.height(3), None);
    town.verify(&town.buy());

    let folder = town.of(3, "folder");
    let back = town.world.start(&format!("node --dir {folder} --json"));
    back.wait_for("url");
    town.up.wait_for("back");
    let target = town.height(2).unwrap();
    let begun = Instant::now();
    while town.height(3).is_none_or(|height| height < target) {
        assert!(
            begun.elapsed() < PATIENCE,
            "it did not catch up to {target}"
        );
        thread::sleep(Duration::from_millis(200));
    }
    town.verify(&town.buy());

    for seller in sellers {
        assert_eq!(seller.terminate(), Some(0));
    }
    assert_eq!(town.up.terminate(), Some(0));
    assert_eq!(back.terminate(), Some(0));
    let away = town.world.run("network status --json").exits(1).json();
    assert_eq!(away["running"], 0);
}
