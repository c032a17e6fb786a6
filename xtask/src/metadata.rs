//! What `cargo metadata` says, cut down to what the house rules ask.
use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::{Failure, step::cargo};

/// Every package of the build, and which packages use which.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

/// One package: a crate of ours, or a dependency in one version.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// SPDX expression, where the manifest has one.
    pub(crate) licence: Option<String>,
    pub(crate) description: Option<String>,
    /// Path of the manifest, relative to the workspace where it lies inside.
    pub(crate) manifest: String,
    pub(crate) is_ours: bool,
    /// Whether its library runs documentation tests; `None` without a library.
    pub(crate) doctest: Option<bool>,
    pub(crate) dependencies: Vec<Dependency>,
    /// Names of the packages that use this one.
    pub(crate) users: Vec<String>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name under which the manifest lists it.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) is_dev: bool,
}

impl Metadata {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo refuses (its message is passed on) or answers something else than its documented JSON.
    pub(crate) fn load(root: &Path) -> Result<Self, Failure> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(root)
            .output()
            .map_err(|error| Failure::broken(format!("cannot start cargo metadata: {error}")))?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::broken(format!(
                "cargo metadata failed: {}",
                message.trim()
            )));
        }
        let json: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::broken(format!("cargo metadata printed no JSON: {error}")))?;
        Ok(Self::read(&json))
    }

    /// Reads cargo's JSON; only packages that the build graph reaches are kept.
    pub(crate) fn read(json: &Value) -> Self {
        let root = text(json, "workspace_root");
        let ours: Vec<&str> = list(json, "workspace_members")
            .filter_map(Value::as_str)
            .collect();
        let mut names = BTreeMap::new();
        for package in list(json, "packages") {
            names.insert(text(package, "id"), text(package, "name"));
        }
        let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for node in json
            .get("resolve")
            .map(|resolve| list(resolve, "nodes"))
            .into_iter()
            .flatten()
        {
            let user = text(node, "id");
            users.entry(user).or_default();
            for dependency in list(node, "deps") {
                let name = names.get(user).copied().unwrap_or_default();
                users
                    .entry(text(dependency, "pkg"))
                    .or_default()
                    .push(name.to_owned());
            }
        }
        let packages = list(json, "packages")
            .filter_map(|package| {
                let id = text(package, "id");
                Some(Package {
                    name: text(package, "name").to_owned(),
                    version: text(package, "version").to_owned(),
                    licence: optional(package, "license"),
                    description: optional(package, "description"),
                    manifest: inside(root, text(package, "manifest_path")),
                    is_ours: ours.contains(&id),
                    doctest: list(package, "targets")
                        .find(|target| list(target, "kind").any(|kind| kind == "lib"))
                        .and_then(|target| target.get("doctest")?.as_bool()),
                    dependencies: list(package, "dependencies").map(dependency).collect(),
                    users: users.remove(id)?,
                })
            })
            .collect();
        Self { packages }
    }

    /// The crates of this workspace.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_ours)
    }

    /// Everything that comes from elsewhere.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| !package.is_ours)
    }
}

fn dependency(json: &Value) -> Dependency {
    let name = text(json, "name").to_owned();
    Dependency {
        key: optional(json, "rename").unwrap_or_else(|| name.clone()),
        is_dev: text(json, "kind") == "dev",
        name,
    }
}

fn inside(root: &str, path: &str) -> String {
    path.strip_prefix(root)
        .map_or(path, |rest| rest.trim_start_matches(['/', '\\']))
        .to_owned()
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn optional(json: &Value, key: &str) -> Option<String> {
    Some(json.get(key)?.as_str()?.to_owned())
}

fn list<'a>(json: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    json.get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_what_the_build_reaches() {
        let metadata = Metadata::read(&json!({
            "workspace_root": "/repo",
            "workspace_members": ["ours"],
            "packages": [
                { "id": "ours", "name": "assay-types", "version": "0.1.0", "license": "MIT OR Apache-2.0",
                  "manifest_path": "/repo/crates/assay-types/Cargo.toml",
                  "targets": [{ "kind": ["lib"], "doctest": false }],
                  "dependencies": [
                      { "name": "blake3", "rename": null, "kind": null },
                      { "name": "proptest", "rename": "prop", "kind": "dev" },
                  ] },
                { "id": "b3", "name": "blake3", "version": "1.8.7", "license": "CC0-1.0",
                  "manifest_path": "/registry/blake3/Cargo.toml", "targets": [], "dependencies": [] },
                { "id": "unreached", "name": "winapi", "version": "0.3.9", "license": null,
                  "manifest_path": "/registry/winapi/Cargo.toml", "targets": [], "dependencies": [] },
            ],
            "resolve": { "nodes": [
                { "id": "ours", "deps": [{ "pkg": "b3" }] },
                { "id": "b3", "deps": [] },
            ] },
        }));
        let [ours, blake3] = metadata.packages.as_slice() else {
            panic!("{metadata:?}")
        };
        assert_eq!(ours.manifest, "crates/assay-types/Cargo.toml");
        assert_eq!((ours.is_ours, ours.doctest), (true, Some(false)));
        assert_eq!(
            ours.dependencies,
            [("blake3", "blake3", false), ("prop", "proptest", true)].map(|(key, name, is_dev)| {
                Dependency {
                    key: key.to_owned(),
                    name: name.to_owned(),
                    is_dev,
                }
            })
        );
        assert_eq!((blake3.name.as_str(), blake3.is_ours), ("blake3", false));
        assert_eq!(blake3.users, ["assay-types"]);
    }
}
