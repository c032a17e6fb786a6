//! What every mechanism of a topic has in common.

/// Settles epochs of one kind of topic.
///
/// A mechanism is parameters alone. What an epoch leaves for the next is its `State`, which the ledger keeps; what
/// participants sent is a `Submissions`. Neither holds a number that is not finite: whoever builds one refuses them.
pub trait Mechanism {
    /// What an epoch leaves for the next.
    type State;
    /// What participants sent in an epoch.
    type Submissions;
    /// What is known after an epoch beside the shares.
    type Outcome;

    /// Settles an epoch: from what was sent, and what the last epoch left, to shares and the next state.
    ///
    /// It always settles: an epoch in which nobody sent anything has no shares and leaves the state as it is good for
    /// the next.
    fn settle(
        &self,
        state: &Self::State,
        submissions: &Self::Submissions,
    ) -> (Self::State, Settlement, Self::Outcome);
}

/// For what a participant is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It produced what the topic asks for: a miner's answers, a worker's inferences.
    Worker,
    /// It foretold how well others would do.
    Forecaster,
    /// It judged: a validator by its weights, a reputer by its losses.
    Validator,
}

/// A participant's part of an epoch's emission.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Its slot in the topic.
    pub slot: u32,
    /// For what.
    pub role: Role,
    /// Between zero and one; those of an epoch sum to one, or to zero where nobody earned anything.
    pub fraction: f64,
}

/// Who earned which part of an epoch's emission, ascending by slot, then role.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settlement {
    /// The shares above zero.
    pub shares: Vec<Share>,
}

impl Settlement {
    /// Sorts shares and leaves out those of nothing.
    pub fn new(mut shares: Vec<Share>) -> Self {
        shares.retain(|share| share.fraction > 0.0);
        shares.sort_by_key(|share| (share.slot, share.role));
        Self { shares }
    }
}

/// Who may judge: the `most` slots of most stake, later ones first where it is equal; nobody without any.
pub fn permits(stakes: &[u64], most: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..stakes.len()).filter(|slot| stakes[*slot] > 0).collect();
    order.sort_unstable_by_key(|slot| std::cmp::Reverse((stakes[*slot], *slot)));
    let mut permits = vec![false; stakes.len()];
    for slot in order.into_iter().take(most) {
        permits[slot] = true;
    }
    permits
}
