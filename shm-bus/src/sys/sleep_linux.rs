//! Linux: futexes on shared memory, without the private flag.

#![expect(unsafe_code, reason = "a futex is half of a word")]

use std::time::Duration;

use rustix::thread::futex::{self, Flags, Timespec};

use super::BellId;
use crate::sync::AtomicU64;

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
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        // Whatever it returns (woken, changed, timed out, a signal), the caller looks.
        let _ = futex::wait(low_half(bell), Flags::empty(), armed as u32, Some(&timeout));
    }
}

/// Wakes everybody who sleeps on `bell`.
pub(crate) fn wake(bell: &AtomicU64, _: BellId<'_>) {
    let _ = futex::wake(low_half(bell), Flags::empty(), u32::MAX >> 1);
}

/// The four bytes that the kernel compares.
fn low_half(word: &AtomicU64) -> &std::sync::atomic::AtomicU32 {
    // SAFETY: the first half of a little-endian word is its low half; it lives and is aligned as the word. This process never
    // accesses it as 32 bits: only the kernel reads it, atomically.
    unsafe { &*std::ptr::from_ref(word).cast() }
}
