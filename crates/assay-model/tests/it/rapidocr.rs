//! A network from practice: the text-orientation classifier that `cargo xtask fixtures` fetches.

use std::{path::PathBuf, sync::Arc};

use assay_model::{
    Calibration, Card, Collection, Executor, FloatTensor, Imported, Input, KernelSet, Plan, Shape,
    execute::BATCH_ITEMS,
    import,
    input::decode_npz,
    manifest::{Colour, ImagePreprocessing, PixelRange, Preprocessing},
};

const CALIBRATION: &[u8] = include_bytes!("../../../../models/rapidocr-cls/calibration.npz");
const HELD_OUT: &[u8] = include_bytes!("../../../../models/rapidocr-cls/held-out.npz");

/// The file, where it was fetched.
#[expect(
    clippy::disallowed_methods,
    reason = "the library knows neither files nor environment; this test looks for one"
)]
fn fixture() -> Option<Vec<u8>> {
    let folder = std::env::var_os("ASSAY_FIXTURES");
    let folder = folder.map_or_else(|| PathBuf::from("../../fixtures"), PathBuf::from);
    std::fs::read(folder.join("rapidocr-cls/model.onnx")).ok()
}

#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn skipped() {
    eprintln!(
        "SKIPPED: fixtures/rapidocr-cls/model.onnx is absent; `cargo xtask fixtures` fetches it"
    );
}

/// Inputs and classes of an archive.
fn read(archive: &[u8]) -> (Input, FloatTensor) {
    let inputs = decode_npz(archive, Some("x")).expect("x");
    match decode_npz(archive, Some("y")) {
        Ok(Input::Reals(classes)) => (inputs, classes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn crops_show_both_orientations() {
    for (archive, crops) in [(CALIBRATION, 96), (HELD_OUT, 300)] {
        let (inputs, classes) = read(archive);
        let Input::Bytes { shape, .. } = inputs else {
            panic!("bytes");
        };
        assert_eq!(shape.dims(), [crops, 3, 48, 192]);
        let turned: f64 = classes.data().iter().sum();
        assert_eq!(turned, f64::from(crops) / 2.0);
    }
}

#[test]
fn integers_choose_as_floats_do() {
    let Some(file) = fixture() else {
        skipped();
        return;
    };
    let (calibration, held_out) = (read(CALIBRATION), read(HELD_OUT));
    let collection = |(inputs, classes)| Collection {
        inputs,
        classes: Some(classes),
    };
    let card = Card {
        name: "rapidocr-cls".to_owned(),
        version: "2.0.0".to_owned(),
        licence: "Apache-2.0".to_owned(),
        description: "Orientation of a line of text".to_owned(),
        preprocessing: Some(Preprocessing::Image(ImagePreprocessing {
            range: PixelRange::Symmetric,
            ..ImagePreprocessing::unit(192, 48, Colour::Bgr)
        })),
        labels: vec!["0".to_owned(), "180".to_owned()],
        input: Some(Shape::new(&[3, 48, 192]).expect("shape")),
    };
    let samples = Calibration {
        samples: collection((&calibration.0, &calibration.1)),
        held_out: Some(collection((&held_out.0, &held_out.1))),
    };
    let Imported {
        program,
        manifest,
        report,
    } = import(&file, samples, card).expect("import");
    assert!(report.held_out && report.without_softmax);
    assert_eq!(report.samples, 300);
    for class in &report.classes {
        assert_eq!(class.samples, 150);
        assert!(class.agreeing * 100 >= class.samples * 98, "{class:?}");
    }
    assert_eq!((program.nodes().len(), program.steps()), (109, 17_257_568));
    insta::assert_snapshot!(program.model_id(), @"662c5ece4240bdb6ea301cf184ebfbc4505c97142d9a8c43ab86f6bd4d5f9168");

    // Whatever the kernels, and whether inputs come one by one or together.
    let mut crops = manifest.quantize_input(&held_out.0).expect("crops");
    crops.truncate(BATCH_ITEMS + 1);
    let program = Arc::new(program);
    let executor = |kernels, items| {
        Executor::of_plan(
            Arc::new(Plan::with_kernels(program.clone(), kernels)),
            items,
        )
    };
    let mut plain = executor(KernelSet::PORTABLE, 1);
    let expected = plain.run_batch(&crops).expect("plain loops");
    for kernels in KernelSet::available() {
        for items in [1, BATCH_ITEMS] {
            let found = executor(kernels, items).run_batch(&crops).expect("run");
            assert!(found == expected, "{} by {items}", kernels.name());
        }
    }
}
