//! `assay doctor`: whether this machine, its folders and its node are as the program needs them.
//!
//! A finding is fine, deserves a look, or breaks something; whoever is broken is told what to do. Looking
//! changes nothing: ports are taken and given back, locks are tried and let go.

mod machine;
mod network;
mod places;

use crate::{
    cli::Globals,
    config::Config,
    failure::{Done, Ended},
    home::Home,
    output::{Output, bad, good, warn},
};
use serde::Serialize;
use serde_json::json;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and may not for long or not well.
    Warn,
    /// Something will not work.
    Fail,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Warn,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            ..Self::warn(check, found, advice)
        }
    }
}

/// Checks everything and says it; [`Ended::Badly`] where something is broken.
///
/// # Errors
/// None: what cannot be found out is a finding.
pub(crate) async fn run(globals: &Globals, config: &Config, output: &Output) -> Done {
    let spinner = output.spinner("looking");
    let mut findings = vec![
        Finding::ok(
            "version",
            format!(
                "assay {} for {}-{}",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
        ),
        configuration(config),
    ];
    match Home::new(globals.home.as_deref()) {
        Ok(home) => findings.extend(places::check(&home, config)),
        Err(error) => findings.push(Finding::fail(
            "home",
            error.to_string(),
            "name a folder with --home or ASSAY_HOME",
        )),
    }
    findings.extend(machine::check());
    findings.extend(network::check(globals, config).await);
    spinner.finish_and_clear();
    show(&findings, output);
    Ok(Ended::when(count(&findings, Verdict::Fail) == 0))
}

fn configuration(config: &Config) -> Finding {
    let path = config.path().map(|path| path.display().to_string());
    match (config.fault(), path) {
        (Some((fault, advice)), _) => Finding::fail("config", fault, advice),
        (None, None) => Finding::ok("config", "none: the platform names no folder for it"),
        (None, Some(path)) => Finding::ok(
            "config",
            match config.len() {
                0 => format!("{path} (nothing set)"),
                1 => format!("{path} (1 setting)"),
                count => format!("{path} ({count} settings)"),
            },
        ),
    }
}

fn count(findings: &[Finding], verdict: Verdict) -> usize {
    findings
        .iter()
        .filter(|finding| finding.verdict == verdict)
        .count()
}

fn show(findings: &[Finding], output: &Output) {
    let widest = findings.iter().map(|finding| finding.check.len()).max();
    let widest = widest.unwrap_or_default();
    for finding in findings {
        output.json(finding);
        let Finding {
            check,
            verdict,
            found,
            advice,
        } = finding;
        let verdict = match verdict {
            Verdict::Ok => good("ok  "),
            Verdict::Warn => warn("warn"),
            Verdict::Fail => bad("FAIL"),
        };
        let indent = "ok  ".len() + 2 + widest + 2;
        output.wrapped(format_args!("{verdict}  {check:widest$}  "), indent, found);
        if let Some(advice) = advice {
            output.wrapped(format_args!("{:indent$}→ ", ""), indent + 2, advice);
        }
    }
    let [fine, look, broken] =
        [Verdict::Ok, Verdict::Warn, Verdict::Fail].map(|verdict| count(findings, verdict));
    output.json(&json!({ "ok": fine, "warn": look, "fail": broken }));
    output.blank();
    let sums = format!("{fine} ok, {look} to look at, {broken} broken");
    match (look, broken) {
        (0, 0) => output.line(good(sums)),
        (_, 0) => output.line(warn(sums)),
        _ => output.line(bad(sums)),
    }
}

#[cfg(test)]
mod tests;
