//! An atomic word with a failpoint after every write. Other operations are std's.

use std::ops::Deref;
use std::sync::atomic::{self, Ordering};

use crate::crash::point;

/// See the module.
#[derive(Debug, Default)]
#[repr(transparent)]
pub(crate) struct AtomicU64(atomic::AtomicU64);

impl AtomicU64 {
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const fn new(value: u64) -> Self {
        Self(atomic::AtomicU64::new(value))
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
        point();
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        then_point(self.0.fetch_add(value, order))
    }

    pub(crate) fn fetch_max(&self, value: u64, order: Ordering) -> u64 {
        then_point(self.0.fetch_max(value, order))
    }

    pub(crate) fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
        then_point(self.0.fetch_or(value, order))
    }

    pub(crate) fn compare_exchange(&self, old: u64, new: u64, stored: Ordering, failed: Ordering) -> Result<u64, u64> {
        then_point(self.0.compare_exchange(old, new, stored, failed))
    }

    pub(crate) fn fetch_and(&self, value: u64, order: Ordering) -> u64 {
        then_point(self.0.fetch_and(value, order))
    }
}

impl Deref for AtomicU64 {
    type Target = atomic::AtomicU64;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

fn then_point<T>(result: T) -> T {
    point();
    result
}
