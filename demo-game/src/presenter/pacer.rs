//! Decides when frames are due. Times are absolute, so rounding and late frames don't accumulate to drift.

use std::time::{Duration, Instant};

/// Frames per second.
const RATE: u64 = 60;
/// If it is late by more than so many frames, the schedule restarts instead of catching up.
const BACKLOG_MAX: u64 = 4;

/// A schedule of 60 frames a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacer {
    start: Instant,
    /// Frames begun since `start`.
    frames: u64,
    dropped: u64,
}

impl Pacer {
    /// A schedule whose first frame is due at `start`.
    #[must_use]
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, frames: 0, dropped: 0 }
    }

    /// When the next frame is due.
    #[must_use]
    pub(crate) fn due(&self) -> Instant {
        self.start + at(self.frames)
    }

    /// Whether a frame is due at `now`; if so, it counts as begun.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let Some(late) = now.checked_duration_since(self.due()) else { return false };
        if late > at(BACKLOG_MAX) {
            self.dropped += (late.as_nanos() * u128::from(RATE) / 1_000_000_000) as u64;
            *self = Self { start: now, frames: 0, dropped: self.dropped };
        }
        self.frames += 1;
        true
    }

    /// Number of frames left out because the schedule restarted.
    #[must_use]
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// The duration of `frames` frames, rounded down to a nanosecond.
fn at(frames: u64) -> Duration {
    Duration::from_secs(frames / RATE) + Duration::from_nanos(frames % RATE * 1_000_000_000 / RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_exactly_its_frames() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        for _ in 0..3600 * RATE {
            assert!(pacer.begin(pacer.due()));
        }
        assert_eq!(pacer.due(), start + Duration::from_secs(3600));
        assert!(!pacer.begin(start));
    }

    #[test]
    fn a_short_delay_is_caught_up_and_a_long_one_is_not() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        let now = start + Duration::from_millis(50);
        assert_eq!((0..10).filter(|_| pacer.begin(now)).count(), 4);
        assert_eq!(pacer.dropped(), 0);
        let now = start + Duration::from_secs(10);
        assert_eq!((0..10).filter(|_| pacer.begin(now)).count(), 1);
        assert_eq!(pacer.dropped(), 596);
    }
}
