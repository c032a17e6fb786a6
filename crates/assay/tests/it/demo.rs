//! The README's transcript is the test: the demo's story, with what differs from run to run masked.

use crate::program::{Ended, World};
use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Two demos, each with a chain of its own.
pub(crate) static DEMOS: LazyLock<[Demo; 2]> = LazyLock::new(|| [Demo::run(), Demo::run()]);

/// A demo that has ended.
pub(crate) struct Demo {
    _world: World,
    pub(crate) ended: Ended,
    pub(crate) receipt: PathBuf,
    pub(crate) anchor: PathBuf,
}

impl Demo {
    fn run() -> Self {
        let world = World::new();
        let ended = world.run("demo").exits(0);
        let file = |name: &str| {
            let word = ended
                .stdout
                .split_whitespace()
                .find(|word| word.ends_with(name));
            PathBuf::from(word.unwrap())
        };
        let (receipt, anchor) = (file("order.receipt"), file("anchor.json"));
        Self {
            _world: world,
            ended,
            receipt,
            anchor,
        }
    }
}

#[test]
fn the_demo_tells_what_the_readme_shows() {
    let readme = std::fs::read_to_string("../../README.md").unwrap();
    let (_, block) = readme
        .split_once("$ cargo run --release -- demo\n")
        .unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let shown = block
        .lines()
        .skip_while(|line| !line.contains("Assay:"))
        .collect::<Vec<_>>();
    let told = &DEMOS[0].ended.stdout;
    assert_eq!(
        masked(&shown.join("\n")),
        masked(told),
        "update the README's transcript:\n{told}"
    );
}

#[test]
fn the_demo_fits_a_terminal_of_80_columns() {
    // The last lines are paths, whose length is the platform's.
    let told = DEMOS[0]
        .ended
        .stdout
        .split("Check the receipt")
        .next()
        .unwrap();
    for line in told.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\u{1b}'), "no colour without a terminal");
    }
}

#[test]
fn the_demo_speaks_to_programs_and_keeps_what_it_is_asked_to_keep() {
    let world = World::new();
    let ended = world.run("demo --json --keep").exits(0);
    let lines: Vec<serde_json::Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.last().unwrap();
    for field in [
        "holds",
        "settled",
        "proven",
        "forgery_refused",
        "supply_conserved",
        "receipt_verified",
    ] {
        assert_eq!(last[field], true, "{field}");
    }
    assert_eq!(last["answer"], "7");
    let kept = Path::new(last["receipt"].as_str().unwrap())
        .parent()
        .unwrap();
    assert!(kept.join("market/genesis.bin").exists());
    assert!(kept.join("market/wallets/buyer.wallet").exists());
    let types = lines
        .iter()
        .filter_map(|line| line["event"]["type"].as_str());
    assert_eq!(types.filter(|kind| *kind == "committed").count(), 4);
}

/// The story without times, ids, paths, fees' last digits and the order of simultaneous events.
fn masked(transcript: &str) -> String {
    let (story, rest): (Vec<_>, Vec<_>) = transcript
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .partition(|line| told(line).is_some());
    let mut story: Vec<(usize, String)> = story
        .into_iter()
        .filter_map(told)
        .flat_map(one_by_one)
        .collect();
    story.sort();
    let rest = rest.into_iter().filter_map(mask_line);
    let story = story.into_iter().map(|(_, line)| line);
    rest.chain(story).collect::<Vec<_>>().join("\n")
}

/// The stages of an order as the story names them, in order.
const VERBS: [&str; 15] = [
    "placed",
    "drawn",
    "named",
    "accepted",
    "started",
    "committed",
    "reveals",
    "revealed",
    "delivered",
    "verdict",
    "paid",
    "amends",
    "burnt",
    "rebate",
    "royalty",
];

/// A story line after its time.
fn told(line: &str) -> Option<&str> {
    let (ms, rest) = line.split_once(" ms  ")?;
    ms.parse::<u64>().ok().map(|_| rest)
}

/// One line for each name, ranked by stage.
fn one_by_one(line: &str) -> Vec<(usize, String)> {
    let (verb, rest) = line.split_once(' ').unwrap();
    let rank = VERBS
        .iter()
        .position(|known| *known == verb)
        .unwrap_or(VERBS.len());
    let rest = rest.trim();
    let (names, detail) = match rest.split_once(": ") {
        Some((names, detail)) if rank > 0 => (names, detail),
        _ if ["accepted", "committed"].contains(&verb) => (rest, ""),
        _ => ("", rest),
    };
    let detail = detail
        .split_once(" in block ")
        .map_or(detail, |(before, _)| before);
    let detail: Vec<_> = detail.split(' ').map(mask_word).collect();
    let line = |name: &str| (rank, format!("{verb} {name} {}", detail.join(" ")));
    names.split(", ").map(line).collect()
}

/// A line outside the story; `None` for what is the machine's alone.
fn mask_line(line: &str) -> Option<String> {
    let is_path =
        line.contains("receipt verify") || line.contains("--anchor") || line.ends_with(".receipt");
    let is_clock = line.contains("started  in");
    let words = line
        .split_whitespace()
        .map(mask_word)
        .collect::<Vec<_>>()
        .join(" ");
    (!is_path && !is_clock).then_some(words)
}

/// Hides ids, addresses and what fees depend on.
fn mask_word(word: &str) -> String {
    let bare = word.trim_end_matches(',');
    if bare.len() == 8 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "[id]".to_owned();
    }
    if word.starts_with("http://127.0.0.1:") {
        return "[url]".to_owned();
    }
    match word.split_once('.') {
        Some((whole, fraction)) if fraction.len() == 9 => format!("{whole}.{}…", &fraction[..3]),
        _ => word.to_owned(),
    }
}
