//! The lock with its data and its guards.
//!
//! # Invariants
//! 1. A guard stays on its thread: its entry stands in that thread's line, and in that thread's list of gates.

#![expect(unsafe_code, reason = "lends data that a lock of its own protects")]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::held::{self, Entry, Refusal};
use crate::lock::Lock;
use crate::patience::Patience;
use crate::seat;

/// A lock around `T`, of which shared users see the part `S`.
///
/// # Threads
/// Every method may be called on any thread.
pub struct Gate<S, T> {
    lock: Lock,
    shared: UnsafeCell<S>,
    rest: UnsafeCell<T>,
}

// SAFETY: the lock lends `rest` and `&mut shared` to one thread at a time, hence `Send`; `&shared` to several, hence `Sync`.
unsafe impl<S: Send + Sync, T: Send> Sync for Gate<S, T> {}

impl<S, T> fmt::Debug for Gate<S, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate").field("lock", &self.lock).finish_non_exhaustive()
    }
}

impl<S, T> Gate<S, T> {
    /// A gate that nobody uses.
    pub fn new(shared: S, rest: T) -> Self {
        Self { lock: Lock::new(seat::LINES), shared: UnsafeCell::new(shared), rest: UnsafeCell::new(rest) }
    }

    fn address(&self) -> usize {
        (&raw const self.lock).addr()
    }

    /// Uses the shared part together with others; waits while somebody uses the gate exclusively, and gives up after `patience`, with `None`.
    ///
    /// # Errors
    /// [`Refusal`]: this thread would wait for itself, or holds too many gates.
    #[inline]
    pub fn shared(&self, patience: Patience) -> Result<Option<Shared<'_, S, T>>, Refusal> {
        let line = seat::mine();
        let is_in = match held::push_shared(self.address())? {
            Entry::First => self.lock.enter(line, patience),
            Entry::Again => self.lock.enter_again(line),
        };
        if is_in {
            return Ok(Some(Shared { gate: self, line, on_this_thread: PhantomData }));
        }
        held::pop(self.address());
        Ok(None)
    }

    /// Uses the gate alone, when nobody else uses it and no frame waits for it; gives up after `patience`, with `None`.
    ///
    /// # Errors
    /// As [`Self::shared`].
    pub fn exclusive(&self, patience: Patience) -> Result<Option<Exclusive<'_, S, T>>, Refusal> {
        held::push_exclusive(self.address())?;
        Ok(self.entered(self.lock.claim(seat::used, patience)))
    }

    /// Uses the gate alone as soon as the present uses have ended, before all others that wait; gives up after `patience`, with `None`. For
    /// frames.
    ///
    /// # Errors
    /// As [`Self::shared`].
    pub fn urgent(&self, patience: Patience) -> Result<Option<Exclusive<'_, S, T>>, Refusal> {
        held::push_exclusive(self.address())?;
        Ok(self.entered(self.lock.claim_urgently(seat::used, patience)))
    }

    /// The guard of an exclusive use, if it has begun.
    fn entered(&self, is_in: bool) -> Option<Exclusive<'_, S, T>> {
        if is_in {
            return Some(Exclusive { gate: self, on_this_thread: PhantomData });
        }
        held::pop(self.address());
        None
    }
}

/// Access to the shared part; others may have it at the same time.
#[derive(Debug)]
pub struct Shared<'a, S, T> {
    gate: &'a Gate<S, T>,
    line: usize,
    on_this_thread: PhantomData<*const ()>,
}

impl<S, T> Deref for Shared<'_, S, T> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: no exclusive use while this guard lives.
        unsafe { &*self.gate.shared.get() }
    }
}

impl<S, T> Drop for Shared<'_, S, T> {
    #[inline]
    fn drop(&mut self) {
        self.gate.lock.leave(self.line);
        held::pop(self.gate.address());
    }
}

/// Access to everything; nobody else has any.
#[derive(Debug)]
pub struct Exclusive<'a, S, T> {
    gate: &'a Gate<S, T>,
    on_this_thread: PhantomData<*const ()>,
}

impl<S, T> Exclusive<'_, S, T> {
    /// Both parts.
    pub fn parts(&mut self) -> (&mut S, &mut T) {
        // SAFETY: nobody else uses the gate while this guard lives, and the borrow of it ends with that of the parts.
        let shared = unsafe { &mut *self.gate.shared.get() };
        // SAFETY: as above.
        let rest = unsafe { &mut *self.gate.rest.get() };
        (shared, rest)
    }

    /// The shared part.
    #[must_use]
    pub fn shared(&self) -> &S {
        // SAFETY: as in `parts`.
        unsafe { &*self.gate.shared.get() }
    }

    /// Number of shared uses that began so far; uses that had to wait count more than once.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.gate.lock.entries(seat::used())
    }
}

impl<S, T> Deref for Exclusive<'_, S, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody else uses the gate while this guard lives.
        unsafe { &*self.gate.rest.get() }
    }
}

impl<S, T> DerefMut for Exclusive<'_, S, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.parts().1
    }
}

impl<S, T> Drop for Exclusive<'_, S, T> {
    fn drop(&mut self) {
        self.gate.lock.open();
        held::pop(self.gate.address());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Instant;

    use super::*;

    fn enter<S, T>(gate: &Gate<S, T>) -> Shared<'_, S, T> {
        gate.shared(Patience::Forever).ok().flatten().expect("this thread holds no gate")
    }

    fn alone<S, T>(gate: &Gate<S, T>) -> Exclusive<'_, S, T> {
        gate.exclusive(Patience::Forever).ok().flatten().expect("this thread holds no gate")
    }

    #[test]
    fn shared_users_are_in_it_at_the_same_time() {
        let (gate, both) = (Gate::new((), ()), Barrier::new(2));
        let use_it = || {
            let _shared = enter(&gate);
            both.wait();
        };
        thread::scope(|scope| {
            scope.spawn(use_it);
            use_it();
        });
    }

    #[test]
    fn a_thread_is_refused_what_it_would_wait_for_itself() {
        let gate = Gate::new((), ());
        let shared = enter(&gate);
        assert!(gate.shared(Patience::Forever).is_ok());
        assert_eq!(gate.exclusive(Patience::Forever).err(), Some(Refusal::Reentrant));
        drop(shared);
        let exclusive = alone(&gate);
        assert_eq!(gate.shared(Patience::Forever).err(), Some(Refusal::Reentrant));
        assert_eq!(gate.urgent(Patience::Forever).err(), Some(Refusal::Reentrant));
        drop(exclusive);
        assert!(gate.urgent(Patience::Forever).is_ok());
    }

    #[test]
    fn a_shared_use_within_a_shared_use_does_not_wait_for_who_waits_for_the_first() {
        let gate = Gate::new((), ());
        let first = enter(&gate);
        thread::scope(|scope| {
            let writer = scope.spawn(|| drop(gate.exclusive(Patience::Forever)));
            while !gate.lock.is_claimed() {
                thread::yield_now();
            }
            assert!(gate.shared(Patience::Forever).is_ok());
            drop(first);
            assert!(writer.join().is_ok());
        });
    }

    #[test]
    fn a_bounded_wait_ends_and_leaves_the_gate_open() {
        let gate = Gate::new((), ());
        let shared = enter(&gate);
        thread::scope(|scope| {
            let waiter =
                scope.spawn(|| gate.urgent(Patience::Until(Instant::now())).is_ok_and(|found| found.is_none()));
            assert_eq!(waiter.join().ok(), Some(true));
        });
        drop(shared);
        assert!(gate.urgent(Patience::Until(Instant::now())).is_ok_and(|found| found.is_some()));
    }

    #[test]
    fn ordinary_uses_give_up_at_their_deadline_too_and_hold_nothing_then() {
        let gate = Gate::new((), ());
        let exclusive = alone(&gate);
        let late = || Patience::For(std::time::Duration::from_millis(1));
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let both = [
                    gate.shared(late()).is_ok_and(|found| found.is_none()),
                    gate.exclusive(late()).is_ok_and(|found| found.is_none()),
                ];
                // This thread is refused nothing: it holds nothing.
                (both, gate.urgent(late()).is_ok_and(|found| found.is_none()))
            });
            assert_eq!(waiter.join().ok(), Some(([true; 2], true)));
        });
        drop(exclusive);
        drop(enter(&gate));
        drop(alone(&gate));
    }

    #[test]
    fn uses_of_all_kinds_exclude_each_other_under_load() {
        const ROUNDS: u64 = 2_000;
        let (gate, reads) = (Gate::new(0_u64, 0_u64), AtomicU64::new(0));
        let add = |mut exclusive: Exclusive<'_, u64, u64>| {
            let (shared, rest) = exclusive.parts();
            *shared += 1;
            *rest += 1;
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let shared = enter(&gate);
                        let before = *shared;
                        reads.fetch_add(1, Ordering::Relaxed);
                        assert_eq!(*shared, before);
                    }
                });
            }
            scope.spawn(|| (0..ROUNDS).for_each(|_| add(alone(&gate))));
            for _ in 0..ROUNDS {
                add(gate.urgent(Patience::Forever).ok().flatten().expect("this thread holds no gate"));
            }
        });
        let mut gate = alone(&gate);
        assert!(gate.entries() >= reads.load(Ordering::Relaxed));
        assert_eq!(gate.parts(), (&mut (2 * ROUNDS), &mut (2 * ROUNDS)));
    }
}
