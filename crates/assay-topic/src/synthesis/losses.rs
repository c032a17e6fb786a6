//! The network's losses: what reputers measured, weighted by what they have at stake.

use super::{Aggregates, Submissions};

/// Σ stake·loss / Σ stake of each aggregate, over the reputers who measured it; none where no stake stands behind it.
pub(super) fn of_network(submissions: &Submissions) -> Aggregates<Option<f64>> {
    let mut losses = Aggregates::of(
        &None,
        submissions.inferers.len(),
        submissions.forecasters.len(),
    );
    let mut sums = vec![(0.0, 0.0); submissions.loss_count()];
    for (stake, losses) in submissions.stakes.iter().zip(&submissions.losses) {
        for ((sum, total), loss) in sums.iter_mut().zip(losses.iter()) {
            if let Some(loss) = loss {
                *sum += stake * loss;
                *total += stake;
            }
        }
    }
    for (loss, (sum, total)) in losses.iter_mut().zip(sums) {
        if total > 0.0 {
            *loss = Some(sum / total);
        }
    }
    losses
}
