//! What slots commit to. Submissions and salts are a hash of topic, key and epoch, so nobody has to remember what it
//! committed to; by the same hash a key is honest, keeps silent, lies or reveals nonsense in an epoch.

use crate::world::View;
use assay_ledger::rows::{Committed, Topic, TopicSlot};
use assay_types::{
    AccountId, Call, Hash32, Labels, List, Real, SlotLoss, Submission, TopicId, TopicMechanism,
    WeightCell, WeightRow,
};

/// How a key treats what it committed to in an epoch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Character {
    Honest,
    Silent,
    FalseReveal,
    Malformed,
    /// Measures an epoch that nobody waits for.
    Stale,
}

/// What a key commits to in an epoch.
pub(super) struct Vote {
    pub(super) submission: Submission,
    pub(super) salt: Hash32,
    pub(super) character: Character,
}

/// Whether a topic synthesises inferences.
pub(super) const fn synthesises(row: &Topic) -> bool {
    matches!(row.terms.mechanism, TopicMechanism::Synthesis { .. })
}

/// What a slot has to reveal in this epoch.
pub(super) fn due(row: &Topic, slot: &TopicSlot) -> Option<Committed> {
    match synthesises(row) {
        true => slot.committed,
        false => slot.due,
    }
}

/// What a key has to reveal: of the epoch that it commits in, or, where an epoch ended on the commitment's way, of an
/// earlier one.
pub(super) fn committed_to(
    view: &View<'_>,
    topic: TopicId,
    row: &Topic,
    own: u16,
    slot: &TopicSlot,
) -> Option<Vote> {
    let due = due(row, slot)?;
    let first = u64::from(!synthesises(row));
    (first..=first + 1)
        .filter_map(|ago| row.epoch.checked_sub(ago))
        .map(|epoch| Vote::of(view, topic, row, own, slot, epoch))
        .find(|vote| vote.commitment(view, topic, slot.key) == due.commitment)
}

impl Vote {
    pub(super) fn of(
        view: &View<'_>,
        topic: TopicId,
        row: &Topic,
        own: u16,
        slot: &TopicSlot,
        epoch: u64,
    ) -> Self {
        let parts: [&[u8]; 3] = [topic.as_bytes(), slot.key.as_bytes(), &epoch.to_be_bytes()];
        let salt = Hash32::derive("assay simulation vote v1", &parts);
        let bytes = salt.as_bytes();
        let character = match bytes[0] % 16 {
            0 => Character::Silent,
            1 => Character::FalseReveal,
            2 => Character::Malformed,
            3 if synthesises(row) => Character::Stale,
            _ => Character::Honest,
        };
        let submission = match row.terms.mechanism {
            TopicMechanism::Yuma { .. } => weights(row, own, bytes, character),
            TopicMechanism::Synthesis { labels, .. } => {
                work(view, topic, row, own, slot, labels, bytes, character)
            }
        };
        Self {
            submission,
            salt,
            character,
        }
    }

    pub(super) fn commitment(&self, view: &View<'_>, topic: TopicId, key: AccountId) -> Hash32 {
        let chain = view.ledger.chain_id();
        self.submission.commitment(chain, topic, key, &self.salt)
    }

    pub(super) fn reveal(self, topic: TopicId) -> Call {
        Call::RevealSubmission {
            topic,
            submission: self.submission,
            salt: self.salt,
        }
    }
}

fn weights(row: &Topic, own: u16, bytes: &[u8; 32], character: Character) -> Submission {
    let honest = (0..row.terms.slots).filter(|slot| *slot != own);
    let honest = honest.map(|slot| (slot, u16::from(bytes[usize::from(slot) + 1]) + 1));
    let cells = match (character, bytes[31] % 5) {
        (Character::Malformed, 0) => vec![(own, 1)],
        (Character::Malformed, 1) => vec![((own + 1) % row.terms.slots, 0)],
        (Character::Malformed, 2) => vec![(row.terms.slots, 1)],
        (Character::Malformed, 3) => Vec::new(),
        (Character::Malformed, _) => honest.rev().collect(),
        _ => honest.collect(),
    };
    let cells = cells.into_iter();
    let cells = cells.map(|(slot, weight)| WeightCell { slot, weight });
    Submission::Weights {
        cells: WeightRow::new(cells.collect()).expect("few"),
    }
}

/// A validator measures where there is something to measure; others infer, and some foretell.
#[expect(clippy::too_many_arguments, reason = "what a vote depends on")]
fn work(
    view: &View<'_>,
    topic: TopicId,
    row: &Topic,
    own: u16,
    slot: &TopicSlot,
    labels: u16,
    bytes: &[u8; 32],
    character: Character,
) -> Submission {
    let round = view.ledger.round(&topic);
    let malformed = character == Character::Malformed;
    let some = |count: usize| (0..count).map(|place| real(bytes[place % 16 + 8]));
    if character == Character::Stale {
        return Submission::Losses {
            epoch: row.epoch,
            losses: List::new(vec![None]).expect("one"),
        };
    }
    match round {
        Some(round) if slot.permit && !bytes[30].is_multiple_of(8) => {
            let count = usize::from(round.aggregates) + usize::from(malformed);
            let losses = some(count).enumerate();
            let losses = losses
                .map(|(place, loss)| (place == 0 || !bytes[29].is_multiple_of(4)).then_some(loss));
            Submission::Losses {
                epoch: round.epoch,
                losses: List::new(losses.collect()).expect("as many as aggregates"),
            }
        }
        _ if bytes[30].is_multiple_of(2) => {
            let others = (0..row.terms.slots).filter(|slot| *slot != own || malformed);
            let losses = others.zip(some(usize::from(row.terms.slots)));
            let losses = losses.map(|(slot, loss)| SlotLoss { slot, loss });
            Submission::Forecast {
                losses: List::new(losses.collect()).expect("few"),
            }
        }
        _ => Submission::Inference {
            labels: Labels::new(some(usize::from(labels) + usize::from(malformed)).collect())
                .expect("few"),
        },
    }
}

/// A number between −1 and 1.
fn real(byte: u8) -> Real {
    Real::new((f64::from(byte) - 128.0) / 128.0).expect("a finite number")
}
