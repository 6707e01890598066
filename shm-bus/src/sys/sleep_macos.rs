//! macOS and its kin: `os_sync_wait_on_address`, shared. Source: `os/os_sync_wait_on_address.h` (macOS 14.4).

#![expect(unsafe_code, reason = "calls the system")]

use std::ffi::{c_int, c_void};
use std::time::Duration;

use super::BellId;
use crate::sync::AtomicU64;

const SHARED: u32 = 1;
/// `OS_CLOCK_MACH_ABSOLUTE_TIME`.
const CLOCK: u32 = 32;

// SAFETY: the signatures of the header named above.
unsafe extern "C" {
    fn os_sync_wait_on_address_with_timeout(
        address: *mut c_void,
        value: u64,
        size: usize,
        flags: u32,
        clock: u32,
        timeout_ns: u64,
    ) -> c_int;
    fn os_sync_wake_by_address_all(address: *mut c_void, size: usize, flags: u32) -> c_int;
}

/// Sleeps on words.
#[derive(Debug)]
pub(crate) struct Sleeper;

impl Sleeper {
    /// Creates the sleeper for the bell `id`.
    #[expect(clippy::unnecessary_wraps, reason = "other systems can fail here")]
    pub(crate) fn new(_: BellId<'_>) -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Sleeps while `bell` holds `armed`, at most `timeout`, until woken; may wake spuriously.
    pub(crate) fn sleep(&self, bell: &AtomicU64, armed: u64, timeout: Duration) {
        let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX).max(1);
        // SAFETY: the word is mapped and aligned for as long as `bell`; the system only loads it.
        unsafe { os_sync_wait_on_address_with_timeout(bell.as_ptr().cast(), armed, 8, SHARED, CLOCK, nanoseconds) };
    }
}

/// Wakes everybody who sleeps on `bell`.
pub(crate) fn wake(bell: &AtomicU64, _: BellId<'_>) {
    // SAFETY: only the address is used.
    unsafe { os_sync_wake_by_address_all(bell.as_ptr().cast(), 8, SHARED) };
}
