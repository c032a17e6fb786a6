//! The README opens with what a newcomer types and what they then see.
use super::{Finding, sources::File};

const README: &str = "README.md";
/// The two commands that a newcomer runs.
const COMMANDS: &[&str] = &["cargo run --release -- demo", "cargo test --workspace"];
/// The one whose output stands below it.
const TRANSCRIPT: &str = "cargo run --release -- demo";

/// Whether the README exists, shows both commands, and shows what the demo prints.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let Some(file) = files.iter().find(|file| file.path == README) else {
        return vec![Finding::new(
            README,
            1,
            "missing, use one sentence, the two commands and the demo's transcript",
        )];
    };
    let mut findings = Vec::new();
    for command in COMMANDS {
        if !file.text.contains(command) {
            findings.push(Finding::new(
                README,
                1,
                format!("`{command}` is not shown, use it in the first section"),
            ));
        }
    }
    if !has_transcript(&file.text) {
        let what = format!(
            "no output follows `{TRANSCRIPT}`, use a real transcript in the same code block"
        );
        findings.push(Finding::new(README, 1, what));
    }
    findings
}

/// Whether a code block has lines below the demo's command.
fn has_transcript(text: &str) -> bool {
    text.split("```").skip(1).step_by(2).any(|block| {
        let mut lines = block
            .lines()
            .skip_while(|line| !line.contains(TRANSCRIPT))
            .skip(1);
        lines.any(|line| !line.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_a_command_and_its_output() {
        let good = "Sentence.\n\n```console\n$ cargo run --release -- demo\nsettled\n```\n`cargo test --workspace`\n";
        for (text, count) in [
            (good.to_owned(), 0),
            (good.replace("settled\n", ""), 1),
            (good.replace("```console", "").replace("```", ""), 1),
            (good.replace("cargo test --workspace", ""), 1),
            (String::new(), 3),
        ] {
            let files = [File {
                path: README.to_owned(),
                text: text.clone(),
            }];
            assert_eq!(check(&files).len(), count, "{text}");
        }
        assert_eq!(check(&[]).len(), 1);
    }
}
