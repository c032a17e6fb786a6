//! `assay state prove|show|verify`: rows of the ledger that need no trust in the node that shows them.

use super::receipt::{read_anchor, reason};
use crate::{
    cli::{Globals, State, StateProve, StateVerify},
    connect,
    failure::{Done, Ended, Hint},
    home,
    output::{Output, bad, good, warn},
    words,
};
use anyhow::Context;
use assay_api::{RowKeyView, RowView, StateView};
use assay_node::state_view;
use assay_types::{LedgerTime, StateProof, encode};
use assay_verify::{Anchor, STATE_PROOF_BYTES_MAX, parse_state, verify_state};
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A file one byte longer is read too, so that it is refused by what reads proofs.
const PROOF_BYTES_MAX: u64 = STATE_PROOF_BYTES_MAX as u64 + 1;

/// Runs the command.
///
/// # Errors
/// When the node does not answer, a file cannot be read or written, or the anchor is none. A proof that is
/// not one is *refused*, not an error.
pub(crate) async fn run(command: &State, globals: &Globals, output: &Output) -> Done {
    match command {
        State::Prove(args) => prove(args, globals, output).await,
        State::Show { proof } => show(proof, output),
        State::Verify(args) => verify(args, output),
    }
}

async fn prove(args: &StateProve, globals: &Globals, output: &Output) -> Done {
    let own_anchor = args.anchor.as_deref().map(read_anchor).transpose()?;
    let client = connect::client(globals).await?;
    let proof = connect::advise(client.state_proof(args.row.0).await)?;
    let anchor = match &own_anchor {
        Some(anchor) => anchor.clone(),
        None => client.anchor().await?,
    };
    if let Err(error) = verify_state(&anchor, &proof) {
        return refused(output, &reason(&error));
    }
    if let Some(path) = &args.out {
        home::write(path, &encode(&proof))?;
    }
    let view = state_view(&proof)?;
    output.json(&json!({ "state": view, "file": args.out, "own_anchor": own_anchor.is_some() }));
    output.facts(facts(&view));
    output.blank();
    match own_anchor {
        Some(_) => output.line(format_args!(
            "{} {}",
            good("verified:"),
            signers(&anchor, &proof)
        )),
        None => output.line(format_args!(
            "{} {}, as the node names them; --anchor FILE checks against validators that you trust",
            good("consistent:"),
            signers(&anchor, &proof),
        )),
    }
    if let Some(path) = &args.out {
        output.line(format_args!("the proof is in {}", path.display()));
    }
    Ok(Ended::Well)
}

fn show(path: &Path, output: &Output) -> Done {
    let bytes = home::read(path, PROOF_BYTES_MAX)?;
    let proof =
        parse_state(&bytes).with_context(|| format!("{} is no state proof", path.display()))?;
    let view =
        state_view(&proof).hint(|| "a newer program may have written it; update this one")?;
    output.json(&view);
    output.facts(facts(&view));
    output.blank();
    output.line(format_args!(
        "{} this is what the proof says; `assay state verify` checks it",
        warn("not verified:"),
    ));
    Ok(Ended::Well)
}

fn verify(args: &StateVerify, output: &Output) -> Done {
    let anchor = read_anchor(&args.anchor)?;
    let bytes = home::read(&args.proof, PROOF_BYTES_MAX)?;
    let proof: StateProof = match parse_state(&bytes) {
        Ok(proof) => proof,
        Err(error) => return refused(output, &reason(&error)),
    };
    if let Err(error) = verify_state(&anchor, &proof) {
        return refused(output, &reason(&error));
    }
    let age = age_of(proof.header.time);
    if let Some(max_age) = args.max_age
        && age > max_age
    {
        let (age, max_age) = (age.as_secs(), max_age.as_secs());
        let reason = format!(
            "the proof is of a block {age} s ago, older than --max-age {max_age}; ask for a fresh one"
        );
        return refused(output, &reason);
    }
    let view =
        state_view(&proof).hint(|| "a newer program may have written it; update this one")?;
    output.json(&json!({ "verified": true, "age_ms": age.as_millis() as u64, "state": view }));
    output.facts(facts(&view));
    output.blank();
    output.line(format_args!(
        "{} {}",
        good("verified:"),
        signers(&anchor, &proof)
    ));
    Ok(Ended::Well)
}

fn refused(output: &Output, reason: &str) -> Done {
    output.json(&json!({ "verified": false, "reason": reason }));
    output.line(format_args!("{} {reason}", bad("refused:")));
    Ok(Ended::Badly)
}

/// Names and values of a row.
fn facts(view: &StateView) -> Vec<(&'static str, String)> {
    let key = match &view.key {
        RowKeyView::Chain => "where the chain stands".to_owned(),
        RowKeyView::Account { account } => format!("account {account}"),
        RowKeyView::Model { model } => format!("model {model}"),
        RowKeyView::Offer { offer } => format!("offer {offer}"),
        RowKeyView::Order { order } => format!("order {order}"),
        RowKeyView::Name { name } => format!("name {name}"),
        RowKeyView::ProofKey { model, key } => format!("proof key {key} of model {model}"),
        RowKeyView::Topic { topic } => format!("topic {topic}"),
        RowKeyView::Slot { topic, slot } => format!("slot {slot} of topic {topic}"),
        RowKeyView::Pool { topic, key } => format!("stake behind {key} in topic {topic}"),
        RowKeyView::Staker { topic, key, staker } => {
            format!("stake of {staker} behind {key} in topic {topic}")
        }
        RowKeyView::Round { topic } => format!("what topic {topic} inferred last"),
    };
    let mut facts = vec![("row", key)];
    facts.extend(match &view.row {
        None => vec![("there", "no, the ledger held no such row".to_owned())],
        Some(row) => row_facts(row),
    });
    facts.push(("chain", view.chain.to_string()));
    facts.push((
        "after",
        format!("block {}, {}", view.height, words::time(view.time)),
    ));
    facts
}

fn row_facts(row: &RowView) -> Vec<(&'static str, String)> {
    match row {
        RowView::Chain {
            base_fee,
            issued,
            burnt,
            ..
        } => vec![
            (
                "base fee",
                format!("{} grains a unit of weight", base_fee.get()),
            ),
            ("issued", issued.to_string()),
            ("burnt", burnt.to_string()),
        ],
        RowView::Account {
            balance,
            bond,
            locked,
            offers,
            orders,
            ..
        } => vec![
            ("balance", balance.to_string()),
            ("bond", format!("{bond}, {locked} of it held by jobs")),
            ("offers", offers.to_string()),
            ("open orders", orders.to_string()),
        ],
        RowView::Model {
            owner,
            manifest,
            program,
            licence,
            royalties,
        } => vec![
            ("owner", owner.to_string()),
            ("manifest", manifest.to_string()),
            ("program", program.to_string()),
            ("licence", licence.clone()),
            ("royalties", format!("to {} accounts", royalties.len())),
        ],
        RowView::Offer {
            seller,
            ask,
            capacity,
            running,
            ..
        } => vec![
            ("seller", seller.to_string()),
            ("ask", ask.to_string()),
            ("jobs", format!("{running} of {capacity}")),
        ],
        RowView::Order {
            buyer,
            escrow,
            placed_at,
            sellers,
            output,
            ..
        } => vec![
            ("buyer", buyer.to_string()),
            ("escrow", escrow.to_string()),
            ("placed", words::time(*placed_at)),
            ("sellers", sellers.len().to_string()),
            (
                "output",
                output.map_or_else(|| "none yet".to_owned(), |output| output.to_string()),
            ),
        ],
        RowView::Name {
            holder,
            expires_at,
            frees_at,
            ..
        } => vec![
            ("holder", holder.to_string()),
            ("expires", words::time(*expires_at)),
            ("free after", words::time(*frees_at)),
        ],
        RowView::ProofKey { registered_at } => {
            vec![("registered", words::time(*registered_at))]
        }
        RowView::Topic {
            owner,
            terms,
            epoch,
            epoch_ends_at,
            slots,
            budget,
            fees,
            stake,
        } => vec![
            ("owner", owner.to_string()),
            ("description", terms.description.to_string()),
            (
                "epoch",
                format!("{epoch}, until {}", words::time(*epoch_ends_at)),
            ),
            ("slots", format!("{slots} of {}", terms.slots)),
            ("stake", stake.to_string()),
            ("may mint", budget.to_string()),
            ("funded with", fees.to_string()),
        ],
        RowView::Slot {
            key,
            owner,
            registered_at,
            permit,
            weights,
            bonds,
            earned,
            worked,
            address,
            ..
        } => vec![
            ("key", key.to_string()),
            ("owner", owner.to_string()),
            ("taken", words::time(*registered_at)),
            (
                "permit",
                match permit {
                    true => "yes, its weights count in this epoch".to_owned(),
                    false => "no".to_owned(),
                },
            ),
            (
                "judgement",
                format!("{} weights, {} bonds", weights.len(), bonds.len()),
            ),
            (
                "earned",
                format!("{earned} in the last epoch, {worked} of it by work"),
            ),
            (
                "address",
                address.clone().unwrap_or_else(|| "says none".to_owned()),
            ),
        ],
        RowView::Pool { total, shares } => {
            vec![("stake", total.to_string()), ("shares", shares.to_string())]
        }
        RowView::Staker { shares } => vec![("shares", shares.to_string())],
        RowView::Round {
            epoch,
            inference,
            inferences,
            forecasts,
        } => vec![
            ("epoch", epoch.to_string()),
            (
                "inference",
                inference
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            (
                "made of",
                format!("{} inferences and {forecasts} forecasts", inferences.len()),
            ),
        ],
    }
}

/// Who vouches for a verified proof.
fn signers(anchor: &Anchor, proof: &StateProof) -> String {
    format!(
        "{} of {} validators of chain {} signed it",
        proof.finality.votes.len(),
        anchor.validators().len(),
        anchor.chain().short(),
    )
}

/// How long ago a block was by this machine's clock; zero for one ahead of it.
fn age_of(time: LedgerTime) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    now.saturating_sub(Duration::from_millis(time.get()))
}
