//! The rules that are compared. Both settle by [`Yuma`]; they differ in what surrounds it.

use crate::yuma::{BondsRule, Yuma};

/// Rules of a topic, as far as they change what pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What tables call them.
    pub name: &'static str,
    /// The mechanism.
    pub yuma: Yuma,
    /// When others can read a validator's weights.
    pub secrecy: Secrecy,
    /// What an epoch pays in which nobody's weights count.
    pub unjudged: Unjudged,
    /// Which slot is replaced where all miners are immune.
    pub crowded: Crowded,
    /// Epochs in which a new slot is immune.
    pub immunity_epochs: u64,
    /// Epochs for which weights count.
    pub activity_epochs: u64,
}

/// When others can read a validator's weights, and whom they are meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// At once: whoever sends last has read the rest. A validator that sends nothing keeps its weights.
    Open,
    /// Committed in one epoch, opened by the chain when the next one is settled (a time lock), so nobody can fail to
    /// reveal. They count as of the *latest* commitment, though they were made before it.
    TimeLocked,
    /// Committed in one epoch, revealed by their validator in the next, of the moment of their own commitment. Who
    /// does not reveal has no weights, and no say until it has revealed again.
    Revealed {
        /// Whether reveals can be read while commitments of the same epoch are still accepted.
        readable: Readable,
    },
}

/// When reveals can be read by somebody who has yet to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    /// In the same epoch, in all of which both are taken: validators reveal early, and the copier commits last. No
    /// ledger's rule that is compared here; it shows what [`Self::AfterCommitting`] is for.
    WhileCommitting,
    /// In the next: commitments are taken in an epoch's first half, reveals in its second.
    AfterCommitting,
}

/// What an epoch pays in which nobody's weights count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unjudged {
    /// Nothing; its emission is never minted.
    PaysNobody,
    /// Validators, by stake.
    PaysStake,
}

/// Who gives way to a newcomer where all miners are immune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowded {
    /// Nobody: there is no free slot.
    Refuse,
    /// The immune miner that earned least.
    ReplaceLeast,
}

impl Rules {
    /// Our ledger's, with the parameters that this lab found best (docs/topics-lab.md).
    pub const fn ours() -> Self {
        Self {
            name: "ours",
            yuma: Yuma {
                bonds: BondsRule::Classic,
                bonds_moving_average_ppm: 950_000,
                bonds_penalty: 65_535,
                ..Yuma::UPSTREAM
            },
            secrecy: Secrecy::Revealed {
                readable: Readable::AfterCommitting,
            },
            unjudged: Unjudged::PaysNobody,
            crowded: Crowded::Refuse,
            immunity_epochs: 11,
            activity_epochs: 13,
        }
    }

    /// Upstream's where a topic keeps weights open.
    pub const fn upstream() -> Self {
        Self {
            name: "upstream, open",
            yuma: Yuma::UPSTREAM,
            secrecy: Secrecy::Open,
            unjudged: Unjudged::PaysStake,
            crowded: Crowded::ReplaceLeast,
            immunity_epochs: 11,
            activity_epochs: 13,
        }
    }

    /// Upstream's with its commit–reveal, a time lock of one epoch.
    pub const fn upstream_sealed() -> Self {
        Self {
            name: "upstream, sealed",
            secrecy: Secrecy::TimeLocked,
            ..Self::upstream()
        }
    }
}
