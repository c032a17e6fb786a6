//! `assay wallet`: the keys there are, made, shown, copied and removed; and how other commands open one.

mod copy;
mod list;

use crate::{
    cli::{Globals, Wallet, WalletChoice, WalletNew, WalletShow},
    config::Config,
    connect,
    failure::{Done, Ended, Hint},
    home::Home,
    output::{Output, good},
    passphrase, words,
};
use anyhow::Context;
use assay_api::AccountView;
use assay_client::{WalletError, WalletFile};
use assay_types::{AccountId, SecretKey};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Runs the command.
///
/// # Errors
/// When a wallet cannot be written, read or unlocked.
pub(crate) async fn run(
    command: &Wallet,
    globals: &Globals,
    config: &Config,
    output: &Output,
) -> Done {
    match command {
        Wallet::List(args) => list::run(args, globals, config, output).await,
        Wallet::Show(args) => show(args, globals, output).await,
        Wallet::New(args) => new(args, globals, output),
        Wallet::Import(args) => copy::import(args, globals, output),
        Wallet::Export(args) => copy::export(args, globals, output),
        Wallet::Use { wallet } => list::choose(wallet, globals, config, output),
        Wallet::Remove(args) => copy::remove(args, globals, output),
    }
}

/// The key of the chosen wallet, its passphrase asked for if need be.
///
/// # Errors
/// When there is no such wallet or the passphrase does not open it.
pub(crate) fn unlock(
    choice: &WalletChoice,
    globals: &Globals,
    output: &Output,
) -> anyhow::Result<SecretKey> {
    let path = Home::new(globals.home.as_deref())?.wallet(&choice.wallet)?;
    let file = WalletFile::read(&path)?;
    let passphrase = passphrase::existing(&path)?;
    open(&file, &passphrase, output)
}

/// Opens a wallet, which takes a second.
fn open(file: &WalletFile, passphrase: &str, output: &Output) -> anyhow::Result<SecretKey> {
    let spinner = output.spinner("unlocking the wallet");
    let key = file.unlock(passphrase);
    spinner.finish_and_clear();
    match key {
        Err(error @ WalletError::WrongPassphrase { .. }) => Err(error).hint(|| {
            "the passphrase comes from ASSAY_PASSPHRASE if that is set; a development node's wallets have `assay-dev`"
        }),
        key => Ok(key?),
    }
}

/// The address of the chosen wallet; no passphrase is needed.
///
/// # Errors
/// When there is no such wallet.
pub(crate) fn address(choice: &WalletChoice, globals: &Globals) -> anyhow::Result<AccountId> {
    let path = Home::new(globals.home.as_deref())?.wallet(&choice.wallet)?;
    Ok(WalletFile::read(&path)?.address())
}

fn new(args: &WalletNew, globals: &Globals, output: &Output) -> Done {
    let path = free(&args.name, globals)?;
    let passphrase = passphrase::new()?;
    let key = SecretKey::generate(&mut rand::rng());
    keep(&path, &passphrase, &key, output)?;
    output.blank();
    output.line(format_args!(
        "{} keep the file and its passphrase; nobody can restore them",
        good("made:"),
    ));
    Ok(Ended::Well)
}

/// Where a new wallet goes.
///
/// # Errors
/// When something is there: nobody should choose a passphrase for a wallet that cannot be written.
fn free(name: &str, globals: &Globals) -> anyhow::Result<PathBuf> {
    let path = Home::new(globals.home.as_deref())?.new_wallet(name);
    match path.exists() {
        true => Err(WalletError::Exists { path }.into()),
        false => Ok(path),
    }
}

/// Encrypts a key into a new file and says where it is.
fn keep(path: &Path, passphrase: &str, key: &SecretKey, output: &Output) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let spinner = output.spinner("encrypting the wallet");
    let created = WalletFile::create(path, passphrase, key);
    spinner.finish_and_clear();
    created?;
    output.json(&json!({ "address": key.account().to_string(), "wallet": path }));
    output.facts([
        ("address", key.account().to_string()),
        ("wallet", path.display().to_string()),
    ]);
    Ok(())
}

async fn show(args: &WalletShow, globals: &Globals, output: &Output) -> Done {
    let choice = match &args.named {
        Some(named) => &WalletChoice {
            wallet: named.clone(),
        },
        None => &args.wallet,
    };
    let path = Home::new(globals.home.as_deref())?.wallet(&choice.wallet)?;
    let address = if args.unlock {
        unlock(choice, globals, output)?.account()
    } else {
        WalletFile::read(&path)?.address()
    };
    let account = if args.offline {
        None
    } else {
        let client = connect::client(globals)
            .await
            .hint(|| "--offline shows the address alone")?;
        Some(client.account(address).await?)
    };
    output.json(&json!({ "address": address.to_string(), "wallet": path, "account": account }));
    let mut facts = vec![
        ("address", address.to_string()),
        ("wallet", path.display().to_string()),
    ];
    if let Some(account) = &account {
        facts.extend(account_facts(account));
    }
    output.facts(facts);
    Ok(Ended::Well)
}

fn account_facts(account: &AccountView) -> Vec<(&'static str, String)> {
    let AccountView {
        name,
        balance,
        bond,
        locked,
        seller,
        buyer,
        ..
    } = account;
    let mut facts = Vec::new();
    facts.extend(name.map(|name| ("name", name.to_string())));
    facts.extend([
        ("balance", balance.to_string()),
        ("bond", format!("{bond} ({locked} of it locked by jobs)")),
    ]);
    for part in &account.unbonding {
        facts.push((
            "returning",
            format!("{} at {}", part.amount, words::time(part.release_at)),
        ));
    }
    facts.push((
        "sold",
        format!(
            "{} paid ({} earned), {} not paid, {} of bond lost",
            seller.delivered, seller.earned, seller.failed, seller.slashed
        ),
    ));
    facts.push((
        "bought",
        format!(
            "{} settled for {}, {} refunded, {} rejected, {} cancelled",
            buyer.settled, buyer.spent, buyer.refunded, buyer.rejected, buyer.cancelled
        ),
    ));
    facts
}
