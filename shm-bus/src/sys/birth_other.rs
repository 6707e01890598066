//! Where a process's birth can't be told, its lock alone tells whether it lives.

use super::Birth;

impl Birth {
    /// This process's: unknown.
    pub(crate) const fn own() -> Self {
        Self::UNKNOWN
    }
}

/// Nothing is proven here.
pub(crate) const fn has_ended(_: u32, _: Birth, _: Birth) -> bool {
    false
}

/// Nothing is known here.
pub(crate) const fn is_stopped(_: u32, _: Birth, _: Birth) -> bool {
    false
}
