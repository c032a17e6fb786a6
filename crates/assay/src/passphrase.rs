//! The passphrase of a wallet: from `ASSAY_PASSPHRASE`, else asked for on the terminal without echo.

use crate::failure::Hint;
use anyhow::{Context, anyhow};
use std::{env, io::IsTerminal, path::Path};

/// The environment variable that spares the question.
const VARIABLE: &str = "ASSAY_PASSPHRASE";

/// The passphrase of the existing wallet `file`.
///
/// # Errors
/// When there is neither the variable nor a terminal to ask on.
pub(crate) fn existing(file: &Path) -> anyhow::Result<String> {
    match from_environment()? {
        Some(passphrase) => Ok(passphrase),
        None => ask(&format!("Passphrase of {}: ", file.display())),
    }
}

/// A passphrase for a new wallet, asked for twice.
///
/// # Errors
/// When it is empty, mistyped, or cannot be asked for.
pub(crate) fn new() -> anyhow::Result<String> {
    let passphrase = match from_environment()? {
        Some(passphrase) => passphrase,
        None => {
            let first = ask("Passphrase of the new wallet: ")?;
            if ask("Once more: ")? != first {
                return Err(anyhow!("the two passphrases differ; nothing was written"));
            }
            first
        }
    };
    if passphrase.is_empty() {
        return Err(anyhow!(
            "an empty passphrase protects nothing; choose another"
        ));
    }
    Ok(passphrase)
}

fn from_environment() -> anyhow::Result<Option<String>> {
    match env::var(VARIABLE) {
        Ok(passphrase) => Ok(Some(passphrase)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(error @ env::VarError::NotUnicode(_)) => Err(error).context(VARIABLE),
    }
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    // The question goes to the terminal itself, so standard input may be a pipe.
    if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
        return Err(anyhow!(
            "the wallet's passphrase is needed and there is no terminal to ask on"
        ))
        .hint(|| format!("set {VARIABLE}"));
    }
    rpassword::prompt_password(prompt).context("cannot read the passphrase")
}
