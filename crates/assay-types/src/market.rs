//! What is sold, bought and how it is checked.

use crate::{
    AccountId, Amount, ContentId, LedgerTime, List, ModelId, ProofKeyId, TopicId,
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
    /// Answers of one of a topic's miners: the seller holds a slot of it.
    Topic {
        /// The topic.
        topic: TopicId,
    },
}
wire_enum!(Good { 0 => Inference { models }, 1 => Topic { topic } });

/// Where the work's input lies and who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Anyone can read it.
    Public {
        /// BLAKE3 of the input: of an inference, the canonical integer tensor; of a topic's request, JSON.
        content: ContentId,
    },
}
wire_enum!(Input { 0 => Public { content } });

impl Input {
    /// Content id of its bytes.
    pub const fn content(&self) -> ContentId {
        let Self::Public { content } = self;
        *content
    }
}

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
    /// One answer of a topic's miner to `input`.
    Topic {
        /// The topic.
        topic: TopicId,
        /// What is asked.
        input: Input,
    },
}
wire_enum!(Work { 0 => Inference { model, input }, 1 => Topic { topic, input } });

impl Work {
    /// What the work is done to.
    pub const fn input(&self) -> Input {
        match self {
            Self::Inference { input, .. } | Self::Topic { input, .. } => *input,
        }
    }
}

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
    /// One miner of a topic delivers; its topic's validators see the answer among all others, and when the epoch in
    /// which they can have judged it is settled, the miner is paid by its merit. Of topics' requests only.
    Score {
        /// Last moment to deliver.
        deliver_by: LedgerTime,
    },
}
wire_enum!(Check {
    0 => Quorum { agree, of, commit_by, deliver_by },
    1 => Approval { deliver_by, approve_by },
    2 => Proof { key, deliver_by },
    3 => Score { deliver_by },
});

impl Check {
    /// Number of sellers the order draws.
    pub const fn sellers(&self) -> u8 {
        match self {
            Self::Quorum { of, .. } => *of,
            Self::Approval { .. } | Self::Proof { .. } | Self::Score { .. } => 1,
        }
    }

    /// Whether it can decide about such work.
    pub const fn decides(&self, work: &Work) -> bool {
        match (work, self) {
            (_, Self::Approval { .. })
            | (Work::Inference { .. }, Self::Quorum { .. } | Self::Proof { .. })
            | (Work::Topic { .. }, Self::Score { .. }) => true,
            (Work::Inference { .. }, Self::Score { .. })
            | (Work::Topic { .. }, Self::Quorum { .. } | Self::Proof { .. }) => false,
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
