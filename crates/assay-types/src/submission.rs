//! What participants of a topic send in an epoch: hidden behind a commitment first, opened later.
//!
//! Invariant: every number is finite, and equal numbers have equal bytes.

use crate::{
    AccountId, ChainId, Hash32, List, TOPIC_SLOTS_MAX, TopicId,
    codec::{encode, wire_enum, wire_struct},
};
use commonware_codec::{Buf, Error, FixedSize, Read, ReadExt as _, Write};

/// Most slots of a topic that synthesises inferences: each is measured against all others.
pub const SYNTHESIS_SLOTS_MAX: u16 = 128;
/// Most forecasters that are counted in an epoch of such a topic.
pub const SYNTHESIS_FORECASTERS_MAX: u16 = 8;
/// Most reputers of such a topic.
pub const SYNTHESIS_REPUTERS_MAX: u16 = 32;
/// Most numbers of an inference.
pub const TOPIC_LABELS_MAX: u16 = 16;
/// Most losses of a report, one for each aggregate of an epoch: two of all, two for each inferer, three for each
/// forecaster, and one for each pair.
pub const TOPIC_LOSSES_MAX: usize = {
    let (inferers, forecasters) = (
        SYNTHESIS_SLOTS_MAX as usize,
        SYNTHESIS_FORECASTERS_MAX as usize,
    );
    2 + 2 * inferers + 3 * forecasters + inferers * forecasters
};

/// A finite number, as the bits of a double; zero has one sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Real(u64);

impl Real {
    /// The number, or `None` where it is infinite or none.
    pub fn new(number: f64) -> Option<Self> {
        let bits = match number == 0.0 {
            true => 0,
            false => number.to_bits(),
        };
        number.is_finite().then_some(Self(bits))
    }

    /// The number.
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Write for Real {
    fn write(&self, buf: &mut impl bytes::BufMut) {
        self.0.write(buf);
    }
}

impl FixedSize for Real {
    const SIZE: usize = u64::SIZE;
}

impl Read for Real {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let bits = u64::read(buf)?;
        Self::new(f64::from_bits(bits))
            .filter(|real| real.0 == bits)
            .ok_or(Error::Invalid("Real", "infinite, no number or minus zero"))
    }
}

/// A validator's weight on a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeightCell {
    /// The slot.
    pub slot: u16,
    /// How much, against the others of the row.
    pub weight: u16,
}
wire_struct!(WeightCell { slot, weight });

/// A validator's weights, ascending by slot.
pub type WeightRow = List<WeightCell, { TOPIC_SLOTS_MAX as usize }>;

/// The numbers of an inference, one for each label of the topic.
pub type Labels = List<Real, { TOPIC_LABELS_MAX as usize }>;

/// A loss of a slot's inference, as a decimal logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotLoss {
    /// Whose inference.
    pub slot: u16,
    /// Its loss.
    pub loss: Real,
}
wire_struct!(SlotLoss { slot, loss });

/// Losses of inferences, ascending by slot.
pub type SlotLosses = List<SlotLoss, { SYNTHESIS_SLOTS_MAX as usize }>;

/// Losses of all aggregates of an epoch, in the order of `assay_topic::synthesis::Aggregates`; none where one was not
/// measured.
pub type Losses = List<Option<Real>, TOPIC_LOSSES_MAX>;

/// What a slot sends in an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// Of Yuma consensus: what a validator thinks of others.
    Weights {
        /// At least one above zero, none on the sender's own slot.
        cells: WeightRow,
    },
    /// Of inference synthesis: what an inferer infers.
    Inference {
        /// As many as the topic has labels.
        labels: Labels,
    },
    /// Of inference synthesis: what a forecaster foretells of this epoch's inferences.
    Forecast {
        /// At least one.
        losses: SlotLosses,
    },
    /// Of inference synthesis: what a reputer measured of the last epoch's inferences.
    Losses {
        /// That epoch.
        epoch: u64,
        /// One for each aggregate.
        losses: Losses,
    },
}
wire_enum!(Submission {
    0 => Weights { cells },
    1 => Inference { labels },
    2 => Forecast { losses },
    3 => Losses { epoch, losses },
});

impl Submission {
    /// What it is, as interfaces spell it.
    pub const fn kind(&self) -> SubmissionKind {
        match self {
            Self::Weights { .. } => SubmissionKind::Weights,
            Self::Inference { .. } => SubmissionKind::Inference,
            Self::Forecast { .. } => SubmissionKind::Forecast,
            Self::Losses { .. } => SubmissionKind::Losses,
        }
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        match self {
            Self::Weights { cells } => cells.len(),
            Self::Inference { labels } => labels.len(),
            Self::Forecast { losses } => losses.len(),
            Self::Losses { losses, .. } => losses.len(),
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a key commits to: H(domain, chain, topic, key, salt, submission). Binding the key keeps anyone from copying
    /// another's commitment and, later, its reveal.
    pub fn commitment(
        &self,
        chain: ChainId,
        topic: TopicId,
        key: AccountId,
        salt: &Hash32,
    ) -> Hash32 {
        let parts: [&[u8]; 5] = [
            chain.as_bytes(),
            topic.as_bytes(),
            key.as_bytes(),
            salt.as_bytes(),
            &encode(self),
        ];
        Hash32::derive("assay topic submission v1", &parts)
    }
}

/// Kinds of submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubmissionKind {
    /// [`Submission::Weights`].
    Weights,
    /// [`Submission::Inference`].
    Inference,
    /// [`Submission::Forecast`].
    Forecast,
    /// [`Submission::Losses`].
    Losses,
}
wire_enum!(SubmissionKind { 0 => Weights, 1 => Inference, 2 => Forecast, 3 => Losses });
