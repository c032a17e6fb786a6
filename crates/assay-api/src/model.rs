//! Registered models.

use crate::json::{Address, Each, Id};
use assay_types::{AccountId, ContentId, ModelId, ProofKeyId, RoyaltySplit};
use serde::{Deserialize, Serialize};

/// A model that sellers can offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelView {
    /// Its id.
    #[serde(with = "Id")]
    pub model: ModelId,
    /// Its name by its manifest, where this node holds that; a name is not unique, an id is.
    #[serde(default)]
    pub name: Option<String>,
    /// Who registered it.
    #[serde(with = "Address")]
    pub owner: AccountId,
    /// Content id of its manifest.
    #[serde(with = "Id")]
    pub manifest: ContentId,
    /// Content id of its canonical program.
    #[serde(with = "Id")]
    pub program: ContentId,
    /// SPDX licence expression.
    pub licence: String,
    /// Who shares its income.
    pub royalties: Vec<RoyaltySplitView>,
    /// Keys that proofs of its inferences can be verified with, ascending.
    #[serde(default, with = "Each::<Id>")]
    pub proof_keys: Vec<ProofKeyId>,
    /// Offers that serve it.
    pub offers: u64,
}

/// Some models, by id, and how to get more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelsPage {
    /// The models.
    pub models: Vec<ModelView>,
    /// What to send as `?cursor=` for the page that follows; `null` on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// A share of a model's income.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RoyaltySplitView {
    /// Who is paid.
    #[serde(with = "Address")]
    pub account: AccountId,
    /// Share of each settled ask, in hundredths of a percent.
    pub basis_points: u16,
}

impl From<&RoyaltySplit> for RoyaltySplitView {
    fn from(split: &RoyaltySplit) -> Self {
        Self {
            account: split.account,
            basis_points: split.share.get(),
        }
    }
}
