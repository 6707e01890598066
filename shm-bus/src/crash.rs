//! Failpoints: places where a process may be killed, after every write to a segment, every change of a folder and every lock operation.
//!
//! Without the feature `crash-points` all of this is empty at compile time. With it each such place calls [`point`], which counts; [`arm`]
//! makes the process kill (or stop) itself at the n-th from then on. [`sync`](crate::sync) intercepts all writes to segments, so none can
//! be forgotten.
//!
//! # Invariants
//! 1. The same calls pass the same points in the same order, while no other thread uses a bus.

#[cfg(all(feature = "crash-points", unix))]
pub use armed::{Fate, arm, passed};

/// A failpoint.
#[cfg(not(all(feature = "crash-points", unix)))]
#[inline(always)]
pub(crate) const fn point() {}

/// A failpoint.
#[cfg(all(feature = "crash-points", unix))]
pub(crate) fn point() {
    armed::pass();
}

#[cfg(all(feature = "crash-points", unix))]
mod armed {
    #![expect(unsafe_code, reason = "declares a function of the C library")]

    use std::ffi::c_int;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use rustix::process::Signal;

    /// Effect of the armed point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fate {
        /// SIGKILL.
        Kill,
        /// SIGSTOP; after SIGCONT the process continues.
        Stop,
    }

    // SAFETY: this is the C library's `raise`, which accepts any number.
    unsafe extern "C" {
        /// Sends a signal to the calling thread, which receives it before this returns. A signal to the process may stop another thread
        /// first, and the caller goes on until then.
        safe fn raise(signal: c_int) -> c_int;
    }

    static PASSED: AtomicU64 = AtomicU64::new(0);
    static KILL_AT: AtomicU64 = AtomicU64::new(u64::MAX);
    static STOP_AT: AtomicU64 = AtomicU64::new(u64::MAX);

    /// Makes `fate` happen at the `n`-th point from here, where the next one is 1; 0 means never. Resets the count.
    pub fn arm(n: u64, fate: Fate) {
        let at = if n == 0 { u64::MAX } else { n };
        let (kill, stop) = if fate == Fate::Kill { (at, u64::MAX) } else { (u64::MAX, at) };
        KILL_AT.store(kill, Relaxed);
        STOP_AT.store(stop, Relaxed);
        PASSED.store(0, Relaxed);
    }

    /// Points passed since the last [`arm`].
    pub fn passed() -> u64 {
        PASSED.load(Relaxed)
    }

    pub(super) fn pass() {
        let now = PASSED.fetch_add(1, Relaxed) + 1;
        let signal = if now == KILL_AT.load(Relaxed) {
            Signal::KILL
        } else if now == STOP_AT.load(Relaxed) {
            Signal::STOP
        } else {
            return;
        };
        assert_eq!(raise(signal.as_raw()), 0, "a thread may signal itself");
    }
}
