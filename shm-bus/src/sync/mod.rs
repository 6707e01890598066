//! The only door to atomics: std's, or loom's when its models run.
//!
//! Also holds the switch by which the models weaken one named site at a time (`mutation`). Outside loom every
//! mutation is off at compile time.

mod mutation;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(loom)]
pub(crate) use mutation::with_mutation;
pub(crate) use mutation::{Mutation, mutated};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

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
