//! Random numbers that replay: a PCG32 whose seed identifies the draw, without shared state.

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng;

use shm_bus_wire::EntityId;

/// A short stream of random numbers, for one (seed, tick, system, entity).
///
/// Method: PCG-XSH-RR 64/32 (O'Neill 2014) from `rand_pcg`, seeded through SplitMix64's finalizer (Steele et al. 2014).
#[derive(Clone, Debug)]
pub struct Random(Pcg32);

impl Random {
    pub(crate) fn new(seed: u64, tick: u64, system: u32, entity: EntityId) -> Self {
        let state = mix(mix(seed ^ mix(tick)) ^ entity.0);
        Self(Pcg32::new(state, u64::from(system)))
    }

    /// Uniform over all 32-bit numbers.
    pub fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Uniform in `0.0 .. 1.0`, in steps of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform between `low` and `high`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0 .. bound`, or 0 when `bound` is 0. The bias of at most `bound`/2³² is accepted.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(bound)) >> 32) as u32
    }
}

const fn mix(mut word: u64) -> u64 {
    word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;
    use shm_bus_wire::EntityId;

    #[test]
    fn the_same_draw_repeats_and_another_entity_differs() {
        let draw = |entity| Random::new(1, 2, 3, EntityId(entity)).bits();
        assert_eq!(draw(4), draw(4));
        assert_ne!(draw(4), draw(5));
    }

    #[test]
    fn range_stays_within_its_bounds() {
        let mut random = Random::new(7, 0, 0, EntityId(0));
        for _ in 0..10_000 {
            assert!((2.0..3.0).contains(&random.range(2.0, 3.0)));
            assert!(random.below(6) < 6);
        }
    }
}
