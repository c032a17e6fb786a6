//! What a verifier trusts from the start.
//!
//! Invariant: the validators of an [`Anchor`] are ascending, without doubles, at least one, and none of
//! their keys accepts signatures that anyone can make. The text form is the body of the node's
//! `GET /v1/anchor`; it is read strictly, since whoever changes it changes what is trusted.

use assay_types::{AccountId, ChainId, Genesis, IdError, PublicKey, VALIDATORS_MAX};
use serde::{Deserialize, Serialize};

/// Longest text form: each validator takes 64 digits, quotes, a comma and indentation.
pub const ANCHOR_TEXT_BYTES_MAX: usize = VALIDATORS_MAX * 96 + 1024;

/// A chain and the keys whose quorum makes its blocks final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    chain: ChainId,
    validators: Vec<PublicKey>,
}

/// Validators or a text that make no anchor.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// No validators.
    #[error("the anchor names no validator; ask its source for a complete one")]
    NoValidators,
    /// More than a chain can have.
    #[error("the anchor names {count} validators, a chain has at most {VALIDATORS_MAX}")]
    TooManyValidators {
        /// How many.
        count: usize,
    },
    /// Not ascending, or the same key twice.
    #[error(
        "validator {index} of the anchor is not above the one before it; list each key once, ascending"
    )]
    NotAscending {
        /// Place of the first such validator, from 0.
        index: usize,
    },
    /// A key for which anyone can sign.
    #[error(
        "validator {index} of the anchor is a key of small order, for which anyone can sign; do not trust its source"
    )]
    WeakKey {
        /// Place of the key, from 0.
        index: usize,
    },
    /// Text over the limit.
    #[error("the anchor has {len} bytes, at most {ANCHOR_TEXT_BYTES_MAX} are read")]
    TextTooLong {
        /// What was given.
        len: usize,
    },
    /// Not the JSON of an anchor.
    #[error(
        "cannot read the anchor; expected {{\"chain_id\": \"<hex>\", \"validators\": [\"<hex>\", …]}} and nothing else"
    )]
    Text(#[source] serde_json::Error),
    /// A chain id or key that is none.
    #[error("cannot read the anchor")]
    Id(#[source] IdError),
}

/// The JSON form of an anchor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnchorText {
    chain_id: String,
    validators: Vec<String>,
}

impl Anchor {
    /// The anchor of `chain` with these validators.
    ///
    /// # Errors
    /// [`AnchorError`] unless they are one to [`VALIDATORS_MAX`], ascending, without doubles or weak keys.
    pub fn new(chain: ChainId, validators: Vec<PublicKey>) -> Result<Self, AnchorError> {
        if validators.is_empty() {
            return Err(AnchorError::NoValidators);
        }
        if validators.len() > VALIDATORS_MAX {
            return Err(AnchorError::TooManyValidators {
                count: validators.len(),
            });
        }
        if let Some(before) = validators.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(AnchorError::NotAscending { index: before + 1 });
        }
        if let Some(index) = validators.iter().position(PublicKey::has_small_order) {
            return Err(AnchorError::WeakKey { index });
        }
        Ok(Self { chain, validators })
    }

    /// The anchor of the chain that starts with `genesis`.
    ///
    /// # Errors
    /// [`AnchorError`] when its validators make none, see [`Self::new`].
    pub fn of_genesis(genesis: &Genesis) -> Result<Self, AnchorError> {
        Self::new(genesis.chain_id(), genesis.validators.to_vec())
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`AnchorError`] for anything but the two fields with values that make an anchor.
    pub fn parse(text: &str) -> Result<Self, AnchorError> {
        if text.len() > ANCHOR_TEXT_BYTES_MAX {
            return Err(AnchorError::TextTooLong { len: text.len() });
        }
        let text: AnchorText = serde_json::from_str(text).map_err(AnchorError::Text)?;
        let chain = text.chain_id.parse().map_err(AnchorError::Id)?;
        let validators: Result<Vec<_>, _> =
            text.validators.iter().map(|key| read_key(key)).collect();
        Self::new(chain, validators.map_err(AnchorError::Id)?)
    }

    /// The text form, indented and with a line break at its end.
    pub fn to_text(&self) -> String {
        let text = AnchorText {
            chain_id: self.chain.to_string(),
            validators: self.validators.iter().map(print_key).collect(),
        };
        let mut json = serde_json::to_string_pretty(&text).expect("two fields of strings are JSON");
        json.push('\n');
        json
    }

    /// The chain.
    pub const fn chain(&self) -> ChainId {
        self.chain
    }

    /// Its validators, ascending; a vote names its signer by place.
    pub fn validators(&self) -> &[PublicKey] {
        &self.validators
    }

    /// Votes that make a header final: n − ⌊(n − 1) / 3⌋, so that any two quorums share an honest validator
    /// while fewer than a third of them lie.
    pub fn quorum(&self) -> usize {
        let count = self.validators.len();
        count - (count - 1) / 3
    }
}

fn read_key(text: &str) -> Result<PublicKey, IdError> {
    // Any 32-byte id reads the same 64 digits; the point is checked by the conversion.
    let bytes: ChainId = text.parse().map_err(|IdError { text, .. }| IdError {
        kind: "public key",
        text,
    })?;
    PublicKey::try_from(AccountId::new(*bytes.as_bytes()))
}

fn print_key(key: &PublicKey) -> String {
    ChainId::new(*key.account().as_bytes()).to_string()
}
