//! Samples of one session, in nanoseconds, and the figures that are kept of them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// Percentiles of one session.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
}

/// Samples with room for all of them, touched beforehand.
#[derive(Debug)]
pub struct Samples {
    taken: usize,
    room: Vec<f64>,
}

impl Default for Samples {
    fn default() -> Self {
        Self::new()
    }
}

impl Samples {
    const ROOM: usize = 1 << 18;
    const LEAST: usize = 10;

    /// No samples yet.
    #[must_use]
    pub fn new() -> Self {
        Self { taken: 0, room: vec![1.0; Self::ROOM] }
    }

    /// Whether there is no room.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.taken == Self::ROOM
    }

    /// Number of samples.
    #[inline]
    #[must_use]
    pub const fn taken(&self) -> usize {
        self.taken
    }

    /// Takes a sample; samples beyond the room are left out.
    #[inline]
    pub fn take(&mut self, nanoseconds: f64) {
        if let Some(place) = self.room.get_mut(self.taken) {
            *place = nanoseconds;
            self.taken += 1;
        }
    }

    /// Takes `elapsed` spread over `operations`.
    #[inline]
    pub fn take_each(&mut self, elapsed: Duration, operations: u64) {
        self.take(elapsed.as_nanos() as f64 / operations as f64);
    }

    /// The percentiles.
    ///
    /// # Errors
    /// Too few samples were taken.
    pub fn percentiles(mut self) -> Result<Round> {
        ensure!(self.taken >= Self::LEAST, "only {} samples were taken", self.taken);
        let samples = &mut self.room[..self.taken];
        samples.sort_unstable_by(f64::total_cmp);
        let at = |percent: usize| samples[(samples.len() * percent / 100).min(samples.len() - 1)];
        Ok(Round { p50: at(50), p99: at(99) })
    }
}

/// Repeats `operations` for the time `budget` and takes a sample of each repetition, which makes `count` of them. The first fifth of the
/// time warms up.
///
/// # Errors
/// Those of `operations`, or too few samples.
pub fn sample(budget: Duration, count: u64, mut operations: impl FnMut() -> Result<()>) -> Result<Round> {
    let start = Instant::now();
    while start.elapsed() < budget / 5 {
        operations()?;
    }
    let mut samples = Samples::new();
    while (start.elapsed() < budget || samples.taken < Samples::LEAST) && !samples.is_full() {
        let before = Instant::now();
        operations()?;
        samples.take_each(before.elapsed(), count);
    }
    samples.percentiles()
}

/// The median; of an even number of values, the lower one of the middle two.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::{Samples, median};

    #[test]
    fn percentiles_and_medians_are_values_that_were_taken() {
        let mut samples = Samples::new();
        (0..200).rev().for_each(|value| samples.take(f64::from(value)));
        let round = samples.percentiles().expect("enough");
        assert_eq!((round.p50, round.p99), (100.0, 198.0));
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([]), None);
    }
}
