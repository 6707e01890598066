//! The performance counter: one clock for all processes of the machine. Source: "Acquiring high-resolution time stamps", Microsoft.

#![expect(unsafe_code, reason = "calls the system")]

use std::sync::OnceLock;

use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};

/// Nanoseconds of a clock that never goes back and is the same in every process of this machine.
pub(crate) fn monotonic_ns() -> u64 {
    static FREQUENCY: OnceLock<u64> = OnceLock::new();
    let frequency = *FREQUENCY.get_or_init(|| {
        let mut frequency = 0;
        // SAFETY: writes to a local; it never fails since Windows XP.
        unsafe { QueryPerformanceFrequency(&raw mut frequency) };
        u64::try_from(frequency).unwrap_or(0).max(1)
    });
    let mut counter = 0;
    // SAFETY: as above.
    unsafe { QueryPerformanceCounter(&raw mut counter) };
    (u128::from(counter.unsigned_abs()) * 1_000_000_000 / u128::from(frequency)) as u64
}
