//! The way to the market: the node's client, the signing sender, models by name.

use crate::{
    cli::{Globals, ModelName, WalletChoice},
    command,
    failure::{Done, Ended, Hint},
    output::{Output, good},
};
use anyhow::{Context, anyhow};
use assay_api::{EventView, ModelView, StampedEvent};
use assay_client::{Client, ClientError, Confirmed, Sender};
use assay_model::{Manifest, Tensor, manifest::MANIFEST_BYTES_MAX};
use assay_types::{
    APPROVAL_DELIVER, AccountId, ApprovalCall, Call, ContentId, Lane, OrderId, PROOF_DELIVER,
    Party, ProofCall, QUORUM_REVEAL, QuorumCall, SCORE_DELIVER, ScoreCall,
};

/// The node that the flags name.
///
/// # Errors
/// When it does not answer.
pub(crate) async fn client(globals: &Globals) -> anyhow::Result<Client> {
    let client = Client::connect(&globals.node).await;
    client.hint(|| "start one with `assay node --dev`, or name another with --node or ASSAY_NODE")
}

/// The node, and the chosen wallet's hand on the command line's lane.
///
/// # Errors
/// When the node does not answer or the wallet does not open.
pub(crate) async fn sender(
    globals: &Globals,
    wallet: &WalletChoice,
    output: &Output,
) -> anyhow::Result<Sender> {
    // Nobody should type a passphrase only to learn that there is no node.
    let client = client(globals).await?;
    let key = command::wallet::unlock(wallet, globals, output)?;
    Ok(Sender::new(client, key, Lane::default()))
}

/// Sends one call and waits until it is final.
///
/// # Errors
/// When the node or the ledger refuses.
pub(crate) async fn send(
    sender: &Sender,
    call: Call,
    output: &Output,
) -> anyhow::Result<Confirmed> {
    let spinner = output.spinner("waiting for a block");
    let sent = sender.send_and_wait(call).await;
    spinner.finish_and_clear();
    advise(sent)
}

/// Says that a transaction is final, the last line of what it did.
pub(crate) fn is_final(confirmed: &Confirmed, output: &Output) -> Done {
    output.blank();
    output.line(format_args!(
        "{} in block {}",
        good("final:"),
        confirmed.height
    ));
    Ok(Ended::Well)
}

/// The account that is meant.
///
/// # Errors
/// When it is a name that stands for nobody.
pub(crate) async fn party(client: &Client, party: Party) -> anyhow::Result<AccountId> {
    client.resolve(party).await.hint(
        || "`assay name show` tells more; an address, which begins with asy1, is never mistaken",
    )
}

/// An address, and in brackets the name that its account chose.
///
/// # Errors
/// When the node does not answer.
pub(crate) async fn with_name(client: &Client, account: AccountId) -> anyhow::Result<String> {
    let name = client.account(account).await?.name;
    Ok(match name {
        Some(name) => format!("{account} ({name})"),
        None => account.to_string(),
    })
}

/// As [`with_name`], with the start of the address only.
///
/// # Errors
/// When the node does not answer.
pub(crate) async fn called(client: &Client, account: AccountId) -> anyhow::Result<String> {
    let name = client.account(account).await?.name;
    let short = account.short();
    Ok(match name {
        Some(name) => format!("{short} ({name})"),
        None => short,
    })
}

/// A registered model and its manifest, which is checked against its id.
///
/// # Errors
/// When the node knows no such model, or several by the same name.
pub(crate) async fn model(client: &Client, name: &str) -> anyhow::Result<(ModelView, Manifest)> {
    let view = match ModelName::from(name) {
        ModelName::Id(id) => client.model(id).await?,
        ModelName::Name(name) => by_name(client.models().await?, &name)?,
    };
    let view = view
        .ok_or_else(|| anyhow!("the node knows no model `{name}`"))
        .hint(|| "`assay model register` registers one; a development node has digits-mlp, digits-smallcnn and digits-lenet")?;
    let bytes_max = u64::try_from(MANIFEST_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = client
        .get_content(view.manifest, bytes_max)
        .await
        .with_context(|| format!("cannot fetch the manifest of {name}"))?;
    let manifest = Manifest::from_bytes(&bytes)
        .with_context(|| format!("the manifest of {name} is refused"))?;
    Ok((view, manifest))
}

fn by_name(models: Vec<ModelView>, name: &str) -> anyhow::Result<Option<ModelView>> {
    let mut named = models
        .into_iter()
        .filter(|model| model.name.as_deref() == Some(name));
    match (named.next(), named.next()) {
        (Some(one), Some(other)) => Err(anyhow!(
            "several models are called `{name}`, for example {} and {}",
            one.model,
            other.model
        ))
        .hint(|| "names are not unique; give the model's id"),
        (found, _) => Ok(found),
    }
}

/// The answer to a settled order, as a tensor.
///
/// # Errors
/// When the node does not have it, or has another.
pub(crate) async fn answer(
    client: &Client,
    order: OrderId,
    output: ContentId,
) -> anyhow::Result<Tensor> {
    let bytes = client.output(order, output).await?.ok_or_else(|| {
        anyhow!(
            "the node does not have the answer to order {}",
            order.short()
        )
    })?;
    Tensor::from_bytes(&bytes).context("the sellers agree on an answer that is no tensor")
}

/// What a seller revealed or delivered in the block of `stamped`, as a tensor.
///
/// # Errors
/// As [`delivered`], and when the bytes are no tensor.
pub(crate) async fn delivery(client: &Client, stamped: &StampedEvent) -> anyhow::Result<Tensor> {
    let bytes = delivered(client, stamped).await?;
    Tensor::from_bytes(&bytes).context("the answer is no tensor")
}

/// What a seller revealed or delivered in the block of `stamped`: from the transaction in that block whose bytes have
/// the id that the event names.
///
/// # Errors
/// When the node does not have the block, or the block not the answer.
pub(crate) async fn delivered(client: &Client, stamped: &StampedEvent) -> anyhow::Result<Vec<u8>> {
    let (order, output) = match stamped.event {
        EventView::Revealed { order, output, .. }
        | EventView::Delivered { order, output, .. }
        | EventView::ProofDelivered { order, output, .. } => (order, output),
        _ => return Err(anyhow!("this event carries no answer")),
    };
    let block = client
        .canonical_block(stamped.height)
        .await?
        .ok_or_else(|| anyhow!("the node does not have block {}", stamped.height))?;
    block
        .transactions
        .iter()
        .filter_map(|transaction| match &transaction.body.call {
            Call::CheckCall {
                order: of,
                tag,
                bytes,
            } if *of == order => carried(*tag, bytes),
            _ => None,
        })
        .find(|bytes| ContentId::of(bytes) == output)
        .ok_or_else(|| {
            anyhow!(
                "block {} lacks the answer that its events name",
                stamped.height
            )
        })
}

/// The answer in a check call; each kind of delivery has a tag of its own.
fn carried(tag: u8, bytes: &[u8]) -> Option<Vec<u8>> {
    match tag {
        QUORUM_REVEAL => match QuorumCall::read(tag, bytes) {
            Ok(Some(QuorumCall::Reveal(reveal))) => Some(reveal.output.into_vec()),
            _ => None,
        },
        APPROVAL_DELIVER => match ApprovalCall::read(tag, bytes) {
            Ok(Some(ApprovalCall::Deliver(output))) => Some(output.into_vec()),
            _ => None,
        },
        PROOF_DELIVER => match ProofCall::read(tag, bytes) {
            Ok(Some(ProofCall::Deliver(evidence))) => Some(evidence.output.into_vec()),
            _ => None,
        },
        SCORE_DELIVER => match ScoreCall::read(tag, bytes) {
            Ok(Some(ScoreCall::Deliver(output))) => Some(output.into_vec()),
            _ => None,
        },
        _ => None,
    }
}

/// Adds what to do to errors of the client that do not say it themselves.
pub(crate) fn advise<T>(result: Result<T, ClientError>) -> anyhow::Result<T> {
    match result {
        Err(ClientError::Rejected {
            transaction,
            rejection,
        }) => {
            let advice = rejection.advice.clone();
            Err(anyhow!(
                "the ledger refused transaction {}: {}",
                transaction.short(),
                rejection.message
            ))
            .hint(|| advice)
        }
        Err(ClientError::Refused(problem)) => {
            let hint = problem.hint.clone();
            Err(anyhow!(
                "the node refused: {}: {}",
                problem.title,
                problem.detail
            ))
            .hint(|| hint)
        }
        result => Ok(result?),
    }
}
