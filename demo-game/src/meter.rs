//! Frame times, and which frames were late.

use std::time::{Duration, Instant};

/// Median, 99th percentile and largest value of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct Spread {
    /// Median.
    pub(crate) p50: f64,
    /// 99th percentile, nearest rank.
    pub(crate) p99: f64,
    /// Largest.
    pub(crate) max: f64,
}

impl Spread {
    /// Statistics in milliseconds; zeros for an empty series.
    pub(crate) fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self {
            p50: rank(50).unwrap_or_default(),
            p99: rank(99).unwrap_or_default(),
            max: times.last().copied().unwrap_or_default(),
        }
    }
}

/// Measurements of all frames of a run.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    frames: Vec<Duration>,
    missed: u64,
    missed_at_swap: u64,
}

impl Meter {
    /// Records a frame that ran from `begun` to `ended` and was due by `deadline`, if there was one.
    pub(crate) fn frame(&mut self, begun: Instant, ended: Instant, deadline: Option<Instant>, swapped: bool) {
        self.frames.push(ended - begun);
        let missed = deadline.is_some_and(|deadline| ended > deadline);
        self.missed += u64::from(missed);
        self.missed_at_swap += u64::from(missed && swapped);
    }

    pub(crate) fn count(&self) -> u64 {
        self.frames.len() as u64
    }

    pub(crate) fn spread(&self) -> Spread {
        Spread::of(self.frames.iter().copied())
    }

    /// Frames that ended after they were due.
    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    /// Missed frames at whose edge a swap was made.
    pub(crate) fn missed_at_swap(&self) -> u64 {
        self.missed_at_swap
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;
    use std::time::Duration;

    #[test]
    fn percentiles_are_nearest_rank() {
        let spread = Spread::of((1..=100).map(Duration::from_millis));
        assert_eq!((spread.p50, spread.p99, spread.max), (50.0, 99.0, 100.0));
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
    }
}
