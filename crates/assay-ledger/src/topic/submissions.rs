//! What participants send: commitments, and the reveals that open them.

use crate::{
    block::Run,
    rows::{Committed, SlotKey, Topic, TopicSlot},
};
use assay_topic::synthesis::{LABEL_MAX, LOSS_MAX};
use assay_types::{
    AccountId, Event, Hash32, Labels, Rejection, SlotLosses, Submission, TopicId, TopicMechanism,
    WeightRow,
};

impl Run<'_> {
    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::RevealsOpen`],
    /// [`Rejection::UnknownSlot`], [`Rejection::NoPermit`].
    pub(crate) fn commit_submission(
        &mut self,
        key: AccountId,
        topic: TopicId,
        commitment: Hash32,
    ) -> Result<(), Rejection> {
        let row = self.open_topic(topic)?;
        if row.commits_end_at() < self.now() {
            return Err(Rejection::RevealsOpen);
        }
        let (place, mut slot) = self.held_slot(topic, key)?;
        let everybody = matches!(row.terms.mechanism, TopicMechanism::Synthesis { .. });
        if !(slot.permit || everybody) {
            return Err(Rejection::NoPermit);
        }
        slot.committed = Some(Committed {
            commitment,
            at: self.now(),
        });
        self.state.put_slot(place, slot);
        self.events.push(Event::SubmissionCommitted {
            topic,
            slot: place.slot,
            key,
            commitment,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::RevealsNotOpen`],
    /// [`Rejection::UnknownSlot`], [`Rejection::NothingToReveal`], [`Rejection::FalseSubmission`]; for losses
    /// [`Rejection::NoPermit`], [`Rejection::NothingToMeasure`]; [`Rejection::SubmissionMalformed`].
    pub(crate) fn reveal_submission(
        &mut self,
        key: AccountId,
        topic: TopicId,
        submission: &Submission,
        salt: &Hash32,
    ) -> Result<(), Rejection> {
        let row = self.open_topic(topic)?;
        if self.now() <= row.commits_end_at() {
            return Err(Rejection::RevealsNotOpen);
        }
        let (place, mut slot) = self.held_slot(topic, key)?;
        let due = match row.terms.mechanism {
            TopicMechanism::Yuma { .. } => slot.due.take(),
            TopicMechanism::Synthesis { .. } => slot.committed.take(),
        };
        let due = due.ok_or(Rejection::NothingToReveal)?;
        if submission.commitment(self.chain, topic, key, salt) != due.commitment {
            return Err(Rejection::FalseSubmission);
        }
        self.check_submission(place, &row, &slot, submission)?;
        match submission {
            Submission::Weights { cells } => {
                slot.weights = cells.clone();
                slot.updated_at = due.at;
                slot.counted_in = row.epoch;
            }
            sent => slot.sent = Some(sent.clone()),
        }
        self.state.put_slot(place, slot);
        self.events.push(Event::SubmissionRevealed {
            topic,
            slot: place.slot,
            key,
            kind: submission.kind(),
            numbers: u16::try_from(submission.len()).unwrap_or(u16::MAX),
        });
        Ok(())
    }

    fn check_submission(
        &self,
        place: SlotKey,
        row: &Topic,
        slot: &TopicSlot,
        submission: &Submission,
    ) -> Result<(), Rejection> {
        let fits = match (submission, row.terms.mechanism) {
            (Submission::Weights { cells }, TopicMechanism::Yuma { .. }) => {
                are_weights(cells, place.slot, row.slots)
            }
            (Submission::Inference { labels: sent }, TopicMechanism::Synthesis { labels, .. }) => {
                are_labels(sent, labels)
            }
            (Submission::Forecast { losses }, TopicMechanism::Synthesis { .. }) => {
                are_foretold(losses, place.slot, row.slots)
            }
            (Submission::Losses { epoch, losses }, TopicMechanism::Synthesis { .. }) => {
                if !slot.permit {
                    return Err(Rejection::NoPermit);
                }
                let round = self.state.rounds.get(&place.topic);
                let round = round
                    .filter(|round| round.epoch == *epoch)
                    .ok_or(Rejection::NothingToMeasure)?;
                losses.len() == usize::from(round.aggregates)
                    && losses.iter().flatten().next().is_some()
                    && losses.iter().flatten().all(|loss| is_loss(loss.get()))
            }
            _ => false,
        };
        fits.then_some(()).ok_or(Rejection::SubmissionMalformed)
    }
}

/// Ascending, of the topic's slots but not the sender's own, one above zero.
fn are_weights(cells: &WeightRow, own: u16, slots: u16) -> bool {
    are_others(cells.iter().map(|cell| cell.slot), own, slots)
        && cells.iter().any(|cell| cell.weight > 0)
}

fn are_labels(sent: &Labels, labels: u16) -> bool {
    sent.len() == usize::from(labels) && sent.iter().all(|label| label.get().abs() <= LABEL_MAX)
}

/// Some, ascending, of the topic's slots but not the sender's own.
fn are_foretold(losses: &SlotLosses, own: u16, slots: u16) -> bool {
    !losses.is_empty()
        && are_others(losses.iter().map(|loss| loss.slot), own, slots)
        && losses.iter().all(|loss| is_loss(loss.loss.get()))
}

fn are_others(named: impl Iterator<Item = u16> + Clone, own: u16, slots: u16) -> bool {
    let ascending = named
        .clone()
        .zip(named.clone().skip(1))
        .all(|(one, next)| one < next);
    let mut known = named;
    ascending && known.all(|slot| slot < slots && slot != own)
}

fn is_loss(loss: f64) -> bool {
    loss.abs() <= LOSS_MAX
}
