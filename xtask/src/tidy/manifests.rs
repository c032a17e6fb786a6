//! What every crate's manifest inherits, and that what the root offers is used.
use std::collections::BTreeSet;

use super::{Finding, sources::File};
use crate::metadata::{Metadata, Package};

/// Package fields that the root decides.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// Folders of the only unsafe code: (crate, folder below its `src`, reason).
const UNSAFE: &[(&str, &str, &str)] = &[(
    "assay-model",
    "kernels/machine/",
    "vector instructions have no safe form that is decided at run time",
)];

/// Crates of the ledger's side: they forbid unsafe code, but for [`UNSAFE`], and have a `clippy.toml` of their own.
const LEDGER_SIDE: &[&str] = &[
    "assay-foreign",
    "assay-ledger",
    "assay-model",
    "assay-types",
    "assay-verify",
];

/// Every rule about manifests.
pub(super) fn check(metadata: &Metadata, files: &[File]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = metadata
        .ours()
        .flat_map(|package| settings(package, files))
        .collect();
    let used: BTreeSet<&str> = metadata
        .ours()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.key.as_str())
        .collect();
    if let Some(root) = find(files, "Cargo.toml") {
        findings.extend(unused(root, &used));
    }
    findings
}

fn settings(package: &Package, files: &[File]) -> Vec<Finding> {
    let Package { name, manifest, .. } = package;
    let mut findings = Vec::new();
    let mut say = |line, what: String| findings.push(Finding::new(manifest, line, what));
    let Some(file) = find(files, manifest) else {
        return findings;
    };
    let folder = manifest
        .trim_end_matches("Cargo.toml")
        .trim_end_matches('/');
    if folder.rsplit('/').next() != Some(name) {
        say(
            1,
            format!("crate {name} lies in {folder}, use one name for both"),
        );
    }
    if package.description.is_none() {
        say(
            1,
            "no description, use one sentence about what the crate is".to_owned(),
        );
    }
    for field in INHERITED {
        if !file.text.contains(&format!("{field}.workspace = true")) {
            say(
                1,
                format!("{field} is not inherited, use `{field}.workspace = true`"),
            );
        }
    }
    if !file.text.contains("[lints]\nworkspace = true") {
        say(
            1,
            "lints are not inherited, use `[lints]` with `workspace = true`".to_owned(),
        );
    }
    if package.doctest == Some(true) {
        say(1, "documentation tests are on, use `doctest = false` under `[lib]`: each is a binary of its own".to_owned());
    }
    for (line, key) in dependencies(&file.text, "dependencies") {
        if !key.is_inherited {
            let what = format!(
                "{} has a version of its own, use `.workspace = true` and the root's table",
                key.name
            );
            say(line, what);
        }
    }
    if LEDGER_SIDE.contains(&name.as_str()) {
        findings.extend(unsafe_code(name, folder, files));
        let bans = format!("{folder}/clippy.toml");
        if find(files, &bans).is_none() {
            findings.push(Finding::new(
                bans,
                1,
                "missing, use crates/assay-types/clippy.toml as the pattern",
            ));
        }
    }
    findings
}

/// Unsafe code outside of the folders that are listed for it.
fn unsafe_code(name: &str, folder: &str, files: &[File]) -> Vec<Finding> {
    let listed = UNSAFE.iter().find(|(crate_name, ..)| *crate_name == name);
    let wanted = match listed {
        None => "#![forbid(unsafe_code)]",
        Some(_) => "#![deny(unsafe_code)]",
    };
    let library = format!("{folder}/src/lib.rs");
    let mut findings = Vec::new();
    if find(files, &library).is_some_and(|file| !file.text.contains(wanted)) {
        let what = format!("unsafe code is allowed, use `{wanted}`");
        findings.push(Finding::new(&library, 1, what));
    }
    let Some((_, allowed, _)) = listed else {
        return findings;
    };
    let (source, allowed) = (format!("{folder}/src/"), format!("{folder}/src/{allowed}"));
    for file in files {
        let elsewhere = file.path.starts_with(&source)
            && file.path != library
            && !file.path.starts_with(&allowed);
        if elsewhere && file.text.contains("unsafe_code") {
            let what = format!("unsafe code is allowed here, keep it in {allowed}");
            findings.push(Finding::new(&file.path, 1, what));
        }
    }
    findings
}

/// Entries of `[workspace.dependencies]` that no crate names.
fn unused(root: &File, used: &BTreeSet<&str>) -> Vec<Finding> {
    dependencies(&root.text, "workspace.dependencies")
        .into_iter()
        .filter(|(_, key)| !used.contains(key.name))
        .map(|(line, key)| {
            Finding::new(
                &root.path,
                line,
                format!("no crate uses {}, remove the line", key.name),
            )
        })
        .collect()
}

/// The key of a line in a dependency table.
struct Key<'a> {
    name: &'a str,
    is_inherited: bool,
}

/// Lines of the tables whose header ends in `table`, with their numbers. Enough of TOML for one-line entries.
fn dependencies<'a>(text: &'a str, table: &str) -> Vec<(usize, Key<'a>)> {
    let mut inside = false;
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            inside = header == table
                || header.ends_with(&format!("-{table}"))
                || header.ends_with(&format!(".{table}"));
        } else if let Some((key, value)) = line
            .split_once('=')
            .filter(|_| inside && !line.starts_with('#'))
        {
            let is_inherited =
                key.trim().ends_with(".workspace") || value.contains("workspace = true");
            let name = key.split('.').next().unwrap_or_default().trim();
            keys.push((number, Key { name, is_inherited }));
        }
    }
    keys
}

fn find<'a>(files: &'a [File], path: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    const GOOD: &str = "[package]
name = \"assay-chain\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
blake3.workspace = true
tokio = { workspace = true, features = [\"fs\"] }
";

    fn findings(manifest: &str, root: &str) -> Vec<String> {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file("Cargo.toml", root),
            file("crates/assay-chain/Cargo.toml", manifest),
        ];
        let dependency = |name: &str| Dependency {
            key: name.to_owned(),
            name: name.to_owned(),
            is_dev: false,
        };
        let package = Package {
            name: "assay-chain".to_owned(),
            manifest: "crates/assay-chain/Cargo.toml".to_owned(),
            description: Some("Blocks.".to_owned()),
            is_ours: true,
            doctest: Some(false),
            dependencies: vec![dependency("blake3"), dependency("tokio")],
            ..Package::default()
        };
        check(
            &Metadata {
                packages: vec![package],
            },
            &files,
        )
        .iter()
        .map(Finding::to_string)
        .collect()
    }

    #[test]
    fn manifests_inherit() {
        assert_eq!(findings(GOOD, ""), [""; 0]);
        for (from, to) in [
            ("edition.workspace = true", "edition = \"2024\""),
            ("[lints]\nworkspace = true", ""),
            ("blake3.workspace = true", "blake3 = \"1\""),
            (
                "{ workspace = true, features",
                "{ version = \"1\", features",
            ),
        ] {
            assert_eq!(findings(&GOOD.replace(from, to), "").len(), 1, "{to}");
        }
    }

    #[test]
    fn unsafe_code_stays_where_it_is_listed() {
        let found = |name: &str, files: &[(&str, &str)]| {
            let files: Vec<File> = files
                .iter()
                .map(|(path, text)| File {
                    path: format!("crates/{name}/src/{path}"),
                    text: (*text).to_owned(),
                })
                .collect();
            unsafe_code(name, &format!("crates/{name}"), &files).len()
        };
        let (forbid, deny) = ("#![forbid(unsafe_code)]", "#![deny(unsafe_code)]");
        let expect = "#![expect(unsafe_code)]";
        assert_eq!(found("assay-types", &[("lib.rs", forbid)]), 0);
        assert_eq!(found("assay-types", &[("lib.rs", deny)]), 1);
        let machine = ("kernels/machine/mod.rs", expect);
        assert_eq!(found("assay-model", &[("lib.rs", deny), machine]), 0);
        assert_eq!(found("assay-model", &[("lib.rs", ""), machine]), 1);
        assert_eq!(
            found("assay-model", &[("lib.rs", deny), ("loops.rs", expect)]),
            1
        );
    }

    #[test]
    fn what_the_root_offers_is_used() {
        let root = "[workspace.dependencies]\n# hashing\nblake3 = \"1\"\nserde = { version = \"1\" }\n[profile.dev]\na = 1\n";
        assert_eq!(
            findings(GOOD, root),
            ["Cargo.toml:4: no crate uses serde, remove the line"]
        );
    }
}
