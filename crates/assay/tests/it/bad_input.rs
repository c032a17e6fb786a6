//! Bad input gets a clear error, exit code 2, and nothing is lost.

use crate::program::{World, models};

#[test]
fn inputs_that_are_none_are_refused_by_reason() {
    let world = World::new();
    let write = |name: &str, bytes: &[u8]| {
        let path = world.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let digit = std::fs::read(models("digits/digit-7.png")).unwrap();
    let zeros = vec!["0"; 783].join(",");
    let cases = [
        (write("cut.png", &digit[..60]), "cannot be decoded"),
        (write("small.png", SMALL_PNG), "resize it first"),
        (
            write("nan.json", format!("[NaN,{zeros}]").as_bytes()),
            "cannot be read",
        ),
        (
            write("huge.json", format!("[1e999,{zeros}]").as_bytes()),
            "",
        ),
        (write("nan.npy", &npy_of_nan()), "must be finite"),
        (write("short.json", b"[1, 2, 3]"), "takes arrays of shape"),
        (
            write("text.txt", b"hello"),
            "neither PNG, .npy, .npz nor JSON",
        ),
        (write("empty", b""), "neither PNG"),
        (
            models("digits/test.npz").display().to_string(),
            "1000 inputs",
        ),
        (world.path("none.png").display().to_string(), "cannot open"),
    ];
    for (path, reason) in cases {
        let line = format!("model run digits-lenet --input {path}");
        world.run(&line).exits(2).says(&["error:", reason, &path]);
    }
}

#[test]
fn models_that_are_none_are_refused_by_reason() {
    let world = World::new();
    let onnx = std::fs::read(models("digits-mlp/model.onnx")).unwrap();
    let calibration = models("digits/calibration.npz");
    for (name, bytes, reason) in [
        ("cut.onnx", &onnx[..onnx.len() / 2], "cannot import"),
        ("empty.onnx", &[][..], "cannot import"),
        ("noise.onnx", &[0xff; 4_096][..], "cannot import"),
    ] {
        let path = world.path(name);
        std::fs::write(&path, bytes).unwrap();
        let out = world.path("out");
        let line = format!(
            "model import {} --calibration {} -o {} --name x",
            path.display(),
            calibration.display(),
            out.display()
        );
        world
            .run(&line)
            .exits(2)
            .says(&["error:", reason, name, "because"]);
        assert!(!out.exists(), "nothing is written");
    }
    let line = format!(
        "model import {} --calibration {} -o {}",
        models("digits-mlp/model.onnx").display(),
        models("digits/digit-7.png").display(),
        world.path("out").display()
    );
    world.run(&line).exits(2).says(&["array `x`", "hint:"]);
}

#[test]
fn a_port_or_folder_in_use_is_named() {
    let world = World::new();
    let data = world.path("chain");
    let node = world.start(&format!(
        "node --dev --data {} --listen 127.0.0.1:0 --json",
        data.display()
    ));
    let serving: serde_json::Value = serde_json::from_str(&node.wait_for("url")).unwrap();
    let address = serving["url"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .to_owned();

    let second = format!("node --dev --data {} --listen 127.0.0.1:0", data.display());
    world
        .run(&second)
        .exits(2)
        .says(&["error:", "cannot start the chain", "because"]);
    let other = world.path("other");
    let same_port = format!("node --dev --data {} --listen {address}", other.display());
    world
        .run(&same_port)
        .exits(2)
        .says(&["error:", "port is in use"]);

    let crowded = world.path("crowded");
    std::fs::create_dir_all(crowded.join("mine")).unwrap();
    let line = format!(
        "node --dev --data {} --listen 127.0.0.1:0",
        crowded.display()
    );
    world.run(&line).exits(2).says(&["holds other things"]);
    assert!(crowded.join("mine").exists());
    let empty = world.path("empty");
    let line = format!("node --data {} --listen 127.0.0.1:0", empty.display());
    world
        .run(&line)
        .exits(2)
        .says(&["no network", "assay node --dev"]);
}

#[test]
fn a_node_that_is_not_there_is_named_before_a_passphrase_is_asked_for() {
    let world = World::new();
    world
        .run("order list --node http://127.0.0.1:1 --account asy1qqqq")
        .exits(2);
    let digit = models("digits/digit-7.png");
    let line = format!(
        "infer --model digits-mlp --input {} --node http://127.0.0.1:1",
        digit.display()
    );
    world
        .run(&line)
        .exits(2)
        .says(&["cannot reach the node", "assay node --dev"]);
    world
        .run(&line.replace("http", "ftp"))
        .exits(2)
        .says(&["not the address of a node"]);
}

/// A grey PNG of one pixel.
const SMALL_PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
    1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54,
    0x78, 0xda, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0xe5, 0x27, 0xde, 0xfc, 0, 0, 0, 0, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// 784 numbers in NumPy's format, the first of them NaN.
fn npy_of_nan() -> Vec<u8> {
    let mut header = "{'descr': '<f4', 'fortran_order': False, 'shape': (784,), }".to_owned();
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(f32::NAN.to_le_bytes());
    bytes.extend([0; 4 * 783]);
    bytes
}
