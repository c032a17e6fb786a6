//! Receipts: what was bought, what was answered, how it was checked, who was paid; and the proof that a
//! chain says so.
//!
//! A receipt is an event of the block that closed its order. [`ReceiptProof`] carries it with its Merkle
//! path, the header and the validators' signatures, so that it verifies offline against an anchor (the
//! chain id and validator keys) that its holder got elsewhere. Every bit of the encoding is bound: the
//! receipt by the path, path and root by the header, the header by the signatures.
//!
//! Consensus signs a block's ancestors only through it: a block whose view timed out between notarisation
//! and finalisation becomes final with the next one and has no votes of its own. Its receipts are shown by
//! the headers from it up to the first that has votes.

use crate::{
    AccountId, Amount, BurnReason, ChainId, Check, ContentId, Header, Height, LedgerTime, List,
    MerklePath, OrderId, RefundReason, Signature, TxId, Work,
    codec::{wire_enum, wire_struct, wire_tuple},
    genesis::VALIDATORS_MAX,
};

/// Version of the receipt's format.
pub const RECEIPT_VERSION: u8 = 1;
/// Most headers between a receipt's and the one that the validators signed. Each is a view in a row whose
/// votes were lost, so honest proofs need none or one; 64 outlast any stall and stay below 25 KiB.
pub const DESCENDANTS_MAX: usize = 64;
/// Most sellers of one order.
pub const SELLERS_PER_ORDER_MAX: usize = 32;

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Enough sellers gave the same answer.
    Agreed,
    /// The buyer approved.
    Approved,
    /// The buyer stayed silent.
    ApprovedBySilence,
    /// Escrow returned.
    Refunded {
        /// Why.
        reason: RefundReason,
    },
    /// The proof holds.
    Proven,
    /// The topic's epoch is settled, and the miner was paid by its merit.
    Scored,
}
wire_enum!(Verdict {
    0 => Agreed,
    1 => Approved,
    2 => ApprovedBySilence,
    3 => Refunded { reason },
    4 => Proven,
    5 => Scored,
});

/// What became of one seller of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutResult {
    /// Paid for its work, `fee` and `royalties` taken out of it.
    Paid {
        /// Its ask, or what of it its check paid.
        gross: Amount,
        /// What the market burnt of it.
        fee: Amount,
        /// What went to the model's royalty accounts.
        royalties: Amount,
    },
    /// Its lock was burnt.
    Burnt {
        /// How much.
        amount: Amount,
        /// Why.
        reason: BurnReason,
    },
    /// Neither.
    Unpaid,
    /// Its fault was proven: its lock compensated the buyer, and the rest was burnt.
    Forfeited {
        /// What the buyer got of it.
        compensation: Amount,
        /// What was burnt of it.
        burnt: Amount,
        /// Why.
        reason: BurnReason,
    },
}
wire_enum!(PayoutResult {
    0 => Paid { gross, fee, royalties },
    1 => Burnt { amount, reason },
    2 => Unpaid,
    3 => Forfeited { compensation, burnt, reason },
});

/// One seller's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payout {
    /// The seller.
    pub seller: AccountId,
    /// What became of it.
    pub result: PayoutResult,
}
wire_struct!(Payout { seller, result });

/// The end of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// [`RECEIPT_VERSION`].
    pub version: u8,
    /// The chain that settled it.
    pub chain: ChainId,
    /// The order.
    pub order: OrderId,
    /// Who bought.
    pub buyer: AccountId,
    /// What was asked.
    pub work: Work,
    /// How it was checked.
    pub check: Check,
    /// How it ended.
    pub verdict: Verdict,
    /// The accepted answer, if any.
    pub output: Option<ContentId>,
    /// What the buyer paid in all.
    pub price: Amount,
    /// What returned to the buyer.
    pub refund: Amount,
    /// The sellers, ascending by account.
    pub payouts: List<Payout, SELLERS_PER_ORDER_MAX>,
    /// Ledger time of the order's placement.
    pub placed_at: LedgerTime,
    /// Ledger time of its end.
    pub closed_at: LedgerTime,
    /// Height of its end.
    pub height: Height,
    /// The transaction that ended it; `None` when a deadline did.
    pub settled_by: Option<TxId>,
}
wire_struct!(Receipt {
    version,
    chain,
    order,
    buyer,
    work,
    check,
    verdict,
    output,
    price,
    refund,
    payouts,
    placed_at,
    closed_at,
    height,
    settled_by,
});

/// Place of a validator in the ascending validator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignerIndex(u16);
wire_tuple!(SignerIndex);

impl SignerIndex {
    /// Place `index`, from 0.
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Place, from 0.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// One validator's signature under a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Who signed.
    pub signer: SignerIndex,
    /// Its signature.
    pub signature: Signature,
}
wire_struct!(Vote { signer, signature });

/// The votes that made a header final. `assay-verify` refuses them unless they ascend by signer, without
/// doubles, and are a quorum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finality {
    /// Ascending by signer.
    pub votes: List<Vote, VALIDATORS_MAX>,
}
wire_struct!(Finality { votes });

/// A receipt with everything that shows a chain settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptProof {
    /// [`RECEIPT_VERSION`].
    pub version: u8,
    /// The receipt.
    pub receipt: Receipt,
    /// Where its event lies under the header's event root.
    pub path: MerklePath,
    /// The header of the block that closed the order.
    pub header: Header,
    /// The headers above it, each the parent of the next, up to the first one with votes of its own;
    /// none when `header` has them.
    pub descendants: List<Header, DESCENDANTS_MAX>,
    /// Who made the last of these headers final.
    pub finality: Finality,
}
wire_struct!(ReceiptProof {
    version,
    receipt,
    path,
    header,
    descendants,
    finality
});
