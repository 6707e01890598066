//! A plugin's failed calls: how many, and the last one.
//!
//! Only a failed call writes here, so a lock costs nothing that counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::fault::Fault;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    count: AtomicU64,
    last: Mutex<Option<LastFault>>,
}

/// The last failed call.
#[derive(Clone, Debug)]
pub(crate) struct LastFault {
    pub(crate) at: Instant,
    /// The entry point, as in the log.
    pub(crate) during: String,
    pub(crate) fault: Fault,
}

impl Faults {
    /// Counts a failed call.
    #[cold]
    pub(crate) fn note(&self, during: String, fault: &Fault) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let last = LastFault { at: Instant::now(), during, fault: fault.clone() };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }

    /// Failed calls so far.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The last one, if any.
    pub(crate) fn last(&self) -> Option<LastFault> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
