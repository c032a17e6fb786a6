//! `assay model register-key`: makes a model's proof key and puts its hash into the registry.

use crate::{
    cli::{Globals, ModelRegisterKey},
    connect,
    failure::{Done, Ended, Hint},
    home,
    output::{Output, good},
};
use anyhow::{Context, anyhow};
use assay_api::ModelView;
use assay_client::{Client, ClientError, Confirmed, Sender};
use assay_model::{Program, program::PROGRAM_BYTES_MAX};
use assay_prover::CommittedModel;
use assay_types::{Call, ModelId, ProofKeyId, Rejection};
use serde_json::json;

pub(super) async fn run(args: &ModelRegisterKey, globals: &Globals, output: &Output) -> Done {
    let client = connect::client(globals).await?;
    let (model, _) = connect::model(&client, &args.model).await?;
    let program = fetch(&client, &model).await?;
    let spinner = output.spinner("committing to the weights");
    let made = tokio::task::spawn_blocking(move || make(program)).await?;
    spinner.finish_and_clear();
    let (key, bytes) = made
        .with_context(|| format!("{} cannot be proven", args.model))
        .hint(|| "orders of it can be checked by a quorum or by approval")?;
    if let Some(path) = &args.out {
        home::write(path, &bytes)?;
    }
    let confirmed = if model.proof_keys.contains(&key) {
        None
    } else {
        let sender = connect::sender(globals, &args.wallet, output).await?;
        if sender.account() != model.owner {
            return Err(anyhow!(
                "{} registered {}, not this wallet",
                model.owner,
                args.model
            ))
            .hint(|| "sign with the wallet that registered the model: --wallet");
        }
        let spinner = output.spinner("waiting for a block");
        let confirmed = register(&sender, model.model, key).await;
        spinner.finish_and_clear();
        connect::advise(confirmed)?
    };

    output.json(&json!({
        "model": model.model.to_string(),
        "key": key.to_string(),
        "bytes": bytes.len(),
        "file": args.out,
        "is_new": confirmed.is_some(),
        "transaction": confirmed.as_ref().map(|confirmed| confirmed.id.to_string()),
        "height": confirmed.as_ref().map(|confirmed| confirmed.height.get()),
    }));
    let mut facts = vec![
        ("model", model.model.to_string()),
        ("key", key.to_string()),
        ("size", format!("{} bytes", bytes.len())),
    ];
    if let Some(path) = &args.out {
        facts.push(("file", path.display().to_string()));
    }
    output.facts(facts);
    output.blank();
    match confirmed {
        Some(confirmed) => output.line(format_args!(
            "{} in block {}",
            good("registered:"),
            confirmed.height
        )),
        None => output.line("it is registered already; nothing was sent"),
    }
    Ok(Ended::Well)
}

/// The program of a registered model, from content.
async fn fetch(client: &Client, model: &ModelView) -> anyhow::Result<Program> {
    let bytes_max = u64::try_from(PROGRAM_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = client
        .get_content(model.program, bytes_max)
        .await
        .with_context(|| format!("cannot fetch the program of {}", model.model))?;
    let program = Program::from_bytes(&bytes)
        .with_context(|| format!("the program of {} is refused", model.model))?;
    if program.model_id() != model.model {
        return Err(anyhow!(
            "the program registered for {} is that of {}",
            model.model,
            program.model_id()
        ));
    }
    Ok(program)
}

/// The key of a program: its id, its bytes. Takes as long as committing to its weights.
///
/// # Errors
/// When no proof covers the program.
fn make(program: Program) -> anyhow::Result<(ProofKeyId, Vec<u8>)> {
    let bytes = CommittedModel::of(program)?.key().to_bytes()?;
    Ok((ProofKeyId::of_key(&bytes), bytes))
}

/// Registers a key; `None` when another transaction was faster.
async fn register(
    sender: &Sender,
    model: ModelId,
    key: ProofKeyId,
) -> Result<Option<Confirmed>, ClientError> {
    let sent = sender
        .send_and_wait(Call::RegisterProofKey { model, key })
        .await;
    match sent {
        Ok(confirmed) => Ok(Some(confirmed)),
        Err(ClientError::Rejected { rejection, .. })
            if rejection.known() == Some(Rejection::ProofKeyExists) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Registers keys of the bundled models that `owner` registered and that have none, and tells how many.
///
/// # Errors
/// When the node cannot be used or refuses.
pub(crate) async fn register_bundled(owner: &Sender) -> anyhow::Result<usize> {
    let mut keys = 0;
    for model in owner.client().models().await? {
        let bundled = assay_model::bundled::bundled().iter();
        let Some(bundled) = bundled
            .map(|bundled| bundled.program())
            .find(|program| program.model_id() == model.model)
        else {
            continue;
        };
        if model.owner != owner.account() || !model.proof_keys.is_empty() {
            continue;
        }
        let (key, _) = tokio::task::spawn_blocking(move || make(bundled)).await??;
        connect::advise(register(owner, model.model, key).await)?;
        keys += 1;
    }
    Ok(keys)
}
