//! What stands in the files: module stories, leftovers, names, length.
use std::path::Path;

use super::Finding;
use crate::Failure;

/// Longest source file; beyond it a reader loses the story.
const LINES_MAX: usize = 1_000;

/// Folders that hold no source of ours.
const FOLDERS_SKIPPED: &[&str] = &[
    ".git",
    "artifacts",
    "corpus",
    "node_modules",
    "target",
    "vendor",
];

/// Files whose text is checked.
const EXTENSIONS: &[&str] = &["md", "rs", "toml"];

/// Words that mark unfinished work, in pieces so that this file does not find itself: (word, what to use instead).
const LEFTOVERS: &[(&str, &str)] = &[
    (
        concat!("TO", "DO"),
        "finish it, or file it and say in the text what is absent",
    ),
    (
        concat!("FIX", "ME"),
        "mend it, or file it and say in the text what is wrong",
    ),
    (concat!("to", "do!("), "write the code"),
    (
        concat!("unimple", "mented!("),
        "write the code, or return an error that says what is absent",
    ),
    (concat!("db", "g!("), "use tracing, or nothing"),
    (concat!("<<<<", "<<< "), "resolve the conflict"),
];

/// Names of modules and folders that say nothing about what is inside.
const NAMES_EMPTY: &[&str] = &["common", "helpers", "misc", "util", "utils"];

/// A file of the repository as text.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Relative to the workspace, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
}

/// Reads every file of ours that is checked, in the order of their paths.
pub(super) fn load(root: &Path) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let unreadable =
            |error| Failure::broken(format!("cannot read {}: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            if entry.file_type().map_err(unreadable)?.is_dir() {
                if !FOLDERS_SKIPPED.contains(&name.as_ref()) {
                    folders.push(path);
                }
            } else if EXTENSIONS
                .iter()
                .any(|extension| name.ends_with(&format!(".{extension}")))
            {
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    Failure::broken(format!("cannot read {}: {error}", path.display()))
                })?;
                let relative = path
                    .strip_prefix(root)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .replace('\\', "/");
                files.push(File {
                    path: relative,
                    text,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Every rule about text.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .flat_map(|file| [leftovers(file), names(file), length(file), story(file)].concat())
        .collect()
}

fn leftovers(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for (word, instead) in LEFTOVERS {
            if contains_word(line, word) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("`{word}` is left over, {instead}"),
                ));
            }
        }
    }
    findings
}

/// Whether `word` stands in `line` with no letter, digit or underscore before it, nor after it where it ends in one.
fn contains_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts = !before.is_some_and(part);
        let ends = !word.ends_with(part) || !after.is_some_and(part);
        starts && ends
    })
}

fn names(file: &File) -> Vec<Finding> {
    let stems = file
        .path
        .split('/')
        .map(|component| component.split('.').next().unwrap_or_default());
    stems
        .filter(|stem| NAMES_EMPTY.contains(stem))
        .map(|stem| {
            Finding::new(
                &file.path,
                1,
                format!("`{stem}` says nothing, use the noun of what is inside"),
            )
        })
        .collect()
}

fn length(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if !file.path.ends_with(".rs") || lines <= LINES_MAX {
        return Vec::new();
    }
    let what = format!("{lines} lines are more than {LINES_MAX}, use one file per story");
    vec![Finding::new(&file.path, LINES_MAX, what)]
}

fn story(file: &File) -> Vec<Finding> {
    if !file.path.ends_with(".rs") || is_test(&file.path) || begins_with_story(&file.text) {
        return Vec::new();
    }
    vec![Finding::new(
        &file.path,
        1,
        "the file does not begin with `//!`, use one to say what it is and what holds",
    )]
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|component| component == "tests")
}

/// Whether the first thing in a file, inner attributes apart, is its documentation.
fn begins_with_story(text: &str) -> bool {
    let mut open_brackets = 0_usize;
    for line in text.lines().map(str::trim) {
        if open_brackets > 0 || line.starts_with("#![") {
            open_brackets += line.matches('[').count();
            open_brackets = open_brackets.saturating_sub(line.matches(']').count());
        } else if !line.is_empty() {
            return line.starts_with("//!");
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(path: &str, text: &str) -> Vec<String> {
        check(&[File {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
        .iter()
        .map(Finding::to_string)
        .collect()
    }

    #[test]
    fn leftovers_are_words() {
        let todo = concat!("TO", "DO");
        assert_eq!(
            check_one("docs/a.md", &format!("fine\n{todo}: later\n")).len(),
            1
        );
        assert!(
            check_one("docs/a.md", &format!("fine\n{todo}: later\n"))[0]
                .starts_with("docs/a.md:2: ")
        );
        for (line, found) in [
            (todo.to_owned(), true),
            (format!("// {todo}"), true),
            (format!("{todo}S"), false),
            (format!("_{todo}"), false),
            (todo.to_lowercase(), false),
            (format!("    {}x)", concat!("db", "g!(")), true),
            (format!("my_{}x)", concat!("db", "g!(")), false),
        ] {
            assert_eq!(!check_one("docs/a.md", &line).is_empty(), found, "{line}");
        }
    }

    #[test]
    fn names_say_something() {
        for (path, found) in [
            ("crates/a/src/utils.rs", true),
            ("crates/a/src/common/mod.rs", true),
            ("crates/a/src/commons.rs", false),
            ("crates/a/src/escrow.rs", false),
        ] {
            assert_eq!(!check_one(path, "//! Story.\n").is_empty(), found, "{path}");
        }
    }

    #[test]
    fn files_begin_with_their_story_and_end_in_time() {
        for (path, text, found) in [
            ("src/a.rs", "//! Story.\n", false),
            (
                "src/a.rs",
                "\n#![forbid(unsafe_code)]\n#![deny(\n    clippy::x,\n)]\n//! Story.\n",
                false,
            ),
            ("src/a.rs", "use std::fmt;\n", true),
            ("src/a.rs", "", true),
            ("src/a/tests.rs", "use super::*;\n", false),
            ("tests/it/main.rs", "mod a;\n", false),
            ("src/a.toml", "a = 1\n", false),
            (
                "src/a.rs",
                &format!("//! Story.\n{}", "\n".repeat(LINES_MAX)),
                true,
            ),
            (
                "src/a.rs",
                &format!("//! Story.\n{}", "\n".repeat(LINES_MAX - 1)),
                false,
            ),
        ] {
            assert_eq!(
                !check_one(path, text).is_empty(),
                found,
                "{path}: {text:.40?}"
            );
        }
    }
}
