//! What a proof of inference states, and the evidence that a seller delivers for it.

use crate::{
    Blob, ContentId, Hash32, ProofKeyId,
    call::{OUTPUT_BYTES_MAX, PROOF_BYTES_MAX, PROOF_INPUT_BYTES_MAX, PROOF_KEY_BYTES_MAX},
    codec::wire_struct,
};

/// All that a verifier of an inference needs: whoever has a block can verify its proofs without another
/// source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofEvidence {
    /// Canonical bytes of the proof key.
    pub key: Blob<PROOF_KEY_BYTES_MAX>,
    /// Canonical bytes of the input tensor.
    pub input: Blob<PROOF_INPUT_BYTES_MAX>,
    /// Canonical bytes of the output tensor: the answer.
    pub output: Blob<OUTPUT_BYTES_MAX>,
    /// The proof.
    pub proof: Blob<PROOF_BYTES_MAX>,
}
wire_struct!(ProofEvidence {
    key,
    input,
    output,
    proof
});

/// That a proof shows what the model of a key computes from an input. Whether it is true depends on these
/// four alone, on no chain, order or seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofStatement {
    /// The key.
    pub key: ProofKeyId,
    /// The input.
    pub input: ContentId,
    /// The output.
    pub output: ContentId,
    /// Plain BLAKE3 of the proof.
    pub proof: ContentId,
}

impl ProofEvidence {
    /// What it is evidence of.
    pub fn statement(&self) -> ProofStatement {
        ProofStatement {
            key: ProofKeyId::of_key(&self.key),
            input: ContentId::of(&self.input),
            output: ContentId::of(&self.output),
            proof: ContentId::of(&self.proof),
        }
    }
}

impl ProofStatement {
    /// What names it among the facts that a ledger is told.
    pub fn hash(&self) -> Hash32 {
        let parts: [&[u8]; 4] = [
            self.key.as_bytes(),
            self.input.as_bytes(),
            self.output.as_bytes(),
            self.proof.as_bytes(),
        ];
        Hash32::derive("assay proof statement v1", &parts)
    }
}
