//! Cores and load.

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of the end that measures.
pub const NEAR: usize = 0;
/// The core of the other end.
pub const FAR: usize = 1;

/// Keeps this thread on one core.
///
/// # Errors
/// There is no such core.
pub fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("cannot run on core {core}; two cores are needed"))
}

/// Threads that ran or wanted to during the last minute, on average.
#[must_use]
pub fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
