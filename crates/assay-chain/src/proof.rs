//! What shows a stranger that something is in the ledger: certificates of blocks, proofs of rows.
//!
//! The database proves rows of the state that it has applied, which is the last final block's, and of no
//! other. `assay-verify` checks what is made here; the tests hold it to Commonware's own verifier.

use crate::consensus::{
    database::{CHUNK, Databases, ExclusionProof, InclusionProof, Key, ROW_BYTES_MAX, Value},
    engine::Marshal,
};
use assay_types::{
    Blob, DESCENDANTS_MAX, Finality, Hash32, Header, Height, List, RowKey, STATE_CHUNK_OPERATIONS,
    STATE_ROW_BYTES_MAX, SignerIndex, StateEvidence, StateKey, StatePath, Vote,
};
use commonware_consensus::{
    simplex::{scheme::ed25519::Scheme, types::Finalization},
    types::Height as ConsensusHeight,
};
use commonware_cryptography::blake3::Digest;
use commonware_parallel::Strategy;
use commonware_runtime::Spawner;
use commonware_storage::{
    Context, mmr,
    qmdb::{
        any::{ordered::Update, value::VariableEncoding},
        current::proof::constant::OperationProof,
    },
};

// Every row that the database takes can be shown, in chunks as verifiers know them.
const _: () = assert!(ROW_BYTES_MAX <= STATE_ROW_BYTES_MAX);
const _: () = assert!(CHUNK as u64 * 8 == STATE_CHUNK_OPERATIONS);

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

/// A row of the ledger, or its absence, under the state root of a header.
#[derive(Debug)]
pub(crate) struct RowProof {
    pub(crate) evidence: StateEvidence,
    pub(crate) path: StatePath,
    pub(crate) header: Header,
}

/// Why a row cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The database failed.
    #[error("cannot prove row {key:?}: {reason}; check the disk")]
    Database {
        /// The row.
        key: RowKey,
        /// Why.
        reason: String,
    },
    /// Nothing was finalised yet.
    #[error("cannot prove row {key:?}: no block is final yet; wait for the first")]
    Empty {
        /// The row.
        key: RowKey,
    },
    /// The database's answer has another shape than this program knows.
    #[error(
        "cannot prove row {key:?}: its {what} does not fit the proof's format; report this, it is a fault of the program"
    )]
    Unexpected {
        /// The row.
        key: RowKey,
        /// Which part.
        what: &'static str,
    },
    /// What makes the block final is not kept.
    #[error("cannot prove row {key:?}: the votes on block {height} are not kept here; ask again")]
    NotKept {
        /// The row.
        key: RowKey,
        /// The block.
        height: Height,
    },
    /// The node is going down.
    #[error("the node has stopped; start it again")]
    Stopped,
}

/// Proves a row of the applied state. The database can prove that one only, so the guard is held until the
/// root is known.
pub(crate) async fn prove<E, S>(
    databases: &Databases<E, S>,
    key: RowKey,
    header_with_root: impl Fn(&Hash32) -> Option<Header>,
) -> Result<RowProof, ProveError>
where
    E: Spawner + Context,
    S: Strategy,
{
    let failed = |error: &dyn std::fmt::Display| ProveError::Database {
        key,
        reason: error.to_string(),
    };
    let database = databases.read().await;
    let header = header_with_root(&Hash32::new(database.root().0))
        .filter(|header| header.height > Height::ZERO)
        .ok_or(ProveError::Empty { key })?;
    let at = Key::new(*key.state_key().as_bytes());
    let value = database.get(&at).await.map_err(|error| failed(&error))?;
    let (evidence, operation) = match value {
        Some(row) => {
            let proof: InclusionProof = database
                .key_value_proof(at)
                .await
                .map_err(|error| failed(&error))?;
            let next = state_key(&proof.next_key);
            (present(&key, &row, next), proof.proof)
        }
        None => match database
            .exclusion_proof(&at)
            .await
            .map_err(|error| failed(&error))?
        {
            ExclusionProof::KeyValue(operation, before) => (absent(before), operation),
            // The chain's own row is there from the first block on.
            ExclusionProof::Commit(..) => return Err(ProveError::Empty { key }),
        },
    };
    drop(database);
    let unexpected = |what| ProveError::Unexpected { key, what };
    Ok(RowProof {
        evidence: evidence.ok_or_else(|| unexpected("row"))?,
        path: path(&header, operation).ok_or_else(|| unexpected("path"))?,
        header,
    })
}

fn present(key: &RowKey, row: &[u8], next: Option<StateKey>) -> Option<StateEvidence> {
    let value = row.strip_prefix(&key.row_prefix()[..])?;
    Some(StateEvidence::Present {
        value: Blob::new(value).ok()?,
        next: next?,
    })
}

fn absent(before: Update<Key, VariableEncoding<Value>>) -> Option<StateEvidence> {
    Some(StateEvidence::Absent {
        before: state_key(&before.key)?,
        row: Blob::new(&*before.value).ok()?,
        next: state_key(&before.next_key)?,
    })
}

fn state_key(key: &Key) -> Option<StateKey> {
    key.as_ref().try_into().ok().map(StateKey::new)
}

/// Commonware's path in our form, which leaves out what the header says.
fn path(
    header: &Header,
    operation: OperationProof<mmr::Family, Digest, CHUNK>,
) -> Option<StatePath> {
    let range = operation.range_proof;
    let fits = *range.proof.leaves == header.range_end
        && range.ops_root.0 == *header.operations_root.as_bytes();
    let location = *operation.loc;
    let is_in_tail = location / STATE_CHUNK_OPERATIONS == header.range_end / STATE_CHUNK_OPERATIONS;
    let hashes = range
        .proof
        .digests
        .iter()
        .map(|digest| Hash32::new(digest.0));
    let path = StatePath {
        location,
        activity: operation.chunk,
        tail: range
            .partial_chunk_digest
            .filter(|_| !is_in_tail)
            .map(|digest| Hash32::new(digest.0)),
        inactive_peaks: u8::try_from(range.proof.inactive_peaks).ok()?,
        hashes: List::new(hashes.collect()).ok()?,
    };
    fits.then_some(path)
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
