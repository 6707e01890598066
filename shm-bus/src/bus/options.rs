//! The options of an opener: limits, and the lock timeout.

use std::time::Duration;

use crate::control::Limits;
use crate::membership::{Change, OpenError};

/// A participant's options.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// In the order of [`Limits::words`].
    pub(super) asked: [Option<u64>; 5],
    /// Lock timeout for `bus.lock`.
    pub(super) lock_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self::with_lock_timeout(Change::LOCK_TIMEOUT)
    }
}

impl Options {
    /// Accepts any limits.
    pub(super) const fn with_lock_timeout(lock_timeout: Duration) -> Self {
        Self { asked: [None; 5], lock_timeout }
    }

    /// Refuses limits that no bus can have.
    pub(super) fn check(&self) -> Result<(), OpenError> {
        let ranges = Limits::MIN.words().into_iter().zip(Limits::MAX.words());
        for (asked, ((what, min), (_, max))) in self.asked.iter().zip(ranges) {
            if let Some(asked) = asked.filter(|asked| !(min..=max).contains(asked)) {
                return Err(OpenError::Range { what, asked, min, max });
            }
        }
        Ok(())
    }

    /// The limits for a new bus. Call [`Self::check`] first.
    pub(super) fn limits(&self) -> Limits {
        let max = Limits::MAX;
        let entries = |index: usize, max: usize| self.asked[index].map_or(max, |asked| asked as usize);
        Limits {
            participants: entries(0, max.participants),
            topics: entries(1, max.topics),
            lanes: entries(2, max.lanes),
            inboxes: entries(3, max.inboxes),
            bytes: self.asked[4].unwrap_or(max.bytes),
        }
    }

    /// Refuses a bus with other limits.
    pub(super) fn compare(&self, name: &str, limits: &Limits) -> Result<(), OpenError> {
        for (asked, (what, on_the_bus)) in self.asked.iter().zip(limits.words()) {
            if let Some(here) = asked.filter(|asked| *asked != on_the_bus) {
                return Err(OpenError::LimitsDiffer { name: name.to_owned(), what, on_the_bus, here });
            }
        }
        Ok(())
    }
}
