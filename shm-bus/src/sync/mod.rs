//! The only access to atomics: std's, or loom's when its models run, or std's with a failpoint after every write.
//!
//! Also contains the switch by which the models weaken one named site at a time (`mutation`). Outside loom every mutation is off at compile
//! time.

#[cfg(all(feature = "crash-points", unix, not(loom)))]
mod crashing;
#[cfg(all(test, loom))]
mod model;
mod mutation;

#[cfg(all(feature = "crash-points", unix, not(loom)))]
pub(crate) use crashing::AtomicU64;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(all(test, loom))]
pub(crate) use model::{check, check_at_length, fails};
pub(crate) use mutation::{Mutation, mutated};
#[cfg(loom)]
pub(crate) use mutation::{unmutated, with_mutation};
#[cfg(not(any(loom, all(feature = "crash-points", unix))))]
pub(crate) use std::sync::atomic::AtomicU64;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{Ordering, fence};

/// `fence(order)` unless the model has switched it off.
#[inline]
pub(crate) fn fence_unless(mutation: Mutation, order: Ordering) {
    if !mutated(mutation) {
        fence(order);
    }
}

/// `order`, or Relaxed where the model weakens it.
#[inline]
pub(crate) fn order_unless(mutation: Mutation, order: Ordering) -> Ordering {
    if mutated(mutation) { Ordering::Relaxed } else { order }
}
