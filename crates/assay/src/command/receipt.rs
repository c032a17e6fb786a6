//! `assay receipt show|verify`: reading and checking receipts, offline.

use crate::{
    cli::{Globals, Receipt, ReceiptVerify},
    failure::{Done, Ended, Hint},
    home::{self, Home},
    output::{Output, bad, good, warn},
    words,
};
use anyhow::{Context, anyhow};
use assay_api::ReceiptView;
use assay_client::Client;
use assay_types::{ReceiptProof, encode};
use assay_verify::{
    ANCHOR_TEXT_BYTES_MAX, Anchor, RECEIPT_PROOF_BYTES_MAX, parse_receipt, verify_receipt,
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A file one byte longer is read too, so that it is refused by what reads receipts.
const RECEIPT_BYTES_MAX: u64 = RECEIPT_PROOF_BYTES_MAX as u64 + 1;

/// Runs the command.
///
/// # Errors
/// When a file cannot be read or the anchor is none. A receipt that is not one is *refused*, not an error.
pub(crate) fn run(command: &Receipt, output: &Output) -> Done {
    match command {
        Receipt::Show { receipt } => show(receipt, output),
        Receipt::Verify(ReceiptVerify { anchor, receipt }) => verify(anchor, receipt, output),
    }
}

/// Reads an anchor's file.
///
/// # Errors
/// When it cannot be read or holds no anchor.
pub(crate) fn read_anchor(path: &Path) -> anyhow::Result<Anchor> {
    let bytes = home::read(path, ANCHOR_TEXT_BYTES_MAX as u64)?;
    let text = String::from_utf8(bytes).map_err(anyhow::Error::from);
    text.and_then(|text| Ok(Anchor::parse(&text)?))
        .with_context(|| format!("{} is no anchor", path.display()))
        .hint(|| "`assay node --dev` writes one to <data>/anchor.json; the demo leaves one beside its receipt")
}

/// Fetches the receipt's proof, verifies it against the node's own anchor, and keeps it.
///
/// # Errors
/// When the node has no receipt, or one that does not hold, or it cannot be kept.
pub(crate) async fn keep(
    client: &Client,
    closed: &ReceiptView,
    globals: &Globals,
) -> anyhow::Result<(ReceiptProof, PathBuf)> {
    let proof = client
        .receipt(closed.order)
        .await?
        .ok_or_else(|| anyhow!("the node has no receipt of order {}", closed.order))?;
    let anchor = client.anchor().await?;
    verify_receipt(&anchor, &proof)
        .context("the node's receipt does not hold against its own anchor")
        .hint(|| "do not trust this node")?;
    let path = Home::new(globals.home.as_deref())?.receipt(closed.order);
    home::write(&path, &encode(&proof))?;
    Ok((proof, path))
}

fn show(path: &Path, output: &Output) -> Done {
    let bytes = home::read(path, RECEIPT_BYTES_MAX)?;
    let proof: ReceiptProof =
        parse_receipt(&bytes).with_context(|| format!("{} is no receipt", path.display()))?;
    output.json(&ReceiptView::from(&proof.receipt));
    output.facts(words::receipt(&proof.receipt));
    output.blank();
    output.line(format_args!(
        "{} this is what the receipt says; `assay receipt verify` checks it",
        warn("not verified:"),
    ));
    Ok(Ended::Well)
}

fn verify(anchor: &Path, receipt: &Path, output: &Output) -> Done {
    let anchor = read_anchor(anchor)?;
    let bytes = home::read(receipt, RECEIPT_BYTES_MAX)?;
    let refused = |reason: String| {
        output.json(&json!({ "verified": false, "reason": reason }));
        output.line(format_args!("{} {reason}", bad("refused:")));
        Ok(Ended::Badly)
    };
    let proof: ReceiptProof = match parse_receipt(&bytes) {
        Ok(proof) => proof,
        Err(error) => return refused(reason(&error)),
    };
    match verify_receipt(&anchor, &proof) {
        Err(error) => refused(reason(&error)),
        Ok(receipt) => {
            let receipt_view = ReceiptView::from(receipt);
            output.json(&json!({ "verified": true, "receipt": receipt_view }));
            output.facts(words::receipt(receipt));
            output.blank();
            output.line(format_args!(
                "{} {}",
                good("verified:"),
                signers(&anchor, &proof)
            ));
            Ok(Ended::Well)
        }
    }
}

/// Who vouches for a verified receipt.
pub(crate) fn signers(anchor: &Anchor, proof: &ReceiptProof) -> String {
    format!(
        "{} of {} validators of chain {} signed it",
        proof.finality.votes.len(),
        anchor.validators().len(),
        anchor.chain().short(),
    )
}

/// An error and its causes in one sentence.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
