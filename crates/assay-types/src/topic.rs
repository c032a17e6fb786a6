//! Topics: what a topic's creator decides.
//!
//! A topic has slots. Who holds one works, judges, or both; the mechanism says what that earns. Every limit here bounds
//! what a validator node computes when an epoch ends.

use crate::{
    Amount, BasisPoints, ContentId, SYNTHESIS_FORECASTERS_MAX, SYNTHESIS_REPUTERS_MAX,
    SYNTHESIS_SLOTS_MAX, TOPIC_LABELS_MAX,
    codec::{wire_enum, wire_struct},
};

/// Most slots of a topic.
pub const TOPIC_SLOTS_MAX: u16 = 1_024;
/// Most validators of a topic: with as many slots as there may be, an epoch settles a quarter of a million weights in
/// some ten milliseconds.
pub const TOPIC_VALIDATORS_MAX: u16 = 256;
/// Most topics, all of which share an epoch's emission.
pub const TOPICS_MAX: usize = 256;
/// Shortest epoch of a topic.
pub const TOPIC_EPOCH_MS_MIN: u64 = 10_000;
/// Longest epoch of a topic.
pub const TOPIC_EPOCH_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// Most of a topic's income that its owner takes.
pub const TOPIC_OWNER_SHARE_MAX: BasisPoints = BasisPoints::new(1_800);
/// Most of its dividends that a validator keeps from those who stand behind it.
pub const TOPIC_TAKE_MAX: BasisPoints = BasisPoints::new(1_800);
/// Most epochs that a slot is immune, or its weights count.
pub const TOPIC_EPOCHS_MAX: u16 = 10_000;
/// What of a topic's funding burns: demand raises a topic's part of the emission, and must cost whoever earns all that
/// the topic pays.
pub const TOPIC_FUNDING_BURN: BasisPoints = BasisPoints::new(500);
/// Most stake below which a topic gives no say: more would let nobody ever earn what it was funded with.
pub const TOPIC_STAKE_COUNTED_MAX: Amount = Amount::new(1_000_000 * crate::GRAINS_PER_ASY);
/// Steepness of inference synthesis, in thousandths: from almost flat to almost "the best takes all".
pub const SYNTHESIS_P_MILLI: std::ops::RangeInclusive<u32> = 100..=100_000;
/// Furthest at which weights of inference synthesis bend, in thousandths of the spread.
pub const SYNTHESIS_C_MILLI_MAX: u32 = 10_000;
/// What creating a topic burns.
pub const TOPIC_PRICE: Amount = Amount::new(100 * crate::GRAINS_PER_ASY);
/// Least stake of one account behind one key: shares of a pool are counted in grains of it.
pub const TOPIC_STAKE_MIN: Amount = Amount::new(crate::GRAINS_PER_ASY);

/// What a topic's creator decides. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicTerms {
    /// Content id of what miners are asked, and how they are judged, in words.
    pub description: ContentId,
    /// How an epoch is settled.
    pub mechanism: TopicMechanism,
    /// Most slots.
    pub slots: u16,
    /// Most validators among them.
    pub validators: u16,
    /// Length of an epoch, in milliseconds of ledger time.
    pub epoch_ms: u64,
    /// Epochs in which a new slot is not replaced.
    pub immunity_epochs: u16,
    /// Epochs for which weights count.
    pub activity_epochs: u16,
    /// The owner's part of the income.
    pub owner_share: BasisPoints,
    /// Stake below it gives no say.
    pub stake_min: Amount,
}
wire_struct!(TopicTerms {
    description,
    mechanism,
    slots,
    validators,
    epoch_ms,
    immunity_epochs,
    activity_epochs,
    owner_share,
    stake_min
});

/// How a topic settles an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicMechanism {
    /// Yuma consensus over validators' weights.
    Yuma {
        /// Majority, in parts of 65 535.
        kappa: u16,
        /// How bonds follow weights.
        bonds: YumaBonds,
        /// What an epoch keeps of the last one's bonds, in parts per million.
        moving_average_ppm: u32,
        /// How far bonds follow weights as they were clipped, in parts of 65 535.
        bonds_penalty: u16,
    },
    /// Inference synthesis over workers' inferences and reputers' losses.
    Synthesis {
        /// Numbers of an inference.
        labels: u16,
        /// How reputers measure.
        loss: LossFunction,
        /// Most forecasters that are counted in an epoch.
        forecasters: u16,
        /// Steepness of weights and rewards, in thousandths: how much more the better earn and count.
        p_milli: u32,
        /// Where they bend, in thousandths of the spread.
        c_milli: u32,
        /// What keeps a spread from zero, in millionths.
        epsilon_ppm: u32,
        /// What an epoch's regret counts in the smoothed one, in parts per million.
        regret_alpha_ppm: u32,
    },
}
wire_enum!(TopicMechanism {
    0 => Yuma { kappa, bonds, moving_average_ppm, bonds_penalty },
    1 => Synthesis { labels, loss, forecasters, p_milli, c_milli, epsilon_ppm, regret_alpha_ppm },
});

/// How reputers of a topic measure an inference against the truth. The ledger takes their word; it is there so that all
/// measure alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossFunction {
    /// The mean squared difference.
    Squared,
    /// The mean absolute difference.
    Absolute,
}
wire_enum!(LossFunction { 0 => Squared, 1 => Absolute });

/// How validators' bonds follow their weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YumaBonds {
    /// Shares of all that is bonded to a slot.
    Classic,
    /// Each validator's own.
    Yuma3,
    /// As [`Self::Yuma3`], faster where a validator leads the consensus or leaves it.
    Liquid {
        /// Slowest following, in parts of 65 535.
        low: u16,
        /// Fastest following, at least `low`.
        high: u16,
        /// Steepness of the change between both, in hundredths.
        steepness: u16,
    },
}
wire_enum!(YumaBonds { 0 => Classic, 1 => Yuma3, 2 => Liquid { low, high, steepness } });

impl TopicTerms {
    /// Whether every number is within its limits.
    pub fn are_possible(&self) -> bool {
        (2..=TOPIC_SLOTS_MAX).contains(&self.slots)
            && (1..=TOPIC_VALIDATORS_MAX.min(self.slots)).contains(&self.validators)
            && (TOPIC_EPOCH_MS_MIN..=TOPIC_EPOCH_MS_MAX).contains(&self.epoch_ms)
            && self.immunity_epochs <= TOPIC_EPOCHS_MAX
            && (2..=TOPIC_EPOCHS_MAX).contains(&self.activity_epochs)
            && self.owner_share <= TOPIC_OWNER_SHARE_MAX
            && self.stake_min <= TOPIC_STAKE_COUNTED_MAX
            && self.mechanism.is_possible(self.slots, self.validators)
    }
}

impl TopicMechanism {
    fn is_possible(&self, slots: u16, validators: u16) -> bool {
        match *self {
            Self::Yuma {
                bonds,
                moving_average_ppm,
                ..
            } => {
                let liquid = match bonds {
                    YumaBonds::Liquid { low, high, .. } => low <= high,
                    YumaBonds::Classic | YumaBonds::Yuma3 => true,
                };
                moving_average_ppm <= 1_000_000 && liquid
            }
            Self::Synthesis {
                labels,
                loss: LossFunction::Squared | LossFunction::Absolute,
                forecasters,
                p_milli,
                c_milli,
                epsilon_ppm,
                regret_alpha_ppm,
            } => {
                slots <= SYNTHESIS_SLOTS_MAX
                    && validators <= SYNTHESIS_REPUTERS_MAX
                    && (1..=TOPIC_LABELS_MAX).contains(&labels)
                    && forecasters <= SYNTHESIS_FORECASTERS_MAX
                    && SYNTHESIS_P_MILLI.contains(&p_milli)
                    && c_milli <= SYNTHESIS_C_MILLI_MAX
                    && (1..=1_000_000).contains(&epsilon_ppm)
                    && (1_000..=1_000_000).contains(&regret_alpha_ppm)
            }
        }
    }
}

/// For what a topic pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicRole {
    /// For having created it.
    Owner,
    /// For work.
    Worker,
    /// For judging, what a validator keeps.
    Validator,
    /// For judging, what goes to those who stand behind the validator.
    Stakers,
    /// For having foretold others' losses.
    Forecaster,
}
wire_enum!(TopicRole { 0 => Owner, 1 => Worker, 2 => Validator, 3 => Stakers, 4 => Forecaster });
