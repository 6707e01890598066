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

use super::{ChangeError, Shared};
use crate::sys::monotonic_ns;

/// Between two looks.
const INTERVAL_NS: u64 = 100_000_000;
/// Such calls between two looks at the clock; a power of two.
const CALLS: u64 = 64;

/// What one participant knows of it.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    is_known: AtomicBool,
    /// When it was last looked for.
    looked_ns: AtomicU64,
}

impl Shared {
    /// Whether the bus is known to have been removed.
    #[inline]
    pub(crate) fn was_removed(&self) -> bool {
        // ORDERING: Relaxed, here and below: nothing else is said with it.
        self.removal.is_known.load(Ordering::Relaxed)
    }

    /// Whether the bus was removed; looks, unless somebody did a moment ago.
    #[cold]
    pub(crate) fn look_if_removed(&self) -> bool {
        let now = monotonic_ns();
        let looked = self.removal.looked_ns.load(Ordering::Relaxed);
        if !self.was_removed() && (looked == 0 || now.saturating_sub(looked) >= INTERVAL_NS) {
            self.removal.looked_ns.store(now, Ordering::Relaxed);
            self.look_at_once();
        }
        self.was_removed()
    }

    /// As [`Self::look_if_removed`], by who found nothing to do, in its `call`th call.
    #[inline]
    pub(crate) fn is_removed_at(&self, call: u64) -> bool {
        (call.is_multiple_of(CALLS) && self.look_if_removed()) || self.was_removed()
    }

    /// Looks whether the bus was removed, however short ago somebody did.
    pub(crate) fn look_at_once(&self) -> bool {
        if self.store.was_removed(self.identity) && !self.removal.is_known.swap(true, Ordering::Relaxed) {
            let folder = self.store.path().display();
            tracing::error!(bus = self.name, %folder, "the bus was removed: its folder was deleted, moved or replaced; restart its programs");
        }
        self.was_removed()
    }

    /// Refuses a bus that can't be used any more, without asking the system.
    pub(crate) fn check(&self) -> Result<(), ChangeError> {
        match self {
            _ if self.is_forked() => Err(ChangeError::Forked { bus: self.name.clone() }),
            _ if self.was_removed() => Err(ChangeError::Removed { bus: self.name.clone() }),
            _ => Ok(()),
        }
    }
}
