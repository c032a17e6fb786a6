//! `assay model register`: puts a model into the chain's registry, its files into content.

use super::{Loaded, load_folder};
use crate::{
    cli::{Globals, ModelRegister, RoyaltyChoice},
    connect,
    failure::{Done, Ended},
    output::{Output, good},
};
use anyhow::Context;
use assay_types::{Call, List, RoyaltySplit, Text};
use serde_json::json;

pub(super) async fn run(args: &ModelRegister, globals: &Globals, output: &Output) -> Done {
    let Loaded { program, manifest } = load_folder(&args.folder)?;
    // What is wrong with the command is told before a passphrase is asked for.
    let client = connect::client(globals).await?;
    let mut royalties = Vec::new();
    for RoyaltyChoice { party, share } in &args.royalties {
        let account = connect::party(&client, *party).await?;
        royalties.push(RoyaltySplit {
            account,
            share: *share,
        });
    }
    royalties.sort_by_key(|split| split.account);
    let call = Call::RegisterModel {
        model: program.model_id(),
        manifest: manifest.content_id(),
        program: program.content_id(),
        licence: Text::new(manifest.fields().licence.clone()).context("the manifest's licence")?,
        royalties: List::new(royalties).context("the royalties")?,
    };

    let sender = connect::sender(globals, &args.wallet, output).await?;
    let spinner = output.spinner("storing program and manifest");
    let contents = vec![program.to_bytes(), manifest.to_bytes()];
    let stored = sender.client().put_contents(sender.key(), contents).await;
    let confirmed = match stored {
        Ok(_) => {
            spinner.set_message("waiting for a block");
            sender.send_and_wait(call).await
        }
        Err(error) => Err(error),
    };
    spinner.finish_and_clear();
    let confirmed = connect::advise(confirmed)?;

    output.json(&json!({
        "name": manifest.fields().name,
        "model": program.model_id().to_string(),
        "manifest": manifest.content_id().to_string(),
        "program": program.content_id().to_string(),
        "transaction": confirmed.id.to_string(),
        "height": confirmed.height.get(),
    }));
    output.facts([
        ("name", manifest.fields().name.clone()),
        ("model", program.model_id().to_string()),
    ]);
    output.blank();
    output.line(format_args!(
        "{} in block {}",
        good("registered:"),
        confirmed.height
    ));
    Ok(Ended::Well)
}
