//! `assay wallet import|export|remove`: keys come in, backups go out, files go away.
//!
//! Invariant: no file is ever overwritten, and no secret leaves without its passphrase.

use super::{free, keep, open};
use crate::{
    cli::{Globals, WalletExport, WalletImport, WalletRemove},
    failure::{Done, Ended, Hint},
    home::{self, Home},
    output::{Output, good, warn},
    passphrase,
};
use anyhow::{Context, anyhow};
use assay_client::{WALLET_BYTES_MAX, WalletError, WalletFile};
use assay_types::SecretKey;
use serde_json::json;
use std::{
    io::{IsTerminal, Read, Write},
    path::Path,
};
use zeroize::Zeroizing;

/// Digits of a bare secret key.
const SECRET_DIGITS: usize = 64;

/// Takes in a wallet file or a bare secret.
///
/// # Errors
/// When the name is taken, the bytes are neither, or the passphrase does not open the file.
pub(super) fn import(args: &WalletImport, globals: &Globals, output: &Output) -> Done {
    let path = free(&args.name, globals)?;
    let bytes = Zeroizing::new(read(&args.from)?);
    let (key, passphrase) = match secret(&bytes) {
        Some(key) => (key, passphrase::new()?),
        None => {
            let from = args.from.display();
            let file = WalletFile::parse(&bytes)
                .with_context(|| format!("{from} is neither a wallet file nor a secret key"))
                .hint(|| {
                    format!("a secret key is {SECRET_DIGITS} hexadecimal digits and nothing else")
                })?;
            let passphrase = passphrase::existing(&args.from)?;
            (open(&file, &passphrase, output)?, passphrase)
        }
    };
    keep(&path, &passphrase, &key, output)?;
    output.blank();
    output.line(format_args!("{} as {}", good("imported"), args.name));
    Ok(Ended::Well)
}

fn read(from: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes_max = u64::try_from(WALLET_BYTES_MAX).unwrap_or(u64::MAX);
    if from != Path::new("-") {
        return home::read(from, bytes_max);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .context("cannot read the wallet from standard input")?;
    Ok(bytes)
}

/// The key that a text of 64 hexadecimal digits is, white space around it aside.
fn secret(bytes: &[u8]) -> Option<SecretKey> {
    let digits = bytes.trim_ascii();
    if digits.len() != SECRET_DIGITS {
        return None;
    }
    let mut seed = Zeroizing::new([0; SECRET_DIGITS / 2]);
    hex::decode_to_slice(digits, seed.as_mut_slice()).ok()?;
    Some(SecretKey::from_bytes(&seed))
}

/// Writes a copy of a wallet that is known to open.
///
/// # Errors
/// When the passphrase does not open the wallet, or the file exists.
pub(super) fn export(args: &WalletExport, globals: &Globals, output: &Output) -> Done {
    if let Some(out) = &args.out
        && out.exists()
    {
        return Err(WalletError::Exists { path: out.clone() }.into());
    }
    let path = Home::new(globals.home.as_deref())?.wallet(&args.wallet)?;
    let file = WalletFile::read(&path)?;
    let key = open(&file, &passphrase::existing(&path)?, output)?;
    let bytes = Zeroizing::new(match args.secret {
        true => {
            let digits = Zeroizing::new(hex::encode(key.to_bytes().as_slice()));
            format!("{}\n", digits.as_str()).into_bytes()
        }
        false => file.to_bytes(),
    });
    if args.secret {
        output.note(format_args!(
            "{} whoever reads this key can spend what it owns",
            warn("secret:")
        ));
    }
    let Some(out) = &args.out else {
        output.bytes(&bytes);
        return Ok(Ended::Well);
    };
    write_new(out, &bytes)?;
    output
        .json(&json!({ "address": key.account().to_string(), "file": out, "secret": args.secret }));
    output.facts([
        ("address", key.account().to_string()),
        ("file", out.display().to_string()),
    ]);
    output.blank();
    let how = if args.secret {
        "not encrypted"
    } else {
        "the passphrase opens it"
    };
    output.line(format_args!("{} {how}", good("exported:")));
    Ok(Ended::Well)
}

/// Writes a new file that its owner alone can read.
fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let attempt = || -> std::io::Result<()> {
        // A fresh temporary file has mode 0600 before its first byte is written.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)?;
        Ok(())
    };
    attempt().with_context(|| format!("cannot write {}", path.display()))
}

/// Deletes one of the own wallets, asking first.
///
/// # Errors
/// When there is no such own wallet, or nobody can be asked.
pub(super) fn remove(args: &WalletRemove, globals: &Globals, output: &Output) -> Done {
    let home = Home::new(globals.home.as_deref())?;
    let wallet = home
        .wallets()?
        .into_iter()
        .find(|wallet| !wallet.is_dev && wallet.name == args.name)
        .ok_or_else(|| anyhow!("you have no wallet `{}`", args.name))
        .hint(
            || "`assay wallet list` shows whose each is; a development node's go with its folder",
        )?;
    let address = WalletFile::read(&wallet.path)
        .map(|file| file.address().to_string())
        .ok();
    if !args.yes && !confirmed(&args.name, address.as_deref())? {
        output.note("nothing was removed");
        return Ok(Ended::Badly);
    }
    std::fs::remove_file(&wallet.path)
        .with_context(|| format!("cannot remove {}", wallet.path.display()))?;
    output.json(&json!({ "removed": wallet.name, "address": address, "file": wallet.path }));
    output.line(format_args!(
        "{} {}",
        good("removed"),
        wallet.path.display()
    ));
    Ok(Ended::Well)
}

fn confirmed(name: &str, address: Option<&str>) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(anyhow!(
            "a wallet is removed only when somebody confirms it"
        ))
        .hint(|| "--yes confirms");
    }
    let mut stderr = std::io::stderr().lock();
    writeln!(
        stderr,
        "{name} holds the key of {}.",
        address.unwrap_or("nobody knows whom")
    )?;
    writeln!(
        stderr,
        "Without a backup, what that account has is lost for ever."
    )?;
    write!(stderr, "Type the wallet's name to remove it: ")?;
    stderr.flush()?;
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("cannot read your answer")?;
    Ok(line.trim() == name)
}
