//! Receipts: accepted as they are, refused with any change or under another chain's anchor.

use crate::{demo::DEMOS, program::World};
use assay_verify::{Anchor, parse_receipt, verify_receipt};

fn verify(
    world: &World,
    anchor: &std::path::Path,
    receipt: &std::path::Path,
) -> crate::program::Ended {
    world.run(&format!(
        "receipt verify --anchor {} {}",
        anchor.display(),
        receipt.display()
    ))
}

#[test]
fn a_receipt_is_accepted_under_its_own_anchor_and_no_other() {
    let world = World::new();
    let [one, other] = &*DEMOS;
    verify(&world, &one.anchor, &one.receipt).exits(0).says(&[
        "verified:",
        "agreed",
        "lost 0.2 ASY",
    ]);
    verify(&world, &other.anchor, &other.receipt).exits(0);
    verify(&world, &one.anchor, &other.receipt)
        .exits(1)
        .says(&["refused:", "use that chain's anchor"]);
    verify(&world, &other.anchor, &one.receipt)
        .exits(1)
        .says(&["refused:"]);
}

#[test]
fn a_receipt_with_any_bit_flipped_is_refused() {
    let [one, _] = &*DEMOS;
    let anchor = Anchor::parse(&std::fs::read_to_string(&one.anchor).unwrap()).unwrap();
    let mut bytes = std::fs::read(&one.receipt).unwrap();
    assert!(verify_receipt(&anchor, &parse_receipt(&bytes).unwrap()).is_ok());
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let accepted =
            parse_receipt(&bytes).is_ok_and(|proof| verify_receipt(&anchor, &proof).is_ok());
        assert!(!accepted, "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn the_command_refuses_altered_files_with_exit_code_1_and_missing_ones_with_2() {
    let world = World::new();
    let [one, _] = &*DEMOS;
    let bytes = std::fs::read(&one.receipt).unwrap();
    let altered = world.path("altered.receipt");
    for at in (0..bytes.len()).step_by(bytes.len() / 8) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&altered, &bytes).unwrap();
        verify(&world, &one.anchor, &altered)
            .exits(1)
            .says(&["refused:"]);
    }
    for short in [0, 1, bytes.len() - 1] {
        std::fs::write(&altered, &bytes[..short]).unwrap();
        verify(&world, &one.anchor, &altered)
            .exits(1)
            .says(&["refused:"]);
    }
    verify(&world, &one.anchor, &world.path("none"))
        .exits(2)
        .says(&["error:", "cannot open"]);
    verify(&world, &one.receipt, &one.receipt)
        .exits(2)
        .says(&["error:", "hint:"]);
}

#[test]
fn a_receipt_is_shown_with_a_warning() {
    let world = World::new();
    let [one, _] = &*DEMOS;
    let show = format!("receipt show {}", one.receipt.display());
    world
        .run(&show)
        .exits(0)
        .says(&["quorum, 3 of 4", "not verified:"]);
    let view = world.run(&format!("{show} --json")).exits(0).json();
    assert_eq!(view["verdict"]["type"], "agreed");
    assert_eq!(view["payouts"].as_array().unwrap().len(), 4);
}
