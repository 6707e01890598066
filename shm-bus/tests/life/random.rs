//! Random numbers that a seed repeats, and the number of rounds.
//!
//! `HOTFRAME_SOAK` (default 1) multiplies the rounds of random tests, `HOTFRAME_SOAK_SEED` repeats one.

/// xorshift64*. Source: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled".
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// In `0 .. end`.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }
}

/// `usual` rounds, multiplied as requested.
pub(crate) fn rounds(usual: u64) -> u64 {
    usual * from_environment("HOTFRAME_SOAK").unwrap_or(1)
}

/// A seed, printed in case the test fails.
#[cfg_attr(not(feature = "crash-points"), expect(dead_code, reason = "only the soak is different every time"))]
pub(crate) fn seed() -> u64 {
    let clock = || std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64;
    let seed = from_environment("HOTFRAME_SOAK_SEED").unwrap_or_else(clock);
    eprintln!("HOTFRAME_SOAK_SEED={seed}");
    seed
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}
