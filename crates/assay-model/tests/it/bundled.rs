//! The bundled models are what import makes of their files, and are as accurate as their originals.

use assay_model::{
    Calibration, Card, Collection, Executor, FloatTensor, Input, bundled, bundled as models,
    import,
    input::{decode, decode_npz},
    onnx,
};

const CALIBRATION: &[u8] = include_bytes!("../../../../models/digits/calibration.npz");

/// File, JSON view and expected accuracy of the float original, in right answers of 1 000.
const FILES: [(&str, &[u8], &str, u32); 3] = [
    (
        "digits-mlp",
        include_bytes!("../../../../models/digits-mlp/model.onnx"),
        include_str!("../../../../models/digits-mlp/manifest.json"),
        966,
    ),
    (
        "digits-smallcnn",
        include_bytes!("../../../../models/digits-smallcnn/model.onnx"),
        include_str!("../../../../models/digits-smallcnn/manifest.json"),
        943,
    ),
    (
        "digits-lenet",
        include_bytes!("../../../../models/digits-lenet/model.onnx"),
        include_str!("../../../../models/digits-lenet/manifest.json"),
        957,
    ),
];

fn array(archive: &[u8], name: &str) -> FloatTensor {
    match decode_npz(archive, Some(name)) {
        Ok(Input::Reals(array)) => array,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn import_gives_the_bundled_bytes() {
    let inputs = Input::Reals(array(CALIBRATION, "x"));
    let classes = array(CALIBRATION, "y");
    for (name, file, json, _) in FILES {
        let bundled = models::find(name).expect("bundled");
        let fields = bundled.manifest().fields().clone();
        let card = Card {
            name: fields.name,
            version: fields.version,
            licence: fields.licence,
            description: fields.description,
            preprocessing: Some(fields.input.preprocessing),
            labels: fields.output.labels,
            input: None,
        };
        let calibration = Calibration {
            samples: Collection {
                inputs: &inputs,
                classes: Some(&classes),
            },
            held_out: None,
        };
        let imported = import(file, calibration, card).expect(name);
        assert!(
            imported.program.to_bytes() == bundled.program_bytes(),
            "{name}"
        );
        assert_eq!(
            imported.manifest.to_bytes(),
            bundled.manifest_bytes(),
            "{name}"
        );
        assert_eq!(imported.manifest.view().to_json(), json, "{name}");
        assert_eq!(imported.report.samples, 256);
    }
}

#[test]
fn manifests_belong_to_their_programs() {
    let mut names = Vec::new();
    for model in bundled() {
        let (program, manifest) = (model.program(), model.manifest());
        assert_eq!(manifest.fields().name, model.name());
        assert_eq!(program.to_bytes(), model.program_bytes());
        assert_eq!(manifest.to_bytes(), model.manifest_bytes());
        assert!(manifest.check_program(&program).is_ok(), "{}", model.name());
        names.push(model.name());
    }
    assert_eq!(names, ["digits-lenet", "digits-mlp", "digits-smallcnn"]);
    let (one, other) = (&bundled()[0], &bundled()[1]);
    assert!(one.manifest().check_program(&other.program()).is_err());
}

/// Every digit that neither training nor calibration has seen: integers against floats.
#[test]
fn integers_are_within_half_a_point_of_floats() {
    let set = models::digits_test_set();
    assert_eq!(
        (set.images.shape().dims(), set.classes.len()),
        (&[1000, 784][..], 1000)
    );
    let mut lines = Vec::new();
    for (name, file, _, expected) in FILES {
        let model = models::find(name).expect("bundled");
        let manifest = model.manifest();
        let mut executor = Executor::new(model.program());
        let graph = onnx::parse(file).expect(name);
        let inputs = manifest
            .quantize_input(&Input::Reals(set.images.clone()))
            .expect(name);
        let (mut float, mut integer) = (0u32, 0u32);
        let digits = set.images.data().chunks_exact(784).zip(&inputs);
        for ((pixels, input), &class) in digits.zip(&set.classes) {
            let scores = graph.run(pixels).expect(name);
            let largest = scores.iter().copied().fold(f32::MIN, f32::max);
            float += u32::from(
                scores.iter().position(|&score| score == largest) == Some(usize::from(class)),
            );
            let output = executor.run(input).expect(name);
            let answer = manifest.classify(&output).expect(name);
            integer += u32::from(answer.label == class.to_string());
        }
        lines.push(format!("{name}: float {float}, integer {integer} of 1000"));
        assert_eq!(float, expected, "{name}: the float original");
        assert!(float.abs_diff(integer) <= 5, "{lines:?}");
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    digits-mlp: float 966, integer 967 of 1000
    digits-smallcnn: float 943, integer 946 of 1000
    digits-lenet: float 957, integer 956 of 1000
    ");
}

#[test]
fn pictures_show_their_digits() {
    let set = models::digits_test_set();
    for image in models::digit_images() {
        assert_eq!(set.classes[image.index], image.digit);
        let picture = decode(image.png).expect("PNG");
        for model in bundled() {
            let manifest = model.manifest();
            let inputs = manifest.quantize_input(&picture).expect("picture");
            let output = Executor::new(model.program()).run(&inputs[0]).expect("run");
            let answer = manifest.classify(&output).expect("answer");
            assert_eq!(answer.label, image.digit.to_string(), "{}", model.name());
        }
    }
}
