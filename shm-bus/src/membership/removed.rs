//! A bus that was removed under its participants: somebody deleted, moved or replaced its folder, the runtime folder or the register.
//!
//! Those who have it mapped can still reach each other, but nobody finds them any more, and a second bus may have its name. So they
//! look now and then, and then say so at every call.
//!
//! # Invariants
//! 1. The system is asked where a call is slow already (a wait, a lane without room, a change), every [`CALLS`] receives that found
//!    nothing, drains, or uses of a work queue, and once a lap where room is made, but not more often than every [`INTERVAL_NS`].
//! 2. What was removed once stays so for this participant, even if it is put back.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::sys::monotonic_ns;

/// Between two looks.
const INTERVAL_NS: u64 = 100_000_000;
/// Such calls between two looks at the clock; a power of two.
pub(super) const CALLS: u64 = 64;

/// What one participant knows of it.
#[derive(Debug, Default)]
pub(super) struct Removal {
    is_known: AtomicBool,
    /// When it was last looked for.
    looked_ns: AtomicU64,
}

impl Removal {
    /// Whether the bus is known to have been removed.
    #[inline]
    pub(super) fn is_known(&self) -> bool {
        // ORDERING: Relaxed, here and below: nothing else is said with it.
        self.is_known.load(Ordering::Relaxed)
    }

    /// Whether it is time to look again. If so the caller does.
    pub(super) fn is_due(&self) -> bool {
        let now = monotonic_ns();
        let looked = self.looked_ns.load(Ordering::Relaxed);
        let is_due = !self.is_known() && (looked == 0 || now.saturating_sub(looked) >= INTERVAL_NS);
        if is_due {
            self.looked_ns.store(now, Ordering::Relaxed);
        }
        is_due
    }

    /// Notes that the bus was removed. Whether that was not known.
    pub(super) fn note(&self) -> bool {
        !self.is_known.swap(true, Ordering::Relaxed)
    }
}
