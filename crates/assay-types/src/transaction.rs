//! Transactions: who asks for what, what it may cost, until when, signed.
//!
//! The nonce is two-dimensional, (lane, sequence): independent workers of one account use their own lanes
//! and never wait for each other. The signature covers every other field, the chain id among them.

use crate::{
    AccountId, Amount, Call, ChainId, Check, FeeRate, LedgerTime, PublicKey, SecretKey, Signature,
    TxId, Weight,
    call::{EVIDENCE_BYTES_MAX, PROOF_DELIVER},
    codec::{encode, wire_struct},
    id::Domain,
    key,
};
use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, Write};
use commonware_parallel::Strategy;
use rand_core::CryptoRng;
use std::sync::Arc;

/// Version of the transaction's format, its first byte and part of what is signed.
pub const TRANSACTION_VERSION: u8 = 1;
/// Lanes of an account; they are kept for ever, so their number is small.
pub const LANES_PER_ACCOUNT: u8 = 64;
/// Largest transaction: the largest evidence and room for everything else.
pub const TRANSACTION_BYTES_MAX: usize = EVIDENCE_BYTES_MAX + 4096;

const NAMESPACE: &[u8] = b"assay transaction v1";
const SIGNATURE_BYTES: usize = 64;
/// Weight of verifying the signature and of reading and writing the sender's account and lane.
const WEIGHT_BASE: u64 = 1_000;
/// Weight of verifying one proof of inference: as much as the transfers that take as long, some 10 ms of one
/// core. A block that holds nothing else has room for fewer than eighty, a quarter of them kept for sellers
/// that deliver.
pub const PROOF_WEIGHT: u64 = 500_000;

/// One of an account's independent sequences, below [`LANES_PER_ACCOUNT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lane(u8);

impl Lane {
    /// Lane `lane`, or `None` at or above [`LANES_PER_ACCOUNT`].
    pub const fn new(lane: u8) -> Option<Self> {
        if lane < LANES_PER_ACCOUNT {
            Some(Self(lane))
        } else {
            None
        }
    }

    /// Its number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Write for Lane {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl EncodeSize for Lane {
    fn encode_size(&self) -> usize {
        1
    }
}

impl Read for Lane {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        Self::new(u8::read(buf)?).ok_or(Error::Invalid("Lane", "not below LANES_PER_ACCOUNT"))
    }
}

/// A transaction before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The chain it is meant for.
    pub chain: ChainId,
    /// Who pays and whose right is used.
    pub sender: AccountId,
    /// The sequence it belongs to.
    pub lane: Lane,
    /// Its place in the lane, from 0, without gaps.
    pub sequence: u64,
    /// Most the sender pays for weight (base fee × weight), the tip apart.
    pub fee_limit: Amount,
    /// Paid in full to the block's leader.
    pub tip: Amount,
    /// Last ledger time at which it may be included.
    pub valid_until: LedgerTime,
    /// What it asks for.
    pub call: Call,
}
wire_struct!(Unsigned version TRANSACTION_VERSION {
    chain,
    sender,
    lane,
    sequence,
    fee_limit,
    tip,
    valid_until,
    call
});

/// A signed transaction. Immutable and shared: a clone copies a pointer; its bytes and its id are computed
/// once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction(Arc<Signed>);

/// What a [`Transaction`] holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed {
    /// What is signed.
    pub body: Unsigned,
    /// The sender's signature.
    pub signature: Signature,
    /// The body's canonical encoding, which is what is signed.
    bytes: Box<[u8]>,
    /// Hash of the body.
    id: TxId,
}

impl std::ops::Deref for Transaction {
    type Target = Signed;
    fn deref(&self) -> &Signed {
        &self.0
    }
}

impl Write for Transaction {
    fn write(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.bytes);
        self.signature.write(buf);
    }
}

impl EncodeSize for Transaction {
    fn encode_size(&self) -> usize {
        self.bytes.len().saturating_add(SIGNATURE_BYTES)
    }
}

impl Read for Transaction {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        Ok(Self::new(Unsigned::read(buf)?, Signature::read(buf)?))
    }
}

impl Unsigned {
    /// Signs it. The key should be the sender's, or the transaction is worthless.
    pub fn sign(self, key: &SecretKey) -> Transaction {
        let bytes = encode(&self);
        let signature = key.sign(NAMESPACE, &bytes);
        Transaction::with_bytes(self, signature, bytes)
    }

    /// What it costs a block: a base for the signature and the sender's rows, its bytes, and what the
    /// call reads, writes and verifies. Known before execution, the same whether it fails or not.
    pub fn weight(&self) -> Weight {
        self.weight_with(self.encode_size())
    }

    /// The same for a caller that knows how long the encoding is.
    fn weight_with(&self, len: usize) -> Weight {
        let call = match &self.call {
            Call::Transfer { .. } | Call::Bond { .. } => 400,
            Call::Unbond { .. } | Call::WithdrawOffer { .. } | Call::Decline { .. } => 600,
            Call::PublishOffer {
                good: crate::Good::Inference { models },
                ..
            } => 800u64.saturating_add(200u64.saturating_mul(models.len() as u64)),
            Call::PublishOffer {
                good: crate::Good::Topic { .. },
                ..
            } => 1_000,
            // Prepays the draws (REDRAWS_MAX scans of the book), the expiries and the receipt.
            Call::PlaceOrder { terms } => {
                let sellers = 4_000u64.saturating_mul(u64::from(terms.check.sellers()));
                let looks = match terms.check {
                    // Prepays that it looks again and again for the end of a late epoch.
                    Check::Score { .. } => 8_000,
                    Check::Quorum { .. } | Check::Approval { .. } | Check::Proof { .. } => 0,
                };
                20_000u64.saturating_add(sellers).saturating_add(looks)
            }
            Call::CancelOrder { .. } => 2_000,
            Call::Accept { .. } => 800,
            // By the tag alone: who sends no order's proof pays as well for what every node verifies.
            Call::CheckCall {
                tag: PROOF_DELIVER, ..
            } => PROOF_WEIGHT.saturating_add(1_500),
            Call::CheckCall { .. } => 1_500,
            Call::RegisterModel { .. } => 5_000,
            Call::RegisterProofKey { .. } => 1_200,
            Call::CreateTopic { .. } => 20_000,
            // The search for the slot that it replaces.
            Call::RegisterSlot { .. } => 10_000,
            Call::Stake { .. } | Call::FundTopic { .. } | Call::AnnounceSlot { .. } => 1_000,
            Call::Unstake { .. } => 1_200,
            Call::CommitSubmission { .. } => 800,
            // Prepays that each number is settled in the epochs in which it counts.
            Call::RevealSubmission { submission, .. } => {
                1_500u64.saturating_add(100u64.saturating_mul(submission.len() as u64))
            }
            // Both prepay the moment at which time takes the row away.
            Call::ReserveName { .. } => 1_000,
            Call::RegisterName { .. } => 2_000,
            Call::RenewName { .. } => 800,
            Call::TransferName { .. } => 600,
        };
        let bytes = len.saturating_add(SIGNATURE_BYTES) as u64;
        Weight::new(WEIGHT_BASE.saturating_add(call).saturating_add(bytes))
    }
}

impl Transaction {
    /// `body` with a signature that someone gave for it, which may not hold.
    pub fn new(body: Unsigned, signature: Signature) -> Self {
        let bytes = encode(&body);
        Self::with_bytes(body, signature, bytes)
    }

    fn with_bytes(body: Unsigned, signature: Signature, bytes: Vec<u8>) -> Self {
        static DOMAIN: Domain = Domain::new("assay transaction id v1");
        let id = TxId::new(*DOMAIN.hash(&[&bytes]).as_bytes());
        Self(Arc::new(Signed {
            body,
            signature,
            bytes: bytes.into_boxed_slice(),
            id,
        }))
    }

    /// Its id, which the signature does not enter.
    pub fn id(&self) -> TxId {
        self.id
    }

    /// See [`Unsigned::weight`].
    pub fn weight(&self) -> Weight {
        self.body.weight_with(self.bytes.len())
    }

    /// The price of its weight at `rate`, the tip apart.
    pub fn fee(&self, rate: FeeRate) -> Amount {
        rate.price(self.weight())
    }

    /// Whether the sender signed exactly this.
    pub fn signature_holds(&self) -> bool {
        PublicKey::try_from(self.body.sender)
            .is_ok_and(|key| key.verify(NAMESPACE, &self.bytes, &self.signature))
    }

    /// Whether all of these are signed by their senders; about twice as fast as one by one.
    ///
    /// `rng` must be unpredictable to senders, see [`key::verify_batch`].
    pub fn signatures_hold<'a>(
        transactions: impl IntoIterator<Item = &'a Self>,
        rng: &mut impl CryptoRng,
        strategy: &impl Strategy,
    ) -> bool {
        let items: Option<Vec<_>> = transactions
            .into_iter()
            .map(|tx| Some((PublicKey::try_from(tx.body.sender).ok()?, tx)))
            .collect();
        items.is_some_and(|items| {
            let items: Vec<_> = items.iter().map(|(key, tx)| (key, *tx)).collect();
            Self::signatures_hold_with(&items, rng, strategy)
        })
    }

    /// The same for a caller that has each sender's key already; finding a key's point on the curve is a
    /// quarter of the work. That a key is its transaction's sender's is the caller's promise.
    pub fn signatures_hold_with(
        items: &[(&PublicKey, &Self)],
        rng: &mut impl CryptoRng,
        strategy: &impl Strategy,
    ) -> bool {
        let items: Vec<_> = items
            .iter()
            .map(|(key, tx)| (*key, &*tx.bytes, &tx.signature))
            .collect();
        key::verify_batch(rng, NAMESPACE, &items, strategy)
    }
}
