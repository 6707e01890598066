//! `CLOCK_MONOTONIC`: one clock for all processes of the machine.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of a clock that never goes back and is the same in every process of this machine.
///
/// Linux: processes in different time namespaces have different ones.
#[inline]
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}
