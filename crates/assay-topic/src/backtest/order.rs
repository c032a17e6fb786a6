//! Orders in which miners come.

use crate::lab::random::{Random, Stream};

/// When each miner comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// By miner: the first round in which it takes part.
    arrivals: Vec<usize>,
    /// By miner: its slot. Who comes earlier has the lower one.
    slots: Vec<u32>,
}

impl Order {
    /// These arrivals, by miner; of two in the same round, the first named has the lower slot.
    pub fn new(arrivals: Vec<usize>) -> Self {
        let mut miners: Vec<usize> = (0..arrivals.len()).collect();
        miners.sort_by_key(|miner| arrivals[*miner]);
        let mut slots = vec![0; arrivals.len()];
        for (slot, miner) in (0u32..).zip(miners) {
            slots[miner] = slot;
        }
        Self { arrivals, slots }
    }

    /// An order by lot: one miner comes at round 0, the others at rounds drawn evenly up to `last`.
    pub fn random(seed: u64, miners: usize, last: usize) -> Self {
        let mut random = Random::new(seed, Stream::Arrivals);
        let mut arrivals = vec![0; miners];
        let Some(others) = arrivals.get_mut(1..) else {
            return Self::new(arrivals);
        };
        for arrival in others {
            *arrival = draw(&mut random, last.saturating_add(1));
        }
        // Fisher and Yates: every miner may be the first.
        for place in (1..miners).rev() {
            arrivals.swap(place, draw(&mut random, place + 1));
        }
        Self::new(arrivals)
    }

    /// The first round in which the miner takes part.
    ///
    /// # Panics
    /// Where there is no such miner.
    pub fn arrival(&self, miner: usize) -> usize {
        self.arrivals[miner]
    }

    /// The miner's slot.
    ///
    /// # Panics
    /// Where there is no such miner.
    pub fn slot(&self, miner: usize) -> u32 {
        self.slots[miner]
    }

    /// How many miners there are.
    pub fn miners(&self) -> usize {
        self.arrivals.len()
    }
}

/// A number from zero to below `end`, which is at least one.
fn draw(random: &mut Random, end: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below `end`, which is a usize"
    )]
    let drawn = (random.uniform() * end as f64) as usize;
    drawn.min(end - 1)
}
