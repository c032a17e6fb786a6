//! Names: who holds which, until when.

use crate::json::{Address, Grains, Id, Number, Spoken};
use assay_types::{AccountId, Amount, Hash32, LedgerTime, Name, NameParams};
use serde::{Deserialize, Serialize};

/// A name and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NameView {
    /// The name.
    #[serde(with = "Spoken")]
    pub name: Name,
    /// Its holder, or its last one while the name is in grace.
    #[serde(with = "Address")]
    pub holder: AccountId,
    /// Whether it stands for its holder now. In grace it stands for nobody: send nothing to it.
    pub stands: bool,
    /// Whether its holder chose it by registering or renewing it. Show no other name beside an address.
    pub claimed: bool,
    /// Last moment of its lease, in ledger time.
    #[serde(rename = "expires_at_ms", with = "Number")]
    pub expires_at: LedgerTime,
    /// Last moment at which only its holder can have it again.
    #[serde(rename = "frees_at_ms", with = "Number")]
    pub frees_at: LedgerTime,
}

/// A page of names, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NamesPage {
    /// The names.
    pub names: Vec<NameView>,
    /// What to send as `?cursor=` for the page that follows; `null` on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// What an account has reserved; which name it is, only the account knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReservationView {
    /// What it opens with: `assay_types::NameCommitment`.
    #[serde(with = "Id")]
    pub commitment: Hash32,
    /// First moment at which the name can be registered, in ledger time.
    #[serde(rename = "ripe_at_ms", with = "Number")]
    pub ripe_at: LedgerTime,
    /// Last moment.
    #[serde(rename = "lapses_at_ms", with = "Number")]
    pub lapses_at: LedgerTime,
}

/// What names cost and how long they last; see `assay_types::NameParams`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(
    missing_docs,
    reason = "the fields are those of `assay_types::NameParams`"
)]
pub struct NameParamsView {
    #[serde(with = "Grains")]
    pub price_per_year: Amount,
    pub lease_ms_max: u64,
    pub grace_ms: u64,
    pub reserved_ms_min: u64,
    pub reserved_ms_max: u64,
}

impl From<&NameParams> for NameParamsView {
    fn from(params: &NameParams) -> Self {
        Self {
            price_per_year: params.price_per_year,
            lease_ms_max: params.lease_ms_max,
            grace_ms: params.grace_ms,
            reserved_ms_min: params.reserved_ms_min,
            reserved_ms_max: params.reserved_ms_max,
        }
    }
}
