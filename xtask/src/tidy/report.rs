//! What is in the binary: how many crates, which of them twice, under which licences.
//!
//! The summary is for people; the number of crates that come in several versions has a limit.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::Finding;
use crate::{Failure, metadata::Metadata, step::cargo};

/// The package of the binary.
const BINARY: &str = "assay";
/// Crates of the binary that may come in several versions. Each costs build time and a share of an audit, so
/// there is room for a few above the 24 that consensus, `age` and the rest disagree about today; lower it when
/// they come to agree.
const DUPLICATES_MAX: usize = 28;

/// What the binary links on this platform.
pub(super) struct Report {
    /// Name and version of each package, ours included.
    packages: BTreeSet<(String, String)>,
    /// Licence expressions of those from elsewhere, and how many packages have each.
    licences: BTreeMap<String, usize>,
}

impl Report {
    /// Asks cargo what the binary links.
    pub(super) fn load(root: &Path, metadata: &Metadata) -> Result<Self, Failure> {
        let output = cargo()
            .args([
                "tree", "--locked", "-p", BINARY, "-e", "normal", "--prefix", "none", "--format",
                "{p}",
            ])
            .current_dir(root)
            .output()
            .map_err(|error| Failure::broken(format!("cannot start cargo tree: {error}")))?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::broken(format!(
                "cargo tree -p {BINARY} failed: {}",
                message.trim()
            )));
        }
        let tree = String::from_utf8_lossy(&output.stdout);
        Ok(Self::read(&tree, metadata))
    }

    /// Reads lines of `NAME vVERSION …`.
    fn read(tree: &str, metadata: &Metadata) -> Self {
        let packages: BTreeSet<(String, String)> = tree
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
                Some((name.to_owned(), version.to_owned()))
            })
            .collect();
        let mut licences = BTreeMap::new();
        for package in metadata.foreign() {
            let id = (package.name.clone(), package.version.clone());
            if packages.contains(&id) {
                let licence = package.licence.as_deref().unwrap_or("not given");
                // The notation of old manifests, and the order of a choice, make no difference.
                let choice: BTreeSet<&str> = licence
                    .split(" OR ")
                    .flat_map(|one| one.split('/'))
                    .collect();
                let choice: Vec<&str> = choice.into_iter().map(str::trim).collect();
                *licences.entry(choice.join(" OR ")).or_default() += 1;
            }
        }
        Self { packages, licences }
    }

    /// Packages that come in several versions, with those.
    fn duplicates(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, version) in &self.packages {
            versions.entry(name).or_default().push(version);
        }
        versions.retain(|_, versions| versions.len() > 1);
        versions
    }

    /// Whether more crates come twice than before.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let count = self.duplicates().len();
        if count <= DUPLICATES_MAX {
            return Vec::new();
        }
        let what = format!(
            "{count} crates of the binary come in several versions, at most {DUPLICATES_MAX} may; `cargo tree -p {BINARY} -e normal --duplicates` shows who wants which"
        );
        vec![Finding::new("Cargo.lock", 1, what)]
    }

    /// The summary, as lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let ours = self.packages.len() - self.licences.values().sum::<usize>();
        let duplicates: Vec<String> = self
            .duplicates()
            .iter()
            .map(|(name, versions)| format!("{name} {}", versions.join(" and ")))
            .collect();
        let mut licences: Vec<(&String, &usize)> = self.licences.iter().collect();
        licences.sort_by_key(|(licence, count)| (std::cmp::Reverse(**count), licence.as_str()));
        let licences: Vec<String> = licences
            .iter()
            .map(|(licence, count)| format!("{count} × {licence}"))
            .collect();
        vec![
            format!(
                "the binary links {} crates, {ours} of them ours",
                self.packages.len()
            ),
            format!(
                "{} come in several versions (at most {DUPLICATES_MAX} may): {}",
                duplicates.len(),
                duplicates.join(", ")
            ),
            format!("licences: {}", licences.join(", ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Package;

    fn report(tree: &str) -> Report {
        let foreign = |name: &str, version: &str, licence: &str| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: Some(licence.to_owned()),
            ..Package::default()
        };
        let packages = vec![
            foreign("syn", "1.0.0", "MIT/Apache-2.0"),
            foreign("syn", "2.0.0", "Apache-2.0 OR MIT"),
            foreign("blake3", "1.8.7", "CC0-1.0"),
            foreign("unlinked", "1.0.0", "GPL-3.0"),
        ];
        Report::read(tree, &Metadata { packages })
    }

    #[test]
    fn the_summary_counts_what_is_linked() {
        let report = report(
            "assay v0.1.0 (/r/crates/assay)\nsyn v1.0.0\nsyn v2.0.0\nblake3 v1.8.7\nsyn v2.0.0 (*)\n\n",
        );
        let lines = report.lines();
        assert_eq!(lines[0], "the binary links 4 crates, 1 of them ours");
        assert!(
            lines[1].starts_with("1 come in several versions"),
            "{lines:?}"
        );
        assert!(lines[1].ends_with("syn 1.0.0 and 2.0.0"), "{lines:?}");
        assert_eq!(lines[2], "licences: 2 × Apache-2.0 OR MIT, 1 × CC0-1.0");
        assert!(report.findings().is_empty());
    }

    #[test]
    fn more_duplicates_than_allowed_are_found() {
        let tree: String = (0..=DUPLICATES_MAX)
            .map(|number| format!("crate-{number} v1.0.0\ncrate-{number} v2.0.0\n"))
            .collect();
        assert_eq!(report(&tree).findings().len(), 1);
    }
}
