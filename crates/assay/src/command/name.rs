//! `assay name register|renew|transfer|show`.

use crate::{
    cli::{Globals, Name, NameLease, NameShow, NameTransfer},
    connect,
    failure::{Done, Ended, Hint},
    output::{Output, Table},
    words,
};
use anyhow::anyhow;
use assay_api::NameView;
use assay_client::{Client, Confirmed};
use assay_types::{Amount, Call, NameParams, Party};
use serde_json::json;

/// Runs the command.
///
/// # Errors
/// When the node or the ledger refuses.
pub(crate) async fn run(command: &Name, globals: &Globals, output: &Output) -> Done {
    match command {
        Name::Register(args) => register(args, globals, output).await,
        Name::Renew(args) => renew(args, globals, output).await,
        Name::Transfer(args) => transfer(args, globals, output).await,
        Name::Show(args) => show(args, globals, output).await,
    }
}

async fn register(args: &NameLease, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let price = price(sender.client(), args).await?;
    let spinner = output.spinner("reserving the name, then registering it");
    let registered = sender.register_name(args.name, args.lease_ms).await;
    spinner.finish_and_clear();
    let confirmed = connect::advise(registered)?;
    leased(args, price, sender.client(), &confirmed, output).await
}

async fn renew(args: &NameLease, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let price = price(sender.client(), args).await?;
    let (name, lease_ms) = (args.name, args.lease_ms);
    let renew = Call::RenewName { name, lease_ms };
    let confirmed = connect::send(&sender, renew, output).await?;
    leased(args, price, sender.client(), &confirmed, output).await
}

/// What the lease costs; the ledger burns exactly this.
async fn price(client: &Client, args: &NameLease) -> anyhow::Result<Amount> {
    let params = client.status().await?.params.names;
    let params = NameParams {
        price_per_year: params.price_per_year,
        lease_ms_max: params.lease_ms_max,
        grace_ms: params.grace_ms,
        reserved_ms_min: params.reserved_ms_min,
        reserved_ms_max: params.reserved_ms_max,
    };
    Ok(assay_ledger::name_price(&params, args.name, args.lease_ms))
}

/// Shows the lease that was just made or prolonged.
async fn leased(
    args: &NameLease,
    price: Amount,
    client: &Client,
    confirmed: &Confirmed,
    output: &Output,
) -> Done {
    let view = client
        .name(args.name)
        .await?
        .ok_or_else(|| anyhow!("the name {} is gone again already", args.name))?;
    output.json(&json!({
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
        "price_grains": price.get().to_string(),
        "name": view,
    }));
    let mut facts = facts(&view);
    facts.push(("price", format!("{price}, burnt")));
    facts.push(("transaction", confirmed.id.to_string()));
    output.facts(facts);
    connect::is_final(confirmed, output)
}

async fn transfer(args: &NameTransfer, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let to = connect::party(sender.client(), args.to).await?;
    let name = args.name;
    let transfer = Call::TransferName { name, to };
    let confirmed = connect::send(&sender, transfer, output).await?;
    output.json(&json!({
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
        "name": name.to_string(),
        "from": sender.account().to_string(),
        "to": to.to_string(),
    }));
    output.facts([
        ("name", name.to_string()),
        ("to", to.to_string()),
        ("transaction", confirmed.id.to_string()),
    ]);
    connect::is_final(&confirmed, output)
}

async fn show(args: &NameShow, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let account = match args.party {
        Party::Account(account) => account,
        Party::Name(name) => {
            let view = client
                .name(name)
                .await?
                .ok_or_else(|| anyhow!("nobody holds the name {name}"))
                .hint(|| format!("`assay name register {name}` leases it"))?;
            output.json(&view);
            output.facts(facts(&view));
            return Ok(Ended::when(view.stands));
        }
    };
    let page = client.names(Some(account), args.limit, None).await?;
    let mut table = Table::new(["name", "until", "stands", "shown"]);
    for view in &page.names {
        output.json(view);
        let yes = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
        table.row([
            view.name.to_string(),
            words::time(view.expires_at),
            yes(view.stands),
            yes(view.stands && view.claimed),
        ]);
    }
    output.table(&table);
    if page.names.is_empty() {
        output.line("none");
    }
    if page.next.is_some() {
        output.note("there are more; --limit shows them");
    }
    Ok(Ended::Well)
}

fn facts(view: &NameView) -> Vec<(&'static str, String)> {
    let mut facts = vec![("name", view.name.to_string())];
    if view.stands {
        facts.push(("stands for", view.holder.to_string()));
        facts.push(("until", words::time(view.expires_at)));
    } else {
        facts.push(("stands for", "nobody: its lease has ended".to_owned()));
        facts.push(("last held by", view.holder.to_string()));
        facts.push(("free after", words::time(view.frees_at)));
    }
    facts
}
