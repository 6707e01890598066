//! Systems on which a process's birth is unknown: only its lock tells whether it lives. Process ids mean the same everywhere.

use super::Birth;

impl Birth {
    /// This process's: unknown.
    pub(crate) const fn own() -> Self {
        Self::UNKNOWN
    }

    /// Always.
    pub(crate) const fn shares_pids(self) -> bool {
        true
    }
}

/// Nothing is proven here.
pub(crate) const fn has_ended(_: u32, _: Birth) -> bool {
    false
}

/// Nothing is known here.
pub(crate) const fn is_stopped(_: u32, _: Birth) -> bool {
    false
}
