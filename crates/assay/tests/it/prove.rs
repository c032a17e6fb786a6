//! Proofs of inference: made on one machine, checked on another that has the model or only its key.

use crate::program::{Ended, World, models};
use std::{fs, path::Path};

/// Where the output's first element lies in a file about one digit: version, mode, model, count, the input's length,
/// the input (a head of three bytes and three extents, 784 elements), the output's length, its head with one extent.
fn first_output_byte(file: &[u8]) -> usize {
    let at = 1 + 1 + 32 + 2;
    let length = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let output = at + 4 + length(at);
    output + 4 + 3 + 4
}

fn prove(world: &World, words: &str) -> Ended {
    let digit = models("digits/digit-7.png");
    world.run(&format!(
        "prove {words} {} -o {}",
        digit.display(),
        world.path("proof.bin").display()
    ))
}

fn verify(world: &World, words: &str) -> Ended {
    world.run(&format!(
        "verify {} {words}",
        world.path("proof.bin").display()
    ))
}

fn key(world: &World) -> String {
    format!("--key {}", world.path("key.bin").display())
}

#[test]
fn a_proof_holds_for_whoever_has_the_key_or_the_model() {
    let world = World::new();
    prove(&world, "digits-smallcnn").exits(0).says(&[
        "label  7",
        "proving takes about",
        "1 inference",
        "security",
        "proven:",
    ]);
    verify(&world, &key(&world))
        .exits(0)
        .says(&["holds: the model computes this output from this input"]);
    verify(&world, "--model digits-smallcnn")
        .exits(0)
        .says(&["label  7", "holds:"]);
    let digit = models("digits/digit-7.png");
    let folder = models("digits-smallcnn");
    verify(
        &world,
        &format!("--model {} --input {}", folder.display(), digit.display()),
    )
    .exits(0);
}

#[test]
fn with_public_weights_the_model_is_needed() {
    let world = World::new();
    prove(&world, "digits-mlp --weights public").exits(0);
    assert!(!world.path("key.bin").exists());
    verify(&world, "--model digits-mlp")
        .exits(0)
        .says(&["holds:"]);
    verify(&world, "--model digits-smallcnn")
        .exits(1)
        .says(&["refused: the proof is about model"]);
    prove(&world, "digits-smallcnn").exits(0);
    fs::copy(world.path("key.bin"), world.path("other.bin")).unwrap();
    prove(&world, "digits-mlp --weights public").exits(0);
    let other = format!("--key {}", world.path("other.bin").display());
    verify(&world, &other).exits(1).says(&["about model"]);
    prove(&world, "digits-mlp").exits(0);
    prove(&world, "digits-mlp --weights public").exits(0);
    verify(&world, &key(&world))
        .exits(2)
        .says(&["have the model's weights", "hint:", "--model"]);
    prove(&world, "digits-mlp --weights public --key-out k.bin")
        .exits(2)
        .says(&["has no key"]);
}

#[test]
fn what_differs_is_refused_and_what_is_missing_is_an_error() {
    let world = World::new();
    let tensors = world.path("tensors");
    let words = format!("digits-smallcnn --tensors {}", tensors.display());
    prove(&world, &words).exits(0);
    let (proof, key) = (world.path("proof.bin"), key(&world));
    let honest = fs::read(&proof).unwrap();

    let mut changed = honest.clone();
    changed[first_output_byte(&honest)] ^= 1;
    fs::write(&proof, &changed).unwrap();
    let refused = verify(&world, &format!("{key} --json")).exits(1).json();
    assert_eq!(refused["holds"], false, "{refused}");
    assert!(refused["reason"].is_string(), "{refused}");
    verify(&world, &key).exits(1).says(&["refused:"]);

    fs::write(&proof, &honest[..honest.len() - 1]).unwrap();
    verify(&world, &key)
        .exits(1)
        .says(&["refused: the proof file ends within its proof"]);
    fs::write(&proof, [&honest[..], b"more"].concat()).unwrap();
    verify(&world, &key)
        .exits(1)
        .says(&["refused: 4 bytes follow"]);
    fs::write(&proof, b"").unwrap();
    verify(&world, &key)
        .exits(1)
        .says(&["ends within its head"]);
    fs::write(&proof, &honest).unwrap();

    let tensor = |name: &str| tensors.join(name).display().to_string();
    let (input, output) = (tensor("input-1.tensor"), tensor("output-1.tensor"));
    verify(&world, &format!("{key} --input {input} --output {output}")).exits(0);
    verify(&world, &format!("{key} --output {input}"))
        .exits(1)
        .says(&["refused: output 1 of the proof is"]);
    verify(&world, &format!("{key} --input {input} --input {input}"))
        .exits(1)
        .says(&["the proof is about 1 inputs, not about 2"]);
    let digit = models("digits/digit-7.png").display().to_string();
    verify(&world, &format!("{key} --input {digit}"))
        .exits(2)
        .says(&["no canonical tensor", "hint:"]);

    verify(&world, "--key nowhere.bin")
        .exits(2)
        .says(&["cannot open nowhere.bin"]);
    verify(&world, &format!("--key {digit}"))
        .exits(2)
        .says(&["is no proof key", "hint:"]);
    fs::remove_file(&proof).unwrap();
    verify(&world, &key).exits(2).says(&["cannot open"]);
    prove(&world, "digits-none").exits(2).says(&["bundled are"]);
}

#[test]
fn a_key_of_other_weights_is_refused() {
    let world = World::new();
    prove(&world, "digits-smallcnn").exits(0);
    // The last 32 bytes are the root over the weights; its smallest limb stays below the field's order.
    let path = world.path("key.bin");
    let mut bytes = fs::read(&path).unwrap();
    let root = bytes.len() - 32;
    bytes[root] ^= 1;
    fs::write(&path, &bytes).unwrap();
    verify(&world, &key(&world)).exits(1).says(&["refused:"]);
}

#[test]
fn several_inputs_are_one_proof() {
    let world = World::new();
    let digit = models("digits/digit-7.png").display().to_string();
    prove(&world, &format!("digits-mlp {digit} {digit}"))
        .exits(0)
        .says(&["3 inferences", "label", "input", "output"]);
    verify(&world, &key(&world))
        .exits(0)
        .says(&["holds: the model computes these outputs from these inputs"]);
    let inputs = vec![digit.as_str(); 257].join(" ");
    prove(&world, &format!("digits-mlp {inputs}"))
        .exits(2)
        .says(&["1 to 256 inferences; these are 258", "hint:"]);
}

#[test]
fn memory_is_predicted_and_bounded() {
    let world = World::new();
    prove(&world, "digits-lenet --memory-max 16MiB")
        .exits(2)
        .says(&["would take about", "--memory-max allows 16 MiB", "hint:"]);
    assert!(!world.path("proof.bin").exists(), "nothing is made");
}

/// The object with what differs between machines and runs masked.
fn masked(mut object: serde_json::Value, home: &Path) -> String {
    let fields = object.as_object_mut().unwrap();
    for (name, value) in fields.iter_mut() {
        if name.ends_with("_ms") && value.is_number() {
            *value = "[ms]".into();
        }
        if name == "answers" {
            let answers = value.as_array().unwrap().iter();
            *value = answers.map(|answer| answer["label"].clone()).collect();
        }
    }
    let text = serde_json::to_string_pretty(&object).unwrap();
    text.replace(home.display().to_string().trim_end_matches('/'), "HOME")
}

#[test]
fn programs_get_one_object() {
    let world = World::new();
    let home = world.path("");
    let made = prove(&world, "digits-smallcnn --report --json");
    insta::assert_snapshot!(masked(made.exits(0).json(), &home), @"");
    let checked = verify(&world, &format!("{} --json", key(&world)));
    insta::assert_snapshot!(masked(checked.exits(0).json(), &home), @"");
    let digit = models("digits/digit-7.png").display().to_string();
    let refused = verify(
        &world,
        &format!("--model digits-mlp --input {digit} --json"),
    );
    insta::assert_snapshot!(masked(refused.exits(1).json(), &home), @"");
}

#[test]
fn the_report_names_every_term() {
    let world = World::new();
    let made = prove(&world, "digits-mlp --report").exits(0);
    let (_, report) = made.stdout.split_once("field").unwrap();
    let (report, _) = report.split_once("proven:").unwrap();
    insta::assert_snapshot!(format!("field{report}"), @"");
}
