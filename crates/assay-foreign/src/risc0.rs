//! Seals of RISC Zero: a program, named by its image id, ran to its end and wrote this journal.
//!
//! A receipt of the kind `Groth16` wraps any length of execution into a proof over BN254 whose five public
//! signals are two halves of the release's control root, two halves of the claim's digest, and the id of the
//! program that did the wrapping. The claim's digest is SHA-256 over a tree of tagged structures:
//!
//! ```text
//! ReceiptClaim ─┬─ input   none
//!               ├─ pre     the image id
//!               ├─ post    SystemState { pc 0, memory 0 }
//!               ├─ output  Output { SHA-256 of the journal, no assumptions }
//!               └─ exit    halted, 0
//! ```
//! So a seal needs no library but [`groth16`], and is verified as on other ledgers: four bytes
//! that name the release, then A, B and C with their coordinates uncompressed, most significant byte first.
//!
//! Receipts are locked to their release: another control root, other programs of recursion. A key therefore
//! holds the [`Release`] that its owner trusts. The circuit of the wrapping, and with it the verification key, is
//! the same from 1.0 to 5.0.0-rc.1.
//!
//! Composite and succinct receipts are refused: they are STARKs, whose verifier in `risc0-zkp` 5.0.0-rc.1 panics on
//! seals that are too short or hold a word that is no field element.
//!
//! Source: `risc0-zkvm` and `risc0-groth16` 5.0.0-rc.1, `risc0-ethereum-contracts` 3.0.1; the feature `risc0` tests
//! this module against them.

#[cfg(feature = "risc0")]
pub mod receipt;

use crate::{
    NumberFault, Part, Refused,
    field::{NUMBER_BYTES, big_endian, g1, g2, named},
    groth16,
};
use ark_bn254::{Fq, Fq2, Fr};
use ark_serialize::CanonicalDeserialize as _;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// The version of a key's bytes, the first of them.
pub const KEY_VERSION: u8 = 1;
/// Bytes of a key: its version, the image id, and the release's two digests.
pub const KEY_BYTES: usize = 1 + 3 * DIGEST_BYTES;
/// Bytes of a seal: the selector and eight coordinates.
pub const SEAL_BYTES: usize = SELECTOR_BYTES + 8 * NUMBER_BYTES;
/// Longest journal. Hashing it is linear in it; a program with more to say writes the hash of that.
pub const JOURNAL_BYTES_MAX: usize = 64 * 1024;

const DIGEST_BYTES: usize = 32;
const SELECTOR_BYTES: usize = 4;

/// SHA-256, as RISC Zero's digests are.
pub type Digest = [u8; DIGEST_BYTES];

/// The circuit of the wrapping, in snarkjs's form.
static VERIFYING_KEY: LazyLock<groth16::Key> = LazyLock::new(|| {
    let json = include_bytes!("risc0/verification_key.json");
    groth16::Key::from_snarkjs(json).expect("the file that this crate brings is a key")
});

/// RISC Zero's own digest of that key, which selectors follow from.
const VERIFYING_KEY_DIGEST: Digest =
    hex_digest("21c5fdd9b4d576b17581f50b755482ba7a2134a3b5186e8e454acfa1f69511ab");

/// A release of RISC Zero whose programs of recursion are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Root over the programs that may lift, join and resolve segments.
    pub control_root: Digest,
    /// The program that hands the last proof to the wrapping circuit; a number of BN254's scalar field, least
    /// significant byte first.
    pub identity: Digest,
}

impl Release {
    /// 3.0, the last one whose receipts verify on other ledgers.
    pub const V3_0: Self = Self {
        control_root: hex_digest(
            "a54dc85ac99f851c92d7c96d7318af41dbe7c0194edfcc37eb4d422a998c1f56",
        ),
        identity: IDENTITY,
    };
    /// 5.0.0-rc.1.
    pub const V5_0_RC1: Self = Self {
        control_root: hex_digest(
            "4ec911509d6e5607f3bc083c61a2274824c71536ecffa208d02a472ffbde5b04",
        ),
        identity: IDENTITY,
    };

    /// Digest of everything that a verifier of this release fixes.
    #[must_use]
    pub fn parameters(&self) -> Digest {
        let parts = [self.control_root, self.identity, VERIFYING_KEY_DIGEST];
        tagged("risc0.Groth16ReceiptVerifierParameters", &parts, &[])
    }

    /// What its seals begin with: the first bytes of [`parameters`](Self::parameters).
    #[must_use]
    pub fn selector(&self) -> u32 {
        let [a, b, c, d, ..] = self.parameters();
        u32::from_be_bytes([a, b, c, d])
    }
}

const IDENTITY: Digest =
    hex_digest("c07a65145c3cb48b6101962ea607a4dd93c753bb26975cb47feb00d3666e4404");

/// A program, and the release whose receipts about it are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    image: Digest,
    release: Release,
    identity: Fr,
}

/// A receipt's proof, with the release that it says it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    selector: u32,
    coordinates: [[u8; NUMBER_BYTES]; 8],
    proof: groth16::Proof,
}

/// Checks that `seal` proves that the key's program halted with success and wrote `journal`.
///
/// # Errors
/// [`Refused::TooLong`] for the journal, [`Refused::Release`] when the seal is of another release than the key's,
/// [`Refused::DoesNotHold`].
pub fn verify(key: &Key, journal: &[u8], seal: &Seal) -> Result<(), Refused> {
    if journal.len() > JOURNAL_BYTES_MAX {
        return Err(Refused::TooLong {
            part: Part::Public,
            bytes: journal.len(),
            most: JOURNAL_BYTES_MAX,
        });
    }
    let (found, trusted) = (seal.selector, key.release.selector());
    if found != trusted {
        return Err(Refused::Release { found, trusted });
    }
    let [root_low, root_high] = halves(&key.release.control_root);
    let [claim_low, claim_high] = halves(&claim(&key.image, journal));
    let signals = vec![root_low, root_high, claim_low, claim_high, key.identity];
    let signals = groth16::Signals::from_numbers(signals);
    groth16::verify(&VERIFYING_KEY, &signals, &seal.proof)
}

/// Digest of the claim that the program `image` halted with success, wrote `journal` and assumed nothing.
#[must_use]
pub fn claim(image: &Digest, journal: &[u8]) -> Digest {
    const NONE: Digest = [0; DIGEST_BYTES];
    const HALTED: [u32; 2] = [0, 0];
    let journal = Sha256::digest(journal).into();
    let output = tagged("risc0.Output", &[journal, NONE], &[]);
    let post = tagged("risc0.SystemState", &[NONE], &[0]);
    tagged("risc0.ReceiptClaim", &[NONE, *image, post, output], &HALTED)
}

impl Key {
    /// The key of the program `image` under `release`.
    ///
    /// # Errors
    /// [`Refused::Number`] when the release's identity is not below the modulus.
    pub fn new(image: Digest, release: Release) -> Result<Self, Refused> {
        let identity = Fr::deserialize_compressed(release.identity.as_slice());
        let identity = identity.map_err(|_| Refused::Number {
            part: Part::Key,
            name: "identity".to_owned(),
            fault: NumberFault::Range,
        })?;
        Ok(Self {
            image,
            release,
            identity,
        })
    }

    /// Reads what [`to_bytes`](Self::to_bytes) writes; trailing bytes are refused.
    ///
    /// # Errors
    /// [`Refused`]: another length or version, an identity that is not below the modulus.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let part = Part::Key;
        let length = Refused::Length {
            part,
            bytes: bytes.len(),
        };
        let bytes: &[u8; KEY_BYTES] = bytes.try_into().map_err(|_| length.clone())?;
        let (&found, digests) = bytes.split_first().ok_or_else(|| length.clone())?;
        if found != KEY_VERSION {
            let known = KEY_VERSION;
            return Err(Refused::Version { part, found, known });
        }
        let (digests, _) = digests.as_chunks();
        let &[image, control_root, identity] = digests else {
            return Err(length);
        };
        let release = Release {
            control_root,
            identity,
        };
        Self::new(image, release)
    }

    /// Its canonical bytes: [`KEY_BYTES`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Release {
            control_root,
            identity,
        } = self.release;
        let digests = [self.image, control_root, identity].concat();
        [vec![KEY_VERSION], digests].concat()
    }

    /// The program.
    #[must_use]
    pub fn image(&self) -> &Digest {
        &self.image
    }

    /// The release that is trusted.
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.release
    }
}

impl Seal {
    /// Reads a seal as it is handed to verifiers on other ledgers; trailing bytes are refused.
    ///
    /// # Errors
    /// [`Refused`]: another length, a coordinate that is not below the modulus, a point that is not canonical.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let part = Part::Proof;
        let length = Refused::Length {
            part,
            bytes: bytes.len(),
        };
        let bytes: &[u8; SEAL_BYTES] = bytes.try_into().map_err(|_| length.clone())?;
        let (selector, numbers) = bytes.split_first_chunk().ok_or_else(|| length.clone())?;
        let (numbers, _) = numbers.as_chunks();
        let coordinates: &[_; 8] = numbers.try_into().map_err(|_| length)?;

        let [a_x, a_y, b_x1, b_x0, b_y1, b_y0, c_x, c_y] = coordinates;
        let number = |name: &str, bytes| -> Result<Fq, Refused> {
            big_endian(bytes).ok_or_else(|| Refused::Number {
                part,
                name: name.to_owned(),
                fault: NumberFault::Range,
            })
        };
        let b_x = Fq2::new(number("B.x[0]", b_x0)?, number("B.x[1]", b_x1)?);
        let b_y = Fq2::new(number("B.y[0]", b_y0)?, number("B.y[1]", b_y1)?);
        let a = g1(number("A.x", a_x)?, number("A.y", a_y)?);
        let c = g1(number("C.x", c_x)?, number("C.y", c_y)?);
        let proof = groth16::Proof::from_points(
            named(a, part, "A")?,
            named(g2(b_x, b_y), part, "B")?,
            named(c, part, "C")?,
        );
        Ok(Self {
            selector: u32::from_be_bytes(*selector),
            coordinates: *coordinates,
            proof,
        })
    }

    /// Its bytes: [`SEAL_BYTES`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let selector = self.selector.to_be_bytes();
        [selector.as_slice(), self.coordinates.as_flattened()].concat()
    }

    /// The release that it says it is of, see [`Release::selector`].
    #[must_use]
    pub fn selector(&self) -> u32 {
        self.selector
    }
}

/// RISC Zero's hash of a structure: its name, its parts, its words, and how many parts there are.
fn tagged(name: &str, parts: &[Digest], words: &[u32]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(Sha256::digest(name));
    for part in parts {
        hasher.update(part);
    }
    for word in words {
        hasher.update(word.to_le_bytes());
    }
    let count = u16::try_from(parts.len()).expect("no structure here has more than four parts");
    hasher.update(count.to_le_bytes());
    hasher.finalize().into()
}

/// A digest as two signals: 256 bits do not fit into one.
fn halves(digest: &Digest) -> [Fr; 2] {
    let (halves, _) = digest.as_chunks();
    let &[low, high] = halves else {
        unreachable!("32 bytes are two times 16")
    };
    [low, high].map(|half| Fr::from(u128::from_le_bytes(half)))
}

/// A digest from its digits, for constants.
const fn hex_digest(text: &str) -> Digest {
    let text = text.as_bytes();
    assert!(text.len() == 2 * DIGEST_BYTES);
    let mut digest = [0; DIGEST_BYTES];
    let mut index = 0;
    while index < DIGEST_BYTES {
        digest[index] = 16 * digit(text[2 * index]) + digit(text[2 * index + 1]);
        index += 1;
    }
    digest
}

const fn digit(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => letter - b'0',
        b'a'..=b'f' => letter - b'a' + 10,
        _ => panic!("not a hexadecimal digit"),
    }
}

#[cfg(test)]
mod tests;
