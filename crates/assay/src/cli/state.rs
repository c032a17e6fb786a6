//! Words of `assay state`.

use assay_types::RowKey;
use clap::{Args, Subcommand, ValueHint};
use std::{path::PathBuf, str::FromStr, time::Duration};

#[derive(Debug, Subcommand)]
pub(crate) enum State {
    /// Fetch what proves a row of the ledger, or that there is none
    #[command(after_help = "\
Examples:
  assay state prove account:asy1… -o balance.proof
  assay state prove order:6e0b11aa… --anchor anchor.json

Rows: chain, account:ADDRESS, model:ID, offer:ID, order:ID, name:NAME,
proof-key:MODEL/KEY; of topics topic:ID, round:ID, slot:ID/NUMBER, pool:ID/KEY,
staker:ID/KEY/STAKER.
The proof is of the node's last final block and checked before it is kept:
against --anchor, or else against the anchor that the node itself names.")]
    Prove(StateProve),
    /// Show what a proof says, without checking it
    #[command(after_help = "Example:\n  assay state show balance.proof")]
    Show {
        /// The proof
        #[arg(value_name = "PROOF", value_hint = ValueHint::FilePath)]
        proof: PathBuf,
    },
    /// Check a proof against an anchor, offline
    #[command(after_help = "\
Examples:
  assay state verify --anchor anchor.json balance.proof
  assay state verify --anchor anchor.json --max-age 60 balance.proof

A proof says what was so after one block; later blocks may have changed it.
The anchor names the chain and its validators. Get it from somebody you trust,
not from whoever gave you the proof. Exit code 0 means verified, 1 refused.")]
    Verify(StateVerify),
}

#[derive(Debug, Args)]
pub(crate) struct StateProve {
    /// Which row, e.g. `account:asy1…`
    #[arg(value_name = "ROW")]
    pub(crate) row: RowChoice,
    /// Where to keep the proof
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// The chain's id and validators [default: as the node names them]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) anchor: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StateVerify {
    /// The chain's id and validators
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) anchor: PathBuf,
    /// Refuse a proof of a block older than this, in seconds by this machine's clock
    #[arg(long, value_name = "SECONDS", value_parser = whole_seconds)]
    pub(crate) max_age: Option<Duration>,
    /// The proof
    #[arg(value_name = "PROOF", value_hint = ValueHint::FilePath)]
    pub(crate) proof: PathBuf,
}

fn whole_seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .map(Duration::from_secs)
        .map_err(|_| format!("`{text}` is no whole number of seconds"))
}

/// A row as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowChoice(pub(crate) RowKey);

impl FromStr for RowChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "`{text}` is no row; write `chain`, `account:ADDRESS`, `model:ID`, `offer:ID`, `order:ID`, `name:NAME`, `proof-key:MODEL/KEY`, `topic:ID`, `round:ID`, `slot:ID/NUMBER`, `pool:ID/KEY` or `staker:ID/KEY/STAKER`"
            )
        };
        if text == "chain" {
            return Ok(Self(RowKey::Chain));
        }
        let (kind, name) = text.split_once(':').ok_or_else(unknown)?;
        let parts: Vec<&str> = name.split('/').collect();
        let key = match (kind, parts.as_slice()) {
            ("account", [account]) => RowKey::Account {
                account: parsed(account)?,
            },
            ("model", [model]) => RowKey::Model {
                model: parsed(model)?,
            },
            ("proof-key", [model, key]) => RowKey::ProofKey {
                model: parsed(model)?,
                key: parsed(key)?,
            },
            ("offer", [offer]) => RowKey::Offer {
                offer: parsed(offer)?,
            },
            ("order", [order]) => RowKey::Order {
                order: parsed(order)?,
            },
            ("name", [name]) => RowKey::Name {
                name: parsed(name)?,
            },
            ("topic", [topic]) => RowKey::Topic {
                topic: parsed(topic)?,
            },
            ("round", [topic]) => RowKey::Round {
                topic: parsed(topic)?,
            },
            ("slot", [topic, slot]) => RowKey::Slot {
                topic: parsed(topic)?,
                slot: parsed(slot)?,
            },
            ("pool", [topic, key]) => RowKey::Pool {
                topic: parsed(topic)?,
                key: parsed(key)?,
            },
            ("staker", [topic, key, staker]) => RowKey::Staker {
                topic: parsed(topic)?,
                key: parsed(key)?,
                staker: parsed(staker)?,
            },
            _ => return Err(unknown()),
        };
        Ok(Self(key))
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}
