//! How a command ends: the exit code by class, the chain of causes, and hints what to do next.

use crate::output::{Output, bad, dim, wrapped_for_errors};
use clap::{builder::StyledStr, error::ErrorKind};
use std::{error::Error, ffi::OsString, fmt, io::Write, process::ExitCode};

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As asked.
    Well,
    /// The work was done and the answer is no: a refused receipt, a refunded order, a failed demo.
    Badly,
}

impl Ended {
    /// [`Ended::Well`] when `held`.
    pub(crate) fn when(held: bool) -> Self {
        if held { Self::Well } else { Self::Badly }
    }
}

/// How messages of the HTTP library's plumbing begin: they repeat the address and the attempt, and hide the
/// system's reason under them.
const PLUMBING: [&str; 3] = [
    "error sending request for url",
    "client error (",
    "tcp connect error",
];

/// What a command gives back.
pub(crate) type Done = anyhow::Result<Ended>;

/// Exit code of a command whose work failed.
const CODE_BADLY: u8 = 1;
/// Exit code of an error; clap uses the same for wrong usage.
const CODE_ERROR: u8 = 2;

/// An error with advice. It shows as the error it wraps, so that no cause is printed twice.
#[derive(Debug)]
struct Hinted {
    hint: String,
    error: anyhow::Error,
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl Error for Hinted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// Adds advice to errors.
pub(crate) trait Hint<T> {
    /// Says what to do about the error, if it is one.
    fn hint<S: Into<String>>(self, hint: impl FnOnce() -> S) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Hint<T> for Result<T, E> {
    fn hint<S: Into<String>>(self, hint: impl FnOnce() -> S) -> anyhow::Result<T> {
        self.map_err(|error| {
            let (error, hint) = (error.into(), hint().into());
            anyhow::Error::new(Hinted { hint, error })
        })
    }
}

/// Prints an error's causes, then its hints, and gives the exit code.
pub(crate) fn finish(output: &Output, done: &Done) -> ExitCode {
    match done {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(CODE_BADLY),
        Err(error) => {
            report(output, error);
            ExitCode::from(CODE_ERROR)
        }
    }
}

/// The help of the command that lacks a subcommand, which says more than that one is missing.
///
/// The grammar shows help by itself only where no variable of the environment is set either.
pub(crate) fn help_instead(
    error: &clap::Error,
    grammar: &mut clap::Command,
    words: &[OsString],
) -> Option<StyledStr> {
    if error.kind() != ErrorKind::MissingSubcommand {
        return None;
    }
    let mut command = grammar;
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        if command.find_subcommand(word).is_some() {
            command = command.find_subcommand_mut(word)?;
        }
    }
    Some(command.render_help())
}

/// Prints help, or what is wrong with the words: as JSON on `output` if there is one.
pub(crate) fn usage(
    error: &clap::Error,
    help: Option<StyledStr>,
    output: Option<Output>,
    color: anstream::ColorChoice,
) -> ExitCode {
    let mut stderr = anstream::AutoStream::new(std::io::stderr(), color);
    // A closed pipe is the reader's choice, not a failure of ours.
    let shown = match (output.filter(|_| error.use_stderr()), help) {
        (Some(output), _) => {
            output.fault(json_of_usage(error));
            Ok(())
        }
        (None, Some(help)) => write!(stderr, "{}", help.ansi()),
        (None, None) if error.use_stderr() => {
            write!(
                stderr,
                "{}",
                wrapped_for_errors(&error.render().ansi().to_string())
            )
        }
        (None, None) => error.print(),
    };
    drop(shown);
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(CODE_ERROR))
}

fn json_of_usage(error: &clap::Error) -> serde_json::Value {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let hints: Vec<_> = paragraphs
        .filter_map(|part| part.strip_prefix("tip: "))
        .collect();
    serde_json::json!({ "error": [message], "hints": hints })
}

fn report(output: &Output, error: &anyhow::Error) {
    let (causes, hints) = explain(error);
    if output.is_json() {
        output.fault(serde_json::json!({ "error": causes, "hints": hints }));
        return;
    }
    for (depth, cause) in causes.iter().enumerate() {
        match depth {
            0 => output.fault_wrapped(format_args!("{} ", bad("error:")), "error: ".len(), cause),
            _ => output.fault_wrapped(
                format_args!("  {} ", dim("because")),
                "  because ".len(),
                cause,
            ),
        }
    }
    for hint in hints {
        output.fault_wrapped(format_args!("{} ", dim("hint:")), "hint: ".len(), &hint);
    }
}

/// The messages of an error's chain, outermost first and without repetitions, and the hints on the way.
fn explain(error: &anyhow::Error) -> (Vec<String>, Vec<String>) {
    let (mut causes, mut hints) = (Vec::<String>::new(), Vec::new());
    let mut visit = |link: &(dyn Error + 'static)| {
        let message = link.to_string();
        let is_plumbing = PLUMBING.iter().any(|start| message.starts_with(start));
        let is_new = causes.last().is_none_or(|last| !last.contains(&message));
        if is_new && !is_plumbing {
            causes.push(message);
        }
    };
    let mut pending = vec![error];
    while let Some(error) = pending.pop() {
        for link in error.chain() {
            match link.downcast_ref::<Hinted>() {
                Some(hinted) => {
                    hints.push(hinted.hint.clone());
                    // The wrapped error may carry further hints; its chain continues this one.
                    pending.push(&hinted.error);
                    break;
                }
                None => visit(link),
            }
        }
    }
    (causes, hints)
}

#[cfg(test)]
mod tests;
