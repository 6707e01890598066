//! Change detection: a component reference that records writes.

use core::ops::{Deref, DerefMut};

/// Exclusive access to one component. If it was written through, dropping it stamps the row as changed. It stamps once, however many
/// fields were written, so change detection costs one store per row.
#[derive(Debug)]
pub struct Mut<'a, T> {
    value: &'a mut T,
    changed: &'a mut u32,
    change_tick: u32,
    written: bool,
}

impl<T> Mut<'_, T> {
    /// # Safety
    /// Both pointers are valid and unaliased for the result's lifetime.
    #[inline]
    pub(super) unsafe fn new(value: *mut T, changed: *mut u32, change_tick: u32) -> Self {
        // SAFETY: by contract.
        let value = unsafe { &mut *value };
        // SAFETY: by contract.
        let changed = unsafe { &mut *changed };
        Self { value, changed, change_tick, written: false }
    }
}

impl<T> Deref for Mut<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for Mut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.written = true;
        self.value
    }
}

impl<T> Drop for Mut<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.written {
            *self.changed = self.change_tick;
        }
    }
}
