//! What the pool asks of a transaction before anything else, and why it may refuse one.

use assay_types::{
    Amount, ChainId, FeeRate, Invalid, LedgerTime, TRANSACTION_BYTES_MAX, Transaction, TxId, Weight,
};
use commonware_codec::EncodeSize as _;

/// What the finalised ledger says about a transaction's sender and the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// This chain.
    pub chain: ChainId,
    /// Ledger time.
    pub now: LedgerTime,
    /// Price of weight in the next block.
    pub base_fee: FeeRate,
    /// Lowest price of weight, which reserved check calls pay.
    pub base_fee_min: FeeRate,
    /// Weight a block may hold.
    pub block_weight_max: Weight,
    /// Furthest that `valid_until` may lie ahead, in milliseconds.
    pub valid_ms_max: u64,
    /// Next sequence of the transaction's lane.
    pub next_sequence: u64,
    /// The sender's balance.
    pub balance: Amount,
    /// Whether it is a check call by a party of the order it names, which may use the reserved weight.
    pub reserved: bool,
}

/// Why a transaction was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// No block may hold it, now or for ever.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Over the limit of bytes.
    #[error("it has {bytes} bytes, a transaction may have {max}; shorten its evidence")]
    TooLong {
        /// Its encoded length.
        bytes: usize,
        /// [`TRANSACTION_BYTES_MAX`].
        max: usize,
    },
    /// Another transaction waits at its place.
    #[error(
        "sequence {sequence} of lane {lane} is taken by {pending}; replace it with a tip of at least {tip_min}, or use the lane's next"
    )]
    SequenceTaken {
        /// The lane.
        lane: u8,
        /// The sequence.
        sequence: u64,
        /// Who waits there.
        pending: TxId,
        /// What a replacement must tip.
        tip_min: Amount,
    },
    /// The account has too much pending.
    #[error(
        "the account has {max} transactions pending, as many as one may have; wait until some are final"
    )]
    AccountFull {
        /// Limit per account.
        max: usize,
    },
    /// The node has too much pending.
    #[error(
        "the mempool is full and all in it tip more per weight; tip more than {tip_min} or try again later"
    )]
    PoolFull {
        /// The tip that would have displaced one.
        tip_min: Amount,
    },
    /// The node is going down.
    #[error("the node is stopping; send it again to another, or when it is back")]
    Stopping,
}

impl AdmitError {
    /// Whether sending the same bytes again later may succeed.
    pub const fn may_succeed_later(&self) -> bool {
        match self {
            Self::Invalid(reason) => !reason.is_permanent(),
            Self::TooLong { .. } => false,
            Self::SequenceTaken { .. }
            | Self::AccountFull { .. }
            | Self::PoolFull { .. }
            | Self::Stopping => true,
        }
    }
}

/// The checks that need neither the pool nor the signature, in the order of their answers.
///
/// # Errors
/// [`AdmitError`].
pub(crate) fn check_alone(transaction: &Transaction, facts: &Facts) -> Result<(), AdmitError> {
    let body = &transaction.body;
    let bytes = transaction.encode_size();
    if bytes > TRANSACTION_BYTES_MAX {
        return Err(AdmitError::TooLong {
            bytes,
            max: TRANSACTION_BYTES_MAX,
        });
    }
    if body.chain != facts.chain {
        return Err(Invalid::WrongChain {
            given: body.chain,
            expected: facts.chain,
        }
        .into());
    }
    if body.sequence < facts.next_sequence {
        let (lane, given, expected) = (body.lane.get(), body.sequence, facts.next_sequence);
        return Err(Invalid::Replayed {
            lane,
            given,
            expected,
        }
        .into());
    }
    if body.valid_until < facts.now {
        return Err(Invalid::Expired {
            valid_until: body.valid_until,
            now: facts.now,
        }
        .into());
    }
    let latest = facts.now.after(facts.valid_ms_max);
    if body.valid_until > latest {
        return Err(Invalid::ValidTooLong {
            valid_until: body.valid_until,
            latest,
        }
        .into());
    }
    let (weight, max) = (transaction.weight(), facts.block_weight_max.get());
    let max = if facts.reserved {
        max
    } else {
        general_weight(max)
    };
    if weight.get() > max {
        let weight = weight.get();
        return Err(Invalid::TooHeavy { weight, max }.into());
    }
    let rate = if facts.reserved {
        facts.base_fee_min
    } else {
        facts.base_fee
    };
    let (fee, limit) = (rate.price(weight), body.fee_limit);
    if limit < fee {
        return Err(Invalid::FeeLimitTooLow { limit, fee }.into());
    }
    Ok(())
}

/// What the reserved quarter leaves to all others, as the ledger computes it.
pub(super) const fn general_weight(whole: u64) -> u64 {
    whole - whole / 4
}
