//! What is sold, bought and how it is checked.

use crate::{
    AccountId, Amount, ContentId, LedgerTime, List, ModelId, ProofKeyId,
    call::MODELS_PER_OFFER_MAX, codec::wire_enum, codec::wire_struct,
};

/// What an offer sells. A new market is a new variant here and in [`Work`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Good {
    /// Inferences with any of these models, which the seller holds; at least one, ascending, no doubles.
    Inference {
        /// The models.
        models: List<ModelId, MODELS_PER_OFFER_MAX>,
    },
}
wire_enum!(Good { 0 => Inference { models } });

/// Where the work's input lies and who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Anyone can read it.
    Public {
        /// BLAKE3 of the canonical integer tensor.
        content: ContentId,
    },
}
wire_enum!(Input { 0 => Public { content } });

/// One piece of work: what is done to which input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// One inference of `model` on `input`.
    Inference {
        /// The tensor program.
        model: ModelId,
        /// Its input.
        input: Input,
    },
}
wire_enum!(Work { 0 => Inference { model, input } });

/// Who decides whether a delivery is paid. Each check takes its own deadlines, in ledger time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// `of` drawn sellers of distinct owners commit, then reveal; `agree` equal answers win (2·agree > of).
    Quorum {
        /// k: equal answers needed.
        agree: u8,
        /// n: sellers drawn.
        of: u8,
        /// Last moment to commit; also when reveals open at the latest.
        commit_by: LedgerTime,
        /// Last moment to reveal.
        deliver_by: LedgerTime,
    },
    /// One seller delivers; the buyer approves or rejects; silence approves.
    Approval {
        /// Last moment to deliver.
        deliver_by: LedgerTime,
        /// Last moment to reject.
        approve_by: LedgerTime,
    },
    /// One seller delivers an answer with a succinct proof of it; the ledger verifies the proof and settles
    /// at once.
    Proof {
        /// The key that the proof is verified with; registered beside the model.
        key: ProofKeyId,
        /// Last moment to deliver.
        deliver_by: LedgerTime,
    },
}
wire_enum!(Check {
    0 => Quorum { agree, of, commit_by, deliver_by },
    1 => Approval { deliver_by, approve_by },
    2 => Proof { key, deliver_by },
});

impl Check {
    /// Number of sellers the order draws.
    pub const fn sellers(&self) -> u8 {
        match self {
            Self::Quorum { of, .. } => *of,
            Self::Approval { .. } | Self::Proof { .. } => 1,
        }
    }
}

/// What a buyer asks for: the work, its check, the most it pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The work.
    pub work: Work,
    /// The check that decides.
    pub check: Check,
    /// Most the buyer pays each seller; escrow is this times the number of sellers.
    pub price_max: Amount,
    /// Last moment by which all sellers must have accepted.
    pub accept_by: LedgerTime,
    /// A seller the buyer names instead of the draw; only where the check needs no independence.
    pub seller: Option<AccountId>,
}
wire_struct!(Terms {
    work,
    check,
    price_max,
    accept_by,
    seller
});
