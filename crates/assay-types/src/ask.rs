//! Asks and answers: how a validator questions a miner of a topic, so that each can show what the other said.
//!
//! An [`Ask`] names chain, topic, both ends, the moment, a nonce and the hash of what is asked; its sender signs
//! it. An [`Answer`] names the ask, signature included, and the hash of what is answered; who was asked signs it.
//! The bodies travel beside them. None of this reaches the ledger; how it travels is in
//! `docs/topics-calls.md`.
//!
//! Invariant: an ask that holds was signed by `from`, for `to` alone. An answer that holds was signed by who
//! was asked, for this very ask. Both begin with a version and sign in a domain of their own.

use crate::{
    AccountId, ChainId, ContentId, Hash32, PublicKey, SecretKey, Signature, TopicId,
    codec::{encode, wire_struct, wire_tuple},
};
use std::fmt;

/// Version of an ask's format.
pub const ASK_VERSION: u8 = 1;
/// Version of an answer's format.
pub const ANSWER_VERSION: u8 = 1;
/// Largest body of an ask: a prompt, a feature vector, a small picture. Larger inputs travel as content, by id.
pub const ASK_BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest body of an answer.
pub const ANSWER_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Furthest that an ask's moment may lie from the miner's clock, before or after, in milliseconds. Clocks that
/// are kept by the network agree within a second; the rest is for slow lines. A miner remembers every nonce for
/// twice as long.
pub const ASK_WINDOW_MS: u64 = 30_000;

const ASK_NAMESPACE: &[u8] = b"assay ask v1";
const ANSWER_NAMESPACE: &[u8] = b"assay answer v1";
const ASK_HASH_CONTEXT: &str = "assay ask hash v1";

/// Milliseconds since the Unix epoch by the clock of the machine that says so; never the ledger's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(u64);
wire_tuple!(UnixTime);

impl UnixTime {
    /// `ms` milliseconds since the Unix epoch.
    pub const fn new(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `ms` later, or the last moment there is.
    pub const fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds between the two, whichever is earlier.
    pub const fn apart(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// What a validator signs to ask a miner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The chain of the topic.
    pub chain: ChainId,
    /// The topic on whose behalf is asked.
    pub topic: TopicId,
    /// Who asks.
    pub from: AccountId,
    /// Who is asked.
    pub to: AccountId,
    /// When, by the asker's clock.
    pub at: UnixTime,
    /// Random: no two asks have the same.
    pub nonce: Hash32,
    /// BLAKE3 of the ask's body.
    pub body: ContentId,
}
wire_struct!(Ask version ASK_VERSION { chain, topic, from, to, at, nonce, body });

/// An ask with its sender's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAsk {
    /// What is asked.
    pub ask: Ask,
    /// The asker's signature.
    pub signature: Signature,
}
wire_struct!(SignedAsk { ask, signature });

/// What a miner signs to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// [`SignedAsk::hash`] of what is answered.
    pub ask: Hash32,
    /// BLAKE3 of the answer's body.
    pub body: ContentId,
}
wire_struct!(Answer version ANSWER_VERSION { ask, body });

/// An answer with the signature of who was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAnswer {
    /// What is answered.
    pub answer: Answer,
    /// The miner's signature.
    pub signature: Signature,
}
wire_struct!(SignedAnswer { answer, signature });

/// Why an answer does not answer an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerMismatch {
    /// It names another ask.
    #[error("it answers another ask")]
    OtherAsk,
    /// The bytes beside it are not those that were signed.
    #[error("its body is not the one that was signed")]
    OtherBody,
    /// Nobody signed it, or another did.
    #[error("it is not signed by the account that was asked")]
    Signature,
}

impl Ask {
    /// Signs it.
    pub fn sign(self, key: &SecretKey) -> SignedAsk {
        let signature = key.sign(ASK_NAMESPACE, &encode(&self));
        SignedAsk {
            ask: self,
            signature,
        }
    }
}

impl SignedAsk {
    /// What an answer names it by: BLAKE3 of the canonical bytes, signature included, in a domain of its own.
    pub fn hash(&self) -> Hash32 {
        Hash32::derive(ASK_HASH_CONTEXT, &[&encode(self)])
    }

    /// Whether who asks signed exactly this.
    pub fn signature_holds(&self) -> bool {
        holds(
            self.ask.from,
            ASK_NAMESPACE,
            &encode(&self.ask),
            &self.signature,
        )
    }

    /// Answers it with `body`, signed by `key`, which should be that of who is asked.
    pub fn answer(&self, body: &[u8], key: &SecretKey) -> SignedAnswer {
        let answer = Answer {
            ask: self.hash(),
            body: ContentId::of(body),
        };
        SignedAnswer {
            answer,
            signature: key.sign(ANSWER_NAMESPACE, &encode(&answer)),
        }
    }
}

impl SignedAnswer {
    /// Checks that who was asked answered exactly `ask`, with exactly `body`.
    ///
    /// # Errors
    /// [`AnswerMismatch`]: the first thing that does not hold, in the order of its variants.
    pub fn check(&self, ask: &SignedAsk, body: &[u8]) -> Result<(), AnswerMismatch> {
        if self.answer.ask != ask.hash() {
            return Err(AnswerMismatch::OtherAsk);
        }
        if self.answer.body != ContentId::of(body) {
            return Err(AnswerMismatch::OtherBody);
        }
        if !holds(
            ask.ask.to,
            ANSWER_NAMESPACE,
            &encode(&self.answer),
            &self.signature,
        ) {
            return Err(AnswerMismatch::Signature);
        }
        Ok(())
    }
}

fn holds(account: AccountId, namespace: &[u8], message: &[u8], signature: &Signature) -> bool {
    PublicKey::try_from(account).is_ok_and(|key| key.verify(namespace, message, signature))
}
