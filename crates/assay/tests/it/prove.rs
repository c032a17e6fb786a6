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
        .says(&["the proof has 1 input(s), not 2"]);
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

/// Text whose numbers, and times with their units, are masked.
fn without_numbers(text: &str) -> String {
    let mut masked = String::new();
    for line in text.trim().lines() {
        let line = line.trim_end();
        match line.split_once("  ") {
            Some(("took", _)) => masked.push_str("took"),
            _ => {
                let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
                for run in line.split_inclusive(|letter| !is_number(letter)) {
                    masked.push_str(run.trim_start_matches(is_number));
                }
            }
        }
        masked.push('\n');
    }
    masked
}

#[test]
fn the_readme_shows_what_is_seen() {
    let world = World::new();
    let readme = fs::read_to_string("../../README.md").unwrap();
    let (_, block) = readme.split_once("$ assay prove digits-lenet").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let (_, block) = block.split_once('\n').unwrap();
    let (proven, verified) = block.split_once("$ assay verify").unwrap();
    let (words, verified) = verified.split_once('\n').unwrap();
    let digit = models("digits/digit-7.png");
    let run = |line: &str| {
        let mut command = world.command(line);
        command.current_dir(world.path(""));
        Ended::of(command.output().unwrap()).exits(0)
    };
    let seen = run(&format!("prove digits-lenet {}", digit.display()));
    let seen = format!("{}{}", seen.stderr, seen.stdout);
    assert_eq!(without_numbers(&seen), without_numbers(proven));
    let seen = run(&format!("verify {words}")).stdout;
    assert_eq!(without_numbers(&seen), without_numbers(verified));
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

/// Numbers that differ between machines and runs, or follow from the protocol's parameters.
const MASKED: [&str; 6] = [
    "bits",
    "bytes",
    "file_bytes",
    "key_bytes",
    "memory_bytes",
    "security_bits",
];

/// The object with these numbers masked, and of answers only their labels.
fn masked(mut object: serde_json::Value, home: &Path) -> String {
    fn mask(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    let differs = MASKED.contains(&&name[..]) || name.ends_with("_ms");
                    match (&name[..], value.as_array()) {
                        ("answers", Some(answers)) => {
                            *value = answers
                                .iter()
                                .map(|answer| answer["label"].clone())
                                .collect();
                        }
                        ("key", None) if value.is_string() => *value = "[id]".into(),
                        _ if differs && value.is_number() => *value = "[number]".into(),
                        _ => mask(value),
                    }
                }
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(mask),
            _ => {}
        }
    }
    mask(&mut object);
    let text = serde_json::to_string_pretty(&object).unwrap();
    text.replace(home.display().to_string().trim_end_matches('/'), "HOME")
}

#[test]
fn programs_get_one_object() {
    let world = World::new();
    let home = world.path("");
    let made = prove(&world, "digits-mlp --json");
    insta::assert_snapshot!(masked(made.exits(0).json(), &home), @r#"
    {
      "answers": [
        "7"
      ],
      "bytes": "[number]",
      "file": "HOME/proof.bin",
      "file_bytes": "[number]",
      "holds": true,
      "inputs": [
        "51560eb7b84e5dca9f54a0d1d3837b16b64b437b0bc3287b5c611e94b376cfe8"
      ],
      "key": "[id]",
      "key_bytes": "[number]",
      "key_file": "HOME/key.bin",
      "key_ms": "[number]",
      "memory_bytes": "[number]",
      "mode": "committed",
      "model": "94761feb3f25fde4e6e2a1894e83f83ab39113fce7886869718e60a2c40d6ce0",
      "name": "digits-mlp",
      "outputs": [
        "85110ccda9c031cb4ffe2c2256eb44cdf4194b4eeb26646a75fe51bee2522b30"
      ],
      "prove_ms": "[number]",
      "reason": null,
      "report": null,
      "samples": 1,
      "security_bits": "[number]",
      "verify_ms": "[number]"
    }
    "#);
    let checked = verify(&world, &format!("{} --json", key(&world)));
    insta::assert_snapshot!(masked(checked.exits(0).json(), &home), @r#"
    {
      "answers": [],
      "bytes": "[number]",
      "holds": true,
      "inputs": [
        "51560eb7b84e5dca9f54a0d1d3837b16b64b437b0bc3287b5c611e94b376cfe8"
      ],
      "mode": "committed",
      "model": "94761feb3f25fde4e6e2a1894e83f83ab39113fce7886869718e60a2c40d6ce0",
      "outputs": [
        "85110ccda9c031cb4ffe2c2256eb44cdf4194b4eeb26646a75fe51bee2522b30"
      ],
      "reason": null,
      "samples": 1,
      "security_bits": "[number]",
      "verify_ms": "[number]"
    }
    "#);
    let refused = verify(&world, "--model digits-lenet --json");
    insta::assert_snapshot!(masked(refused.exits(1).json(), &home), @r#"
    {
      "bytes": "[number]",
      "holds": false,
      "mode": "committed",
      "model": "94761feb3f25fde4e6e2a1894e83f83ab39113fce7886869718e60a2c40d6ce0",
      "reason": "the proof is about model 94761feb3f25fde4e6e2a1894e83f83ab39113fce7886869718e60a2c40d6ce0, not about e4076d1892f74863a1cc59247a1eb8bb2082d9622e932b1af2f06cc45eb8eaaa",
      "samples": 1,
      "security_bits": null,
      "verify_ms": null
    }
    "#);
    let made = prove(&world, "digits-mlp --report --json");
    let report = made.exits(0).json()["report"].take();
    insta::assert_snapshot!(masked(report, &home), @r#"
    {
      "bits": "[number]",
      "columns": {
        "cells": 704,
        "padded": 1024
      },
      "extension_bits": 154.94,
      "extension_degree": 5,
      "field": "KoalaBear",
      "grinding_bits_max": 16,
      "regime": "up to the Johnson bound, no conjecture",
      "terms": [
        {
          "bits": "[number]",
          "what": "random point"
        },
        {
          "bits": "[number]",
          "what": "products"
        },
        {
          "bits": "[number]",
          "what": "links"
        },
        {
          "bits": "[number]",
          "what": "values"
        },
        {
          "bits": "[number]",
          "what": "lookups"
        },
        {
          "bits": "[number]",
          "what": "opening of columns"
        },
        {
          "bits": "[number]",
          "what": "opening of weights"
        },
        {
          "bits": "[number]",
          "what": "opening of weights"
        }
      ],
      "weights": [
        {
          "cells": 131072,
          "padded": 131072
        },
        {
          "cells": 16384,
          "padded": 16384
        }
      ]
    }
    "#);
}

#[test]
fn the_report_names_every_term() {
    let world = World::new();
    let made = prove(&world, "digits-mlp --report").exits(0);
    let (_, report) = made.stdout.split_once("\nfield").unwrap();
    let (report, _) = report.split_once("proven:").unwrap();
    let lines = report.lines().map(|line| match line.rsplit_once(' ') {
        Some((term, bits)) if bits.parse::<f64>().is_ok() => term.trim_end(),
        _ => line,
    });
    let text: Vec<&str> = lines.collect();
    insta::assert_snapshot!(format!("field{}", text.join("\n")), @r#"
    field     KoalaBear; challenges from its extension of degree 5, 154.94 bits
    regime    up to the Johnson bound, no conjecture
    grinding  at most 16 bits of work in a term
    columns   704 numbers, as 2^10
    weights   131072 numbers, as 2^17
              16384 numbers, as 2^14

    how a false proof could pass   bits
    random point
    products
    links
    values
    lookups
    opening of columns
    opening of weights
    opening of weights
    all together
    "#);
}
