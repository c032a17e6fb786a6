//! Who may ask in which topic. The whole set is replaced at once, so a caller is never half admitted.

use super::refusal::Refused;
use assay_types::{AccountId, TopicId};
use std::collections::{BTreeMap, BTreeSet};

/// The callers of each topic that a miner serves. Empty, it serves nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admission(BTreeMap<TopicId, BTreeSet<AccountId>>);

impl Admission {
    /// Serves `topic` for these callers, in place of those it had: for instance the keys of its slots with a permit.
    #[must_use]
    pub fn with(mut self, topic: TopicId, callers: impl IntoIterator<Item = AccountId>) -> Self {
        self.0.insert(topic, callers.into_iter().collect());
        self
    }

    pub(super) fn check(&self, topic: TopicId, caller: AccountId) -> Result<(), Refused> {
        let callers = self.0.get(&topic).ok_or(Refused::WrongTopic { topic })?;
        if callers.contains(&caller) {
            Ok(())
        } else {
            Err(Refused::NotAdmitted { topic, caller })
        }
    }
}
