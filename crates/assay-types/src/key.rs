//! ed25519 keys, signatures and the addresses people see.
//!
//! An account *is* its public key: [`AccountId`] holds the 32 bytes, unchecked, so that reading a block
//! costs no curve arithmetic; [`PublicKey`] is the checked point. Signatures are domain-separated by a
//! namespace (Commonware's `union_unique`: length, namespace, message).

use crate::{codec::wire_tuple, id::IdError};
use bech32::{Bech32m, Hrp};
use commonware_codec::{Copying, DecodeExt, Encode};
use commonware_cryptography::{BatchEntry, BatchVerifier, Signer as _, Verifier as _, ed25519};
use commonware_parallel::Strategy;
use rand_core::CryptoRng;
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// The human-readable part of an address.
const ADDRESS_PREFIX: &str = "asy";

/// An account: the bytes of its ed25519 public key. Shown as a bech32m address, `asy1…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AccountId([u8; 32]);
wire_tuple!(AccountId[32]);

/// Text that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address: {reason}; an address looks like asy1… and has 62 characters")]
pub struct AddressError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl AccountId {
    /// The account with this public key.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of its public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The start of the address, for tables and logs.
    pub fn short(&self) -> String {
        let address = self.to_string();
        address.chars().take(12).collect()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = Hrp::parse(ADDRESS_PREFIX).map_err(|_| fmt::Error)?;
        let address = bech32::encode::<Bech32m>(prefix, &self.0).map_err(|_| fmt::Error)?;
        f.pad(&address)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for AccountId {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = |reason: String| AddressError {
            text: text.chars().take(100).collect(),
            reason,
        };
        let checked = bech32::primitives::decode::CheckedHrpstring::new::<Bech32m>(text)
            .map_err(|source| error(source.to_string()))?;
        if checked.hrp().to_lowercase() != ADDRESS_PREFIX {
            return Err(error(format!("it begins with `{}`", checked.hrp())));
        }
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let len = bytes.len();
        let account = bytes
            .try_into()
            .map(Self)
            .map_err(|_| error(format!("it holds {len} bytes, not 32")))?;
        // The last letter has four bits that belong to no byte; set, they would be a second spelling.
        if !account.to_string().eq_ignore_ascii_case(text) {
            return Err(error("its last letter holds stray bits".to_owned()));
        }
        Ok(account)
    }
}

/// A point on the curve that can verify signatures.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(ed25519::PublicKey);
wire_tuple!(PublicKey[32]);

impl PublicKey {
    /// The account of this key.
    pub fn account(&self) -> AccountId {
        let mut bytes = [0u8; 32];
        bytes.copy_from_slice(self.0.as_ref());
        AccountId(bytes)
    }

    /// Whether `signature` is this key's over `message` in `namespace`.
    pub fn verify(&self, namespace: &[u8], message: &[u8], signature: &Signature) -> bool {
        self.0.verify(namespace, message, &signature.0)
    }

    /// Whether this point has small order, so that one signature holds for every message and anyone can
    /// make it. No honestly generated key has; whoever trusts a key by its bytes should refuse these.
    pub fn has_small_order(&self) -> bool {
        // With R the identity and s = 0, the equation [8][s]B = [8]R + [8][k]A asks for [8][k]A = 0. For a
        // hash k that happens only if [8]A = 0 already.
        let mut forged = [0u8; 64];
        forged[0] = 1;
        ed25519::Signature::decode(Copying(forged.as_slice()))
            .is_ok_and(|forged| self.0.verify(b"assay small order v1", &[], &forged))
    }

    /// The key as Commonware's type.
    pub const fn as_ed25519(&self) -> &ed25519::PublicKey {
        &self.0
    }
}

impl From<ed25519::PublicKey> for PublicKey {
    fn from(key: ed25519::PublicKey) -> Self {
        Self(key)
    }
}

impl TryFrom<AccountId> for PublicKey {
    type Error = IdError;
    fn try_from(account: AccountId) -> Result<Self, IdError> {
        ed25519::PublicKey::decode(Copying(account.0.as_slice()))
            .map(Self)
            .map_err(|_| IdError {
                kind: "public key",
                text: hex::encode(account.0),
            })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.account())
    }
}

/// An ed25519 signature.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(ed25519::Signature);
wire_tuple!(Signature[64]);

impl Signature {
    /// The signature as Commonware's type.
    pub const fn as_ed25519(&self) -> &ed25519::Signature {
        &self.0
    }
}

impl From<ed25519::Signature> for Signature {
    fn from(signature: ed25519::Signature) -> Self {
        Self(signature)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(&self.0[..8]))
    }
}

/// A secret key. Never printed; its bytes are wiped when dropped.
#[derive(Clone)]
pub struct SecretKey(ed25519::PrivateKey);

impl SecretKey {
    /// A new key from the randomness of `rng`.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_bytes(&seed)
    }

    /// The key with this 32-byte seed (RFC 8032). Every seed is a key.
    #[expect(clippy::missing_panics_doc, reason = "any 32 bytes are a seed")]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(
            ed25519::PrivateKey::decode(Copying(seed.as_slice())).expect("any 32 bytes are a seed"),
        )
    }

    /// The 32-byte seed, wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0u8; 32]);
        let encoded = Zeroizing::new(self.0.encode().to_vec());
        seed.copy_from_slice(&encoded);
        seed
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    /// The account of this key.
    pub fn account(&self) -> AccountId {
        self.public_key().account()
    }

    /// Signs `message` in `namespace`.
    pub fn sign(&self, namespace: &[u8], message: &[u8]) -> Signature {
        Signature(self.0.sign(namespace, message))
    }

    /// The key as Commonware's type.
    pub const fn as_ed25519(&self) -> &ed25519::PrivateKey {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.account())
    }
}

/// Whether every `(key, message, signature)` holds in `namespace`; cheaper than one by one.
///
/// `rng` blinds the batch: with predictable randomness a forger could craft signatures that cancel.
pub fn verify_batch(
    rng: &mut impl CryptoRng,
    namespace: &[u8],
    items: &[(&PublicKey, impl AsRef<[u8]> + Sync, &Signature)],
    strategy: &impl Strategy,
) -> bool {
    items.is_empty()
        || ed25519::PublicKey::verify_batch(
            rng,
            items,
            |_, (key, message, signature)| BatchEntry {
                namespace,
                message: message.as_ref(),
                public_key: &key.0,
                signature: &signature.0,
            },
            strategy,
        )
}
