//! How far a proof has come, for whoever waits for it.

/// The steps of a proof, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The program runs on every input.
    Executing,
    /// The columns are committed to.
    Committing,
    /// What each computed value's accumulators are at the random point.
    Relations,
    /// Weights with operands, and values with values, layer by layer.
    Products,
    /// Windows, views and weights are reduced to points.
    Links,
    /// All claims on a value become one.
    Values,
    /// What columns read from tables.
    Lookups,
    /// The columns are opened.
    OpeningColumns,
    /// The weights are opened; only where they are committed to.
    OpeningWeights,
}

/// Where a proof stands: `done` of `total` parts of a step have been worked on. Each step begins with 0 of its
/// parts and counts up; after the last part the step may still take time, for a batch of sums follows its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The step.
    pub step: Step,
    /// Inferences while executing, values or sums in the four steps after the first commitment, commitments in the
    /// last step; one, or none, in the others.
    pub done: usize,
    /// How many of these there are.
    pub total: usize,
}

/// Who is told of it. It is called from the thread that proves, between two pieces of work.
pub type Observer<'a> = dyn FnMut(Progress) + 'a;

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Executing,
        Self::Committing,
        Self::Relations,
        Self::Products,
        Self::Links,
        Self::Values,
        Self::Lookups,
        Self::OpeningColumns,
        Self::OpeningWeights,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Executing => "executing",
            Self::Committing => "committing to columns",
            Self::Relations => "relations",
            Self::Products => "products",
            Self::Links => "links",
            Self::Values => "values",
            Self::Lookups => "lookups",
            Self::OpeningColumns => "opening columns",
            Self::OpeningWeights => "opening weights",
        }
    }
}
