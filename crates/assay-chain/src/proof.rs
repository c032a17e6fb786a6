//! What shows a stranger that something is in the ledger: certificates of blocks, proofs of rows.

use crate::consensus::{
    database::{Databases, ExclusionProof, InclusionProof, Key, ROW_BYTES_MAX},
    engine::Marshal,
};
use assay_types::{
    DESCENDANTS_MAX, Finality, Hash32, Header, Height, List, SignerIndex, StateKey, Vote,
};
use bytes::Bytes;
use commonware_codec::{Decode as _, Encode as _, RangeCfg};
use commonware_consensus::{
    simplex::{scheme::ed25519::Scheme, types::Finalization},
    types::Height as ConsensusHeight,
};
use commonware_cryptography::{Blake3, blake3::Digest};
use commonware_parallel::Strategy;
use commonware_runtime::Spawner;
use commonware_storage::{Context, qmdb::any::value::VariableEncoding};

/// Longest proof accepted when verifying, in hashes: the height of a tree over 2⁶⁴ operations.
const PROOF_HASHES_MAX: usize = 64;

/// What makes a block final.
///
/// A block need not have votes of its own: when a view passes without them, the next final block carries
/// its ancestors along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Headers above the block's, each the parent of the next, up to the one that was voted on; none when
    /// that is the block itself.
    pub descendants: List<Header, DESCENDANTS_MAX>,
    /// Votes on the last of them.
    pub finality: Finality,
}

/// A row of the ledger, or its absence, with the proof against a final header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateProof {
    /// Where.
    pub key: StateKey,
    /// The row, or `None` when there is none.
    pub value: Option<Vec<u8>>,
    /// The header whose state root the proof is for. It is final or about to be: its certificate follows
    /// within a block.
    pub header: Header,
    /// The proof, in Commonware's encoding.
    pub proof: Vec<u8>,
}

/// Why a row cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The database failed.
    #[error("cannot prove state key {key}: {reason}; check the disk")]
    Database {
        /// The key.
        key: StateKey,
        /// Why.
        reason: String,
    },
    /// Nothing was finalised yet.
    #[error("cannot prove state key {key}: no block is final yet; wait for the first")]
    Empty {
        /// The key.
        key: StateKey,
    },
    /// The node is going down.
    #[error("the node has stopped; start it again")]
    Stopped,
}

impl StateProof {
    /// Whether the header's state root holds this value, or none, at the key.
    pub fn holds(&self) -> bool {
        let root = Digest(*self.header.state_root.as_bytes());
        let key = Key::new(*self.key.as_bytes());
        match &self.value {
            Some(value) => InclusionProof::decode_cfg(
                Bytes::copy_from_slice(&self.proof),
                &(PROOF_HASHES_MAX, ()),
            )
            .is_ok_and(|proof| {
                proof.verify::<Blake3, VariableEncoding<Vec<u8>>>(key, value.clone(), &root)
            }),
            None => {
                let row = (RangeCfg::from(0..=ROW_BYTES_MAX), ());
                let limits = (PROOF_HASHES_MAX, ((), row), row);
                ExclusionProof::decode_cfg(Bytes::copy_from_slice(&self.proof), &limits)
                    .is_ok_and(|proof| proof.verify::<Blake3>(&key, &root))
            }
        }
    }
}

/// Proves a row of the applied state. Proofs exist only for that, so the guard is held until the root is
/// known.
pub(crate) async fn prove<E, S>(
    databases: &Databases<E, S>,
    key: StateKey,
    header_with_root: impl Fn(&Hash32) -> Option<Header>,
) -> Result<StateProof, ProveError>
where
    E: Spawner + Context,
    S: Strategy,
{
    let failed = |error: &dyn std::fmt::Display| ProveError::Database {
        key,
        reason: error.to_string(),
    };
    let database = databases.read().await;
    let header =
        header_with_root(&Hash32::new(database.root().0)).ok_or(ProveError::Empty { key })?;
    let at = Key::new(*key.as_bytes());
    let value = database.get(&at).await.map_err(|error| failed(&error))?;
    let proof = match &value {
        Some(_) => database
            .key_value_proof(at)
            .await
            .map_err(|error| failed(&error))?
            .encode(),
        None => database
            .exclusion_proof(&at)
            .await
            .map_err(|error| failed(&error))?
            .encode(),
    };
    Ok(StateProof {
        key,
        value,
        header,
        proof: proof.to_vec(),
    })
}

/// What makes the block at `height` final, as far as this node keeps it.
pub(crate) async fn certificate(marshal: &Marshal, height: Height) -> Option<Certificate> {
    let mut descendants = Vec::new();
    let mut at = ConsensusHeight::new(height.get());
    loop {
        if let Some(finalization) = marshal.get_finalization(at).await {
            let finality = finality(&finalization)?;
            return Some(Certificate {
                descendants: List::new(descendants).ok()?,
                finality,
            });
        }
        if descendants.len() == DESCENDANTS_MAX {
            return None;
        }
        at = at.next();
        descendants.push(marshal.get_block(at).await?.inner().0.header.clone());
    }
}

/// The votes of a finalisation.
pub(crate) fn finality(finalization: &Finalization<Scheme, Digest>) -> Option<Finality> {
    let certificate = &finalization.certificate;
    let votes: Option<Vec<Vote>> = certificate
        .signers
        .iter()
        .zip(&certificate.signatures)
        .map(|(signer, signature)| {
            Some(Vote {
                signer: SignerIndex::new(u16::try_from(signer.get()).ok()?),
                signature: signature.get()?.clone().into(),
            })
        })
        .collect();
    Some(Finality {
        votes: List::new(votes?).ok()?,
    })
}
