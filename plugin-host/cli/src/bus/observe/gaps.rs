//! A histogram of the gaps between messages as a tool receives them, in bounded memory.
//!
//! Messages carry no time, so these are not latencies: a gap runs from one receive to the next.
//!
//! # Invariants
//! 1. A length is reported with an error of at most 1/32; the smallest and the largest are exact.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Gaps {
    last: Option<Instant>,
    counts: Vec<u32>,
    total: u64,
    min: u64,
    max: u64,
    sum: f64,
    squares: f64,
}

impl Gaps {
    /// Buckets for each power of two.
    const STEPS: u64 = 32;
    const STEP_BITS: u32 = Self::STEPS.trailing_zeros();

    /// Records that a message arrived at `now`.
    pub(crate) fn arrived(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            self.add(now.saturating_duration_since(last));
        }
    }

    fn add(&mut self, gap: Duration) {
        let gap = u64::try_from(gap.as_nanos()).unwrap_or(u64::MAX);
        let index = Self::index(gap);
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = self.counts[index].saturating_add(1);
        self.total += 1;
        (self.min, self.max) = (self.min.min(gap), self.max.max(gap));
        self.sum += gap as f64;
        self.squares += gap as f64 * gap as f64;
    }

    /// Starts over; the gap that is running still counts.
    pub(crate) fn clear(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }

    /// Whether there was no gap.
    pub(crate) const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The length in nanoseconds that `share` of the gaps do not exceed; 0 if there was no gap.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return Self::middle(index).clamp(self.min as f64, self.max as f64);
            }
        }
        0.0
    }

    /// The smallest gap, in nanoseconds.
    pub(crate) fn min(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.min as f64 }
    }

    /// The largest gap, in nanoseconds.
    pub(crate) const fn max(&self) -> f64 {
        self.max as f64
    }

    /// Standard deviation, in nanoseconds.
    pub(crate) fn jitter(&self) -> f64 {
        let mean = self.mean();
        if self.is_empty() { 0.0 } else { (self.squares / self.total as f64 - mean * mean).max(0.0).sqrt() }
    }

    fn mean(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.sum / self.total as f64 }
    }

    /// Lengths in milliseconds; `null` if there was no gap.
    pub(crate) fn to_json(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        let ms = |nanoseconds: f64| (nanoseconds / 1e3).round() / 1e3;
        json!({
            "min": ms(self.min()), "mean": ms(self.mean()), "p50": ms(self.percentile(0.5)), "p90": ms(self.percentile(0.9)),
            "p99": ms(self.percentile(0.99)), "max": ms(self.max()), "jitter": ms(self.jitter()),
        })
    }

    /// The bucket of a length: exact below 32, then 32 buckets to each power of two.
    fn index(gap: u64) -> usize {
        let power = gap.checked_ilog2().unwrap_or(0);
        let shift = power.saturating_sub(Self::STEP_BITS);
        (u64::from(shift) * Self::STEPS + (gap >> shift)) as usize
    }

    /// The middle of the bucket at `index`.
    fn middle(index: usize) -> f64 {
        let index = index as u64;
        if index < 2 * Self::STEPS {
            return index as f64;
        }
        let shift = index / Self::STEPS - 1;
        let start = (index - shift * Self::STEPS) << shift;
        start as f64 + (1_u64 << shift) as f64 / 2.0
    }
}

impl Default for Gaps {
    fn default() -> Self {
        Self { last: None, counts: Vec::new(), total: 0, min: u64::MAX, max: 0, sum: 0.0, squares: 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::Gaps;

    proptest! {
        #[test]
        fn percentiles_agree_with_a_sorted_list(mut lengths in proptest::collection::vec(0..u64::MAX / 2, 1..300)) {
            let mut gaps = Gaps::default();
            lengths.iter().for_each(|length| gaps.add(Duration::from_nanos(*length)));
            lengths.sort_unstable();
            for share in [0.01, 0.5, 0.9, 0.99, 1.0] {
                let index = ((lengths.len() as f64 * share).ceil() as usize).max(1) - 1;
                let (exact, told) = (lengths[index] as f64, gaps.percentile(share));
                prop_assert!((told - exact).abs() <= exact / 32.0, "{told} for {exact}");
            }
            prop_assert_eq!(gaps.min(), lengths[0] as f64);
            prop_assert_eq!(gaps.max(), lengths[lengths.len() - 1] as f64);
        }
    }

    #[test]
    fn the_first_message_makes_no_gap_and_clearing_keeps_the_one_that_runs() {
        let (mut gaps, begin) = (Gaps::default(), Instant::now());
        gaps.arrived(begin);
        assert!(gaps.is_empty() && gaps.to_json().is_null());
        gaps.clear();
        gaps.arrived(begin + Duration::from_millis(10));
        gaps.arrived(begin + Duration::from_millis(30));
        assert_eq!((gaps.min(), gaps.max(), gaps.jitter()), (1e7, 2e7, 5e6));
    }
}
