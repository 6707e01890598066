//! A word to sleep on, an eventcount: `epoch << 1 | waiting`.
//!
//! ```text
//! sleeper                                 waker
//!   waiting bit set                         what is waited for, stored
//!   fence(SeqCst)        [BELL]             fence(SeqCst)
//!   look again; sleep while unchanged       bit set? CAS to the next epoch, clear; the winner wakes
//! ```
//! Both sides store, then look: either the waker sees the bit, or the sleeper sees what it waits for. Acquire and Release do not prevent
//! that both miss, not even on x86.
//!
//! # Invariants
//! 1. The word changes only by read-modify-write.
//! 2. A sleeper looks again after at most [`SLICE`], since a waker may be killed between its CAS and its wake.
//!
//! # Failure
//! A hostile word causes extra wakes or a delay of one slice.

mod doorbell;
mod interest;

pub(crate) use doorbell::Doorbell;
pub(crate) use interest::{interested, register};

use crate::sync::{AtomicU64, Mutation, Ordering, fence_unless};

/// The longest time that anybody sleeps without looking.
#[cfg(not(loom))]
pub(crate) const SLICE: std::time::Duration = std::time::Duration::from_millis(10);

const WAITING: u64 = 1;

/// Announces that somebody is about to sleep on `bell`; the caller then looks again. Returns the word that sleeping expects.
#[inline]
pub(crate) fn arm(bell: &AtomicU64) -> u64 {
    // ORDERING: [BELL] Relaxed, ordered before the look that follows by the fence; pairs with the fence in the waker.
    let armed = bell.fetch_or(WAITING, Ordering::Relaxed) | WAITING;
    fence_unless(Mutation::NoSleeperFence, Ordering::SeqCst);
    armed
}

/// Clears the waiting bit. Returns whether `bell` was rung since it was armed with `armed`.
#[inline]
pub(crate) fn disarm(bell: &AtomicU64, armed: u64) -> bool {
    // ORDERING: [BELL] Acquire, pairs with the Release of `ring`: what was stored before it is seen.
    bell.fetch_and(!WAITING, Ordering::Acquire) != armed
}

/// The waker's fence between its store and its look at any bell.
#[inline]
pub(crate) fn fence_before_look() {
    // ORDERING: [BELL] SeqCst, pairs with the fence in `arm`.
    fence_unless(Mutation::NoWakerFence, Ordering::SeqCst);
}

/// Rings if somebody waits, after [`fence_before_look`]. `true` if the caller has to wake the sleepers.
#[inline]
pub(crate) fn ring(bell: &AtomicU64) -> bool {
    // ORDERING: Relaxed, after the fence of [BELL].
    let seen = bell.load(Ordering::Relaxed);
    seen & WAITING != 0 && ring_waiting(bell, seen)
}

/// Like [`ring`], for a caller that has just stored what `bell`'s sleeper may wait for.
#[inline]
pub(crate) fn ring_after_store(bell: &AtomicU64) -> bool {
    fence_before_look();
    ring(bell)
}

#[cold]
fn ring_waiting(bell: &AtomicU64, mut seen: u64) -> bool {
    while seen & WAITING != 0 {
        // ORDERING: [BELL] Release, pairs with the Acquire of `disarm`.
        match bell.compare_exchange(seen, seen.wrapping_add(1), Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
    false
}

/// Result of a wait.
#[cfg(not(loom))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waited {
    /// `look` found something; otherwise the deadline passed.
    pub(crate) found: bool,
    /// Number of sleeps.
    pub(crate) sleeps: u64,
    /// It was found by looking after a slice, not because of a ring.
    pub(crate) late: bool,
}

/// Sleeps until `look` finds something, at most until `deadline`.
#[cfg(not(loom))]
pub(crate) fn wait(
    bell: &AtomicU64,
    sleeper: &crate::sys::Sleeper,
    deadline: Option<std::time::Instant>,
    look: impl FnMut() -> bool,
) -> Waited {
    wait_in_slices(bell, sleeper, SLICE, deadline, look)
}

#[cfg(not(loom))]
fn wait_in_slices(
    bell: &AtomicU64,
    sleeper: &crate::sys::Sleeper,
    slice: std::time::Duration,
    deadline: Option<std::time::Instant>,
    mut look: impl FnMut() -> bool,
) -> Waited {
    let mut waited = Waited { found: false, sleeps: 0, late: false };
    loop {
        let armed = arm(bell);
        if look() {
            disarm(bell, armed);
            return Waited { found: true, ..waited };
        }
        let left = deadline.map_or(slice, |deadline| deadline.saturating_duration_since(std::time::Instant::now()));
        if !left.is_zero() {
            waited.sleeps += 1;
            sleeper.sleep(bell, armed, left.min(slice));
        }
        let rung = disarm(bell, armed);
        if look() {
            return Waited { found: true, late: !rung && !left.is_zero(), ..waited };
        }
        if left.is_zero() {
            return waited;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod stress;

#[cfg(all(test, loom))]
mod loom_models;
