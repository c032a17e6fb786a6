//! What the build may contain: licences, versions of heavy crates, one crate per purpose.
use std::collections::BTreeMap;

use super::{Finding, licence};
use crate::metadata::{Metadata, Package};

/// Where findings about foreign packages point.
const LOCK_FILE: &str = "Cargo.lock";

/// Packages whose manifest names no licence expression, or one outside the list: (package, reason it is accepted).
const LICENCES_READ: &[(&str, &str)] = &[];

/// Crates that cost minutes to build or hold global state: one compatible version each.
const HEAVY: &[&str] = &[
    "axum", "hyper", "prost", "redb", "reqwest", "rustls", "tokio",
];

/// Second crates for a purpose that has one already: (crate, what to use instead).
const UNWANTED: &[(&str, &str)] = &[
    ("async-std", "use tokio, the one asynchronous runtime"),
    ("curl", "use reqwest, the one HTTP client"),
    ("isahc", "use reqwest, the one HTTP client"),
    ("native-tls", "use rustls, the one TLS stack"),
    ("openssl", "use rustls, the one TLS stack"),
    ("rocksdb", "use redb, the one storage engine"),
    ("sled", "use redb, the one storage engine"),
    ("ureq", "use reqwest, the one HTTP client"),
];

/// Licences that do not allow what we do.
pub(super) fn licences(metadata: &Metadata) -> Vec<Finding> {
    metadata
        .foreign()
        .filter(|package| !LICENCES_READ.iter().any(|(name, _)| *name == package.name))
        .filter(|package| !package.licence.as_deref().is_some_and(licence::is_accepted))
        .map(|package| {
            let Package {
                name,
                version,
                licence,
                ..
            } = package;
            let licence = licence.as_deref().unwrap_or("not given as an expression");
            let what = format!(
                "the licence of {name} {version} ({licence}) is not on the list, {}",
                "use another crate, or read it and extend xtask/src/tidy/licence.rs",
            );
            Finding::new(LOCK_FILE, 1, what)
        })
        .collect()
}

/// Heavy crates in two incompatible versions.
pub(super) fn duplicates(metadata: &Metadata) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, BTreeMap<String, &Package>> = BTreeMap::new();
    for package in metadata
        .foreign()
        .filter(|package| HEAVY.contains(&package.name.as_str()))
    {
        versions
            .entry(&package.name)
            .or_default()
            .insert(compatible(&package.version), package);
    }
    versions
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            let each: Vec<String> = versions
                .values()
                .map(|package| format!("{} (for {})", package.version, package.users.join(", ")))
                .collect();
            let what = format!(
                "{name} is built twice, {}; use one version",
                each.join(" and ")
            );
            Finding::new(LOCK_FILE, 1, what)
        })
        .collect()
}

/// Crates that duplicate a choice already made.
pub(super) fn unwanted(metadata: &Metadata) -> Vec<Finding> {
    let instead = |package: &Package| {
        UNWANTED
            .iter()
            .find(|(name, _)| *name == package.name)
            .map(|(_, instead)| *instead)
    };
    metadata
        .foreign()
        .filter_map(|package| {
            let what = format!(
                "{} (for {}) is not wanted, {}",
                package.name,
                package.users.join(", "),
                instead(package)?
            );
            Some(Finding::new(LOCK_FILE, 1, what))
        })
        .collect()
}

/// The part of a version that decides compatibility: up to the first number that is not zero.
fn compatible(version: &str) -> String {
    let mut kept = Vec::new();
    for number in version.split('.') {
        kept.push(number);
        if number != "0" {
            break;
        }
    }
    kept.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(name: &str, version: &str, licence: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.map(str::to_owned),
            users: vec!["assay-node".to_owned()],
            ..Package::default()
        }
    }

    #[test]
    fn a_licence_must_be_known() {
        let packages = vec![
            foreign("fine", "1.0.0", Some("MIT")),
            foreign("viral", "1.0.0", Some("AGPL-3.0")),
            foreign("silent", "1.0.0", None),
        ];
        let findings = licences(&Metadata { packages });
        assert_eq!(findings.len(), 2);
        assert!(
            findings[0]
                .what
                .starts_with("the licence of viral 1.0.0 (AGPL-3.0)")
        );
        assert!(
            findings[1]
                .what
                .starts_with("the licence of silent 1.0.0 (not given")
        );
    }

    #[test]
    fn heavy_crates_come_once() {
        let packages = vec![
            foreign("tokio", "1.54.1", None),
            foreign("tokio", "1.40.0", None),
            foreign("hyper", "0.14.9", None),
            foreign("hyper", "1.12.0", None),
            foreign("syn", "1.0.0", None),
            foreign("syn", "2.0.0", None),
        ];
        let findings = duplicates(&Metadata { packages });
        let [finding] = findings.as_slice() else {
            panic!("{findings:?}")
        };
        assert_eq!(
            finding.what,
            "hyper is built twice, 0.14.9 (for assay-node) and 1.12.0 (for assay-node); use one version"
        );
    }

    #[test]
    fn compatibility_ends_at_the_first_number_that_counts() {
        for (version, expect) in [
            ("1.54.1", "1"),
            ("0.14.9", "0.14"),
            ("0.0.3", "0.0.3"),
            ("2026.10.0", "2026"),
        ] {
            assert_eq!(compatible(version), expect);
        }
    }

    #[test]
    fn one_crate_per_purpose() {
        let packages = vec![
            foreign("openssl", "0.10.0", None),
            foreign("rustls", "0.23.0", None),
        ];
        let findings = unwanted(&Metadata { packages });
        assert_eq!(findings.len(), 1);
        assert!(findings[0].what.contains("use rustls"));
    }
}
