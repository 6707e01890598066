//! A word that changes whenever somebody listens to other levels or places than before.
//!
//! Libraries cache who listens. The frame edge compares the word with the one that each of them has heard last, and tells those that have
//! heard another one.

use std::sync::atomic::{AtomicU64, Ordering};

use plugin_sdk::abi::Level;
use tracing::level_filters::LevelFilter;

use super::levels::to_abi;
use crate::calls::callee::Callee;

/// How often a place's interest has changed.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Notes that the interest in a place has changed.
pub(super) fn note_change() {
    // ORDERING: Release, a library that hears this number reads the interest that was stored before it.
    CHANGES.fetch_add(1, Ordering::Release);
}

/// The most verbose level that anybody listens to.
pub(super) fn level() -> Level {
    LevelFilter::current().into_level().map_or(Level::OFF, to_abi)
}

/// The present word: the number of changes and the level.
pub(crate) fn now() -> u64 {
    // ORDERING: Acquire, pairs with `note_change`.
    (CHANGES.load(Ordering::Acquire) << 3) | u64::from(level().0)
}

/// Tells a library to ask again, if it has heard another word than the present one.
pub(crate) fn tell(callee: &Callee, changed: Option<extern "C" fn()>) {
    if callee.heard() != now()
        && let Some(changed) = changed
    {
        changed();
    }
}
