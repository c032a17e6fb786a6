use super::*;
use assay_model::bundled;
use assay_proof::{Outline, SAMPLES_MAX};

fn predicted(model: &str, samples: usize, weights_are_committed: bool) -> usize {
    let program = bundled::find(model).expect("bundled").program();
    let outline = Outline::of(&program).unwrap();
    let frame = Frame::new(&outline, samples).unwrap();
    memory_bytes(&frame, weights_are_committed)
}

#[test]
fn more_inferences_and_committed_weights_take_more() {
    for model in ["digits-mlp", "digits-smallcnn", "digits-lenet"] {
        let mut before = 0;
        for samples in 1..=SAMPLES_MAX {
            let public = predicted(model, samples, false);
            let committed = predicted(model, samples, true);
            assert!(public >= before, "{model}: {samples} inferences");
            assert!(committed >= public, "{model}: {samples} inferences");
            before = public;
        }
    }
}

/// Peaks of resident memory of `assay prove` with committed weights, in MiB.
const MEASURED: [(&str, usize, usize); 8] = [
    ("digits-mlp", 1, 39),
    ("digits-mlp", 64, 44),
    ("digits-mlp", 256, 79),
    ("digits-smallcnn", 1, 34),
    ("digits-smallcnn", 64, 396),
    ("digits-lenet", 1, 43),
    ("digits-lenet", 32, 349),
    ("digits-lenet", 64, 677),
];

#[test]
fn the_prediction_is_near_what_was_measured() {
    for (model, samples, measured) in MEASURED {
        let predicted = predicted(model, samples, true) >> 20;
        let (least, most) = (measured * 80 / 100, measured * 135 / 100);
        assert!(
            (least..=most).contains(&predicted),
            "{model}, {samples} inferences: {predicted} MiB, measured {measured}"
        );
    }
}
