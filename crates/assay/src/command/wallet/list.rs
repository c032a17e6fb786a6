//! `assay wallet list|use`: the wallets there are, and the one that is meant when none is named.

use crate::{
    cli::{Globals, WalletList},
    config::{self, Config},
    connect,
    failure::{Done, Ended, Hint},
    home::Home,
    output::{Output, Table, dim},
};
use anyhow::anyhow;
use assay_client::WalletFile;
use serde_json::json;

/// The setting that names the usual wallet.
const SETTING: &str = "wallet";

/// Lists one's own wallets and the development node's.
///
/// # Errors
/// When a folder cannot be read, or the node does not answer where balances are asked for.
pub(super) async fn run(
    args: &WalletList,
    globals: &Globals,
    config: &Config,
    output: &Output,
) -> Done {
    let wallets = Home::new(globals.home.as_deref())?.wallets()?;
    let client = match args.balances {
        true => Some(connect::client(globals).await?),
        false => None,
    };
    let usual = config.now(SETTING);
    let headings = || match args.balances {
        true => Table::new(["", "wallet", "address", ">balance", ">bond"]),
        false => Table::new(["", "wallet", "address"]),
    };
    let (mut own, mut dev) = (headings(), headings());
    for wallet in &wallets {
        let file = WalletFile::read(&wallet.path);
        let address = file.as_ref().ok().map(WalletFile::address);
        let account = match (&client, address) {
            (Some(client), Some(address)) => Some(client.account(address).await?),
            _ => None,
        };
        // Of two with one name the own one is meant.
        let is_shadowed = wallet.is_dev
            && wallets
                .iter()
                .any(|other| !other.is_dev && other.name == wallet.name);
        let is_usual = usual.as_deref() == Some(&wallet.name) && !is_shadowed;
        output.json(&json!({
            "name": wallet.name,
            "address": address.map(|address| address.to_string()),
            "file": wallet.path,
            "development": wallet.is_dev,
            "usual": is_usual,
            "error": file.as_ref().err().map(ToString::to_string),
            "account": account,
        }));
        let shown = match (address, args.balances) {
            // An address fills most of a line, so it is whole only where it stands alone.
            (Some(address), true) => address.short(),
            (Some(address), false) => address.to_string(),
            (None, _) => "no wallet file".to_owned(),
        };
        let mut row = vec![
            if is_usual { "*" } else { " " }.to_owned(),
            wallet.name.clone(),
            shown,
        ];
        match account {
            Some(account) => row.extend([account.balance.to_string(), account.bond.to_string()]),
            None if args.balances => row.extend(["-".to_owned(), "-".to_owned()]),
            None => {}
        }
        let table = if wallet.is_dev { &mut dev } else { &mut own };
        table.row(row);
    }
    if wallets.is_empty() {
        output.line("no wallets yet");
        output.line(dim(
            "`assay wallet new` makes one; `assay node --dev` writes funded ones for play",
        ));
    }
    if !own.is_empty() {
        output.table(&own);
    }
    if !dev.is_empty() {
        if !own.is_empty() {
            output.blank();
        }
        output.line(dim(
            "of the development node; their passphrase is `assay-dev`",
        ));
        output.table(&dev);
    }
    Ok(Ended::Well)
}

/// Makes a wallet the usual one.
///
/// # Errors
/// When there is no such wallet, or the configuration cannot be written.
pub(super) fn choose(wallet: &str, globals: &Globals, config: &Config, output: &Output) -> Done {
    let file = Home::new(globals.home.as_deref())?.wallet(wallet)?;
    let address = WalletFile::read(&file)?.address();
    let path = config
        .path()
        .ok_or_else(|| anyhow!("the platform names no folder for configuration"))
        .hint(|| "name a file with --config or ASSAY_CONFIG")?;
    let setting = config::find(SETTING)?;
    config::set(path, &setting, wallet)?;
    output.json(&json!({ "wallet": wallet, "address": address.to_string(), "config": path }));
    output.facts([
        ("wallet", wallet.to_owned()),
        ("address", address.to_string()),
        ("written to", path.display().to_string()),
    ]);
    config::note_variable(&setting, output);
    Ok(Ended::Well)
}
