//! The one registry of 32-byte ids, and the domain-separated BLAKE3 they are made with.
//!
//! Invariant: two kinds of id never share a hash domain, so an order's id is no transaction's id.

use crate::{AccountId, Lane, codec::wire_tuple};
use blake3::hazmat::{ContextKey, HasherExt as _};
use std::sync::OnceLock;
use std::{fmt, str::FromStr};

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}; expected 64 hexadecimal digits")]
pub struct IdError {
    /// The kind of id that was attempted.
    pub kind: &'static str,
    /// What was given.
    pub text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name([u8; 32]);
        wire_tuple!($name [32]);

        impl $name {
            /// The id with these bytes.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first eight hexadecimal digits, for tables and logs.
            pub fn short(&self) -> String {
                hex::encode(&self.0[..4])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0u8; 32];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| IdError { kind: $kind, text: text.chars().take(80).collect() })?;
                Ok(Self(bytes))
            }
        }
    };
}

id!(
    /// A hash that is not the id of anything: roots, randomness, commitments.
    Hash32,
    "hash"
);
id!(
    /// Hash of the genesis. Transactions and certificates are bound to it.
    ChainId,
    "chain id"
);
id!(
    /// Hash of a header, which binds the block's body by its transaction root.
    BlockId,
    "block id"
);
id!(
    /// Hash of a transaction without its signature.
    TxId,
    "transaction id"
);
id!(
    /// H(chain, sender, lane, sequence) of the transaction that placed the order.
    OrderId,
    "order id"
);
id!(
    /// H(chain, sender, lane, sequence) of the transaction that published the offer.
    OfferId,
    "offer id"
);
id!(
    /// Hash of a canonical tensor program.
    ModelId,
    "model id"
);
id!(
    /// Hash of a proof key's canonical bytes, which commit to the model, its weights and every parameter of
    /// its proofs.
    ProofKeyId,
    "proof key id"
);
id!(
    /// H(chain, sender, lane, sequence) of the transaction that created the topic.
    TopicId,
    "topic id"
);
id!(
    /// Plain BLAKE3 of some bytes: the address of content, the id of an input or output.
    ContentId,
    "content id"
);
id!(
    /// Where a row of the ledger's state lies in the authenticated database: H(table, key).
    StateKey,
    "state key"
);

impl Hash32 {
    /// BLAKE3 in key-derivation mode over the concatenated `parts`; `context` separates domains.
    ///
    /// Callers pass fixed-width parts, or at most one of variable width and that last, so that no two
    /// lists of parts concatenate to the same bytes.
    pub fn derive(context: &'static str, parts: &[&[u8]]) -> Self {
        Domain::new(context).hash(parts)
    }
}

/// A domain of [`Hash32::derive`] that is hashed in often: its context is hashed once for the whole process.
pub(crate) struct Domain {
    context: &'static str,
    key: OnceLock<ContextKey>,
}

impl Domain {
    /// The domain separated by `context`.
    pub(crate) const fn new(context: &'static str) -> Self {
        Self {
            context,
            key: OnceLock::new(),
        }
    }

    /// [`Hash32::derive`] of these parts.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> Hash32 {
        let key = self
            .key
            .get_or_init(|| blake3::hazmat::hash_derive_key_context(self.context));
        let mut hasher = blake3::Hasher::new_from_context_key(key);
        for part in parts {
            hasher.update(part);
        }
        Hash32(*hasher.finalize().as_bytes())
    }
}

impl BlockId {
    /// The header's id as a plain hash.
    pub const fn hash(self) -> Hash32 {
        Hash32(self.0)
    }
}

impl ContentId {
    /// The id of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl OrderId {
    /// The id of the order placed by this transaction.
    pub fn of(chain: ChainId, sender: AccountId, lane: Lane, sequence: u64) -> Self {
        Self(origin("assay order id v1", chain, sender, lane, sequence))
    }
}

impl OfferId {
    /// The id of the offer published by this transaction.
    pub fn of(chain: ChainId, sender: AccountId, lane: Lane, sequence: u64) -> Self {
        Self(origin("assay offer id v1", chain, sender, lane, sequence))
    }
}

impl TopicId {
    /// The id of the topic created by this transaction.
    pub fn of(chain: ChainId, sender: AccountId, lane: Lane, sequence: u64) -> Self {
        Self(origin("assay topic id v1", chain, sender, lane, sequence))
    }
}

impl ModelId {
    /// The id of the tensor program with these canonical bytes.
    pub fn of_program(program: &[u8]) -> Self {
        Self(Hash32::derive("assay model id v1", &[program]).0)
    }
}

impl ProofKeyId {
    /// The id of the proof key with these canonical bytes.
    pub fn of_key(key: &[u8]) -> Self {
        Self(Hash32::derive("assay proof key id v1", &[key]).0)
    }
}

impl StateKey {
    /// The place of the row with this canonical key in this table.
    pub fn of(table: u8, key: &[u8]) -> Self {
        Self::of_row(&[&[table], key])
    }

    /// The place of a row that begins with these parts: table, then key.
    pub(crate) fn of_row(prefix: &[&[u8]]) -> Self {
        static DOMAIN: Domain = Domain::new("assay state key v1");
        Self(DOMAIN.hash(prefix).0)
    }
}

fn origin(
    context: &'static str,
    chain: ChainId,
    sender: AccountId,
    lane: Lane,
    sequence: u64,
) -> [u8; 32] {
    let parts: [&[u8]; 4] = [
        chain.as_bytes(),
        sender.as_bytes(),
        &[lane.get()],
        &sequence.to_be_bytes(),
    ];
    Hash32::derive(context, &parts).0
}
