//! Detects a bus that was removed under its participants: somebody deleted, moved or replaced its folder, the runtime folder or the
//! registry.
//!
//! Participants that have it mapped still reach each other, but nobody else finds them, and a second bus may have its name. So they check
//! now and then, and report it at every call afterwards.
//!
//! # Invariants
//! 1. The system is asked where a call is slow anyway (a wait, a lane without room, a change), every [`CALLS`] receives that found nothing,
//!    drains, or uses of a work queue, and once a lap where room is made, but not more often than every [`INTERVAL_NS`].
//! 2. Once removed, a bus stays removed for this participant, even if it is put back.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::sys::monotonic_ns;

/// Minimum time between two checks.
const INTERVAL_NS: u64 = 100_000_000;
/// Number of such calls between two readings of the clock; a power of two.
pub(super) const CALLS: u64 = 64;

/// One participant's knowledge of it.
#[derive(Debug, Default)]
pub(super) struct Removal {
    is_known: AtomicBool,
    /// Time of the last check.
    looked_ns: AtomicU64,
}

impl Removal {
    /// Whether the bus is known to be removed.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        // ORDERING: Relaxed, here and below: it publishes no other data.
        self.is_known.load(Ordering::Relaxed)
    }

    /// Whether the next check is due. If so, the caller makes it.
    pub(super) fn is_due(&self) -> bool {
        let now = monotonic_ns();
        let looked = self.looked_ns.load(Ordering::Relaxed);
        let is_due = !self.is_known() && (looked == 0 || now.saturating_sub(looked) >= INTERVAL_NS);
        if is_due {
            self.looked_ns.store(now, Ordering::Relaxed);
        }
        is_due
    }

    /// Records that the bus was removed. Returns whether that is new.
    pub(super) fn note(&self) -> bool {
        !self.is_known.swap(true, Ordering::Relaxed)
    }
}
