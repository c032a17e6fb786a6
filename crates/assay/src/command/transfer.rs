//! `assay transfer`: money from a wallet to an account.

use crate::{
    cli::{Globals, Transfer},
    connect,
    failure::Done,
    output::Output,
};
use assay_types::Call;
use serde_json::json;

/// Sends the money and waits until it is final.
///
/// # Errors
/// When the node or the ledger refuses.
pub(crate) async fn run(args: &Transfer, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let Transfer { to, amount, .. } = *args;
    let to = connect::party(sender.client(), to).await?;
    let confirmed = connect::send(&sender, Call::Transfer { to, amount }, output).await?;
    output.json(&json!({
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
        "from": sender.account().to_string(),
        "to": to.to_string(),
        "grains": amount.get().to_string(),
    }));
    output.facts([
        ("sent", amount.to_string()),
        ("to", connect::with_name(sender.client(), to).await?),
        ("transaction", confirmed.id.to_string()),
    ]);
    connect::is_final(&confirmed, output)
}
