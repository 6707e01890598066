//! Figures for the process's `metrics` recorder: those that plugins record, and the host's own.
//!
//! | part | does |
//! |---|---|
//! | [`table`] | passes on what plugins record through the crate `metrics` |
//! | [`figures`] | the names of the host's own figures, and when they are recorded |
//!
//! Nothing is measured before [`record_metrics`]: no clock is read on the path of a call.

mod figures;
mod table;

use std::sync::atomic::{AtomicBool, Ordering};

pub use self::figures::Figures;
pub(crate) use self::figures::{edge_held, latency};
pub(crate) use self::table::TABLE;

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// Says that the process has a `metrics` recorder: from now on calls are timed through methods that are resolved from now on, and plugins
/// that are loaded from now on pass on what they record. Call it after `metrics::set_global_recorder`, before plugins are loaded.
pub fn record_metrics() {
    IS_WANTED.store(true, Ordering::Relaxed);
}

/// Whether there is a recorder.
pub(crate) fn is_wanted() -> bool {
    IS_WANTED.load(Ordering::Relaxed)
}
