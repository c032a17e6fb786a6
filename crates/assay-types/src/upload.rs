//! Signed uploads: who stores which bytes, so that a store can hold senders to their quota.

use crate::{
    AccountId, ChainId, ContentId, LedgerTime, PublicKey, SecretKey, Signature,
    codec::{encode, wire_struct},
};

/// Version of the claim's format.
pub const UPLOAD_VERSION: u8 = 1;
const NAMESPACE: &[u8] = b"assay upload v1";

/// What an uploader claims before it sends bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadClaim {
    /// [`UPLOAD_VERSION`].
    pub version: u8,
    /// The chain whose store is meant.
    pub chain: ChainId,
    /// Who uploads.
    pub uploader: AccountId,
    /// BLAKE3 of the bytes.
    pub content: ContentId,
    /// Number of bytes.
    pub size: u64,
    /// Last ledger time at which the claim may be used.
    pub valid_until: LedgerTime,
}
wire_struct!(UploadClaim {
    version,
    chain,
    uploader,
    content,
    size,
    valid_until
});

/// A claim with its uploader's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpload {
    /// What is claimed.
    pub claim: UploadClaim,
    /// The uploader's signature.
    pub signature: Signature,
}
wire_struct!(SignedUpload { claim, signature });

impl UploadClaim {
    /// Signs it.
    pub fn sign(self, key: &SecretKey) -> SignedUpload {
        let signature = key.sign(NAMESPACE, &encode(&self));
        SignedUpload {
            claim: self,
            signature,
        }
    }
}

impl SignedUpload {
    /// Whether the uploader signed exactly this claim, of a version that this program knows.
    pub fn signature_holds(&self) -> bool {
        self.claim.version == UPLOAD_VERSION
            && PublicKey::try_from(self.claim.uploader)
                .is_ok_and(|key| key.verify(NAMESPACE, &encode(&self.claim), &self.signature))
    }
}
