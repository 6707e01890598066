//! The only access to atomics, locks and threads: std's, or loom's when the models run. Also the steps that a model can leave out.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(loom)]
pub(crate) use loom::sync::{Condvar, Mutex};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(not(loom))]
pub(crate) use std::sync::{Condvar, Mutex};

#[cfg(loom)]
use loom::sync::MutexGuard;
#[cfg(not(loom))]
use std::sync::MutexGuard;
#[cfg(not(loom))]
use std::time::Instant;

use crate::patience::Patience;

/// Each step of the lock that a model leaves out to prove that it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A shared user looks whether somebody uses the gate exclusively.
    Look,
    /// Its entry and its look stay in this order.
    EntryFence,
    /// Its leaving is a Release.
    Leave,
    /// An exclusive user waits for the shared ones.
    Drain,
    /// The end of an exclusive use is a Release.
    Open,
    /// The end of an exclusive use wakes those that wait.
    Wake,
}

/// Whether the model leaves `step` out.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn left_out(_: Step) -> bool {
    false
}

#[cfg(loom)]
pub(crate) use model::left_out;

/// `order`, or Relaxed where the model weakens `step`.
#[inline(always)]
pub(crate) fn order_unless(step: Step, order: Ordering) -> Ordering {
    if left_out(step) { Ordering::Relaxed } else { order }
}

/// Stands between the sequentially consistent accesses of an entry and its look, or of a claim and its count. It is no instruction: the
/// accesses are ordered by themselves. Loom knows no such accesses, only fences.
#[inline(always)]
pub(crate) fn entry_fence() {
    if !left_out(Step::EntryFence) {
        #[cfg(loom)]
        loom::sync::atomic::fence(Ordering::SeqCst);
    }
}

/// Sleeps until somebody notifies `condvar`, or until the wait is over; perhaps shorter. A model has no clock: there it waits.
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>, patience: Patience) -> MutexGuard<'a, T> {
    use std::sync::PoisonError;

    #[cfg(not(loom))]
    if let Patience::Until(end) = patience {
        let left = end.saturating_duration_since(Instant::now());
        return condvar.wait_timeout(guard, left).map_or_else(|poisoned| poisoned.into_inner().0, |(guard, _)| guard);
    }
    #[cfg(loom)]
    let _ = patience;
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// Waits, longer each time: spins, then lets other threads run, then sleeps. It polls because a wake-up would cost each shared user a
/// fence when it leaves.
#[cfg(not(loom))]
#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

#[cfg(not(loom))]
impl Backoff {
    const SPINS: u32 = 128;
    const YIELDS_UNTIL: u32 = 160;
    const NAP: std::time::Duration = std::time::Duration::from_micros(50);

    pub(crate) fn wait(&mut self) {
        match self.0 {
            0..Self::SPINS => std::hint::spin_loop(),
            Self::SPINS..Self::YIELDS_UNTIL => std::thread::yield_now(),
            _ => std::thread::sleep(Self::NAP),
        }
        self.0 = self.0.saturating_add(1);
    }

    /// Whether spinning is over.
    pub(crate) const fn is_long(&self) -> bool {
        self.0 >= Self::SPINS
    }
}

#[cfg(loom)]
#[derive(Debug, Default)]
pub(crate) struct Backoff;

#[cfg(loom)]
impl Backoff {
    #[expect(clippy::unused_self, reason = "the same signature as outside of models")]
    pub(crate) fn wait(&mut self) {
        loom::thread::yield_now();
    }

    #[expect(clippy::unused_self, reason = "the same signature as outside of models")]
    pub(crate) const fn is_long(&self) -> bool {
        true
    }
}

#[cfg(loom)]
pub(crate) mod model {
    use std::cell::Cell;

    use super::Step;

    thread_local! {
        // Loom runs all threads of a model on one thread.
        static LEFT_OUT: Cell<Option<Step>> = const { Cell::new(None) };
    }

    pub(crate) fn left_out(step: Step) -> bool {
        LEFT_OUT.get() == Some(step)
    }

    /// Runs `model` without `step`.
    #[cfg(test)]
    pub(crate) fn without<T>(step: Step, model: impl FnOnce() -> T) -> T {
        struct Back;
        impl Drop for Back {
            fn drop(&mut self) {
                LEFT_OUT.set(None);
            }
        }
        LEFT_OUT.set(Some(step));
        let _back = Back;
        model()
    }
}
