//! Seeded numbers: SplitMix64, whose whole state is a counter.
//!
//! Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. Good for simulations,
//! for nothing that anybody could gain by guessing.

/// Odd, and close to 2⁶⁴ divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// 2⁻⁵³: a double's distance to the next one below one.
const UNIT: f64 = 1.0 / (1u64 << 53) as f64;

/// What a stream of numbers is for: streams of one seed have nothing to do with each other, so that what one
/// participant does never changes what another one meets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// How miners' qualities change.
    Qualities,
    /// Who wants a slot.
    Entrants,
    /// How the deviating party's own quality changes.
    Party,
    /// What a validator observes, and when it is absent.
    Validator(u64),
    /// When the miners of a backtest come.
    Arrivals,
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64, stream: Stream) -> Self {
        let stream = match stream {
            Stream::Qualities => 0,
            Stream::Entrants => 1,
            Stream::Party => 2,
            Stream::Validator(place) => place.wrapping_add(3),
            Stream::Arrivals => u64::MAX,
        };
        let mut random = Self { state: seed };
        let state = random.bits() ^ stream.wrapping_mul(STEP);
        Self { state }
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least zero and below one.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * UNIT
    }

    /// Mean 0, variance 1: twelve uniform numbers less six, so sums alone, and nothing beyond six deviations.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            sum += self.uniform();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = Random { state: 1_234_567 };
        let numbers = [random.bits(), random.bits(), random.bits()];
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(numbers, published);
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut random = Random::new(7, Stream::Party);
        let numbers: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        assert!(crate::number::mean(&numbers).abs() < 0.03);
        assert!((crate::number::standard_deviation(&numbers) - 1.0).abs() < 0.03);
    }
}
