//! Words of `assay topic create` that choose how epochs are settled.

use super::super::values::fixed;
use assay_types::{LossFunction, TopicMechanism, YumaBonds};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct MechanismChoice {
    /// How epochs are settled
    #[arg(long, value_enum, default_value_t = MechanismName::Yuma)]
    mechanism: MechanismName,
    /// Yuma: how validators' bonds follow their weights
    #[arg(long, value_enum, default_value_t = BondsRule::Classic)]
    bonds: BondsRule,
    /// Synthesis: numbers of an inference, 1 to 16
    #[arg(long, value_name = "LABELS", default_value_t = 1)]
    labels: u16,
    /// Synthesis: how reputers measure an inference against the truth
    #[arg(long, value_enum, default_value_t = LossRule::Squared)]
    loss: LossRule,
    /// Synthesis: most forecasters that are counted in an epoch, 0 to 8
    #[arg(long, value_name = "FORECASTERS", default_value_t = 6)]
    forecasters: u16,
    /// Synthesis: steepness of weights and rewards, 0.1 to 100
    #[arg(long, value_name = "P", default_value = "3", value_parser = fixed::<1_000>)]
    steepness: u32,
    /// Synthesis: where they bend, 0 to 10 spreads of the regrets
    #[arg(long, value_name = "C", default_value = "0.75", value_parser = fixed::<1_000>)]
    bend: u32,
    /// Synthesis: what keeps a spread from zero, 0.000001 to 1
    #[arg(long, value_name = "EPSILON", default_value = "0.01", value_parser = fixed::<1_000_000>)]
    epsilon: u32,
    /// Synthesis: what an epoch's regret counts in the smoothed one, 0.001 to 1
    #[arg(long, value_name = "ALPHA", default_value = "0.1", value_parser = fixed::<1_000_000>)]
    regret_alpha: u32,
}

/// Mechanisms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MechanismName {
    /// Yuma consensus over validators' weights
    Yuma,
    /// Inference synthesis over workers' inferences and reputers' losses
    Synthesis,
}

/// How validators' bonds follow their weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BondsRule {
    /// Shares of all that is bonded to a slot
    Classic,
    /// Each validator's own
    Yuma3,
    /// As yuma3, faster where a validator leads the consensus or leaves it
    Liquid,
}

/// How reputers measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LossRule {
    /// The mean squared difference
    Squared,
    /// The mean absolute difference
    Absolute,
}

impl MechanismChoice {
    /// What was chosen.
    pub(crate) fn mechanism(&self) -> TopicMechanism {
        match self.mechanism {
            MechanismName::Yuma => TopicMechanism::Yuma {
                kappa: 32_767,
                bonds: match self.bonds {
                    BondsRule::Classic => YumaBonds::Classic,
                    BondsRule::Yuma3 => YumaBonds::Yuma3,
                    BondsRule::Liquid => YumaBonds::Liquid {
                        low: 45_875,
                        high: 58_982,
                        steepness: 1_000,
                    },
                },
                // The longest memory at which overweighting newcomers does not pay: docs/topics-lab.md.
                moving_average_ppm: 950_000,
                bonds_penalty: 65_535,
            },
            MechanismName::Synthesis => TopicMechanism::Synthesis {
                labels: self.labels,
                loss: match self.loss {
                    LossRule::Squared => LossFunction::Squared,
                    LossRule::Absolute => LossFunction::Absolute,
                },
                forecasters: self.forecasters,
                p_milli: self.steepness,
                c_milli: self.bend,
                epsilon_ppm: self.epsilon,
                regret_alpha_ppm: self.regret_alpha,
            },
        }
    }

    /// Most slots and validators of the mechanism, where fewer were not asked for.
    pub(crate) fn sizes(&self) -> (u16, u16) {
        match self.mechanism {
            MechanismName::Yuma => (256, 64),
            MechanismName::Synthesis => (64, 16),
        }
    }
}
