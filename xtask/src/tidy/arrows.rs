//! Which crate may know which: vocabulary ← pure cores ← interface ← engines ← shells.
//!
//! What a crate cannot reach is its most important property. Two rules keep it: a crate depends on its own layer or
//! a lower one only, and a pure core's normal dependencies, as built for that core alone, contain nothing that waits,
//! opens a socket or asks the operating system for randomness.
use std::{collections::BTreeSet, path::Path};

use super::Finding;
use crate::{Failure, metadata::Metadata, step::cargo};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Vocabulary,
    PureCore,
    Interface,
    Engine,
    Shell,
}

/// Every crate's layer, as ARCHITECTURE.md draws it.
const LAYERS: &[(&str, Layer)] = &[
    ("assay-types", Layer::Vocabulary),
    ("assay-foreign", Layer::PureCore),
    ("assay-ledger", Layer::PureCore),
    ("assay-model", Layer::PureCore),
    ("assay-proof", Layer::PureCore),
    ("assay-prover", Layer::PureCore),
    ("assay-verify", Layer::PureCore),
    ("assay-topic", Layer::PureCore),
    ("assay-api", Layer::Interface),
    ("assay-client", Layer::Interface),
    ("assay-http", Layer::Interface),
    ("assay-chain", Layer::Engine),
    ("assay-content", Layer::Engine),
    ("assay-worker", Layer::Engine),
    ("assay-agent", Layer::Engine),
    ("assay-node", Layer::Shell),
    ("assay", Layer::Shell),
    ("xtask", Layer::Shell),
];

/// Arrows that point upwards all the same: (from, to, reason).
const UPWARD: &[(&str, &str, &str)] = &[(
    "assay-client",
    "assay-content",
    "the SDK checks bytes while they arrive, so it links the verifier and implements the transport over HTTP",
)];

/// Arrows that their layers would allow: (from, to, what to use instead).
const FORBIDDEN: &[(&str, &str, &str)] = &[
    (
        "assay-worker",
        "assay-chain",
        "speak to the ledger through assay-client, as anyone",
    ),
    (
        "assay-worker",
        "assay-ledger",
        "speak to the ledger through assay-client, as anyone",
    ),
    (
        "assay-agent",
        "assay-chain",
        "speak to the ledger through assay-client, as anyone",
    ),
    (
        "assay-verify",
        "assay-ledger",
        "take what a verifier needs from assay-types; a client links this crate",
    ),
    ("assay-node", "assay", "move what both need into assay-node"),
];

/// What no pure core may reach: (crate, why).
const IMPURE: &[(&str, &str)] = &[
    (
        "tokio",
        "it is an asynchronous runtime; take bytes and return values, and let an engine wait",
    ),
    (
        "commonware-runtime",
        "it is an asynchronous runtime; only assay-chain may link it",
    ),
    (
        "getrandom",
        "it asks the operating system for randomness; take a `rand_core` generator or a seed",
    ),
    ("mio", "it opens sockets; engines do that"),
    ("socket2", "it opens sockets; engines do that"),
    (
        "hyper",
        "it speaks HTTP; assay-node and assay-client do that",
    ),
    ("reqwest", "it speaks HTTP; assay-client does that"),
    ("axum", "it serves HTTP; assay-node does that"),
    ("iroh", "it opens sockets; only assay-content may link it"),
    ("redb", "it opens files; engines do that"),
];

/// Impure crates that a core reaches all the same: (core, crate, reason).
const TOLERATED: &[(&str, &str, &str)] = &[];

/// Dependencies between our crates that point the wrong way. Tests may link what they like.
pub(super) fn directions(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata.ours() {
        let from = package.name.as_str();
        let Some(layer) = layer(from) else {
            let what = format!(
                "{from} has no layer, add it to LAYERS in xtask/src/tidy/arrows.rs and to ARCHITECTURE.md"
            );
            findings.push(Finding::new(&package.manifest, 1, what));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.is_dev)
        {
            let to = dependency.name.as_str();
            if let Some(what) = wrong(from, layer, to) {
                findings.push(Finding::new(&package.manifest, 1, what));
            }
        }
    }
    findings
}

fn wrong(from: &str, layer_from: Layer, to: &str) -> Option<String> {
    if let Some((_, _, instead)) = FORBIDDEN.iter().find(|(a, b, _)| (*a, *b) == (from, to)) {
        return Some(format!("{from} must not depend on {to}, {instead}"));
    }
    let upward = layer(to).is_some_and(|layer_to| layer_to > layer_from);
    let excepted = UPWARD.iter().any(|(a, b, _)| (*a, *b) == (from, to));
    (upward && !excepted).then(|| {
        format!("{from} ({layer_from:?}) depends on {to}, a layer above it; move the shared part down, or invert the call")
    })
}

/// Impure crates among the cores' normal dependencies.
///
/// Asks `cargo tree` for each core alone: features that other crates switch on do not count.
pub(super) fn cores(root: &Path, metadata: &Metadata) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for package in metadata.ours() {
        if !matches!(
            layer(&package.name),
            Some(Layer::Vocabulary | Layer::PureCore)
        ) {
            continue;
        }
        let reached = reached(root, &package.name)?;
        findings.extend(impure(&package.name, &package.manifest, &reached));
    }
    Ok(findings)
}

/// Names of the crates that `core` links.
fn reached(root: &Path, core: &str) -> Result<BTreeSet<String>, Failure> {
    let output = cargo()
        .args([
            "tree", "--locked", "-p", core, "-e", "normal", "--prefix", "none", "--format", "{p}",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| Failure::broken(format!("cannot start cargo tree: {error}")))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::broken(format!(
            "cargo tree -p {core} failed: {}",
            message.trim()
        )));
    }
    Ok(tree_names(&String::from_utf8_lossy(&output.stdout)))
}

fn tree_names(tree: &str) -> BTreeSet<String> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn impure(core: &str, manifest: &str, reached: &BTreeSet<String>) -> Vec<Finding> {
    let tolerated = |name: &str| TOLERATED.iter().any(|(a, b, _)| (*a, *b) == (core, name));
    IMPURE
        .iter()
        .filter(|(name, _)| reached.contains(*name) && !tolerated(name))
        .map(|(name, why)| {
            let what = format!("pure core {core} reaches {name}: {why} (`cargo tree -p {core} -e normal -i {name}` shows how)");
            Finding::new(manifest, 1, what)
        })
        .collect()
}

fn layer(name: &str) -> Option<Layer> {
    LAYERS
        .iter()
        .find(|(crate_name, _)| *crate_name == name)
        .map(|(_, layer)| *layer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{Dependency, Package};

    fn ours(name: &str, dependencies: &[(&str, bool)]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            is_ours: true,
            dependencies: dependencies
                .iter()
                .map(|(name, is_dev)| Dependency {
                    key: (*name).to_owned(),
                    name: (*name).to_owned(),
                    is_dev: *is_dev,
                })
                .collect(),
            ..Package::default()
        }
    }

    #[test]
    fn arrows_point_one_way() {
        for (from, to, is_dev, allowed) in [
            ("assay-ledger", "assay-types", false, true),
            ("assay-types", "assay-ledger", false, false),
            ("assay-types", "assay-ledger", true, true),
            ("assay-prover", "assay-model", false, true),
            ("assay-client", "assay-api", false, true),
            ("assay-client", "assay-content", false, true),
            ("assay-api", "assay-chain", false, false),
            ("assay-worker", "assay-client", false, true),
            ("assay-worker", "assay-chain", false, false),
            ("assay-node", "assay-chain", false, true),
            ("assay-chain", "assay-node", false, false),
            ("assay-chain", "assay-proof", false, true),
            ("assay-ledger", "assay-chain", false, false),
            ("assay-chain", "tokio", false, true),
            ("assay-stranger", "assay-types", false, false),
        ] {
            let metadata = Metadata {
                packages: vec![ours(from, &[(to, is_dev)])],
            };
            assert_eq!(directions(&metadata).is_empty(), allowed, "{from} -> {to}");
        }
    }

    #[test]
    fn cores_reach_nothing_impure() {
        let tree = "assay-ledger v0.1.0 (/repo/crates/assay-ledger)\nblake3 v1.8.7\ntokio v1.54.1\n\nblake3 v1.8.7 (*)\n";
        let findings = impure(
            "assay-ledger",
            "crates/assay-ledger/Cargo.toml",
            &tree_names(tree),
        );
        let [finding] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        assert!(
            finding.to_string().starts_with(
                "crates/assay-ledger/Cargo.toml:1: pure core assay-ledger reaches tokio"
            )
        );
    }
}
