//! Decides when messages are due, by a clock that stands still while the sender can't send.
//!
//! A sender that was stopped (as by Ctrl-Z) or held up by a reader continues from there at the same pace: messages that would have been due
//! meanwhile are neither skipped nor sent in a burst.

use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub(crate) struct Pace {
    begun: Instant,
    /// When the last message was sent.
    last: Instant,
}

impl Pace {
    /// Delay that a busy machine may cause, and that is caught up.
    const SLACK: Duration = Duration::from_millis(100);

    pub(crate) fn start(now: Instant) -> Self {
        Self { begun: now, last: now }
    }

    /// When the message at this offset from the start is due.
    pub(crate) fn due(&self, offset: Duration) -> Instant {
        self.begun + offset
    }

    /// Records that the message due at `offset` is sent `now`. If that is late, everything that follows is delayed as much. Returns how
    /// long the sender was stopped or held up, if it was; a sender that is always a little too slow was not.
    pub(crate) fn sends(&mut self, offset: Duration, now: Instant) -> Option<Duration> {
        let due = self.due(offset);
        let late = now.saturating_duration_since(due);
        let since = now.saturating_duration_since(due.max(self.last));
        self.last = now;
        if late > Self::SLACK {
            self.begun += late;
        }
        Some(since).filter(|since| *since > Self::SLACK)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pace;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_stop_moves_all_that_follows() {
        let begun = Instant::now();
        let mut pace = Pace::start(begun);
        assert_eq!(pace.sends(ms(0), begun), None);
        assert_eq!(pace.sends(ms(20), begun + ms(21)), None);
        assert_eq!(pace.due(ms(40)), begun + ms(40), "a little late is made up for");
        // Stopped from 21 to 3021: the message due at 40 is sent then.
        assert_eq!(pace.sends(ms(40), begun + ms(3021)), Some(ms(2981)));
        assert_eq!(pace.due(ms(60)), begun + ms(3041));
        assert_eq!(pace.sends(ms(60), begun + ms(3041)), None);
    }

    #[test]
    fn a_stop_between_two_that_are_far_apart_changes_nothing() {
        let begun = Instant::now();
        let mut pace = Pace::start(begun);
        assert_eq!(pace.sends(ms(0), begun), None);
        assert_eq!(pace.sends(ms(5000), begun + ms(5000)), None);
        assert_eq!(pace.due(ms(5001)), begun + ms(5001));
    }

    #[test]
    fn a_sender_that_is_too_slow_bursts_nothing_and_was_not_stopped() {
        let begun = Instant::now();
        let mut pace = Pace::start(begun);
        for number in 0..1000 {
            assert_eq!(pace.sends(ms(number), begun + ms(3 * number)), None);
            assert!(pace.due(ms(number)) + ms(101) > begun + ms(3 * number));
        }
    }
}
