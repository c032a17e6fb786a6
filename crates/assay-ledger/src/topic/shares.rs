//! The pools behind keys, and topics' parts of the emission.

use crate::{
    block::Run,
    rows::{Pool, PoolKey, Staker, StakerKey, Topic},
};
use assay_types::{AccountId, Amount, TopicId};

/// One in so many grains of stake counts as demand of a topic that nobody funded: it earns, though little, by stake
/// alone. A part of the stake, not a sum, so that nobody gains by splitting a topic.
const DEMAND_OF_STAKE: u64 = 1_024;

impl Topic {
    /// Its weight among topics: √(stake · demand), so that neither money behind it nor money spent on it is enough.
    fn weight(&self) -> u128 {
        let demand = self
            .demand
            .get()
            .saturating_add(self.stake.get() / DEMAND_OF_STAKE);
        let product = u128::from(self.stake.get()).saturating_mul(u128::from(demand));
        product.isqrt()
    }
}

impl Run<'_> {
    pub(super) fn pool(&self, topic: TopicId, key: AccountId) -> Pool {
        let pool = self.state.pools.get(&PoolKey { topic, key });
        pool.copied().unwrap_or_default()
    }

    pub(super) fn staker(&self, topic: TopicId, key: AccountId, staker: AccountId) -> Staker {
        let held = self.state.stakers.get(&StakerKey { topic, key, staker });
        held.copied().unwrap_or_default()
    }

    /// Gives topics their part of what an epoch of the ledger emits: by weight, floored. It is not minted before
    /// somebody has earned it.
    pub(crate) fn budget_topics(&mut self, epoch: u64) {
        let topics = self.state.topics.range(..).map(|(id, topic)| {
            let mut topic = topic.clone();
            let funded = std::mem::take(&mut topic.funded);
            topic.demand = Amount::new(topic.demand.saturating_add(funded).get() / 2);
            (*id, topic)
        });
        let topics: Vec<(TopicId, Topic)> = topics.collect();
        let all = topics
            .iter()
            .fold(0u128, |sum, (_, topic)| sum.saturating_add(topic.weight()));
        let share = self.schedule.topics(epoch);
        for (id, mut topic) in topics {
            // A weight is below 2⁶⁴ and so is the share.
            let grains = topic
                .weight()
                .saturating_mul(u128::from(share.get()))
                .checked_div(all)
                .unwrap_or_default();
            let part = Amount::new(u64::try_from(grains).expect("a part of the share"));
            topic.budget = topic.budget.saturating_add(part);
            topic.rate = topic.budget;
            self.state.put_topic(id, topic);
        }
    }
}
