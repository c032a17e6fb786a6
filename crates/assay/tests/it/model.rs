//! Models: imported again to the very bytes that are bundled, inspected, run without a market.

use crate::program::{World, models};

#[test]
fn importing_the_bundled_models_reproduces_them() {
    let world = World::new();
    for name in ["digits-mlp", "digits-smallcnn", "digits-lenet"] {
        let folder = world.path(name);
        let line = format!(
            "model import {} --calibration {} -o {} --image 28x28 --licence MIT --json",
            models(&format!("{name}/model.onnx")).display(),
            models("digits/calibration.npz").display(),
            folder.display(),
        );
        let report = world.run(&line).exits(0).json();
        assert_eq!(report["manifest"]["name"], name);
        let program = std::fs::read(folder.join("program.bin")).unwrap();
        let bundled = std::fs::read(models(&format!("{name}/program.bin"))).unwrap();
        assert!(program == bundled, "{name}: another program");

        let digit = models("digits/digit-7.png");
        let run = format!(
            "model run {} --input {} --json",
            folder.display(),
            digit.display()
        );
        assert_eq!(
            world.run(&run).exits(0).json()["answer"]["label"],
            "7",
            "{name}"
        );
    }
}

#[test]
fn a_bundled_model_is_inspected_by_name() {
    let world = World::new();
    world.run("model inspect digits-lenet").exits(0).says(&[
        "conv2d",
        "max_pool2d",
        "largest |acc|",
    ]);
    let view = world.run("model inspect digits-mlp --json").exits(0).json();
    assert_eq!(view["layers"].as_array().unwrap().len(), 3, "{view}");
    let onnx = models("digits-mlp/model.onnx");
    world
        .run(&format!("model inspect {}", onnx.display()))
        .exits(0)
        .says(&["a float graph"]);
    world
        .run("model inspect nothing")
        .exits(2)
        .says(&["neither a bundled model nor a folder", "digits-lenet"]);
}
